"""Let arrays take memory for which the kernel is called seldom: what was freed before, and large pages."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # the names in malloc.h begin with M_
_KEPT = 128 << 20
_LARGE = 32 << 20  # the most that glibc takes
_HUGE_PAGE = 2 << 20
_RESERVED = 30 << 20
_MADV_HUGEPAGE = 14


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


def reserve_in_large_pages() -> None:
    """Reserve the memory that a worker's first arrays will take, in pages of 2 MiB.

    It is only reserved: no page is there before a worker writes to it. In pages of 4 KiB, the kernel would be called
    five hundred times as often. See madvise(2); where there are no such pages, nothing is changed.
    """
    with suppress(AttributeError):
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        libc.malloc.argtypes = [ctypes.c_size_t]
        libc.free.argtypes = [ctypes.c_void_p]
        libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        start = libc.malloc(_RESERVED)
        if start:
            first = -(-start // _HUGE_PAGE) * _HUGE_PAGE
            libc.madvise(first, (start + _RESERVED - first) // _HUGE_PAGE * _HUGE_PAGE, _MADV_HUGEPAGE)
            libc.free(start)
