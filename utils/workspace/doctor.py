"""Look whether all is well where a student works: Python, packages, the notebooks' kernel, files, disk."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from utils.checks.course import Course
from utils.checks.pack import PackError, load, names

from .imported import elsewhere, elsewhere_in_notebooks

_ROOM = 500 * 2**20  # bytes of disk that notebooks, nets and data may need
_KERNEL = "python3"


class Finding(NamedTuple):
    """What was looked at.

    Attributes
    ----------
    mark : str
        ``"✓"`` all is well; ``"✗"`` to be mended; ``"○"`` it works, and could be better.
    text : str
        What was found, and what to do about it.
    """

    mark: str
    text: str


Look = Callable[[Course], Iterator[Finding]]


def examine(course: Course) -> Iterator[Finding]:
    """Yield what is found, thing by thing; what the course looks at besides comes last."""
    looks: list[Look] = [_python, _packages, _own_package, _kernel, _files, _disk, *_of_the_course()]
    for look in looks:
        try:
            yield from look(course)
        except Exception as error:  # one thing that cannot be looked at hides no other
            yield Finding("✗", f"{look.__name__.strip('_')} cannot be looked at: {type(error).__name__}: {error}")


def _of_the_course() -> tuple[Look, ...]:
    """What a course looks at besides: ``EXAMINED`` in its ``utils/commands.py``."""
    if importlib.util.find_spec("utils.commands") is None:
        return ()
    return tuple(getattr(importlib.import_module("utils.commands"), "EXAMINED", ()))


def _project(course: Course) -> dict[str, object]:
    try:
        table: dict[str, object] = tomllib.loads((course.root / "pyproject.toml").read_text("utf-8"))["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return {}
    return table


def _python(course: Course) -> Iterator[Finding]:
    now = ".".join(map(str, sys.version_info[:3]))
    wanted = str(_project(course).get("requires-python", "")).removeprefix(">=")
    least = tuple(int(part) for part in wanted.split(".") if part.isdigit())
    if sys.version_info[: len(least)] < least:
        yield Finding("✗", f"Python {now} is too old; make an environment with Python {wanted} or newer.")
    else:
        yield Finding("✓", f"Python {now}, {sys.executable}")
    if sys.prefix == sys.base_prefix and "CONDA_PREFIX" not in os.environ:
        yield Finding("○", "No environment is active; what you install for other courses may get in the way here.")


def _packages(course: Course) -> Iterator[Finding]:
    """Whether what the course installs is installed."""
    wanted = _project(course).get("dependencies", [])
    dependencies = [str(one) for one in wanted] if isinstance(wanted, list) else []
    absent = []
    for requirement in dependencies:
        name = next(iter(requirement.replace("[", " ").replace(">", " ").replace("=", " ").replace("<", " ").split()))
        try:
            version(name)
        except PackageNotFoundError:
            absent.append(requirement)
    if absent:
        yield Finding("✗", f"Not installed: {', '.join(absent)}. In {course.root}, run: pip install -e .")
    else:
        yield Finding("✓", f"All {len(dependencies)} packages that the course needs are installed.")


def _own_package(course: Course) -> Iterator[Finding]:
    """Whether Python imports the student's package from the folder that the student works in."""
    problems = [place(course.root, course.package) for place in (elsewhere, elsewhere_in_notebooks)]
    if any(problems):
        yield from (Finding("✗", problem) for problem in dict.fromkeys(problems) if problem)
        return
    yield Finding("✓", f"{course.package} is imported from {course.root / course.package}.")


def _kernel(course: Course) -> Iterator[Finding]:
    """Whether notebooks run with this Python."""
    found = subprocess.run(
        [sys.executable, "-m", "jupyter", "kernelspec", "list", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    try:
        kernels = json.loads(found.stdout)["kernelspecs"]
        argv = kernels[_KERNEL]["spec"]["argv"]
    except (ValueError, KeyError, TypeError):
        yield Finding("✗", "Jupyter has no Python kernel here. Run: pip install jupyterlab ipykernel")
        return
    python = shutil.which(argv[0]) or argv[0]
    if argv[0] in ("python", "python3") or _same(python, sys.executable):
        yield Finding("✓", "Notebooks run with this Python.")
    else:
        yield Finding(
            "✗",
            f"Notebooks run with another Python, {python}. Run: {sys.executable} -m ipykernel install --sys-prefix",
        )


def _same(one: str, other: str) -> bool:
    """Whether two paths of Python are those of one environment; links are not followed, which would leave it."""
    return os.path.normcase(os.path.abspath(Path(one).parent)) == os.path.normcase(os.path.abspath(Path(other).parent))


def _files(course: Course) -> Iterator[Finding]:
    """Whether the course's files are whole, and the folder can be written to."""
    damaged = []
    for name in names(course.goldens):
        try:
            load(name, course.goldens)
        except PackError:
            damaged.append(name)
    if damaged:
        yield Finding("✗", f"Damaged checks: {', '.join(damaged)}. Get the course's files again.")
    else:
        yield Finding("✓", f"The checks of {len(names(course.goldens))} exercises can be read.")
    if not course.assignments:
        yield Finding("✗", f"{course.goldens}/course.json is older than these commands. Get the course's files again.")
    try:
        with tempfile.TemporaryFile(dir=course.root):
            pass
    except OSError as error:
        yield Finding("✗", f"{course.root} cannot be written to ({error.strerror}); copy the folder to another place.")
    else:
        yield Finding("✓", f"{course.root} can be written to.")


def _disk(course: Course) -> Iterator[Finding]:
    free = shutil.disk_usage(course.root).free
    mark, advice = ("✓", "") if free > _ROOM else ("✗", f" Make room: at least {_ROOM / 2**20:.0f} MiB.")
    yield Finding(mark, f"{free / 2**30:.1f} GiB of disk are free.{advice}")
