"""Read percent scripts: Python files from which nbgrader's source notebooks are made.

The first line of a cell says what kind of cell it is:

``# %% exercise="layers.affine_forward"``
    the locked cell that carries an exercise's points;
``# %% [markdown] written="why_28_percent"``
    a question that students answer in writing and people grade, with the model answer in a solution region;
``# %% further="further.adamw"``
    the check of an exercise that is not graded; students get it as an ordinary cell;
``# %% solution="tune"``
    code that students write and that is not graded, with the reference's answer in a solution region;
``# %% folded="Draw the two losses"``
    code that students get but need not read, such as drawing; JupyterLab shows only this title, as the cell's first
    line, until the cell is opened;
``# %% picture="affine-graph"``
    code that draws a picture which is stored beside the script (see `pictures`); it is never released;
``# %% numbers="parameters"``
    code that computes the numbers which the text states (see `numbers`); it is never released;
``# %%`` and ``# %% [markdown]``
    a cell that students get as it is.
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
    "folded": ("code",),
    "picture": ("code",),
    "numbers": ("code",),
}
FOLDED = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
"""The metadata of a folded cell: JupyterLab and VS Code honour the first entry, Jupyter Book and MyST the second."""
LONGEST_TITLE = 72
"""Characters of a folded cell's title; JupyterLab shows it on one line and does not break it."""
_NOUN = {"written": "question", "further": "further exercise"}
_FIRST_LINE = re.compile(r"^# ?%%", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
_CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LAYOUT = ("lines_to_next_cell", "cell_marker")  # metadata in which jupytext keeps the layout of the script


def source_notebook(
    path: Path, assignment: Assignment, notebook: Notebook, *, with_numbers: bool = False
) -> NotebookNode:
    """Read one percent script.

    Parameters
    ----------
    path : Path
        The script, ``solutions/<assignment>/<notebook>.py``.
    assignment, notebook : Assignment, Notebook
        The tables of course.toml for this notebook. Exercises and questions that they do not list are left out.
    with_numbers : bool, default False
        Whether to keep the cells of numbers; each then has ``"numbers"`` among its tags.

    Returns
    -------
    NotebookNode
        Format 4.5, with nbgrader's metadata (schema 3) and cell ids that depend only on the cells' content and names.

    Raises
    ------
    UnusableCourseFiles
        When cells are damaged, or course.toml lists exercises or questions that no cell carries. The error names every
        problem with file and line.
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
    for item in read.cells:
        if item in left_out or item.kind == "picture" or (item.kind == "numbers" and not with_numbers):
            continue
        cell, source, name = item.cell, item.cell.source.lstrip("\n"), item.name
        metadata: dict[str, object] = {}
        if item.kind == "numbers":
            metadata = {"tags": ["numbers"]}
        elif item.kind == "folded":
            metadata, source, name = dict(FOLDED), f"# {item.name}\n{source}", ""
        elif item.kind and item.kind != "further":
            metadata = {"nbgrader": _nbgrader(item.kind, item.name, points.get(item.name))}
        options = {"source": source, "id": _cell_id(cell, name, ids), "metadata": metadata}
        cells.append(v4.new_code_cell(**options) if cell.cell_type == "code" else v4.new_markdown_cell(**options))
    made: NotebookNode = v4.new_notebook(cells=cells, metadata={"kernelspec": dict(KERNELSPEC)})
    return made


def unlisted(path: Path, assignment: Assignment, notebook: Notebook) -> list[Problem]:
    """Report the cells that students do not get, because course.toml does not list their exercise or question."""
    return [
        Problem(
            _shown(path),
            cell.line,
            f'course.toml lists no {_NOUN.get(cell.kind, cell.kind)} "{cell.name}" for '
            f"{assignment.name}/{notebook.name}, so this cell is left out.",
        )
        for cell in _unlisted(_cells(path).cells, notebook)
    ]


def checked_functions(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the functions that ordinary cells of a script pass to `check`, each with the line its cell begins on."""
    for item in _cells(path).cells:
        if item.cell.cell_type == "code" and not item.kind:
            for node in ast.walk(python(item.cell.source)):
                match node:
                    case ast.Call(func=ast.Name("check"), args=[ast.Name() | ast.Attribute() as function, *_]):
                        yield item.line, ast.unparse(function)


def headings(path: Path) -> list[str]:
    """Return the headings of a script's text, in their order."""
    return [heading for item in _cells(path).cells for heading in _headings(item)]


def named_cells(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each named cell of a script, with the heading of the section that it stands in."""
    section = ""
    for item in _cells(path).cells:
        section = next(reversed(_headings(item)), section)
        if item.name:
            yield item.name, section


def drawing_cells(path: Path) -> dict[str, str]:
    """Map the names of a script's stored pictures to the code that draws them."""
    return {item.name: item.cell.source for item in _cells(path).cells if item.kind == "picture"}


@dataclass(frozen=True, eq=False)
class _Cell:
    """A cell of a script: the line it begins on, its kind (a key of `CELL_TYPES`), its name, and its content."""

    line: int
    kind: str
    name: str
    cell: NotebookNode


@dataclass(frozen=True)
class _Script:
    """The result of reading a script: its valid cells, the problems of the others, and the names these seem to have.

    The names of damaged cells are kept so that a damaged cell is not reported as missing, too.
    """

    cells: list[_Cell]
    problems: list[Problem]
    damaged: set[str]


def _headings(item: _Cell) -> list[str]:
    """Return the headings in a cell that keeps its text, but not what looks like one in a block of code."""
    if item.cell.cell_type != "markdown" or item.kind:
        return []
    return _HEADING.findall(_CODE_BLOCK.sub("", item.cell.source))


def _cells(path: Path) -> _Script:
    """Read the cells of a script. A damaged cell does not keep the others from being read."""
    return _cells_of(_read(path), path)


@lru_cache(maxsize=64)
def _cells_of(text: str, path: Path) -> _Script:
    """Read the cells of a script's text. Callers must not change the result, because it is cached."""
    # jupytext does not say on which line a cell begins, so the lines are counted here and matched with its cells.
    lines = [text.count("\n", 0, match.start()) + 1 for match in _FIRST_LINE.finditer(text)]
    parsed = _parse(text, path)
    if len(parsed) != len(lines):
        raise _unusable(path, 1, 'something stands before the first cell; begin it with "# %%".')
    script = _Script([], [], set())
    names: set[str] = set()
    for line, cell in zip(lines, parsed, strict=True):
        try:
            kind, name = _kind(cell)
            _check_content(cell, kind, name)
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
    """Map each kind of cell to the names that course.toml lists for a notebook."""
    return {
        "exercise": [item.name for item in notebook.exercises],
        "written": [item.name for item in notebook.written],
        "further": list(notebook.further),
    }


def _missing(path: Path, script: _Script, notebook: Notebook) -> Iterator[Problem]:
    """Yield a problem for each exercise or question that course.toml lists and no cell carries."""
    present = {(cell.kind, cell.name) for cell in script.cells}
    for kind, names in _listed(notebook).items():
        for name in names:
            if (kind, name) not in present and name not in script.damaged:
                where = listed_at(path.absolute().parent.parent.parent, name)
                problem = f'{where} lists "{name}" for this notebook, but no cell carries it; add the cell # %% '
                problem += f'{"[markdown] " if kind == "written" else ""}{kind}="{name}".'
                yield Problem(_shown(path), 0, problem)


def _unlisted(cells: list[_Cell], notebook: Notebook) -> list[_Cell]:
    """Return the cells whose exercise or question course.toml does not list for this notebook."""
    listed = _listed(notebook)
    return [cell for cell in cells if cell.kind in listed and cell.name not in listed[cell.kind]]


def _shown(path: Path) -> str:
    """Return a script's path relative to the course folder, as errors show it."""
    return Path(*path.parts[-3:]).as_posix()


def _unusable(path: Path, line: int, sentence: str) -> UnusableCourseFiles:
    return UnusableCourseFiles([Problem(_shown(path), line, sentence)])


def python(source: str) -> ast.Module:
    """Parse a code cell, which may have IPython magics and top-level ``await``; SyntaxError if it is not valid."""
    plain = TransformerManager().transform_cell(source)
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(plain, "<cell>", "exec", flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _read(path: Path) -> str:
    """Read a script's text."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        where = listed_at(path.absolute().parent.parent.parent, path.stem)
        problem = (
            f"this is missing, and {where} lists its notebook; write it, unlist it, or say source = where it stands."
        )
        raise _unusable(path, 0, problem) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, 0, f"this cannot be read ({error}); save it as UTF-8.") from None


def _parse(text: str, path: Path) -> list[NotebookNode]:
    """Split a script into cells with jupytext."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # jupytext warns about cells that `_cells_of` refuses with a better message
            cells: list[NotebookNode] = jupytext.reads(text, fmt="py:percent").cells
            return cells
    except Exception as error:  # jupytext and nbformat raise all kinds of errors for a damaged header
        reason = str(error).partition("\n")[0]
        raise _unusable(path, 1, f"the notebook's header is damaged ({reason}); remove it.") from None


def _kind(cell: NotebookNode) -> tuple[str, str]:
    """Return a cell's kind and name, ``("exercise", "layers.relu_forward")``, or ``("", "")`` for an ordinary cell."""
    options = [(key, value) for key, value in cell.metadata.items() if key not in _LAYOUT]
    if not options:
        return "", ""
    kind, name = options[0]
    if len(options) > 1 or kind not in CELL_TYPES or not isinstance(name, str) or not name:
        raise ValueError(
            "the cell's first line is not understood; after the type it may say one of "
            'exercise="…", written="…", further="…", solution="…", folded="…", picture="…" and numbers="…".'
        )
    return kind, name


def _check_content(cell: NotebookNode, kind: str, name: str) -> None:
    """Raise ValueError for a cell of the wrong type, markers that do not pair up, or code that is not valid Python."""
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
    if kind == "folded" and len(name) > LONGEST_TITLE:
        raise ValueError(f"the title of this folded cell is longer than {LONGEST_TITLE} characters; shorten it.")
    if cell.cell_type == "code":
        try:
            python(cell.source)
        except SyntaxError as error:
            raise ValueError(f"line {error.lineno} of this cell is not valid Python ({error.msg}).") from None


def _nbgrader(kind: str, name: str, points: float | None) -> dict[str, object]:
    """Make the metadata by which nbgrader knows a cell (schema 3)."""
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
    """Make an id from the cell's name or content, so that adding a cell does not change the ids of the others."""
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()
    base = name.replace(".", "-")[:60] or digest[:12]
    number, unique = 1, base
    while unique in taken:
        number += 1
        unique = f"{base}-{number}"
    taken.add(unique)
    return unique
