"""Remember which attempt of each student counts, for the next time that something is collected, and for exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ..course import Assignment
from ..course.decisions import aware
from ..errors import UnusableInput
from ..host.files import content
from .attempts import Person
from .tables import table_bytes

ON_TIME: Final = "on time by the system, which gives no time; the due date stands for it"
"""The note on an attempt that is only known to be on time."""


class Unknown(NamedTuple):
    """Somebody in a download who is not taken, and why: the end of a sentence."""

    name: str
    why: str


class Taken(msgspec.Struct, frozen=True):
    """The attempt of a student that counts.

    Attributes
    ----------
    person : Person
        The student, by all names that are known.
    system : str
        The system that it is from: ``"canvas"``.
    digest : str
        SHA-256 of the archive that was made of it.
    why : str
        Why it counts.
    time : datetime, optional
        When it was handed in; None where that is not known.
    late : bool, optional
        Whether the system calls it late; None where it does not say.
    exact : bool, default False
        Whether `time` is the time itself. Of an attempt that a system only calls on time, it is the due date.
    order : int, default 0
        As `Attempt.order`.
    label : str, default ""
        As `Attempt.label`.
    notes : tuple of str, default ()
        Sentences about its files.
    """

    person: Person
    system: str
    digest: str
    why: str
    time: datetime | None = None
    late: bool | None = None
    exact: bool = False
    order: int = 0
    label: str = ""
    notes: tuple[str, ...] = ()


def path_of(submitted: Path, assignment: str) -> Path:
    """Return the path of the record of an assignment."""
    return submitted / f"{assignment}.collected.json"


def read(submitted: Path, assignment: str) -> dict[str, Taken]:
    """Read what counts, by student; nothing where nothing was collected yet.

    Raises
    ------
    UnusableInput
        When the file is damaged.
    """
    path = path_of(submitted, assignment)
    data = content(path)
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=dict[str, Taken])
    except msgspec.DecodeError as error:
        raise UnusableInput(
            f"{path} cannot be read ({error}); delete it, and collect again what was collected before."
        ) from None


def encoded(taken: dict[str, Taken]) -> bytes:
    """Return what counts as the text of the file."""
    return msgspec.json.format(msgspec.json.encode(dict(sorted(taken.items()))), indent=1) + b"\n"


def table_of(
    counted: Mapping[str, Taken], missing: Iterable[str], unknown: Iterable[Unknown], assignment: Assignment
) -> bytes:
    """Return what counts, who is missing and who is unknown as a table for people, in CSV."""
    rows: list[Sequence[object]] = [("student", "name", "what", "handed in (UTC)", "late", "why this one", "remarks")]
    for student, taken in sorted(counted.items()):
        time = f"{taken.time:%Y-%m-%d %H:%M:%S}" if taken.time and taken.exact else "not known"
        remarks = "; ".join(taken.notes)
        rows.append((student, taken.person.name, "handed in", time, lateness(taken, assignment), taken.why, remarks))
    rows += [(student, "", "missing", "", "", "", "") for student in missing]
    rows += [("", each.name, "unknown", "", "", "", f"not taken: {each.why}") for each in unknown]
    return table_bytes(rows)


def lateness(taken: Taken, assignment: Assignment) -> str:
    """Say how late an attempt is, by the due date of course.toml; extensions are not looked at here."""
    if taken.time is None:
        return "late, time not known" if taken.late else "not known"
    seconds = (taken.time - aware(assignment.due)).total_seconds()
    if seconds <= 0:
        return "on time"
    days, rest = divmod(int(seconds), 86400)
    hours, minutes = divmod(rest // 60, 60)
    return f"{days} d {hours:02}:{minutes:02} late"
