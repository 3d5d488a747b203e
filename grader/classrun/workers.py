"""Carry out tasks in parallel processes of this machine, and go on if one of them hangs or dies.

Every step of judging limits the time that a submission can make it take. The processes here are a second line of
defence, for a step without such a limit, and for a process that the machine ends.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Final

from threadpoolctl import threadpool_limits

from .. import course as courses
from ..course import Assignment, Course
from ..host.bounded_process import BoundedProcess, ChildDied, OutOfTime
from ..judging import oracle
from ..judging.secret import course_secret
from ..sandbox import choose_confinement
from ..sandbox.choice import take_as_tested
from ..sandbox.inside.array_memory import keep_freed_memory, reserve_in_large_pages
from .task import Failure, Result, Task, judge_task

DIED: Final = Failure("its grading process was killed")
_MARGIN: Final = 60.0  # seconds beyond a submission's budget, for what the budget does not count, such as imports
_MANY: Final = 16  # submissions for each process, of which nearly all forms of the hidden cases are needed
_NEW_OBJECTS: Final = 20_000  # objects that a grading process makes between two searches for garbage
_AHEAD: Final = 2  # tasks that are held for each process: one that it carries out, and one that waits for it
_of_thread = threading.local()


class LocalProcesses:
    """Processes of this machine that carry out tasks; a `Runner`.

    Parameters
    ----------
    jobs : int, optional
        The number of processes that work at the same time; by default, one for each processor.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._started: _Pool | None = None

    def start(self, course: Course, assignment: Assignment, submissions: int) -> None:
        """Begin to start the processes, which takes seconds, while this process prepares other things.

        Parameters
        ----------
        course : Course
        assignment : Assignment
            The assignment that the first tasks will be about.
        submissions : int
            How many tasks will come, about.
        """
        self._started = _Pool(course, self._jobs)
        self._started.prepare(assignment, draw=submissions >= _MANY * self._jobs)

    def __call__(self, course: Course, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
        """Carry out tasks, and yield each with its result in the order in which they are done; see `Runner`."""
        pool, self._started = self._started or _Pool(course, self._jobs), None
        try:
            for task in tasks:
                if not task.exercises:
                    yield task, {}
                    continue
                pool.begin(task)
                while pool.held >= _AHEAD * self._jobs:
                    yield from pool.done()
            while pool.held:
                yield from pool.done()
        finally:
            pool.close()

    def close(self) -> None:
        """End the processes that were started and got no tasks."""
        if self._started is not None:
            self._started.close()
            self._started = None

    def __enter__(self) -> LocalProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def judge_within_time(course: Course, task: Task, watch: threading.Event | None = None) -> Result:
    """Carry out a task in this thread's grading process, and end that process if it takes too long.

    Parameters
    ----------
    course : Course
    task : Task
    watch : Event, optional
        When it is set, the process is ended and CancelledError is raised.

    Raises
    ------
    ChildDied
        When the process ended without a result.
    GraderError
        As `judge_task` does.
    """

    def check() -> None:
        if watch is not None and watch.is_set():
            raise CancelledError

    process = _process_of_thread()
    seconds = seconds_for(course)
    try:
        tested = replace(task, sandbox=choose_confinement(task.sandbox).name)
        return process.call(_judge_in_child, str(course.root), tested, seconds=seconds, watch=check)
    except OutOfTime:
        return out_of_time(seconds)


def _process_of_thread() -> BoundedProcess:
    """Return this thread's grading process; it starts at its first call."""
    if not hasattr(_of_thread, "process"):
        _of_thread.process = BoundedProcess(prepare=begin)
    process: BoundedProcess = _of_thread.process
    return process


def seconds_for(course: Course) -> float:
    """Return the processor seconds after which a grading process that judges one submission is ended."""
    return course.limits.submission_seconds + _MARGIN


def out_of_time(seconds: float) -> Failure:
    """Return the result of a task whose process was ended after this many seconds."""
    return Failure(f"grading it did not end within {seconds:g} seconds")


class _Pool:
    """Grading processes, each owned by a thread, which can end it alone when it takes too long.

    Attributes
    ----------
    held : int
        The number of tasks that were begun and not yet yielded by `done`.
    """

    def __init__(self, course: Course, jobs: int) -> None:
        self._course, self._jobs = course, jobs
        self._threads = ThreadPoolExecutor(jobs, initializer=partial(_stay_on_next, _processors_for(jobs)))
        self._leave = threading.Event()
        self._running: dict[Future[Result], Task] = {}
        self._died: list[Task] = []

    @property
    def held(self) -> int:
        return len(self._running) + len(self._died)

    def prepare(self, assignment: Assignment, draw: bool) -> None:
        """Begin to start all processes, and to prepare them for an assignment; see `_prepare_in_child`."""
        for _ in range(self._jobs):
            self._threads.submit(_prepare, self._course, assignment.name, draw)

    def begin(self, task: Task) -> None:
        """Begin with a task as soon as a process has time for it."""
        self._running[self._threads.submit(judge_within_time, self._course, task, self._leave)] = task

    def done(self) -> Iterator[tuple[Task, Result]]:
        """Wait until a task is done, and yield those that are.

        A process may die because the machine ran out of memory, perhaps through another submission. So tasks whose
        processes died are tried a second time when no other one is running, one after the other.
        """
        if not self._running:
            while self._died:
                task = self._died.pop()
                self.begin(task)
                (future,) = self._running
                try:
                    result = future.result()
                except ChildDied:
                    result = DIED
                del self._running[future]
                yield task, result
            return
        for future in wait(self._running, return_when=FIRST_COMPLETED).done:
            task = self._running.pop(future)
            try:
                result = future.result()
            except ChildDied:
                self._died.append(task)
                continue
            yield task, result

    def close(self) -> None:
        """End the running processes and drop the waiting tasks, instead of grading on."""
        self._leave.set()
        self._threads.shutdown(cancel_futures=True)


def _processors_for(jobs: int) -> Iterator[int]:
    """Return a processor for each of the processes, or none unless there are as many processes as processors.

    A grading process and its sandbox take turns: one waits while the other one works. A turn costs less on one
    processor, because none has to be woken up. Fewer processes are left to the kernel: several commands that each took
    the first processors would share these, and leave the others idle.
    """
    free = sorted(os.sched_getaffinity(0))
    return iter(free if jobs == len(free) else ())


def _stay_on_next(processors: Iterator[int]) -> None:
    """Keep this thread, and the processes that it starts, on the next of these processors."""
    for processor in processors:
        os.sched_setaffinity(0, {processor})  # 0 is the thread that calls this
        break


def _prepare(course: Course, assignment: str, draw: bool) -> None:
    """Start this thread's grading process, and prepare it; see `_prepare_in_child`.

    Nobody asks what this raises: the first task that is carried out meets it again, and says what it is.
    """
    _process_of_thread().call(_prepare_in_child, str(course.root), assignment, draw, seconds=seconds_for(course))


def _prepare_in_child(root: str, assignment: str, draw: bool) -> None:
    """Load in the grading process what judging needs; with `draw`, draw all hidden cases of an assignment, too."""
    course = _course(root)
    oracle.prepare(course, course[assignment].exercises, course_secret(course.root) if draw else None)
    gc.collect()
    gc.freeze()  # what is there now stays as long as this process: it need not be looked through again


def _judge_in_child(root: str, task: Task) -> Result:
    """Carry out a task in the grading process; its sandbox was tested in the process that sends it.

    The course is given by its folder, as that is shorter.
    """
    take_as_tested(task.sandbox)
    return judge_task(_course(root), task)


@cache
def _course(root: str) -> Course:
    """Read the course; once in the life of a process."""
    return courses.load(Path(root))


def begin() -> None:
    """Set up a grading process, before it grades anything."""
    threadpool_limits(1)  # each processor has a grading process already, so more BLAS threads would only compete
    keep_freed_memory()
    reserve_in_large_pages()
    # By default, garbage is looked for after each 700 new objects, which was 2 % of all processor time of a class.
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
