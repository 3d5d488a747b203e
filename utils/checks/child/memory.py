"""Limit the memory of this process, where the operating system can: on Linux."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SIZES = Path("/proc/self/statm")


@contextmanager
def limited_memory(most: int) -> Iterator[None]:
    """Let a request for memory raise MemoryError where the process would get too large.

    Parameters
    ----------
    most : int
        Bytes on top of what the process has now; 0 for no limit.

    Yields
    ------
    None
    """
    if not most or not _SIZES.is_file():
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = int(_SIZES.read_text().split()[0]) * resource.getpagesize() + most
    known = [limit for limit in (before, hard, wanted) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(known), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
