"""Grade the submissions of a class: judge what is not known yet, and make a report of each.

A submission is read once, or not at all if nothing has changed since its record was written; see `hand_in_states`. What
its outcomes depend on is looked up in the student's record; the exercises of which no outcome is known go to the
processes that judge (a `task.Runner`), together with the submission itself. What comes back is kept, and points are
computed last. So no student's code runs where only points have changed, a run that was stopped continues where it was,
and a changed recipe is judged anew in its own exercise alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..course import Assignment, Course
from ..judging import oracle
from ..judging.outcome import Outcome
from ..report import Report
from ..sandbox import Confinement, choose_confinement
from ..submission import NotASubmission, Submission
from . import record, self_test
from .cache import Cache
from .collect import HandIn, read_submission
from .hand_in_states import HandInStates
from .keys import Keys
from .record import Record
from .selection import EVERYTHING, Selection
from .task import Failure, Result, Runner, Task
from .workers import LocalProcesses

_NO_FILES: Final = Submission({}, ())
_LOOKED_AT: Final = 100  # submissions; to read the records of all takes as long as it takes to grade an unchanged class


@dataclass(frozen=True)
class Graded:
    """A submission with its report.

    Attributes
    ----------
    hand_in : HandIn
    report : Report
    kept : bool
        Whether all outcomes come from the cache; otherwise some were found now.
    files : callable
        Returns the files of the submission that were read, or reads them now; empty where they cannot be read.
    judged : tuple of str
        The exercises that were judged now.
    digest : str
        The digest of the submission that the report is about; see `Record.submission`.
    """

    hand_in: HandIn
    report: Report
    kept: bool
    files: Callable[[], Submission] = field(default=lambda: _NO_FILES, compare=False, repr=False)
    judged: tuple[str, ...] = ()
    digest: str = ""


def ready(course: Course, assignment: Assignment, sandbox: str = "auto") -> Confinement:
    """Choose the confinement, and make sure that the reference passes in it; see `self_test.require`.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : str, default "auto"
        The name of a confinement, as for `grader.sandbox.choose_confinement`.

    Returns
    -------
    Confinement
        The confinement that submissions are to run in.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed, or the course cannot be used.
    SandboxUnavailable
        When this confinement does not work on this machine.
    SelfTestFailed
        When the reference does not pass in it.
    Interrupted
        When the machine fails, such as with a full disk.
    """
    oracle.require_packages(course, assignment)
    confinement = choose_confinement(sandbox)
    self_test.require(course, assignment, confinement)
    return confinement


def grade_class(
    course: Course,
    assignment: Assignment,
    hand_ins: Iterable[HandIn],
    *,
    jobs: int | None = None,
    sandbox: str = "auto",
    again: bool = False,
    selection: Selection = EVERYTHING,
    runner: Runner | None = None,
    purpose: str = record.FOR_CLASS,
) -> Generator[Graded, None, None]:
    """Grade many submissions in parallel, and yield each result as soon as it is there.

    Only a few submissions are in memory at a time, however many there are.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : iterable of HandIn
        The submissions.
    jobs : int, optional
        The number of processes that grade at the same time; by default, one for each processor.
    sandbox : str, default "auto"
        The name of a confinement, as for `grader.sandbox.choose_confinement`.
    again : bool, default False
        Judge also what is in the cache.
    selection : Selection, default everything
        The students and exercises to grade. Other students are left out; of other exercises the last outcome counts.
    runner : Runner, optional
        Carries out the tasks; by default, processes on this machine.
    purpose : str, default "class"
        The purpose of the records to read and write; see `record`.

    Yields
    ------
    Graded
        In the order in which they are done.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed; nothing has been graded then.
    SandboxUnavailable, SelfTestFailed
        When no submission can be graded on this machine; nothing has been graded then.
    Interrupted
        When the machine fails, such as with a full disk. What was found before is in the cache.
    """
    confinement = ready(course, assignment, sandbox)
    with Cache(course) as cache:
        plans = _Plans(course, assignment, confinement, cache, again, selection, purpose)
        with closing((runner or LocalProcesses(jobs))(course, plans.tasks(hand_ins))) as results:
            for task, result in results:
                if graded := plans.finish(task, result):
                    yield graded


def grade_one(
    course: Course,
    assignment: Assignment,
    hand_in: HandIn,
    *,
    sandbox: str = "auto",
    again: bool = False,
    runner: Runner | None = None,
    purpose: str = record.FOR_CLASS,
) -> Graded:
    """Grade one submission, as `grade_class` does."""
    how: dict[str, Any] = {"sandbox": sandbox, "again": again, "purpose": purpose}
    (graded,) = grade_class(course, assignment, [hand_in], runner=runner or LocalProcesses(1), **how)
    return graded


def count_selected(
    course: Course, assignment: Assignment, hand_ins: Iterable[HandIn], selection: Selection = EVERYTHING
) -> int:
    """Count the submissions that `grade_class` grades."""
    names = [exercise.name for exercise in assignment.exercises]
    with Cache(course) as cache:
        return sum(
            selection.has(hand_in.student, record.read(cache, assignment.name, hand_in.student).outcomes, names)
            for hand_in in hand_ins
        )


def has_new(course: Course, assignment: Assignment, hand_ins: Sequence[HandIn]) -> bool:
    """Whether one of the first submissions has never been graded, so that there will be something to judge."""
    with Cache(course) as cache:
        first = (record.read(cache, assignment.name, hand_in.student) for hand_in in hand_ins[:_LOOKED_AT])
        return not all(known.outcomes for known in first)


@dataclass
class _Plan:
    """What is to be done with one submission."""

    hand_in: HandIn
    before: Record
    submission: Submission | None = None  # None if it was not read, as all is known of it
    state: bytes = b""
    keys: Mapping[str, bytes] = field(default_factory=dict)
    known: dict[str, Outcome] = field(default_factory=dict)
    judged: tuple[str, ...] = ()  # the exercises whose outcomes count; a task may have others that they need
    unreadable: str = ""


class _Plans:
    """Makes tasks of submissions, and reports of their results."""

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        confinement: Confinement,
        cache: Cache,
        again: bool,
        selection: Selection,
        purpose: str,
    ) -> None:
        self._course, self._assignment, self._confinement = course, assignment, confinement
        self._cache, self._again, self._selection, self._purpose = cache, again, selection, purpose
        self._keys = Keys(course, assignment, confinement)
        self._states = HandInStates(course, assignment, self._keys)
        self._open: dict[int, _Plan] = {}

    def tasks(self, hand_ins: Iterable[HandIn]) -> Iterator[Task]:
        """Read the submissions one after the other, and yield a task for each that is selected."""
        names = [exercise.name for exercise in self._assignment.exercises]
        for number, hand_in in enumerate(hand_ins):
            before = self._before(hand_in.student)
            if not self._selection.has(hand_in.student, before.outcomes, names):
                continue
            plan = self._plan(hand_in, before)
            self._open[number] = plan
            judged = self._needed(plan)
            yield Task(
                number,
                self._assignment.name,
                hand_in.student,
                plan.submission or _NO_FILES,  # it is there if anything has to be judged
                judged,
                self._confinement.name,
            )

    def finish(self, task: Task, result: Result) -> Graded:
        """Keep what a task has found, and make the report."""
        plan = self._open.pop(task.number)
        if plan.unreadable:
            after = self._ungraded(plan)
        elif plan.submission is None:
            after = plan.before
        elif isinstance(result, Failure):
            after = self._failed(plan, plan.submission, result)
        else:
            found = {name: result[name] for name in plan.judged}
            after = self._record(plan, plan.submission, plan.known | found)
        if after != plan.before:
            record.write(self._cache, self._assignment.name, task.student, after, self._purpose)
        report = after.report(self._assignment, task.student)
        assert report is not None
        kept = not plan.judged and not plan.unreadable
        return Graded(plan.hand_in, report, kept, self._files(plan), plan.judged, after.submission)

    def _files(self, plan: _Plan) -> Callable[[], Submission]:
        """Return what returns the files of a submission, which were read already or are read then."""

        def files() -> Submission:
            if plan.submission is not None or plan.unreadable:
                return plan.submission or _NO_FILES
            try:
                return read_submission(self._course, self._assignment, plan.hand_in.path)
            except NotASubmission:
                return _NO_FILES

        return files

    def _before(self, student: str) -> Record:
        """Return the record of a student. For other purposes than the class's, what the class has kept counts, too."""
        found = record.read(self._cache, self._assignment.name, student, self._purpose)
        if self._purpose != record.FOR_CLASS and not found.outcomes:
            return record.read(self._cache, self._assignment.name, student)
        return found

    def _plan(self, hand_in: HandIn, before: Record) -> _Plan:
        """Decide which exercises of a submission have to be judged, and read it if there are any or it has changed."""
        state = self._states.of(hand_in.path)  # before it is read: what changes meanwhile has another state
        if state and state == before.state:
            known, judged = self._known(before, before.keys)
            if not judged:
                return _Plan(hand_in, before, None, state, before.keys, known)
        try:
            submission = read_submission(self._course, self._assignment, hand_in.path)
        except NotASubmission as error:
            return _Plan(hand_in, before, unreadable=str(error))
        keys = self._keys.of(hand_in.student, submission)
        known, judged = self._known(before, keys)
        return _Plan(hand_in, before, submission, state, keys, known, judged)

    def _known(self, before: Record, keys: Mapping[str, bytes]) -> tuple[dict[str, Outcome], tuple[str, ...]]:
        """Return the outcomes that count as they are, and the names of the exercises that have to be judged."""
        served = before.served(keys)
        known, judged = {}, []
        for exercise in self._assignment.exercises:
            last = before.outcomes.get(exercise.name)
            if not self._selection.considers(exercise.name, last):
                kept = last
            else:
                kept = None if self._again or self._selection.failed else served.get(exercise.name)
            if kept is None:
                judged.append(exercise.name)
            else:
                known[exercise.name] = kept
        return known, tuple(judged)

    def _needed(self, plan: _Plan) -> tuple[str, ...]:
        """Return the exercises to judge, with those that they build on and that may have lost their worker.

        An exercise is judged without one that it builds on if that one ended its process or did not end in time, and
        only judging that one can tell.
        """
        needed = set(plan.judged)
        by_name = {exercise.name: exercise for exercise in self._assignment.exercises}
        waiting = list(plan.judged)
        while waiting:
            exercise = by_name[waiting.pop()]
            for name in exercise.requires:
                other = by_name.get(name)
                same_file = other and other.written_in[0] == exercise.written_in[0]
                if same_file and name not in needed and not plan.known[name].lasting:
                    needed.add(name)
                    waiting.append(name)
        return tuple(name for name in by_name if name in needed)

    def _record(self, plan: _Plan, submission: Submission, outcomes: dict[str, Outcome]) -> Record:
        """Return the record after a submission was graded."""
        digest, passages = record.passages(submission, plan.before)
        keys = plan.before.keys | {name: plan.keys[name] for name in outcomes if name in plan.judged}
        sandbox = self._confinement.name if plan.judged or not plan.before.outcomes else plan.before.sandbox
        # Of exercises that were not selected, the outcome may be an earlier one, found with another key.
        is_current = submission.complete and all(keys.get(name) == key for name, key in plan.keys.items())
        state = plan.state if is_current else b""
        twice = frozenset(name for name in outcomes if _is_found_twice(name, plan, outcomes[name]))
        return Record(outcomes, keys, sandbox, submission.remarks, digest, passages, state, twice)

    def _failed(self, plan: _Plan, submission: Submission, failure: Failure) -> Record:
        """Return the record of a submission whose exercises could not be judged, with what is known of the others."""
        hint = _not_graded(failure.why, plan.hand_in)
        outcomes = plan.known | dict.fromkeys(plan.judged, Outcome.nothing("error", hint, ungraded=True))
        after = self._record(plan, submission, outcomes)
        remarks = (f"{hint} Look at it by hand.", *submission.remarks)
        return replace(after, remarks=remarks, state=b"", sandbox=after.sandbox if plan.known else "not run")

    def _ungraded(self, plan: _Plan) -> Record:
        """Return the record of a submission that could not be read."""
        hint = _not_graded(plan.unreadable, plan.hand_in)
        outcome = Outcome.nothing("error", hint, ungraded=True)
        outcomes = {exercise.name: outcome for exercise in self._assignment.exercises}
        return Record(outcomes, remarks=(f"{hint} Look at it by hand.",))


def _is_found_twice(name: str, plan: _Plan, outcome: Outcome) -> bool:
    """Whether two runs have found an outcome that is not lasting, with nothing changed that it depends on."""
    if name not in plan.judged:
        return name in plan.before.found_twice
    same_key = plan.before.keys.get(name) == plan.keys[name]
    return same_key and not outcome.lasting and outcome.confirms(plan.before.outcomes.get(name))


def _not_graded(why: str, hand_in: HandIn) -> str:
    """Return the sentence for the report; students read it, so the folders on the instructor's machine are left out."""
    return f"Not graded: {why.replace(f'{hand_in.path.parent}/', '')}."
