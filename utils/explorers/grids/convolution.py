"""A pixel of the output and the window that made it, for kernels, strides and paddings to choose from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..convolution.compute import PRESETS, Convolution, photograph, see
from .grid import Control, Grid, Modules, Part, whole


def output(modules: Modules, state: Convolution) -> dict[str, Any]:
    """The output times 100, row by row, its shape, and which of its pixels win in max pooling."""
    seen = see(modules("conv_layers"), state)
    winners = np.flatnonzero(seen.winners) if seen.winners is not None else ()
    return {"shape": seen.out.shape, "out": whole(seen.out, 100), "winners": [int(index) for index in winners]}


def face(modules: Modules) -> dict[str, Any]:
    """The photograph times 100, row by row."""
    image = photograph()
    return {"shape": image.shape, "image": whole(image, 100), "pool": Convolution().pool}


_STANDARD = Convolution()
GRID = Grid(
    _STANDARD,
    (
        Control("row", "pixel: row", tuple(range(50)), _STANDARD.row),
        Control("column", "pixel: column", tuple(range(46)), _STANDARD.column),
        Control("stride", "stride", (1, 2, 3), 1),
        Control("pad", "pad", (0, 1, 2), 1),
        Control("kernel", "kernel", tuple(PRESETS.values()), _STANDARD.kernel, tuple(PRESETS)),
    ),
    (Part("output", ("kernel", "stride", "pad"), output),),
    face,
)
