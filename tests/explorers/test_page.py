"""A page that comes, goes and comes back."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
from explorer_cases import HandJobs

from solutions.nndl import fc_net, layers
from utils.explorers import DropoutExplorer, GradientExplorer, heartbeat, main_thread
from utils.explorers import explorer as explorer_module
from utils.explorers.jobs import AWAY, GONE, Pulse


class Loop:
    """An event loop that a test turns by hand."""

    def __init__(self) -> None:
        self.later: list[Callable[[], Any]] = []
        self.soon: list[Callable[[], Any]] = []

    def call_later(self, wait: float, call: Callable[..., Any], *arguments: Any) -> None:
        if call is gc.enable:  # a picture was made; these tests are of something else
            gc.enable()
            return
        self.later.append(lambda: call(*arguments))

    def call_soon_threadsafe(self, call: Callable[[], Any]) -> None:
        self.soon.append(call)

    def is_closed(self) -> bool:
        return False

    def turn(self) -> int:
        """Do what waits; how much of it there was."""
        waiting, self.later = self.later, []
        for call in waiting:
            call()
        return len(waiting)


def test_a_kernel_whose_page_is_gone_falls_silent_until_somebody_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, now = Loop(), [0.0]
    monkeypatch.setattr(main_thread, "event_loop", lambda: loop)
    monkeypatch.setattr(explorer_module, "Pulse", lambda: Pulse(lambda: now[0]))
    explorer = GradientExplorer(layers, jobs=HandJobs())
    for _ in range(5):
        assert loop.turn() == 1  # it asks for a tick until there is one
    explorer._heartbeat.tick()
    assert loop.turn() == 1
    now[0] += GONE + 1
    assert loop.turn() == 1
    assert loop.turn() == 0
    explorer._again.click()
    assert explorer._pulse.here
    assert loop.turn() == 1


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr(main_thread, "event_loop", lambda: loop)
    return loop


def test_a_page_that_does_not_tick_works_all_the_same(loop: Loop) -> None:
    clock = [0.0]
    pulse = Pulse(lambda: clock[0])
    assert not pulse.here
    pulse.touch()
    clock[0] += 10 * AWAY
    assert pulse.here
    assert not pulse.ticks
    pulse.beat()  # it does tick, then
    clock[0] += AWAY + 1
    assert not pulse.here


def test_a_page_that_answers_nothing_is_given_another_widget_to_tick(loop: Loop) -> None:
    explorer = GradientExplorer(layers, jobs=HandJobs())
    first = explorer._heartbeat.clock
    for _ in range(heartbeat.TRIES + 1):
        loop.turn()
    assert explorer._heartbeat.clock is not first
    assert explorer._heartbeat.children == (explorer._heartbeat.clock,)
    assert first.comm is None  # it is gone from the kernel, too
    explorer._heartbeat.clock.value += 1  # the page ticks the new one
    assert explorer._pulse.ticks
    kept = explorer._heartbeat.clock
    for _ in range(3 * heartbeat.TRIES):
        assert loop.turn() == 1
    assert explorer._heartbeat.clock is kept


def test_a_knock_that_fails_is_not_the_last(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = GradientExplorer(layers, jobs=HandJobs())
    explorer._heartbeat.clock.observe(lambda _: 1 / 0, "playing")
    with pytest.raises(ZeroDivisionError):
        loop.turn()
    assert len(loop.later) == 1


def test_what_a_page_says_in_another_thread_is_done_in_the_main_one(loop: Loop) -> None:
    explorer = GradientExplorer(layers, jobs=HandJobs())
    before = explorer._picture.value
    subshell = threading.Thread(target=lambda: setattr(explorer._controls["x"], "value", 0.25))
    subshell.start()
    subshell.join()
    assert explorer._picture.value == before
    (asked,) = loop.soon
    asked()
    assert explorer._picture.value != before


def test_a_tick_counts_while_a_cell_keeps_the_main_thread(loop: Loop) -> None:
    explorer = GradientExplorer(layers, jobs=HandJobs())
    subshell = threading.Thread(target=lambda: setattr(explorer._heartbeat.clock, "value", 7))
    subshell.start()
    subshell.join()
    assert explorer._pulse.ticks
    assert not loop.soon


def test_work_that_rests_says_so(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(explorer_module, "Pulse", lambda: Pulse(lambda: clock[0]))
    explorer = DropoutExplorer(fc_net.FullyConnectedNet, jobs=HandJobs())
    explorer._heartbeat.tick()
    loop.turn()
    assert explorer._work.left.value == "begins"
    clock[0] += AWAY + 1
    loop.turn()
    assert "Run again" in explorer._work.left.value
