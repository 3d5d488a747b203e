"""Build the student's package inside of a worker.

The package holds the submitted module under test, and stand-ins for the other modules that it may import.
"""

from __future__ import annotations

import importlib
import linecache
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from itertools import accumulate
from types import FrameType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, cast

from utils.checks.crash_clues import SIGNATURE

from .names import is_tried, names_defined, names_imported, names_used

if TYPE_CHECKING:  # importing it takes a twentieth of a worker's start
    from importlib.abc import Loader

_SAME_WITHOUT_NOTEBOOK = {"tqdm.notebook": "tqdm.std"}
Ask = Callable[[str, str, tuple[object, ...], dict[str, object]], object]


class SubmittedPackage:
    """A package in `sys.modules` with one submitted module, which runs when it is first loaded.

    Parameters
    ----------
    package : str
        The name of the package.
    files : mapping of str to str
        Source texts by module name. ``files[module]`` is the one that runs. The text of a module with proxies is used
        for the names that have no proxy; see `_StandIn`.
    module : str
        Short name of the module under test: ``"fc_net"``.
    proxies : mapping of str to sequence of str
        Module name → functions whose calls are answered by `ask`. A module of ``utils`` is named in full. A module of
        the package with no functions and no text can be imported, but nothing in it can be called. Those of the module
        under test itself replace its own functions.
    ask : callable
        Called as ``ask(module, function, args, kwargs)`` when the submitted code calls a proxy.
    withheld : mapping of str to sequence of str, default {}
        Other modules that can be imported although the worker does not have their functions: module → those functions,
        or an empty sequence for all of them. Only calling one raises, so that an unused import does not make a right
        answer fail.
    signatures : mapping of str to str
        What functions that have a proxy take and return, for explanations: ``"layers.affine_forward"`` →
        ``"(x, w, b): out, cache"``.
    """

    def __init__(
        self,
        package: str,
        files: Mapping[str, str],
        module: str,
        proxies: Mapping[str, Sequence[str]],
        ask: Ask,
        withheld: Mapping[str, Sequence[str]] = MappingProxyType({}),
        signatures: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._name = f"{package}.{module}"
        self._source = files[module]
        self._loaded: ModuleType | None = None
        self._answered: dict[str, Callable[..., object]] = {}
        self._error: BaseException | None = None
        parent = ModuleType(package)
        parent.__path__ = []
        sys.modules[package] = parent
        used = names_used(self._source) if "import *" in self._source else None
        for name, functions in proxies.items():
            answered = {
                function: _proxy(_full_name(package, name), name, function, ask, signatures.get(f"{name}.{function}"))
                for function in functions
            }
            if name == module:
                self._answered = answered
            elif name.startswith("utils."):
                _register(_Withheld(name, self._name, answered))
            elif not functions and name not in files:
                _register(_Withheld(_full_name(package, name), self._name))
            else:
                _register(_StandIn(_full_name(package, name), answered, files.get(name), used))
        allowed = [name for name, functions in proxies.items() if (functions or name in files) and name != module]
        for name in withheld.keys() & sys.modules.keys():  # what was imported in advance
            _refuse_missing(sys.modules[name], withheld[name], self._name)
        sys.meta_path.insert(0, _PackageFinder(self._name, allowed, withheld))
        sys.meta_path.append(_NotFound(self._name))

    def load(self) -> ModuleType:
        """Return the submitted module, and run its text at the first call.

        Raises
        ------
        BaseException
            Whatever the submitted code raises while it is imported, SyntaxError included. The same exception is raised
            again at every further call.
        """
        if self._error is not None:
            raise self._error
        if self._loaded is None:
            module = ModuleType(self._name)
            _register(module)
            try:
                _execute(self._source, module)
            except BaseException as error:
                self._error = error
                raise
            module.__dict__.update(self._answered)
            self._loaded = module
        return self._loaded


class _StandIn(ModuleType):
    """A module that the module under test imports: its exercises are proxies, so the reference answers their calls.

    A student may have written a helper function beside the exercises. So a name that has no proxy is looked up in the
    submission's own text of the module. That text runs only when such a name is first asked for, so that a mistake in a
    module whose helpers are not used has no effect on the module under test. The proxies replace its exercises before
    the helper is called, so a helper calls the reference, too.
    """

    def __init__(
        self, name: str, proxies: Mapping[str, object], source: str | None, used: frozenset[str] | None
    ) -> None:
        super().__init__(name)
        self.__dict__.update(proxies)
        self.__dict__.update(_proxies=proxies, _source=source, _imported={})
        if source is not None and used is not None:
            names = names_defined(source)
            # What stands beside exercises is run only if it is used; a file of helpers alone is the student's own.
            wanted = names & used if proxies else {name for name in names if not name.startswith("_")}
            imported = names_imported(source, name.partition(".")[0])
            self.__dict__["_imported"] = imported
            self.__dict__["__all__"] = [*proxies, *sorted((wanted | imported.keys() & used) - proxies.keys())]

    def __getattr__(self, name: str) -> object:
        if name in self.__dict__["_imported"]:  # a star passes it on; the text need not run for that
            module, original = self.__dict__["_imported"][name]
            found = import_module(module)
            return getattr(found, original) if original else found
        source = self.__dict__["_source"]
        if source is None or name.startswith("__"):
            raise AttributeError(f"{self.__name__} has no {name} here")
        self.__dict__["_source"] = None
        own = ModuleType(self.__name__)
        _execute(source, own)
        own.__dict__.update(self.__dict__["_proxies"])
        for key, value in own.__dict__.items():
            self.__dict__.setdefault(key, value)
        return getattr(self, name)


class _Withheld(ModuleType):
    """A module that can be imported, but whose functions raise an error when they are called."""

    def __init__(self, name: str, module: str, answered: Mapping[str, object] = MappingProxyType({})) -> None:
        super().__init__(name)
        self.__dict__.update(answered, _module=module)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _refusal(f"{self.__name__}.{name}", self.__dict__["_module"])


def _refuse_missing(partial: ModuleType, missing: Sequence[str], module: str) -> None:
    """Add functions that raise in place of those that a module does not have here."""
    for name in missing:
        partial.__dict__.setdefault(name, _refusal(f"{partial.__name__}.{name}", module))


def _refusal(name: str, module: str) -> Callable[..., object]:
    """Make a function that raises an error which says that the function `name` cannot be called here."""

    def refuse(*args: object, **kwargs: object) -> object:
        raise RuntimeError(f"{name} cannot be called while {module} is checked; write what you need of it yourself")

    return refuse


class _PackageFinder:
    """The first finder in `sys.meta_path`: it decides about the student's package and about withheld modules.

    It serves clear error messages only, not security. A submission can remove it from `sys.meta_path`; that nothing
    else can be imported then is ensured by the confinement, which makes no other file readable.
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
        if name in _SAME_WITHOUT_NOTEBOOK:
            return ModuleSpec(name, cast("Loader", _SameLoader()))
        if self._withheld.get(name):
            return self._completed(name, path)
        parents = accumulate(name.split("."), lambda parent, child: f"{parent}.{child}")
        stands_in = any(parent in self._withheld and not self._withheld[parent] for parent in parents)
        if stands_in and self._is_for_nothing(_importing_frame()):
            return ModuleSpec(name, cast("Loader", self), is_package=True)
        return None

    def _is_for_nothing(self, frame: FrameType) -> bool:
        """Whether an import stands in submitted code, and not in a ``try``: a library finds out what is installed."""
        return frame.f_code.co_filename.startswith(f"{self._package}/") and not is_tried(frame)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Withheld(spec.name, self._module)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: a withheld module has no text to run."""

    def _completed(self, name: str, path: object) -> ModuleSpec | None:
        """Find a module that the worker has in part."""
        spec = PathFinder.find_spec(name, cast("Sequence[str] | None", path))
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _PartialLoader(spec.loader, self._withheld[name], self._module))
        return spec


