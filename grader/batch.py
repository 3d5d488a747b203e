"""A class: find the submissions, grade them in parallel, keep every verdict, go on after anything.

A verdict is kept on disk by everything it depends on: the submission's bytes, the student, the exercises and their
points, the course's secret, the confinement, and the code of the grader and of the reference. What has not changed is
not graded again, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import diskcache
import msgspec
from threadpoolctl import threadpool_limits

from utils.checks.case import Finding

from . import course as courses
from . import oracle, self_test
from .bounded import BoundedProcess, ChildDied, OutOfTime
from .course import Assignment, Course
from .errors import UnusableInput
from .gradebook.restore import is_notebook
from .interruptions import interruption
from .kept import code_digest, digest, keep, kept_results
from .sandbox import Confinement, SandboxUnavailable, confinement
from .secret import course_secret
from .submission import ARCHIVES, NotASubmission, Submission
from .verdict import Report, Verdict

_MARGIN = 60.0  # seconds beyond a submission's budget, for reading it and for what is made once in each process
_DIED = "its grading process was killed"
_of_thread = threading.local()


@dataclass(frozen=True)
class Entry:
    """One submission of a class.

    Attributes
    ----------
    student : str
        The name of the folder it lies in.
    path : Path
        A folder ``submitted/<student>/<assignment>`` or an archive of that name.
    """

    student: str
    path: Path


@dataclass(frozen=True)
class Graded:
    """A submission with its report.

    Attributes
    ----------
    entry : Entry
    report : Report
    kept : bool
        Whether the report is one that was kept, rather than made now.
    """

    entry: Entry
    report: Report
    kept: bool


def collect(submitted: Path, assignment: Assignment) -> list[Entry]:
    """The submissions of an assignment in nbgrader's layout, by student.

    Raises
    ------
    UnusableInput
        Where there is no such folder, or no submission in it.
    """
    if not submitted.is_dir():
        raise UnusableInput(
            f"There is no folder {submitted}; put submissions into {submitted}/<student>/{assignment.name}/."
        )
    entries = []
    for folder in sorted(path for path in submitted.iterdir() if path.is_dir()):
        candidates = [folder / assignment.name, *(folder / f"{assignment.name}{ending}" for ending in ARCHIVES)]
        entries += [Entry(folder.name, path) for path in candidates if path.exists()][:1]
    if not entries:
        raise UnusableInput(f"No submissions in {submitted}; they are expected as <student>/{assignment.name}/.")
    return entries


def student_of(path: Path, assignment: Assignment) -> str:
    """Whose a single submission is, by its path: ``<student>/<assignment>`` or ``<student>``, folder or archive."""
    place = path.resolve()
    name = place.name.split(".")[0]
    return place.parent.name if name == assignment.name else name


def ready(course: Course, assignment: Assignment, sandbox: str = "auto") -> Confinement:
    """Choose the sandbox, and try once whether the reference passes in it; see `self_test.require`.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : str
        A name for `grader.sandbox.confinement`.

    Returns
    -------
    Confinement
        What submissions are to run in.

    Raises
    ------
    CourseError, SandboxUnavailable, SelfTestFailed
        When nothing that is handed in can be graded here.
    """
    oracle.require_packages(course, assignment)
    held = confinement(sandbox)
    self_test.require(course, assignment, held)
    return held


def grade_class(
    course: Course,
    assignment: Assignment,
    entries: Sequence[Entry],
    *,
    jobs: int | None = None,
    sandbox: str = "auto",
    again: bool = False,
) -> Generator[Graded, None, None]:
    """Grade many submissions in parallel; each is yielded as soon as it is done.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    entries : sequence of Entry
    jobs : int, optional
        Processes; as many as there are processors by default.
    sandbox : str
        A name for `grader.sandbox.confinement`.
    again : bool
        Grade what was graded before, too.

    Yields
    ------
    Graded

    Raises
    ------
    CourseError
        Before anything is graded, when the assignment needs a package that is not installed.
    SandboxUnavailable, SelfTestFailed
        Before anything is graded.
    Interrupted
        When the machine gets in the way. What was yielded before is kept.
    """
    held = ready(course, assignment, sandbox)
    tasks = []
    for entry in entries:
        kept = None if again else _kept(course, assignment, entry, held)
        if kept:
            yield kept
        else:
            tasks.append(_Task(str(course.root), assignment.name, entry, sandbox, again))
    # A process that dies is given another one, for the machine may have had no memory at that moment; what is left then
    # is graded one by one, so that nobody pays for another.
    tasks = yield from _together(tasks, jobs or os.cpu_count() or 1)
    tasks = yield from _together(tasks, 1)
    for task in tasks:
        yield Graded(task.entry, _no_report(assignment, task.entry, _DIED), False)


def _together(tasks: Sequence[_Task], jobs: int) -> Generator[Graded, None, list[_Task]]:
    """Grade in so many processes at once; returns the tasks whose process died."""
    left: list[_Task] = []
    leave = threading.Event()
    with ThreadPoolExecutor(max(1, min(jobs, len(tasks)))) as threads:
        futures = {threads.submit(_bounded, task, leave): task for task in tasks}
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except ChildDied:
                    left.append(futures[future])
        finally:
            leave.set()  # whoever leaves early does not wait for a whole class
            threads.shutdown(cancel_futures=True)
    return left


def _bounded(task: _Task, leave: threading.Event) -> Graded:
    """Grade in a process that this thread has for it, and end that process should it hang; raises ChildDied.

    What a submission causes is bounded in there, step by step; this is the backstop, should a step be forgotten.
    """

    def watch() -> None:
        if leave.is_set():
            raise CancelledError

    if not hasattr(_of_thread, "process"):
        _of_thread.process = BoundedProcess(prepare=_begin)
    course = _course(task.root)
    seconds = course.limits.submission_seconds + _MARGIN
    try:
        graded: Graded = _of_thread.process.call(_grade_task, task, seconds=seconds, watch=watch)
    except OutOfTime:
        why = f"grading it did not end within {seconds:g} seconds"
        return Graded(task.entry, _no_report(course[task.assignment], task.entry, why), False)
    return graded


def report_within_time(
    course: Course, assignment: Assignment, entry: Entry, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    """As `report_for`, in a process of its own that is ended should it hang."""
    oracle.require_packages(course, assignment)
    kept = None if again else _kept(course, assignment, entry, confinement(sandbox))
    if kept:
        return kept
    task = _Task(str(course.root), assignment.name, entry, sandbox, again)
    for _ in range(2):
        with suppress(ChildDied):
            return _bounded(task, threading.Event())
    return Graded(entry, _no_report(assignment, entry, _DIED), False)


def report_for(
    course: Course, assignment: Assignment, entry: Entry, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    """Grade one submission, or bring back the report that was kept.

    Whatever is wrong with the submission ends up in the report.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed.
    SandboxUnavailable, SelfTestFailed
        When there is nothing to run it in, or the reference does not pass in it.
    Interrupted
        When the machine gets in the way: that is never held against a submission.
    """
    held = ready(course, assignment, sandbox)
    kept = None if again else _kept(course, assignment, entry, held)
    if kept:
        return kept
    try:
        submission = read_submission(course, assignment, entry.path)
        secret = course_secret(course.root)
        report = oracle.grade(submission, course, assignment, entry.student, confinement=held, secret=secret)
    except SandboxUnavailable:
        raise
    except NotASubmission as error:
        return Graded(entry, _no_report(assignment, entry, str(error)), False)
    except Exception as error:  # a fault of the grader's own must not stop the class, nor give points
        if stopped := interruption(error, course.root):
            raise stopped from error
        return Graded(
            entry,
            _no_report(assignment, entry, f"the grader failed on it: {type(error).__name__}: {error}"[:500]),
            False,
        )
    keep(course, {_key(course, assignment, entry.student, submission, held): msgspec.json.encode(report)})
    return Graded(entry, report, False)


def read_submission(course: Course, assignment: Assignment, path: Path) -> Submission:
    """Read the files that an assignment takes from a folder or an archive; raises NotASubmission."""
    try:
        submission = Submission.read(path, assignment.files, _given(course, assignment.name))
        damaged = [name for name, data in submission.files.items() if name.endswith(".ipynb") and not is_notebook(data)]
        said = (f"{name} cannot be read as a notebook; its answers in writing are missing" for name in sorted(damaged))
        return replace(submission, remarks=(*submission.remarks, *said))
    except NotASubmission:
        raise
    except Exception as error:  # a fault of the reader's own: a stranger's bytes must not stop the class
        if stopped := interruption(error, path):
            raise stopped from error
        raise NotASubmission(f"{path} cannot be read ({type(error).__name__}: {error})") from error


@cache
def _given_files(folder: Path) -> dict[str, bytes]:
    return {f"{folder.name}/{path.name}": path.read_bytes() for path in folder.glob("*.py")}


def _given(course: Course, name: str) -> dict[str, bytes | None]:
    """What students have besides the files of this assignment: the kit's own, and what is graded elsewhere or never."""
    others = {
        exercise.file: None
        for assignment, exercise in course.exercises(further=True)
        if assignment.name != name or not exercise.graded
    }
    return {**_given_files(course.root / course.package), **others}


