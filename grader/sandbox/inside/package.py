"""The student's package as a submitted module sees it: itself, stand-ins for its prerequisites, and nothing else."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from itertools import accumulate
from types import MappingProxyType, ModuleType
from typing import cast

Ask = Callable[[str, str, tuple[object, ...], dict[str, object]], object]


class SubmittedPackage:
    """Puts a synthetic package into `sys.modules` and runs one submitted module in it, once, when first asked.

    Parameters
    ----------
    package : str
        Its name.
    files : mapping of str to str
        Source texts by module name; ``files[module]`` is the one that runs. The text of a module with proxies is
        used for what has no proxy; see `_StandIn`.
    module : str
        Short name of the module under test: ``"fc_net"``.
    proxies : mapping of str to sequence of str
        Module name → functions that are answered from outside; a module of ``utils`` has its full name. A module of
        the package with no functions and no text is withheld.
    ask : callable
        Called as ``ask(module, function, args, kwargs)`` when the submitted code calls a proxy.
    withheld : mapping of str to sequence of str
        Modules that may be imported, and whose functions cannot be called, because the worker does not have them:
        those that are named, or all where none is. So a right answer does not suffer from an import beside it.
    """

    def __init__(
        self,
        package: str,
        files: Mapping[str, str],
        module: str,
        proxies: Mapping[str, Sequence[str]],
        ask: Ask,
        withheld: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._name = f"{package}.{module}"
        self._source = files[module]
        self._loaded: ModuleType | None = None
        self._error: BaseException | None = None
        made = ModuleType(package)
        made.__path__ = []
        sys.modules[package] = made
        used = _names_used(self._source) if "import *" in self._source else frozenset()
        for name, functions in proxies.items():
            answered = {function: _proxy(_full_name(package, name), name, function, ask) for function in functions}
            if name.startswith("utils."):
                _put(_Withheld(name, self._name, answered))
            elif not functions and name not in files:
                _put(_Withheld(_full_name(package, name), self._name))
            else:
                _put(_StandIn(_full_name(package, name), answered, files.get(name), used))
        allowed = [name for name, functions in proxies.items() if functions or name in files]
        sys.meta_path.insert(0, _Closed(self._name, allowed, withheld))
        sys.meta_path.append(_Absent(self._name))

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

    def __init__(self, name: str, module: str, answered: Mapping[str, object] = MappingProxyType({})) -> None:
        super().__init__(name)
        self.__dict__.update(answered, _module=module)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _refusal(f"{self.__name__}.{name}", self.__dict__["_module"])


def _refusal(name: str, module: str) -> Callable[..., object]:
    """A function that says of another one that it cannot be called."""

    def refuse(*args: object, **kwargs: object) -> object:
        raise RuntimeError(f"{name} cannot be called while {module} is checked; write what you need of it yourself")

    return refuse


class _Closed:
    """The search for the student's package and for what is withheld, which comes before every other.

    It only words what happens. That there is nothing to find is for the confinement to see to: a submission can take
    this object out of the way.
    """

    def __init__(self, module: str, allowed: Sequence[str], withheld: Mapping[str, Sequence[str]]) -> None:
        self._module = module
        self._withheld = withheld
        self._package = module.partition(".")[0]
        names = [_full_name(self._package, name) for name in allowed if "." not in name]
        none = f"and no other module of {self._package} can either"
        self._instead = f"only {' and '.join(names)} can" if names else none

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] == self._package:
            message = f"{name} cannot be imported while {self._module} is checked, {self._instead}"
            raise ImportError(message, name=name)
        if self._withheld.get(name):
            return self._completed(name, path)
        parents = accumulate(name.split("."), lambda parent, child: f"{parent}.{child}")
        if any(parent in self._withheld and not self._withheld[parent] for parent in parents):
            return ModuleSpec(name, cast(Loader, self), is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Withheld(spec.name, self._module)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""

    def _completed(self, name: str, path: object) -> ModuleSpec | None:
        """A module of which a part is there, with functions that refuse in place of the others."""
        spec = PathFinder.find_spec(name, cast("Sequence[str] | None", path))
        if spec is not None and spec.loader is not None:
            missing = {key: f"{name}.{key}" for key in self._withheld[name]}
            spec.loader = cast(Loader, _Completing(spec.loader, missing, self._module))
        return spec


class _Completing:
    """Runs a module that has only some of its functions, and puts functions that refuse in place of the others."""

    def __init__(self, loader: Loader, missing: Mapping[str, str], module: str) -> None:
        self._loader, self._missing, self._module = loader, missing, module

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for name, full in self._missing.items():
            module.__dict__.setdefault(name, _refusal(full, self._module))


class _Absent:
    """The end of the search: what submitted code imports, and the worker cannot read, is named in a sentence."""

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        if path is None and frame.f_code.co_filename.startswith(f"{self._module.partition('.')[0]}/"):
            message = (
                f"{name} cannot be imported while {self._module} is checked; is it misspelt? "
                "The standard library, numpy and what the given code imports can be imported"
            )
            raise ModuleNotFoundError(message, name=name)
        return None


def _put(module: ModuleType) -> None:
    """Make a module importable, also as an attribute of its package."""
    package, _, name = module.__name__.partition(".")
    sys.modules[module.__name__] = module
    setattr(import_module(package), name, module)


def _execute(source: str, module: ModuleType) -> None:
    file = module.__name__.replace(".", "/") + ".py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module.__file__ = file
    module.__package__ = module.__name__.partition(".")[0]
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)


def _full_name(package: str, module: str) -> str:
    """A module's name as it is imported: one of ``utils`` comes with its full name."""
    return module if "." in module else f"{package}.{module}"


def _proxy(full_name: str, module: str, function: str, ask: Ask) -> Callable[..., object]:
    def stand_in(*args: object, **kwargs: object) -> object:
        return ask(module, function, args, kwargs)

    stand_in.__name__ = stand_in.__qualname__ = function
    stand_in.__module__ = full_name
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
