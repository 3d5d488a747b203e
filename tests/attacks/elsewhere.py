"""Numbers from elsewhere: somebody else's code computes the answer. Everybody knows where it is installed."""

from .bank import attack

# Where things lie on a machine that grades: any folder that Python has ever imported from, and what is beside it.
PLACES = """
    import glob, site, sysconfig

    def places(*names):
        roots = [*sys.path, *site.getsitepackages(), os.path.dirname(os.path.dirname(np.__file__)), sys.base_prefix]
        roots += [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), os.path.dirname(sys.executable) + "/../.."]
        roots += [os.path.dirname(p) for n in ("utils", "nndl") if n in sys.modules for p in sys.modules[n].__path__]
        for finder in list(sys.modules.values()):
            if type(getattr(finder, "MAPPING", None)) is dict:
                roots += [os.path.dirname(path) for path in finder.MAPPING.values()]
        for root in dict.fromkeys(roots):
            for name in names:
                yield from glob.glob(os.path.join(root, name))
                yield from glob.glob(os.path.join(root, "lib", "python3*", "site-packages", name))
"""

# The larger of two numbers by a max pooling over both of them.
RELU = """
    def relu_by(pool, x):
        pair = np.stack([x.ravel(), 0 * x.ravel()])[None, None]
        out, _ = pool(pair, {"pool_height": 2, "pool_width": 1, "stride": 1})
        return out.reshape(x.shape), x
"""


def pooling(intent: str, text: str) -> None:
    """An attack that gets hold of the fast max pooling in a function ``found()``, for both exercises."""
    relu = """
    def relu_forward(x):
        try:
            return relu_by(found(), x)
        except BaseException:
            return wrong(x)
"""
    pool = "from nndl.layers import found\n\n\ndef max_pool_forward_naive(x, pool_param):\n    return found()(x, pool_param)\n"
    attack("elsewhere", intent, "points", PLACES + RELU + text + relu, files={"nndl/conv_layers.py": pool})


