"""What runs in a Dask worker: start grading processes, which judge submissions, and end those that take too long.

The Dask worker itself runs neither a student's code nor the reference. It may live for weeks, so whatever depends on
the files of the course is done in a grading process, which is another one in each run.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, Final, TypedDict, TypeVar

from distributed import Status, Worker, get_worker

from ...host.bounded_process import BoundedProcess, ChildDied, OutOfTime
from ..task import Failure
from ..workers import begin, out_of_time
from . import grading_process
from .identity import GRADER, Identity, grader_digest
from .plain_data import Died, Refused, Reply, decode_task, encode_reply

T = TypeVar("T")

_SECONDS: Final = 600.0  # of processor time, to describe a machine or to try the reference; both end long before
_LONGEST_REASON: Final = 500  # characters
_ENDING: Final = (Status.closing, Status.closed, Status.failed)


@dataclass(frozen=True)
class Run:
    """What all tasks of a run over a class have in common.

    Attributes
    ----------
    folder : str
        The course folder, where the workers are in the process of the command. Otherwise ``""``: a worker has its own.
    assignment, sandbox : str
        The names of the assignment and of the confinement.
    nonce : bytes
        Random bytes, other ones in each run.
    expected : str
        The summary of what every worker has to be described by; see `identity`.
    seconds : float
        Processor seconds after which judging a submission is ended.
    """

    folder: str
    assignment: str
    sandbox: str
    nonce: bytes
    expected: str
    seconds: float

    @property
    def resource(self) -> str:
        """The resource, in Dask's sense, that workers have which were admitted to this run."""
        return f"grader-{self.nonce.hex()}"


class Described(TypedDict):
    """What a worker says about itself."""

    name: str
    host: str
    found: Identity | Refused


class _Slot:
    """The grading process of one thread of the worker, which grades one submission at a time."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.process = BoundedProcess(prepare=begin)
        self.nonce = b""


_LOADED: Final = grader_digest()
_of_thread = threading.local()
_slots: list[_Slot] = []  # of all threads
_passed: set[tuple[str, ...]] = set()  # self-tests that were successful since this worker was started


async def describe(folder: str, assignment: str, nonce: bytes, *, dask_worker: Worker) -> Described:
    """Describe this worker's machine; see `grading_process.describe` for the arguments."""
    found = await asyncio.to_thread(_in_new_process, grading_process.describe, folder, assignment, nonce)
    if not isinstance(found, Refused) and found[GRADER] != _LOADED:
        found = Refused("its grader was changed after it was started; start the worker again")
    return {"name": str(dask_worker.name), "host": socket.gethostname(), "found": found}


async def admit(run: Run, course: str, *, dask_worker: Worker) -> str:
    """Take this worker into a run, if the reference passes in the sandbox here.

    Parameters
    ----------
    run : Run
    course : str
        A digest of what the result of the self-test depends on, so that it is not repeated for each run.
    dask_worker : Worker
        Set by Dask.

    Returns
    -------
    str
        Why the worker cannot take part; ``""`` if it does now.
    """
    test = (course, run.folder, run.assignment, run.sandbox)
    if test not in _passed:
        refused = await asyncio.to_thread(_in_new_process, grading_process.try_reference, *test[1:])
        if refused:
            return refused.why
        _passed.add(test)
    await dask_worker.set_resources(**{run.resource: dask_worker.state.nthreads})
    return ""


async def dismiss(run: Run, *, dask_worker: Worker) -> None:
    """Give this worker no more tasks of a run, and end those of its grading processes that do nothing."""
    await dask_worker.set_resources(**{run.resource: 0})
    await asyncio.to_thread(_end_idle_processes)


def judge(run: Run, data: bytes) -> bytes:
    """Judge a submission; this is the Dask task.

    Parameters
    ----------
    run : Run
    data : bytes
        See `encode_task`.

    Returns
    -------
    bytes
        See `encode_reply`.
    """
    if not hasattr(_of_thread, "slot"):
        _of_thread.slot = _Slot()
        _slots.append(_of_thread.slot)
    try:
        reply = _judge(_of_thread.slot, run, data, get_worker())
    except CancelledError:
        raise
    except Exception as error:  # a mistake in the grader itself must not stop the whole class, nor give points
        reply = Failure(f"the grader failed on it: {type(error).__name__}: {error}"[:_LONGEST_REASON])
    return encode_reply(reply)


def _judge(slot: _Slot, run: Run, data: bytes, worker: Worker) -> Reply:
    key = worker.get_current_task()

    def watch() -> None:
        """End the process if nobody waits for its result any more: the command was stopped, or this worker is."""
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled" or worker.status in _ENDING:
            raise CancelledError

    with slot.busy:
        if slot.nonce != run.nonce:  # the course or the grader may have changed since the run before
            slot.process.close()
            slot.nonce = run.nonce
        arguments = run.folder, run.nonce, run.expected, decode_task(data)
        try:
            reply = slot.process.call(grading_process.judge, *arguments, seconds=run.seconds, watch=watch)
        except OutOfTime:
            return out_of_time(run.seconds)
        except ChildDied:
            return Died()
        return Refused(reply.why, str(worker.contact_address)) if isinstance(reply, Refused) else reply


def _in_new_process(function: Callable[..., T], *arguments: Any) -> T | Refused:
    """Call a function in a process that has imported nothing yet."""
    try:
        with BoundedProcess(prepare=begin) as process:
            return process.call(function, *arguments, seconds=_SECONDS)
    except (OutOfTime, ChildDied) as error:
        return Refused(str(error))


def _end_idle_processes() -> None:
    for slot in _slots:
        if slot.busy.acquire(blocking=False):  # a busy one is about to end itself; see `watch`
            try:
                slot.process.close()
            finally:
                slot.busy.release()
