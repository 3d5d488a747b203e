"""A frame arrives whole and in time, or not at all."""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from grader.sandbox.inside.channel import Cap, Channel
from grader.sandbox.inside.wire import Answer, Ready, TooLarge, WireClosed, WireError, WireTimeout, dump

CAP = Cap(tree=1000, blob=8_000_000)


class Line:
    """A pipe, and a channel that talks to itself over it."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()
        self.channel = Channel(self.read_fd, self.write_fd, CAP, CAP)

    def raw(self, data: bytes) -> None:
        os.write(self.write_fd, data)

    def close(self) -> None:
        for fd in (self.read_fd, self.write_fd):
            try:
                os.close(fd)
            except OSError:
                continue


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def soon() -> float:
    return time.monotonic() + 0.2


def frame(value: object = None) -> bytes:
    tree, blobs = dump(Answer(), value)
    return struct.pack(">II", len(tree), sum(map(len, blobs))) + tree + b"".join(blobs)


def test_frames_arrive_in_order(line):
    for number in range(3):
        line.channel.send(Answer(), number)
    assert [line.channel.receive(soon()) for _ in range(3)] == [(Answer(), number) for number in range(3)]


def test_what_is_held_is_sent_before_the_next_frame_or_when_it_is_asked_for(line):
    line.channel.hold(Answer(), 0)
    line.channel.hold(Answer(), 1)
    with pytest.raises(WireTimeout):
        line.channel.receive(time.monotonic())
    line.channel.send(Answer(), 2)
    assert [line.channel.receive(soon()) for _ in range(3)] == [(Answer(), number) for number in range(3)]
    line.channel.hold(Answer(), 3)
    line.channel.flush()
    assert line.channel.receive(soon()) == (Answer(), 3)


def test_nothing_is_held_for_long(line, monkeypatch):
    line.channel.hold(Answer(), 0)
    later = time.monotonic() + 1
    monkeypatch.setattr("grader.sandbox.inside.channel.time.monotonic", lambda: later)
    line.channel.hold(Answer(), 1)
    monkeypatch.undo()
    assert [line.channel.receive(soon()) for _ in range(2)] == [(Answer(), number) for number in range(2)]


def test_what_is_too_large_is_not_held(line):
    line.channel.hold(Answer(), 0)
    with pytest.raises(TooLarge):
        line.channel.hold(Answer(), "x" * 1001)
    line.channel.flush()
    assert line.channel.receive(soon()) == (Answer(), 0)


@pytest.mark.parametrize(("method", "numbers"), [("send", 900_000), ("hold", 10_000)])
def test_a_frame_larger_than_the_pipe_is_sent_at_once_and_arrives(line, method, numbers):
    sent = np.arange(float(numbers))
    thread = threading.Thread(target=getattr(line.channel, method), args=(Answer(), sent))
    thread.start()
    _, got = line.channel.receive(time.monotonic() + 30)
    thread.join()
    np.testing.assert_array_equal(got, sent)


def test_silence_ends_at_the_deadline(line):
    with pytest.raises(WireTimeout):
        line.channel.receive(soon())


def test_a_frame_that_arrives_slowly_ends_at_the_deadline(line):
    stop = threading.Event()

    def drip() -> None:
        for byte in frame("a frame that never ends" * 20):
            if stop.wait(0.02):
                return
            line.raw(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(WireTimeout):
        line.channel.receive(soon())
    stop.set()
    thread.join()


def test_a_reader_that_does_not_read_ends_at_the_deadline(line):
    with pytest.raises(WireTimeout):
        line.channel.send(Answer(), np.zeros(900_000), soon())


@pytest.mark.parametrize("header", [(CAP.tree + 1, 0), (0, CAP.blob + 1), (2**32 - 1, 2**32 - 1)])
def test_an_announced_size_above_the_cap_is_refused_at_once(line, header):
    line.raw(struct.pack(">II", *header))
    with pytest.raises(WireError, match="more than is allowed"):
        line.channel.receive(soon())


def test_a_value_above_the_cap_is_not_sent_and_the_wire_stays_usable(line):
    with pytest.raises(TooLarge):
        line.channel.send(Answer(), "x" * 2000)
    with pytest.raises(TooLarge):
        line.channel.send(Answer(), np.zeros(2_000_000))
    line.channel.send(Ready())
    assert line.channel.receive(soon()) == (Ready(), None)


@pytest.mark.parametrize("part", [0, 5, 12, -1])
def test_a_wire_that_is_closed_says_so(line, part):
    line.raw(frame("cut short")[:part])
    os.close(line.write_fd)
    with pytest.raises(WireClosed):
        line.channel.receive(soon())


def test_writing_to_a_closed_wire_says_so(line):
    os.close(line.read_fd)
    with pytest.raises(WireClosed):
        line.channel.send(Ready(), None, soon())


def test_the_watch_function_can_end_the_waiting(line):
    def watch() -> None:
        raise LookupError("enough")

    watched = Channel(line.read_fd, line.write_fd, CAP, CAP, watch)
    with pytest.raises(LookupError, match="enough"):
        watched.receive(time.monotonic() + 60)
