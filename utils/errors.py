"""The errors that `utils` raises on purpose: each message is one sentence that ends in what to do next."""

from __future__ import annotations


class DataError(Exception):
    """A data set or a model file that is absent, incomplete, damaged or not what it says it is."""


def reason(error: BaseException) -> str:
    """What a library's error says, fit to stand in brackets within a sentence of ours."""
    lines = str(error).splitlines() or [type(error).__name__]
    said = lines[0] if len(lines[0]) <= 200 else f"{lines[0][:200]}…"  # zipfile quotes whole files
    return said.rstrip(".: ")
