"""What the last setting showed, faintly behind what the present one does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

REST = 3.0  # seconds after which a control that moves again begins another setting


class HasGhost(Protocol):
    """A drawing."""

    @property
    def ghost(self) -> Any:
        """What of it can stand behind a later one."""


class LastSetting:
    """The ghosts of what was shown before a control was moved, until another one is, or the same one after a rest.

    Attributes
    ----------
    ghosts : dict of str to object
        By what they are of: ``"picture"``, ``"results"``.
    """

    def __init__(self) -> None:
        self.ghosts: dict[str, Any] = {}
        self._moving = ("", 0.0)  # the control that moves, and since when it rests

    def keep(self, control: str, shown: Mapping[str, HasGhost]) -> None:
        """Keep what is shown, unless it is of the same movement.

        Parameters
        ----------
        control : str
            The name of what is about to move.
        shown : mapping of str to Drawing
        """
        moved, at = self._moving
        if moved != control or time.monotonic() - at > REST:
            self.ghosts = {what: drawing.ghost for what, drawing in shown.items()}
        self._moving = (control, time.monotonic())

    def forget(self) -> None:
        """Keep nothing: what comes next has nothing to do with what was there."""
        self.ghosts = {}


@dataclass(frozen=True)
class Trace:
    """What is left of a curve, or of the rim of an area.

    Attributes
    ----------
    name : str
        Of what it is left.
    points : ndarray of shape (points, 2)
        Values of x and y.
    dash : tuple of float or None
        Of the line, in its widths; None for points without a line.
    """

    name: str
    points: NDArray[Any]
    dash: tuple[float, ...] | None


_BEFORE: ContextVar[Any] = ContextVar("before", default=None)


@contextmanager
def behind(before: Any) -> Iterator[None]:
    """Have the ghost of the last setting stand behind what is drawn meanwhile.

    Parameters
    ----------
    before : object
        The `Drawing.ghost` of what was drawn then; None for nothing.
    """
    token = _BEFORE.set(before)
    try:
        yield
    finally:
        _BEFORE.reset(token)


def last_setting() -> Any:
    """The `Drawing.ghost` of what was drawn in the last setting; None where there is none to draw."""
    return _BEFORE.get()
