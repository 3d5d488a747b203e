"""The way of a student over two assignments: HW3 is solved, the release with HW4 comes, HW4 is solved and graded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import cli
from grader import course as courses
from grader.course import Course
from grader.demo import MARKERS
from grader.gradebook import Gradebook
from grader.reference import Reference
from grader.release.edition import given_files, with_inventory
from utils.workspace.updating.functions import Piece, split
from utils.workspace.updating.release import read_release
from utils.workspace.updating.update import undo, update

PACKAGES = Path(str(__import__("numpy").__file__)).parents[1]
CHANGED = ("Affine (fully connected) layer", "Affine (dense) layer")  # a docstring that the second release has changed


def released(course: Course, *names: str) -> dict[str, bytes]:
    """What students get with these assignments."""
    tree = given_files(course)
    assignments = [course[name] for name in names]
    packs = {f"goldens/{one.name}.npz" for a in assignments for one in (*a.exercises, *a.further)}
    for folder in (course.package, "assignments", "goldens"):
        for path in (course.root / folder).rglob("*.*"):
            place = path.relative_to(course.root).as_posix()
            wanted = place.split("/")[1] in names if folder == "assignments" else True
            if path.is_file() and path.suffix != ".pyc" and wanted and (path.suffix != ".npz" or place in packs):
                tree[place] = path.read_bytes()
    return tree


def right(course: Course, assignment: str) -> dict[str, str]:
    """The right functions of an assignment, by ``module.function``."""
    reference = Reference.of(course)
    wanted = {".".join(one.written_in) for one in course[assignment].exercises if one.score is None}
    found = {}
    for module in {name.split(".")[0] for name in wanted}:
        lines = reference.source(module).splitlines(keepends=True)
        text = "".join(line for line in lines if line.strip() not in MARKERS)
        found |= {
            f"{module}.{name}": piece.whole for name, piece in leaves(split(text)) if f"{module}.{name}" in wanted
        }
    return found


def leaves(pieces: tuple[Piece, ...], inside: str = "") -> Iterator[tuple[str, Piece]]:
    """Functions and methods with their names."""
    for piece in pieces:
        yield from leaves(piece.pieces, f"{piece.name}.") if piece.pieces else [(inside + piece.name, piece)]


def write_into(root: Path, course: Course, solved: dict[str, str]) -> None:
    """Write functions in the place of the stubs."""
    for path in (root / course.package).glob("*.py"):
        text = path.read_text("utf-8")
        for name, piece in leaves(split(text)):
            if f"{path.stem}.{name}" in solved:
                text = text.replace(piece.whole, solved[f"{path.stem}.{name}"])
        path.write_text(text, "utf-8")


@pytest.fixture
def student(course: Course, tmp_path: Path) -> tuple[Path, bytes]:
    """A student's folder in which HW3 is solved, and the archive of the release with HW4."""
    first = {
        path: data.replace(CHANGED[0].encode(), CHANGED[1].encode()) for path, data in released(course, "hw3").items()
    }
    archives = []
    for given in (first, released(course, "hw3", "hw4")):
        files, folder = with_inventory(course, given)
        archives.append(tmp_path / f"{folder}.zip")
        with zipfile.ZipFile(archives[-1], "w") as file:
            for path, data in files.items():
                file.writestr(f"{folder}/{path}", data)
    with zipfile.ZipFile(archives[0]) as file:
        file.extractall(tmp_path / "home")
    root = tmp_path / "home" / archives[0].stem
    write_into(root, course, {name: text.replace(*CHANGED) for name, text in right(course, "hw3").items()})
    return root, archives[1].read_bytes()


@pytest.mark.slow
def test_work_of_the_first_assignment_stays_and_the_second_comes(course: Course, student: tuple[Path, bytes]) -> None:
    root, archive = student
    before = {path.name: path.read_bytes() for path in (root / course.package).glob("*.py")}
    done = update(root, course.package, read_release(archive))
    assert not done.plan.kept_whole
    assert not [path for path, merged in done.plan.merged.items() if merged.both or merged.beside]
    assert {"hw3", "hw4"} == {path.name for path in (root / "assignments").iterdir()}
    here = {name: piece.whole for path in (root / course.package).glob("*.py") for name, piece in _named(path)}
    solved = right(course, "hw3")
    assert len(solved) > 10
    for name, text in solved.items():  # with the docstring of the second release
        assert here[name].strip() == text.strip()
    assert "YOUR CODE HERE" in here["layers.batchnorm_forward"]
    undo(root, course.package)
    assert {path.name: path.read_bytes() for path in (root / course.package).glob("*.py")} == before


def _named(path: Path) -> Iterator[tuple[str, Piece]]:
    for name, piece in leaves(split(path.read_text("utf-8"))):
        yield f"{path.stem}.{name}", piece


@pytest.mark.slow
def test_the_second_assignment_is_checked_packed_and_graded(
    course: Course, student: tuple[Path, bytes], tmp_path: Path
) -> None:
    root, archive = student
    new = tmp_path / "new.zip"
    new.write_bytes(archive)

    def command(*args: str) -> str:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(PACKAGES)])}
        done = subprocess.run(
            [sys.executable, "-m", "utils.cli", *args], cwd=root, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "The release is in this folder." in command("update", str(new))
    write_into(root, course, right(course, "hw4"))
    names = [one.name for name in ("hw3", "hw4") for one in course[name].exercises if one.score is None]
    assert f"{len(names)} of {len(names)} exercises pass" in command("check", *names)
    anyway = ["--anyway"] if "--anyway" in command("pack", "--help") else []  # no notebook was run
    command("pack", "hw4", *anyway)
    place = tmp_path / "course"
    for folder in ("solutions", "nndl", "assignments", "goldens"):
        shutil.copytree(course.root / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(course.root / "course.toml", place)
    (place / "submitted" / "ana").mkdir(parents=True)
    shutil.copy(root / "hw4.zip", place / "submitted" / "ana")
    report = tmp_path / "report.json"
    archive_path = str(place / "submitted" / "ana" / "hw4.zip")
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", archive_path, "--assignment", "hw4", "--json", str(report), "--course", str(place)])
    assert not ended.value.code
    read = json.loads(report.read_text())
    assert read["score"] == pytest.approx(sum(one.points for one in course["hw4"].exercises))
    with pytest.raises(SystemExit) as ended:
        cli.main(["grade", "hw4", "--course", str(place), "--jobs", "1"])
    assert not ended.value.code
    with Gradebook(courses.load(place)) as book:
        assert {row.student: row.score for row in book.scores("hw4")} == {"ana": read["score"]}
