"""The errors a person sees: each knows its exit code and says in one sentence what to do next."""

from __future__ import annotations

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
