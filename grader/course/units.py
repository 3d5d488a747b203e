"""Durations and sizes as course.toml writes them: ``"2h"``, ``"512 MiB"``."""

from __future__ import annotations

import re

_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)$")
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)(s|min|h|d)$")


def seconds(duration: str) -> float:
    """``"90s"``, ``"15min"``, ``"2h"`` or ``"1d"`` in seconds; ValueError for anything else."""
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f'"{duration}" is not a duration; write it like 90s, 15min, 2h or 1d')
    return float(match[1]) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[match[2]]


def size(text: str) -> int:
    """``"512 MiB"`` or ``"2 GiB"`` in bytes; ValueError for anything else."""
    match = _SIZE.match(text)
    if not match:
        raise ValueError(f'"{text}" is not a size; write it like 512 MiB or 2 GiB')
    return int(float(match[1]) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[match[2]])
