"""Define the unit of work of a class run: a submission with the exercises to judge, and the function that judges them.

A task and its result are plain data, so a task can be carried out in any process that has the course: one on this
machine (`workers`) or elsewhere. Whatever carries out tasks is a `Runner`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass

from ..course import Course
from ..host.interruptions import interruption
from ..judging import oracle
from ..judging.outcome import Outcome
from ..judging.secret import course_secret
from ..sandbox import SandboxUnavailable, choose_confinement
from ..submission import Submission

_LONGEST_REASON = 500  # characters of what a mistake in the grader itself says


@dataclass(frozen=True)
class Task:
    """A submission, and those of its exercises that have to be judged.

    Attributes
    ----------
    number : int
        Its number in the run, which no other task of the run has.
    assignment : str
        The assignment's name.
    student : str
        The student's name; it may hold surrogates, as Python has them in names of folders.
    submission : Submission
    exercises : tuple of str
        Names of exercises, in the order of course.toml. If there are none, nothing has to be done.
    sandbox : str
        The name of the confinement, as for `grader.sandbox.choose_confinement`.
    """

    number: int
    assignment: str
    student: str
    submission: Submission
    exercises: tuple[str, ...]
    sandbox: str


@dataclass(frozen=True)
class Failure:
    """Why a task has no outcomes.

    Attributes
    ----------
    why : str
        The reason, without a full stop: ``"its grading process was killed"``. It becomes part of the report.
    """

    why: str


Result = Mapping[str, Outcome] | Failure
"""The outcomes of a task, by exercise; or why there are none."""

Runner = Callable[[Course, Iterable[Task]], Generator[tuple[Task, Result], None, None]]
"""Carries out tasks, and yields each with its result: ``runner(course, tasks)``.

- Each task comes back exactly once, as the same object, in any order. One without exercises comes back with ``{}``.
- It takes the next task from `tasks` only when it can begin with it, or will soon: the number of tasks that have begun
  or wait is bounded. `tasks` is advanced in the thread that advances the generator, and in no other.
- A task whose process dies is tried once more, by itself, before it is a failure.
- Closing the generator ends everything that it has begun.
- It raises `GraderError` where nothing can be graded at all, such as without a sandbox or with a full disk.
"""


def judge_task(course: Course, task: Task) -> Result:
    """Carry out a task in this process, whose reference has passed the self-test in this sandbox.

    Parameters
    ----------
    course : Course
    task : Task

    Returns
    -------
    dict of str to Outcome, or Failure
        Whatever the submission does wrong is an outcome. It is a failure where the grader itself has a mistake.

    Raises
    ------
    CourseError
        When a file of the course cannot be used.
    SandboxUnavailable
        When there is no confinement to run it in.
    Interrupted
        When the machine fails, such as with a full disk; this never lowers the score of a submission.
    """
    assignment = course[task.assignment]
    exercises = [exercise for exercise in assignment.exercises if exercise.name in task.exercises]
    confinement, secret = choose_confinement(task.sandbox), course_secret(course.root)
    try:
        return oracle.judge(task.submission, course, exercises, task.student, confinement=confinement, secret=secret)
    except SandboxUnavailable:
        raise
    except Exception as error:  # a mistake in the grader itself must not stop the whole class, nor give points
        if stopped := interruption(error, course.root):
            raise stopped from error
        return Failure(f"the grader failed on it: {type(error).__name__}: {error}"[:_LONGEST_REASON])
