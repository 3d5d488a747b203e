"""Say which students and exercises a run is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..course import Assignment
from ..errors import UnusableInput
from ..judging.outcome import Outcome, verdict_name
from ..wording import one_line


@dataclass(frozen=True)
class Selection:
    """The students and exercises that a run grades. The results of all others stay as they are.

    Attributes
    ----------
    students : frozenset of str, default all
    exercises : frozenset of str, default all
    failed : bool, default False
        Only exercises that were not judged to their end the last time: something ran out of time or was killed, the
        verdict was an error, or there is no verdict at all. They are judged again even if their outcomes are in the
        cache.
    """

    students: frozenset[str] = frozenset()
    exercises: frozenset[str] = frozenset()
    failed: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == EVERYTHING

    def considers(self, exercise: str, last: Outcome | None) -> bool:
        """Whether a run is about an exercise of a student that it is about, by its last outcome."""
        if self.exercises and exercise not in self.exercises:
            return False
        return not self.failed or _has_failed(last)

    def has(self, student: str, last: Mapping[str, Outcome], exercises: Iterable[str]) -> bool:
        """Whether a run is about any of these exercises of a student, by their last outcomes."""
        if self.students and student not in self.students:
            return False
        return any(self.considers(name, last.get(name)) for name in exercises)

    def require(self, assignment: Assignment, students: Iterable[str]) -> None:
        """Raise UnusableInput if an exercise or a student is named that is not there."""
        names = [exercise.name for exercise in assignment.exercises]
        if unknown := sorted(self.exercises.difference(names)):
            raise UnusableInput(f'{assignment.name} has no exercise "{unknown[0]}"; it has {", ".join(names)}.')
        if unknown := sorted(self.students.difference(students)):
            raise UnusableInput(
                f'There is no submission of {assignment.name} by "{one_line(unknown[0])}"; '
                "--student takes the name of a folder in submitted/."
            )


EVERYTHING: Final = Selection()


def _has_failed(last: Outcome | None) -> bool:
    """Whether an exercise was not judged to its end, by its last outcome, or has none."""
    return last is None or not last.lasting or verdict_name(last) == "error"
