"""Describe everything that the verdicts of a machine depend on, so that two machines can be compared without secrets.

Two machines whose descriptions are equal give the same verdicts. A description holds version numbers and digests; no
line of the reference and no byte of the course's secret can be computed from it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from ...course import Assignment, Course
from ...errors import CourseError
from ...judging.secret import existing_secret
from ...reference import Reference

FOLDER_VARIABLE: Final = "GRADER_COURSE"
"""The environment variable that names the course folder on a worker; the working directory counts without it."""

GRADER: Final = "grader"
"""The key of the digest of the grader's code in a description."""

_COURSE: Final = "course.toml"
_REFERENCE: Final = "reference"
SECRET: Final = "secret"
"""The key of the digest of the secret in a description."""
_SHOWN: Final = {  # the other keys are Python and packages, which are described by their versions
    GRADER: ("the grader's code", "install the same version there"),
    _COURSE: ("course.toml", "copy the course folder there again"),
    _REFERENCE: ("the reference or how exercises are judged", "copy the course's solutions/ there again"),
    SECRET: ("the course's secret", "copy .course-secret there, or set the same variable"),
}
_ABSENT: Final = "not installed"
_NO_SECRET: Final = "none"

Identity = Mapping[str, str]
"""What a machine is described by: a name, such as ``"numpy"`` or ``"secret"``, and its version or digest."""


def identity(course: Course, assignment: Assignment, nonce: bytes) -> Identity:
    """Describe this machine.

    Parameters
    ----------
    course : Course
    assignment : Assignment
        The packages that it needs are part of the description.
    nonce : bytes
        Random bytes of one run. The digest of the secret is an HMAC with them, so it is another one in each run.

    Returns
    -------
    dict of str to str
        The same on two machines exactly if they would give the same verdicts.

    Raises
    ------
    CourseError
        When the reference is missing, or the secret cannot be used.
    """
    reference = Reference.of(course)
    needed = sorted({course.packages[module] for module in _modules(assignment) if module in course.packages})
    secret = existing_secret(course.root)
    return {
        "Python": platform.python_version(),
        **{package: _version(package) for package in ("distributed", "msgspec", "numpy", *needed)},
        GRADER: grader_digest(),
        _COURSE: hashlib.sha256((course.root / "course.toml").read_bytes()).hexdigest(),
        _REFERENCE: _digest([reference.folder, reference.exercises_folder], ("*.py", "*.wrong", "*.right")),
        SECRET: hmac.digest(secret, nonce, "sha256").hex() if secret else _NO_SECRET,
    }


def grader_digest() -> str:
    """Return a digest of the grader's code as it is on the disk now."""
    kit = Path(__file__).resolve().parents[2]
    return _digest([kit, kit.parent / "utils"], ("*.py",))


def course_folder() -> Path | None:
    """Return the folder that ``GRADER_COURSE`` names; None without it, so that the working directory counts."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def difference(here: Identity, there: Identity) -> str:
    """Say the first thing in which another machine differs, and what to do; ``""`` where it does not differ.

    Parameters
    ----------
    here : dict of str to str
        The description of this machine.
    there : dict of str to str
        The description of the other one.
    """
    for name, value in here.items():
        other = there.get(name, "")
        if other == value:
            continue
        if name not in _SHOWN:
            return f"{name} is {value} here and {other or _ABSENT} there; install the same version there"
        what, remedy = _SHOWN[name]
        if other == _NO_SECRET:
            return f"{what} is missing there; {remedy}"
        return f"{what} differs from what is here; {remedy}"
    return ""


def summary(described: Identity, *more: str) -> str:
    """Return a digest of a description and of `more` words, in hexadecimal."""
    words = [*(word for pair in sorted(described.items()) for word in pair), *more]
    return _sha256(word.encode() for word in words).hexdigest()


def _modules(assignment: Assignment) -> Iterator[str]:
    """Yield the modules that an assignment's exercises are written in."""
    for exercise in assignment.exercises:
        yield exercise.written_in[0]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return _ABSENT


def _digest(folders: Iterable[Path], patterns: Iterable[str]) -> str:
    """Digest the files in some folders, with their names."""
    parts = []
    for folder in folders:
        if not folder.is_dir():
            raise CourseError(f"{folder} is missing; copy it there.")
        for path in sorted(path for pattern in patterns for path in folder.rglob(pattern)):
            parts += [str(path.relative_to(folder)).encode(), path.read_bytes()]
    return _sha256(parts).hexdigest()


def _sha256(parts: Iterable[bytes]) -> hashlib._Hash:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found
