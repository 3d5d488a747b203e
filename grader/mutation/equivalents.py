"""The mutants that are no mistake: read from equivalents.toml, and held against what really survives."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import CourseError
from .proof import Outcome

FILE = Path(__file__).with_name("equivalents.toml")


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
    def read(path: Path = FILE) -> Equivalents:
        """Read the list.

        Raises
        ------
        CourseError
            When an entry is incomplete or stands there twice.
        """
        reasons: dict[tuple[str, str, str], str] = {}
        for group in tomllib.loads(path.read_text("utf-8")).get("because", []):
            for entry in group["mutants"]:
                if len(entry) != 3 or tuple(entry) in reasons:
                    raise CourseError(f"{path}: {entry} is incomplete or listed twice; write [exercise, old, new].")
                reasons[tuple(entry)] = group["reason"]
        return Equivalents(reasons)

    def unexplained(self, survivors: Iterable[Outcome]) -> list[Outcome]:
        """The survivors that are not listed: mistakes that the checks do not see."""
        return [outcome for outcome in survivors if outcome.mutant.key not in self.reasons]

    def stale(self, survivors: Iterable[Outcome], exercises: Iterable[str]) -> list[tuple[str, str, str]]:
        """Entries for these exercises that nothing survives under any more."""
        alive, wanted = {outcome.mutant.key for outcome in survivors}, set(exercises)
        return [key for key in self.reasons if key[0] in wanted and key not in alive]
