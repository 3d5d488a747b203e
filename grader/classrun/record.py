"""Keep what is known of one student's submission: the outcome of each exercise, and what it was found with.

The record of a student is in the cache, and every run brings it up to date. A run serves an outcome from it only if
nothing has changed that the outcome depends on, and it is lasting or was found twice; see `keys` and
`grader.judging.outcome`. The pages for a class are made of all records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from ..course import Assignment
from ..judging import oracle
from ..judging.outcome import Outcome
from ..report import Report
from ..submission import Submission
from ..submission.similarity import FINGERPRINT_VERSION, submission_fingerprints
from .cache import Cache

FOR_CLASS: Final = "class"
"""The purpose of records that runs over a class make."""

FOR_CHECK: Final = "check"
"""The purpose of records of single submissions that are graded without a gradebook, whatever they are."""


@dataclass(frozen=True)
class Record:
    """What is known of one submission of one assignment.

    Attributes
    ----------
    outcomes : dict of str to Outcome
        By exercise, those that are not lasting included.
    keys : dict of str to bytes
        By exercise, the key of what its outcome depended on.
    sandbox : str
        The confinement; ``"not run"`` if the submission could not be graded.
    remarks : tuple of str
        Those on the submission.
    submission : str
        The digest of the submission that `passages` are from.
    passages : bytes
        Fingerprints of the submission, one after the other, by which similar ones are found.
    state : bytes
        The state of the hand-in that all of this is from; see `hand_in_states`. Empty if it has to be read again.
    found_twice : frozenset of str
        The exercises whose outcome is not lasting, and which two runs have judged with the same result.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    sandbox: str = "not run"
    remarks: tuple[str, ...] = ()
    submission: str = ""
    passages: bytes = b""
    state: bytes = b""
    found_twice: frozenset[str] = frozenset()

    def served(self, keys: Mapping[str, bytes]) -> dict[str, Outcome]:
        """Return the outcomes that would be found again with these keys."""
        return {
            name: outcome
            for name, outcome in self.outcomes.items()
            if (outcome.lasting or name in self.found_twice) and name in keys and self.keys.get(name) == keys[name]
        }

    def report(self, assignment: Assignment, student: str) -> Report | None:
        """Return the report, with the points that exercises are worth now; None if an exercise has no outcome."""
        if any(exercise.name not in self.outcomes for exercise in assignment.exercises):
            return None
        return oracle.report(assignment, student, self.outcomes, self.sandbox, self.remarks)


def passages(submission: Submission, before: Record) -> tuple[str, bytes]:
    """Return the fields `Record.submission` and `Record.passages`, from an earlier record if it has them."""
    digest = digest_of(submission)
    if before.submission == digest:
        return digest, before.passages
    return digest, b"".join(sorted(submission_fingerprints(submission.files)))


def digest_of(submission: Submission) -> str:
    """Return the field `Record.submission` for a submission."""
    return f"{FINGERPRINT_VERSION} {submission.digest}"


def read(cache: Cache, assignment: str, student: str, purpose: str = FOR_CLASS) -> Record:
    """Read a student's record; an empty one where there is none, or it cannot be used."""
    data = cache.get(_name(assignment, student, purpose))
    try:
        return msgspec.msgpack.decode(data, type=Record) if data else Record()
    except msgspec.DecodeError:  # another version of the grader has written it
        return Record()


def write(cache: Cache, assignment: str, student: str, record: Record, purpose: str = FOR_CLASS) -> None:
    """Keep a student's record, in place of the one before; raise Interrupted if the cache cannot be written."""
    cache.put({_name(assignment, student, purpose): msgspec.msgpack.encode(record)})


def _name(assignment: str, student: str, purpose: str) -> str:
    return f"record {purpose} {assignment} {student}"
