"""Start the worker: the confined process that runs a student's code, and which holds no answer.

The command is ``python -I -S -B main.py PACKAGES``. PACKAGES is the folder that `grader.sandbox.readable` has prepared;
everything outside of the standard library is imported from there. With ``-S`` the module ``site`` adds nothing else to
the path.
"""

from __future__ import annotations

import importlib
import os
import sys


def _take_wire() -> tuple[int, int]:
    """Move the pipes away from file descriptors 0 and 1, so that `print` and `input` cannot disturb the protocol."""
    inbound, outbound = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    os.close(null)
    return inbound, outbound


def main(packages: str) -> None:
    """Run programs until the grader closes the wire."""
    inbound, outbound = _take_wire()
    sys.path.append(packages)
    importlib.import_module("inside.session").serve(inbound, outbound)


if __name__ == "__main__":
    main(sys.argv[1])
