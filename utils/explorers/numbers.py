"""The numbers that a picture shows, as CSV: read from the figure itself, so that both say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .drawing import Drawing

COLUMNS = ("picture", "panel", "series", "x", "y")


def csv_text(drawings: Mapping[str, Drawing], code: str) -> str:
    """A table with a line for each point of each curve, and for each pixel of each image.

    Parameters
    ----------
    drawings : mapping of str to Drawing
        By what they are: ``"picture"``, ``"results"``.
    code : str
        The state, which stands in the first line, after ``#``.

    Returns
    -------
    str
        With the columns `COLUMNS`. Each row of an image is a series, ``row 0``, ``row 1``, …: x is the column of a
        pixel, y its value.
    """
    out = io.StringIO()
    out.write(f"# {code}\n")
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for name, drawing in drawings.items():
        table.writerows((name, *row) for row in rows(drawing.figure))
    return out.getvalue()


def rows(figure: Figure) -> Iterator[tuple[str, str, float, float]]:
    """Panel, series, x and y of all that has an id in a figure, and of its images."""
    for place, ax in enumerate(figure.axes, 1):
        panel = (ax.get_title(loc="left") or ax.get_title() or f"panel {place}").replace("\n", " ")
        for artist in (*ax.lines, *ax.collections):
            name = str(artist.get_gid() or "")
            if name and not name.startswith("ghost"):
                for x, y in points_of(artist):
                    yield panel, name, x, y
        for image in ax.images:
            pixels: Any = image.get_array()
            for number, row in enumerate(pixels.astype(float).tolist()):
                for column, value in enumerate(row):
                    yield panel, f"row {number}", float(column), value


def points_of(artist: Any) -> Iterator[tuple[float, float]]:
    """The points of a curve, or the corners of an area, in the numbers of the axes."""
    if hasattr(artist, "get_xydata"):
        points = artist.get_xydata()
    else:
        points = np.concatenate([path.vertices for path in artist.get_paths()] or [np.empty((0, 2))])
    yield from map(tuple, np.asarray(points, dtype=float).tolist())
