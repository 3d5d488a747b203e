"""The package ``nndl`` as a submitted module sees it: itself, proxies for its prerequisites, and nothing else."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

Ask = Callable[[str, str, tuple[object, ...], dict[str, object]], object]


class _Closed:
    """The end of the search for ``nndl.*``: what was not put there cannot be imported."""

    def __init__(self, module: str, allowed: Sequence[str]) -> None:
        self._module = module
        self._allowed = " and ".join(f"nndl.{name}" for name in allowed) or "no other module of nndl"

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] != "nndl":
            return None
        message = f"{name} cannot be imported while nndl.{self._module} is checked, only {self._allowed}"
        raise ImportError(message, name=name)


class SubmittedPackage:
    """Puts a synthetic ``nndl`` into `sys.modules` and runs one submitted module in it, once, when first asked.

    Parameters
    ----------
    files : mapping of str to str
        Source texts by module name; ``files[module]`` is the one that runs.
    module : str
        Short name of the module under test: ``"fc_net"``.
    proxies : mapping of str to sequence of str
        Module name → functions that are answered from outside.
    ask : callable
        Called as ``ask(module, function, args, kwargs)`` when the submitted code calls a proxy.
    """

    def __init__(self, files: Mapping[str, str], module: str, proxies: Mapping[str, Sequence[str]], ask: Ask) -> None:
        self._name = f"nndl.{module}"
        self._source = files[module]
        self._loaded: ModuleType | None = None
        self._error: BaseException | None = None
        package = ModuleType("nndl")
        package.__path__ = []
        sys.modules["nndl"] = package
        for name, functions in proxies.items():
            stand_in = ModuleType(f"nndl.{name}")
            for function in functions:
                setattr(stand_in, function, _proxy(name, function, ask))
            sys.modules[stand_in.__name__] = stand_in
            setattr(package, name, stand_in)
        sys.meta_path.insert(0, _Closed(module, tuple(proxies)))

    def load(self) -> ModuleType:
        """The submitted module. What its import raised is raised again at every call.

        Raises
        ------
        BaseException
            Whatever the submitted code raises while it is imported, SyntaxError included.
        """
        if self._error is not None:
            raise self._error
        if self._loaded is None:
            try:
                self._loaded = self._execute()
            except BaseException as error:
                self._error = error
                raise
        return self._loaded

    def _execute(self) -> ModuleType:
        file = self._name.replace(".", "/") + ".py"
        linecache.cache[file] = (len(self._source), None, self._source.splitlines(keepends=True), file)
        code: CodeType = compile(self._source, file, "exec", dont_inherit=True)
        module = ModuleType(self._name)
        module.__file__ = file
        module.__package__ = "nndl"
        sys.modules[self._name] = module
        setattr(sys.modules["nndl"], self._name.partition(".")[2], module)
        exec(code, module.__dict__)
        return module


def _proxy(module: str, function: str, ask: Ask) -> Callable[..., object]:
    def stand_in(*args: object, **kwargs: object) -> object:
        return ask(module, function, args, kwargs)

    stand_in.__name__ = stand_in.__qualname__ = function
    stand_in.__module__ = f"nndl.{module}"
    return stand_in
