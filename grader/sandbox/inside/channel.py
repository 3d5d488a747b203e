"""Frames over a pair of pipes, against a deadline.

A frame is two unsigned 32-bit numbers (the tree's length and the arrays' length, big-endian), the tree and the
arrays' bytes. The lengths are checked before a byte of either is read.
"""

from __future__ import annotations

import math
import os
import select
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .wire import Frame, Message, TooLarge, WireClosed, WireError, WireTimeout, dump, load

_HEADER = struct.Struct(">II")
_CHUNK = 1 << 20
_SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True)
class Cap:
    """The largest frame that one direction carries.

    Attributes
    ----------
    tree : int
        Bytes of structure. Kept small where the sender is not trusted: a byte of structure may cost a hundred
        bytes of memory once it is decoded.
    blob : int
        Bytes of arrays.
    """

    tree: int
    blob: int


class Channel:
    """One end of the wire.

    Parameters
    ----------
    read_fd, write_fd : int
        The pipe to read from and the pipe to write to. Both are made non-blocking; neither is closed.
    inbound, outbound : Cap
        What may be received and sent.
    watch : callable, optional
        Called several times a second while the channel is used; what it raises ends the waiting.
    """

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        inbound: Cap,
        outbound: Cap,
        watch: Callable[[], None] | None = None,
    ) -> None:
        self._watch = watch
        self._next_look = 0.0
        self._read_fd, self._write_fd = read_fd, write_fd
        self._inbound, self.outbound = inbound, outbound
        for fd in (read_fd, write_fd):
            os.set_blocking(fd, False)

    def send(self, message: Message, value: object = None, deadline: float | None = None) -> None:
        """Send one frame.

        Parameters
        ----------
        message : Message
        value : object
            What the message carries; see `wire.dump`.
        deadline : float, optional
            On the clock of `time.monotonic`. None waits for ever.

        Raises
        ------
        TooLarge
            Before anything is written, so that the wire stays usable.
        WireClosed, WireTimeout
        """
        self._send(*dump(message, value), deadline)

    def send_frame(self, frame: Frame, deadline: float | None = None) -> None:
        """Send a frame that is made already; otherwise like `send`."""
        self._send(frame.tree, [frame.blob], deadline)

    def _send(self, tree: bytes | bytearray, blobs: Sequence[bytes | bytearray], deadline: float | None) -> None:
        size = sum(map(len, blobs))
        if len(tree) > self.outbound.tree or size > self.outbound.blob:
            raise TooLarge(f"{len(tree)} + {size} bytes are more than {self.outbound.tree} + {self.outbound.blob}")
        for part in (_HEADER.pack(len(tree), size), tree, *blobs):
            self._write(memoryview(part), deadline)

    def receive(self, deadline: float | None = None) -> tuple[Message, object]:
        """Wait for one whole frame and read it; see `receive_frame` and `wire.load`."""
        return load(*self.receive_frame(deadline))

    def receive_frame(self, deadline: float | None = None) -> Frame:
        """Wait for one whole frame.

        Parameters
        ----------
        deadline : float, optional
            On the clock of `time.monotonic`. It holds for the frame as a whole, however slowly it drips.

        Returns
        -------
        Frame
            Unread: nothing is known of it but its size.

        Raises
        ------
        WireClosed, WireTimeout, WireError
        """
        tree_size, blob_size = _HEADER.unpack(self._read(_HEADER.size, deadline))
        if tree_size > self._inbound.tree or blob_size > self._inbound.blob:
            raise WireError(f"a frame of {tree_size} + {blob_size} bytes is announced: more than is allowed")
        tree = self._read(tree_size, deadline)
        return Frame(tree, self._read(blob_size, deadline))

    def _read(self, size: int, deadline: float | None) -> bytearray:
        data = bytearray()  # grows with what arrives: an announcement alone costs nothing
        while len(data) < size:
            self._wait(self._read_fd, select.POLLIN, deadline)
            try:
                part = os.read(self._read_fd, min(size - len(data), _CHUNK))
            except BlockingIOError:
                continue
            if not part:
                raise WireClosed("the other side closed the wire")
            data += part
        return data

    def _write(self, data: memoryview, deadline: float | None) -> None:
        while data:
            self._wait(self._write_fd, select.POLLOUT, deadline)
            try:
                data = data[os.write(self._write_fd, data[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise WireClosed("the other side closed the wire") from None

    def _wait(self, fd: int, event: int, deadline: float | None) -> None:
        """Wait until `fd` is ready (or hung up, which the next read or write will find)."""
        poll = select.poll()
        poll.register(fd, event)
        while True:
            now = time.monotonic()
            if self._watch and now >= self._next_look:  # also while the other side never lets this one wait
                self._watch()
                self._next_look = now + _SECONDS_BETWEEN_LOOKS
            left = math.inf if deadline is None else deadline - now
            if left <= 0:
                raise WireTimeout("nothing more came over the wire in time")
            pause = min(left, max(0.0, self._next_look - now)) if self._watch else left
            if poll.poll(None if pause == math.inf else math.ceil(pause * 1000)):
                return
