"""What ``pack`` finds, when it asks, and what it makes."""
# ruff: noqa: E501 (what is wrong, and what is said of it, is a line of a table)

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from student_commands.student_folder import LAYERS, RIGHT, cell, first_notebook, notebook, solve
from typer.testing import Result

from grader.exchange.manifest import altered
from utils.checks.course import Course
from utils.workspace.handing_in.handin import hand_in
from utils.workspace.handing_in.preflight import preflight
from utils.workspace.handing_in.receipt import MANIFEST, archive_of
from utils.workspace.progress import progress

Run = Callable[..., Result]
Damage = Callable[[Path], object]


def finish(folder: Path, **files: str) -> None:
    """Do everything that the two assignments ask for."""
    solve(folder, **files)
    first_notebook(folder / "assignments/a1/first.ipynb", "Because.")
    save_net(folder)


def save_net(folder: Path, **arrays: object) -> None:
    (folder / "assignments/a2/models").mkdir(exist_ok=True)
    np.savez(folder / "assignments/a2/models/best.npz", **{"W": np.zeros((3, 2)), "dataset": "set", **arrays})


def remarks(course: Course, name: str) -> list[tuple[bool, str]]:
    """What is found in an assignment."""
    found = progress(course, next(one for one in course.assignments if one.name == name))
    return [tuple(remark) for remark in preflight(course, found, hand_in(course, found.assignment))]


def put(path: str, text: str) -> Damage:
    """Write a text into a file of the folder."""
    return lambda folder: (folder / path).write_text(text)


def layers(old: str, new: str) -> Damage:
    return put("pkg/layers.py", RIGHT["layers.py"].replace(old, new))


def cells(*made: dict[str, object]) -> Damage:
    return lambda folder: notebook(folder / "assignments/a1/first.ipynb", *made)


TRIPLE, DOUBLE, WHY = cell("check", "layers-triple"), cell("check", "layers-double"), cell("B.", "why", kind="markdown")
FAILED = {**cell("f()"), "outputs": [{"output_type": "error", "ename": "NameError", "traceback": []}]}
FOUND: list[tuple[str, Damage, bool, str]] = [
    ("a1", layers("2 * x", "2 * (x"), True, "pkg/layers.py, line 5: SyntaxError: '(' was never closed; nothing in this file can be run, which costs 5 points."),
    ("a1", layers("return 2 * x", "y = x\n\treturn 2 * y"), True, "pkg/layers.py, line 6: TabError"),
    ("a1", put("pkg/layers.py", LAYERS), True, "Still to be written, so 5 points are zero: layers.triple, layers.double."),
    ("a1", layers("def triple", "def tripel"), True, "pkg/layers.py has no triple, so 3 points are zero."),
    ("a1", layers('"""Layers."""', "import fancy_lib"), True, "pkg/layers.py, line 1: where it is graded, fancy_lib is not there, so nothing in this file can be run."),
    ("a1", layers('"""Layers."""', "import pandas"), False, "pkg/layers.py, line 1: where it is graded, pandas can be imported, but not called."),
    ("a1", layers('"""Layers."""', "from .nowhere import f"), True, "pkg/layers.py, line 1: pkg.nowhere is imported, which is no file that is handed in"),
    ("a1", layers('"""Layers."""', "from pkg import nowhere"), True, "pkg/layers.py, line 1: pkg.nowhere is imported, which is no file that is handed in"),
    ("a1", layers('"""Layers."""', "from utils.solver import Solver"), False, "pkg/layers.py, line 1: where it is graded, utils.solver.Solver can be imported, but not called: write it yourself."),
    ("a1", lambda folder: (folder / "pkg/layers.py").unlink(), True, "There is no pkg/layers.py, so 5 points are zero."),
    ("a1", put("assignments/a1/first.ipynb", '{"cells": ['), True, "first.ipynb is damaged"),
    ("a1", put("assignments/a1/first.ipynb", '{"cells": [1, 2]}'), True, "first.ipynb is damaged"),
    ("a1", lambda folder: (folder / "assignments/a1/first.ipynb").unlink(), True, "first.ipynb is not there"),
    ("a1", cells(DOUBLE, WHY), True, "first.ipynb: the cell layers-triple was deleted (3 points)"),
    ("a1", cells(TRIPLE, DOUBLE), True, "first.ipynb: the cell why was deleted (1 points)"),
    ("a1", cells(TRIPLE, DOUBLE, DOUBLE, WHY), True, "first.ipynb: the cell layers-double is there 2 times"),
    ("a1", cells(TRIPLE, DOUBLE, {**WHY, "source": " YOUR ANSWER HERE\n"}), True, "Not answered in words, so 1 points are zero: why."),
    ("a1", cells(TRIPLE, DOUBLE, WHY, cell("x", run=False), cell("", run=False)), False, "first.ipynb: 1 of 3 cells were not run."),
    ("a1", lambda folder: first_notebook(folder / "assignments/a1/first.ipynb", "B.", run=False), False, "first.ipynb was not run"),
    ("a1", cells(TRIPLE, DOUBLE, WHY, FAILED), False, "first.ipynb: cell 4 ends in NameError."),
    ("a1", cells(TRIPLE, DOUBLE, WHY, cell("x" * 200_000)), True, "first.ipynb has 0.2 MiB; files of more than 0.1 MiB are not taken."),
    ("a2", lambda folder: (folder / "assignments/a2/models/best.npz").unlink(), True, "There is no assignments/a2/models/best.npz, so 5 points are zero: save the net."),
    ("a2", put("assignments/a2/models/best.npz", "PK"), True, "models/best.npz: best.npz is no readable model file"),
    ("a2", lambda folder: save_net(folder, W=np.zeros((2, 3))), True, "models/best.npz: W is (2, 3); the net to hand in has (3, 2)."),
    ("a2", lambda folder: save_net(folder, dataset="?"), True, "models/best.npz: best.npz does not say which data set it was trained on"),
    ("a2", layers('"""Layers."""', "import fancy_lib"), True, "pkg/layers.py, line 1: where it is graded, fancy_lib is not there"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "broken", "said"), FOUND, ids=[said[:50] for *_, said in FOUND])
