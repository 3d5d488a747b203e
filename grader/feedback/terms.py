"""Compare the misconceptions of a class with those of earlier terms.

Each run writes ``class/misconceptions.csv`` beside the class's page. A later course names the folder of an earlier one
in course.toml, ``earlier = ["../course-2026"]``, and its class page shows how frequent each misconception was then.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..course import Course
from ..host.files import content
from ..wording import one_line
from .summary import Misconception

FILE = "misconceptions.csv"
_COLUMNS = ("exercise", "misconception", "students", "of")
_LONGEST = 1 << 20  # characters of the file


@dataclass(frozen=True)
class Term:
    """How frequent misconceptions were in an earlier term.

    Attributes
    ----------
    name : str
        The name of the earlier course's folder.
    students : int
        The number of submissions.
    counts : mapping of (str, str) to int
        Exercise and misconception → number of students.
    """

    name: str
    students: int
    counts: Mapping[tuple[str, str], int]

    def share(self, entry: Misconception) -> float:
        """Return the share of the students who had a misconception, in [0, 1]."""
        return self.counts.get((entry.exercise, entry.name), 0) / self.students if self.students else 0.0


def counts_csv(misconceptions: Sequence[Misconception], students: int) -> bytes:
    """Return the misconceptions of a class as CSV; the last row, without names, has the number of submissions."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for entry in misconceptions:
        table.writerow((entry.exercise, entry.name, len(entry.students), students))
    table.writerow(("", "", 0, students))
    return text.getvalue().encode()


def earlier_terms(course: Course, assignment: str) -> tuple[list[Term], list[str]]:
    """Read the figures of the courses that course.toml names as earlier ones.

    Returns
    -------
    terms : list of Term
        In the order of course.toml.
    missing : list of str
        A sentence for each of which there are no figures of this assignment.
    """
    terms, missing = [], []
    for folder in course.course.earlier:
        path = (course.root / folder / "build" / "feedback" / assignment / "class" / FILE).resolve()
        data = content(path)
        try:
            terms.append(_read((course.root / folder).resolve(), (data or b"").decode()[:_LONGEST]))
        except (ValueError, KeyError, TypeError, csv.Error):
            what = "is not there" if data is None else "cannot be read"
            missing.append(
                f"{one_line(str(path))} {what}; grade {assignment} of that course again, or take it out of `earlier`."
            )
    return terms, missing


def _read(folder: Path, text: str) -> Term:
    """Read the file of an earlier term; raise ValueError where it is none."""
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows:
        raise ValueError("no rows")
    counts = {(row["exercise"], row["misconception"]): int(row["students"]) for row in rows if row["exercise"]}
    return Term(folder.name, int(rows[-1]["of"]), counts)
