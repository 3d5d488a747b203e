"""What `benchmarks.regrading` times: a class that was graded, of which nothing is judged or entered again."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading_here import forget_sources

from benchmarks import regrading


@pytest.mark.slow
def test_the_second_run_finds_everybody_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.classrun.self_test.require", lambda *_, **__: None)
    forget_sources()
    course = regrading.course_in(tmp_path, "hw4", 3)
    first, second = (regrading.Timed(course, course["hw4"]) for _ in range(2))
    assert (first.unchanged, second.unchanged) == (0, 3)
    assert all(seconds >= 0 for part in (second.start, second.results, second.end) for seconds in part)
