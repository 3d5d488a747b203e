"""Measure how much address space this process has mapped, without ``/proc``, which a confined worker cannot read."""

from __future__ import annotations

import mmap
import resource

_LIMIT = 1 << 38  # more than any interpreter maps, and less than the smallest address space of a 64-bit Linux
_PRECISION = 1 << 16


def mapped_bytes() -> int:
    """Measure how much address space is mapped, which is what the kernel counts towards ``RLIMIT_AS``.

    The function sets a known limit and finds, by bisection, the size of the largest mapping that still fits. The
    mappings that it tries have no access rights, and so take no memory.

    Returns
    -------
    int
        Bytes; at most 64 KiB too many.
    """
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _LIMIT if hard == resource.RLIM_INFINITY else min(_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        fits, too_large = 0, limit
        while too_large - fits > _PRECISION:
            size = (fits + too_large) // 2
            if _fits(size):
                fits = size
            else:
                too_large = size
        return limit - fits
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _fits(size: int) -> bool:
    try:
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0).close()
    except OSError:
        return False
    return True
