"""Count what the class page shows: pass rates, misconceptions, scores. All functions depend on the reports only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

from utils.checks.pack import PackError, load

from ..course import Assignment, Exercise
from ..report import Report, Verdict
from ..wording import WORDING, VerdictName

NEEDS_ATTENTION: tuple[VerdictName, ...] = ("error", "timeout", "killed")


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
    """

    exercise: Exercise
    counts: Mapping[VerdictName, int]
    total: int
    seconds: tuple[float, ...] = ()

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


def pass_rates(reports: Sequence[Report], assignment: Assignment) -> list[PassRate]:
    """Compute a `PassRate` for each exercise, in the order of course.toml."""
    verdicts = [by_name(report) for report in reports]
    rates = []
    for exercise in assignment.exercises:
        graded = [verdict[exercise.name] for verdict in verdicts if exercise.name in verdict]
        found = [verdict.verdict for verdict in graded]
        seconds = tuple(verdict.seconds for verdict in graded)
        rates.append(PassRate(exercise, {name: found.count(name) for name in WORDING}, len(found), seconds))
    return rates


def misconceptions(reports: Iterable[Report], goldens: Path) -> list[Misconception]:
    """List every misconception that was found, the most frequent first; a student counts once for each."""
    found: dict[tuple[str, str], Misconception] = {}
    for report in reports:
        for verdict in report.exercises:
            for finding in verdict.findings:
                if finding.misconception is None:
                    continue
                key = verdict.name, finding.misconception
                entry = found.setdefault(key, Misconception(*key, finding.hint, goldens))
                if report.student not in entry.students:
                    entry.students.append(report.student)
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


def needs_attention(reports: Sequence[Report]) -> list[tuple[Report, list[str]]]:
    """List the submissions that a person should look at, each with the reasons.

    A reason is an exercise that was stopped or raised an error, or a remark on the submission. Remarks that most of the
    class has are left out; see `common_remarks`.
    """
    common = set(common_remarks(reports))
    found = []
    for report in reports:
        reasons = []
        for name in NEEDS_ATTENTION:
            names = [verdict.name for verdict in report.exercises if verdict.verdict == name]
            if names:
                reasons.append(f"{WORDING[name].words.capitalize()}: {_first_names(names)}.")
        reasons.extend(remark for remark in report.remarks if remark not in common)
        if reasons:
            found.append((report, reasons))
    return found


def common_remarks(reports: Sequence[Report], smallest: int = 5) -> list[str]:
    """List the remarks that more than half of a class has; none in a class of fewer than `smallest` students."""
    if len(reports) < smallest:
        return []
    counts = Counter(remark for report in reports for remark in set(report.remarks))
    return [remark for remark, count in counts.most_common() if 2 * count > len(reports)]


def _first_names(names: Sequence[str], limit: int = 3) -> str:
    """List the first few names, and say how many more there are."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def distribution(reports: Iterable[Report], bins: int = 10) -> list[Bin]:
    """Count the scores, in percent of the assignment's points, in `bins` intervals of equal length."""
    counts = [0] * bins
    for report in reports:
        share = report.score / report.max_score if report.max_score else 0.0
        counts[min(int(share * bins + 1e-9), bins - 1)] += 1  # by rounding, 0.3 * 10 may be slightly less than 3
    return [Bin(100 * k // bins, 100 * (k + 1) // bins, count) for k, count in enumerate(counts)]


def median_score(reports: Sequence[Report]) -> float:
    """Compute the median score; 0.0 for an empty class."""
    return median(report.score for report in reports) if reports else 0.0
