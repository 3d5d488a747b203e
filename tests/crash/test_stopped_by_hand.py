"""Ctrl-C: the run ends cleanly, says what is kept and how to go on, and the next one goes on from there."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from runs import Place


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_the_next_run_does(make_place, expected) -> None:
    place: Place = make_place(12)
    log = place.root / "graded.log"
    # A shell has its background jobs ignore Ctrl-C, and whatever they start inherits that, such as these tests.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    process = place.start("--jobs", "1", "--log", str(log), before=listening)
    wait_for_a_line(log, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    words = " ".join(said.decode().split())
    assert process.returncode == 130
    assert f"To go on: grader grade a1 --course {place.root} --jobs 1 --log {log}" in words
    kept = int(words.partition("Stopped. ")[2].split()[0])
    assert 1 <= kept < 12
    assert (place.strays(), place.leftovers()) == ([], [])
    assert log.read_text().splitlines()[-1].endswith("stopped: KeyboardInterrupt")
    assert place.run("--log", str(log))[0] == 0
    assert place.results() == expected(12)
    again = log.read_text().partition("stopped")[2]
    assert again.count("  kept") >= kept


def wait_for_a_line(log: Path, process) -> None:
    while process.poll() is None:
        if log.exists() and log.read_text().count("\n") > 2:
            return
        time.sleep(0.01)
