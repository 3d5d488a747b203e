"""Load a student's files as they are now: after an edit, an explorer runs nothing of the code from before.

The modules are the explorers' own. Those that a notebook has imported stay the notebook's: its cells and its checks
hold parts of them.
"""

from __future__ import annotations

import hashlib
import html
import importlib
import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType
from typing import Any

from .student import Trouble, running
from .verdicts import Package


@dataclass(frozen=True)
class _Loaded:
    """A package's modules, by their names, and the digest of the files that they were made of."""

    digest: str
    modules: dict[str, ModuleType]


_loaded: dict[str, _Loaded] = {}
"""The packages that explorers run, by name."""


class Sources:
    """The package that holds what an explorer runs.

    Its files are told apart by what is in them. Their times say too little: a file can be saved twice between two
    ticks of the file system's clock, or an older one can be put in its place.

    Parameters
    ----------
    thing : object
        A module of the package, or a class or function in one. Anything else, such as a class that was made in a
        notebook, has no file, and stays as it is.
    """

    def __init__(self, thing: object) -> None:
        name = thing.__name__ if isinstance(thing, ModuleType) else str(getattr(thing, "__module__", ""))
        self._package = name.rpartition(".")[0]
        self._folders = tuple(getattr(sys.modules.get(self._package), "__path__", ()))

    def package(self) -> Package | None:
        """The package, where it has a folder."""
        return Package(self._package, Path(self._folders[0])) if self._folders else None

    def refresh(self, *things: Any) -> tuple[Any, ...]:
        """Load the package anew, if its files are not those that it was loaded from.

        A package is loaded anew as a whole: modules that use a changed one hold parts of it.

        Parameters
        ----------
        *things : object
            Modules, classes or functions.

        Returns
        -------
        tuple of object
            The same things as the files have them now.

        Raises
        ------
        Trouble
            When a file cannot be loaded. Then everything stays as it was, and the next call tries again.
        """
        if not self._folders:
            return things
        digest, kept = self._digest(), _loaded.get(self._package)
        is_new = kept is None or kept.digest != digest
        if is_new:
            self._forget_compiled()
        of_the_notebook = self._take_out()
        sys.modules.update(kept.modules if kept and not is_new else {})
        try:
            with running(0):
                found = tuple(self._current(thing) for thing in things)
        finally:
            modules = self._take_out()
            sys.modules.update(of_the_notebook)
        _loaded[self._package] = _Loaded(digest, modules)
        for file in self._files() if is_new else ():
            linecache.getlines(str(file))  # a message quotes the lines that ran, should the file be edited meanwhile
        return found

    def _take_out(self) -> dict[str, ModuleType]:
        """Remove the package's modules from those that are imported; they are returned."""
        return {name: sys.modules.pop(name) for name in list(sys.modules) if self._holds(name)}

    def _holds(self, name: str) -> bool:
        return f"{name}.".startswith(f"{self._package}.")

    def _current(self, thing: Any) -> Any:
        """What now has the name of a thing."""
        if isinstance(thing, ModuleType):
            return importlib.import_module(thing.__name__) if self._holds(thing.__name__) else thing
        module, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
        if not self._holds(module) or "<locals>" in name:
            return thing
        found: Any = importlib.import_module(module)
        try:
            for part in name.split("."):
                found = getattr(found, part)
        except AttributeError:
            raise Trouble(f"<b>{html.escape(module)} has no {html.escape(name)} any more.</b>") from None
        return found

    def _digest(self) -> str:
        """The digest of all files of the package."""
        found = hashlib.sha256()
        for file in self._files():
            with suppress(OSError):  # it may be replaced at this very moment
                found.update(os.fsencode(file) + file.read_bytes())
        return found.hexdigest()

    def _files(self) -> Iterator[Path]:
        for folder in self._folders:
            yield from sorted(Path(folder).rglob("*.py"))

    def _forget_compiled(self) -> None:
        """Remove what Python has kept of the files: by its time and size, it may be taken for a later text's."""
        for file in self._files():
            linecache.cache.pop(str(file), None)
            with suppress(OSError, NotImplementedError):
                Path(cache_from_source(str(file))).unlink()
        importlib.invalidate_caches()


def beside(thing: type, name: str) -> Any:
    """What the module of a student's class calls `name`.

    Raises
    ------
    Trouble
        When it has no such name.
    """
    module = _module_of(thing)
    try:
        return getattr(module, name)
    except AttributeError:
        raise Trouble(f"<b>{html.escape(thing.__module__)} has no {html.escape(name)}.</b> Import it there.") from None


def _module_of(thing: type) -> ModuleType:
    """The module that a class was made by: the explorers' own, or one that was imported."""
    outermost = thing.__qualname__.partition(".")[0]
    for loaded in _loaded.values():
        module = loaded.modules.get(thing.__module__)
        if module and getattr(module, outermost, None) is thing:
            return module
    return sys.modules[thing.__module__]
