"""``grader collect`` and ``grader export`` as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchange.downloads import submission, write

from grader import cli
from grader.course import Course


def run(course: Course, *args: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([*args, "--course", str(course.root)])
    return int(caught.value.code or 0)


def test_a_download_goes_in_and_grades_go_out(
    graded: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (graded.root / "roster.csv").write_text("student,name\nada,Ada Lovelace\njoerg,Jörg Müller\ngrace,Grace Hopper\n")
    files = {"lovelaceada_4711_9_hw.zip": submission(), "müllerjörg_LATE_4712_8_hw.zip": submission()}
    path = write(tmp_path / "s.zip", {**files, "eve\x1b[2J_4713_7_hw.zip": submission()})
    assert run(graded, "collect", "a1", str(path)) == 0
    said = capsys.readouterr().out
    assert "2 new" in said
    assert "Missing: grace." in said
    assert "joerg: late, time not known" in said
    assert "eve is not in the roster" in said
    assert "\x1b" not in said
    (tmp_path / "times.json").write_text('while(1);[{"user_id": 4712, "submitted_at": "2027-02-06T17:00:00Z"}]')
    assert run(graded, "collect", "a1", str(path), "--times", str(tmp_path / "times.json")) == 0
    assert "joerg: 1 d 05:00 late" in capsys.readouterr().out
    assert run(graded, "collect", "a1", str(path)) == 0
    assert "2 unchanged" in capsys.readouterr().out
    assert run(graded, "export", "canvas", "a1") == 0
    assert "still to be graded by hand" in capsys.readouterr().out
    assert "4711" in (graded.root / "build" / "export" / "a1" / "canvas-grades.csv").read_text()


def test_an_attempt_that_cannot_be_read_is_an_exit_code(graded: Course, tmp_path: Path) -> None:
    path = write(tmp_path / "s.zip", {"lovelaceada_4711_9_hw.zip": submission("ada")})
    path.write_bytes(path.read_bytes().replace(b"ada", b"XXX", 2).replace(b"XXX", b"ada", 1))
    assert run(graded, "collect", "a1", str(path)) == 1


def test_an_unknown_system_is_refused(graded: Course) -> None:
    assert run(graded, "export", "blackboard", "a1") == 2
    assert run(graded, "collect", "a1", str(graded.root), "--from", "blackboard") == 2
