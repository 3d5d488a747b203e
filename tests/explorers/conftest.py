"""One BLAS thread, as the explorers' own thread has, and no kernel around them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

from utils.explorers import main_thread, verdicts


@pytest.fixture(autouse=True, scope="session")
def one_blas_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture(autouse=True)
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is heard at once: the browser's tests leave an event loop running that nobody turns."""
    monkeypatch.setattr(main_thread, "event_loop", lambda: None)


@pytest.fixture(autouse=True)
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No visible checks in the background: what they find would be told in the midst of another test."""
    monkeypatch.setattr(verdicts.CHECKER, "ask", lambda *arguments: None)
