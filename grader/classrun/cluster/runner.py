"""Hand the tasks of a class run to the workers of a Dask cluster, and get each result exactly once.

When a worker dies, Dask gives its tasks to another one. What Dask does not do is done here: tasks that were lost with
the scheduler are handed out again, and a worker that turns out to be unusable gets no more.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from itertools import count
from queue import Empty, SimpleQueue
from typing import Final

from distributed import Client, Future, KilledWorker

from ...course import Course
from ...errors import Interrupted, NoUsableWorker
from ...host.interruptions import AGAIN
from ..task import Result, Task
from ..workers import DIED, seconds_for
from .admission import Admission
from .identity import identity, summary
from .plain_data import Died, Refused, Reply, decode_reply, encode_task
from .worker import Run, judge

_AHEAD: Final = 2  # tasks that are handed out for each slot: one that is judged, and one that waits for it
_SECONDS_TO_SCHEDULE: Final = 5.0  # until Dask has given a task to a worker; it takes milliseconds
_SECONDS_TO_FETCH: Final = 30.0  # for a result; if its worker dies just then, Dask has it computed again


class ClusterRunner:
    """Carry out tasks on a Dask cluster; a `Runner`.

    Parameters
    ----------
    client : Client
        The connection to the cluster.
    folder : str, default ""
        The course folder, where the workers are in this process. By default, a worker has its own.
    wait : float, default 60
        Seconds to wait for a worker that can be used: for the first one, and when none is left.
    say : callable, optional
        Called with one sentence about each worker that is not used. Nothing is called by default.
    """

    def __init__(
        self,
        client: Client,
        *,
        folder: str = "",
        wait: float = 60.0,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._client, self._folder, self._wait, self._say = client, folder, wait, say

    def __call__(self, course: Course, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
        """Yield each task with its result.

        Raises
        ------
        NoUsableWorker
            When there are workers, and none of them can be used.
        Interrupted
            When no worker is there, or the connection to the scheduler is lost for good.
        CourseError
            When the course cannot be used on this machine.
        """
        hand: _HandOut | None = None
        try:
            for task in tasks:
                if not task.exercises:
                    yield task, {}
                    continue
                hand = hand or self._begin(course, task)
                hand.waiting.append(task)
                while hand.is_full:
                    yield from hand.done()
            if hand:
                yield from hand.rest()
        finally:
            if hand:
                hand.close()

    def _begin(self, course: Course, task: Task) -> _HandOut:
        """Begin a run with its first task; the others are of the same assignment."""
        nonce = secrets.token_bytes(16)
        here = identity(course, course[task.assignment], nonce)
        run = Run(self._folder, task.assignment, task.sandbox, nonce, summary(here), seconds_for(course))
        return _HandOut(self._client, run, Admission(self._client, run, here, self._say), self._wait)


class _HandOut:
    """The tasks of a run that have begun.

    Attributes
    ----------
    waiting : deque of Task
        The tasks that no worker has.
    """

    def __init__(self, client: Client, run: Run, admission: Admission, wait: float) -> None:
        self.waiting: deque[Task] = deque()
        self._client, self._run, self._admission, self._wait = client, run, admission, wait
        self._handed_out: dict[Future[bytes], tuple[Task, float]] = {}  # with the time when that was
        self._next_check = 0.0
        self._finished: SimpleQueue[Future[bytes]] = SimpleQueue()
        self._died: list[Task] = []
        self._tried_again: set[int] = set()
        self._numbers = count()
        self._last_seen = time.monotonic()  # when there was a worker to use, or to examine
        self._address = client.scheduler_info().get("address", "the scheduler")

    @property
    def _slots(self) -> int:
        return sum(self._admission.slots.values())

    @property
    def is_full(self) -> bool:
        """Whether there are enough tasks for the workers that are there now."""
        return len(self.waiting) + len(self._handed_out) >= _AHEAD * self._slots

    def done(self) -> Iterator[tuple[Task, Result]]:
        """Hand out tasks, wait up to a second for results, and yield those that are there."""
        self._admission.look()
        self._take_back_unscheduled()
        self._check_that_somebody_works()
        while self.waiting and len(self._handed_out) < _AHEAD * self._slots:
            self._hand_out(self.waiting.popleft())
        future = self._next()
        while future is not None:
            if future in self._handed_out:
                task, _ = self._handed_out.pop(future)
                yield from self._settle(task, self._reply(future))
            future = self._next(wait=False)

    def rest(self) -> Iterator[tuple[Task, Result]]:
        """Yield all that are left, and try those whose process died a second time, one after the other.

        A process may die because its machine ran out of memory, perhaps through another submission.
        """
        while self.waiting or self._handed_out or self._died:
            if not (self.waiting or self._handed_out):
                self.waiting.append(self._died.pop())
                self._tried_again.add(self.waiting[0].number)
            yield from self.done()

    def close(self) -> None:
        """End what the workers are doing for this run."""
        if self._client.status == "running":
            with suppress(Exception):  # the results are there, or nobody waits for them any more
                self._cancel(self._handed_out)
                self._admission.close()

    def _hand_out(self, task: Task) -> None:
        future = self._client.submit(
            judge,
            self._run,
            encode_task(task),
            key=f"judge-{self._run.nonce.hex()}-{next(self._numbers)}",
            resources={self._run.resource: 1},
            pure=False,
        )
        self._handed_out[future] = task, time.monotonic()
        future.add_done_callback(self._finished.put)

    def _next(self, wait: bool = True) -> Future[bytes] | None:
        """Return a task's future that has a result or none any more; None if there is none within a second."""
        try:
            return self._finished.get(wait, 1.0)
        except Empty:
            return None

    def _reply(self, future: Future[bytes]) -> Reply | None:
        """Return what a worker has answered; None if the answer was lost, so that the task has to be handed out again.

        `judge` raises nothing. So an exception is one of Dask's own.
        """
        try:
            return decode_reply(future.result(timeout=_SECONDS_TO_FETCH))
        except KilledWorker:
            return Died()
        except (CancelledError, OSError):  # with the connection, or with the worker; TimeoutError is an OSError
            return None
        except RuntimeError as error:
            why = " ".join(str(error).split())
            raise NoUsableWorker(
                f"{self._address} cannot hand out tasks; is this version of the grader installed there? It says: {why}"
            ) from error

    def _settle(self, task: Task, reply: Reply | None) -> Iterator[tuple[Task, Result]]:
        """Yield a task with its result if there is one; otherwise make sure that it is tried again."""
        match reply:
            case None:
                self.waiting.appendleft(task)
            case Refused():
                self.waiting.appendleft(task)
                self._dismiss(reply.address, reply.why)
            case Died() if task.number in self._tried_again:
                yield task, DIED
            case Died():
                self._died.append(task)
            case _:
                yield task, reply

    def _take_back_unscheduled(self) -> None:
        """Take back the tasks that Dask has given to no worker for some seconds, so that they are handed out again.

        When the last worker that was admitted dies, Dask keeps its tasks until a worker joins the cluster, and does not
        look at them when a worker is admitted, which is later.
        """
        now = time.monotonic()
        if now < self._next_check or self._client.status != "running":
            return
        self._next_check = now + _SECONDS_TO_SCHEDULE
        with suppress(OSError):  # the connection was lost, and all tasks with it
            scheduled = {key for keys in self._client.processing().values() for key in keys}
            self._cancel(
                future
                for future, (_, begun) in self._handed_out.items()
                if begun < now - _SECONDS_TO_SCHEDULE and future.key not in scheduled and not future.done()
            )

    def _cancel(self, futures: Iterable[Future[bytes]]) -> None:
        """Have Dask forget tasks; `done` sees then that they have to be handed out again."""
        self._client.cancel(list(futures), force=True)

    def _dismiss(self, address: str, why: str) -> None:
        """Use a worker no more, and take its tasks from it."""
        if address in self._admission.slots:
            self._admission.refuse(address, why)
            self._admission.dismiss([address])
            with suppress(OSError):
                keys = {key for held in self._client.processing([address]).values() for key in held}
                self._cancel(future for future in self._handed_out if future.key in keys)

    def _check_that_somebody_works(self) -> None:
        """Raise an error if no worker can be used, and none came for a while."""
        connected = self._client.status == "running"
        if connected and (self._slots or self._admission.examining):
            self._last_seen = time.monotonic()
            return
        if self._client.status != "closed" and time.monotonic() < self._last_seen + self._wait:
            return
        if not connected:
            raise Interrupted(f"the connection to {self._address} was lost: start the scheduler again and {AGAIN}.")
        refused = list(self._admission.refusals.values())
        if refused:
            others = f" (and {len(refused) - 1} more, for which see above)" if refused[1:] else ""
            raise NoUsableWorker(f"No worker of {self._address} can be used: {refused[0]}{others}.")
        raise Interrupted(
            f"{self._address} has had no worker for {self._wait:g} seconds: start workers, or wait for them longer "
            f"with --dask-wait, and {AGAIN}."
        )
