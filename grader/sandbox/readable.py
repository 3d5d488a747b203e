"""Prepare the files that a worker may read, and the command that starts it.

A worker imports everything from one prepared folder, which holds links to the packages and a cut-down copy of
``utils``. It can read this folder and what the links lead to, and nothing else. So a submission that changes the import
system in its own process still cannot find anything more.
"""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Mapping
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from py_compile import PycInvalidationMode

from packaging.requirements import Requirement

from ..host.temporary_folders import TemporaryFolder
from . import given_utils
from .allowed import ALWAYS, WORKER
from .confine import SandboxUnavailable

_INSIDE = Path(__file__).resolve().parent / "inside"
_LOADER = ("/etc/ld.so.cache", "/usr/lib/locale")  # read by the dynamic loader and the C library
_ROOT_LINKS = ("/lib", "/lib64", "/lib32")  # on most systems these are links into /usr
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
_COMPILED = "lib-dynload"  # the standard library's folder of compiled modules
# Parts of the standard library that no worker needs: tkinter, which would make twenty C libraries readable, and pip.
_LEFT_OUT = {"_tkinter", "ensurepip", "idlelib", "tkinter", "turtle", "turtledemo"}


@dataclass(frozen=True)
class ReadableFiles:
    """The files that a worker can read, and the command that starts it.

    Attributes
    ----------
    paths : tuple of str
        Files and folders that may be read, folders with everything beneath them. No path contains a symbolic link.
    library : str
        The folder of the standard library. Nearly all of its entries are among `paths`.
    hidden : tuple of str
        The other entries of `library`, such as ``site-packages``, which must not be readable.
    links : tuple of (str, str)
        Symbolic links that lead to something readable, with their targets: ``("/lib64", "usr/lib64")``.
    argv : tuple of str
        The command that starts the worker.
    withheld : mapping of str to sequence of str
        The functions of ``utils`` that can be imported in the worker but not called; see `given_utils.withheld`.
    """

    paths: tuple[str, ...]
    library: str
    hidden: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    argv: tuple[str, ...]
    withheld: Mapping[str, tuple[str, ...]]


_LOCK = threading.Lock()


def readable_files(packages: tuple[str, ...] = (), functions: tuple[str, ...] = ()) -> ReadableFiles:
    """Prepare the folder that workers import from, and list what they may read.

    Parameters
    ----------
    packages : tuple of str, default ()
        Distributions that submitted code may import besides those in `allowed.ALWAYS`. The distributions that these
        depend on become readable, too.
    functions : tuple of str, default ()
        Functions of ``utils`` that submitted code may call; see `given_utils.names_used`.

    Returns
    -------
    ReadableFiles
        Calls with the same arguments share one prepared folder, which is removed when this process ends.

    Raises
    ------
    SandboxUnavailable
        When a package is not installed, when no list of its files exists, or when the program ``ldd`` is missing.
    """
    # The lock makes threads share one prepared folder. Besides, Python 3.11 cannot parse in two threads at once.
    with _LOCK:
        return _readable_files(packages, functions)


@cache
def _readable_files(packages: tuple[str, ...], functions: tuple[str, ...]) -> ReadableFiles:
    standard, hidden = _standard_library()
    installed = _installed((*ALWAYS, *WORKER, *packages))
    python = os.path.realpath(sys.executable)
    with ThreadPoolExecutor() as pool:  # for each of these another program works
        found = pool.map(_loaded, (python, standard[_COMPILED], *installed.values()))
        loaded = {name: path for libraries in found for name, path in libraries}
    folders = [*map(os.path.realpath, (*standard.values(), *installed.values()))]
    single_files = [path for path in (python, *_LOADER, *loaded.values()) if os.path.exists(path)]
    links = [*_root_links(), *((name, path) for name, path in loaded.items() if name != path)]
    prepared = _prepared(python, standard, installed, given_utils.copied(functions))
    imported = f"{prepared}/packages"
    return ReadableFiles(
        paths=(*dict.fromkeys((*(path for path in single_files if not _beneath(path, folders)), *folders)), prepared),
        library=os.path.realpath(sysconfig.get_path("stdlib")),
        hidden=hidden,
        links=tuple(link for link in links if not _beneath(link[0], folders)),
        # -S leaves out the module `site`, which takes more time than the worker's own imports, and runs .pth files.
        argv=(f"{prepared}/python/bin/python", "-I", "-S", "-B", f"{imported}/inside/main.py", imported),
        withheld=given_utils.withheld(functions),
    )


