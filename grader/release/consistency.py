"""Do course.toml and the other files of a course fit each other? Everything that does not is named at once.

What stops a release is an *error*. What is merely not used, because course.toml does not name it (any more), is a
*remark*: an assignment, a notebook or an exercise is dropped by deleting its lines there, and nothing else has to be
edited.
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
from .percent_scripts import checked_functions, source_notebook, unlisted
from .regions import regions
from .strip import left_out, strip

TO_WRITE = re.compile(r'TO WRITE \(([\w.]+)\): *(.*?)[\s"]*$')
"""A place in a skeleton of an exercise that its author has not filled yet; see `grader.authoring`."""


@dataclass(frozen=True)
class Findings:
    """What does not fit.

    Attributes
    ----------
    errors : tuple of Problem
        What stops a release. Sorted.
    remarks : tuple of Problem
        What is left over, and what that means for students. Sorted.
    """

    errors: tuple[Problem, ...]
    remarks: tuple[Problem, ...]


def load_checked(root: Path | None = None) -> Course:
    """Load a course. Where course.toml says something impossible, what is wrong in other files is named, too."""
    course, problems = read(root)
    if problems:
        raise UnusableCourseFiles(sorted({*problems, *examine(course).errors}))
    return course


def require(course: Course, exercises: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Raise UnusableCourseFiles with all errors that `examine` finds; without any, give its remarks."""
    found = examine(course, exercises)
    if found.errors:
        raise UnusableCourseFiles(found.errors)
    return found.remarks


def examine(course: Course, exercises: Collection[str] | None = None) -> Findings:
    """Find all that does not fit in a course's files.

    Parameters
    ----------
    course : Course
    exercises : collection of str, optional
        Look for errors only, and only for those that concern these exercises; by default at everything.
    """
    try:
        reference = Reference(course.root, course.package)
    except CourseError as error:
        missing = Problem(f"solutions/{course.package}/__init__.py", 0, f"this is missing; write it. {error}")
        return Findings((missing,), ())
    everything = exercises is None
    names = {one.name for _, one in course.exercises(further=True)} if exercises is None else set(exercises)
    written, problems = _regions(course, reference)
    errors = [one for one in problems if everything or _concerns(one, course, names)]
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
    said = "this waits to be written for {}, which is no exercise of this course; take it away where students read it."
    unused += [Problem(file, line, said.format(name)) for name, file, line, _ in waiting if name not in names]
    remarks = [*unused, *_unused_code(course, reference, written), *_unused_scripts(course)]
    remarks += [*RecipeBook(reference).unused(course), *_explained(course, written), *_stale(course)]
    return Findings(tuple(sorted({*errors, *dangling})), tuple(sorted(set(remarks))))


def _concerns(problem: Problem, course: Course, names: Collection[str]) -> bool:
    """Whether a problem of the student's package is about a file of one of these exercises, or names one of them."""
    files = {course.reference_file(name.partition(".")[0]) for name in names}
    return problem.file in files or any(name in problem.sentence for name in names)


def _notebooks(course: Course) -> Iterator[tuple[Assignment, Notebook]]:
    for assignment in course.assignment:
        for notebook in assignment.notebook:
            yield assignment, notebook


def _regions(course: Course, reference: Reference) -> tuple[dict[str, int], list[Problem]]:
    """The functions with a solution region and its line, and what is wrong in the reference."""
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
            said = f"{module}.{function} is listed for {assignment.name}, but there is no "
            said += f"{reference.path(module)}; write it or correct the name."
            problems.append(Problem("course.toml", course.line_of(exercise.name), said))
    return found, problems


def _scripts(course: Course, names: Collection[str]) -> Iterator[Problem]:
    """What is damaged or missing in the sources of notebooks that carry one of these exercises, or written answers."""
    for assignment, notebook in _notebooks(course):
        listed = {exercise.name for exercise in notebook.exercises} | set(notebook.further)
        if listed and not listed & set(names):
            continue
        try:
            source_notebook(course.script(assignment, notebook), assignment, notebook)
        except UnusableCourseFiles as error:
            yield from error.problems


def _to_write(course: Course, reference: Reference) -> Iterator[tuple[str, str, int, str]]:
    """The lines of skeletons that wait for their author: the exercise, file and line, and what to write."""
    paths = [course.script(assignment, notebook) for assignment, notebook in _notebooks(course)]
    paths += [course.root / reference.path(module) for module in reference.modules]
    paths += [path for files in reference.recipe_files.values() for path in files]
    for path in paths:
        if path.is_file():
            for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), 1):
                if match := TO_WRITE.search(line):
                    yield match[1], path.relative_to(course.root).as_posix(), number, match[2]


