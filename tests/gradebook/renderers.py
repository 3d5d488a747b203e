"""Functions that render badly. Apart from the tests: the process that renders imports what stands beside them."""

from __future__ import annotations

import os


def for_ever(source: str) -> str:
    while True:
        pass


def large(source: str) -> str:
    return "x" * 3_000_000


def hungry(source: str) -> str:
    return str(len(bytearray(4 << 30)))


def fails(source: str) -> str:
    raise RecursionError("in some library")


def dies(source: str) -> str:
    os._exit(1)
