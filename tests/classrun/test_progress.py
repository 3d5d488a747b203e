"""Follow a run over a class: rate, time left, counts by verdict, and a log that people can read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from grader.classrun import progress
from grader.classrun.collect import HandIn
from grader.classrun.grading import Graded
from grader.classrun.progress import Progress, duration, opened_log
from grader.errors import Interrupted, UnusableInput
from grader.report import Report, Verdict
from grader.show import progress as show_progress
from grader.show import roster as show_roster
from utils.checks.case import Finding


def graded(student: str, *verdicts: str, kept: bool = False) -> Graded:
    hint = "is there a loop\nthat never stops?"
    made = [
        Verdict(f"layers.f{n}", 2.0 * (name == "pass"), 2, name, (Finding("", name, hint),), 0.75)
        for n, name in enumerate(verdicts)
    ]
    judged = () if kept else tuple(verdict.name for verdict in made)[: 1 if student == "dan" else None]
    return Graded(HandIn(student, Path(student)), Report("a1", student, "landlock", tuple(made)), kept, judged=judged)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_are_those_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_RECENT", 5)
    clock = Clock()
    state = Progress(40, clock=clock)
    assert (state.per_minute, state.seconds_left) == (0, None)
    for _ in range(20):  # from the cache
        clock.now += 0.01
        state.add(graded("ada", "pass", kept=True))
    for _ in range(10):
        clock.now += 3.0
        state.add(graded("ben", "pass", "fail"))
    assert state.per_minute == pytest.approx(20)
    assert state.seconds_left == pytest.approx(30)
    assert (state.done, state.kept, state.verdicts) == (30, 20, {"pass": 30, "fail": 10})
    assert state.counts == "✓ 30  ✗ 10"
    assert state.in_words == "30 of 40 submissions, 20 a minute, 30 s left; exercises: right 30, not right yet 10"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89.4, "89 s"), (600, "10 min"), (5399, "1 h 30 min"), (11100, "3 h 05 min")]
)
def test_times_are_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_log_has_a_line_for_each_submission(tmp_path: Path) -> None:
    path = tmp_path / "build" / "logs" / "a1.log"
    with opened_log(path, "a1, 3 submissions") as log:
        state = Progress(3, log)
        state.add(graded("ada", "pass", "pass"))
        state.add(graded("ben\n2027", "pass", "timeout", kept=True))
        state.add(graded("cy", "pass"), "cy: no name for a student")
        state.add(graded("dan", "pass", "fail"))
    heading, legend, *lines, end = path.read_text().splitlines()
    assert heading.endswith("a1, 3 submissions")
    assert "✓ right" in legend
    assert [line[21:] for line in lines] == [
        "ada  4/4  ✓✓  1.5 s",
        r"ben\n2027  2/4  ✓∞  kept  | layers.f1 too slow: is there a loop\nthat never stops?",
        "cy  2/2  ✓  0.8 s  | not entered: cy: no name for a student",
        "dan  2/4  ✓✗  1 judged, 0.8 s",
    ]
    assert end.endswith("done")


def test_the_log_says_how_a_run_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a1.log"
    for error, words in ((KeyboardInterrupt(), "KeyboardInterrupt"), (Interrupted("disk full"), "disk full")):
        with pytest.raises(type(error)), opened_log(path, "a1"):
            raise error
        assert path.read_text().splitlines()[-1].endswith(f"stopped: {words}")
    assert path.read_text().count("# time, student") == 2  # what was there stays


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableInput, match="choose another file"), opened_log(tmp_path / "file" / "a.log", "a1"):
        pass


def test_a_pipe_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    clock = Clock()
    monkeypatch.setattr(show_progress.time, "monotonic", clock)
    display = show_progress.Shown(Progress(9, clock=clock), Console(file=written), "grading a1", None)
    for _ in range(9):
        clock.now += 10
        display.add(graded("[red]ada[/red]", "pass", "killed"), "")
    lines = written.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(
        "grading a1: 3 of 9 submissions, 6 a minute, 60 s left; exercises: right 3, beyond a limit 3"
    )


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(show_progress, "Console", lambda stderr: Console(file=written, force_terminal=True, width=120))
    clock = Clock()
    with show_progress.shown(Progress(4, clock=clock), "grading a1") as display:
        clock.now += 6
        display.add(graded("ada", "pass", "fail"), "")
    assert "1/4" in written.getvalue()
    assert "10 a minute, 18 s left   ✓ 1  ✗ 1" in written.getvalue()


def test_of_a_large_class_the_roster_shows_what_needs_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show_roster, "_MOST_ROWS", 3)
    rows = [show_roster.RosterRow.of(graded(name, *verdicts)) for name, verdicts in
            (("d", ["pass"]), ("c", ["timeout"]), ("b", ["fail"]), ("a", ["pass", "error"]))]  # fmt: skip
    assert [row.student for row in show_roster.shown_rows(rows[:3])[0]] == ["b", "c", "d"]
    chosen, rest = show_roster.shown_rows(rows)
    assert [row.student for row in chosen] == ["a", "c"]
    assert rest == "2 other submissions are on the class page."
