"""Keep a cell in annotated notebooks that names the decisions about a submission; formgrader and nbgrader show it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ..host.files import content, write_if_changed
from .annotate import plain_markdown
from .saving import document_bytes

_ID: Final = "decisions-about-this-submission"


def note_decisions(notebooks: Iterable[Path], notes: Sequence[str]) -> bool:
    """Write the sentences about decisions into notebooks, in place of those of an earlier run.

    Parameters
    ----------
    notebooks : iterable of Path
        Annotated notebooks; one that is missing or damaged is left out.
    notes : sequence of str
        If there are none, the cell is removed.

    Returns
    -------
    bool
        Whether any notebook was changed.
    """
    written = False
    for path in notebooks:
        data = content(path)
        if data is None or (not notes and _ID.encode() not in data):
            continue
        try:
            notebook = json.loads(data)
            changed = _noted(notebook, notes)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
        if changed:
            written |= write_if_changed(path, document_bytes(notebook))
    return written


def _noted(notebook: Any, notes: Sequence[str]) -> bool:
    """Change the cell in a notebook, and return whether anything is different."""
    text = "\n".join(["**Decisions about this submission**", "", *(f"- {plain_markdown(note)}" for note in notes)])
    cell = {"cell_type": "markdown", "id": _ID, "metadata": {}, "source": text.splitlines(keepends=True)}
    wanted = [cell] if notes else []
    present = [each for each in notebook["cells"] if each.get("id") == _ID]
    if ["".join(each["source"]) for each in present] == [text] * len(wanted):
        return False
    notebook["cells"] = [*wanted, *(each for each in notebook["cells"] if each.get("id") != _ID)]
    return True
