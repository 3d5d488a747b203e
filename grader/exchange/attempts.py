"""Define what a download says about one attempt: whose it is, what it consists of, and when it was handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec


class Person(msgspec.Struct, frozen=True):
    """The names by which systems know somebody; ``""`` for those that are not known.

    Attributes
    ----------
    student : str
        The name in this course: the folder in ``submitted/``, and nbgrader's name.
    name : str
        The whole name, in any order: ``"Ada Lovelace"``, ``"Lovelace, Ada"``, ``"lovelaceada"``.
    email, login, sid : str
        The e-mail address, the name to log in with, and the number that the university gives.
    canvas, moodle, github : str
        Canvas's number of the user, Moodle's number of the participant (another one in each assignment), and the name
        of the GitHub account.
    section : str
        The section of the course, as Canvas has it.
    """

    student: str = ""
    name: str = ""
    email: str = ""
    login: str = ""
    sid: str = ""
    canvas: str = ""
    moodle: str = ""
    github: str = ""
    section: str = ""

    def with_more(self, other: Person) -> Person:
        """Return the same person, with what only `other` says."""
        return Person(*(mine or theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))


def _values(person: Person) -> tuple[str, ...]:
    return tuple(getattr(person, name) for name in person.__struct_fields__)


@dataclass(frozen=True)
class Attempt:
    """One attempt of one student, or of several who have handed in together.

    Attributes
    ----------
    people : tuple of Person
        Whose attempt it is.
    files : mapping of str to str
        Path in the submission → name of the entry in the download.
    time : datetime, optional
        When it was handed in; None where the download does not say.
    late : bool, optional
        Whether the system calls it late; None where it does not say.
    order : int, default 0
        Among attempts of the same student in one download without times, the largest is the newest.
    label : str, default ""
        What the system calls the attempt; it expects this name where feedback is uploaded.
    notes : tuple of str, default ()
        Sentences about files that cannot be taken.
    refused : str, default ""
        Why it is not taken: the end of a sentence that begins with the student; ``""`` if it is.
    """

    people: tuple[Person, ...]
    files: Mapping[str, str]
    time: datetime | None = None
    late: bool | None = None
    order: int = 0
    label: str = ""
    notes: tuple[str, ...] = ()
    refused: str = ""
