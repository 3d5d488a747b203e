"""Read which mutants of a course are right answers, and compare this list with the mutants that no check rejects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import CourseError
from ..reference import Reference
from .proof import Outcome

FILE = "equivalents.toml"  # in solutions/


@dataclass(frozen=True)
class Equivalents:
    """The mutants that a course lists as right answers.

    Attributes
    ----------
    reasons : dict of (str, str, str) to str
        Key of a mutant → the sentence that says why its answers are right; see `Mutant.key`.
    """

    reasons: dict[tuple[str, str, str], str]

    @staticmethod
    def read(reference: Reference) -> Equivalents:
        """Read ``solutions/equivalents.toml``; the list is empty if a course has no such file.

        Raises
        ------
        CourseError
            When the file cannot be read, or an entry is incomplete or listed twice.
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
        """Return the survivors that are not listed: mistakes that the checks do not notice."""
        return [outcome for outcome in survivors if outcome.mutant.key not in self.reasons]

    def stale(self, survivors: Iterable[Outcome], exercises: Iterable[str]) -> list[tuple[str, str, str]]:
        """Return the keys of entries for these exercises that are out of date: no survivor has such a key."""
        alive, wanted = {outcome.mutant.key for outcome in survivors}, set(exercises)
        return [key for key in self.reasons if key[0] in wanted and key not in alive]
