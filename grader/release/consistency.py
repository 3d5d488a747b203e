"""Find out whether course.toml and the other files of a course fit each other, and name every problem at once.

A problem that stops a release is an *error*. A part that is merely not used, because course.toml does not name it (any
more), is a *remark*: to drop an assignment, a notebook or an exercise, an author deletes its lines in course.toml and
need not edit anything else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.checks.course import FOLDER

from ..course import Assignment, Course, Notebook, read
from ..errors import CourseError, Problem, UnusableCourseFiles
from ..recipes import RecipeBook
from ..reference import Reference
from . import pictures, places
from .percent_scripts import checked_functions, source_notebook, unlisted
from .regions import regions
from .strip import left_out, strip

TO_WRITE = re.compile(r'TO WRITE \(([\w.]+)\): *(.*?)[\s"]*$')
"""Matches a line of an exercise's skeleton that its author has not written yet: the exercise, and what to write."""


@dataclass(frozen=True)
class Findings:
    """The problems of a course's files.

    Attributes
    ----------
    errors : tuple of Problem
        The problems that stop a release, sorted.
    remarks : tuple of Problem
        The parts that are not used, and what that means for students, sorted.
    """

    errors: tuple[Problem, ...]
    remarks: tuple[Problem, ...]


def load_checked(root: Path | None = None) -> Course:
    """Load a course. If course.toml has errors, raise UnusableCourseFiles with these and those of all other files."""
    course, problems = read(root)
    if problems:
        raise UnusableCourseFiles(sorted({*problems, *examine(course).errors}))
    return course


def require(course: Course, exercises: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Raise UnusableCourseFiles with the errors that `examine` finds; if there are none, return its remarks."""
    found = examine(course, exercises)
    if found.errors:
        raise UnusableCourseFiles(found.errors)
    return found.remarks


def examine(course: Course, exercises: Collection[str] | None = None) -> Findings:
    """Find every problem in a course's files.

    Parameters
    ----------
    course : Course
    exercises : collection of str, optional
        Look only for errors, and only for those that concern these exercises. By default, all files are examined for
        errors and remarks.

    Returns
    -------
    Findings
    """
    try:
        reference = Reference(course.root, course.package)
    except CourseError as error:
        missing = Problem(f"solutions/{course.package}/__init__.py", 0, f"this is missing; write it. {error}")
        return Findings((missing,), ())
    everything = exercises is None
    names = {exercise.name for _, exercise in course.exercises(further=True)} if exercises is None else set(exercises)
    written, problems = _regions(course, reference)
    errors = [problem for problem in problems if everything or _concerns(problem, course, names)]
    errors += _scripts(course, names)
    errors += RecipeBook(reference).problems(course, exercises)
    waiting = list(_to_write(course, reference))
    errors += [
        Problem(file, line, f"{name} is not finished here: {what}")
        for name, file, line, what in waiting
        if name in names
    ]
    dangling, unused = _references(course, reference, written)
    if not everything:
        return Findings(tuple(sorted(set(errors))), ())
    waits = "this waits to be written for {}, which is no exercise of this course; take it away where students read it."
    unused += [Problem(file, line, waits.format(name)) for name, file, line, _ in waiting if name not in names]
    remarks = [*unused, *_unused_code(course, reference, written), *_unused_scripts(course)]
    remarks += places.unused(course)
    remarks += [*RecipeBook(reference).unused(course), *_explained(course, written), *_stale(course)]
    return Findings(tuple(sorted({*errors, *dangling})), tuple(sorted(set(remarks))))


def _concerns(problem: Problem, course: Course, names: Collection[str]) -> bool:
    """Tell whether a problem of the reference is in a file of one of these exercises, or names one of them."""
    files = {course.reference_file(name.partition(".")[0]) for name in names}
    return problem.file in files or any(name in problem.sentence for name in names)


def _notebooks(course: Course) -> Iterator[tuple[Assignment, Notebook]]:
    for assignment in course.assignment:
        for notebook in assignment.notebook:
            yield assignment, notebook


def _regions(course: Course, reference: Reference) -> tuple[dict[str, int], list[Problem]]:
    """Map each function with a solution region to the region's line, and list the problems of the reference."""
    found: dict[str, int] = {}
    problems: list[Problem] = []
    for module in reference.modules:
        where = reference.path(module)
        try:
            source = reference.source(module)
            for region in regions(source, where):
                found.setdefault(f"{module}.{region.function}", region.begin)
            strip(source, module, course)
        except UnicodeDecodeError as error:
            problems.append(Problem(where, 0, f"this is not UTF-8 ({error}); save it as UTF-8."))
        except UnusableCourseFiles as error:
            problems += error.problems
    for assignment, exercise in course.exercises(further=True):
        module, function = exercise.written_in
        if module != "models" and module not in reference.modules:
            problem = f"{module}.{function} is listed for {assignment.name}, but there is no "
            problem += f"{reference.path(module)}; write it or correct the name."
            problems.append(Problem("course.toml", course.line_of(exercise.name), problem))
    return found, problems


def _scripts(course: Course, names: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of the notebooks' sources, except of notebooks that only carry other exercises than these."""
    for assignment, notebook in _notebooks(course):
        listed = {exercise.name for exercise in notebook.exercises} | set(notebook.further)
        if listed and not listed & set(names):
            continue
        try:
            made = source_notebook(course.script(assignment, notebook), assignment, notebook)
        except UnusableCourseFiles as error:
            yield from error.problems
        else:
            texts = "\n\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
            yield from pictures.problems(course.script(assignment, notebook), texts)


def _to_write(course: Course, reference: Reference) -> Iterator[tuple[str, str, int, str]]:
    """Yield the lines of skeletons that are not written yet: the exercise, the file, the line, and what to write."""
    paths = [course.script(assignment, notebook) for assignment, notebook in _notebooks(course)]
    paths += [course.root / reference.path(module) for module in reference.modules]
    paths += [path for files in reference.recipe_files.values() for path in files]
    for path in paths:
        if path.is_file():
            for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), 1):
                if match := TO_WRITE.search(line):
                    yield match[1], path.relative_to(course.root).as_posix(), number, match[2]


