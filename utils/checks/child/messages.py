"""Define the messages between a parent and its child process, and write them to a pipe.

A message is written as its length and its bytes, because a pipe is one long row of bytes.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Any

from ..crash import Crash

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Prints:
    """What code printed, as far as it was kept.

    Attributes
    ----------
    text : str
        The first lines.
    more : int
        How many lines came behind them.
    """

    text: str = ""
    more: int = 0


@dataclass(frozen=True)
class Ready:
    """From the child, once: it has started."""


@dataclass(frozen=True)
class Call:
    """To the child: call a function.

    Attributes
    ----------
    number : int
        Comes back with everything that is said about this call.
    function : str
        Its module and its name: ``"utils.checks.child.programs.run"``.
    args : tuple
    package : str
        The student's package; see `utils.checks.crash.describe_crash`.
    memory : int
        Bytes that the call may take, on top of what the process has; 0 for no limit.
    folder : str
        The working directory.
    path : tuple of str
        Where the parent looks for modules.
    """

    number: int
    function: str
    args: tuple[Any, ...]
    package: str
    memory: int
    folder: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Where:
    """To the child: say where the running call is."""


@dataclass(frozen=True)
class Here:
    """From the child: where a call is.

    Attributes
    ----------
    number : int
    place : Crash
        The student's line, as if it had raised there.
    seconds : float
        Processor time that the call has used so far.
    more : int
        See `Prints`.
    """

    number: int
    place: Crash
    seconds: float
    more: int


@dataclass(frozen=True)
class Printed:
    """From the child: a call prints."""

    number: int
    text: str


@dataclass(frozen=True)
class Returned:
    """From the child: what a call returned, the processor seconds that it took, and `Prints.more`."""

    number: int
    value: Any
    seconds: float
    more: int


@dataclass(frozen=True)
class Raised:
    """From the child: what a call raised, the processor seconds that it took, and `Prints.more`."""

    number: int
    crash: Crash
    seconds: float
    more: int


Message = Ready | Call | Where | Here | Printed | Returned | Raised


def as_bytes(message: Message) -> bytes:
    """Turn a message into what is written to the pipe; raises whatever pickle raises for what cannot be sent."""
    data = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(data)) + data


def read(pipe: IO[bytes]) -> Message:
    """Read the next message; raises EOFError when the other side has closed the pipe."""
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    message: Message = pickle.loads(_exactly(pipe, length))
    return message


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
