"""Make the student's package from the reference by replacing each solution region with a banner."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from ..course import Assignment, Course, Exercise, listed_at
from ..errors import Problem, UnusableCourseFiles
from ..reference import Reference
from .markers import BEGIN, END
from .regions import regions
from .rules import by_exercise, comment


def strip(source: str, module: str, course: Course, rules: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Make the student's version of a module of the reference.

    Parameters
    ----------
    source : str
        The text of ``solutions/<package>/<module>.py``, with its line endings as they are.
    module : str
        The module's name.
    course : Course
        Lists which functions are exercises, and their points.
    rules : mapping of str to sequence of str, default {}
        For each exercise, lines that say what is checked besides its core; see `grader.release.rules`. They stand in
        the banner of the exercise's first region.

    Returns
    -------
    str
        The same text with each solution region replaced by a banner and a ``raise NotImplementedError``.
        Everything outside the regions is kept byte for byte.

    Raises
    ------
    UnusableCourseFiles
        When markers do not pair up, a region does not hold whole statements of one function, or an exercise has no
        region. The error names file and line.
    """
    where = f"solutions/{course.package}/{module}.py"
    exercises = {e.written_in[1]: (a, e) for a, e in course.exercises(further=True) if e.written_in[0] == module}
    found = regions(source, where)
    parts = Counter(region.function for region in found)
    if lacking := sorted(exercises.keys() - parts.keys()):
        advice = f"but no solution region stands in that function; put {BEGIN} and {END} around its answer."
        names = [f"{module}.{function}" for function in lacking]
        raise UnusableCourseFiles(
            [Problem(where, 0, f"{listed_at(course.root, name)} lists {name}, {advice}") for name in names]
        )
    lines = source.split("\n")
    for region in reversed(found):  # from the last one up, so that the line numbers of the others stay true
        marker = lines[region.begin - 1]
        indent, line_end = marker[: marker.index("#")], "\r" if marker.endswith("\r") else ""
        part = sum(other.function == region.function and other.begin <= region.begin for other in found)
        title = f"{module}.{region.function}"
        title += f", part {part} of {parts[region.function]}" if parts[region.function] > 1 else ""
        asked = exercises.get(region.function)
        rule = rules.get(asked[1].name, ()) if asked and part == 1 else ()
        lines[region.begin - 1 : region.end] = [
            f"{indent}{line}{line_end}" for line in _stub(title, region.function, asked, rule)
        ]
    stub = "\n".join(lines)
    try:
        compile(stub, where, "exec", dont_inherit=True)
    except SyntaxError as error:
        problem = (
            f"without its solution regions this is not valid Python ({error.msg}: {(error.text or '').strip()}); "
            "a region holds whole statements, its markers indented like them."
        )
        raise UnusableCourseFiles([Problem(where, 0, problem)]) from None
    return stub


def _stub(
    title: str, function: str, exercise: tuple[Assignment, Exercise] | None, rule: Sequence[str]
) -> tuple[str, ...]:
    """Return the lines that replace a region; without `exercise`, they say that this course does not ask for it."""
    if exercise is None:
        return (
            f"# ======== {title} is not part of this course ========",
            f'raise NotImplementedError("{function}: not part of this course")',
            "# ========",
        )
    assignment, asked = exercise
    worth = f"{asked.points:g} point{'' if asked.points == 1 else 's'}" if asked.graded else "for fun"
    return (
        f"# ======== YOUR CODE HERE: {title} ({assignment.name}, {worth}) ========",
        *comment(rule),
        f'raise NotImplementedError("{function}: your code here")',
        "# ======== END OF YOUR CODE ========",
    )


