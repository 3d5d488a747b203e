"""Read when submissions were handed in, from a table that a learning management system gives."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from dateutil import parser

from ..errors import UnusableInput
from .attempts import Person
from .roster import Roster, people_in
from .tables import columns, contents, shown, table_in

# As in a table of one's own, Canvas's API, Moodle's grading worksheet, Gradescope's grades and GitHub Classroom's.
_COLUMNS: Final = (
    "time", "handed in", "submitted at", "last modified (submission)", "submission time", "submission timestamp",
)  # fmt: skip


_PREFIX: Final = b"while(1);"  # Canvas puts it before what it gives to a browser, so that no other page can use it
_JSON: Final = (_PREFIX, b"[")


class _Submission(msgspec.Struct):
    """The two fields of a submission, as Canvas's API describes it, that are read here."""

    user_id: int
    submitted_at: datetime | None = None


def parsed(text: str, zone: tzinfo | None) -> datetime | None:
    """Read a time; None where there is none, or where it names no zone and `zone` is None. The result is in UTC."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an unknown abbreviation of a zone would be ignored
            found: datetime = parser.parse(text)
    except (ValueError, OverflowError, parser.UnknownTimezoneWarning):
        return None
    if found.tzinfo is None:
        if zone is None:
            return None
        found = found.replace(tzinfo=zone)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


def zone_of(name: str | None) -> tzinfo | None:
    """Return the time zone of this name, such as ``"Europe/Berlin"``; None for None."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnusableInput(f'There is no time zone "{shown(name)}"; name one such as Europe/Berlin, or UTC.') from None


class Times:
    """When students have handed in, by the names that a table knows them by.

    Parameters
    ----------
    rows : sequence of (Person, datetime)
    """

    def __init__(self, rows: Sequence[tuple[Person, datetime]] = ()) -> None:
        self._times: dict[str, datetime] = {}
        for person, time in rows:  # of several rows about the same student, the newest time counts
            self._times[person.student] = max(time, self._times.get(person.student, time))
        self._people = Roster(person for person, _ in rows)

    @classmethod
    def read(cls, paths: Sequence[Path], zone: tzinfo | None) -> Times:
        """Read tables with a column for students and one for times, or what Canvas's API says about submissions.

        Parameters
        ----------
        paths : sequence of Path
            CSV files, see docs/exchange.md for the columns; or JSON files, as Canvas gives them to a browser.
        zone : tzinfo or None
            The zone of times that name none.

        Raises
        ------
        UnusableInput
            When one cannot be read, lacks such a column, or has a time that cannot be read, or is in no known zone.
        """
        return cls([each for path in paths for each in _read(path, zone)])

    def of(self, person: Person) -> datetime | None:
        """Return when somebody has handed in; None where the tables do not say."""
        found = self._people.find(person).person
        return self._times[found.student] if found else None


def _read(path: Path, zone: tzinfo | None) -> list[tuple[Person, datetime]]:
    """Read one file of times."""
    data = contents(path)
    if data.lstrip().startswith(_JSON):
        return _submissions(path, data)
    header, *rows = table_in(path, data)
    place = next((columns(header)[name] for name in _COLUMNS if name in columns(header)), -1)
    if place < 0:
        raise UnusableInput(f"{path} has no column with times; it is one of these: {', '.join(_COLUMNS)}.")
    found = []
    for row, person in people_in(path, header, rows):
        text = row[place] if place < len(row) else ""
        if text in ("", "-"):
            continue
        time = parsed(text, zone)
        if time is None and parsed(text, UTC):
            raise UnusableInput(f'{path}: "{shown(text)}" names no time zone; say which with --timezone.')
        if time is None:
            raise UnusableInput(f'{path}: "{shown(text)}" is no time; write it as 2027-02-05 23:59:00 UTC.')
        found.append((person, time))
    return found


def _submissions(path: Path, data: bytes) -> list[tuple[Person, datetime]]:
    """Read what Canvas's API says about the submissions of an assignment: who, and when."""
    try:
        found = msgspec.json.decode(data.lstrip().removeprefix(_PREFIX), type=list[_Submission])
        return [
            (Person(student=f"canvas {each.user_id}", canvas=str(each.user_id)), each.submitted_at.astimezone(UTC))
            for each in found
            if each.submitted_at and each.submitted_at.tzinfo
        ]
    except (msgspec.DecodeError, RecursionError, OverflowError) as error:
        raise UnusableInput(f"{path} is no list of submissions as Canvas's API gives it ({error}).") from None
