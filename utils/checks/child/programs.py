"""Run the programs of cases in the child process, with the student's files as they are on disk now."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import linecache
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from ..program import SEED, Answer, Ran, seeded, seeded_runner

DEEPEST = 24  # levels of nesting; the caches of layers have three or four


@dataclass(frozen=True)
class Source:
    """Where the code under test stands.

    Attributes
    ----------
    root : str
        The folder that holds the student's package.
    package, module : str
        The package, ``""`` where there is none, and the module in it: ``"layers"``.
    version : int
        The files are read again where this number differs from that of the program before.
    """

    root: str
    package: str
    module: str
    version: int

    @property
    def full_name(self) -> str:
        """The module's full name."""
        return ".".join(filter(None, (self.package, self.module)))


@dataclass(frozen=True)
class Other:
    """Stands for a value that the parent could not look at, such as an object of the student's own class.

    Attributes
    ----------
    type_name : str
        What it is.
    """

    type_name: str


_loaded: tuple[str, int] = ("", 0)


def run(source: Source, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
    """Run a program, as `utils.checks.program.run_program` does; what comes back holds nothing but plain values."""
    answer = seeded_runner({source.module: load(source)})(program, inputs, fetch)
    if isinstance(answer, Ran):
        return Ran({name: plain(value) for name, value in answer.values.items()}, answer.mutated)
    return answer


def load_only(source: Source, needs: str) -> None:
    """Import the student's module, and before it the package that it `needs`, which may take long."""
    if needs:
        importlib.import_module(needs)
    load(source)


def load(source: Source) -> ModuleType:
    """Import the student's module; all of the student's files anew if this is another version."""
    global _loaded
    if _loaded != (source.root, source.version):
        _FromText.package = source.package or source.module
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{_FromText.package}.")]:
            del sys.modules[name]
        if source.root in sys.path:
            sys.path.remove(source.root)
        sys.path.insert(0, source.root)
        importlib.invalidate_caches()
        linecache.clearcache()
        _loaded = (source.root, source.version)
    return importlib.import_module(source.full_name)


class _TextLoader(importlib.machinery.SourceFileLoader):
    """Compiles a file each time: what Python keeps of it may be older than an edit of the last second."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


class _FromText(importlib.abc.MetaPathFinder):
    """Finds the student's modules in the folder of the course, wherever else a package of this name is installed."""

    package = ""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not self.package or not f"{fullname}.".startswith(f"{self.package}."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _TextLoader(spec.loader.name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _FromText())


def plain(value: Any, depth: int = DEEPEST) -> Any:
    """Return a value with everything in it replaced that is not of Python or NumPy; see `Other`."""
    if value is None or type(value) in (bool, int, float, str, bytes, complex, range, slice):
        return value
    if isinstance(value, np.generic) and value.dtype.kind != "O":
        return value
    if isinstance(value, np.ndarray):
        # A matrix or a masked array stays what it is by its type alone; its numbers are compared.
        return np.asarray(value) if value.dtype.kind != "O" else Other("object array")
    if depth and type(value) in (list, tuple):
        return type(value)(plain(item, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return {plain(name, 2): plain(item, depth - 1) for name, item in value.items()}
    array = _as_array(value)
    return Other(type(value).__name__) if array is None else array


def _as_array(value: object) -> np.ndarray[Any, Any] | None:
    """Return the numbers of an object that has some, such as a tensor; the rules compare these."""
    if not hasattr(value, "__array__"):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # the object's own method may raise anything
        return None
    return array if array.dtype.kind in "biuf" else None


def run_net(source: Source, name: str, runner: str, args: tuple[Any, ...]) -> Any:
    """Have a function of the course's given code run the student's net: ``runner(net, *args)``."""
    module, _, function = runner.rpartition(".")
    net: Any = load(source)
    for part in name.split("."):
        net = getattr(net, part)
    with seeded(SEED):
        return plain(getattr(importlib.import_module(module), function)(net, *args))
