"""course.toml as values: assignments, their notebooks, and what each exercise is worth."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from .errors import CourseError

Duration = str
NAME = re.compile(r"^[A-Za-z_][\w.]*$")
_FUNCTION = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
_CONSTRUCTOR = re.compile(r"^[A-Za-z_]\w*\.[A-Za-z_]\w*$")
IDENTIFIER = re.compile(r"^[A-Za-z][\w-]*$")
_PACKAGE = re.compile(r"^[a-z_]\w*$", re.ASCII)
_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)$")
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)(s|min|h|d)$")


class ScoreRange(msgspec.Struct, frozen=True, rename={"start": "from", "stop": "to"}, forbid_unknown_fields=True):
    """A trained net's accuracy that earns nothing (`start`) and everything (`stop`); linear in between."""

    start: float
    stop: float


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One automatically graded exercise.

    Attributes
    ----------
    name : str
        ``"<module>.<function>"``, or ``"models.<file>"`` for a trained net that is handed in.
    points : float
        What it is worth.
    requires : tuple of str
        Exercises a student should have solved before this one. They never lower its score.
    score : ScoreRange, optional
        For trained nets only.
    constructor : str, optional
        For a trained net of the student's own design: the function that builds it, ``"nets.own_net"``.
        Its weights are handed in as safetensors; a net without one has the course's design, and comes as ``.npz``.
    follow_through : float, optional
        As in `Grading`, for this exercise alone.
    package : str
        The student's package; `load` takes it from the table ``[course]``.
    """

    name: str
    points: float
    requires: tuple[str, ...] = ()
    score: ScoreRange | None = None
    constructor: str = ""
    follow_through: float | None = None
    package: str = ""

    @property
    def module(self) -> str:
        """The student's file, without its ending; ``"models"`` for a trained net."""
        return self.name.split(".", 1)[0]

    @property
    def function(self) -> str:
        """The qualified name inside the module."""
        return self.name.split(".", 1)[1]

    @property
    def file(self) -> str:
        """Where it is handed in, relative to the submission."""
        if self.score:
            return f"models/{self.function}.{'safetensors' if self.constructor else 'npz'}"
        return f"{self.package}/{self.module}.py"

    @property
    def written_in(self) -> tuple[str, str]:
        """Module and function of the student's code; the module is ``"models"`` where there is none to write."""
        module, _, function = (self.constructor or self.name).partition(".")
        return module, function

    @property
    def grade_id(self) -> str:
        """The name in nbgrader's alphabet."""
        return self.name.replace(".", "-")

    @property
    def graded(self) -> bool:
        """Whether it earns points; an exercise that a notebook lists as `further` does not."""
        return self.points > 0


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question answered in writing and graded by hand."""

    name: str
    points: float


class Notebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One notebook of an assignment and the exercises it carries.

    Attributes
    ----------
    name : str
        Its file, without the ending.
    exercises, written : tuple of Exercise, tuple of Written
        What is graded.
    further : tuple of str
        Names of exercises with a stub and a visible check that are never graded: they earn nothing, need not be
        handed in, and stand in no report.
    """

    name: str
    exercises: tuple[Exercise, ...] = ()
    written: tuple[Written, ...] = ()
    further: tuple[str, ...] = ()


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One assignment.

    Attributes
    ----------
    name, title : str
        Its name in commands and folders, and its name for people.
    due : datetime
        When it is to be handed in.
    notebook : tuple of Notebook
        What it consists of.
    package : str
        The student's package; `load` takes it from the table ``[course]``.
    """

    name: str
    title: str
    due: datetime
    notebook: tuple[Notebook, ...]
    package: str = ""

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """All automatically graded exercises, in course.toml's order."""
        return tuple(exercise for notebook in self.notebook for exercise in notebook.exercises)

    @property
    def further(self) -> tuple[Exercise, ...]:
        """All exercises that are not graded, each worth 0 points."""
        names = (name for notebook in self.notebook for name in notebook.further)
        return tuple(Exercise(name, 0.0, package=self.package) for name in names)

    @property
    def files(self) -> tuple[str, ...]:
        """The files a submission may hold; everything else is ignored."""
        notebooks = [f"{notebook.name}.ipynb" for notebook in self.notebook]
        handed_in = [exercise.file for exercise in self.exercises]
        built_by = [
            f"{exercise.package}/{exercise.written_in[0]}.py" for exercise in self.exercises if exercise.constructor
        ]
        return tuple(dict.fromkeys(notebooks + handed_in + built_by))


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens after the due date: `per_day` of the score for each started day beyond `grace`, up to `days`."""

    grace: Duration = "0s"
    per_day: float = 0.0
    days: int = 7

    @property
    def grace_seconds(self) -> float:
        """`grace` in seconds."""
        return seconds(self.grace)


class Grading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How answers earn points: `follow_through` is what the right derivative of a wrong forward pass earns, 0 to 1."""

    follow_through: float = 0.5


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a submission may use up: in one program run of its code, in one exercise, and over all.

    Attributes
    ----------
    seconds : float
        Of one program run: processor time and time asleep.
    exercise_seconds : float
        Of all runs for one exercise and of everything that the grader does with them; counted alike.
    submission_seconds : float
        Of all exercises of a submission.
    memory : str
        Of the process that runs the code.
    """

    seconds: float = 10.0
    exercise_seconds: float = 30.0
    submission_seconds: float = 120.0
    memory: str = "2 GiB"

    @property
    def memory_bytes(self) -> int:
        """`memory` in bytes."""
        return size(self.memory)


class CourseTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[course]``.

    Attributes
    ----------
    title : str
        What the course is called on pages and in notebooks.
    package : str
        The Python package that students complete; its reference stands in ``solutions/<package>``. It is also the
        course's name in nbgrader's database.
    """

    title: str
    package: str


class EditionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[edition]``: which files of ``utils/`` students get.

    Attributes
    ----------
    also : tuple of str
        Patterns of files besides Python and C: ``"utils/pictures/*.jpg"``.
    withhold : tuple of str
        Files that stay with the instructor, though they are Python.
    """

    also: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of course.toml.

    Attributes
    ----------
    packages : dict of str to str
        The package that one of the student's files is written with, beyond what the course installs by itself.
    root : Path
        The folder that course.toml stands in. Everything else of a course is found from there.
    """

    course: CourseTable
    assignment: tuple[Assignment, ...]
    late: Late = Late()
    limits: LimitSettings = LimitSettings()
    grading: Grading = Grading()
    packages: dict[str, str] = {}
    edition: EditionTable = EditionTable()
    root: Path = Path()

    @property
    def package(self) -> str:
        """The name of the student's package."""
        return self.course.package

    def __getitem__(self, name: str) -> Assignment:
        """The assignment of that name; raises CourseError, listing the names there are."""
        for assignment in self.assignment:
            if assignment.name == name:
                return assignment
        names = ", ".join(assignment.name for assignment in self.assignment)
        raise CourseError(f'There is no assignment "{name}" in {self.root / "course.toml"}; it has {names}.')

    def follow_through(self, exercise: Exercise) -> float:
        """What a right derivative of a wrong forward pass earns in an exercise, as a share of its points."""
        return self.grading.follow_through if exercise.follow_through is None else exercise.follow_through

    def absent(self, module: str) -> str:
        """The package that one of the student's files needs and that is not installed; ``""`` where there is none."""
        package = self.packages.get(module, "")
        return package if package and find_spec(package) is None else ""

    def line_of(self, needle: str) -> int:
        """The line of course.toml that names something, from 1; 0 where the file cannot be read."""
        path = self.root / "course.toml"
        try:
            return _Source(path, path.read_text("utf-8")).line_of(needle)
        except (OSError, UnicodeDecodeError):
            return 0

    def exercises(self, *, further: bool = False) -> Iterator[tuple[Assignment, Exercise]]:
        """Every graded exercise with its assignment; with `further`, those that are not graded, too."""
        for assignment in self.assignment:
            for exercise in (*assignment.exercises, *(assignment.further if further else ())):
                yield assignment, exercise


