"""Count what the class page shows: pass rates, misconceptions, scores.

A report holds every finding with its hint. Of each report only a small row is kept, so that a class of thousands fits
into memory; all functions count rows.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import NamedTuple

from utils.checks.pack import PackError, load

from ..course import Assignment, Exercise
from ..gradebook.totals import Total
from ..report import Report, Verdict
from ..wording import WORDING, VerdictName, one_line

NEEDS_ATTENTION: tuple[VerdictName, ...] = ("timeout", "killed", "error")
"""The verdicts after which a person should look at a submission, the most urgent first."""


class Known(NamedTuple):
    """A misconception that an answer has: the exercise, the misconception's id, and the hint for it."""

    exercise: str
    id: str
    hint: str


@dataclass(frozen=True, slots=True)
class StudentRow:
    """What the class page needs of one report.

    Attributes
    ----------
    student : str
    score, max_score : float
        What the student gets in the end, and what the assignment is worth; see `grader.gradebook.totals`.
    verdicts : tuple of str or None
        For each exercise of the assignment, its verdict; None if the report has none.
    scores, seconds : array of float
        For each exercise, the points that the program gave and its grading time; 0 if the report has no verdict.
    misconceptions : tuple of Known
        Without repetitions.
    remarks : tuple of str
    sandbox : str
        As in the report.
    needs_manual_grade : bool
        Whether a person still has to grade an answer in writing.
    decisions : tuple of str
        Sentences about the decisions that touch the total.
    """

    student: str
    score: float
    max_score: float
    verdicts: tuple[VerdictName | None, ...]
    scores: array[float]
    seconds: array[float]
    misconceptions: tuple[Known, ...]
    remarks: tuple[str, ...]
    sandbox: str
    needs_manual_grade: bool = False
    decisions: tuple[str, ...] = ()


class Attention(NamedTuple):
    """A submission that a person should look at, and the reasons; the lowest `urgency` comes first."""

    urgency: int
    row: StudentRow
    reasons: list[str]


@dataclass(frozen=True)
class PassRate:
    """How a class did on one exercise.

    Attributes
    ----------
    exercise : Exercise
        The exercise.
    counts : mapping of str to int
        Verdict → number of students.
    total : int
        Number of students.
    seconds : tuple of float
        The grading time of each student's answer, in seconds.
    bins : tuple of Bin
        The histogram of the scores.
    """

    exercise: Exercise
    counts: Mapping[VerdictName, int]
    total: int
    seconds: tuple[float, ...] = ()
    bins: tuple[Bin, ...] = ()

    @property
    def share(self) -> float:
        """The share of students whose answer is right, in [0, 1]."""
        return self.counts["pass"] / self.total if self.total else 0.0

    @property
    def median(self) -> float:
        """The median of the grading times, in seconds."""
        return median(self.seconds) if self.seconds else 0.0

    @property
    def slowest(self) -> float:
        """The longest grading time, in seconds."""
        return max(self.seconds, default=0.0)


@dataclass
class Misconception:
    """A misconception that was found in a class.

    Attributes
    ----------
    exercise : str
        The exercise's name.
    name : str
        The misconception's name.
    hint : str
        The sentence that helps.
    goldens : Path
        The folder of the course's golden packs.
    students : list of str
        Those who have it.
    """

    exercise: str
    name: str
    hint: str
    goldens: Path
    students: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What tells it from all others on the class page: ``"layers.affine_backward/db-mean"``."""
        return one_line(f"{self.exercise}/{self.name}")

    @property
    def anchor(self) -> str:
        """The HTML id of the exercise on a student's page."""
        return self.exercise.replace(".", "-")

    @property
    def visible_case(self) -> str | None:
        """The title of a visible case that shows the mistake; None where only hidden cases show it."""
        return visible_cases(self.exercise, self.goldens).get(self.name)


@dataclass(frozen=True)
class Bin:
    """One bar of the histogram: `count` scores from `start` to below `stop` percent; the last bar includes 100."""

    start: int
    stop: int
    count: int


def by_name(report: Report) -> dict[str, Verdict]:
    """Return a report's verdicts by the names of their exercises."""
    return {verdict.name: verdict for verdict in report.exercises}


def student_row(report: Report, assignment: Assignment, total: Total | None = None) -> StudentRow:
    """Copy what the class page needs of a report, and of what the student gets in the end, where that is known."""
    verdicts = by_name(report)
    found = [verdicts.get(exercise.name) for exercise in assignment.exercises]
    known = [
        # The same sentences come again in thousands of reports; they are held once.
        Known(verdict.name, sys.intern(finding.misconception), sys.intern(finding.hint))
        for verdict in report.exercises
        for finding in verdict.findings
        if finding.misconception is not None
    ]
    return StudentRow(
        report.student,
        total.score if total else report.score,
        total.max_score if total else report.max_score,
        tuple(verdict.verdict if verdict else None for verdict in found),
        array("d", [verdict.score if verdict else 0.0 for verdict in found]),
        array("d", [verdict.seconds if verdict else 0.0 for verdict in found]),
        tuple({entry[:2]: entry for entry in reversed(known)}.values()),
        tuple(map(sys.intern, report.remarks)),
        report.sandbox,
        bool(total and total.needs_manual_grade),
        tuple(map(sys.intern, total.notes)) if total else (),
    )


