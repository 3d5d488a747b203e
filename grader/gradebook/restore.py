"""A submitted notebook made whole: the release's structure, the student's words.

Of a submitted notebook only text is taken: the source of each cell, its type and name, and attached pictures. Its
structure, metadata and outputs are the release's, or nobody's. So nothing in it can move points, hide a cell or bring
HTML along; and whatever it is, a notebook comes out that nbgrader and formgrader can open.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import nbformat
from nbgrader.utils import is_locked

from ..course import Assignment, Course
from ..errors import CourseError

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MISSING: Final = "This notebook was not handed in; what you see is the released one."
DAMAGED: Final = "What was handed in cannot be read as a notebook; what you see is the released one."
MOST_CELLS: Final = 2000
"""Each is checked against a schema, which takes time, and nobody writes so many."""
_MOST_VALUES: Final = 2_000_000
"""In the whole file. An empty list takes two bytes there, and forty times as many in memory."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]*+={0,2}\s*+")  # possessive: spaces have one way to match


class _Cell(NamedTuple):
    """What is taken of a submitted cell."""

    kind: str
    source: str
    grade_id: str | None
    attachments: dict[str, dict[str, str]]


def read_released(course: Course, assignment: Assignment) -> dict[str, Any]:
    """The released notebooks of an assignment, as NotebookNodes by their names.

    Raises
    ------
    CourseError
        Where one is missing or damaged.
    """
    return {
        notebook.name: _read(_folder(course, assignment) / f"{notebook.name}.ipynb") for notebook in assignment.notebook
    }


def read_pictures(course: Course, assignment: Assignment) -> dict[str, bytes]:
    """The files that were released beside the notebooks, because those show them."""
    return {
        path.name: path.read_bytes()
        for path in sorted(_folder(course, assignment).iterdir())
        if path.is_file() and path.suffix != ".ipynb"
    }


def restore(submitted: bytes | None, released: Any) -> Any:
    """The submitted notebook with the release's structure.

    Cells that the release named stand with the release's metadata; locked ones with its source, too, the others with
    the student's. One that was deleted is put back behind its neighbour; of copies the last counts, as in nbgrader.
    The student's own cells stay where they were, as plain text.

    Parameters
    ----------
    submitted : bytes or None
        The file; None where none was handed in.
    released : NotebookNode
        The released notebook; not changed.

    Returns
    -------
    NotebookNode
        Without any output. Where the file is missing or cannot be read it is the released notebook, and its first
        cell says so.
    """
    restored = copy.deepcopy(released)
    try:
        if submitted is None:
            raise ValueError(MISSING)
        restored.cells = list(_merge(list(_cells(submitted)), released))
        _put_back(restored.cells, released)
    except (ValueError, RecursionError) as error:
        reason = MISSING if str(error) == MISSING else DAMAGED
        restored.cells = [nbformat.v4.new_markdown_cell(f"**{reason}**", id="not-readable")]
        restored.cells += [_clean(cell) for cell in released.cells]
    return restored


def is_notebook(data: bytes) -> bool:
    """Whether a file can be read as a notebook."""
    try:
        return bool(list(_cells(data)))
    except (ValueError, RecursionError):
        return False


def _folder(course: Course, assignment: Assignment) -> Path:
    return course.root / "assignments" / assignment.name


def _read(path: Path) -> Any:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"The released notebook {path} cannot be read ({error}); run `grader release {path.parent.name}` first."
        ) from None


def _cells(data: bytes) -> Iterator[_Cell]:
    """The cells of a notebook file; ValueError where it is none. What is no cell is left out."""
    if sum(map(data.count, (b"[", b"{", b","))) > _MOST_VALUES:
        raise ValueError("too many values")
    notebook = json.loads(data.decode("utf-8-sig"))
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not cells or not isinstance(cells, list):
        raise ValueError("no cells")
    if len(cells) > MOST_CELLS:
        raise ValueError("too many cells")
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw"):
            yield _Cell(cell["cell_type"], _text(cell.get("source")), _grade_id(cell), _pictures(cell))


def _text(source: object) -> str:
    """A source as one string that can be written as UTF-8."""
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "backslashreplace").decode()


def _grade_id(cell: Any) -> str | None:
    metadata: Any = cell.get("metadata")
    for key in ("nbgrader", "grade_id"):
        metadata = metadata.get(key) if isinstance(metadata, dict) else None
    return metadata if isinstance(metadata, str) else None


def _pictures(cell: Any) -> dict[str, dict[str, str]]:
    """The attachments that are pictures."""
    attachments = cell.get("attachments")
    found: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            if kind in PICTURES and isinstance(data, str) and _BASE64.fullmatch(data):
                found.setdefault(_text(name), {})[kind] = data
    return found


def _merge(cells: list[_Cell], released: Any) -> Iterator[Any]:
    """The submitted cells in their order, each as the release knows it or as plain text."""
    known = _named(released)
    last = {cell.grade_id: index for index, cell in enumerate(cells)}
    for index, cell in enumerate(cells):
        if cell.grade_id in known and last[cell.grade_id] == index:
            node = _clean(known[cell.grade_id])
            if not is_locked(node):
                node.source = cell.source
        else:
            new: Any = getattr(nbformat.v4, f"new_{cell.kind}_cell")
            node = new(cell.source, id=f"own-{index}")
        if cell.attachments and node.cell_type == "markdown":
            node.attachments = nbformat.from_dict(cell.attachments)
        yield node


def _clean(cell: Any) -> Any:
    """A copy of a released cell, without outputs."""
    cell = copy.deepcopy(cell)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    return cell


def _named(notebook: Any) -> dict[str | None, Any]:
    """The cells that nbgrader knows, by their name."""
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    return {grade_id: cell for grade_id, cell in cells.items() if grade_id}


def _put_back(cells: list[Any], released: Any) -> None:
    """Insert each named cell that is missing behind the named cell that stands before it in the release."""
    position = 0
    for grade_id, cell in _named(released).items():
        names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in cells]
        if grade_id in names:
            position = names.index(grade_id) + 1
        else:
            cells.insert(position, _clean(cell))
            position += 1
