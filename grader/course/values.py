"""course.toml as values: assignments, their notebooks, and what each exercise is worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import msgspec

from ..errors import CourseError
from .source import Source
from .units import seconds, size

Duration = str


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
    source : str, optional
        The script it is made from, without the ending; the one with its name by default.
    """

    name: str
    exercises: tuple[Exercise, ...] = ()
    written: tuple[Written, ...] = ()
    further: tuple[str, ...] = ()
    source: str = ""


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One assignment.

    Attributes
    ----------
    name, title : str
        What students and nbgrader call it, and what it is about.
    due : datetime
        When it has to be handed in.
    notebook : tuple of Notebook
    source : str, optional
        The folder in ``solutions/`` that holds its notebooks' sources; the one with its name by default.
    package : str
        The student's package; `load` takes it from the table ``[course]``.
    """

    name: str
    title: str
    due: datetime
    notebook: tuple[Notebook, ...]
    source: str = ""
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

    @property
    def secret(self) -> Path:
        """The folder that students never get: the reference, the notebooks' sources, and how exercises are judged."""
        return self.root / "solutions"

    def sources(self, assignment: Assignment) -> Path:
        """The folder of the sources of an assignment's notebooks."""
        return self.secret / (assignment.source or assignment.name)

    def script(self, assignment: Assignment, notebook: Notebook) -> Path:
        """The percent script that a notebook is made from."""
        return self.sources(assignment) / f"{notebook.source or notebook.name}.py"

    def reference_file(self, module: str) -> str:
        """Where the reference of one of the student's files stands, relative to the course folder."""
        return f"solutions/{self.package}/{module}.py"

    def line_of(self, needle: str) -> int:
        """The line of course.toml that names something, from 1; 0 where the file cannot be read."""
        path = self.root / "course.toml"
        try:
            return Source(path.read_text("utf-8")).line_of(needle)
        except (OSError, UnicodeDecodeError):
            return 0

    def exercises(self, *, further: bool = False) -> Iterator[tuple[Assignment, Exercise]]:
        """Every graded exercise with its assignment; with `further`, those that are not graded, too."""
        for assignment in self.assignment:
            for exercise in (*assignment.exercises, *(assignment.further if further else ())):
                yield assignment, exercise
