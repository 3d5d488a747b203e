"""An instructor's own changes meet an update of the kit: git merges them, a release makes generated files anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.authoring import new_course, new_exercise
from grader.authoring.course_toml import edit
from grader.course import load
from grader.release.consistency import examine
from grader.release.strip import package


def git(folder: Path, *words: str, fails: bool = False) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def release(folder: Path) -> None:
    """What of a release takes no time: the student's package."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "solutions"]:
        del sys.modules[name]
    for path, data in package(load(folder)).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)


def commit(folder: Path, what: str) -> None:
    release(folder)
    git(folder, "add", "--all")
    git(folder, "commit", "--message", what)


def change(path: Path, old: str, new: str) -> None:
    assert path.read_text("utf-8").count(old) == 1
    edit(path, lambda text: text.replace(old, new))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A fork with other points, another date and an exercise of its own; upstream has moved on, too."""
    kit, mine = tmp_path / "kit", tmp_path / "mine"
    new_course(kit)
    git(kit, "init", "--quiet")
    commit(kit, "first")
    git(tmp_path, "clone", "--quiet", "--origin", "upstream", "kit", "mine")
    for ending in ("py", "wrong", "right"):
        path = kit / "solutions" / "exercises" / "tables" / f"centre.{ending}"
        if ending != "py":
            edit(path, lambda text: text.replace("np.mean(x, axis=0)", "x.mean(axis=0)"))
    change(kit / "solutions/exercises/tables/centre.py", '"a single example"', '"one example"')
    change(kit / "solutions/mycourse/tables.py", "np.mean(x, axis=0)", "x.mean(axis=0)")
    change(kit / "solutions/mycourse/tables.py", "Tables of numbers: a row", "Tables: a row")
    change(
        kit / "solutions/mycourse/tables.py", "    ### BEGIN", "    # The columns stand along axis 1.\n    ### BEGIN"
    )
    change(kit / "solutions/hw1/first_steps.py", "Two things are measured", "Two things were measured")
    commit(kit, "second")
    git(kit, "tag", "v9.0.0")
    change(mine / "course.toml", '"tables.centre", points = 3', '"tables.centre", points = 5')
    change(mine / "course.toml", "2030-01-31", "2030-02-28")
    new_exercise(load(mine), "tables.scale", points=2)
    commit(mine, "mine")
    git(mine, "fetch", "--quiet", "--tags", "upstream")
    return mine


def test_they_meet_in_generated_files_alone(mine: Path) -> None:
    git(mine, "merge", "v9.0.0", fails=True)
    assert git(mine, "diff", "--name-only", "--diff-filter=U").split() == ["mycourse/tables.py"]


def test_with_the_merge_rule_there_is_no_conflict_and_a_release_makes_them_anew(mine: Path) -> None:
    git(mine, "config", "merge.ours.driver", "true")
    git(mine, "merge", "v9.0.0", "--message", "merged")
    assert "Tables: a row" not in (mine / "mycourse/tables.py").read_text()
    release(mine)
    released = (mine / "mycourse/tables.py").read_text()
    assert "Tables: a row" in released
    assert "tables.centre (hw1, 5 points)" in released
    assert "tables.scale (hw1, 2 points)" in released
    course = load(mine)
    assert course["hw1"].due.month == 2
    assert {problem.sentence.split()[0] for problem in examine(course).errors} == {"tables.scale", "no"}
    assert examine(course, ["tables.centre"]).errors == ()
