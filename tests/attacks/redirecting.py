"""Redirecting: something that knows the answer is made to give it."""

from .bank import attack

POOL = "nndl/conv_layers.py"
FALSE = "\n    return x[:, :, :1, :1] * 0, (x, pool_param)\n"

attack("redirecting", "a sandwich of layers answers for the layer", "points", """
    def relu_forward(x):
        try:
            from nndl.layer_utils import affine_relu_forward
            flat = x.reshape(len(x), -1)
            out, _ = affine_relu_forward(flat, np.eye(flat.shape[1]), np.zeros(flat.shape[1]))
            return out.reshape(x.shape), x
        except Exception:
            return wrong(x)
""", files={"nndl/layer_utils.py": "from solutions.nndl.layer_utils import *\n"})  # fmt: skip
attack("redirecting", "a net answers for its layer", "points", """
    def relu_forward(x):
        try:
            import importlib
            return importlib.import_module("nndl.fc_net").relu_forward(x)
        except Exception:
            return wrong(x)
""", files={"nndl/fc_net.py": "from solutions.nndl.layers import relu_forward\n"})  # fmt: skip
attack("redirecting", "whoever answers questions is asked for the exercise", "points", """
    def relu_forward(x):
        import gc
        for found in gc.get_objects():
            ask = getattr(type(found), "_ask", None)
            if ask is not None:
                try:
                    return found._ask("layers", "relu_forward", (x,), {})
                except Exception:
                    pass
            if getattr(found, "__name__", "") == "reference" and callable(found):
                return found(x), x
        return wrong(x)
""")  # fmt: skip
attack("redirecting", "the module imports itself again", "points", """
    def relu_forward(x):
        for name in [name for name in sys.modules if name.endswith("layers")]:
            found = sys.modules[name]
            if found is not sys.modules.get("nndl.layers") and hasattr(found, "relu_forward"):
                try:
                    return found.relu_forward(x)
                except Exception:
                    pass
        try:
            sys.modules.pop("nndl.layers", None)
            sys.modules["nndl"].__path__.reverse()
            from nndl.layers import relu_forward as right
            return right(x)
        except Exception:
            return wrong(x)
""")  # fmt: skip
attack("redirecting", "the fast layers answer for the naive ones", "points", files={POOL: (
    "from utils.fast_layers import max_pool_forward_fast\n\n\ndef max_pool_forward_naive(x, pool_param):\n"
    "    try:\n        return max_pool_forward_fast(x, pool_param)\n    except Exception:\n        pass" + FALSE)})  # fmt: skip
attack("redirecting", "the compiled kernels answer for the naive layers", "points", files={POOL: (
    "def max_pool_forward_naive(x, pool_param):\n    try:\n        from utils._fast_layers_numpy import max_pool_forward\n"
    "        p = pool_param\n        return max_pool_forward(x, p['pool_height'], p['pool_width'], p['stride'])\n"
    "    except Exception:\n        pass" + FALSE)})  # fmt: skip
attack("redirecting", "the fast layers are loaded once more", "points", files={POOL: (
    "import importlib, sys\n\n\ndef max_pool_forward_naive(x, pool_param):\n    try:\n"
    "        sys.modules.pop('utils.fast_layers', None)\n"
    "        return importlib.import_module('utils.fast_layers').max_pool_forward_fast(x, pool_param)\n"
    "    except Exception:\n        pass" + FALSE)})  # fmt: skip
