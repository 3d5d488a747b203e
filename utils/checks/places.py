"""Say where an exercise is taught: the section of its notebook, and the explorer to play with."""

from __future__ import annotations

import html
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

TABLE = "places.json"


@dataclass(frozen=True)
class Place:
    """A section of a notebook.

    Attributes
    ----------
    notebook : str
        The notebook's path in the course's folder.
    section : str
        The section's heading.
    """

    notebook: str
    section: str

    @property
    def anchor(self) -> str:
        """The name that JupyterLab gives to the heading, for links to it."""
        return self.section.replace(" ", "-")

    def __str__(self) -> str:
        return f"“{self.section}” in {self.notebook}"


@dataclass(frozen=True)
class Places:
    """Where to read about an exercise, and where to play with it.

    Attributes
    ----------
    section : Place
        Where the exercise is explained.
    explorer : str
        The name of the explorer that shows it at work; ``""`` where there is none.
    playground : Place or None
        Where that explorer stands.
    """

    section: Place
    explorer: str = ""
    playground: Place | None = None

    def as_text(self) -> str:
        """Return lines for a terminal."""
        lines = [f"  Read again: {self.section}"]
        if self.playground:
            lines.append(f"  Play with: {self.explorer}, under {self.playground}")
        return "\n".join(lines)

    def as_html(self, root: Path, here: Path) -> str:
        """Return links for a notebook.

        Parameters
        ----------
        root : Path
            The course's folder.
        here : Path
            The folder of the notebook that shows the links.
        """
        links = [f"Read again: {_link(self.section, self.section.section, root, here)}"]
        if self.playground:
            links.append(f"Play with: {_link(self.playground, self.explorer, root, here)}")
        return " · ".join(links)


def read_places(root: Path) -> dict[str, Places]:
    """Read the places of all exercises, by their names; none where the course does not say them.

    Parameters
    ----------
    root : Path
        The course's folder, which holds ``goldens``.
    """
    found = {}
    try:
        for exercise, entry in json.loads((root / "goldens" / TABLE).read_text("utf-8")).items():
            playground = Place(*entry["playground"]) if "playground" in entry else None
            found[exercise] = Places(Place(*entry["section"]), str(entry.get("explorer", "")), playground)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # a check does not fail because it cannot say where to read
    return found


def show_places(exercises: Iterable[str], root: Path) -> None:
    """Show where one can read about exercises and play with them: links in a notebook, and nothing elsewhere."""
    if "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython  # there in a notebook, and slow to import elsewhere
    from IPython.display import HTML, display

    known = read_places(root) if hasattr(get_ipython(), "kernel") else {}
    links = [f"<code>{name}</code> · {known[name].as_html(root, Path.cwd())}" for name in exercises if name in known]
    if links:
        display(HTML("<br>".join(links)))


def to_json(places: Places) -> Mapping[str, Any]:
    """Return what `read_places` reads."""
    entry: dict[str, Any] = {"section": [places.section.notebook, places.section.section]}
    if places.playground:
        entry |= {"explorer": places.explorer}
        entry |= {"playground": [places.playground.notebook, places.playground.section]}
    return entry


def _link(place: Place, words: str, root: Path, here: Path) -> str:
    """Return a link to a section, relative to a notebook in the folder `here`; plain words if it is not there yet."""
    file = root / place.notebook
    if not file.is_file():
        return f"{html.escape(words)} ({html.escape(file.stem)}, which comes later)"
    path = quote(Path(os.path.relpath(file, here)).as_posix())
    return f'<a href="{path}#{quote(place.anchor)}">{html.escape(words)}</a> in {html.escape(file.stem)}'
