"""What is asked for at each picture, and done now and then."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from solutions.nndl import fc_net
from utils.explorers import BoundaryExplorer, main_thread
from utils.explorers import throttle as throttle_module
from utils.explorers.main_thread import MainThread
from utils.explorers.throttle import EVERY, Throttle


class Loop:
    """An event loop whose clock a test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[tuple[float, Callable[[], Any]]] = []

    def is_closed(self) -> bool:
        return False

    def call_later(self, wait: float, call: Callable[..., Any], *arguments: Any) -> None:
        self.later.append((self.now + wait, lambda: call(*arguments)))

    def call_soon_threadsafe(self, call: Callable[[], Any]) -> None:
        call()

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((one for one in self.later if one[0] <= end), key=lambda one: one[0])[:1]:
            self.later.remove(due[0])
            self.now = due[0][0]
            due[0][1]()
        self.now = end


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr(main_thread, "event_loop", lambda: loop)
    return loop


@pytest.mark.parametrize("between", [0.01, 0.03, 0.2, 0.7])
def test_an_action_is_done_twice_a_second_at_most_and_after_the_last_time(loop: Loop, between: float) -> None:
    asked, done = [0], list[tuple[float, int]]()
    throttle = Throttle(lambda: done.append((loop.now, asked[0])), MainThread(), lambda: loop.now)
    for number in range(1, 101):
        asked[0] = number
        throttle.ask()
        loop.wait(between)
    loop.wait(2 * EVERY)
    assert done[0] == (0.0, 1)  # the first one at once
    assert done[-1][1] == 100
    assert all(later - earlier >= EVERY - 1e-9 for (earlier, _), (later, _) in pairwise(done))
    assert not loop.later


def test_what_was_done_at_once_is_not_done_again(loop: Loop) -> None:
    done: list[float] = []
    throttle = Throttle(lambda: done.append(loop.now), MainThread(), lambda: loop.now)
    throttle.ask()
    throttle.ask()
    throttle.now()
    loop.wait(3 * EVERY)
    assert done == [0.0, 0.0]


def test_outside_of_a_kernel_it_is_done_at_once() -> None:
    done: list[int] = []
    throttle = Throttle(lambda: done.append(len(done)), MainThread())
    for _ in range(3):
        throttle.ask()
    assert done == [0, 1, 2]


def test_an_explorer_that_plays_tells_its_state_now_and_then_and_at_the_end(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle_module, "Throttle", lambda action, main: Throttle(action, main, lambda: loop.now))
    monkeypatch.setattr("utils.explorers.explorer.Throttle", throttle_module.Throttle)
    explorer = BoundaryExplorer(fc_net.FullyConnectedNet)
    told: list[str] = []
    explorer.observe(lambda change: told.append(change["new"]), "code")
    pictures = set()
    for step in range(1, 31):
        loop.wait(1 / 15)
        explorer._controls["step"].value = step
        pictures.add(explorer._picture.value)
    assert len(pictures) == 30
    assert len(told) <= 5  # in two seconds
    loop.wait(EVERY)
    assert explorer.code == told[-1] == explorer._page.code == explorer._code.value == str(explorer.state)
    assert "step=30" in explorer.code
