"""Read the course's secret, or create it.

The hidden cases are drawn from the secret, so that nobody who has the grader's code can compute them in advance.
"""

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
    """Return the secret of a course: the environment variable ``GRADER_COURSE_SECRET``, else ``.course-secret``.

    The file is created on first use; only its owner can read it. Never commit it. With the same secret the same
    submission is always judged by the same cases, so keep it for as long as grades may be questioned.

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
        When the file cannot be read or made, or holds fewer than 16 or more than 4096 bytes.
    """
    found = existing_secret(root)
    if found is None:
        path = root / FILE
        try:
            _make(path)
        except OSError as error:
            raise _unusable(path, error) from None
        found = existing_secret(root)
        assert found is not None
    return found


def existing_secret(root: Path) -> bytes | None:
    """Return the secret of a course as `course_secret` does, but make none; None where there is none."""
    if os.environ.get(VARIABLE):
        return os.environb[VARIABLE.encode()]
    path = root / FILE
    try:
        secret = _read(path).strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None
    if not 16 <= len(secret) <= _LONGEST:
        raise CourseError(
            f"{path} holds {'fewer than 16' if len(secret) < 16 else f'more than {_LONGEST}'} characters; "
            "delete it to have a new secret made."
        )
    return secret


def _unusable(path: Path, error: OSError) -> CourseError:
    return CourseError(f"{path} cannot be read or made ({error}); set {VARIABLE} instead.")


def _make(path: Path) -> None:
    """Write a new secret, unless another process has written one since the caller looked."""
    with atomic_write(path) as part:
        if path.exists():
            part.unlink()
        else:
            part.chmod(0o600)
            part.write_text(secrets.token_hex(32))


def _read(path: Path) -> bytes:
    """Read as many bytes as a secret may have, and one more, so that the caller sees when a file is too long."""
    # Opening a named pipe, or reading from it, would wait for ever; O_NONBLOCK prevents that.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LONGEST + 1) or b""
