"""Write the skeleton of an exercise into every file where it belongs. Parts that exist already are not changed."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..course import Assignment, Course, Notebook
from ..errors import CourseError, Problem, UnusableCourseFiles, UnusableInput
from ..recipes import RecipeBook
from ..reference import Reference
from ..release.regions import functions
from .course_toml import add_exercise
from .skeletons import Skeleton

_NAME = re.compile(r"[a-z_]\w*(\.[A-Z]\w*)?\.[A-Za-z_]\w*", re.ASCII)


@dataclass
class NewExercise:
    """The parts of an exercise, each with its file and line.

    Attributes
    ----------
    written : list of Problem
        The parts that were written.
    found : list of Problem
        The parts that existed already.
    """

    written: list[Problem] = field(default_factory=list)
    found: list[Problem] = field(default_factory=list)


@dataclass
class _Plan:
    """What to write: the exercise, where it belongs, and the new texts of files.

    The files are written only after every part has been planned, so that an error leaves nothing half written.
    """

    course: Course
    home: Assignment
    carrier: Notebook
    skeleton: Skeleton
    points: float
    made: NewExercise = field(default_factory=NewExercise)
    texts: dict[Path, str] = field(default_factory=dict)

    def note(self, path: Path, line: int, what: str, text: str | None = None) -> None:
        """Note that a part exists already or, if the file's new text is given, that it will be written."""
        file = path.relative_to(self.course.root).as_posix()
        (self.made.found if text is None else self.made.written).append(Problem(file, line, what))
        if text is not None:
            self.texts[path] = text


def new_exercise(
    course: Course, name: str, assignment: str | None = None, notebook: str | None = None, points: float = 1.0
) -> NewExercise:
    """Write the skeleton of an exercise into the reference, its recipe, the notebook and course.toml.

    Parameters
    ----------
    course : Course
    name : str
        ``"module.function"`` or ``"module.Class.method"``.
    assignment, notebook : str, optional
        The names of the assignment and the notebook in which students solve it. They may be left out if there is only
        one, or if the exercise is listed already.
    points : float, default 1
        The points of the exercise.

    Returns
    -------
    NewExercise

    Raises
    ------
    UnusableInput
        When the name, the points or the place are not valid, or every part exists already.
    CourseError
        When there is no such assignment, or a file that has to be changed cannot be read.
    OSError
        When a file cannot be written. After the other errors, nothing has been written.
    """
    _check_name(name)
    if not 0 < points < float("inf"):
        raise UnusableInput(f'"{name}" cannot be worth {points} points; give it a positive number.')
    home, carrier = _place(course, name, assignment, notebook)
    plan = _Plan(course, home, carrier, Skeleton(name, course.package), points)
    for part in (_reference, _recipe, _cells, _course_line):
        part(plan)
    if not plan.texts:
        places = "; ".join(str(part).rstrip(".") for part in plan.made.found)
        raise UnusableInput(f"{name} is there already: {places}; `grader prove {name}` says what is missing.")
    for path, text in plan.texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return plan.made


def _check_name(name: str) -> None:
    """Raise UnusableInput if this cannot be the name of an exercise that is written as code."""
    if not _NAME.fullmatch(name) or any(map(keyword.iskeyword, name.split("."))):
        raise UnusableInput(
            f'"{name}" is no name of an exercise; write "module.function" or "module.Class.method", '
            "for instance layers.leaky_relu_forward."
        )
    if name.startswith("models."):
        raise UnusableInput(f'"{name}" is the name of a trained net; write its line into course.toml by hand.')


def _place(course: Course, name: str, assignment: str | None, notebook: str | None) -> tuple[Assignment, Notebook]:
    """Return the assignment and notebook that list the exercise already, or those that are named, or the only ones."""
    for each in course.assignment:
        for carrier in each.notebook:
            if name in carrier.further or any(name == exercise.name for exercise in carrier.exercises):
                return each, carrier
    if assignment is None and len(course.assignment) > 1:
        names = ", ".join(each.name for each in course.assignment)
        raise UnusableInput(f"In which assignment does {name} stand? Give --in with one of {names}.")
    home = course[assignment] if assignment else course.assignment[0]
    names = ", ".join(each.name for each in home.notebook)
    if notebook is None and len(home.notebook) > 1:
        raise UnusableInput(f"In which notebook of {home.name} does {name} stand? Give --notebook with one of {names}.")
    for carrier in home.notebook:
        if notebook in (None, carrier.name):
            return home, carrier
    raise UnusableInput(f'There is no notebook "{notebook}" in {home.name}; it has {names}.')


