"""From the reference to the student's package: solution regions out, banners in."""

from __future__ import annotations

from collections import Counter

from ..course import Course, listed_at
from ..errors import CourseError
from ..reference import Reference
from .markers import BEGIN, END
from .regions import regions


def strip(source: str, module: str, course: Course) -> str:
    """The student's version of a reference module.

    Parameters
    ----------
    source : str
        The text of ``solutions/<package>/<module>.py``, with its own line ends.
    module : str
        Its name.
    course : Course
        Says which functions are exercises, and what they are worth.

    Returns
    -------
    str
        The same text with each solution region replaced by a banner and a ``raise NotImplementedError``.
        Everything outside the regions is kept byte for byte.

    Raises
    ------
    CourseError
        With file and line, where markers do not pair up, a region does not hold whole statements of one
        exercise, or an exercise has no region.
    """
    where = f"solutions/{course.package}/{module}.py"
    exercises = {e.written_in[1]: (a, e) for a, e in course.exercises(further=True) if e.written_in[0] == module}
    found = regions(source, where)
    parts = Counter(region.function for region in found)
    for region in found:
        if region.function not in exercises:
            raise CourseError(
                f"{where}, line {region.begin}: {module}.{region.function} has a solution region but is not an "
                "exercise of course.toml; list it there or remove the markers."
            )
    for name in exercises.keys() - parts.keys():
        raise CourseError(
            f"{where}: {listed_at(course.root, f'{module}.{name}')} lists {module}.{name}, "
            "but no solution region stands in that function; "
            f"put {BEGIN} and {END} around its answer."
        )
    lines = source.split("\n")
    for region in reversed(found):
        assignment, exercise = exercises[region.function]
        marker = lines[region.begin - 1]
        indent, line_end = marker[: marker.index("#")], "\r" if marker.endswith("\r") else ""
        part = sum(other.function == region.function and other.begin <= region.begin for other in found)
        title = f"{module}.{region.function}"
        title += f", part {part} of {parts[region.function]}" if parts[region.function] > 1 else ""
        worth = f"{exercise.points:g} point{'' if exercise.points == 1 else 's'}" if exercise.graded else "for fun"
        lines[region.begin - 1 : region.end] = [
            f"{indent}# ======== YOUR CODE HERE: {title} ({assignment.name}, {worth}) ========{line_end}",
            f'{indent}raise NotImplementedError("{region.function}: your code here"){line_end}',
            f"{indent}# ======== END OF YOUR CODE ========{line_end}",
        ]
    stub = "\n".join(lines)
    try:
        compile(stub, where, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise CourseError(
            f"{where}: without its solution regions this is not valid Python ({error.msg}: "
            f"{(error.text or '').strip()}); a region holds whole statements, its markers indented like them."
        ) from None
    return stub


def package(course: Course) -> dict[str, bytes]:
    """The student's package: the reference, stripped.

    Parameters
    ----------
    course : Course
        The course; the reference stands in its folder ``solutions/<package>``.

    Returns
    -------
    dict of str to bytes
        ``<package>/…`` and contents. Files that are no Python are kept as they are, for the gate to judge.

    Raises
    ------
    CourseError
        As `strip`, and where course.toml lists an exercise of a file that does not exist.
    """
    folder = Reference.of(course).folder
    tree: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        data = path.read_bytes()
        if path.suffix == ".py":
            try:
                data = strip(data.decode("utf-8"), path.stem, course).encode()
            except UnicodeDecodeError as error:
                raise CourseError(f"{path} is not UTF-8 ({error}); save it as UTF-8.") from None
        tree[f"{course.package}/{path.relative_to(folder).as_posix()}"] = data
    for assignment, exercise in course.exercises(further=True):
        module, function = exercise.written_in
        if module != "models" and f"{course.package}/{module}.py" not in tree:
            raise CourseError(
                f"{listed_at(course.root, exercise.name)} lists {module}.{function} for {assignment.name}, "
                "but there is no "
                f"solutions/{course.package}/{module}.py; write it or correct the name."
            )
    return tree
