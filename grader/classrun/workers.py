"""Grade many submissions in parallel processes, each with a time limit, and go on if one of them hangs or dies.

Every step of grading limits the time that a submission can make it take. The processes here are a second line of
defence, for a step without such a limit, and for a process that the machine ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_limits

from .. import course as courses
from ..course import Assignment, Course
from ..host.bounded_process import BoundedProcess, ChildDied, OutOfTime
from ..judging import oracle
from ..sandbox import choose_confinement
from .collect import HandIn
from .grading import Graded, kept_report, ready, report_for, ungraded_report

_MARGIN = 60.0  # seconds beyond a submission's budget, for reading it, and for imports at the start of a process
_DIED = "its grading process was killed"
_of_thread = threading.local()


def grade_class(
    course: Course,
    assignment: Assignment,
    hand_ins: Sequence[HandIn],
    *,
    jobs: int | None = None,
    sandbox: str = "auto",
    again: bool = False,
) -> Generator[Graded, None, None]:
    """Grade many submissions in parallel, and yield each result as soon as it is there.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : sequence of HandIn
        The submissions.
    jobs : int, optional
        The number of processes that grade at the same time; by default, one for each processor.
    sandbox : str, default "auto"
        The name of a confinement, as for `grader.sandbox.choose_confinement`.
    again : bool, default False
        Grade also those submissions whose reports are in the cache.

    Yields
    ------
    Graded
        First the reports from the cache, then the others, in the order in which they are done.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed; nothing has been graded then.
    SandboxUnavailable, SelfTestFailed
        When no submission can be graded on this machine; nothing has been graded then.
    Interrupted
        When the machine fails, such as with a full disk. The reports that were yielded before are in the cache.
    """
    confinement = ready(course, assignment, sandbox)
    tasks = []
    for hand_in in hand_ins:
        kept = None if again else kept_report(course, assignment, hand_in, confinement)
        if kept:
            yield kept
        else:
            tasks.append(_Task(str(course.root), assignment.name, hand_in, sandbox, again))
    # A process may die because the machine ran out of memory, perhaps through another submission. So submissions whose
    # processes died are tried a second time, one after the other.
    tasks = yield from _in_processes(tasks, jobs or os.cpu_count() or 1)
    tasks = yield from _in_processes(tasks, 1)
    for task in tasks:
        yield Graded(task.hand_in, ungraded_report(assignment, task.hand_in, _DIED), False)


def _in_processes(tasks: Sequence[_Task], jobs: int) -> Generator[Graded, None, list[_Task]]:
    """Grade tasks in this many processes at once; yield the results, and return the tasks whose process died."""
    left: list[_Task] = []
    leave = threading.Event()
    # Threads, not a pool of processes: each thread owns one grading process (see `_bounded`), and can end that process
    # alone when it takes too long.
    with ThreadPoolExecutor(max(1, min(jobs, len(tasks)))) as threads:
        futures = {threads.submit(_bounded, task, leave): task for task in tasks}
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except ChildDied:
                    left.append(futures[future])
        finally:
            # If the caller stops early, end the running processes and drop the waiting tasks, instead of grading on.
            leave.set()
            threads.shutdown(cancel_futures=True)
    return left


def _bounded(task: _Task, leave: threading.Event) -> Graded:
    """Grade a submission in this thread's grading process, and end that process if it takes too long.

    Parameters
    ----------
    task : _Task
    leave : Event
        When it is set, the process is ended and CancelledError is raised.

    Raises
    ------
    ChildDied
        When the process ended without a result.
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
        return Graded(task.hand_in, ungraded_report(course[task.assignment], task.hand_in, why), False)
    return graded


def report_within_time(
    course: Course, assignment: Assignment, hand_in: HandIn, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    """Grade one submission like `report_for`, in a child process that is ended if it takes too long.

    If the process dies, it is tried once more; if it dies again, the report says so and gives no points.
    """
    oracle.require_packages(course, assignment)
    kept = None if again else kept_report(course, assignment, hand_in, choose_confinement(sandbox))
    if kept:
        return kept
    task = _Task(str(course.root), assignment.name, hand_in, sandbox, again)
    for _ in range(2):
        with suppress(ChildDied):
            return _bounded(task, threading.Event())
    return Graded(hand_in, ungraded_report(assignment, hand_in, _DIED), False)


@dataclass(frozen=True)
class _Task:
    """The arguments of `_grade_task`. A course is given by its folder, so that only a few strings are pickled."""

    root: str
    assignment: str
    hand_in: HandIn
    sandbox: str
    again: bool


def _grade_task(task: _Task) -> Graded:
    """Grade one submission; this runs in the grading process."""
    course = _course(task.root)
    return report_for(course, course[task.assignment], task.hand_in, sandbox=task.sandbox, again=task.again)


@cache
def _course(root: str) -> Course:
    """Read the course; once in the life of a process."""
    return courses.load(Path(root))


def _begin() -> None:
    """Set up a grading process, before it grades anything."""
    threadpool_limits(1)  # each processor has a grading process already, so more BLAS threads would only compete
