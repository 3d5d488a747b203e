"""Do nbgrader's own commands end in the same reports, whatever a submission holds, and run nothing of it?"""

import json
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader import api
from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.converters.generate_feedback import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from sampling import sampled
from small_course import answered, make, report
from traitlets.config import Config

from grader import course as courses
from grader import nbgrader_plugin
from grader.classrun.grading import Graded
from grader.course.decision_file import decided
from grader.errors import SelfTestFailed
from grader.gradebook import Gradebook
from grader.gradebook.by_hand import HandGrades, Key, Mark
from grader.gradebook.lateness import hand_in_time
from grader.gradebook.outputs import LABEL
from grader.nbgrader_plugin import LatePolicy, SandboxAutograde, configure

ROOT = Path(__file__).parents[2]
REMARKS = ("evil.html is not one of the files of a1; it was ignored.",)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    course = make(tmp_path_factory.mktemp("prepared"))
    with Gradebook(course) as book:
        book.prepare("a1")
    return course


@pytest.fixture
def small(prepared, tmp_path, monkeypatch):
    """A course with an empty class. The oracle's place is taken by reports made by hand."""
    course = make(tmp_path)
    shutil.copy(prepared.root / "gradebook.db", tmp_path)
    monkeypatch.setattr(
        nbgrader_plugin, "grade_one", lambda _, __, entry: Graded(entry, verdicts(entry.student), False)
    )
    monkeypatch.setattr(nbgrader_plugin, "ready", lambda course, assignment: None)
    return course


def verdicts(student):
    return report(student, relu_forward="partial", remarks=REMARKS)


def folder(course, student):
    path = course.root / "submitted" / student / "a1"
    path.mkdir(parents=True)
    return path


def hand_in(course, student, **answers):
    path = folder(course, student)
    for name, data in answered(course, **answers).files.items():
        (path / name).write_bytes(data)
    return path


def change(path, edit):
    notebook = json.loads(path.read_text())
    edit(notebook)
    path.write_text(json.dumps(notebook))


def commands(course, url=None):
    """nbgrader as configured for the course."""
    config = Config()
    configure(config, course)
    if url:
        config.CourseDirectory.db_url = url
    folders = CourseDirectory(config=config)
    folders.assignment_id = "a1"
    return config, folders


def autograde(course, student="*", url=None):
    config, folders = commands(course, url)
    folders.student_id = student
    SandboxAutograde(coursedir=folders, config=config, log=logging.getLogger("autograde")).start()
    return scores(course, url)


def scores(course, url=None):
    with Gradebook(course, url) as book:
        return {row.student: row for row in book.scores("a1")}