def _references(course: Course, reference: Reference, written: Collection[str]) -> tuple[list[Problem], list[Problem]]:
    """Look for names in course.toml that are not exercises of this course.

    The first list has the names of things that do not exist; the second has the names of things that are not used.
    """
    errors, remarks = [], []
    exercises = {exercise.name for _, exercise in course.exercises()}
    modules = {exercise.written_in[0] for _, exercise in course.exercises(further=True)}
    for _, exercise in course.exercises():
        for other in exercise.requires:
            requires, line = f'"{exercise.name}" requires "{other}", which', course.line_of(exercise.name)
            if other not in exercises and other in written:
                remark = f"{requires} is no exercise of this course; students are not asked for it, and get a stub."
                remarks.append(Problem("course.toml", line, remark))
            elif other not in exercises:
                error = f"{requires} does not exist; correct the name or remove it."
                errors.append(Problem("course.toml", line, error))
    for module in course.packages.keys() - modules:
        sentence = f'[packages] names "{module}", and no exercise of this course is written in {module}.py'
        kind, end = (remarks, ".") if module in reference.modules else (errors, "; correct the name or remove it.")
        kind.append(Problem("course.toml", course.line_of(module), sentence + end))
    return errors, remarks


def _unused_code(course: Course, reference: Reference, written: dict[str, int]) -> Iterator[Problem]:
    """Yield a remark for each file of the reference with solutions that no exercise asks for."""
    asked_for = {".".join(exercise.written_in) for _, exercise in course.exercises(further=True)}
    unreleased = left_out(course)
    for module in unreleased:
        yield Problem(reference.path(module), 0, "no exercise of this course needs this file; it is not released.")
    for module in set(reference.modules) - set(unreleased):
        own = {name: line for name, line in written.items() if name.startswith(f"{module}.") and name not in asked_for}
        if own:
            functions = ", ".join(f"{name.partition('.')[2]} (line {line})" for name, line in own.items())
            remark = f"no exercise of this course: {functions}. Students get a stub, and no check; "
            remark += "to give one of them as it is, remove its two markers."
            yield Problem(reference.path(module), min(own.values()), remark)


def _unused_scripts(course: Course) -> Iterator[Problem]:
    """Yield remarks for scripts and cells that course.toml does not name, and for calls of `check` with no exercise."""
    functions = {exercise.function for _, exercise in course.exercises(further=True)}
    functions |= {exercise.name for _, exercise in course.exercises(further=True)}
    used = {course.script(assignment, notebook) for assignment, notebook in _notebooks(course)}
    for assignment, notebook in _notebooks(course):
        path = course.script(assignment, notebook)
        try:
            yield from unlisted(path, assignment, notebook)
            for line, function in checked_functions(path):
                if function not in functions:
                    remark = f"this checks {function}, which is no exercise of this course; for students it will fail."
                    yield Problem(path.relative_to(course.root).as_posix(), line, remark)
        except UnusableCourseFiles:
            continue  # `_scripts` reports these as errors
    for path in sorted(course.secret.glob("[!_.]*/[!_.]*.py")):
        if path not in used and path.parent.name not in (course.package, "exercises"):
            try:
                is_script = path.read_text("utf-8").startswith(("# %%", "#%%"))
            except (OSError, UnicodeDecodeError):
                continue
            if is_script:
                file = path.relative_to(course.root).as_posix()
                yield Problem(file, 0, "no notebook of course.toml is made from this; it is not released.")


def _explained(course: Course, written: Collection[str]) -> Iterator[Problem]:
    """Yield a remark for entries about exercises that do not exist, in equivalents.toml and accepted_copies.toml."""
    graded = {exercise.name for _, exercise in course.exercises(further=True)}
    named = re.compile(r'^\s*(?:\[|exercise\s*=)\s*"(\w+\.[\w.]+)"')
    for name, known in (("equivalents.toml", graded), ("accepted_copies.toml", written)):
        for path in course.secret.rglob(name):
            lines = enumerate(path.read_text("utf-8").split("\n"), 1)
            unused = {match[1]: number for number, line in lines if (match := named.match(line))}
            unused = {exercise: number for exercise, number in unused.items() if exercise not in known}
            if unused:
                remark = f"{', '.join(unused)}: no exercise of this course, so these entries are not used."
                yield Problem(path.relative_to(course.root).as_posix(), min(unused.values()), remark)


def _stale(course: Course) -> Iterator[Problem]:
    """Yield a remark for each notebook and golden pack of an earlier release that is not made any more."""
    packs = {f"{exercise.name}.npz" for _, exercise in course.exercises(further=True)}
    notebooks = {(assignment.name, f"{notebook.name}.ipynb") for assignment, notebook in _notebooks(course)}
    old: Iterable[Path] = [path for path in (course.root / FOLDER).glob("*.npz") if path.name not in packs]
    found = (course.root / "assignments").glob("*/*.ipynb")
    for path in [*old, *(path for path in found if (path.parent.name, path.name) not in notebooks)]:
        yield Problem(path.relative_to(course.root).as_posix(), 0, "made for nothing in course.toml any more.")
