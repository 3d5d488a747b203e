"""Loops that never end, in whichever thread and however they are written; what ends by itself is left alone."""

from __future__ import annotations

import importlib
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from explorer_cases import HandJobs
from sampling import sampled

from utils.explorers import GradientExplorer, student, time_limit
from utils.explorers.jobs import Job, Jobs, Pulse, Status
from utils.explorers.student import Trouble, running
from utils.explorers.time_limit import Run, TimeUp

ROOT = Path(__file__).parents[2]

RIGHT = """
import numpy as np

def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dout, x):
    return dout * (x > 0)
"""
ENDLESS = RIGHT.replace("    return np.maximum", "    while x.size:\n        x = x + 0\n    return np.maximum")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student, "time_limit", lambda: 0.2)
    monkeypatch.setattr(time_limit, "PAUSE", 0.02)


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a module ``nndl.layers``, with a ReLU alone."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if f"{name}.".startswith("nndl.")}
    folder = tmp_path / "nndl"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "layers.py").write_text(RIGHT)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder / "layers.py"
    for name in [name for name in sys.modules if f"{name}.".startswith("nndl.")]:
        del sys.modules[name]
    sys.modules.update(kept)


def plain() -> None:
    while True:
        pass


def catching() -> None:
    while True:
        with suppress(Exception):
            sum(range(1000))


def catching_once() -> None:
    try:
        plain()
    except:  # noqa: E722 - as students write it
        plain()


def recursive(depth: int = 0) -> None:
    for _ in itertools.count():
        if depth < 50:
            recursive(depth + 1)


def asleep() -> None:
    while True:
        time.sleep(0.05)


@pytest.mark.parametrize("endless", sampled([plain, catching, catching_once, recursive, asleep], every=2, first=1))
def test_a_loop_that_never_ends_is_stopped_in_both_threads(endless: Callable[[], None]) -> None:
    def steps() -> Iterator[int]:
        yield 1
        with running(0):
            endless()

    with pytest.raises(Trouble, match=r"did not end within 0\.2 seconds"), running(0):
        endless()
    jobs, pulse = Jobs(), Pulse()
    pulse.touch()
    job = jobs.start(Job(steps(), lambda job, item: None, pulse))
    after = jobs.start(Job(iter(range(3)), lambda job, item: None, pulse))
    assert jobs._thread is not None
    wait_until(lambda: job.over and after.over)
    assert (job.status, after.status) == (Status.FAILED, Status.DONE)  # the thread is there for the others still


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_ends_in_time_is_left_alone_whatever_comes_after() -> None:
    for _ in range(20):
        with running(0):
            time.sleep(0.01)
    end = time.monotonic() + 0.5  # longer than the limit, but not limited
    while time.monotonic() < end:
        pass


def test_code_that_ends_at_the_limit_is_stopped_inside_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student, "time_limit", lambda: 0.05)
    for late in range(-10, 11, 2):
        with suppress(Trouble), running(0):
            spin(0.05 + late / 1000)
        spin(0.05)  # what comes afterwards is not ended in its place


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_waiting_for_a_busy_machine_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now, computed = [0.0], [0.0]
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time_limit.time, "process_time", lambda: computed[0])
    busy = Run(0, 1.0, begun=0.0, noted=0.0, computed=0.0)
    for second in range(1, 10):
        now[0], computed[0] = float(second), 0.1 * second
        assert not busy.is_over()
    now[0], computed[0] = 11.0, 1.1
    assert busy.is_over()


def test_time_asleep_counts_and_waiting_for_the_processor_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time_limit, "PAUSE", 0.25)
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time_limit.time, "process_time", lambda: 0.0)
    asleep, waiting = (Run(0, 1.0, begun=0.0, noted=0.0, computed=0.0) for _ in range(2))
    for look in range(1, 5):
        now[0] = 0.26 * look
        assert asleep.is_over() == (look == 4)
    for look in range(1, 5):  # so late that the machine has other things to do
        now[0] = 2.0 * look
        assert not waiting.is_over()


@pytest.mark.slow
def test_an_explorer_says_where_it_was_and_comes_back_when_the_file_is_mended(
    layers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student, "time_limit", lambda: 1.0)
    module: Any = importlib.import_module("nndl.layers")
    explorer = GradientExplorer(module, "gradient-check?function=relu%20layer", jobs=HandJobs())
    assert "<svg" in explorer._picture.value
    layers.write_text(ENDLESS)
    explorer._again.click()
    said = explorer._message.value
    assert "did not end within 1 seconds" in said
    assert "nndl/layers.py, line" in said
    assert "while x.size:" in said or "x = x + 0" in said
    assert not explorer._picture.value
    explorer._controls["x"].value = 0.5  # the page is alive
    assert "did not end" in explorer._message.value
    layers.write_text(RIGHT)
    explorer._again.click()
    assert not explorer._message.value
    assert "<svg" in explorer._picture.value


def test_time_up_is_no_ordinary_exception() -> None:
    assert not issubclass(TimeUp, Exception)


def test_a_debugger_can_trace_what_runs_after_a_loop_was_stopped() -> None:
    """In a process of its own: with an exception noted as pending, CPython 3.11 never begins a traced function."""
    program = """
import sys
from utils.explorers import time_limit

time_limit.PAUSE = 0.02
try:
    with time_limit.WATCH.limited(0.05):
        while True:
            pass
except time_limit.TimeUp:
    sys.settrace(lambda *_: None)
    (lambda: None)()
    sys.settrace(None)
    print("traced")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert ran.stdout == "traced\n", ran.stderr
