"""Bring the totals of a class together with the names by which other systems know its students."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..gradebook.totals import Total
from .attempts import Person
from .record import Taken
from .roster import Roster


class Result(NamedTuple):
    """A student's total, with what is known of the student.

    Attributes
    ----------
    person : Person
    total : Total
    label : str
        What the system that the submission is from calls it; ``""`` where that is not known.
    """

    person: Person
    total: Total
    label: str = ""


def results(totals: Iterable[Total], taken: Mapping[str, Taken], roster: Roster) -> list[Result]:
    """Return the results of a class, sorted by student.

    Parameters
    ----------
    totals : iterable of Total
    taken : mapping of str to Taken
        What was collected, by student.
    roster : Roster
        The students of the class; may be empty.
    """
    found = []
    for total in totals:
        known = taken.get(total.student)
        person = Person(student=total.student)
        for more in (known.person if known else None, roster.people.get(total.student)):
            person = person.with_more(more) if more else person
        found.append(Result(person, total, known.label if known else ""))
    return sorted(found, key=lambda result: result.person.student)
