"""The errors a person sees: each knows its exit code and says in one sentence what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class GraderError(Exception):
    """Base of what the commands report as one line.

    Attributes
    ----------
    exit_code : int
        The process's exit code: 1 when work failed, 2 for unusable arguments or input, 3 for a missing sandbox or a
        reference that does not pass in it, 4 when the machine got in the way and the same command goes on later.
    """

    exit_code: ClassVar[int] = 1


class CourseError(GraderError):
    """course.toml, or another file of the course, is not usable."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """Something in a file of the course that cannot be used.

    Attributes
    ----------
    file : str
        Relative to the course folder.
    line : int
        From 1; 0 for the file as a whole.
    sentence : str
        What is wrong, and what to do.
    """

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}" if self.line else f"{self.file}: {self.sentence}"


class UnusableCourseFiles(CourseError):
    """Files of the course hold something that cannot be used; all of it is said at once.

    Parameters
    ----------
    problems : sequence of Problem
        At least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        many = "\n".join([f"{len(self.problems)} things to put right:", *(f"  - {one}" for one in self.problems)])
        super().__init__(many if len(self.problems) > 1 else str(self.problems[0]))


class UnusableInput(GraderError):
    """An argument, or the path it names, is not usable."""

    exit_code = 2


class SelfTestFailed(GraderError):
    """The reference does not pass in the sandbox on this machine, so nothing that is handed in is graded."""

    exit_code = 3


class ReleaseRefused(GraderError):
    """The gate refuses the release, or the committed trees are stale."""


class GradebookError(GraderError):
    """The gradebook cannot be opened, read or written."""


class Interrupted(GraderError):
    """The machine got in the way: a full disk, a locked database. Nothing is lost; the same command goes on."""

    exit_code = 4
