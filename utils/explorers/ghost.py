"""The curves of the last setting, faintly behind those of the present one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

LOOK: dict[str, Any] = {"alpha": 0.55, "zorder": 0.5}
REST = 3.0  # seconds after which a control that moves again begins another setting


class LastSetting:
    """The figures from before a control was moved, until another one is, or the same one after a rest."""

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}
        self._moving = ("", 0.0)  # the control that moves, and since when it rests

    def keep(self, control: str, shown: Mapping[str, Any]) -> None:
        """Keep the figures of the drawings that are shown, unless they show the same movement.

        Parameters
        ----------
        control : str
            The name of what is about to move.
        shown : mapping of str to Drawing
        """
        moved, at = self._moving
        if moved != control or time.monotonic() - at > REST:
            self.figures = {what: drawing.figure for what, drawing in shown.items()}
        self._moving = (control, time.monotonic())

    def forget(self) -> None:
        """Keep nothing: what comes next has nothing to do with what was there."""
        self.figures = {}


def add_ghost(figure: Figure, before: Figure, colour: str) -> None:
    """Draw the curves and areas of a figure into another one, where both have the same panels.

    Parameters
    ----------
    figure : Figure
        Gets them; a panel whose limits are set keeps them, another one makes room.
    before : Figure
        The one of the last setting. What has no id in it is not drawn, and images are not either.
    colour : str
    """
    if len(figure.axes) != len(before.axes):
        return
    for ax, old in zip(figure.axes, before.axes, strict=True):
        for line in old.lines:
            if _is_shown(line):
                style: dict[str, Any] = {"ls": line.get_linestyle(), "marker": line.get_marker(), "ms": 2.5, "lw": 1.2}
                (made,) = ax.plot(line.get_xdata(), line.get_ydata(), color=colour, **style, **LOOK)
                made.set_gid(f"ghost-{line.get_gid()}")
        for area in old.collections:
            if _is_shown(area):
                for path in area.get_paths():
                    (made,) = ax.plot(*np.transpose(path.vertices), color=colour, lw=1, **LOOK)
                    made.set_gid(f"ghost-{area.get_gid()}")


def _is_shown(artist: Any) -> bool:
    return bool(artist.get_gid()) and not artist.get_gid().startswith("ghost")