@dataclass(frozen=True)
class _Source:
    """The text of course.toml, to name lines in errors."""

    path: Path
    text: str

    def line_of(self, needle: str) -> int:
        """The first line that holds `needle` in quotes, else the one of the table or key of that name, else 1."""
        named = re.compile(rf"\s*(\[{re.escape(needle)}\]|{re.escape(needle)}\s*=)")
        lines = list(enumerate(self.text.splitlines(), 1))
        quoted = (number for number, line in lines if f'"{needle}"' in line)
        return next(quoted, next((number for number, line in lines if named.match(line)), 1))

    def error(self, needle: str, sentence: str) -> CourseError:
        return CourseError(f"{self.path}, line {self.line_of(needle)}: {sentence}")


def listed_at(root: Path, name: str) -> str:
    """Where course.toml lists a name, for errors: ``"course.toml (line 71)"``; without a line if it cannot be read."""
    path = root / "course.toml"
    try:
        return f"course.toml (line {_Source(path, path.read_text('utf-8')).line_of(name)})"
    except (OSError, UnicodeDecodeError):
        return "course.toml"


def find_root(start: Path | None = None) -> Path:
    """The course folder: the nearest one, upwards from `start`, that holds a course.toml.

    Parameters
    ----------
    start : Path, optional
        Where to start; the working directory by default.

    Raises
    ------
    CourseError
        Where there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "course.toml").is_file():
            return folder
    raise CourseError(f"No course.toml in {start} or above it; run this inside a course folder or give --course.")


def load(root: Path | None = None) -> Course:
    """Read and validate course.toml.

    Parameters
    ----------
    root : Path, optional
        The course folder; found upwards from the working directory by default.

    Returns
    -------
    Course

    Raises
    ------
    CourseError
        With file, line and what is allowed, where the file cannot be read or says something impossible.
    """
    root = find_root() if root is None else root
    path = root / "course.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}); restore it from the course's repository.") from None
    source = _Source(path, text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not valid TOML: {error}.") from None
    if "root" in data:
        raise source.error("root", 'unknown key "root"; remove it.')
    try:
        course = msgspec.convert({**data, "root": str(root)}, Course, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at ")
        raise source.error(_nearest_name(data, place), f"{sentence} at {place.strip('`$.') or 'the top'}.") from None
    _validate(course, source)
    return replace(
        course, assignment=tuple(_with_package(assignment, course.package) for assignment in course.assignment)
    )


def _with_package(assignment: Assignment, package: str) -> Assignment:
    """The assignment, it and each of its exercises knowing the student's package."""
    notebooks = (
        replace(notebook, exercises=tuple(replace(exercise, package=package) for exercise in notebook.exercises))
        for notebook in assignment.notebook
    )
    return replace(assignment, notebook=tuple(notebooks), package=package)


def seconds(duration: Duration) -> float:
    """``"90s"``, ``"15min"``, ``"2h"`` or ``"1d"`` in seconds; ValueError for anything else."""
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f'"{duration}" is not a duration; write it like 90s, 15min, 2h or 1d')
    return float(match[1]) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[match[2]]


def size(text: str) -> int:
    """``"512 MiB"`` or ``"2 GiB"`` in bytes; ValueError for anything else."""
    match = _SIZE.match(text)
    if not match:
        raise ValueError(f'"{text}" is not a size; write it like 512 MiB or 2 GiB')
    return int(float(match[1]) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[match[2]])


def _nearest_name(data: Any, place: str) -> str:
    """The name of the innermost table on the way to `place`, for finding its line."""
    name = ""
    for step in re.findall(r"\.(\w+)|\[(\d+)\]", place):
        try:
            data = data[step[0]] if step[0] else data[int(step[1])]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(data, dict) and isinstance(data.get("name"), str):
            name = data["name"]
    return name


