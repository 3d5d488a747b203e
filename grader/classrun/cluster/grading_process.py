"""What runs in the grading processes of a Dask worker: describe the machine, try the reference, judge submissions.

A process serves one run, so it may read the course once. Errors are returned as sentences: not every exception of the
grader can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from ... import course as courses
from ...course import Course
from ...errors import CourseError, GraderError
from ...judging import oracle
from ...sandbox import choose_confinement
from .. import self_test
from ..task import Result, Task, judge_task
from .identity import FOLDER_VARIABLE, Identity, course_folder, identity, summary
from .plain_data import Refused

T = TypeVar("T")


def describe(folder: str, assignment: str, nonce: bytes) -> Identity | Refused:
    """Describe this machine; see `identity`.

    Parameters
    ----------
    folder : str
        The course folder; if it is empty, ``GRADER_COURSE`` or the working directory.
    assignment : str
        The assignment's name.
    nonce : bytes
        Random bytes of the run.
    """
    return _or_refused(lambda: _identity(folder, assignment, nonce))


def try_reference(folder: str, assignment: str, sandbox: str) -> Refused | None:
    """Make sure that submissions can be judged here: the sandbox holds, and the reference passes in it.

    The result is not kept on disk, because the folder of the course may be shared, or not writable.
    """

    def attempt() -> None:
        course = _course(folder)
        chosen = course[assignment]
        oracle.require_packages(course, chosen)
        self_test.run(course, chosen, choose_confinement(sandbox))

    return _or_refused(attempt)


def judge(folder: str, nonce: bytes, expected: str, task: Task) -> Result | Refused:
    """Judge a submission.

    Parameters
    ----------
    folder : str
    nonce : bytes
        As for `describe`.
    expected : str
        The summary of the description that this machine was admitted with. Its files may have changed since.
    task : Task
    """

    def attempt() -> Result | Refused:
        if summary(_identity(folder, task.assignment, nonce)) != expected:
            return Refused("its course, grader or packages were changed during the run; start the command again")
        return judge_task(_course(folder), task)

    return _or_refused(attempt)


def _or_refused(function: Callable[[], T]) -> T | Refused:
    try:
        return function()
    except (GraderError, OSError) as error:
        return Refused(str(error))


@cache
def _course(folder: str) -> Course:
    """Read the course; once in the life of a process."""
    start = Path(folder) if folder else course_folder()
    try:
        root = courses.find_root(start)
    except CourseError:
        raise CourseError(
            f"it finds no course.toml in {start or Path.cwd()} or above it; set {FOLDER_VARIABLE} to the course folder "
            "where the worker is started"
        ) from None
    return courses.load(root)


@cache
def _identity(folder: str, assignment: str, nonce: bytes) -> Identity:
    course = _course(folder)
    return identity(course, course[assignment], nonce)
