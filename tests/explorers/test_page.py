"""A page that comes, goes and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from explorer_cases import HandJobs

from solutions.nndl import layers
from utils.explorers import GradientExplorer, shell
from utils.explorers.jobs import GONE, Pulse


class Loop:
    """An event loop that a test turns by hand."""

    def __init__(self) -> None:
        self.later: list[Callable[[], Any]] = []

    def call_later(self, wait: float, call: Callable[..., Any], *arguments: Any) -> None:
        self.later.append(lambda: call(*arguments))

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
    monkeypatch.setattr(shell, "_event_loop", lambda: loop)
    explorer = GradientExplorer(layers, jobs=HandJobs())
    explorer._pulse = Pulse(lambda: now[0])
    for _ in range(5):
        assert loop.turn() == 1  # it asks for a tick until there is one
    explorer._beat()
    assert loop.turn() == 1
    now[0] += GONE + 1
    assert loop.turn() == 1
    assert loop.turn() == 0
    explorer._again.click()
    assert explorer._pulse.here
    assert loop.turn() == 1