def _validate(course: Course, source: _Source) -> None:
    """What the types cannot say: names, ranges, references."""
    for text, convert in ((course.late.grace, seconds), (course.limits.memory, size)):
        try:
            convert(text)
        except ValueError as error:
            raise source.error(text, f"{error}.") from None
    if not 0 <= course.late.per_day <= 1:
        raise source.error("late", f"late.per_day is {course.late.per_day}; it is a share between 0 and 1.")
    limits = course.limits
    if not limits.seconds > 0:
        raise source.error("limits", f"limits.seconds is {limits.seconds}; it has to be positive.")
    if not limits.seconds <= limits.exercise_seconds <= limits.submission_seconds < float("inf"):
        said = "an exercise has to have the seconds of a program at least, and a submission those of an exercise"
        values = f"{limits.seconds:g}, {limits.exercise_seconds:g} and {limits.submission_seconds:g}"
        raise source.error("limits", f"limits.seconds, exercise_seconds and submission_seconds are {values}; {said}.")
    if not 0 <= course.grading.follow_through <= 1:
        said = f"grading.follow_through is {course.grading.follow_through}; it is a share between 0 and 1."
        raise source.error("follow_through", said)
    if not _PACKAGE.match(course.package) or course.package in ("grader", "solutions", "utils"):
        said = "it is the name of the Python package that students complete, and none of grader, solutions and utils"
        raise source.error("package", f'course.package is "{course.package}"; {said}.')
    known = {exercise.name for _, exercise in course.exercises()}
    graded = {exercise.written_in[0] for _, exercise in course.exercises()}
    modules = {exercise.written_in[0] for _, exercise in course.exercises(further=True)}
    for module in course.packages:
        if module not in modules:
            raise source.error(module, f'packages names "{module}", which no exercise is written in; remove it.')
    seen: set[str] = set()
    for assignment in course.assignment:
        if not IDENTIFIER.match(assignment.name):
            raise source.error(assignment.name, f'"{assignment.name}" is no assignment name; use letters and digits.')
        written = [item for notebook in assignment.notebook for item in notebook.written]
        items = [(exercise.name, exercise.points) for exercise in assignment.exercises]
        items += [(answer.name, answer.points) for answer in written]
        for name, points in items:
            if name in seen:
                raise source.error(name, f'"{name}" stands there twice; an exercise belongs to one notebook.')
            seen.add(name)
            if not 0 < points < float("inf"):
                raise source.error(name, f'"{name}" is worth {points} points; give it a positive number.')
        for exercise in assignment.exercises:
            if not NAME.match(exercise.name) or "." not in exercise.name:
                raise source.error(exercise.name, f'"{exercise.name}" is no exercise; write "module.function".')
            if (exercise.module == "models") != (exercise.score is not None):
                raise source.error(
                    exercise.name, f'"{exercise.name}": a score range belongs to models.* and to them only.'
                )
            if exercise.constructor and (exercise.score is None or not _CONSTRUCTOR.match(exercise.constructor)):
                said = 'builds a trained net, with a score range; write constructor = "module.function"'
                raise source.error(exercise.name, f'"{exercise.name}": a constructor {said}.')
            if exercise.follow_through is not None and (exercise.score or not 0 <= exercise.follow_through <= 1):
                said = "is a share between 0 and 1" if not exercise.score else "is not for trained nets; remove it"
                raise source.error(exercise.name, f'"{exercise.name}": follow_through {said}.')
            if exercise.score and not 0 <= exercise.score.start < exercise.score.stop <= 1:
                raise source.error(
                    exercise.name, f'"{exercise.name}": the score range must satisfy 0 <= from < to <= 1.'
                )
            for other in exercise.requires:
                if other not in known:
                    raise source.error(exercise.name, f'"{exercise.name}" requires "{other}", which does not exist.')
        for exercise in assignment.further:
            name = exercise.name
            if name in seen:
                raise source.error(name, f'"{name}" stands there twice; an exercise belongs to one notebook.')
            seen.add(name)
            if not _FUNCTION.match(name):
                raise source.error(name, f'"{name}" is no exercise; write "module.function".')
            if exercise.module == "models":
                raise source.error(name, f'"{name}" is a trained net; a further exercise is a function.')
            if exercise.module in graded:  # what stands in a file that is graded can spoil it
                said = f'"{name}" is not graded, but {exercise.module}.py is; write it in a file of its own'
                raise source.error(name, f"{said}, such as further.py.")