def test_what_is_wrong_is_found(
    folder: Path, course: Course, name: str, damage: Damage, broken: bool, said: str
) -> None:
    finish(folder)
    assert remarks(course, name) == []
    damage(folder)
    assert [text for is_broken, text in remarks(course, name) if is_broken == broken and said in text]


@pytest.mark.parametrize(
    "line",
    [
        "import numpy as np",
        "import os.path, json",
        "from __future__ import annotations",
        "from .nets import Net",
        "from utils.given import helper",
        "try:\n    import fancy_lib\nexcept ImportError:\n    fancy_lib = None",
        "if False:\n    pass",
    ],
)
def test_what_is_there_when_graded_is_not_remarked_on(folder: Path, course: Course, line: str) -> None:
    finish(folder, layers=RIGHT["layers.py"].replace('"""Layers."""', line))
    assert remarks(course, "a1") == []


def test_scratch_files_are_left_out_and_what_is_imported_is_taken(folder: Path, course: Course, run: Run) -> None:
    finish(folder, layers="from .helpers import twice\n" + RIGHT["layers.py"])
    (folder / "pkg/helpers.py").write_text("from .more import x\n\n\ndef twice(x):\n    return 2 * x\n")
    (folder / "pkg/more.py").write_text("x = 1\n")
    for scratch in ("pkg/layers_old.py", "assignments/a1/Untitled.ipynb", "assignments/a1/.hidden.ipynb"):
        (folder / scratch).write_text("{}")
    (folder / "assignments/a1/photo.jpg").write_bytes(b"")
    files = hand_in(course, course.assignments[0])
    assert list(files.files) == [
        "first.ipynb",
        *(f"pkg/{name}.py" for name in ("__init__", "helpers", "layers", "more", "nets")),
    ]
    assert files.left_out == ("assignments/a1/Untitled.ipynb", "pkg/layers_old.py")
    done = run("pack", "a1")
    assert done.exit_code == 0, done.output
    assert "○ Left out: assignments/a1/Untitled.ipynb, pkg/layers_old.py." in done.output
    with zipfile.ZipFile(folder / "a1.zip") as archive:
        assert set(archive.namelist()) == {f"a1/{name}" for name in (*files.files, MANIFEST)}


