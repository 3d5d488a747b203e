"""Define the errors that a user sees: each has an exit code, and a message of one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class GraderError(Exception):
    """Base class of the errors that the commands report as one line, without a traceback.

    Attributes
    ----------
    exit_code : int
        The exit code of the process: 1 where the command's work failed, 2 for unusable arguments or input, 3 where no
        sandbox works or the reference does not pass in it, on this machine or on any worker of a cluster, 4 where the
        machine failed (a full disk, a locked database) and running the same command again goes on.
    """

    exit_code: ClassVar[int] = 1


class CourseError(GraderError):
    """course.toml or another file of the course cannot be used."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake in a file of the course.

    Attributes
    ----------
    file : str
        Path of the file, relative to the course folder.
    line : int
        Line number, counted from 1; 0 for the file as a whole.
    sentence : str
        What is wrong, and what to do.
    """

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}" if self.line else f"{self.file}: {self.sentence}"


class UnusableCourseFiles(CourseError):
    """Files of the course have mistakes; the message lists all of them at once.

    Parameters
    ----------
    problems : sequence of Problem
        The mistakes; at least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        many = "\n".join([f"{len(self.problems)} things to put right:", *(f"  - {one}" for one in self.problems)])
        super().__init__(many if len(self.problems) > 1 else str(self.problems[0]))


class UnusableInput(GraderError):
    """A command's argument, or the file that it names, cannot be used."""

    exit_code = 2


class NoUsableWorker(GraderError):
    """No worker of a cluster can be used, because each differs from this machine, or has no sandbox that works."""

    exit_code = 3


class SelfTestFailed(GraderError):
    """The reference does not pass in the sandbox on this machine, so no submission is graded."""

    exit_code = 3


class ReleaseRefused(GraderError):
    """The release gate found something wrong, or the committed files are not what a release would write."""


class GradebookError(GraderError):
    """The gradebook cannot be opened, read or written."""


class Interrupted(GraderError):
    """The machine failed: a full disk, a locked database. Nothing is lost; running the same command again goes on."""

    exit_code = 4
