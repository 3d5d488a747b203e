"""Start the fork server inside of the sandbox; it makes the workers, which run a student's code and hold no answer.

The command is ``python -I -S -B main.py PACKAGES CONTROL``. PACKAGES is the folder that `grader.sandbox.readable` has
prepared; everything outside of the standard library is imported from there. With ``-S`` the module ``site`` adds
nothing else to the path. CONTROL is the file descriptor of the socket that leads to the grader.
"""

from __future__ import annotations

import importlib
import sys


def main(packages: str, control: str) -> None:
    """Fork workers until the grader closes the control socket."""
    sys.path.append(packages)
    importlib.import_module("inside.fork_server").serve(int(control))


if __name__ == "__main__":
    main(*sys.argv[1:])