def _standard_library() -> tuple[dict[str, str], tuple[str, ...]]:
    """Split the standard library's folder into its own entries (name → path) and the paths of all others."""
    folder = sysconfig.get_path("stdlib")
    found, others = {}, []
    for entry in os.scandir(folder):
        module = entry.name.partition(".")[0]
        known = module in sys.stdlib_module_names or entry.name == "__pycache__"
        if (known or module.startswith("_sysconfigdata")) and module not in _LEFT_OUT:
            found[entry.name] = entry.path
        else:
            others.append(os.path.realpath(entry.path))
    own = sysconfig.get_path("platstdlib", vars={"platbase": sys.base_exec_prefix})  # not the virtual environment's
    found[_COMPILED] = os.path.join(own, _COMPILED)
    return found, tuple(sorted(set(others) - {os.path.realpath(found[_COMPILED])}))


def _installed(names: Iterable[str]) -> dict[str, str]:
    """Locate the top-level files and folders of these distributions and of all that they depend on: name → path."""
    found: dict[str, str] = {}
    known: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if re.sub(r"[-_.]+", "-", name).lower() in known:
            continue
        known.add(re.sub(r"[-_.]+", "-", name).lower())
        try:
            package = distribution(name)
        except PackageNotFoundError:
            raise SandboxUnavailable(f"the package {name} is not installed here; run: pip install {name}") from None
        found |= _files(package)
        needed = map(Requirement, package.requires or ())
        waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def _files(package: Distribution) -> dict[str, str]:
    """Locate a distribution's top-level files and folders: name → path.

    A bytecode file in a top-level ``__pycache__`` is listed by itself, because other distributions share that folder.
    """
    if package.files is None:
        raise SandboxUnavailable(
            f"the package {package.name} has no list of its files, so nothing says what of it may be read; "
            "install it with pip, in an environment of its own"
        )
    parts = {file.parts[: 2 if file.parts[0] == "__pycache__" else 1] for file in package.files}
    tops = {"/".join(part) for part in parts if part[0] != ".." and not part[0].endswith(".dist-info")}
    found = {top: str(package.locate_file(top)) for top in tops}
    return {top: path for top, path in found.items() if os.path.exists(path)}


@cache
def _loaded(top: str) -> tuple[tuple[str, str], ...]:
    """List the shared libraries that a program, or the compiled modules in a folder, need.

    Each is a pair: the path by which the dynamic loader opens it, and the file that this path leads to.
    """
    programs = [top]
    if os.path.isdir(top):
        programs = [str(path) for path in Path(top).rglob("*.so*") if path.name.partition(".")[0] not in _LEFT_OUT]
    elif top.endswith(".py"):
        programs = []
    if not programs:
        return ()
    try:
        output = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise SandboxUnavailable(
            "the program ldd, which says which libraries Python needs, is missing (Debian: package libc-bin)"
        ) from None
    found = set(re.findall(r"(?:=>|^)\s*(/\S.*?) \(0x", output, re.MULTILINE))
    names = (os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in found)
    return tuple(sorted((name, os.path.realpath(name)) for name in names))


def _root_links() -> list[tuple[str, str]]:
    return [(path, os.readlink(path)) for path in _ROOT_LINKS if os.path.islink(path)]


def _beneath(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders)


def _prepared(python: str, standard: Mapping[str, str], installed: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """Make a temporary folder that looks like an installation of Python, and return its path.

    It holds links to the standard library and the packages, the worker's own modules, and the cut-down ``utils``.
    """
    temporary = TemporaryFolder()
    atexit.register(temporary.release)
    folder = Path(temporary.path)
    library = folder / "python" / os.path.relpath(sysconfig.get_path("stdlib"), sys.base_prefix)
    packages = folder / "packages"
    _link(folder / "python" / "bin" / "python", python)
    _write(folder / "python" / "pyvenv.cfg", f"home = {folder}/python/bin\n")  # where Python looks for its library
    for name, path in standard.items():
        _link(library / name, path)
    for name, path in installed.items():
        _link(packages / name, path)
    for file in _INSIDE.glob("*.py"):
        _write(packages / "inside" / file.name, file.read_text("utf-8"))
    for module, text in texts.items():
        file = packages.joinpath("utils", *module.split(".")).with_suffix(".py")
        _write(file, text)
        _write(file.parent / "__init__.py", "")
    # Compiled once here instead of in each worker. A file that is valid by itself is not compared with the text.
    for part in ("inside", "utils"):
        compile_dir(packages / part, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    for each in (folder, *folder.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o755 if each.is_dir() else 0o644)  # a worker may run as another user
    return str(folder)


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.realpath(target))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