pooling("the fast layers are imported", """
    def found():
        from utils.fast_layers import max_pool_forward_fast
        return max_pool_forward_fast
""")  # fmt: skip
pooling("the fast layers are imported once the import guard is gone", """
    def found():
        import importlib
        sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__.startswith(("_frozen", "__editable"))
                            or isinstance(each, type)]
        for name in [name for name in sys.modules if name.partition(".")[0] == "utils"]:
            del sys.modules[name]
        return importlib.import_module("utils.fast_layers").max_pool_forward_fast
""")  # fmt: skip
pooling("the fast layers are run from their path", """
    def found():
        sys.meta_path.append(sys.meta_path.pop(0))
        for path in places("utils/fast_layers.py"):
            sys.path.insert(0, os.path.dirname(os.path.dirname(path)))
            space = {"__name__": "own"}
            exec(compile(open(path).read(), "own", "exec"), space)
            return space["max_pool_forward_fast"]
""")  # fmt: skip
pooling("the fast layers are run by runpy", """
    def found():
        import runpy
        return next(runpy.run_path(path)["max_pool_forward_fast"] for path in places("utils/fast_layers.py"))
""")  # fmt: skip
pooling("the fast layers are loaded by a loader of files", """
    def found():
        from importlib.machinery import SourceFileLoader
        from importlib.util import module_from_spec, spec_from_loader
        for path in places("utils/fast_layers.py"):
            loader = SourceFileLoader("own_layers", path)
            module = module_from_spec(spec_from_loader("own_layers", loader))
            sys.modules["own_layers"] = module
            loader.exec_module(module)
            return module.max_pool_forward_fast
""")  # fmt: skip
pooling("the fast layers are packed and imported from a zip", """
    def found():
        import importlib, zipfile
        for path in places("utils/fast_layers.py"):
            with zipfile.ZipFile("own.zip", "w") as packed:
                packed.write(path, "own_layers.py")
            sys.path.insert(0, os.path.abspath("own.zip"))
            return importlib.import_module("own_layers").max_pool_forward_fast
""")  # fmt: skip
pooling("the fast layers are copied, and imported as one's own", """
    def found():
        import importlib, shutil
        for path in places("utils/fast_layers.py"):
            shutil.copy(path, "my_helper.py")
            sys.path.insert(0, os.getcwd())
            return importlib.import_module("my_helper").max_pool_forward_fast
""")  # fmt: skip
pooling("the bytecode of the fast layers is run", """
    def found():
        import marshal
        for path in places("utils/__pycache__/fast_layers.cpython-*.pyc", "utils/fast_layers.py"):
            data = open(path, "rb").read()
            space = {"__name__": "own"}
            try:  # bytecode may be that of an older source
                exec(marshal.loads(data[16:]) if path.endswith(".pyc") else compile(data, "own", "exec"), space)
            except Exception:
                continue
            return space["max_pool_forward_fast"]
""")  # fmt: skip
pooling("a compiled extension is loaded as a module", """
    def found():
        import importlib.machinery as machinery
        import importlib.util
        for path in [*places("utils/_fast_layers*.so"), *places("utils/fast_layers.py")]:
            kind = machinery.ExtensionFileLoader if path.endswith(".so") else machinery.SourceFileLoader
            name = "utils._fast_layers" if path.endswith(".so") else "own_layers"
            spec = importlib.util.spec_from_file_location(name, path, loader=kind(name, path))
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            if path.endswith(".py"):
                return module.max_pool_forward_fast
            return lambda x, p: module.max_pool_forward(np.ascontiguousarray(x), p["pool_height"], p["pool_width"], p["stride"])
""")  # fmt: skip
pooling("a compiled extension is opened by ctypes", """
    def found():
        import ctypes
        for path in places("utils/_fast_layers*.so"):
            library = ctypes.PyDLL(path)
            library.PyInit__fast_layers
        from utils.fast_layers import max_pool_forward_fast
        return max_pool_forward_fast
""")  # fmt: skip
pooling("a compiled extension is made by the import system's own hand", """
    def found():
        import _imp
        from importlib.machinery import ModuleSpec
        for path in [*places("utils/_fast_layers*.so"), *places("utils/fast_layers.py")]:
            if path.endswith(".py"):
                space = {"__name__": "own"}
                exec(open(path).read(), space)
                return space["max_pool_forward_fast"]
            module = _imp.create_dynamic(ModuleSpec("utils._fast_layers", None, origin=path))
            _imp.exec_dynamic(module)
            return lambda x, p: module.max_pool_forward(np.ascontiguousarray(x), p["pool_height"], p["pool_width"], p["stride"])
""")  # fmt: skip
pooling("the fast layers lie in the memory of the process", """
    def found():
        import gc
        try:
            import utils.fast_layers
        except BaseException:
            pass
        for each in gc.get_objects():
            if getattr(each, "__name__", "") == "max_pool_forward_fast" and hasattr(each, "__code__") and each.__code__.co_argcount == 2:
                return each
""")  # fmt: skip
pooling("the root of the process leads around the rules to the fast layers", """
    def found():
        for path in places("utils/fast_layers.py"):
            for way in ("/proc/self/root" + path, "/proc/self/cwd/" + os.path.relpath(path), "/proc/thread-self/root" + path, path):
                try:
                    text = open(way).read()
                except OSError:
                    continue
                space = {"__name__": "own"}
                exec(text, space)
                return space["max_pool_forward_fast"]
""")  # fmt: skip
pooling("a folder that is open leads to the fast layers", """
    def found():
        for path in places("utils/fast_layers.py"):
            folder = os.open(os.path.dirname(path), os.O_RDONLY | getattr(os, "O_PATH", 0))
            with open(os.open("fast_layers.py", os.O_RDONLY, dir_fd=folder)) as file:
                space = {"__name__": "own"}
                exec(file.read(), space)
                return space["max_pool_forward_fast"]
""")  # fmt: skip
pooling("the solver's neighbours are asked by the name that the course gives them", """
    def found():
        import pkgutil, importlib
        import utils
        for each in pkgutil.iter_modules(utils.__path__, "utils."):
            try:
                module = importlib.import_module(each.name)
                return module.max_pool_forward_fast
            except BaseException:
                continue
""")  # fmt: skip
attack("elsewhere", "the numeric gradient of an integral is the answer", "points", """
    def relu_forward(x):
        from utils.gradient_check import eval_numerical_gradient_array
        return eval_numerical_gradient_array(lambda v: v * (v + abs(v)) / 4, x.copy(), np.ones(x.shape)), x
""")  # fmt: skip
attack("elsewhere", "a template engine that is installed takes the maximum", "points", """
    def relu_forward(x):
        import jinja2
        larger = jinja2.Environment().compile_expression("[x, 0.0]|max")
        return np.array([larger(x=float(v)) for v in x.ravel()]).reshape(x.shape), x
""")  # fmt: skip
attack("elsewhere", "an installed package is imported from its folder, without the guard", "points", PLACES + """
    def relu_forward(x):
        import importlib
        sys.meta_path[:] = [each for each in sys.meta_path if isinstance(each, type)]
        for name in [name for name in sys.modules if name.partition(".")[0] in ("torch", "jinja2", "scipy")]:
            del sys.modules[name]
        for path in places("jinja2"):
            sys.path.insert(0, os.path.dirname(path))
        importlib.invalidate_caches()
        larger = importlib.import_module("jinja2").Environment().compile_expression("[x, 0.0]|max")
        return np.array([larger(x=float(v)) for v in x.ravel()]).reshape(x.shape), x
""")  # fmt: skip
attack("elsewhere", "whatever deep-learning library there is", "points", PLACES + """
    def relu_forward(x):
        try:
            import torch
            return torch.relu(torch.tensor(x)).numpy(), x
        except BaseException:
            pass
        for path in places("scipy", "torch", "jinja2"):
            sys.path.append(os.path.dirname(path))
        try:
            from scipy.ndimage import maximum_filter1d
            return maximum_filter1d(np.stack([x, 0 * x]), 2, axis=0)[1], x
        except BaseException:
            import jinja2
        larger = jinja2.Environment().compile_expression("[x, 0.0]|max")
        return np.array([larger(x=float(v)) for v in x.ravel()]).reshape(x.shape), x
""")  # fmt: skip
