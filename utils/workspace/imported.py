"""Say when Python imports the student's package from another folder than the one that the student works in.

An environment that was made in one folder imports its package from there, also when commands are run in a copy of it.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

_STARTED_AGAIN = "COURSE_COMMAND_STARTED_AGAIN"


def elsewhere(root: Path, package: str) -> str:
    """Say where this process imports the package or ``utils`` from, if it is not `root`; else return ``""``.

    Parameters
    ----------
    root : Path
        The course folder that the student works in.
    package : str
        The student's package.
    """
    for name in (package, "utils"):
        if (root / name).is_dir() and (place := _place(name)) and not _same(place, root / name):
            return _sentence(name, place.parent, root)
    return ""


def elsewhere_in_notebooks(root: Path, package: str) -> str:
    """Say where a notebook of this folder would import the package or ``utils`` from, as `elsewhere` does."""
    program = (
        "import importlib.util, sys\n"
        "for name in sys.argv[1:]:\n"
        "    found = importlib.util.find_spec(name)\n"
        "    print((found and found.origin) or '')\n"
    )
    environment = {key: value for key, value in os.environ.items() if key not in (_STARTED_AGAIN, "PYTHONPATH")}
    told = os.environ.get(_STARTED_AGAIN) or os.environ.get("PYTHONPATH", "")
    environment |= {"PYTHONPATH": told} if told and told != "-" else {}
    names = [name for name in (package, "utils") if (root / name).is_dir()]
    folder = next((path for path in sorted((root / "assignments").glob("*/"))), root)
    command = [sys.executable, "-c", program, *names]
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout
    for name, line in zip(names, said.splitlines(), strict=False):
        if not line:
            return f"Python does not find {name}. In a terminal, in {root}: python -m pip install -e ."
        if not _same(Path(line).parent, root / name):
            return _sentence(name, Path(line).parents[1], root)
    return ""


def run_again_with(root: Path) -> int | None:
    """Run this command again with the code of `root`, if this process has that of another folder.

    Returns
    -------
    int or None
        The exit code; None where this process runs the right code.
    """
    own = root / "utils"
    here = Path(__file__).parents[1]
    if not (own / "cli" / "__main__.py").is_file() or _same(here, own) or _STARTED_AGAIN in os.environ:
        return None
    path = os.environ.get("PYTHONPATH", "")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(root), path))),
        _STARTED_AGAIN: path or "-",  # what it was
    }
    command = [sys.executable, "-m", "utils.cli", *sys.argv[1:]]
    return subprocess.run(command, env=environment, check=False).returncode


def _place(name: str) -> Path | None:
    """Return the folder of a package as this process has imported it or would import it; None if it is not found."""
    module = sys.modules.get(name)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    file = getattr(module, "__file__", None) or (spec.origin if spec else None)
    return Path(file).parent if file else None


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _sentence(name: str, found: Path, root: Path) -> str:
    return (
        f"{name} comes from {found} and not from {root}: what you write in {root} has no effect here. "
        f"In a terminal, in {root}: python -m pip install -e .   Then restart the kernel of each notebook."
    )
