"""Define the values that course.toml is read into: the course, its assignments, notebooks and exercises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import msgspec

from ..errors import CourseError
from .book_table import BookTable
from .decisions import Decisions
from .source import Source
from .units import seconds, size

Duration = str


class ScoreRange(msgspec.Struct, frozen=True, rename={"start": "from", "stop": "to"}, forbid_unknown_fields=True):
    """The accuracy from which a trained net earns points, and the accuracy at which it earns all of them.

    In between, the points grow linearly with the accuracy.

    Attributes
    ----------
    start, stop : float
        The two accuracies, from 0 to 1; ``from`` and ``to`` in course.toml.
    """

    start: float
    stop: float


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One automatically graded exercise.

    Attributes
    ----------
    name : str
        ``"<module>.<function>"``, or ``"models.<file>"`` for a trained net that is handed in.
    points : float
        The points that a right answer earns; may be 0.
    requires : tuple of str, default ()
        Exercises that a student should solve before this one. Mistakes in them never lower the score of this one.
    score : ScoreRange, optional
        The score range of a trained net; other exercises have none.
    constructor : str, default ""
        For a trained net of the student's own design, the function that builds it: ``"nets.own_net"``. Its weights are
        handed in as safetensors. A net without a constructor has the course's design and is handed in as ``.npz``.
    follow_through, core : float, optional
        Replace `Grading.follow_through` and `Grading.core` for this exercise.
    package : str, default ""
        The name of the student's package, which `load` copies from the table ``[course]``.
    further : bool, default False
        Whether a notebook lists it as `further`, so that it is never graded; no key of course.toml.
    """

    name: str
    points: float
    requires: tuple[str, ...] = ()
    score: ScoreRange | None = None
    constructor: str = ""
    follow_through: float | None = None
    core: float | None = None
    package: str = ""
    further: bool = False

    @property
    def module(self) -> str:
        """The name of the student's file, without its ending; ``"models"`` for a trained net."""
        return self.name.split(".", 1)[0]

    @property
    def function(self) -> str:
        """The function's qualified name inside the module; for a trained net, the name of its file."""
        return self.name.split(".", 1)[1]

    @property
    def file(self) -> str:
        """The path of the file that is handed in for it, relative to the submission."""
        if self.score:
            return f"models/{self.function}.{'safetensors' if self.constructor else 'npz'}"
        return f"{self.package}/{self.module}.py"

    @property
    def written_in(self) -> tuple[str, str]:
        """Module and function that the student writes; the module is ``"models"`` for a net of the course's design."""
        module, _, function = (self.constructor or self.name).partition(".")
        return module, function

    @property
    def grade_id(self) -> str:
        """The name of its notebook cell in nbgrader, which allows no dots."""
        return self.name.replace(".", "-")

    @property
    def graded(self) -> bool:
        """Whether it is graded, be it for 0 points; exercises that a notebook lists as `further` are not."""
        return not self.further


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question that students answer in writing, and that is graded by hand.

    Attributes
    ----------
    name : str
        Its name, unique in the course.
    points : float
        The points that a right answer earns; may be 0.
    """

    name: str
    points: float

    @property
    def grade_id(self) -> str:
        """The name of its notebook cell in nbgrader."""
        return self.name


class Notebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One notebook of an assignment, with its exercises.

    Attributes
    ----------
    name : str
        The name of its file, without the ending.
    exercises : tuple of Exercise, default ()
        The exercises that are graded automatically.
    written : tuple of Written, default ()
        The questions that are graded by hand.
    further : tuple of str, default ()
        Names of exercises that are never graded. They have a stub and a visible check, but earn nothing, need not be
        handed in, and do not appear in reports.
    source : str, default ""
        The name of the percent script that it is made from, without the ending; ``""`` means its own name.
    """

    name: str
    exercises: tuple[Exercise, ...] = ()
    written: tuple[Written, ...] = ()
    further: tuple[str, ...] = ()
    source: str = ""

    @property
    def questions(self) -> tuple[Exercise | Written, ...]:
        """Everything that earns points: the exercises, then the questions that are answered in writing."""
        return (*self.exercises, *self.written)


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One assignment.

    Attributes
    ----------
    name : str
        Its name in commands, folders and nbgrader: ``"hw1"``.
    title : str
        Its subject, for people.
    due : datetime
        The time at which it has to be handed in.
    notebook : tuple of Notebook
        Its notebooks.
    source : str, default ""
        The folder in ``solutions/`` that holds the sources of its notebooks; ``""`` means its own name.
    package : str, default ""
        The name of the student's package, which `load` copies from the table ``[course]``.
    """

    name: str
    title: str
    due: datetime
    notebook: tuple[Notebook, ...]
    source: str = ""
    package: str = ""

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """All exercises that are graded automatically, in the order of course.toml."""
        return tuple(exercise for notebook in self.notebook for exercise in notebook.exercises)

    @property
    def questions(self) -> tuple[str, ...]:
        """The names of everything that earns points: exercises and written questions, notebook by notebook."""
        return tuple(question.name for notebook in self.notebook for question in notebook.questions)

    @cached_property
    def further(self) -> tuple[Exercise, ...]:
        """All exercises that are not graded, each worth 0 points."""
        names = (name for notebook in self.notebook for name in notebook.further)
        return tuple(Exercise(name, 0.0, package=self.package, further=True) for name in names)

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files that are read from a submission; all others are ignored."""
        notebooks = [f"{notebook.name}.ipynb" for notebook in self.notebook]
        handed_in = [exercise.file for exercise in self.exercises]
        built_by = [
            f"{exercise.package}/{exercise.written_in[0]}.py" for exercise in self.exercises if exercise.constructor
        ]
        return tuple(dict.fromkeys(notebooks + handed_in + built_by))


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The penalty for handing in late.

    Attributes
    ----------
    grace : str, default "0s"
        How long after the due date there is no penalty.
    per_day : float, default 0
        The share of the score, from 0 to 1, that is taken off for each day that has begun after `grace`.
    days : int, default 7
        The number of such days after which the whole score is taken off.
    """

    grace: Duration = "0s"
    per_day: float = 0.0
    days: int = 7

    @property
    def grace_seconds(self) -> float:
        """`grace` in seconds."""
        return seconds(self.grace)


class Grading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules by which answers earn points.

    Attributes
    ----------
    follow_through : float, default 0.5
        The share of an output's points, from 0 to 1, that the right derivative of a wrong forward pass earns.
    core : float, default 0.75
        The share of an output's points, above 0 and up to 1, that the core of the exercise carries. The traits that are
        tested divide the rest.
    """

    follow_through: float = 0.5
    core: float = 0.75  # CORE_SHARE of the student's own checks; to import it takes longer than all else at the start


class Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the student's own checks say. Graded feedback always gives the whole hint.

    Attributes
    ----------
    hint_level : int, default 3
        1: which output is wrong, and with which case. 2: also what was seen. 3: also the explanation. A student may ask
        for another level.
    """

    hint_level: int = 3


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of time and memory for a submission.

    Seconds are processor time and time in which the code sleeps, not time spent waiting for a busy processor.

    Attributes
    ----------
    seconds : float, default 10
        The limit of one program run of a student's code.
    exercise_seconds : float, default 30
        The limit of one exercise: all its program runs, and the work that they cause in the grader.
    submission_seconds : float, default 120
        The limit of all exercises of a submission together.
    memory : str, default "2 GiB"
        The limit of the worker process, on top of what the interpreter and the packages take when it has started.
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
        The name of the course on pages and in notebooks.
    package : str
        The name of the Python package that students complete. Its reference is in ``solutions/<package>``. It is also
        the name of the course in nbgrader's database.
    earlier : tuple of str, default ()
        The folders of this course in earlier terms, relative to this one, with whose misconceptions the class page
        compares those of this term.
    """

    title: str
    package: str
    earlier: tuple[str, ...] = ()


class Explorer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A widget in a notebook with which students can play with their own code; see `grader.release.places`.

    Attributes
    ----------
    name : str
        What students call it.
    notebook : str
        The notebook that it stands in, ``"hw1/intro"``.
    section : str
        The heading there above it.
    exercises : tuple of str
        The exercises that it shows at work.
    page : str, default ""
        The page of the book, a path relative to the course folder, on which it moves without Python. Beside the page
        are the numbers that it shows, ``.json``, and the script that draws them, ``.js``. ``""`` means none.
    """

    name: str
    notebook: str
    section: str
    exercises: tuple[str, ...]
    page: str = ""


class EditionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[edition]``: what the student edition holds besides the notebooks, the package and the checks.

    Attributes
    ----------
    also : tuple of str, default ()
        Patterns of files that they get besides the Python and C files of ``utils/``: ``"utils/pictures/*.jpg"``,
        ``"docs/student.md"``.
    withhold : tuple of str, default ()
        Python files that they do not get.
    minutes_per_point : float, default 0
        How long students need for a point of an exercise or a question. Each section of a notebook then says how
        long it takes; with 0 none does.
    colab : bool, default False
        Whether each notebook begins with a cell that fetches the edition on Google Colab.
    archive : str, default ""
        The address at which the edition's zip is published; that cell takes it from there, and from an upload if
        there is none.
    """

    also: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()
    minutes_per_point: float = 0.0
    colab: bool = False
    archive: str = ""


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of course.toml.

    Attributes
    ----------
    course : CourseTable
        The table ``[course]``.
    assignment : tuple of Assignment
        The assignments, in the order of the file.
    late, limits, grading, edition, book
        The tables with these names, or their defaults.
    explorer : tuple of Explorer, default ()
        The explorers in the notebooks.
    packages : dict of str to str, default {}
        Module of the student's package → package that it is written with, if that is one which the course does not
        install by itself.
    root : Path
        The course folder, in which course.toml is. All other files of the course are found from there.
    decisions : Decisions
        What decisions.toml says, which `load` reads; weights in it are already the points of their exercises.
    """

    course: CourseTable
    assignment: tuple[Assignment, ...]
    late: Late = Late()
    limits: LimitSettings = LimitSettings()
    grading: Grading = Grading()
    checks: Checks = Checks()
    packages: dict[str, str] = {}
    edition: EditionTable = EditionTable()
    explorer: tuple[Explorer, ...] = ()
    book: BookTable = BookTable()
    root: Path = Path()
    decisions: Decisions = Decisions()

    @property
    def package(self) -> str:
        """The name of the student's package."""
        return self.course.package

    @property
    def edition_name(self) -> str:
        """The name of the student edition's folder, which is also the stem of its archive."""
        return f"{self.package}-course"

    def __getitem__(self, name: str) -> Assignment:
        """Return the assignment with this name; raise CourseError, which lists all names, if there is none."""
        for assignment in self.assignment:
            if assignment.name == name:
                return assignment
        names = ", ".join(assignment.name for assignment in self.assignment)
        raise CourseError(f'There is no assignment "{name}" in {self.root / "course.toml"}; it has {names}.')

    def follow_through(self, exercise: Exercise) -> float:
        """Return the follow-through of an exercise: its own, or else that of the course; see `Grading`."""
        return self.grading.follow_through if exercise.follow_through is None else exercise.follow_through

    def core(self, exercise: Exercise) -> float:
        """Return the share that the core of an exercise carries: its own, or else that of the course."""
        return self.grading.core if exercise.core is None else exercise.core

    def absent(self, module: str) -> str:
        """Return the package that one of the student's modules needs and that is not installed; ``""`` for none."""
        package = self.packages.get(module, "")
        return package if package and find_spec(package) is None else ""

    @property
    def secret(self) -> Path:
        """The folder that students never get: the reference, the sources of the notebooks, and the recipes."""
        return self.root / "solutions"

    def sources(self, assignment: Assignment) -> Path:
        """Return the folder that holds the sources of an assignment's notebooks."""
        return self.secret / (assignment.source or assignment.name)

    def script(self, assignment: Assignment, notebook: Notebook) -> Path:
        """Return the path of the percent script that a notebook is made from."""
        return self.sources(assignment) / f"{notebook.source or notebook.name}.py"

    def reference_file(self, module: str) -> str:
        """Return the path of the reference of a module, relative to the course folder."""
        return f"solutions/{self.package}/{module}.py"

    def line_of(self, needle: str) -> int:
        """Return the line of course.toml that names something, counted from 1; 0 if the file cannot be read."""
        path = self.root / "course.toml"
        try:
            return Source(path.read_text("utf-8")).line_of(needle)
        except (OSError, UnicodeDecodeError):
            return 0

    def exercises(self, *, further: bool = False) -> Iterator[tuple[Assignment, Exercise]]:
        """Yield every exercise with its assignment; those that are not graded only if `further` is true."""
        for assignment in self.assignment:
            for exercise in (*assignment.exercises, *(assignment.further if further else ())):
                yield assignment, exercise