def package(course: Course) -> dict[str, bytes]:
    """Make the student's package: every module of the reference, stripped.

    Modules that no exercise of this course needs are left out; see `left_out`.

    Parameters
    ----------
    course : Course
        The course; the reference stands in its folder ``solutions/<package>``.

    Returns
    -------
    dict of str to bytes
        Contents by path, ``<package>/…``. Files other than Python are kept as they are, because the gate reports them.

    Raises
    ------
    UnusableCourseFiles
        When `strip` refuses modules, or course.toml lists an exercise of a file that does not exist. The error names
        every problem.
    """
    folder = Reference.of(course).folder
    tree: dict[str, bytes] = {}
    rules = by_exercise(course)
    problems: list[Problem] = []
    unwanted = {f"{module}.py" for module in left_out(course)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or "__pycache__" in path.parts or name in unwanted:
            continue
        data = path.read_bytes()
        if path.suffix == ".py":
            try:
                data = strip(data.decode("utf-8"), path.stem, course, rules).encode()
            except UnicodeDecodeError as error:
                problem = f"this is not UTF-8 ({error}); save it as UTF-8."
                problems.append(Problem(f"solutions/{course.package}/{name}", 0, problem))
            except UnusableCourseFiles as error:
                problems += error.problems
        tree[f"{course.package}/{name}"] = data
    problems += _without_a_file(course, tree)
    if problems:
        raise UnusableCourseFiles(sorted(problems))
    return tree


def _without_a_file(course: Course, tree: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield a problem for each exercise whose file is missing. Trained nets (``models.…``) have no file of code."""
    for assignment, exercise in course.exercises(further=True):
        module, function = exercise.written_in
        if module != "models" and f"{course.package}/{module}.py" not in tree:
            problem = (
                f"{module}.{function} is listed for {assignment.name}, but there is no "
                f"solutions/{course.package}/{module}.py; write it or correct the name."
            )
            yield Problem("course.toml", course.line_of(exercise.name), problem)


def left_out(course: Course) -> tuple[str, ...]:
    """Return the modules of the reference that are not released, because no exercise of this course needs them.

    A module is left out if it has solution regions but no exercise of this course, or if it has no exercise and imports
    a module that is left out. It is kept all the same if a notebook of this course names it or a module that is
    released imports it.

    Parameters
    ----------
    course : Course

    Returns
    -------
    tuple of str
        Module names, sorted.
    """
    texts = _texts(course)
    imports = {module: imported(text) & texts.keys() for module, text in texts.items()}
    asked_for = {exercise.written_in[0] for _, exercise in course.exercises(further=True)}
    dropped = {module for module, text in texts.items() if BEGIN in text and module not in asked_for}
    while more := {module for module in texts.keys() - dropped - asked_for if imports[module] & dropped}:
        dropped |= more
    named = "\n".join(_scripts(course))
    kept = (texts.keys() - dropped) | {
        module for module in dropped if re.search(_named(course.package, module), named, re.MULTILINE)
    }
    while more := {needed for module in kept for needed in imports[module]} - kept:
        kept |= more
    return tuple(sorted(texts.keys() - kept))


def imported(source: str) -> set[str]:
    """Return the modules of its own package that a module imports; an empty set if the text is not valid Python."""
    try:
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level == 1]
    except (SyntaxError, ValueError):
        return set()  # `regions` reports this
    return {name for node in nodes for name in ([node.module] if node.module else [alias.name for alias in node.names])}


def _named(package: str, module: str) -> str:
    """Return a pattern for the lines with which a notebook imports or names a module."""
    return rf"\b{package}[./]{module}\b|^\s*from {package} import .*\b{module}\b"


def _texts(course: Course) -> dict[str, str]:
    """Map the names of the reference's modules to their texts."""
    folder = course.secret / course.package
    return {path.stem: path.read_text("utf-8", "replace") for path in folder.glob("*.py") if path.stem != "__init__"}


def _scripts(course: Course) -> Iterator[str]:
    """Yield the texts of the notebooks' sources; missing files are reported elsewhere."""
    for assignment in course.assignment:
        for notebook in assignment.notebook:
            path = course.script(assignment, notebook)
            if path.is_file():
                yield path.read_text("utf-8", "replace")
