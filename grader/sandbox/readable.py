"""What may be read inside the sandbox, and what a worker is started with.

Everything that a worker imports is found in a prepared folder of links; readable are that folder and what the links
lead to, file by file. So whatever a submission does to the import system in its own process, there is nothing to find.
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
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from ..host.temporary_folders import TemporaryFolder
from . import given_utils
from .allowed import ALWAYS, WORKER
from .confine import SandboxUnavailable

_INSIDE = Path(__file__).resolve().parent / "inside"
_LOADER = ("/etc/ld.so.cache", "/usr/lib/locale")
_ROOT_LINKS = ("/lib", "/lib64", "/lib32")  # to /usr, on most systems
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
_COMPILED = "lib-dynload"
# Parts of the standard library that no worker has a use for: windows, which need twenty C libraries, and pip.
_LEFT_OUT = {"_tkinter", "ensurepip", "idlelib", "tkinter", "turtle", "turtledemo"}


@dataclass(frozen=True)
class ReadableFiles:
    """What a worker sees of the machine.

    Attributes
    ----------
    paths : tuple of str
        Folders and files that may be read, with everything beneath them; no path has a link in it.
    library : str
        The folder of the standard library, nearly all entries of which are among `paths`.
    hidden : tuple of str
        Its other entries: the packages that are installed in it.
    links : tuple of (str, str)
        Links that lead to something readable, and where they lead: ``("/lib64", "usr/lib64")``.
    argv : tuple of str
        The command that starts the worker.
    withheld : mapping of str to sequence of str
        What of ``utils`` can be imported there and not called; see `given_utils.withheld`.
    """

    paths: tuple[str, ...]
    library: str
    hidden: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    argv: tuple[str, ...]
    withheld: Mapping[str, tuple[str, ...]]


_LOCK = threading.Lock()


def readable_files(packages: tuple[str, ...] = (), functions: tuple[str, ...] = ()) -> ReadableFiles:
    """Prepare what a worker needs.

    Parameters
    ----------
    packages : tuple of str, default ()
        Distributions that submitted code may import beyond `allowed.ALWAYS`; what they depend on comes with them.
    functions : tuple of str, default ()
        Functions of ``utils`` that it may call; see `given_utils.names_used`.

    Returns
    -------
    ReadableFiles
        For the life of this process, after which the prepared folder is removed.

    Raises
    ------
    SandboxUnavailable
        When a package is not installed, or it cannot be found out which files it has.
    """
    with _LOCK:  # Python 3.11 cannot parse in two threads at once, and one prepared folder is enough
        return _readable_files(packages, functions)


@cache
def _readable_files(packages: tuple[str, ...], functions: tuple[str, ...]) -> ReadableFiles:
    standard, hidden = _standard_library()
    installed = _installed((*ALWAYS, *WORKER, *packages))
    python = os.path.realpath(sys.executable)
    loaded = {name: path for top in (python, standard[_COMPILED], *installed.values()) for name, path in _loaded(top)}
    folders = [*map(os.path.realpath, (*standard.values(), *installed.values()))]
    beside = [path for path in (python, *_LOADER, *loaded.values()) if os.path.exists(path)]
    links = [*_root_links(), *((name, path) for name, path in loaded.items() if name != path)]
    prepared = _prepared(python, standard, installed, given_utils.copied(functions))
    imported = f"{prepared}/packages"
    return ReadableFiles(
        paths=(*dict.fromkeys((*(path for path in beside if not _beneath(path, folders)), *folders)), prepared),
        library=os.path.realpath(sysconfig.get_path("stdlib")),
        hidden=hidden,
        links=tuple(link for link in links if not _beneath(link[0], folders)),
        # Without `site`, whose work costs more time than the worker's own imports, and its .pth files.
        argv=(f"{prepared}/python/bin/python", "-I", "-S", "-B", f"{imported}/inside/main.py", imported),
        withheld=given_utils.withheld(functions),
    )


def _standard_library() -> tuple[dict[str, str], tuple[str, ...]]:
    """The entries of the standard library's folder by their names, and the paths of what else lies in it."""
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
    """Where the top-level files and folders of these distributions, and of what they depend on, lie."""
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
    """A distribution's top-level files and folders: name → path. The bytecode of a single file counts as one."""
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
    """What the dynamic loader loads for a program, or for all that is compiled in a folder: the path, and the file."""
    programs = [top]
    if os.path.isdir(top):
        programs = [str(path) for path in Path(top).rglob("*.so*") if path.name.partition(".")[0] not in _LEFT_OUT]
    elif top.endswith(".py"):
        programs = []
    if not programs:
        return ()
    try:
        said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise SandboxUnavailable(
            "the program ldd, which says which libraries Python needs, is missing (Debian: package libc-bin)"
        ) from None
    found = set(re.findall(r"(?:=>|^)\s*(/\S.*?) \(0x", said, re.MULTILINE))
    names = (os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in found)
    return tuple(sorted((name, os.path.realpath(name)) for name in names))


def _root_links() -> list[tuple[str, str]]:
    return [(path, os.readlink(path)) for path in _ROOT_LINKS if os.path.islink(path)]


def _beneath(path: str, folders: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def _prepared(python: str, standard: Mapping[str, str], installed: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """A folder that looks like an installation of Python: links to what may be imported, and a part of ``utils``."""
    place = TemporaryFolder()
    atexit.register(place.release)
    folder = Path(place.path)
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
    for each in (folder, *folder.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o755 if each.is_dir() else 0o644)  # a worker may be another user
    return str(folder)


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(os.path.realpath(target))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
