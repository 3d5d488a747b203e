"""The mutants that are no mistake: a course lists them, and they are held against what really survives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import CourseError
from ..reference import Reference
from .proof import Outcome

FILE = "equivalents.toml"  # in solutions/


@dataclass(frozen=True)
class Equivalents:
    """Known survivors.

    Attributes
    ----------
    reasons : dict of (exercise, old, new) to str
        Why a mutant gives right answers, in a sentence.
    """

    reasons: dict[tuple[str, str, str], str]

    @staticmethod
    def read(reference: Reference) -> Equivalents:
        """Read a course's list; it is empty where there is none.

        Raises
        ------
        CourseError
            When an entry is incomplete or stands there twice.
        """
        reasons: dict[tuple[str, str, str], str] = {}
        for group in reference.table(FILE).get("because", []):
            for entry in group["mutants"]:
                if len(entry) != 3 or tuple(entry) in reasons:
                    raise CourseError(
                        f"solutions/{FILE}: {entry} is incomplete or listed twice; write [exercise, old, new]."
                    )
                reasons[tuple(entry)] = group["reason"]
        return Equivalents(reasons)

    def unexplained(self, survivors: Iterable[Outcome]) -> list[Outcome]:
        """The survivors that are not listed: mistakes that the checks do not see."""
        return [outcome for outcome in survivors if outcome.mutant.key not in self.reasons]

    def stale(self, survivors: Iterable[Outcome], exercises: Iterable[str]) -> list[tuple[str, str, str]]:
        """Entries for these exercises that nothing survives under any more."""
        alive, wanted = {outcome.mutant.key for outcome in survivors}, set(exercises)
        return [key for key in self.reasons if key[0] in wanted and key not in alive]