def _references(course: Course, reference: Reference, written: Collection[str]) -> tuple[list[Problem], list[Problem]]:
    """What course.toml says about names that are no exercises: names of nothing, and names of what is not used."""
    errors, remarks = [], []
    exercises = {exercise.name for _, exercise in course.exercises()}
    modules = {exercise.written_in[0] for _, exercise in course.exercises(further=True)}
    for _, exercise in course.exercises():
        for other in exercise.requires:
            said, line = f'"{exercise.name}" requires "{other}", which', course.line_of(exercise.name)
            if other not in exercises and other in written:
                said += " is no exercise of this course; students are not asked for it, and get a stub."
                remarks.append(Problem("course.toml", line, said))
            elif other not in exercises:
                errors.append(Problem("course.toml", line, f"{said} does not exist; correct the name or remove it."))
    for module in course.packages.keys() - modules:
        said = f'[packages] names "{module}", and no exercise of this course is written in {module}.py'
        kind, end = (remarks, ".") if module in reference.modules else (errors, "; correct the name or remove it.")
        kind.append(Problem("course.toml", course.line_of(module), said + end))
    return errors, remarks


def _unused_code(course: Course, reference: Reference, written: dict[str, int]) -> Iterator[Problem]:
    """Solutions that no exercise asks for."""
    asked_for = {".".join(exercise.written_in) for _, exercise in course.exercises(further=True)}
    gone = left_out(course)
    for module in gone:
        yield Problem(reference.path(module), 0, "no exercise of this course needs this file; it is not released.")
    for module in set(reference.modules) - set(gone):
        own = {name: line for name, line in written.items() if name.startswith(f"{module}.") and name not in asked_for}
        if own:
            functions = ", ".join(f"{name.partition('.')[2]} (line {line})" for name, line in own.items())
            said = f"no exercise of this course: {functions}. Students get a stub, and no check; "
            said += "to give one of them as it is, remove its two markers."
            yield Problem(reference.path(module), min(own.values()), said)


def _unused_scripts(course: Course) -> Iterator[Problem]:
    """Notebooks, cells and folders of notebooks that course.toml does not name, and checks of no exercise."""
    functions = {exercise.function for _, exercise in course.exercises(further=True)}
    functions |= {exercise.name for _, exercise in course.exercises(further=True)}
    used = {course.script(assignment, notebook) for assignment, notebook in _notebooks(course)}
    for assignment, notebook in _notebooks(course):
        path = course.script(assignment, notebook)
        try:
            yield from unlisted(path, assignment, notebook)
            for line, function in checked_functions(path):
                if function not in functions:
                    said = f"this checks {function}, which is no exercise of this course; for students it will fail."
                    yield Problem(path.relative_to(course.root).as_posix(), line, said)
        except UnusableCourseFiles:
            continue  # `_scripts` says so
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
    """Entries about exercises that are none, in the lists of equivalent mutants and of accepted copies."""
    graded = {exercise.name for _, exercise in course.exercises(further=True)}
    named = re.compile(r'^\s*(?:\[|exercise\s*=)\s*"(\w+\.[\w.]+)"')
    for name, known in (("equivalents.toml", graded), ("accepted_copies.toml", written)):
        for path in course.secret.rglob(name):
            lines = enumerate(path.read_text("utf-8").split("\n"), 1)
            unused = {match[1]: number for number, line in lines if (match := named.match(line))}
            unused = {exercise: number for exercise, number in unused.items() if exercise not in known}
            if unused:
                said = f"{', '.join(unused)}: no exercise of this course, so these entries are not used."
                yield Problem(path.relative_to(course.root).as_posix(), min(unused.values()), said)


def _stale(course: Course) -> Iterator[Problem]:
    """Released files that a release does not make any more."""
    packs = {f"{exercise.name}.npz" for _, exercise in course.exercises(further=True)}
    notebooks = {(assignment.name, f"{notebook.name}.ipynb") for assignment, notebook in _notebooks(course)}
    old: Iterable[Path] = [path for path in (course.root / FOLDER).glob("*.npz") if path.name not in packs]
    found = (course.root / "assignments").glob("*/*.ipynb")
    for path in [*old, *(path for path in found if (path.parent.name, path.name) not in notebooks)]:
        yield Problem(path.relative_to(course.root).as_posix(), 0, "made for nothing in course.toml any more.")
