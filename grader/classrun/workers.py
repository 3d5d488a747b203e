"""Grade many submissions in parallel, each process with an end, and go on after anything.

What a submission causes is bounded step by step where it is graded; the processes here are the backstop, should a step
be forgotten, and should the machine end one of them.
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
from .grading import Graded, kept_report, no_report, ready, report_for

_MARGIN = 60.0  # seconds beyond a submission's budget, for reading it and for what is made once in each process
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
    """Grade many submissions in parallel; each is yielded as soon as it is done.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : sequence of HandIn
    jobs : int, optional
        Processes; as many as there are processors by default.
    sandbox : str
        A name for `grader.sandbox.choose_confinement`.
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
    confinement = ready(course, assignment, sandbox)
    tasks = []
    for hand_in in hand_ins:
        kept = None if again else kept_report(course, assignment, hand_in, confinement)
        if kept:
            yield kept
        else:
            tasks.append(_Task(str(course.root), assignment.name, hand_in, sandbox, again))
    # A process that dies is given another one, for the machine may have had no memory at that moment; what is left then
    # is graded one by one, so that nobody pays for another.
    tasks = yield from _in_processes(tasks, jobs or os.cpu_count() or 1)
    tasks = yield from _in_processes(tasks, 1)
    for task in tasks:
        yield Graded(task.hand_in, no_report(assignment, task.hand_in, _DIED), False)


def _in_processes(tasks: Sequence[_Task], jobs: int) -> Generator[Graded, None, list[_Task]]:
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
        return Graded(task.hand_in, no_report(course[task.assignment], task.hand_in, why), False)
    return graded


def report_within_time(
    course: Course, assignment: Assignment, hand_in: HandIn, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    """As `report_for`, in a process of its own that is ended should it hang."""
    oracle.require_packages(course, assignment)
    kept = None if again else kept_report(course, assignment, hand_in, choose_confinement(sandbox))
    if kept:
        return kept
    task = _Task(str(course.root), assignment.name, hand_in, sandbox, again)
    for _ in range(2):
        with suppress(ChildDied):
            return _bounded(task, threading.Event())
    return Graded(hand_in, no_report(assignment, hand_in, _DIED), False)


@dataclass(frozen=True)
class _Task:
    root: str
    assignment: str
    hand_in: HandIn
    sandbox: str
    again: bool


def _grade_task(task: _Task) -> Graded:
    """Runs in the process that grades."""
    course = _course(task.root)
    return report_for(course, course[task.assignment], task.hand_in, sandbox=task.sandbox, again=task.again)


@cache
def _course(root: str) -> Course:
    return courses.load(Path(root))


def _begin() -> None:
    """Before a process grades anything."""
    threadpool_limits(1)  # there is a process for each processor already, and a worker beside it
