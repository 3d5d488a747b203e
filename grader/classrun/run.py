"""Grade a class from end to end: grade the submissions, enter the results into the gradebook, write the pages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from .. import feedback
from ..course import Assignment, Course
from ..errors import GraderError, Interrupted, Problem
from ..gradebook import Entry, Gradebook
from ..gradebook.changes import Change
from ..gradebook.lateness import hand_in_time, not_charged
from ..gradebook.totals import Total
from ..judging.secret import course_secret
from ..report import Report
from ..submission import NotASubmission, Submission
from ..submission.similarity import Pair
from . import record
from .cache import Cache
from .collect import HandIn, read_submission, several_forms
from .grading import Graded, grade_class
from .receipts import Receipts
from .selection import EVERYTHING, Selection
from .similar import find_similar
from .task import Runner

Notebooks = Future[dict[str, Any]]
"""What `Gradebook.restored` returns, once it is there."""

New = tuple[Submission, Notebooks]
"""The files of a submission that is to be entered, and its notebooks."""

TOGETHER: Final = 20
"""The most results that are entered in one transaction."""

_SECONDS_TO_WAIT: Final = 1.0  # for further results, before those that are there are entered
_CHANGED: Final = "it was changed while it was being graded, so run the same command again"


@dataclass(frozen=True)
class ClassRun:
    """What came of a run over a class; its results are in the gradebook and on the pages.

    Attributes
    ----------
    page : Path
        The class page. The students' pages lie in the folder ``students`` beside its own.
    troubles : tuple of str
        One sentence for each submission whose result could not be entered into the gradebook. Its outcomes are in the
        cache, and the next run tries again to enter it.
    not_charged : str, default ""
        One sentence about submissions whose hand-in time is not known; see `grader.gradebook.lateness.not_charged`.
    not_shown : tuple of str, default ()
        The students who are not on the pages, because they have not been graded yet, and this run was not about them.
    changes : tuple of Change, default ()
        What has changed in the totals since the last run, for whom, and why.
    problems : tuple of Problem, default ()
        Decisions without an effect, because their students are not known, or have not handed in.
    totals : tuple of Total, default ()
        What all students get in the end, sorted by student.
    several_forms : str, default ""
        One sentence about students of whom both a folder and an archive are there.
    """

    page: Path
    troubles: tuple[str, ...]
    not_charged: str = ""
    not_shown: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    totals: tuple[Total, ...] = ()
    several_forms: str = ""


def run(
    course: Course,
    assignment: Assignment,
    hand_ins: Sequence[HandIn],
    gradebook: Gradebook,
    pages: Path,
    *,
    jobs: int | None = None,
    sandbox: str = "auto",
    again: bool = False,
    selection: Selection = EVERYTHING,
    runner: Runner | None = None,
    progress: Callable[[Graded, str], None] = lambda graded, trouble: None,
) -> ClassRun:
    """Grade submissions, enter the results into the gradebook as they come, then write all pages.

    The pages show everybody who has been graded, whatever is selected.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : sequence of HandIn
        All submissions of the class.
    gradebook : Gradebook
    pages : Path
        The folder that the feedback pages are written to.
    jobs, sandbox, again, selection, runner
        As for `grader.classrun.grading.grade_class`.
    progress : callable, optional
        Called with each result after it was entered, and with the sentence that says why it could not be entered,
        which is empty if it could. Nothing is called by default.

    Returns
    -------
    ClassRun

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed; nothing has been graded then.
    SandboxUnavailable, SelfTestFailed
        When no submission can be graded on this machine; nothing has been graded then.
    UnusableInput
        When a student or an exercise is selected that is not there.
    GradebookError
        When the gradebook cannot be used at all.
    Interrupted
        When the machine fails, such as with a full disk. Outcomes that were found are in the cache, and results that
        were entered stay in the gradebook.
    """
    selection.require(assignment, [hand_in.student for hand_in in hand_ins])
    troubles: list[str] = []
    how: dict[str, Any] = {"jobs": jobs, "sandbox": sandbox, "again": again, "selection": selection, "runner": runner}
    with Cache(course) as cache:
        receipts = Receipts(course, assignment, gradebook, cache)
        # Closing the generator ends the grading processes even if a result cannot be entered.
        with closing(grade_class(course, assignment, hand_ins, **how)) as results:
            for group in _with_notebooks(results, gradebook, receipts, jobs or os.cpu_count() or 1):
                for graded, trouble in _entered(group, gradebook, receipts):
                    troubles += [trouble] * bool(trouble)
                    progress(graded, trouble)
        applied = gradebook.apply_decisions(assignment.name, noted=receipts.noted)
        receipts.write(applied)
        known = _Known(course, assignment, hand_ins, cache)
        page = feedback.write(
            known.reports(),
            course,
            assignment,
            pages,
            secret=course_secret(course.root),
            rows=receipts.rows,
            totals=applied.totals,
            pairs=known.similar(),
            files_of=known.files_of,
        )
    untimed = not_charged(course, assignment, {hand_in.student: hand_in.path for hand_in in hand_ins})
    about = applied.changes, applied.problems, applied.totals, several_forms(hand_ins)
    return ClassRun(page, tuple(troubles), untimed, tuple(known.without), *about)


def _with_notebooks(
    results: Iterable[Graded], gradebook: Gradebook, receipts: Receipts, jobs: int
) -> Iterator[list[tuple[Graded, New | None]]]:
    """Yield results in groups to be entered together, each with its files and what restores its notebooks.

    None stands for those of a result that the gradebook has already.

    Pictures in a submitted notebook take time, and many are handed in to take much of it. So notebooks are restored in
    threads, each with a child process for pictures, and one student's delay nobody else's.
    """
    pool, waiting = ThreadPoolExecutor(jobs), dict[Notebooks, tuple[Graded, Submission]]()
    group: list[tuple[Graded, New | None]] = []
    begun = 0.0

    def add(restored: Notebooks) -> None:
        nonlocal begun
        begun = begun if group else time.monotonic()
        graded, submission = waiting.pop(restored)
        group.append((graded, (submission, restored)))

    try:
        for graded in results:
            if receipts.still_valid(graded):
                yield [(graded, None)]
                continue
            submission = graded.files()
            waiting[pool.submit(gradebook.restored, graded.report.assignment, submission)] = graded, submission
            if len(waiting) > 2 * jobs:
                wait(waiting, return_when=FIRST_COMPLETED)
            for restored in [each for each in waiting if each.done()]:
                add(restored)
            if len(group) >= TOGETHER or (group and time.monotonic() - begun > _SECONDS_TO_WAIT):
                yield group
                group = []
        if group:
            yield group
        for restored in as_completed(list(waiting)):
            group = []
            add(restored)
            yield group
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _entered(
    group: Sequence[tuple[Graded, New | None]], gradebook: Gradebook, receipts: Receipts
) -> Iterator[tuple[Graded, str]]:
    """Enter results into the gradebook; yield each with why that was not possible, or ``""``."""
    entries: list[tuple[Graded, Entry]] = []
    for graded, new in group:
        if new is None:
            yield graded, ""
            continue
        submission, restored = new
        if graded.digest and graded.digest != record.digest_of(submission):  # it was not read before now
            yield graded, f"{graded.hand_in.student}: {_CHANGED}."
            continue
        try:
            when = hand_in_time(graded.hand_in.path)
            entries.append((graded, Entry(graded.report, submission, when, restored.result())))
        except Interrupted:
            raise
        except GraderError as error:
            yield graded, f"{graded.hand_in.student}: {error}"
    for graded, trouble in _recorded(entries, gradebook):
        if not trouble:
            receipts.note(graded)
        yield graded, trouble


def _recorded(entries: Sequence[tuple[Graded, Entry]], gradebook: Gradebook) -> Iterator[tuple[Graded, str]]:
    """Enter results together; where one of them cannot be entered, each by itself."""
    try:
        if entries:
            gradebook.record_all([entry for _, entry in entries])
    except Interrupted:
        raise
    except GraderError as error:
        if len(entries) == 1:
            ((graded, _),) = entries
            yield graded, f"{graded.hand_in.student}: {error}"
        else:
            for graded, entry in entries:
                # Its notebooks have been changed already, so they are restored anew.
                yield from _recorded([(graded, replace(entry, restored=None))], gradebook)
    else:
        yield from ((graded, "") for graded, _ in entries)


class _Known:
    """What the cache knows of a class; nothing of it is held in memory.

    Attributes
    ----------
    without : list of str
        The students of whom `reports` had no report to yield.
    """

    def __init__(self, course: Course, assignment: Assignment, hand_ins: Sequence[HandIn], cache: Cache) -> None:
        self._course, self._assignment, self._hand_ins, self._cache = course, assignment, hand_ins, cache
        self.without: list[str] = []

    def reports(self) -> Iterator[Report]:
        """Yield the reports on all submissions that have been graded, in the order of the class."""
        self.without = []
        for hand_in in self._hand_ins:
            known = record.read(self._cache, self._assignment.name, hand_in.student)
            report = known.report(self._assignment, hand_in.student)
            if report is None:
                self.without.append(hand_in.student)
            else:
                yield report

    def similar(self) -> list[Pair]:
        """Find the pairs of submissions that have unusually much in common."""
        students = [hand_in.student for hand_in in self._hand_ins]
        return find_similar(self._course, self._assignment, students, self._cache)

    def files_of(self, student: str) -> dict[str, bytes]:
        """Read the files of a submission again; none where it cannot be read."""
        (path,) = (hand_in.path for hand_in in self._hand_ins if hand_in.student == student)
        try:
            return read_submission(self._course, self._assignment, path).files
        except NotASubmission:
            return {}