def forged(notebook):
    """Everything that ever gave points on plain nbgrader, or stopped it."""
    result = {"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = ["skip-execution"]
        if cell["cell_type"] == "code":
            cell["metadata"]["nbgrader"] |= {"points": 1000, "schema_version": 1, "solution": True}
            cell["source"], cell["outputs"] = "", [result]
    notebook["cells"].append(dict(notebook["cells"][1]))
    notebook["metadata"] = {"kernelspec": {"name": "bash", "display_name": "", "language": "R"}}


def deleted(notebook):
    del notebook["cells"][1:3]


def bare(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def broken(notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["nbgrader"] = {"grade": True, "points": "many"}


@pytest.mark.parametrize("edit", sampled([lambda nb: None, forged, deleted, bare, broken], every=3, first=1))
def test_nothing_in_a_notebook_moves_points(small, edit):
    change(hand_in(small, "ada") / "warmup.ipynb", edit)
    assert autograde(small)["ada"].score == 3 + 1.25 + 5


def test_what_a_notebook_shows_is_shown_to_people_and_earns_nothing(small):
    shown = {"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}

    def show(notebook):
        notebook["cells"].append({**notebook["cells"][1], "metadata": {}, "source": "1000"})
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [shown]

    change(hand_in(small, "ada") / "warmup.ipynb", show)
    assert autograde(small)["ada"].score == 3 + 1.25 + 5
    nb = nbformat.read(small.root / "autograded" / "ada" / "a1" / "warmup.ipynb", as_version=4)
    assert [cell.source for cell in nb.cells if LABEL in str(cell.get("outputs"))] == ["1000"]


@pytest.mark.parametrize("ours", [True, False])
def test_formgrader_sees_at_each_request_what_others_have_entered_meanwhile(small, ours):
    from nbgrader.server_extensions.formgrader.base import BaseHandler

    hand_in(small, "ada", why="Because.")
    autograde(small)
    commands(small)  # formgrader reads the configuration again and again
    names = ("why", "warmup", "a1", "ada")
    with api.Gradebook(f"sqlite:///{small.root / 'gradebook.db'}") as session, Gradebook(small) as other:

        class Request:
            def __init__(self):
                self.settings = {"nbgrader_gradebook": session}

            gradebook = BaseHandler.gradebook if ours else property(BaseHandler.gradebook.fget)

        first = Request().gradebook.find_grade(*names)
        assert first.manual_score is None
        HandGrades(other).enter(Key("a1", "why", "ada"), Mark(), 2.0, "")
        request = Request()
        assert request.gradebook.find_grade(*names).manual_score == (2.0 if ours else None)
        request.gradebook.find_grade(*names).manual_score = 3.0
        assert request.gradebook.find_grade(*names).manual_score == 3.0  # what the request itself changes stays
        request.gradebook.db.commit()
        assert other.scores("a1")[0].answers[1].score == 3.0


def test_nothing_of_a_submission_is_executed(small, monkeypatch):
    def run(*_):
        raise AssertionError("a kernel was about to start")

    monkeypatch.setattr(Execute, "preprocess", run)
    code = f"open({str(small.root / 'proof')!r}, 'w')"
    change(
        hand_in(small, "ada") / "warmup.ipynb",
        lambda nb: nb["cells"].insert(0, {**nb["cells"][1], "metadata": {}, "source": code}),
    )
    autograde(small)
    assert not (small.root / "proof").exists()


def without_notebooks(course, path):
    for notebook in path.glob("*.ipynb"):
        notebook.unlink()


def one_missing(course, path):
    (path / "more.ipynb").unlink()


def one_damaged(course, path):
    (path / "more.ipynb").write_bytes(b'{"cells": [')


def linked(course, path):
    (path / "more.ipynb").unlink()
    (path / "more.ipynb").symlink_to(course.root / "course.toml")
    (path / "nowhere").symlink_to("/nonexistent")


def pipes(course, path):
    (path / "more.ipynb").unlink()
    os.mkfifo(path / "more.ipynb")
    os.mkfifo(path / "timestamp.txt")


def enormous(course, path):
    with open(path / "data.bin", "wb") as file:
        file.truncate(1 << 30)


def no_date(course, path):
    (path / "timestamp.txt").write_text("yesterday")


def archived(course, path):
    with zipfile.ZipFile(path.parent / "a1.zip", "w") as archive:
        for notebook in path.glob("*.ipynb"):
            archive.write(notebook, notebook.name)
    shutil.rmtree(path)


@pytest.mark.parametrize(
    "damage",
    sampled(
        [without_notebooks, one_missing, one_damaged, linked, pipes, enormous, no_date, archived], every=3, first=1
    ),
    ids=lambda f: f.__name__,
)
def test_every_submission_is_graded_and_none_stops_the_class(small, damage):
    damage(small, hand_in(small, "bob"))
    (hand_in(small, "ada") / "evil.html").write_text("<script>")
    rows = autograde(small)
    assert {student: row.score for student, row in rows.items()} == {"ada": 9.25, "bob": 9.25}
    for student in ("ada", "bob"):
        written = {path.name for path in (small.root / "autograded" / student / "a1").iterdir()}
        assert written == {"warmup.ipynb", "more.ipynb"}


def test_the_command_and_the_gradebook_enter_the_same(small, url):
    names = {"ada": {"why": "Because."}, "bob": {}}
    for student, answers in names.items():
        hand_in(small, student, **answers)
    rows = autograde(small, url=url)
    texts = {path: nbformat.read(path, 4) for path in sorted((small.root / "autograded").rglob("*.ipynb"))}
    with Gradebook(small, url) as book:
        for student, answers in names.items():
            book.record(verdicts(student), answered(small, **answers))
    assert scores(small, url) == rows
    config, folders = commands(small, url)  # formgrader's list of the class
    listed = {row["student"]: row["score"] for row in NbGraderAPI(folders, config=config).get_submissions("a1")}
    assert listed == {student: row.score for student, row in rows.items()}
    assert {path: nbformat.read(path, 4) for path in texts} == texts


def test_a_newer_submission_is_graded_again(small, url):
    path = hand_in(small, "ada")
    (path / "timestamp.txt").write_text("2027-02-01 12:00:00 UTC")
    autograde(small, url=url)
    (path / "timestamp.txt").write_text("2027-02-07 12:00:00 UTC")
    row = autograde(small, url=url)["ada"]
    assert row.timestamp.day == 7
    assert row.penalty == pytest.approx(0.2 * 9.25)


@pytest.mark.slow
def test_lateness_of_an_archive_is_charged_by_the_time_beside_it_on_both_roads(small, caplog):
    path = hand_in(small, "ada")
    (path / "timestamp.txt").write_text("2020-01-01 12:00:00 UTC")  # the student's own
    shutil.make_archive(str(path), "zip", path)
    shutil.rmtree(path)
    assert autograde(small)["ada"].penalty == 0
    assert "No hand-in time is known of ada" in caplog.text
    path.with_name("a1.timestamp.txt").write_text("2027-02-07 12:00:00 UTC")
    shutil.rmtree(small.root / "autograded")
    by_command = autograde(small)
    with Gradebook(small) as book:
        book.record(verdicts("ada"), answered(small), hand_in_time(path.with_name("a1.zip")))
    assert scores(small) == by_command
    assert by_command["ada"].penalty == pytest.approx(0.2 * 9.25)


def test_one_student_can_be_graded_alone(small):
    hand_in(small, "ada")
    hand_in(small, "bob")
    assert list(autograde(small, "bob")) == ["bob"]


def test_a_folder_that_nbgrader_cannot_name_is_passed_over_with_a_word(small, caplog):
    hand_in(small, "ada")
    hand_in(small, "eve\nbob")
    assert list(autograde(small)) == ["ada"]
    assert 'Skipped "eve\\nbob": rename the folder' in caplog.text


@pytest.mark.parametrize("student", ["*", "carol"])
def test_no_submission_is_one_sentence(small, student):
    if student != "*":
        hand_in(small, "ada")
    with pytest.raises(NbGraderException, match="submission"):
        autograde(small, student)


def test_nothing_is_graded_where_the_reference_does_not_pass(small, monkeypatch):
    def refuse(course, assignment):
        raise SelfTestFailed("the reference does not pass")

    monkeypatch.setattr(nbgrader_plugin, "ready", refuse)
    hand_in(small, "ada")
    with pytest.raises(NbGraderException, match="the reference does not pass"):
        autograde(small, "ada")
    assert not (small.root / "autograded" / "ada").exists()


@pytest.mark.slow
def test_feedback_shows_findings_and_runs_nothing(small):
    evil = "[x](javascript:alert(1)) <script>alert(2)</script> <img src=x onerror=alert(3)> **so**"
    path = hand_in(small, "ada", why=evil) / "warmup.ipynb"
    raw = {"cell_type": "raw", "metadata": {}, "source": "<script>alert(4)</script>"}
    change(path, lambda nb: nb["cells"].insert(0, raw))
    autograde(small)
    config, folders = commands(small)
    config.GenerateFeedback.exporter_class = "nbconvert.exporters.HTMLExporter"
    GenerateFeedback(coursedir=folders, config=config).start()
    html = (small.root / "feedback" / "ada" / "a1" / "warmup.html").read_text()
    assert "partly right, 1.25 of 2.5 points" in html
    assert "out, one row: out is too large." in html
    assert "<strong>so</strong>" in html
    assert "<script>alert" not in html
    assert "onerror" not in html.replace("&lt;img", "")
    assert 'href="javascript' not in html


def test_formgraders_button_and_list_use_the_same_parts(small):
    from nbgrader.apps import api

    config, folders = commands(small)
    assert api.Autograde is SandboxAutograde
    os.mkfifo(folder(small, "ada") / "timestamp.txt")
    assert NbGraderAPI(folders, config=config).get_submitted_timestamp("a1", "ada") is None
    assert AutogradeApp(config=config).config.Autograde.autograde_preprocessors[0].endswith("SandboxGrade")


@pytest.mark.parametrize(("hours", "penalty"), [(1, None), (3, 0.925), (24 * 30, 9.25)])
def test_the_late_policy_is_course_tomls(small, monkeypatch, hours, penalty):
    monkeypatch.chdir(small.root)
    assert LatePolicy().late_submission_penalty("ada", 9.25, hours * 3600) == (penalty and pytest.approx(penalty))


class Died(BaseException):
    """Like a kill: nothing that nbgrader does about errors is done."""


def autograde_and_die(course, monkeypatch, step, after):
    """Autograde, and die before or after a notebook is written for the so-manieth time; whether it came to that."""
    write, left = SandboxAutograde.write_single_notebook, [step]

    def counted(self, *args):
        left[0] -= 1
        if left[0] == 0 and not after:
            raise Died
        write(self, *args)
        if left[0] == 0:
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(SandboxAutograde, "write_single_notebook", counted)
        try:
            autograde(course)
        except Died:
            return True
    return False


@pytest.mark.parametrize(
    "guarded", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["guarded", "as nbgrader decides it"]
)
@pytest.mark.parametrize("after", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["before", "after"])
def test_a_submission_that_was_stopped_in_the_middle_is_graded_again(small, monkeypatch, guarded, after):
    """It is stopped at each notebook that is written: `before` or `after` that."""
    hand_in(small, "ada")
    (small.root / "submitted" / "ada" / "a1" / "timestamp.txt").write_text("2027-01-01 10:00:00 UTC")
    empty = (small.root / "gradebook.db").read_bytes()
    if not guarded:
        monkeypatch.setattr(SandboxAutograde, "init_destination", BaseConverter.init_destination)
    stopped, found = 0, set()
    for step in range(1, 10):
        (small.root / "gradebook.db").write_bytes(empty)
        shutil.rmtree(small.root / "autograded", ignore_errors=True)
        if not autograde_and_die(small, monkeypatch, step, after):
            break
        stopped += 1
        found.add(autograde(small)["ada"].score)
    assert stopped == 4  # two notebooks, each written clean and written graded
    assert (found == {3 + 1.25 + 5}) is guarded
    assert guarded or min(found) < 3 + 1.25 + 5
    assert not (small.root / "autograded" / "ada" / "a1" / ".unfinished").exists()


DECISIONS = """
[[extension]]
assignment = "a1"
students = ["ada"]
days = 1

[[void]]
question = "layers.relu_forward"
points = "given"

[[bonus]]
assignment = "a1"
students = ["bob"]
points = 1.5

[[weight]]
question = "neural_net.TwoLayerNet.predict"
points = 8
"""


def test_formgraders_lists_show_totals(small):
    course = decided(small, '[[bonus]]\nassignment = "a1"\nstudents = ["ada"]\npoints = 2\n')
    for student, hour in (("ada", 18), ("bob", 6)):
        hand_in(small, student)
        (small.root / "submitted" / student / "a1.timestamp.txt").write_text(f"2027-02-06 {hour:02}:00:00 UTC")
    (small.root / "decisions.toml").write_text('[[bonus]]\nassignment = "a1"\nstudents = ["ada"]\npoints = 2\n')
    autograde(small)
    folder(small, "zoe")  # handed in, and not graded yet
    config, folders = commands(small)
    formgrader = NbGraderAPI(folders, config=config)
    with Gradebook(course) as book:
        totals = {total.student: total.score for total in book.totals("a1")}
    assert totals == pytest.approx({"ada": 0.8 * 9.25 + 2, "bob": 0.9 * 9.25})
    everybody = pytest.approx(totals | {"zoe": 0})
    assert {row["student"]: row["score"] for row in formgrader.get_submissions("a1")} == everybody
    assert {row["id"]: row["score"] for row in formgrader.get_students()} == everybody
    assert formgrader.get_submission("a1", "ada")["score"] == pytest.approx(totals["ada"])
    assert formgrader.get_submission("a1", "nobody")["score"] == 0


def test_decisions_after_grading_reach_everybody_on_the_stock_road_without_force(small, caplog, monkeypatch):
    for student in ("ada", "bob"):
        hand_in(small, student)
        (small.root / "submitted" / student / "a1.timestamp.txt").write_text("2027-02-06 18:00:00 UTC")
    autograde(small)
    (small.root / "decisions.toml").write_text(DECISIONS)
    changed = courses.load(small.root)
    weighted = (replace(verdicts("x").exercises[-1], score=8.0, max_score=8.0),)
    monkeypatch.setattr(
        nbgrader_plugin,
        "grade_one",
        lambda _, __, entry: Graded(
            entry, replace(verdicts(entry.student), exercises=(*verdicts("x").exercises[:-1], *weighted)), True
        ),
    )
    with caplog.at_level(logging.INFO, "autograde"):
        rows = autograde(changed)
    stock = {name: row.score - row.penalty for name, row in rows.items()}
    code = 3 + 2.5 + 8  # relu_forward was partial, and everybody gets its points
    assert stock == {"ada": pytest.approx(0.9 * code), "bob": pytest.approx(0.8 * code + 1.5)}
    assert "a1, bob: 7.4 → 12.3. " in caplog.text
    with Gradebook(changed) as book:
        assert {total.student: total.score for total in book.totals("a1")} == pytest.approx(stock)
    caplog.clear()
    with caplog.at_level(logging.INFO, "autograde"):
        assert autograde(changed) == rows
    assert "Changed since" not in caplog.text
    assert "Entering" not in caplog.text


def test_an_archive_beside_a_folder_is_named(small, caplog):
    for student in ("ada", "bob"):
        hand_in(small, student)
    (small.root / "submitted" / "ada" / "a1.zip").write_bytes(b"")
    autograde(small)
    said = (
        "More than one submission is there of ada (a1 counts and not a1.zip); move away the one that should not count."
    )
    assert said in caplog.messages


CONFIGURATIONS = [
    "nbgrader_config.py",
    pytest.param("grader/authoring/template/nbgrader_config.py", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("course.toml", "nbgrader cannot be used in this folder: course.toml, line 1: "),
        pytest.param("decisions.toml", "decisions.toml, line 1: ", marks=pytest.mark.slow),
    ],
)
def test_where_the_course_cannot_be_read_nbgrader_does_not_go_on_without_the_sandbox(
    small, configuration, broken, sentence
):
    """nbgrader logs an exception in its configuration, and would then run the notebook with its own defaults."""
    path = hand_in(small, "ada")
    mark = small.root / "it-has-run"
    change(path / "warmup.ipynb", lambda nb: nb["cells"][1].update(source=f"open({str(mark)!r}, 'w')"))
    shutil.copy(ROOT / configuration, small.root)
    (small.root / broken).write_text("nonsense = 3\n")
    env = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(small.root), "PYTHONWARNINGS": ""}
    command = [sys.executable, "-m", "nbgrader", "autograde", "a1"]
    done = subprocess.run(command, cwd=small.root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not mark.exists()
    assert not (small.root / "autograded").exists()
