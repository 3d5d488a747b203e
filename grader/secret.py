"""The course's secret: what the hidden cases are drawn from, so that nobody can prepare for them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import CourseError

VARIABLE = "NNDL_COURSE_SECRET"
FILE = ".course-secret"


def course_secret(root: Path) -> bytes:
    """The secret of a course: the environment variable ``NNDL_COURSE_SECRET``, or the file ``.course-secret``.

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
        # Written under another name first: another process that starts now sees the whole secret or none.
        fresh = path.with_name(f"{FILE}.{os.getpid()}")
        if not path.exists():
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        secret = path.read_bytes().strip()
    except OSError as error:
        raise CourseError(f"{path} cannot be read or made ({error}); set {VARIABLE} instead.") from None
    if len(secret) < 16:
        raise CourseError(f"{path} holds fewer than 16 characters; delete it to have a new secret made.")
    return secret
