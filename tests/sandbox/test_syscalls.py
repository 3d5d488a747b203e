"""The system call filter has the kernel's numbers, and is refused on a machine that it does not list."""

from __future__ import annotations

import errno
import multiprocessing
import os
import re
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from grader.sandbox.inside import syscalls
from grader.sandbox.inside.privileges import drop_privileges

HEADERS = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h")]


@pytest.mark.parametrize("column", [0, 1], ids=["x86-64", "Arm"])
def test_the_numbers_are_those_of_the_kernels_headers(column):
    header = HEADERS[column]
    if not header.exists():
        pytest.skip(f"{header} is not installed")
    defined = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text()))
    for name, numbers in (syscalls.ALLOWED | syscalls.SELECTED).items():
        number = numbers[column]
        name = {"newfstatat": "fstatat"}.get(name, name) if column else name  # the generic header's name for it
        assert (number is None) == (name not in defined), name
        assert number is None or number == int(defined[name]), name
        assert number is None or number <= syscalls.NEWEST


def test_a_machine_that_is_not_listed_gets_no_filter(monkeypatch):
    other = os.uname_result(("Linux", "host", "6.12", "#1", "s390x"))
    monkeypatch.setattr(os, "uname", lambda: other)
    with pytest.raises(OSError, match="does not cover s390x"):
        syscalls.filter_program(threads=True)


def _opened(tell: Connection, path: str, flags: int) -> None:
    drop_privileges({}, 1 << 30, 0)
    try:
        os.open(path, flags)
    except OSError as error:
        tell.send(error.errno)
    else:
        tell.send(None)


@pytest.mark.parametrize(
    ("flags", "refused"),
    [
        (os.O_RDONLY, False),
        (os.O_WRONLY | os.O_TRUNC, False),
        (os.O_RDWR | os.O_CREAT | os.O_TRUNC, False),
        (os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, False),
        (os.O_RDONLY | os.O_TRUNC, True),
        (os.O_RDONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK, True),
        (os.O_ACCMODE, True),
        (os.O_ACCMODE | os.O_TRUNC, True),
        (os.O_PATH, True),
    ],
)
def test_a_file_that_is_not_opened_for_writing_cannot_be_truncated(tmp_path, flags, refused):
    """Landlock asks for no right to truncate before Linux 6.2, and the kernel empties such a file of one's own."""
    path = tmp_path / "own"
    path.write_text("text")
    told, tell = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_opened, args=(tell, str(path), flags))
    child.start()
    tell.close()
    assert told.recv() == (errno.EPERM if refused else None)
    child.join()
    assert path.read_text() == ("text" if refused or not flags & os.O_TRUNC else "")
