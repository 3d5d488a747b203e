"""What may be read inside the sandbox, and what a worker is started with."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import utils

from ..claims import Claim

_GRADER = Path(__file__).resolve().parents[1]
_INSIDE = Path(__file__).resolve().parent / "inside"
_SYSTEM = ("/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/etc/ld.so.cache")
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
        Folders and files that may be read, with everything beneath them; no path has a link in it.
    hidden : tuple of str
        Folders beneath a readable one that may not.
    links : tuple of (str, str)
        Links at the root of the file system, and where they lead: ``("/lib64", "usr/lib64")``.
    argv : tuple of str
        The command that starts the worker.
    """

    readable: tuple[str, ...]
    hidden: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    argv: tuple[str, ...]


@cache
def reach() -> Reach:
    """Find the interpreter, its packages, ``utils`` and the worker; see `Reach`."""
    python = os.path.realpath(sys.executable)
    packages = os.path.dirname(os.path.realpath(str(utils.__file__)))
    site = list(dict.fromkeys(path for path in map(os.path.realpath, sys.path) if _is_site(path)))
    library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    shared = [os.path.join(prefix, "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)]
    outside = [os.path.realpath(path) for path in (python, *library, *shared, *_SYSTEM, *site) if os.path.exists(path)]
    hidden = _hidden(outside)
    inside = _copied(_INSIDE) if hidden else str(_INSIDE)
    return Reach(
        readable=tuple(dict.fromkeys([*outside, packages, inside])),
        hidden=hidden,
        links=tuple((path, os.readlink(path)) for path in _SYSTEM if os.path.islink(path)),
        # Without `site`, whose work costs more time than the worker's own imports, and its .pth files.
        argv=(python, "-I", "-S", "-B", os.path.join(inside, "worker.py"), packages, *site),
    )


def _is_site(path: str) -> bool:
    return os.path.isdir(path) and os.path.basename(path) in ("site-packages", "dist-packages")


def _hidden(readable: list[str]) -> tuple[str, ...]:
    """The course's own folders, should they lie beneath a readable one, as after ``pip install`` of a wheel."""
    own = [_GRADER, *(_GRADER.parent / name for name in ("solutions", "nndl", "course.toml"))]
    return tuple(str(path) for path in own if path.exists() and any(path.is_relative_to(folder) for folder in readable))


def _copied(folder: Path) -> str:
    """A copy of the folder for the life of this process, where the folder itself has to stay hidden."""
    claim = Claim()
    atexit.register(claim.release)
    os.chmod(claim.path, 0o755)
    copy = os.path.join(claim.path, "inside")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy
