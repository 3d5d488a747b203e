"""Draw what a convolution does to places: grids of squares, and the windows that become the outputs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

# The course's palette (see `utils.vis_utils`); neighbouring windows differ in their dashes, too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.")


def cell_grid(ax: Axes, rows: int, columns: int, title: str) -> None:
    """Draw empty squares, row 0 on top; the square of row i and column j begins at (j, i)."""
    for row, column in np.ndindex(rows, columns):
        ax.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="0.75"))
    ax.set(xlim=(-0.2, columns + 0.2), ylim=(rows + 0.2, -0.2), aspect="equal", title=title)
    ax.set_axis_off()


def show_windows(height: int, width: int, size: int, stride: int, pad: int) -> None:
    """Draw a padded image with the windows of a square filter, and the outputs that they become.

    Parameters
    ----------
    height, width : int
        The pixels of the image.
    size : int
        The rows, and the columns, of the filter.
    stride : int
        By how many pixels a window moves on.
    pad : int
        How many rows and columns of zeros stand around the image.

    Raises
    ------
    ValueError
        If the filter is larger than the padded image.
    """
    rows, columns = height + 2 * pad, width + 2 * pad
    if size > min(rows, columns):
        raise ValueError(f"A filter of {size} × {size} does not fit into {rows} × {columns} pixels.")
    out = 1 + (rows - size) // stride, 1 + (columns - size) // stride
    _, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), width_ratios=(7, 4), layout="constrained")
    cell_grid(left, rows, columns, f"padded image: {height} × {width} pixels, pad {pad}")
    for row, column in np.ndindex(rows, columns):
        inside = pad <= row < height + pad and pad <= column < width + pad
        left.text(column + 0.5, row + 0.5, "$x$" if inside else "0", color="0.4", ha="center", va="center")
        if not inside:
            left.add_patch(Rectangle((column, row), 1, 1, facecolor="0.93", edgecolor="0.75"))
    cell_grid(right, *out, f"output: {out[0]} × {out[1]}")
    for k, (i, j) in enumerate(np.ndindex(*out)):
        shift = 0.04 * (k % 3 - 1)  # so that edges do not hide each other
        corner = (j * stride + 0.08 + shift, i * stride + 0.08 + shift)
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        for ax, place, side in ((left, corner, size - 0.16), (right, (j + 0.08, i + 0.08), 0.84)):
            frame = Rectangle(place, side, side, facecolor="none", edgecolor=colour, linewidth=2.5, linestyle=dash)
            ax.add_patch(frame)
        right.text(j + 0.5, i + 0.5, f"({i}, {j})", ha="center", va="center")
