"""The curves of the last setting, faintly behind those of the present one."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

LOOK: dict[str, Any] = {"alpha": 0.55, "zorder": 0.5}


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