def pass_rates(rows: Sequence[StudentRow], assignment: Assignment) -> list[PassRate]:
    """Compute a `PassRate` for each exercise, in the order of course.toml."""
    rates = []
    for k, exercise in enumerate(assignment.exercises):
        graded = [row for row in rows if row.verdicts[k]]
        counts = Counter(row.verdicts[k] for row in graded)
        bins = distribution(row.scores[k] / exercise.points if exercise.points else 0.0 for row in graded)
        seconds = tuple(row.seconds[k] for row in graded)
        rates.append(PassRate(exercise, {name: counts[name] for name in WORDING}, len(graded), seconds, tuple(bins)))
    return rates


def misconceptions(rows: Iterable[StudentRow], goldens: Path) -> list[Misconception]:
    """List every misconception that was found, the most frequent first; a student counts once for each."""
    found: dict[tuple[str, str], Misconception] = {}
    for row in rows:
        for exercise, name, hint in row.misconceptions:
            found.setdefault((exercise, name), Misconception(exercise, name, hint, goldens)).students.append(
                row.student
            )
    return sorted(found.values(), key=lambda entry: (-len(entry.students), entry.exercise, entry.name))


@cache
def visible_cases(exercise: str, goldens: Path) -> Mapping[str, str]:
    """Map each misconception that a visible case of an exercise shows to the title of the first such case.

    The visible cases stand in the exercise's golden pack; without a pack, the mapping is empty.
    """
    found: dict[str, str] = {}
    try:
        pack = load(exercise, goldens)
    except PackError:
        return found
    for golden in pack.cases:
        for name in golden.misconceptions:
            found.setdefault(name, golden.case.title)
    return found


def needs_attention(rows: Sequence[StudentRow], assignment: Assignment) -> list[Attention]:
    """List the submissions that a person should look at, the most urgent first.

    Most urgent is what could not be graded; then come exercises that were stopped, then those that raised an error, and
    last submissions with a remark only. Remarks that most of the class has are left out; see `common_remarks`.
    """
    common = set(common_remarks(rows))
    found = []
    for row in rows:
        stopped = [(rank, name) for rank, name in enumerate(NEEDS_ATTENTION, 1) if name in row.verdicts]
        remarks = [remark for remark in row.remarks if remark not in common]
        if row.sandbox == "not run":
            found.append(Attention(0, row, remarks or ["Not graded."]))
        elif stopped or remarks:
            reasons = [f"{WORDING[name].words.capitalize()}: {_which(row, name, assignment)}." for _, name in stopped]
            urgency = stopped[0][0] if stopped else len(NEEDS_ATTENTION) + 1
            found.append(Attention(urgency, row, reasons + remarks))
    return sorted(found, key=lambda entry: (entry.urgency, entry.row.student.casefold()))


def decisions(rows: Iterable[StudentRow]) -> list[tuple[str, list[str]]]:
    """List the decisions that touch a class, each with its students; those that touch the most come first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for sentence in row.decisions:
            found.setdefault(sentence, []).append(row.student)
    return sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0]))


def common_remarks(rows: Sequence[StudentRow], smallest: int = 5) -> list[str]:
    """List the remarks that more than half of a class has; none in a class of fewer than `smallest` students."""
    if len(rows) < smallest:
        return []
    counts = Counter(remark for row in rows for remark in set(row.remarks))
    return [remark for remark, count in counts.most_common() if 2 * count > len(rows)]


def _which(row: StudentRow, verdict: VerdictName, assignment: Assignment, limit: int = 3) -> str:
    """List the first few exercises that have a verdict, and say how many more there are."""
    names = [exercise.name for exercise, own in zip(assignment.exercises, row.verdicts, strict=True) if own == verdict]
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def distribution(shares: Iterable[float], bins: int = 10) -> list[Bin]:
    """Count shares of points, from 0 to 1, in `bins` intervals of equal length."""
    counts = [0] * bins
    for share in shares:
        counts[min(int(share * bins + 1e-9), bins - 1)] += 1  # by rounding, 0.3 * 10 may be slightly less than 3
    return [Bin(100 * k // bins, 100 * (k + 1) // bins, count) for k, count in enumerate(counts)]


def score_distribution(rows: Iterable[StudentRow]) -> list[Bin]:
    """Count the scores, in percent of the assignment's points."""
    return distribution(row.score / row.max_score if row.max_score else 0.0 for row in rows)


def median_score(rows: Sequence[StudentRow]) -> float:
    """Compute the median score; 0.0 for an empty class."""
    return median(row.score for row in rows) if rows else 0.0
