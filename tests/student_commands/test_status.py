"""What ``status``, ``next`` and ``check`` say of a student's folder, and what they remember."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from student_commands.student_folder import LAYERS, RIGHT, STUB, first_notebook, solve
from typer.testing import Result

from utils.checks.course import Course
from utils.workspace.progress import Mark, next_step, progress
from utils.workspace.state import FILE, recall, remember_net

Run = Callable[..., Result]


def marks(course: Course) -> dict[str, str]:
    """How each exercise stands."""
    found = [progress(course, one) for one in course.assignments_here]
    return {standing.exercise.name: standing.mark.value for one in found for standing in one.exercises}


def test_nothing_is_run_for_the_status(folder: Path, course: Course, run: Run) -> None:
    bomb = "raise SystemExit('this file was run')\n"
    solve(folder, layers=bomb + RIGHT["layers.py"])
    assert run("status").exit_code == 0
    assert marks(course)["layers.double"] == Mark.UNCHECKED


def test_a_result_counts_until_the_code_is_changed(folder: Path, course: Course, run: Run) -> None:
    assert set(marks(course).values()) == {Mark.OPEN}
    solve(folder, layers=RIGHT["layers.py"].replace("3 * x", "4 * x"))
    assert marks(course)["layers.double"] == Mark.UNCHECKED
    assert run("check").exit_code == 1
    assert marks(course) == {"layers.triple": "✗", "layers.double": "✓", "nets.Net.loss": "✓", "models.best": "○"}
    (folder / "pkg/layers.py").write_text("# a comment\n" + RIGHT["layers.py"].replace("2 * x", "x + x"))
    assert marks(course) == {"layers.triple": "?", "layers.double": "?", "nets.Net.loss": "?", "models.best": "○"}
    assert "changed since its check" in run("status").output


def test_new_visible_cases_make_an_old_result_void(folder: Path, course: Course, run: Run) -> None:
    solve(folder)
    run("check", "layers.double")
    assert marks(course)["layers.double"] == "✓"
    pack = folder / "goldens/layers.double.npz"
    pack.write_bytes(pack.read_bytes() + b"newer")
    assert marks(course)["layers.double"] == "?"


def test_an_import_that_failed_is_not_held_against_a_file_that_was_mended(
    folder: Path, course: Course, run: Run
) -> None:
    solve(folder, layers="import no_such_package\n" + RIGHT["layers.py"])
    run("check", "layers")
    assert marks(course)["layers.double"] == "✗"
    solve(folder)
    assert marks(course)["layers.double"] == "?"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1, "results": []}', '{"format": 99}', "null"])
def test_a_damaged_note_is_as_none(folder: Path, course: Course, run: Run, text: str) -> None:
    (folder / FILE).write_text(text)
    solve(folder)
    assert marks(course)["layers.double"] == "?"
    run("check", "layers.double")
    assert marks(course)["layers.double"] == "✓"


def test_a_folder_that_cannot_be_written_to_fails_no_check(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("utils.workspace.files.tempfile.mkstemp", refuse)
    solve(folder)
    assert run("check", "layers.double").exit_code == 0
    assert not (folder / FILE).exists()


def test_what_is_remembered_holds_no_code_and_no_path(folder: Path, run: Run) -> None:
    solve(folder)
    run("check", "layers")
    table = json.loads((folder / FILE).read_text())
    assert set(table["results"]) == {"layers.double", "layers.triple"}
    assert "return" not in (folder / FILE).read_text()
    assert os.fspath(folder) not in (folder / FILE).read_text()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [FILE]


def test_a_net_is_worth_its_share_until_it_is_saved_again(folder: Path, course: Course, run: Run) -> None:
    path = folder / "assignments/a2/models/best.npz"
    path.parent.mkdir()
    np.savez(path, W=np.zeros((3, 2)), dataset="set")
    assert marks(course)["models.best"] == "?"
    remember_net(course, "models.best", path, 0.25, "30.0% on the validation set")
    assert marks(course)["models.best"] == "~"
    assert "1.2 of 9 points" in run("status", "a2").output
    np.savez(path, W=np.ones((3, 2)), dataset="set")
    assert marks(course)["models.best"] == "?"
    remember_net(course, "models.best", folder / "elsewhere.npz", 1.0, "")
    assert recall(folder)["models.best"].share == 0.25


def test_the_status_shows_what_one_is_at_and_a_line_of_the_rest(folder: Path, run: Run) -> None:
    shown = run("status").output
    assert "○ layers.double" in shown
    assert "pkg/layers.py, line 5" in shown
    assert "○ why" in shown
    assert "nets.Net.loss" not in shown
    assert "a2  Nets" in shown
    assert "nets.Net.loss" in run("status", "--all").output
    assert "layers.double" not in run("status", "a2").output
    assert "\x1b" not in shown
    solve(folder)
    first_notebook(folder / "assignments/a1/first.ipynb", "Because.")
    shown = run("status", "a1", "--check").output
    assert "5 of 5 points by the visible checks (and 1 for answers in words): 2 ✓ right" in shown
    assert "○ nets.Net.loss" not in shown
    assert "? nets.Net.loss" in run("status").output  # the first assignment is complete


def test_a_narrow_terminal_loses_nothing(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    shown = "".join(run("status").output.split())
    assert "layers.double" in shown
    assert "pkg/layers.py,line5" in shown


def test_what_is_next_follows_the_course_and_its_prerequisites(folder: Path, course: Course, run: Run) -> None:
    a1, a2 = course.assignments
    assert next_step(progress(course, a1)).exercise.name == "layers.double"  # triple stands first and requires it
    shown = run("next").output
    assert "layers.double  (2 points; a1, due" in shown
    assert "Write:  pkg/layers.py, line 5" in shown
    assert "Check:  pkg check layers.double" in shown
    (folder / "pkg/layers.py").write_text(LAYERS.replace(STUB, "    return 2 * x\n", 1))
    run("check", "layers.double")
    assert "layers.triple" in run("next").output
    solve(folder)
    run("check")
    shown = run("next").output
    assert "assignments/a2/models/best.npz" in shown
    assert "Still to be answered in words in a1: why." in shown
    assert next_step(progress(course, a2)).exercise.name == "models.best"


def test_assignments_that_are_not_here_yet_are_named(folder: Path, run: Run) -> None:
    (folder / "assignments/a2").rename(folder / "elsewhere")
    assert "Not in this folder yet: a2." in run("status").output
    refused = run("status", "a2")
    assert (refused.exit_code, "a2 is not in this folder yet" in refused.output) == (2, True)


def test_a_folder_without_assignments_is_met_with_a_sentence(folder: Path, run: Run) -> None:
    (folder / "assignments").rename(folder / "elsewhere")
    assert f"There are none in {folder / 'assignments'}." in run("status").output
    assert (run("next").exit_code, run("lab", "a1").exit_code) == (2, 2)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("check", "layers.dubble"), 'There is no exercise "layers.dubble"; did you mean layers.double?'),
        (("check", "tripel"), "did you mean layers.triple?"),
        (("check", "layrs"), "did you mean layers?"),
        (("check", "scond"), "did you mean second?"),
        (("check", "quite_another"), "the exercises are layers.triple, layers.double, nets.Net.loss."),
        (("status", "a11"), 'There is no assignment "a11"; did you mean a1?'),
        (("pack", "zz"), "there are a1, a2, in "),
    ],
)
def test_a_misspelt_name_is_met_with_those_alike(run: Run, args: tuple[str, ...], said: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    assert said in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "checked"),
    [
        ("a1", ["layers.triple", "layers.double"]),
        ("second", ["nets.Net.loss"]),
        ("layers", ["layers.triple", "layers.double"]),
    ],
)
def test_checks_run_in_the_order_of_the_course(folder: Path, run: Run, name: str, checked: list[str]) -> None:
    solve(folder)
    lines = run("check", name).output.splitlines()
    assert [line.split()[1].rstrip(":") for line in lines if line.startswith("✓")] == checked


def test_files_of_an_older_release_are_met_with_a_sentence(folder: Path, run: Run) -> None:
    path = folder / "goldens/course.json"
    table = json.loads(path.read_text())
    path.write_text(json.dumps({key: table[key] for key in ("package", "title", "hint_level", "nets")}))
    for command in (("status",), ("next",), ("pack", "a1")):
        done = run(*command)
        assert (done.exit_code, "Get the course's files again." in done.output) == (2, True)
    solve(folder)
    assert run("check", "layers").exit_code == 0