def _read(path: Path) -> str:
    """Read a file's text, or raise CourseError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}); restore it, or save it as UTF-8.") from None


def _line(text: str, needle: str) -> int:
    """Return the number of the first line that contains `needle`, or 1."""
    return next((number for number, line in enumerate(text.split("\n"), 1) if needle in line), 1)


def _reference(plan: _Plan) -> None:
    """Plan the function with its solution region, at the end of its file or of its class."""
    skeleton = plan.skeleton
    file = plan.course.reference_file(skeleton.module)
    path = plan.course.root / file
    text = _read(path) if path.is_file() else skeleton.file()
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        problem = f"this is not valid Python ({error.msg}); correct it first."
        raise UnusableCourseFiles([Problem(file, error.lineno or 0, problem)]) from None
    if function := functions(tree).get(skeleton.function):
        plan.note(path, function.lineno, f"the function {skeleton.function}.")
        return
    owner, _, method = skeleton.function.rpartition(".")
    if not owner:
        text = f"{text.rstrip()}\n\n\n{skeleton.reference()}"
    elif there := next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == owner), None):
        lines = text.split("\n")
        end = _end(lines, there)
        lines[end:end] = ["", *skeleton.reference("    ").rstrip("\n").split("\n")]
        text = "\n".join(lines)
    else:
        text = f"{text.rstrip()}\n\n\n{skeleton.class_head()}\n{skeleton.reference('    ')}"
    line = functions(ast.parse(text))[skeleton.function].lineno
    plan.note(path, line, f"the function {method}, with its solution region.", text)


def _end(lines: list[str], node: ast.ClassDef) -> int:
    """Return the number of a class's last line. `ast` ignores comments, so a closing marker after it is added here."""
    end = node.end_lineno or 0
    while end < len(lines) and lines[end].startswith((" ", "\t")) and lines[end].strip():
        end += 1
    return end


def _recipe(plan: _Plan) -> None:
    """Plan the three files of the exercise's family: its recipe, misconceptions and right answers in other styles."""
    skeleton, root = plan.skeleton, plan.course.root
    if home := RecipeBook(Reference(root, plan.course.package)).home(skeleton.name):
        plan.note(root / home[0], home[1], "its recipe.")
        return
    folder = plan.course.secret / "exercises" / skeleton.module
    parts = {
        ".py": ("its recipe.", skeleton.recipe()),
        ".wrong": ("its misconceptions.", skeleton.wrong()),
        ".right": ("its right answers in other styles.", skeleton.right()),
    }
    names = (skeleton.family, skeleton.function.replace(".", "_").lower())
    free = (name for name in names if not any((folder / f"{name}{ending}").exists() for ending in parts))
    family = next(free, "")
    if not family:
        what = f"a file with the name of its recipe, and no recipe of {skeleton.name} in it; write one there."
        plan.note(folder / f"{names[-1]}.py", 0, what)
        return
    for ending, (what, text) in parts.items():
        plan.note(folder / f"{family}{ending}", 1, what, text)


def _cells(plan: _Plan) -> None:
    """Plan two cells at the end of the notebook: one for the explanation and one that checks the exercise."""
    path = plan.course.script(plan.home, plan.carrier)
    name, before = plan.skeleton.name, _read(path)
    for mark in (f'exercise="{name}"', f'further="{name}"'):
        if mark in before:
            plan.note(path, _line(before, mark), "its cell.")
            return
    after = before.rstrip() + "\n" + plan.skeleton.cells()
    plan.note(path, _line(after, f'exercise="{name}"'), "its cell, and one for the text before it.", after)


def _course_line(plan: _Plan) -> None:
    """Plan the exercise's line in course.toml, among those of its notebook."""
    path, name = plan.course.root / "course.toml", plan.skeleton.name
    if name in plan.carrier.further or any(name == exercise.name for exercise in plan.carrier.exercises):
        plan.note(path, plan.course.line_of(name), "its line.")
        return
    text = add_exercise(_read(path), plan.home.name, plan.carrier.name, name, plan.points)
    worth = f"{plan.points:g} point{'' if plan.points == 1 else 's'} in {plan.home.name}/{plan.carrier.name}"
    plan.note(path, _line(text, f'"{name}"'), f"its line: {worth}.", text)
