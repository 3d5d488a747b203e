"""Keep what a reader decided about each hint, in ``solutions/student_answers/readings.toml``.

Whether a sentence names the cause of a mistake is decided by reading it. A reading holds for the hint as it was then:
when the hint changes, in more than its numbers, the answer counts as not read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import CourseError, Problem, UnusableCourseFiles, UnusableInput
from ..host.files import content, write_if_changed
from ..reference import Reference
from .measuring import Hinted

CLASSES: Final[dict[str, str]] = {
    "named": "the true cause of a mistake is named; of several mistakes each is named, or the hint says that something "
    "else is wrong, too",
    "vague": "what the hint says is true, but it does not name the cause",
    "untrue": "the hint says something that is false of this answer",
    "none": "the hint only shows what was expected and what was got, and in which cases",
}
"""What a reader can decide about a hint, in the order in which the page shows it."""

NOT_READ: Final = "not read"
FILE: Final = "readings.toml"
_HEAD = """# What a reader decided about the hint for each wrong answer, with a digest of that hint; see docs/hints.md.
# Written by `grader hints --record`.
"""
_NUMBER = re.compile(r"[-+−]?\d[\d.]*(?:e[-+]?\d+)?")


def digest(hint: str) -> str:
    """Return a digest of a hint that does not depend on its numbers, which differ from machine to machine."""
    return hashlib.sha256(" ".join(_NUMBER.sub("", hint).split()).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Readings:
    """The readings of a course.

    Attributes
    ----------
    known : mapping of str to (str, str)
        The answer's id → its class, one of `CLASSES`, and the digest of the hint that was read.
    """

    known: Mapping[str, tuple[str, str]]

    @staticmethod
    def read(reference: Reference) -> Readings:
        """Read the file; there are no readings if a course has none.

        Raises
        ------
        CourseError
            When the file cannot be read, or an entry is not a known class and a digest.
        """
        entries = reference.table(f"{reference.student_answers_folder.name}/{FILE}")
        for answer, entry in entries.items():
            if not isinstance(entry, list) or len(entry) != 2 or entry[0] not in CLASSES:
                raise CourseError(
                    f"{reference.student_answers_folder / FILE}: {answer} should have a class "
                    f"({', '.join(CLASSES)}) and a digest; read its hint again."
                )
        return Readings({answer: (entry[0], entry[1]) for answer, entry in entries.items()})

    def class_of(self, result: Hinted) -> str:
        """Return the class of a hint, or `NOT_READ` if it was not read, or was another one when it was read."""
        known, read = self.known.get(result.answer.id, ("", ""))
        return known if read == digest(result.hint) else NOT_READ

    def with_read(self, decided: Mapping[str, str], results: Iterable[Hinted]) -> Readings:
        """Return the readings with new ones: answer's id → class, decided on the hints in `results`."""
        fresh = {
            result.answer.id: (decided[result.answer.id], digest(result.hint))
            for result in results
            if result.answer.id in decided
        }
        return Readings({**self.known, **fresh})

    def write(self, reference: Reference) -> None:
        """Write the file, sorted by the answers' ids."""
        lines = [f'"{answer}" = ["{kind}", "{read}"]\n' for answer, (kind, read) in sorted(self.known.items())]
        write_if_changed(reference.student_answers_folder / FILE, "".join([_HEAD, *lines]).encode())


def read_lines(path: Path, known: Sequence[str]) -> dict[str, str]:
    """Read what a reader wrote down: a line for each answer, its id and its class.

    Parameters
    ----------
    path : Path
        The file. Empty lines and lines that begin with ``#`` are skipped.
    known : sequence of str
        The ids of all answers.

    Returns
    -------
    dict of str to str
        The answer's id → its class.

    Raises
    ------
    UnusableInput
        When the file cannot be read.
    UnusableCourseFiles
        When a line is not an id and a class; the message lists all such lines.
    """
    data = content(path)
    if data is None:
        raise UnusableInput(f"{path} cannot be read; write a line for each answer, its id and a class.")
    decided: dict[str, str] = {}
    problems = []
    for number, line in enumerate(data.decode(errors="replace").splitlines(), start=1):
        answer, _, kind = line.partition("#")[0].strip().partition(" ")
        if not answer:
            continue
        if answer not in known:
            problems.append(Problem(str(path), number, f"there is no answer {answer}; its id is shown by --show."))
        elif kind.strip() not in CLASSES:
            problems.append(Problem(str(path), number, f"{kind.strip()!r} is no class; use {', '.join(CLASSES)}."))
        decided[answer] = kind.strip()
    if problems:
        raise UnusableCourseFiles(problems)
    return decided
