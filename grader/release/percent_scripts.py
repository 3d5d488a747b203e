"""Percent scripts: one reads as a Python file, and becomes one of nbgrader's source notebooks.

A cell's first line says what it is:

``# %% exercise="layers.affine_forward"``
    the locked cell that carries an exercise's points;
``# %% [markdown] written="why_28_percent"``
    a question answered in writing and graded by hand, with the model answer in a solution region;
``# %% further="further.adamw"``
    the check of an exercise that is not graded; students get it as an ordinary cell;
``# %% solution="tune"``
    code of the student's own that is not graded, with the answer in a solution region;
``# %% numbers="parameters"``
    code that gives the numbers which the text states (`numbers`); never released;
``# %%`` and ``# %% [markdown]``
    a given cell.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jupytext
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode, v4

from ..course import Assignment, Exercise, Notebook, Written, listed_at
from ..errors import Problem, UnusableCourseFiles
from .markers import ANY_SPELLING, BEGIN, END

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TYPES = {
    "": ("code", "markdown"),
    "exercise": ("code",),
    "written": ("markdown",),
    "further": ("code",),
    "solution": ("code",),
    "numbers": ("code",),
}
_NOUN = {"written": "question", "further": "further exercise"}
_FIRST_LINE = re.compile(r"^# ?%%", re.MULTILINE)
_LAYOUT = ("lines_to_next_cell", "cell_marker")  # how the script was written down, as jupytext notes it


def source_notebook(
    path: Path, assignment: Assignment, notebook: Notebook, *, with_numbers: bool = False
) -> NotebookNode:
    """Read one percent script.

    Parameters
    ----------
    path : Path
        ``solutions/<assignment>/<notebook>.py``.
    assignment, notebook : Assignment, Notebook
        What course.toml says about it.
    with_numbers : bool, default False
        Whether to keep the cells of numbers; each then has ``"numbers"`` among its tags.

    Returns
    -------
    NotebookNode
        Format 4.5, with nbgrader's metadata (schema 3) and cell ids that depend on the content alone.

    Raises
    ------
    UnusableCourseFiles
        With file and line, all that is damaged, and what course.toml lists and the script does not hold.
    """
    read = _cells(path)
    problems = [*read.problems, *_missing(path, read, notebook)]
    if problems:
        raise UnusableCourseFiles(problems)
    items: tuple[Exercise | Written, ...] = (*notebook.exercises, *notebook.written)
    points = {item.name: item.points for item in items}
    left_out = _unlisted(read.cells, notebook)
    cells: list[NotebookNode] = []
    ids: set[str] = set()
    for one in read.cells:
        if one in left_out or (one.kind == "numbers" and not with_numbers):
            continue
        metadata: dict[str, object] = {}
        if one.kind == "numbers":
            metadata = {"tags": ["numbers"]}
        elif one.kind and one.kind != "further":
            metadata = {"nbgrader": _nbgrader(one.kind, one.name, points.get(one.name))}
        cell = one.cell
        options = {"source": cell.source.lstrip("\n"), "id": _cell_id(cell, one.name, ids), "metadata": metadata}
        cells.append(v4.new_code_cell(**options) if cell.cell_type == "code" else v4.new_markdown_cell(**options))
    made: NotebookNode = v4.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNELSPEC)})
    return made


def unlisted(path: Path, assignment: Assignment, notebook: Notebook) -> list[Problem]:
    """The cells of exercises and questions that course.toml does not list for a notebook: students do not get them."""
    return [
        Problem(
            _shown(path),
            one.line,
            f'course.toml lists no {_NOUN.get(one.kind, one.kind)} "{one.name}" for '
            f"{assignment.name}/{notebook.name}, so this cell is left out.",
        )
        for one in _unlisted(_cells(path).cells, notebook)
    ]


def checked_functions(path: Path) -> Iterator[tuple[int, str]]:
    """The functions that given cells of a script hand to `check`, each with the line its cell begins on."""
    for one in _cells(path).cells:
        if one.cell.cell_type == "code" and not one.kind:
            for node in ast.walk(python(one.cell.source)):
                match node:
                    case ast.Call(func=ast.Name("check"), args=[ast.Name() | ast.Attribute() as function, *_]):
                        yield one.line, ast.unparse(function)


@dataclass(frozen=True, eq=False)
class _Cell:
    """A cell of a script: the line it begins on, what it is, its name, and its content."""

    line: int
    kind: str
    name: str
    cell: NotebookNode


@dataclass(frozen=True)
class _Script:
    """The cells that can be read, what is wrong with the others, and what names those seem to have."""

    cells: list[_Cell]
    problems: list[Problem]
    damaged: set[str]


def _cells(path: Path) -> _Script:
    """Read the cells of a script, each by itself."""
    return _cells_of(_read(path), path)


@lru_cache(maxsize=64)
def _cells_of(text: str, path: Path) -> _Script:
    """The cells of a script's text; nobody may change them."""
    lines = [text.count("\n", 0, match.start()) + 1 for match in _FIRST_LINE.finditer(text)]
    parsed = _parse(text, path)
    if len(parsed) != len(lines):
        raise _unusable(path, 1, 'something stands before the first cell; begin it with "# %%".')
    script = _Script([], [], set())
    names: set[str] = set()
    for line, cell in zip(lines, parsed, strict=True):
        try:
            kind, name = _kind(cell)
            _check_content(cell, kind)
            if name and name in names:
                raise ValueError(f'"{name}" already stands in this notebook; a name belongs to one cell.')
        except ValueError as error:
            script.problems.append(Problem(_shown(path), line, str(error)))
            script.damaged.update(map(str, cell.metadata.values()))
        else:
            script.cells.append(_Cell(line, kind, name, cell))
            names.add(name)
    return script


