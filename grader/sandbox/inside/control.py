"""Define the messages between the grader and a fork server. Both ends are trusted; nothing submitted passes here.

The control socket keeps the limits of messages (``SOCK_SEQPACKET``), so each message is one packet.
"""

from __future__ import annotations

import socket
from typing import TypeVar

import msgspec

LARGEST = 1 << 17
"""Bytes of the largest message; the kernel's own limit on a packet is higher."""

MOST_KEPT_AT_ONCE = 16
"""Descriptors of kept inputs in one message; the kernel's own limit on descriptors is higher."""

M = TypeVar("M", bound=msgspec.Struct)


class Prepare(msgspec.Struct):
    """To the server, once: what to restrict itself to, and what to import.

    Attributes
    ----------
    readable, writable : tuple of str or None
        What `landlock.restrict` is to allow; None where the confinement restricts the process from outside.
    packages : tuple of str
        Packages to import. One that cannot be imported ends the server.
    in_advance : tuple of str
        Modules of packages to import, too. One that cannot be imported is left to the submission.
    """

    readable: tuple[str, ...] | None
    writable: tuple[str, ...] | None
    packages: tuple[str, ...]
    in_advance: tuple[str, ...]


class Prepared(msgspec.Struct):
    """From the server: it has imported everything and can be forked."""


class Keep(msgspec.Struct):
    """Inputs of a program that all further workers of a server are to have in their memory.

    Attributes
    ----------
    name : str
        What `wire.Run` calls them.
    tree, blob : int
        The bytes of the two parts of a `wire.Frame`, which stand one after the other in a file in memory.
    """

    name: str
    tree: int
    blob: int


class Fork(msgspec.Struct):
    """To the server: make a worker. The descriptors that it reads from and writes to come with this message.

    Attributes
    ----------
    drop_privileges : bool
        Whether the worker calls `privileges.drop_privileges`, with the arguments `rlimits`, `memory`, `user` and
        `keeps_search`.
    keep : tuple of Keep
        At most `MOST_KEPT_AT_ONCE`. A descriptor of the file of each comes after the other two.
    programs : tuple of str
        Programs of the course that this worker and all further ones are to have compiled.
    """

    drop_privileges: bool
    rlimits: dict[str, int]
    memory: int
    user: int
    keeps_search: bool
    keep: tuple[Keep, ...] = ()
    programs: tuple[str, ...] = ()


class Forked(msgspec.Struct):
    """From the server: the worker was made. A descriptor of its process (pidfd) comes with this message."""


class Ended(msgspec.Struct):
    """From the server: the worker has ended, and this is its status as ``os.waitpid`` returns it."""

    status: int


def send(control: socket.socket, message: msgspec.Struct, descriptors: tuple[int, ...] = ()) -> None:
    """Send one message, with file descriptors if there are any; raise OSError if the other end is closed."""
    socket.send_fds(control, [msgspec.msgpack.encode(message)], descriptors)


def receive(control: socket.socket, kind: type[M], descriptors: int = 0) -> tuple[M, list[int]]:
    """Wait for one message of this kind, and for at most this many file descriptors.

    Raises
    ------
    EOFError
        When the other end is closed.
    """
    data, received, _, _ = socket.recv_fds(control, LARGEST, descriptors)
    if not data:
        raise EOFError("the control socket is closed")
    return msgspec.msgpack.decode(data, type=kind), received
