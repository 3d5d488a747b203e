"""What the last setting showed, faintly behind what the present one does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

LOOK: dict[str, Any] = {"alpha": 0.55, "zorder": 0.5}
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
        By what they are of: ``"picture"``, ``"results"``. Of a figure they are its curves, not the figure: that is
        thousands of objects, which would be looked through at each collection of garbage.
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


@dataclass(frozen=True)
class Curve:
    """A curve, or the rim of an area.

    Attributes
    ----------
    name : str
        The id of what it is of.
    points : ndarray of shape (points, 2)
    look : dict
        What matplotlib's ``plot`` takes.
    """

    name: str
    points: NDArray[Any]
    look: dict[str, Any]


def curves_of(figure: Figure) -> list[list[Curve]]:
    """The curves and areas of each panel of a figure that have an id; nothing of a panel with an image.

    What stands on an image is of its size, which may be another one in the next setting.
    """
    return [[] if ax.images else [*_lines_of(ax), *_rims_of(ax)] for ax in figure.axes]


def _lines_of(ax: Any) -> Iterator[Curve]:
    for line in ax.lines:
        if _is_shown(line):
            yield Curve(line.get_gid(), np.array(line.get_xydata()), _look_of(line))


def _rims_of(ax: Any) -> Iterator[Curve]:
    for area in ax.collections:
        if _is_shown(area):
            for path in area.get_paths():
                yield Curve(area.get_gid(), np.array(path.vertices), {"lw": 1})


def add_ghost(figure: Figure, before: list[list[Curve]], colour: str) -> None:
    """Draw curves into a figure, where there are as many panels.

    Parameters
    ----------
    figure : Figure
        Gets them; a panel whose limits are set keeps them, another one makes room.
    before : list of list of Curve
        Of each panel in the last setting; see `curves_of`.
    colour : str
    """
    if len(figure.axes) != len(before):
        return
    for ax, curves in zip(figure.axes, before, strict=True):
        for curve in curves:
            (made,) = ax.plot(*curve.points.T, color=colour, **curve.look, **LOOK)
            made.set_gid(f"ghost-{curve.name}")


def _look_of(line: Any) -> dict[str, Any]:
    if line.get_linestyle() == "None":
        return {"ls": "None", "marker": line.get_marker(), "ms": 2.5}
    # Without the marks of a curve: each is an element of its own, for matplotlib to draw and for the page to keep.
    return {"ls": line.get_linestyle(), "lw": 1.2}


def _is_shown(artist: Any) -> bool:
    return bool(artist.get_gid()) and not artist.get_gid().startswith("ghost")
