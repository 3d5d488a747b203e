"""The only process that meets a student's code. It is confined, and it knows no answer.

Started as ``python -I -S -B main.py PACKAGES``: the one folder, prepared by `grader.sandbox.readable`, that everything
beyond the standard library is imported from. ``site`` is not used, so nothing else is on the path.
"""

from __future__ import annotations

import importlib
import os
import sys


def _take_wire() -> tuple[int, int]:
    """Move the pipes away from fds 0 and 1, so that what a student prints or reads never meets the protocol."""
    inbound, outbound = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    os.close(null)
    return inbound, outbound


def main(packages: str) -> None:
    """Serve until the wire closes."""
    inbound, outbound = _take_wire()
    sys.path.append(packages)
    importlib.import_module("inside.session").serve(inbound, outbound)


if __name__ == "__main__":
    main(sys.argv[1])
