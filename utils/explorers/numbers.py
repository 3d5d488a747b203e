"""The numbers that a picture shows, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

import numpy as np

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
        table.writerows((name, *row) for row in rows(drawing))
    return out.getvalue()


def rows(drawing: Drawing) -> Iterator[tuple[str, str, float, float]]:
    """Panel, series, x and y of all that a picture shows."""
    for panel, name, xs, ys in drawing.series:
        for x, y in zip(np.asarray(xs, float).tolist(), np.asarray(ys, float).tolist(), strict=True):
            yield panel, name, x, y