class _SameLoader:
    """Load a module that needs a notebook's widgets as the one that does the same in a terminal."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        same = import_module(_SAME_WITHOUT_NOTEBOOK[spec.name])
        module.__dict__.update({name: value for name, value in vars(same).items() if not name.startswith("__")})
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module is complete."""


class _PartialLoader:
    """Load a module that has only some of its functions, and add functions that raise in place of the others."""

    def __init__(self, loader: Loader, missing: Sequence[str], module: str) -> None:
        self._loader, self._missing, self._module = loader, missing, module

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _refuse_missing(module, self._missing, self._module)


class _NotFound:
    """The last finder in `sys.meta_path`: it raises an error that says which imports are possible.

    It does so only where submitted code imports a top-level module; libraries get the usual error.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        frame = _importing_frame()
        if path is None and frame.f_code.co_filename.startswith(f"{self._module.partition('.')[0]}/"):
            message = (
                f"{name} cannot be imported while {self._module} is checked; is it misspelt? "
                "The standard library, numpy and what the given code imports can be imported"
            )
            raise ModuleNotFoundError(message, name=name)
        return None


def _importing_frame() -> FrameType:
    """Find whose import statement is being executed, from a finder that the import system has called."""
    frame = sys._getframe(1)
    ways = ("<frozen importlib", __file__, importlib.__file__)
    while frame.f_back and frame.f_code.co_filename.startswith(ways):
        frame = frame.f_back
    return frame


def _register(module: ModuleType) -> None:
    """Make a module importable, and an attribute of its package."""
    package, _, name = module.__name__.partition(".")
    sys.modules[module.__name__] = module
    setattr(import_module(package), name, module)


def _execute(source: str, module: ModuleType) -> None:
    """Run a source text as a module, and keep the text so that tracebacks can quote its lines."""
    file = module.__name__.replace(".", "/") + ".py"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module.__file__ = file
    module.__package__ = module.__name__.partition(".")[0]
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)


def _full_name(package: str, module: str) -> str:
    """Return the name by which a module is imported; a module of ``utils`` is named in full already."""
    return module if "." in module else f"{package}.{module}"


def _proxy(full_name: str, module: str, function: str, ask: Ask, signature: str | None) -> Callable[..., object]:
    """Make a function that passes its calls on to `ask`."""

    def stand_in(*args: object, **kwargs: object) -> object:
        return ask(module, function, args, kwargs)

    stand_in.__name__ = stand_in.__qualname__ = function
    stand_in.__module__ = full_name
    if signature:
        setattr(stand_in, SIGNATURE, signature)
    return stand_in
