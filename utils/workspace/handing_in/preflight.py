"""Look through what is about to be handed in: what cannot be graded, what will score zero, what is worth a look."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from utils.checks.assignments import Assignment, Notebook
from utils.checks.course import Course
from utils.checks.weights import read_weights, safetensors_dataset
from utils.errors import DataError

from ..imports import not_where_graded
from ..progress import Mark, Progress
from ..sources import Sources
from .handin import HandIn, file_imports


class Remark(NamedTuple):
    """One thing to know before handing in.

    Attributes
    ----------
    broken : bool
        Whether points are surely lost; otherwise it is worth a look.
    text : str
        One sentence.
    """

    broken: bool
    text: str


def preflight(course: Course, found: Progress, files: HandIn) -> list[Remark]:
    """Look through the files of an assignment; nothing is run for it.

    Parameters
    ----------
    course : Course
    found : Progress
        How the assignment stands, after the visible checks have been run.
    files : HandIn
        What is handed in.
    """
    assignment = found.assignment
    remarks = [
        *_damaged_files(course, assignment, files),
        *_imports(course, files),
        *_notebooks(course, assignment),
        *_nets(course, assignment, files),
        *_zeros(found),
        *_missing(assignment, files),
        *_sizes(course, files),
    ]
    return sorted(dict.fromkeys(remarks), key=lambda remark: not remark.broken)


def _damaged_files(course: Course, assignment: Assignment, files: HandIn) -> Iterator[Remark]:
    """Files of the package that Python cannot read, and what that costs."""
    sources = Sources(course.root / course.package)
    for module in files.needed:
        problem = sources.file(module).problem
        if problem:
            lost = sum(one.points for one in assignment.exercises if one.module == module)
            where = f", line {problem.line}" if problem.line else ""
            cost = f"; nothing in this file can be run, which costs {lost:g} points" if lost else ""
            yield Remark(True, f"{course.package}/{module}.py{where}: {problem.why}{cost}.")


def _imports(course: Course, files: HandIn) -> Iterator[Remark]:
    """Imports that work on this computer alone."""
    packed = {Path(name).stem for name in files.files if name.startswith(f"{course.package}/")}
    for module in files.needed:
        names: dict[tuple[str, bool, str], list[str]] = {}  # of one line, in one sentence
        for one in file_imports(course.root / course.package / f"{module}.py", course.package):
            place = f"{course.package}/{module}.py, line {one.line}"
            if one.own and not one.optional and one.own not in packed:
                absent = f"{course.package}{one.module}"
                why = "is imported, which is no file that is handed in, so nothing in this file can be run"
                yield Remark(True, f"{place}: {absent} {why}.")
            fails, why = not_where_graded(one, module, course.imports)
            if why:
                name = f"{one.module}.{one.name}" if one.top == "utils" and one.name else one.top
                names.setdefault((place, fails, why), []).append(name)
        for (place, fails, why), found in names.items():
            yield Remark(fails, f"{place}: where it is graded, {', '.join(dict.fromkeys(found))} {why}.")


def _notebooks(course: Course, assignment: Assignment) -> Iterator[Remark]:
    for notebook in assignment.notebooks:
        path = course.notebooks_folder / assignment.name / notebook.file
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
            found = [_Cell.read(cell) for cell in cells]
        except FileNotFoundError:
            yield Remark(True, f"{notebook.file} is not there; get it from the course's files.")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            yield Remark(True, f"{notebook.file} is damaged: Jupyter cannot open it either; restore an earlier copy.")
        else:
            yield from _cells(notebook, found)


class _Cell(NamedTuple):
    """What is looked at of a cell of a notebook."""

    grade_id: str
    is_code: bool
    was_run: bool
    error: str

    @staticmethod
    def read(cell: dict[str, Any]) -> _Cell:
        code = cell["cell_type"] == "code"
        empty = not "".join(cell["source"]).strip()
        outputs = cell.get("outputs", []) if code else []
        errors = [str(one.get("ename", "an error")) for one in outputs if one.get("output_type") == "error"]
        name = str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))
        return _Cell(name, code and not empty, cell.get("execution_count") is not None, "".join(errors[:1]))


def _cells(notebook: Notebook, cells: list[_Cell]) -> Iterator[Remark]:
    """Say what is wrong with the cells of a notebook that can be read."""
    there = Counter(cell.grade_id for cell in cells)
    worth = {exercise.cell: exercise.points for exercise in notebook.exercises}
    worth |= {question.name: question.points for question in notebook.written}
    for name, points in worth.items():
        if not there[name]:
            yield Remark(
                True, f"{notebook.file}: the cell {name} was deleted ({points:g} points); copy it from the given one."
            )
        elif there[name] > 1:
            yield Remark(True, f"{notebook.file}: the cell {name} is there {there[name]} times; only one can count.")
    code = [cell for cell in cells if cell.is_code]
    silent = sum(not cell.was_run for cell in code)
    if silent == len(code):
        yield Remark(False, f"{notebook.file} was not run, or was saved without its results.")
    elif silent:
        yield Remark(False, f"{notebook.file}: {silent} of {len(code)} cells were not run.")
    for number, cell in enumerate(cells, 1):
        if cell.error:
            yield Remark(False, f"{notebook.file}: cell {number} ends in {cell.error}.")


def _nets(course: Course, assignment: Assignment, files: HandIn) -> Iterator[Remark]:
    """Trained nets that the grader could not load."""
    for exercise in assignment.exercises:
        path = files.files.get(exercise.file)
        if not exercise.is_net or path is None:
            continue
        rule = course.nets[exercise.name]
        try:
            if "constructor" in rule:
                safetensors_dataset(path.read_bytes(), path.name)
                continue
            weights, _ = read_weights(io.BytesIO(path.read_bytes()), path.name)
        except (DataError, OSError) as error:
            yield Remark(True, f"{exercise.file}: {error}")
            continue
        for name, shape in rule.get("shapes", {}).items():
            seen = weights[name].shape if name in weights else "not there"
            if seen != tuple(shape):
                yield Remark(True, f"{exercise.file}: {name} is {seen}; the net to hand in has {tuple(shape)}.")


def _zeros(found: Progress) -> Iterator[Remark]:
    """What is not there, and will surely score zero."""
    folder = f"assignments/{found.assignment.name}"
    stubs = [one for one in found.exercises if one.mark is Mark.OPEN and not one.exercise.is_net]
    if stubs:
        lost = sum(one.exercise.points for one in stubs)
        names = ", ".join(one.exercise.name for one in stubs)
        yield Remark(True, f"Still to be written, so {lost:g} points are zero: {names}.")
    for one in found.exercises:
        if one.exercise.is_net and one.mark is Mark.OPEN:
            lost = one.exercise.points
            yield Remark(True, f"There is no {folder}/{one.exercise.file}, so {lost:g} points are zero: save the net.")
        elif one.mark is Mark.WRONG and one.note.endswith(f"has no {one.exercise.function}"):
            yield Remark(True, f"{one.note}, so {one.exercise.points:g} points are zero.")
        elif one.exercise.is_net and one.mark is Mark.WRONG:
            yield Remark(False, f"{one.exercise.file} has {one.note}, which is likely to earn nothing.")
    unanswered = [one for book in found.notebooks for one in book.unanswered]
    if unanswered:
        lost = sum(one.points for one in unanswered)
        names = ", ".join(one.name for one in unanswered)
        yield Remark(True, f"Not answered in words, so {lost:g} points are zero: {names}.")


def _missing(assignment: Assignment, files: HandIn) -> Iterator[Remark]:
    """Files of the package that are not there; notebooks and nets have remarks of their own."""
    for name in (name for name in files.missing if name.endswith(".py")):
        lost = sum(exercise.points for exercise in assignment.exercises if exercise.file == name)
        yield Remark(True, f"There is no {name}, so {lost:g} points are zero.")


def _sizes(course: Course, files: HandIn) -> Iterator[Remark]:
    for name, path in files.files.items():
        limit = course.largest.get(path.suffix, 0)
        if limit and path.stat().st_size > limit:
            size = f"{path.stat().st_size / 2**20:.1f} MiB"
            yield Remark(True, f"{name} has {size}; files of more than {limit / 2**20:.1f} MiB are not taken.")