def _listed(notebook: Notebook) -> dict[str, list[str]]:
    """The names that course.toml lists for a notebook, by the kind of their cells."""
    return {
        "exercise": [item.name for item in notebook.exercises],
        "written": [item.name for item in notebook.written],
        "further": list(notebook.further),
    }


def _missing(path: Path, script: _Script, notebook: Notebook) -> Iterator[Problem]:
    """What course.toml lists and no cell carries."""
    there = {(one.kind, one.name) for one in script.cells}
    for kind, names in _listed(notebook).items():
        for name in names:
            if (kind, name) not in there and name not in script.damaged:
                where = listed_at(path.absolute().parent.parent.parent, name)
                said = f'{where} lists "{name}" for this notebook, but no cell carries it; add the cell # %% '
                said += f'{"[markdown] " if kind == "written" else ""}{kind}="{name}".'
                yield Problem(_shown(path), 0, said)


def _unlisted(cells: list[_Cell], notebook: Notebook) -> list[_Cell]:
    """The cells that carry a name which course.toml does not list for this notebook."""
    listed = _listed(notebook)
    return [one for one in cells if one.kind in listed and one.name not in listed[one.kind]]


def _shown(path: Path) -> str:
    """A script's path relative to the course folder."""
    return Path(*path.parts[-3:]).as_posix()


def _unusable(path: Path, line: int, sentence: str) -> UnusableCourseFiles:
    return UnusableCourseFiles([Problem(_shown(path), line, sentence)])


def python(source: str) -> ast.Module:
    """Parse a code cell, magics and top-level ``await`` included; SyntaxError where it is not valid."""
    plain = TransformerManager().transform_cell(source)
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(plain, "<cell>", "exec", flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _read(path: Path) -> str:
    """A script's text."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        said = f"this is missing, and {listed_at(path.absolute().parent.parent.parent, path.stem)} lists its notebook; "
        raise _unusable(path, 0, f"{said}write it, unlist it, or say source = where it stands.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, 0, f"this cannot be read ({error}); save it as UTF-8.") from None


def _parse(text: str, path: Path) -> list[NotebookNode]:
    """The cells, as jupytext reads them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on what our own checks refuse
            cells: list[NotebookNode] = jupytext.reads(text, fmt="py:percent").cells
            return cells
    except Exception as error:  # jupytext and nbformat raise all kinds of errors for a damaged header
        reason = str(error).partition("\n")[0]
        raise _unusable(path, 1, f"the notebook's header is damaged ({reason}); remove it.") from None


def _kind(cell: NotebookNode) -> tuple[str, str]:
    """What a cell is, and its name: ``("exercise", "layers.relu_forward")``; empty for a given cell."""
    options = [(key, value) for key, value in cell.metadata.items() if key not in _LAYOUT]
    if not options:
        return "", ""
    kind, name = options[0]
    if len(options) > 1 or kind not in CELL_TYPES or not isinstance(name, str) or not name:
        raise ValueError(
            "the cell's first line is not understood; after the type it may say one of "
            'exercise="…", written="…", further="…", solution="…" and numbers="…".'
        )
    return kind, name


def _check_content(cell: NotebookNode, kind: str) -> None:
    """Refuse a cell of the wrong type, markers that do not pair up, and code that is no Python."""
    if cell.cell_type not in CELL_TYPES[kind]:
        wanted = " or ".join(CELL_TYPES[kind])
        raise ValueError(f"{kind or 'this'} is a {cell.cell_type} cell; make it a {wanted} cell.")
    markers = [line.strip() for line in cell.source.split("\n") if ANY_SPELLING.search(line)]
    if markers != [BEGIN, END] * (len(markers) // 2):
        raise ValueError(
            f"the solution markers in this cell do not pair up; write {BEGIN} and {END}, each on a line of its own."
        )
    if markers and kind not in ("written", "solution"):
        raise ValueError(
            "a solution region stands in a cell that keeps its content; "
            'give the cell a name with written="…" or solution="…".'
        )
    if not markers and kind in ("written", "solution"):
        raise ValueError(f"this {kind} cell has no solution region; put one around the answer.")
    if cell.cell_type == "code":
        try:
            python(cell.source)
        except SyntaxError as error:
            raise ValueError(f"line {error.lineno} of this cell is not valid Python ({error.msg}).") from None


def _nbgrader(kind: str, name: str, points: float | None) -> dict[str, object]:
    """nbgrader's metadata (schema 3) of a cell."""
    metadata: dict[str, object] = {
        "grade": kind != "solution",
        "grade_id": name.replace(".", "-"),
        "locked": kind == "exercise",
        "schema_version": 3,
        "solution": kind != "exercise",
        "task": False,
    }
    if points is not None:
        metadata["points"] = int(points) if points == int(points) else points
    return metadata


def _cell_id(cell: NotebookNode, name: str, taken: set[str]) -> str:
    """An id that depends on what the cell says: adding a cell leaves the ids of the others as they are."""
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()
    base = name.replace(".", "-")[:60] or digest[:12]
    number, unique = 1, base
    while unique in taken:
        number += 1
        unique = f"{base}-{number}"
    taken.add(unique)
    return unique
