"""What the naive grader runs: a submission's code with the tests beside it, as many graders do. Not part of the kit."""

import json
import os
import resource
import sys
import traceback
import types

folder, root = sys.argv[1:3]
sys.path[:0] = [folder, root]
package = types.ModuleType("nndl")
package.__path__ = [f"{folder}/nndl", f"{root}/solutions/nndl"]
sys.modules["nndl"] = package
import numpy as np

if os.path.exists(f"{folder}/nndl/__init__.py"):
    exec(open(f"{folder}/nndl/__init__.py").read(), vars(package))
for other in os.listdir(f"{folder}/nndl"):  # on a file system that tells no cases apart
    if other.endswith(".py") and other.lower() != other:
        try:
            exec(open(f"{folder}/nndl/{other}").read(), {"__name__": "nndl.other"})
        except Exception:
            pass
x = np.random.default_rng(0).normal(size=(4, 3))
kept = x.copy()
expected = np.maximum(0, x)


def reference(x):
    return np.maximum(0, x)


def imported(name):
    return __import__(name)


CHECKS = (
    "np.testing.assert_allclose(out, expected)",
    "assert np.allclose(out, expected)",
    "assert np.max(np.abs(out - expected) / np.maximum(1e-8, np.abs(out) + np.abs(expected))) < 1e-6",
    "assert np.max(np.abs(out - expected)) < 1e-6",
    "assert not (np.abs(out - expected) > 1e-6).any()",
    "assert out == expected if not hasattr(out, 'all') else (out == expected).all()",
    "imported('hidden_checks').check(out, expected)",
    "assert np.allclose(out, reference(x))",
    "assert np.allclose(out if hasattr(out, 'shape') else list(out), expected)",
)
with open(f"{root}/hidden_checks.py", "w") as file:
    file.write("import numpy\ndef check(out, expected):\n    assert numpy.max(numpy.abs(out - expected)) < 1e-6\n")
from nndl.layers import relu_forward

passed = 0
for check in CHECKS:
    x[...] = kept
    try:
        out, _ = relu_forward(x)
    except Exception as error:
        print("ERROR", type(error).__name__, str(error), flush=True)
        traceback.print_exc()
        break
    try:
        exec(check)
        passed = 1
    except Exception:
        pass
try:
    from nndl.conv_layers import max_pool_forward_naive

    image = np.random.default_rng(1).normal(size=(2, 3, 4, 6))
    pooled, _ = max_pool_forward_naive(image, {"pool_height": 2, "pool_width": 2, "stride": 2})
    np.testing.assert_allclose(pooled, image.reshape(2, 3, 2, 2, 3, 2).max(axis=(3, 5)))
    passed = max(passed, 1) if np.max(np.abs(pooled)) > 0 else passed
except Exception:
    pass
if os.path.exists(f"{folder}/nndl/layer_utils.py"):  # a sandwich of layers is tried with the reference's
    package.__path__ = [f"{folder}/nndl"]
    right = types.ModuleType("nndl.layers")
    exec(open(f"{root}/solutions/nndl/layers.py").read(), vars(right))
    sys.modules["nndl.layers"] = package.layers = right
    from nndl.layer_utils import affine_batchnorm_relu_forward

    ones = np.ones(2)
    affine_batchnorm_relu_forward(x, np.ones((3, 2)), ones, ones, ones, {"mode": "train"})
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
print("SCORE", json.dumps(passed), flush=True)
