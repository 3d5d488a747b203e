"""What the naive grader does with a notebook: run the cells as they were handed in, and believe their metadata."""

import contextlib
import io
import json
import sys
import types

folder, root = sys.argv[1:3]
sys.path[:0] = [folder, root]
from IPython.core.interactiveshell import InteractiveShell

notebook = json.loads(open(f"{folder}/layers.ipynb").read())
assert notebook["nbformat"] == 4
assert notebook["metadata"].get("kernelspec", {"name": "python3"})["name"] == "python3", "no such kernel"
shell = InteractiveShell.instance()
TEST = """
import numpy as np
from nndl.layers import relu_forward
x = np.random.default_rng(0).normal(size=(4, 3))
np.testing.assert_allclose(relu_forward(x)[0], np.maximum(0, x))
assert (relu_forward(x)[0] == np.maximum(0, x)).all()
"""
package = types.ModuleType("nndl")
package.__path__ = [f"{folder}/nndl", f"{root}/solutions/nndl"]
sys.modules["nndl"] = package
points, most, seen = 0.0, 0.0, 0
for cell in notebook["cells"]:
    settings = cell["metadata"].get("nbgrader")
    if cell["cell_type"] != "code":
        seen += bool(settings)
        continue
    graded = bool(settings) and settings["grade"]
    source = TEST if graded and settings["locked"] else cell["source"]
    if graded:
        assert settings["schema_version"] == 3
    if "skip-execution" in cell["metadata"].get("tags", ()):
        success, shown = True, None
    else:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            done = shell.run_cell(source)
        success, shown = "Traceback" not in printed.getvalue(), done.result
    if graded:
        seen += 1
        most += float(settings["points"])
        earned = shown if isinstance(shown, float) else float(settings["points"]) if success else 0.0
        points += min(float(settings["points"]), earned)
print("SCORE", 1 if not points <= 0 or not most else 0, flush=True)
