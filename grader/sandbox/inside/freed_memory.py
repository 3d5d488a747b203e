"""Keep memory that was freed for the next array, instead of giving it back to the kernel."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # the names in malloc.h begin with M_
_KEPT = 128 << 20
_LARGE = 32 << 20  # the most that glibc takes


def keep_freed_memory() -> None:
    """Let this process, and those that it forks, take memory for arrays from what they have freed.

    By default, the C library gives memory back soon, and takes it anew for the next array; the kernel then clears each
    page, at its first use. For programs that run for a millisecond on arrays of some ten thousand numbers, this is half
    of their time. Larger arrays than 32 MiB still come from the kernel, and what they took goes back to it.

    Other C libraries than glibc have no such setting; there, nothing is changed. See mallopt(3).
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGE)
