"""How far the training has come against the number of units, for sets of points to choose from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..boundary.compute import EDGE, Boundary, see
from .grid import Control, Grid, Modules, Part, rounded, whole

LEVELS = "0123456789abcdefghijklmnopqrstuvwxyz"
SHOWN = ("corners", "moons", "rings", "spirals")


def plane(modules: Modules, state: Boundary) -> dict[str, Any]:
    """What the net says over the plane, and the units of its first layer.

    Returns
    -------
    dict
        ``share``: how sure the net is of class 1, a character of `LEVELS` for each place, row by row from the greatest
        y; ``units``: the two weights and the bias of each unit; ``accuracy`` in %; ``loss``.
    """
    seen = see(modules("fc_net").FullyConnectedNet, state)
    sure = np.round((len(LEVELS) - 1) * seen.share[::2, ::2]).astype(int)
    units = [[*seen.half_plane(unit)[0], seen.half_plane(unit)[1]] for unit in range(state.units)]
    return {
        "share": "".join(LEVELS[level] for level in sure.ravel()),
        "units": [[rounded(float(number)) for number in unit] for unit in units],
        "accuracy": rounded(100 * seen.accuracy, 4),
        "loss": rounded(seen.loss),
    }


def points(modules: Modules) -> dict[str, Any]:
    """The points of each set times 100, x and y in turn, the two classes in turn; and how far the plane goes."""
    found = {name: whole(_STANDARD.but(set=name).points()[0], 100) for name in SHOWN}
    return {"points": found, "edge": EDGE}


_STANDARD = Boundary()
GRID = Grid(
    _STANDARD,
    (
        Control("step", "minibatches", (0, 10, 30, 60, 100, 200, 350, 500), 60),
        Control("units", "units in each layer", (1, 2, 3, 4, 6, 8), 6),
        Control("depth", "hidden layers", (1, 2), 2),
        Control("set", "points", SHOWN, "moons"),
    ),
    (Part("plane", ("set", "depth", "units", "step"), plane),),
    points,
)
