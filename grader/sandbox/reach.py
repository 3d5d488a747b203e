"""What may be read inside the sandbox, and what a worker is started with."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import utils

_INSIDE = Path(__file__).resolve().parent / "inside"
_SYSTEM = ("/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/libexec", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PATH": "",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Reach:
    """What a worker sees of the machine.

    Attributes
    ----------
    readable : tuple of str
        Folders and files that may be read, with everything beneath them.
    hidden : tuple of str
        Folders beneath a readable one that may not.
    argv : tuple of str
        The command that starts the worker.
    """

    readable: tuple[str, ...]
    hidden: tuple[str, ...]
    argv: tuple[str, ...]


@cache
def reach() -> Reach:
    """Find the interpreter, its packages, ``utils`` and the worker; see `Reach`."""
    python = os.path.realpath(sys.executable)
    packages = str(Path(utils.__file__).resolve().parent)
    site = [path for path in map(os.path.realpath, sys.path) if _is_site(path)]
    library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    shared = [str(Path(prefix) / "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)]
    wanted = [python, *library, *shared, *_SYSTEM, *site, packages, str(_INSIDE)]
    readable = tuple(dict.fromkeys(os.path.realpath(path) for path in wanted if os.path.exists(path)))
    argv = (python, "-I", "-S", "-B", str(_INSIDE / "worker.py"), packages, *dict.fromkeys(site))
    return Reach(readable, (), argv)


def _is_site(path: str) -> bool:
    return os.path.isdir(path) and os.path.basename(path) in ("site-packages", "dist-packages")
