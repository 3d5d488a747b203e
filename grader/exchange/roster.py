"""Read who is in the class, and find out which student a download means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import UnusableInput
from .attempts import Person
from .tables import columns, read_table, shown

FILE: Final = "roster.csv"
_LONGEST: Final = 128  # nbgrader's column for names
# The columns of each field of a person, as they are called in a table of one's own, by nbgrader, in Canvas's gradebook,
# in Moodle's grading worksheet and list of participants, by Gradescope and by GitHub Classroom.
_COLUMNS: Final = {
    "student": ("student id", "student"),
    "name": ("name", "full name", "student name"),
    "email": ("email", "email address", "e-mail"),
    "login": ("login", "sis login id", "username"),
    "sid": ("sid", "sis user id", "id number", "identifier", "roster identifier"),
    "canvas": ("canvas", "canvas id", "lms user id"),
    "moodle": ("moodle", "moodle id"),
    "github": ("github", "github username"),
    "section": ("section", "sections"),
}
_FIRST: Final = ("first name", "firstname", "given name")
_LAST: Final = ("last name", "lastname", "surname", "family name")
_IDS: Final = ("canvas", "moodle", "email", "login", "sid", "github", "student")
_PARTICIPANT: Final = re.compile(r"\D*(\d+)")  # "Participant 4711", in any language


class Found(NamedTuple):
    """The student whom a download means.

    Attributes
    ----------
    person : Person or None
        None where there is nobody, or where there are several.
    why : str
        A sentence's end that says why there is none.
    """

    person: Person | None
    why: str = ""


class Roster:
    """The students of a class.

    Parameters
    ----------
    people : iterable of Person
        Everybody with the attribute `student`; of people with the same one, the first counts.
    """

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.people: dict[str, Person] = {}
        self._by_id: dict[tuple[str, str], set[str]] = {}
        self._by_name: dict[str, set[str]] = {}
        for person in people:
            self._add(person)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> Roster:
        """Read tables of students: the first says who is in the class, and each other one adds names that it knows.

        Parameters
        ----------
        paths : sequence of Path
            CSV files; see docs/exchange.md for the columns.

        Raises
        ------
        UnusableInput
            When a file cannot be read, has no column that names students, or names two with the same name.
        """
        roster = cls()
        for number, path in enumerate(paths):
            header, *rows = read_table(path)
            for _, person in people_in(path, header, rows):
                known = roster.find(person).person if number else None
                if known is None and person.student in roster.people:
                    raise UnusableInput(
                        f"{path} has two students called {shown(person.student)}; give each its own name."
                    )
                if known is None:
                    roster._add(person)
                else:
                    roster._add(known.with_more(person))
        return roster

    def __bool__(self) -> bool:
        return bool(self.people)

    def _add(self, person: Person) -> None:
        self.people[person.student] = person
        for field in _IDS:
            if value := getattr(person, field):
                self._by_id.setdefault((field, _same(value)), set()).add(person.student)
        for key in _name_keys(person.name):
            self._by_name.setdefault(key, set()).add(person.student)

    def find(self, person: Person) -> Found:
        """Find out who somebody in a download is: by a number or address that both have, or else by the name."""
        for field in _IDS:
            students = self._by_id.get((field, _same(getattr(person, field))), set())
            if len(students) == 1:
                return Found(self.people[next(iter(students))].with_more(person))
        students = {student for key in _name_keys(person.name) for student in self._by_name.get(key, ())}
        if len(students) == 1:
            return Found(self.people[next(iter(students))].with_more(person))
        if students:
            several = ", ".join(shown(student) for student in sorted(students)[:5])
            return Found(None, f"the roster has several of that name ({several})")
        return Found(None, "is not in the roster")


def own_name(person: Person) -> str:
    """Choose a student's name where there is no roster: the same in every download of the same system.

    Returns
    -------
    str
        A name that can be a folder's; ``""`` where nothing is left of what the download says.
    """
    if person.canvas:
        return usable_name(f"{person.name}_{person.canvas}")
    for field in ("student", "email", "login", "github", "sid", "name"):
        if name := usable_name(getattr(person, field)):
            return name
    return usable_name(person.moodle)


def usable_name(name: str) -> str:
    """Turn a name into one that a folder can have, and that no letter of is invisible; ``""`` if nothing is left."""
    text = unicodedata.normalize("NFC", name).replace("/", "_").replace("\\", "_").replace("+", "_")
    text = "".join(letter for letter in text if letter.isprintable()).strip().lstrip(".").strip()
    while len(text.encode()) > _LONGEST:
        text = text[:-1]
    return text


def people_in(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> Iterator[tuple[Sequence[str], Person]]:
    """Yield the rows of a table that are about somebody, each with whom.

    Raises
    ------
    UnusableInput
        When no column names students, or one has a name that cannot be a folder's.
    """
    places = columns(header)
    chosen = {field: next((places[name] for name in names if name in places), -1) for field, names in _COLUMNS.items()}
    first, last = (next((places[name] for name in names if name in places), -1) for names in (_FIRST, _LAST))
    if "id" in places and ("student" in places or "section" in places):  # Canvas's gradebook: "Student" is a name
        chosen |= {"student": -1, "name": places.get("student", -1), "canvas": places["id"]}
    elif "id" in places and chosen["student"] < 0:  # nbgrader's list of students
        chosen["student"] = places["id"]
    if places.get("identifier", -1) >= 0 and "full name" in places:  # Moodle's grading worksheet
        chosen |= {"moodle": places["identifier"], "sid": places.get("id number", -1)}
    if all(chosen[field] < 0 for field in _IDS):
        raise UnusableInput(f"{path} has no column with the students' names, such as student, id, email or login.")
    for row in rows:
        values = {field: row[place] if 0 <= place < len(row) else "" for field, place in chosen.items()}
        if not values["name"]:
            parts = (row[place] for place in (last, first) if 0 <= place < len(row))
            values["name"] = ", ".join(part for part in parts if part)
        values["moodle"] = _number(values["moodle"])
        if values["name"] in ("Points Possible", "Student, Test") or not any(values[field] for field in _IDS):
            continue
        yield row, _named(Person(**values), path)


def _number(identifier: str) -> str:
    found = _PARTICIPANT.fullmatch(identifier)
    return found[1] if found else ""


def _named(person: Person, path: Path) -> Person:
    """Give a person in a roster the name of the folder."""
    student = person.student or person.login or person.email or person.sid or person.github or own_name(person)
    if usable_name(student) != student:
        raise UnusableInput(f'{path} has a student called "{shown(student)}", which cannot be a folder; change it.')
    return person.with_more(Person(student=student)) if not person.student else person


def _same(value: str) -> str:
    """Return what two ways of writing an address or number have in common; a text that equals nothing for ``""``."""
    return unicodedata.normalize("NFKC", value).casefold().strip() or "\0"


def _name_keys(name: str) -> set[str]:
    """Return what a whole name has in common with itself in another order, without accents, spaces or capitals."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(
        r"\w+", "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("_", " ")
    )
    return {"".join(words[start:] + words[:start]) for start in range(len(words))}
