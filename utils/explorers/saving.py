"""Write what an explorer shows into files: the pictures as SVG, their numbers as CSV."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

from . import drawing
from .drawing import Drawing
from .numbers import csv_text
from .state import State


def save(state: State, drawings: Mapping[str, Drawing]) -> tuple[list[Path], str]:
    """Write the pictures, dark on white, and their numbers into the current folder.

    Parameters
    ----------
    state : State
    drawings : mapping of str to Drawing
        By what they are: ``"picture"``, ``"results"``.

    Returns
    -------
    (list of Path, str)
        The files, and HTML that says where they are, with a link to each.
    """
    files = {f"{state.name}-{what}.svg": drawing.on_paper(shown) for what, shown in drawings.items()}
    table = f"{state.name}.csv"
    files[table] = csv_text(drawings, str(state))
    for name, text in files.items():
        Path(name).write_text(text, "utf-8")
    kinds = {table: "text/csv"}
    links = ", ".join(drawing.link(text, name, kinds.get(name, "image/svg+xml")) for name, text in files.items())
    return [Path(name) for name in files], f"Written to {html.escape(str(Path.cwd()))}: {links}"
