"""Write collected submissions into ``submitted/``, and keep what they replace.

A student's files are written in an order in which the collection may be stopped anywhere: first what is replaced is
copied aside, then the new archive and its time are put in place, then other forms of the submission are removed.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from ..course import Assignment
from ..gradebook.lateness import BESIDE, hand_in_time
from ..host.files import atomic_writes
from ..submission import ARCHIVES
from .packing import Packed

EARLIER: Final = ".earlier"
"""The folder in ``submitted/`` for attempts that were replaced."""


def present_forms(submitted: Path, student: str, assignment: Assignment) -> list[Path]:
    """List the forms in which a student's submission is there: a folder, archives."""
    folder = submitted / student
    paths = [folder / assignment.name, *(folder / f"{assignment.name}{ending}" for ending in ARCHIVES)]
    return [path for path in paths if path.exists()]


def store(submitted: Path, student: str, assignment: Assignment, time: datetime | None, packed: Packed | None) -> None:
    """Write an attempt and its time, and put aside what was there.

    Parameters
    ----------
    submitted : Path
        The folder that holds a folder for each student.
    student : str
    assignment : Assignment
    time : datetime, optional
        When it was handed in, in UTC; None where that is not known.
    packed : Packed, optional
        The attempt; None to write only the time.
    """
    folder = submitted / student
    beside = folder / f"{assignment.name}{BESIDE}"
    files = {beside: f"{time:%Y-%m-%d %H:%M:%S} UTC\n".encode()} if time else {}
    if packed is not None:
        old = present_forms(submitted, student, assignment)
        target = folder / f"{assignment.name}{packed.ending}"
        _put_aside(old, beside, submitted / EARLIER / assignment.name / student)
        if target.is_dir():
            shutil.rmtree(target)
        with atomic_writes({target: packed.data, **files}):
            pass
        for path in old:
            if path != target:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    else:
        with atomic_writes(files):
            pass
    if not time:
        beside.unlink(missing_ok=True)


def _put_aside(old: Sequence[Path], beside: Path, aside: Path) -> None:
    """Copy a submission, with its time, into a folder of its own for what is replaced."""
    if not old:
        return
    time = next((found for path in old if (found := hand_in_time(path))), None)
    name = f"{time:%Y-%m-%dT%H-%M-%SZ}" if time else "no-time"
    number = 1
    while (aside / f"{name}-{number}").exists():
        number += 1
    part = aside / f".{name}-{number}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for path in (*old, *([beside] if beside.exists() else ())):
        if path.is_dir():
            shutil.copytree(path, part / path.name, symlinks=True)
        else:
            shutil.copy2(path, part, follow_symlinks=False)
    part.rename(aside / f"{name}-{number}")
