"""The filter names the system calls it means, and refuses a machine that it does not know."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from grader.sandbox.inside import syscalls

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
