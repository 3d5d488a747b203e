"""The package ``nndl`` as a submitted module sees it: itself, stand-ins for its prerequisites, and nothing else."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

Ask = Callable[[str, str, tuple[object, ...], dict[str, object]], object]


class SubmittedPackage:
    """Puts a synthetic ``nndl`` into `sys.modules` and runs one submitted module in it, once, when first asked.

    Parameters
    ----------
    files : mapping of str to str
        Source texts by module name; ``files[module]`` is the one that runs. The text of a module with proxies is
        used for what has no proxy; see `_StandIn`.
    module : str
        Short name of the module under test: ``"fc_net"``.
    proxies : mapping of str to sequence of str
        Module name → functions that are answered from outside.
    ask : callable
        Called as ``ask(module, function, args, kwargs)`` when the submitted code calls a proxy.
    withheld : sequence of str
        Modules that may be imported, and whose functions may not be called: they would answer for the submitted code.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        module: str,
        proxies: Mapping[str, Sequence[str]],
        ask: Ask,
        withheld: Sequence[str] = (),
    ) -> None:
        self._name = f"nndl.{module}"
        self._source = files[module]
        self._loaded: ModuleType | None = None
        self._error: BaseException | None = None
        package = ModuleType("nndl")
        package.__path__ = []
        sys.modules["nndl"] = package
        used = _names_used(self._source) if "import *" in self._source else frozenset()
        for name, functions in proxies.items():
            answered = {function: _proxy(name, function, ask) for function in functions}
            _put(_StandIn(f"nndl.{name}", answered, files.get(name), used))
        for name in withheld:
            sys.modules[name] = _Withheld(name, self._name)
        sys.meta_path.insert(0, _Closed(self._name, tuple(proxies), tuple(withheld)))

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
            module = ModuleType(self._name)
            _put(module)
            try:
                _execute(self._source, module)
            except BaseException as error:
                self._error = error
                raise
            self._loaded = module
        return self._loaded


class _StandIn(ModuleType):
    """A prerequisite: its exercises are proxies, whatever the submission has in their place.

    A student may have put a helper of their own beside the exercises. So a name that has no proxy is looked for in the
    submission's text of the module, which runs when such a name is first asked for, with the proxies put into it: a
    helper meets the reference, and a module that nobody borrows from cannot spoil the one under test.
    """

    def __init__(self, name: str, proxies: Mapping[str, object], source: str | None, used: frozenset[str]) -> None:
        super().__init__(name)
        self.__dict__.update(proxies)
        self.__dict__.update(_proxies=proxies, _source=source)
        if source is not None and used:
            self.__dict__["__all__"] = [*proxies, *sorted((_names_defined(source) & used) - proxies.keys())]

    def __getattr__(self, name: str) -> object:
        source = self.__dict__["_source"]
        if source is None or name.startswith("__"):
            raise AttributeError(f"{self.__name__} has no {name} here")
        self.__dict__["_source"] = None
        own = ModuleType(self.__name__)
        _execute(source, own)
        own.__dict__.update(self.__dict__["_proxies"])
        for found, value in own.__dict__.items():
            self.__dict__.setdefault(found, value)
        return getattr(self, name)


class _Withheld(ModuleType):
    """A module in whose place nothing answers: to import it does no harm, to call what is in it is an error."""

    def __init__(self, name: str, module: str) -> None:
        super().__init__(name)
        self.__dict__["_message"] = f"{name} answers for nobody while {module} is checked; write it yourself"

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*args: object, **kwargs: object) -> object:
            raise RuntimeError(self.__dict__["_message"])

        return refuse


class _Closed:
    """The end of the search for ``nndl.*`` and for what is withheld: what was not put there cannot be imported."""

    def __init__(self, module: str, allowed: Sequence[str], withheld: Sequence[str]) -> None:
        self._module = module
        self._withheld = withheld
        names = [f"nndl.{name}" for name in allowed]
        self._instead = f"only {' and '.join(names)} can" if names else "and no other module of nndl can either"

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in self._withheld:
            raise ImportError(f"{name} cannot be imported while {self._module} is checked", name=name)
        if name.partition(".")[0] != "nndl":
            return None
        message = f"{name} cannot be imported while {self._module} is checked, {self._instead}"
        raise ImportError(message, name=name)


def _put(module: ModuleType) -> None:
    """Make a module importable, also as an attribute of its package."""
    sys.modules[module.__name__] = module
    setattr(sys.modules["nndl"], module.__name__.partition(".")[2], module)


def _execute(source: str, module: ModuleType) -> None:
    file = module.__name__.replace(".", "/") + ".py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module.__file__ = file
    module.__package__ = "nndl"
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)


def _proxy(module: str, function: str, ask: Ask) -> Callable[..., object]:
    def stand_in(*args: object, **kwargs: object) -> object:
        return ask(module, function, args, kwargs)

    stand_in.__name__ = stand_in.__qualname__ = function
    stand_in.__module__ = f"nndl.{module}"
    return stand_in


def _names_used(source: str) -> frozenset[str]:
    """Every name that a text mentions; none when it is not Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _names_defined(source: str) -> frozenset[str]:
    """The names that a text defines at its top level; none when it is not Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(names)
