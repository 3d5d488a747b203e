"""Send and receive frames over a pair of pipes, with a deadline.

A frame consists of two unsigned 32-bit numbers (the lengths of the tree and of the arrays' bytes, big-endian), the tree
and the arrays' bytes. The lengths are checked before a byte of either is read.
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
_SMALL = 1 << 16  # bytes of frames that are held
_BUFFER = 1 << 18
_SECONDS_BETWEEN_CALLS = 0.25  # of `watch`
_SECONDS_HELD = 0.005  # longer than most programs take, and too short to be noticed by a clock


@dataclass(frozen=True)
class Cap:
    """The size of the largest frame that may be sent in one direction.

    Attributes
    ----------
    tree : int
        Bytes of the tree. It should be small where the sender is not trusted, because a byte of the tree may take a
        hundred bytes of memory once it is decoded.
    blob : int
        Bytes of arrays.
    """

    tree: int
    blob: int


class Channel:
    """One end of the connection between the grader and a worker.

    Parameters
    ----------
    read_fd, write_fd : int
        The pipe to read from and the pipe to write to; neither is closed.
    inbound, outbound : Cap
        The largest frames that may be received and sent.
    watch : callable, optional
        Called four times a second while the channel is used. An exception that it raises ends the waiting.
    patient : bool, default False
        Whether each frame is waited for without a deadline, which takes one system call less.
    """

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        inbound: Cap,
        outbound: Cap,
        watch: Callable[[], None] | None = None,
        patient: bool = False,
    ) -> None:
        self._watch = watch
        self._patient = patient
        self._polls: dict[int, select.poll] = {}
        self._next_call = 0.0
        self._read_fd, self._write_fd = read_fd, write_fd
        self._inbound, self.outbound = inbound, outbound
        self._arrived = bytearray()
        self._held = bytearray()
        self._held_since = 0.0
        self._buffer = memoryview(bytearray(_BUFFER))  # kept, because memory for each read would have to be cleared
        for fd, event in ((read_fd, select.POLLIN), (write_fd, select.POLLOUT)):
            os.set_blocking(fd, patient)
            self._polls[fd] = select.poll()
            self._polls[fd].register(fd, event)

    def send(self, message: Message, value: object = None, deadline: float | None = None) -> None:
        """Send one frame.

        Parameters
        ----------
        message : Message
        value : object, optional
            The value that the message carries; see `wire.dump`. None by default.
        deadline : float, optional
            A time on the clock of `time.monotonic`. Waits for ever by default.

        Raises
        ------
        TooLarge
            When the frame is larger than the outbound cap. Nothing has been written then, so the wire stays usable.
        WireClosed
            When the other side has closed the wire.
        WireTimeout
            When the other side has not read the frame by the deadline.
        """
        self._send(*dump(message, value), deadline)

    def hold(self, message: Message, value: object = None) -> None:
        """Send one frame later, together with the next ones, if it is small: with the next `send`, or by `flush`.

        So the other side is not woken for each of several small frames. What is held for longer than `_SECONDS_HELD`
        when another frame is held is sent.

        Raises
        ------
        TooLarge, WireClosed
            As for `send`.
        """
        tree, blobs = dump(message, value)
        header = self._header(len(tree), sum(map(len, blobs)))
        now = time.monotonic()
        if not self._held:
            self._held_since = now
        self._held += b"".join((header, tree, *blobs))
        if len(self._held) > _SMALL or now - self._held_since > _SECONDS_HELD:
            self.flush()

    def flush(self, deadline: float | None = None) -> None:
        """Send what is held."""
        if self._held:
            held, self._held = self._held, bytearray()
            self._write(memoryview(held), deadline)

    def send_frame(self, frame: Frame, deadline: float | None = None) -> None:
        """Send a frame that has been encoded already; otherwise like `send`."""
        self._send(frame.tree, [frame.blob], deadline)

    def _send(self, tree: bytes | bytearray, blobs: Sequence[bytes | bytearray], deadline: float | None) -> None:
        size = sum(map(len, blobs))
        header = self._header(len(tree), size)
        self.flush(deadline)
        parts = (header, tree, *blobs)
        # The other side wakes up at each write. Of many arrays, a copy in one piece takes less time than that.
        for part in (b"".join(parts),) if len(tree) + size <= _CHUNK else parts:
            self._write(memoryview(part), deadline)

    def _header(self, tree: int, blob: int) -> bytes:
        """Return what begins a frame of this size; raise `TooLarge` for one that may not be sent."""
        if tree > self.outbound.tree or blob > self.outbound.blob:
            raise TooLarge(f"{tree} + {blob} bytes are more than {self.outbound.tree} + {self.outbound.blob}")
        return _HEADER.pack(tree, blob)

    def receive(self, deadline: float | None = None) -> tuple[Message, object]:
        """Wait for one whole frame and decode it; see `receive_frame` and `wire.load`."""
        return load(*self.receive_frame(deadline))

    def receive_frame(self, deadline: float | None = None) -> Frame:
        """Wait for one whole frame.

        Parameters
        ----------
        deadline : float, optional
            A time on the clock of `time.monotonic` by which the whole frame has to be there, even if some of it keeps
            arriving. Waits for ever by default.

        Returns
        -------
        Frame
            Not decoded yet; only its size has been checked.

        Raises
        ------
        WireClosed
            When the other side has closed the wire.
        WireTimeout
            When the frame is not complete by the deadline.
        WireError
            When the frame is larger than the inbound cap.
        """
        self._fill(_HEADER.size, deadline)
        tree_size, blob_size = _HEADER.unpack_from(self._arrived)
        if tree_size > self._inbound.tree or blob_size > self._inbound.blob:
            raise WireError(f"a frame of {tree_size} + {blob_size} bytes is announced: more than is allowed")
        middle = _HEADER.size + tree_size
        end = middle + blob_size
        self._fill(end, deadline)
        arrived = self._arrived
        tree = arrived[_HEADER.size : middle]
        if len(arrived) > end:
            blob = arrived[middle:end]
            del arrived[:end]
        else:
            blob, self._arrived = arrived, bytearray()
            del blob[:middle]
        return Frame(tree, blob)

    def _fill(self, size: int, deadline: float | None) -> None:
        """Wait until so many bytes have arrived."""
        # It grows with the bytes that arrive, so that a large announced size alone takes no memory.
        arrived = self._arrived
        while len(arrived) < size:
            if not self._patient:  # the other side has something to do first, mostly; so this waits before it reads
                self._wait(self._read_fd, deadline)
            try:
                count = os.readv(self._read_fd, [self._buffer])
            except BlockingIOError:
                continue
            if not count:
                raise WireClosed("the other side closed the wire")
            arrived += self._buffer[:count]

    def _write(self, data: memoryview, deadline: float | None) -> None:
        while data:
            if not self._patient:
                self._check(deadline)
            try:
                data = data[os.write(self._write_fd, data[:_CHUNK]) :]
            except BlockingIOError:
                self._wait(self._write_fd, deadline)
            except BrokenPipeError:
                raise WireClosed("the other side closed the wire") from None

    def _check(self, deadline: float | None) -> float:
        """Call `watch` if it is time for that, and return the seconds that are left until the deadline.

        This is called before every read and write, because a side that always has bytes ready never lets `_wait` wait.
        """
        if self._watch is None and deadline is None:
            return math.inf
        now = time.monotonic()
        if self._watch and now >= self._next_call:
            self._watch()
            self._next_call = now + _SECONDS_BETWEEN_CALLS
        left = math.inf if deadline is None else deadline - now
        if left <= 0:
            raise WireTimeout("nothing more came over the wire in time")
        return left

    def _wait(self, fd: int, deadline: float | None) -> None:
        """Wait until `fd` is ready, or the other side has hung up, which the next read or write will notice."""
        poll = self._polls[fd]
        while True:
            left = self._check(deadline)
            pause = min(left, max(0.0, self._next_call - time.monotonic())) if self._watch else left
            if poll.poll(None if pause == math.inf else math.ceil(pause * 1000)):
                return
