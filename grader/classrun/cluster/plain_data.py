"""Turn tasks and results into bytes and back, so that nothing is unpickled but what dask.distributed itself sends."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from ...judging.outcome import Outcome
from ..task import Failure, Result, Task


@dataclass(frozen=True)
class Refused:
    """Why a machine does not do what it was asked for.

    Attributes
    ----------
    why : str
        A sentence, or a part of one, about that machine.
    address : str, default ""
        The address of its worker.
    """

    why: str
    address: str = ""


@dataclass(frozen=True)
class Died:
    """A grading process ended without a result."""


Reply = Result | Refused | Died
"""What a worker answers to a task."""


@dataclass(frozen=True)
class _Envelope:
    """A task, with its student apart, because a name may hold surrogates, which are not valid in UTF-8."""

    student: bytes
    task: Task


@dataclass(frozen=True)
class _Reply:
    """A reply; exactly one of the attributes is set."""

    outcomes: dict[str, Outcome] | None = None
    failure: Failure | None = None
    refused: Refused | None = None
    died: Died | None = None


def encode_task(task: Task) -> bytes:
    """Return a task as bytes, without the remarks on its submission, which judging does not need."""
    bare = replace(task, student="", submission=replace(task.submission, remarks=()))
    return msgspec.msgpack.encode(_Envelope(task.student.encode(errors="surrogatepass"), bare))


def decode_task(data: bytes) -> Task:
    """Return what `encode_task` was given.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        When the bytes are no task, such as that of another version.
    """
    envelope = msgspec.msgpack.decode(data, type=_Envelope)
    return replace(envelope.task, student=envelope.student.decode(errors="surrogatepass"))


def encode_reply(reply: Reply) -> bytes:
    """Return a reply as bytes."""
    match reply:
        case Failure():
            wrapped = _Reply(failure=reply)
        case Refused():
            wrapped = _Reply(refused=reply)
        case Died():
            wrapped = _Reply(died=reply)
        case _:
            wrapped = _Reply(dict(reply))
    return msgspec.msgpack.encode(wrapped)


def decode_reply(data: bytes) -> Reply:
    """Return what `encode_reply` was given; it raises the same errors as `decode_task`."""
    reply = msgspec.msgpack.decode(data, type=_Reply)
    found = next((each for each in (reply.failure, reply.refused, reply.died) if each is not None), reply.outcomes)
    if found is None:
        raise msgspec.ValidationError("a reply without anything in it")
    return found
