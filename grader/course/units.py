"""Convert the durations and sizes that course.toml uses, such as ``"2h"`` and ``"512 MiB"``, to seconds and bytes."""

from __future__ import annotations

import re

_SIZE = re.compile(r"^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)$")
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)(s|min|h|d)$")


def seconds(duration: str) -> float:
    """Convert a duration such as ``"90s"``, ``"15min"``, ``"2h"`` or ``"1d"`` to seconds.

    Raises
    ------
    ValueError
        When the text has another form.
    """
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f'"{duration}" is not a duration; write it like 90s, 15min, 2h or 1d')
    return float(match[1]) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[match[2]]


def size(text: str) -> int:
    """Convert a size such as ``"64 KiB"``, ``"512 MiB"`` or ``"2 GiB"`` to bytes.

    Raises
    ------
    ValueError
        When the text has another form.
    """
    match = _SIZE.match(text)
    if not match:
        raise ValueError(f'"{text}" is not a size; write it like 512 MiB or 2 GiB')
    return int(float(match[1]) * {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[match[2]])
