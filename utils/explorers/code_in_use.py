"""What an explorer runs: a student's modules and classes as their files have them now, or the reference's instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from .sources import Sources
from .verdicts import Package


class CodeInUse:
    """Modules and classes of one package, by the names under which an explorer holds them.

    Parameters
    ----------
    things : mapping of str to object
        None for nothing of the package's.

    Attributes
    ----------
    things : dict of str to object
        As they were loaded last.
    """

    def __init__(self, things: Mapping[str, Any]) -> None:
        self._own = dict(things)
        self._reference: Callable[[str], ModuleType] | None = None
        self._use(dict(things))

    def _use(self, things: dict[str, Any]) -> None:
        self.things = things
        self._sources = Sources(next(iter(things.values())))

    @property
    def package(self) -> Package | None:
        """The package, where it has a folder."""
        return self._sources.package()

    def refresh(self) -> None:
        """Load the files anew that have changed.

        Raises
        ------
        Trouble
            When a file cannot be loaded; everything stays as it was.
        """
        found = self._sources.refresh(*self.things.values())
        self.things = dict(zip(self.things, found, strict=True))

    def offer_reference(self, module: Callable[[str], ModuleType]) -> None:
        """Say where the reference is.

        Parameters
        ----------
        module : callable
            From the short name of a module to that module.
        """
        self._reference = module

    def switch(self, to_reference: bool) -> None:
        """Use the reference, or the student's code again."""
        if to_reference and self._reference is not None:
            self._use({name: _same_in(self._reference, thing) for name, thing in self._own.items()})
        else:
            self._use(dict(self._own))


def _same_in(module: Callable[[str], ModuleType], thing: Any) -> Any:
    """What another package has under the name of a module, or of a class in one."""
    if thing is None:
        return None
    if isinstance(thing, ModuleType):
        return module(thing.__name__.rpartition(".")[2])
    return getattr(module(thing.__module__.rpartition(".")[2]), thing.__name__)
