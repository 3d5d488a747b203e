"""Do the stock commands, as people type them, give hw3 the scores of the grader: with the real oracle and sandbox?"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from grading_here import report_for

from grader.classrun.collect import collect, read_submission
from grader.course import load
from grader.gradebook import Gradebook
from grader.sandbox import SandboxUnavailable, choose_confinement

ROOT = Path(__file__).parents[2]

# The ordinary suite has the stock commands on a smaller course, in tests/courses, and on attacks, in tests/attacks.
pytestmark = pytest.mark.slow


def nbgrader(folder, *args):
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(folder), "PYTHONWARNINGS": ""}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *args], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A copy of the course with three submissions, graded by the stock commands."""
    try:
        choose_confinement()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    root = tmp_path_factory.mktemp("course")
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    for name in ("assignments", "solutions"):
        shutil.copytree(ROOT / name, root / name)
    hw3 = {student: root / "submitted" / student / "hw3" for student in ("right", "stubs", "empty")}
    for folder in hw3.values():
        folder.mkdir(parents=True)
    shutil.copytree(ROOT / "solutions" / "nndl", hw3["right"] / "nndl")
    shutil.copytree(ROOT / "nndl", hw3["stubs"] / "nndl")
    for path in (ROOT / "assignments" / "hw3").glob("*.ipynb"):
        shutil.copy(path, hw3["stubs"])
    nbgrader(root, "autograde", "hw3")
    nbgrader(root, "generate_feedback", "hw3")
    nbgrader(root, "export")
    return root


def test_scores_are_those_of_the_grader(graded, tmp_path):
    course = load(graded)
    hw3 = course["hw3"]
    with Gradebook(course) as stock, Gradebook(course, f"sqlite:///{tmp_path / 'own.db'}") as own:
        for entry in collect(graded / "submitted", hw3):
            report = report_for(course, hw3, entry).report
            own.record(report, read_submission(course, hw3, entry.path))
        rows = stock.scores("hw3")
        assert rows == own.scores("hw3")
    scores = {row.student: row.score for row in rows}
    code = sum(exercise.points for exercise in hw3.exercises if not exercise.score)
    assert scores == {"right": code, "stubs": 0.0, "empty": 0.0}


def exported(folder):
    with open(folder / "grades.csv", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def test_export_has_every_student(graded):
    rows = exported(graded)
    assert sorted(rows) == ["empty", "right", "stubs"]
    assert rows["right"] > 0


def test_every_student_has_feedback_on_every_notebook(graded):
    for student in ("right", "stubs", "empty"):
        pages = sorted(path.name for path in (graded / "feedback" / student / "hw3").iterdir())
        assert pages == ["FC_nets.html", "backprop.html", "two_layer_nn.html"]
    assert "not there yet, 0 of" in (graded / "feedback" / "stubs" / "hw3" / "FC_nets.html").read_text()


def test_generate_assignment_gives_what_the_release_gives(graded, tmp_path):
    from grader.release.notebooks import generate

    course = load(graded)
    nbgrader(graded, "generate_assignment", "hw3")
    released = generate(course, course["hw3"])
    assert {path: (graded / path).read_bytes() for path in released} == released


def test_a_postgresql_server_gets_the_same(graded, server, tmp_path):
    from grader.release.notebooks import generate

    url = server.database()
    course = load(graded)
    assert generate(course, course["hw3"], url)  # as `grader release hw3 --db …`
    nbgrader(graded, "autograde", "hw3", "--db", url, "--force")
    nbgrader(graded, "generate_feedback", "hw3", "--db", url, "--force")
    nbgrader(graded, "export", "--db", url, "--to", str(tmp_path / "grades.csv"))
    assert exported(tmp_path) == exported(graded)
    server.remove(url)
