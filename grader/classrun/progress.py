"""Count what a run over a class does, estimate when it is done, and write a log that people can read."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from ..errors import UnusableInput
from ..host.interruptions import as_interruption, interruption
from ..wording import WORDING, VerdictName, one_line, points
from .grading import Graded

LOGS: Final = Path("build", "logs")
_RECENT: Final = 200  # results that the rate is measured over, because those from the cache come much faster
_LONGEST_NAME: Final = 60  # characters of a student's name in the log


class Progress:
    """The state of a run.

    Parameters
    ----------
    total : int
        The number of submissions that the run may be about.
    log : file, optional
        Gets a line for each submission.
    clock : callable, default time.monotonic
        Returns the time in seconds.

    Attributes
    ----------
    done, kept : int
        Submissions with a result, and those of them of which nothing had to be judged.
    verdicts : Counter of str
        How often each verdict was given.
    """

    def __init__(self, total: int, log: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self._log, self._clock = total, log, clock
        self.done = self.kept = 0
        self.verdicts: Counter[VerdictName] = Counter()
        self._times: deque[float] = deque([clock()], maxlen=_RECENT)

    def add(self, graded: Graded, trouble: str = "") -> None:
        """Count a result, and write it into the log, with the reason why it could not be entered into the gradebook."""
        self.done += 1
        self.kept += graded.kept
        self.verdicts.update(verdict.verdict for verdict in graded.report.exercises)
        self._times.append(self._clock())
        if self._log:
            with as_interruption(self._log.name):
                print(_log_line(graded, trouble), file=self._log, flush=True)

    @property
    def per_minute(self) -> float:
        """Submissions a minute, of late; 0 where that is not known."""
        seconds = self._times[-1] - self._times[0]
        return 60 * (len(self._times) - 1) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at this rate; None where that is not known."""
        return 60 * (self.total - self.done) / self.per_minute if self.per_minute else None

    @property
    def counts(self) -> str:
        """How often each verdict was given: ``"✓ 12  ✗ 3"``."""
        return "  ".join(f"{WORDING[name].symbol} {count:,}" for name, count in self._given)

    @property
    def in_words(self) -> str:
        """Everything in one line, for a pipe."""
        counts = ", ".join(f"{WORDING[name].words} {count:,}" for name, count in self._given)
        left = "" if self.seconds_left is None or self.done >= self.total else f", {duration(self.seconds_left)} left"
        state = f"{self.done:,} of {self.total:,} submissions, {self.per_minute:,.0f} a minute{left}"
        return f"{state}; exercises: {counts or 'none'}"

    @property
    def _given(self) -> list[tuple[VerdictName, int]]:
        return [(name, self.verdicts[name]) for name in WORDING if self.verdicts[name]]


def duration(seconds: float) -> str:
    """Write a time for people: ``"40 s"``, ``"12 min"``, ``"3 h 05 min"``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def log_file(root: Path, assignment: str) -> Path:
    """Return the place of a run's log, if no other one is asked for: ``build/logs/hw1-2027-02-06-083000.log``."""
    return root / LOGS / f"{assignment}-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.log"


@contextmanager
def opened_log(path: Path, heading: str) -> Iterator[TextIO]:
    """Open a log, write what its lines hold, and say at the end how the run ended."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = path.open("a", encoding="utf-8")
    except OSError as error:
        if stopped := interruption(error, path):
            raise stopped from error
        raise UnusableInput(f"{path} cannot be written ({error.strerror}); choose another file with --log.") from None
    with log:
        legend = ", ".join(f"{word.symbol} {word.words}" for word in WORDING.values())
        print(f"# {_now()} {heading}", f"# time, student, points, verdicts ({legend}), seconds", sep="\n", file=log)
        try:
            yield log
        except BaseException as error:
            print(f"# {_now()} stopped: {one_line(str(error)) or type(error).__name__}", file=log)
            raise
        print(f"# {_now()} done", file=log)


def _log_line(graded: Graded, trouble: str) -> str:
    """Return the line about a submission; verdicts that need a look are named with their exercises and hints."""
    report = graded.report
    seconds = f"{sum(verdict.seconds for verdict in report.exercises if verdict.name in graded.judged):.1f} s"
    if len(graded.judged) < len(report.exercises):
        seconds = (
            f"{len(graded.judged)} judged, {seconds}" if graded.judged else "kept" if graded.kept else "not graded"
        )
    words = [
        f"{verdict.name} {WORDING[verdict.verdict].words}: {_hint(verdict.findings)}"
        for verdict in report.exercises
        if verdict.verdict in ("timeout", "killed", "error")
    ]
    marks = "".join(WORDING[verdict.verdict].symbol for verdict in report.exercises)
    earned = f"{points(report.score)}/{points(report.max_score)}"
    parts = [_now(), one_line(graded.hand_in.student, _LONGEST_NAME), earned, marks, seconds]
    notes = [*words, *([f"not entered: {trouble}"] if trouble else [])]
    return "  ".join([*parts, *(f"| {one_line(note, 200)}" for note in notes)])


def _hint(findings: tuple[object, ...]) -> str:
    return next((hint for finding in findings if (hint := getattr(finding, "hint", ""))), "")


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
