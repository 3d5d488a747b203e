"""From a file of the reference to the student's stub: solution regions out, banners in."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..course import Course
from ..errors import CourseError
from .markers import ANY_SPELLING, BEGIN, END


@dataclass(frozen=True)
class Region:
    """A solution region.

    Attributes
    ----------
    begin, end : int
        Line numbers of its two markers, from 1.
    function : str
        Qualified name of the function it stands in: ``"TwoLayerNet.loss"``.
    """

    begin: int
    end: int
    function: str


def strip(source: str, module: str, course: Course) -> str:
    """The student's version of a reference module.

    Parameters
    ----------
    source : str
        The text of ``solutions/nndl/<module>.py``, with its own line ends.
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
    where = f"solutions/nndl/{module}.py"
    exercises = {e.function: (a, e) for a, e in course.exercises() if e.module == module}
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
            f"{where}: course.toml lists {module}.{name}, but no solution region stands in that function; "
            f"put {BEGIN} and {END} around its answer."
        )
    lines = source.split("\n")
    for region in reversed(found):
        assignment, exercise = exercises[region.function]
        marker = lines[region.begin - 1]
        indent, line_end = marker[: marker.index("#")], "\r" if marker.endswith("\r") else ""
        part = sum(other.function == region.function and other.begin <= region.begin for other in found)
        title = exercise.name + (f", part {part} of {parts[region.function]}" if parts[region.function] > 1 else "")
        worth = f"{exercise.points:g} point{'' if exercise.points == 1 else 's'}"
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
        The course; the reference stands in its folder ``solutions/nndl``.

    Returns
    -------
    dict of str to bytes
        ``nndl/…`` and contents. Files that are no Python are kept as they are, for the gate to judge.

    Raises
    ------
    CourseError
        As `strip`, and where course.toml lists an exercise of a file that does not exist.
    """
    folder = course.root / "solutions" / "nndl"
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
        tree[f"nndl/{path.relative_to(folder).as_posix()}"] = data
    for assignment, exercise in course.exercises():
        if exercise.score is None and exercise.file not in tree:
            raise CourseError(
                f"course.toml lists {exercise.name} for {assignment.name}, but there is no "
                f"solutions/{exercise.file}; write it or correct the name."
            )
    return tree


def regions(source: str, where: str) -> list[Region]:
    """The solution regions of a Python file, in order.

    Parameters
    ----------
    source : str
        Python text.
    where : str
        Its path, for errors.

    Raises
    ------
    CourseError
        Where markers do not pair up or are misspelled, or a region does not lie inside one function.
    """
    try:
        tree = ast.parse(source)
        markers = list(_markers(source, where))
    except (SyntaxError, tokenize.TokenError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else 1
        raise CourseError(
            f"{where}, line {line}: this is not valid Python ({error.args[0]}); correct it first."
        ) from None
    owner = homes(tree)
    statements = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    found: list[Region] = []
    begin = 0
    for line, text in markers:
        if (text == BEGIN) == bool(begin):
            problem = (
                f"{BEGIN} inside the region that begins on line {begin}" if begin else f"{END} without a beginning"
            )
            raise CourseError(f"{where}, line {line}: {problem}; markers come in pairs and are never nested.")
        if text == BEGIN:
            begin = line
            continue
        inside = {owner.get(start, "") for start in statements if begin < start < line}
        if not inside:
            raise CourseError(f"{where}, line {begin}: this solution region is empty; put the answer in it.")
        if len(inside) > 1 or "" in inside:
            raise CourseError(
                f"{where}, line {begin}: this solution region is not inside one function; move its markers."
            )
        found.append(Region(begin, line, inside.pop()))
        begin = 0
    if begin:
        raise CourseError(f"{where}, line {begin}: this {BEGIN} has no {END}; add it after the answer.")
    return found


def _markers(source: str, where: str) -> Iterator[tuple[int, str]]:
    """The comments that are markers, with their lines. Text in strings is no marker."""
    for token in tokenize.generate_tokens(io.StringIO(source, newline="").readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.string in (BEGIN, END) and token.line[: token.start[1]].strip() == "":
            yield token.start[0], token.string
        elif ANY_SPELLING.search(token.string):
            raise CourseError(
                f'{where}, line {token.start[0]}: "{token.string}" looks like a marker but is none; '
                f"write {BEGIN} or {END} on a line of its own."
            )


def functions(node: ast.AST, prefix: str = "") -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module and the methods of its classes by qualified name; not what is nested in them."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            found[prefix + child.name] = child
        else:
            found |= functions(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)
    return found


def homes(tree: ast.Module) -> dict[int, str]:
    """For each line inside a function's body, the function's qualified name."""
    return {
        line: name
        for name, function in functions(tree).items()
        for line in range(function.body[0].lineno, (function.end_lineno or 0) + 1)
    }