def test_a_helper_that_only_a_notebook_imports_is_taken(folder: Path, course: Course) -> None:
    finish(folder)
    (folder / "pkg/plots.py").write_text("")
    notebook(folder / "assignments/a1/first.ipynb", cell("%load_ext x\nfrom pkg.plots import y"), TRIPLE, DOUBLE, WHY)
    assert "pkg/plots.py" in hand_in(course, course.assignments[0]).files


def test_the_same_files_give_the_same_bytes_and_a_manifest_of_them(folder: Path, run: Run) -> None:
    finish(folder)
    assert run("pack", "a1").exit_code == 0
    before = (folder / "a1.zip").read_bytes()
    (folder / "pkg/layers.py").touch()
    assert run("pack", "a1", "--out", str(folder / "again.zip")).exit_code == 0
    assert (folder / "again.zip").read_bytes() == before
    with zipfile.ZipFile(folder / "a1.zip") as archive:
        manifest = json.loads(archive.read(f"a1/{MANIFEST}"))
        assert (manifest["course"], manifest["assignment"]) == ("pkg", "a1")
        for name, entry in manifest["files"].items():
            data = archive.read(f"a1/{name}")
            assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert altered(before) == ()


def test_the_receipt_says_what_was_packed_and_what_the_checks_said(folder: Path, run: Run) -> None:
    finish(folder, layers=RIGHT["layers.py"].replace("3 * x", "4 * x"))
    done = run("pack", "a1")
    text = (folder / "a1.receipt.txt").read_text("utf-8")
    assert text in done.output
    assert hashlib.sha256((folder / "a1.zip").read_bytes()).hexdigest() in text
    assert hashlib.sha256((folder / "pkg/layers.py").read_bytes()).hexdigest() in text
    assert "points    2 of 5 by the visible checks" in text
    assert "1 more for answers in words" in text
    assert "✓ 1: layers.double" in text
    assert "✗ 1: layers.triple" in text
    assert "Packed all the same" not in text
    assert "○ Not right yet in the visible checks: layers.triple." in done.output


def test_what_is_broken_is_not_packed_where_nobody_can_say_yes(folder: Path, run: Run) -> None:
    done = run("pack", "a1")
    assert done.exit_code == 1
    assert "add --anyway" in done.output
    assert not list(folder.glob("a1.*"))


@pytest.mark.parametrize(("typed", "packed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_in_a_terminal_it_asks(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, packed: bool
) -> None:
    monkeypatch.setattr(sys.modules["utils.cli.pack"], "somebody_is_there", lambda: True)
    done = run("pack", "a1", typed=typed)
    assert "Pack it as it is?" in done.output
    assert (done.exit_code == 0, (folder / "a1.zip").exists()) == (packed, packed)


def test_anyway_packs_it_and_the_receipt_says_so(folder: Path, run: Run) -> None:
    done = run("pack", "a1", "--anyway")
    assert done.exit_code == 0
    assert "Packed all the same:\n  ✗ Still to be written" in (folder / "a1.receipt.txt").read_text("utf-8")


def test_it_says_what_the_checks_say_now(folder: Path, run: Run) -> None:
    """Not what they said before the last edit."""
    finish(folder)
    run("check", "a1")
    solve(folder, layers=RIGHT["layers.py"].replace("2 * x", "5 * x"))
    assert "points    3 of 5" in run("pack", "a1").output


def test_it_works_in_any_folder_of_the_course(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    finish(folder)
    monkeypatch.chdir(folder / "assignments/a1")
    assert run("pack", "a1").exit_code == 0
    assert (folder / "a1.zip").is_file()


def test_an_archive_that_cannot_be_written_is_one_sentence(folder: Path, run: Run) -> None:
    finish(folder)
    done = run("pack", "a1", "--out", str(folder / "nowhere/a1.zip"))
    assert (done.exit_code, "nothing was packed" in done.output) == (2, True)


def test_the_order_of_the_files_plays_no_part() -> None:
    files = {"b.py": b"1", "a.py": b"2"}
    assert archive_of("pkg", "a1", files) == archive_of("pkg", "a1", dict(sorted(files.items())))