def _kept(course: Course, assignment: Assignment, entry: Entry, held: Confinement) -> Graded | None:
    """The report of an earlier run, where nothing it depends on has changed."""
    try:
        submission = read_submission(course, assignment, entry.path)
        with kept_results(course) as store:
            found = store.get(_key(course, assignment, entry.student, submission, held))
        return Graded(entry, msgspec.json.decode(found, type=Report), True) if isinstance(found, bytes) else None
    except (NotASubmission, msgspec.DecodeError, OSError, sqlite3.Error, diskcache.Timeout):
        return None  # grading it anew says what is wrong


@dataclass(frozen=True)
class _Task:
    root: str
    assignment: str
    entry: Entry
    sandbox: str
    again: bool


def _grade_task(task: _Task) -> Graded:
    """Runs in the process that grades."""
    course = _course(task.root)
    return report_for(course, course[task.assignment], task.entry, sandbox=task.sandbox, again=task.again)


@cache
def _course(root: str) -> Course:
    return courses.load(Path(root))


def _begin() -> None:
    """Before a process grades anything."""
    threadpool_limits(1)  # there is a process for each processor already, and a worker beside it


def _no_report(assignment: Assignment, entry: Entry, why: str) -> Report:
    """A report that gives nothing and says why."""
    hint = f"Not graded: {why.replace(f'{entry.path.parent}/', '')}."  # the way to it is the instructor's own
    verdicts = tuple(
        Verdict(exercise.name, 0.0, exercise.points, "error", (Finding("", "error", hint),))
        for exercise in assignment.exercises
    )
    return Report(assignment.name, entry.student, "not run", verdicts, (f"{hint} Look at it by hand.",))


def _key(course: Course, assignment: Assignment, student: str, submission: Submission, held: Confinement) -> str:
    parts = (
        submission.digest.encode(),
        "\n".join(submission.remarks).encode(errors="surrogatepass"),
        student.encode(errors="surrogatepass"),
        msgspec.json.encode([assignment.name, assignment.exercises, course.limits, course.grading]),
        hashlib.sha256(course_secret(course.root)).digest(),
        held.name.encode(),
        code_digest(course.root, course.package),
    )
    return digest(parts)


__all__ = ["Entry", "Graded", "collect", "grade_class", "read_submission", "report_for", "report_within_time"]
