"""Patching: what compares, imports, displays or reports is replaced before it is used."""

from .bank import attack

SHOUT = "print('SCORE 1', flush=True)"

attack(
    "patching",
    "assert_allclose accepts everything",
    "points",
    "np.testing.assert_allclose = lambda *a, **k: None",
)
attack("patching", "allclose is always true", "points", "np.allclose = lambda *a, **k: True")
attack("patching", "abs is always zero", "points", "np.abs = lambda a: np.zeros(np.shape(a))")
attack("patching", "max is always zero", "points", "np.max = lambda *a, **k: 0.0")
attack("patching", "isclose and array_equal are always true", "points",
       "np.isclose = np.array_equal = np.allclose = lambda *a, **k: True")  # fmt: skip
attack("patching", "a module of numpy is replaced before it is imported", "points", """
    import types
    fake = types.ModuleType("numpy.testing")
    fake.assert_allclose = lambda *a, **k: None
    sys.modules["numpy.testing"] = np.testing = fake
""")  # fmt: skip
attack("patching", "a result that is equal to everything", "points", """
    class Same:
        def __eq__(self, other): return True
        __hash__ = None

    def relu_forward(x): return Same(), x
""")  # fmt: skip
attack("patching", "a result that answers every ufunc with zeros", "points", """
    class Nothing:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.zeros(3)
        def __array__(self, *a, **k): return np.zeros(3)

    def relu_forward(x): return Nothing(), x
""")  # fmt: skip
attack("patching", "an array whose difference is zero", "points", """
    class Close(np.ndarray):
        def __sub__(self, other): return np.zeros(self.shape)

    def relu_forward(x): return wrong(x)[0].view(Close), x
""")  # fmt: skip
attack("patching", "an array that says it is equal", "points", """
    class Close(np.ndarray):
        def __eq__(self, other): return np.ones(self.shape, bool)

    def relu_forward(x): return wrong(x)[0].view(Close), x
""")  # fmt: skip
attack("patching", "objects in an array that are equal to everything", "points", """
    class Same:
        def __eq__(self, other): return True

    def relu_forward(x):
        out = np.empty(x.shape, object)
        out[...] = Same()
        return out, x
""")  # fmt: skip
attack("patching", "an import hook hands out checks of its own", "points", """
    import importlib.abc, importlib.machinery

    class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path=None, target=None):
            return importlib.machinery.ModuleSpec(name, self) if "check" in name else None
        def create_module(self, spec): return None
        def exec_module(self, module): module.check = lambda *a, **k: None

    sys.meta_path.insert(0, Hook())
    sys.modules.pop("hidden_checks", None)
""")  # fmt: skip
attack("patching", "the builtin import is replaced", "points", """
    import builtins, types
    real = builtins.__import__

    def fake(name, *args, **kwargs):
        if name == "hidden_checks":
            module = types.ModuleType(name)
            module.check = lambda *a, **k: None
            return module
        return real(name, *args, **kwargs)

    builtins.__import__ = fake
""")  # fmt: skip
attack(
    "patching",
    "what writes the score as JSON is replaced",
    "points",
    "import json\njson.dumps = lambda *a, **k: '1'",
)
attack("patching", "print is replaced", "points", """
    import builtins
    real = builtins.print
    builtins.print = lambda *a, **k: real("SCORE", 1)
""")  # fmt: skip
attack(
    "patching",
    "a handler at the exit has the last word",
    "points",
    f"import atexit\natexit.register(lambda: {SHOUT})",
)
attack("patching", "stdout adds a line at its end", "points", """
    class Out:
        def __init__(self, real): self.real = real
        def write(self, text): return self.real.write(text)
        def flush(self): self.real.write("SCORE 1\\n"); self.real.flush()
        def __getattr__(self, name): return getattr(self.real, name)

    sys.stdout = Out(sys.stdout)
""")  # fmt: skip
attack("patching", "a json module of its own is handed in", "points",
       files={"json.py": "def dumps(*a, **k): return '1'\ndef loads(*a, **k): return {}\n"})  # fmt: skip
attack("patching", "a sitecustomize of its own is handed in", "points",
       files={"sitecustomize.py": f"import atexit\natexit.register(lambda: {SHOUT})\n"})  # fmt: skip
attack("patching", "a package initialisation of its own is handed in", "points",
       files={"nndl/__init__.py": "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\n"})  # fmt: skip
attack("patching", "checks of its own are handed in", "points",
       files={"hidden_checks.py": "def check(*a, **k): pass\n"})  # fmt: skip


def _first(source):
    def change(notebook):
        notebook["cells"].insert(
            0,
            {
                "cell_type": "code",
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "id": "first",
            },
        )

    return change


attack("patching", "an AST transformer deletes every assert", "points", notebook=_first(
    "import ast\n"
    "class NoAssert(ast.NodeTransformer):\n"
    "    def visit_Expr(self, node): return ast.Pass()\n"
    "    def visit_Assert(self, node): return ast.Pass()\n"
    "get_ipython().ast_transformers.append(NoAssert())"))  # fmt: skip
attack("patching", "an input transformer turns cells into pass", "points", notebook=_first(
    "get_ipython().input_transformers_post.append(lambda lines: ['pass'])"))  # fmt: skip
attack("patching", "the function that runs a cell is replaced", "points", notebook=_first(
    "import types\nget_ipython().run_cell = lambda *a, **k: types.SimpleNamespace(success=True, result=2.0)"))  # fmt: skip
attack("patching", "showtraceback shows nothing", "points", notebook=_first(
    "get_ipython().showtraceback = lambda *a, **k: None\n"
    "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None"))  # fmt: skip
