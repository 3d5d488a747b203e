"""The course's secret: what the hidden cases are drawn from, so that nobody can prepare for them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..errors import CourseError
from ..host.files import atomic_write

VARIABLE = "GRADER_COURSE_SECRET"
FILE = ".course-secret"
_LONGEST = 4096


def course_secret(root: Path) -> bytes:
    """The secret of a course: the environment variable ``GRADER_COURSE_SECRET``, or the file ``.course-secret``.

    The file is made on first use, readable by its owner alone, and is never committed. With the same secret the same
    submission is always judged by the same cases; keep it as long as grades may be questioned.

    Parameters
    ----------
    root : Path
        The course folder.

    Returns
    -------
    bytes

    Raises
    ------
    CourseError
        When the file cannot be read or made.
    """
    if os.environ.get(VARIABLE):
        return os.environb[VARIABLE.encode()]
    path = root / FILE
    try:
        if not path.exists():
            _make(path)
        secret = _read(path).strip()
    except OSError as error:
        raise CourseError(f"{path} cannot be read or made ({error}); set {VARIABLE} instead.") from None
    if not 16 <= len(secret) <= _LONGEST:
        raise CourseError(
            f"{path} holds {'fewer than 16' if len(secret) < 16 else f'more than {_LONGEST}'} characters; "
            "delete it to have a new secret made."
        )
    return secret


def _make(path: Path) -> None:
    """Write a new secret, unless another process that starts now was faster."""
    with atomic_write(path) as part:
        if path.exists():
            part.unlink()
        else:
            part.chmod(0o600)
            part.write_text(secrets.token_hex(32))


def _read(path: Path) -> bytes:
    """As much as a secret may hold and one byte more; a pipe in its place is not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LONGEST + 1) or b""
