"""Does the gradebook hold the points of the reports, and keep the grades that people gave?"""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from databases import both_databases
from nbgrader import api
from small_course import answered, report

from grader import course as courses
from grader.errors import CourseError, GradebookError, Interrupted
from grader.gradebook import Gradebook, WrittenGrade
from grader.host.files import write_if_changed
from grader.submission import Submission, file_states

DUE = datetime(2027, 2, 5, 12, tzinfo=UTC)


@pytest.fixture
def book(small, url):
    with Gradebook(small, url) as book:
        yield book


def grade_by_hand(book, cell, notebook, student, score, comment):
    """What a person does in formgrader."""
    with api.Gradebook(book.url) as gb:
        grade = gb.find_grade(cell, notebook, "a1", student)
        grade.manual_score, grade.needs_manual_grade = score, False
        if comment:
            gb.find_comment(cell, notebook, "a1", student).manual_comment = comment
        gb.db.commit()


@both_databases
def test_scores_are_the_reports(book, small):
    book.record(report("ada"), answered(small))
    book.record(report("bob", relu_forward="partial", predict="missing"), answered(small))
    ada, bob = book.scores("a1")
    assert (ada.student, ada.score, ada.max_score, ada.penalty) == ("ada", 10.5, 15.5, 0.0)
    assert (bob.student, bob.score, bob.needs_manual_grade) == ("bob", 4.25, False)
    with api.Gradebook(book.url) as gb:  # what nbgrader's own commands read
        assert {row["student"]: row["score"] for row in gb.submission_dicts("a1")} == {"ada": 10.5, "bob": 4.25}


@both_databases
def test_recording_twice_counts_once(book, small):
    for _ in range(2):
        book.record(report("ada"), answered(small))
    assert [row.score for row in book.scores("a1")] == [10.5]


def test_a_better_submission_replaces_the_worse(book, small):
    book.record(report("ada", predict="fail"), answered(small))
    book.record(report("ada"), answered(small))
    assert book.scores("a1")[0].score == 10.5


def test_an_answer_waits_for_a_person_and_an_empty_one_does_not(book, small):
    book.record(report("ada"), answered(small, why="Because."))
    row = book.scores("a1")[0]
    assert row.needs_manual_grade
    assert row.answers == (WrittenGrade("how", 0.0, 1.0, "No response."), WrittenGrade("why", None, 4.0, ""))


@both_databases
def test_a_persons_grade_stays_on_a_regrade(book, small):
    book.record(report("ada"), answered(small, why="Because."))
    grade_by_hand(book, "why", "warmup", "ada", 3.5, "Nearly.")
    grade_by_hand(book, "layers-relu_forward", "warmup", "ada", 1.0, None)
    book.record(report("ada"), answered(small, why="Because."))
    row = book.scores("a1")[0]
    assert row.score == 3 + 1.0 + 5 + 3.5
    assert row.answers[1] == WrittenGrade("why", 3.5, 4.0, "Nearly.")
    assert not row.needs_manual_grade


def test_a_changed_answer_is_to_be_graded_again_and_keeps_its_old_score(book, small):
    book.record(report("ada"), answered(small, why="Because."))
    grade_by_hand(book, "why", "warmup", "ada", 3.5, "Nearly.")
    book.record(report("ada"), answered(small, why="Because of the chain rule."))
    row = book.scores("a1")[0]
    assert row.needs_manual_grade
    assert row.score == 10.5 + 3.5
    assert row.answers[1] == WrittenGrade("why", None, 4.0, "Nearly.")


def test_an_answer_with_a_changed_verdict_is_to_be_graded_again(book, small):
    book.record(report("ada", relu_forward="fail"), answered(small))
    grade_by_hand(book, "layers-relu_forward", "warmup", "ada", 1.0, None)
    book.record(report("ada"), answered(small))
    assert book.scores("a1")[0].needs_manual_grade


def test_being_late_costs_its_share_and_an_extension_gives_it_back(book, small):
    late = DUE + timedelta(hours=30)
    book.record(report("ada"), answered(small), late)
    row = book.scores("a1")[0]
    assert row.timestamp == late
    assert row.penalty == pytest.approx(0.2 * 10.5)
    with api.Gradebook(book.url) as gb:
        gb.grant_extension("a1", "ada", days=1)
    book.record(report("ada"), answered(small), late)
    assert book.scores("a1")[0].penalty == pytest.approx(0.1 * 10.5)


def test_a_time_without_a_zone_is_utc(book, small):
    book.record(report("ada"), answered(small), DUE.replace(tzinfo=None))
    assert book.scores("a1")[0].timestamp == DUE


@both_databases
def test_annotated_notebooks_are_written_for_formgrader(book, small):
    submission = answered(small, why="Because.")
    del submission.files["more.ipynb"]
    submission.files["evil.html"] = b"<script>"
    book.record(report("ada"), submission, DUE)
    folder = small.root / "autograded" / "ada" / "a1"
    assert sorted(path.name for path in folder.iterdir()) == [
        "graph.png",
        "more.ipynb",
        "timestamp.txt",
        "warmup.ipynb",
    ]
    warmup = nbformat.read(folder / "warmup.ipynb", as_version=4)
    assert "Because." in [cell.source for cell in warmup.cells]
    more = nbformat.read(folder / "more.ipynb", as_version=4)
    assert more.cells[0].source == "**This notebook was not handed in; what you see is the released one.**"
    assert more.cells[1].outputs[1].data["text/plain"] == "5.0"


@pytest.mark.parametrize("links", [True, False])
def test_all_submissions_have_the_released_pictures(book, small, monkeypatch, links):
    if not links:

        def refused(*_):
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", refused)
    released = small.root / "assignments" / "a1" / "graph.png"
    theirs = [small.root / "autograded" / student / "a1" / "graph.png" for student in ("ada", "bob")]

    def enter():
        for student in ("ada", "bob"):
            book.record(report(student), answered(small))

    enter()
    assert [path.samefile(released) for path in theirs] == [links, links]
    assert [path.read_bytes() for path in theirs] == [b"a picture"] * 2
    theirs[0].unlink()
    write_if_changed(theirs[0], b"changed by hand")
    write_if_changed(released, b"a better picture")
    enter()
    assert [path.read_bytes() for path in theirs] == [b"a better picture"] * 2
    inodes = [path.stat().st_ino for path in theirs]
    enter()  # nothing is written that is there already
    assert [path.stat().st_ino for path in theirs] == inodes


def test_files_that_were_written_keep_their_state_when_others_are_entered(book, small, monkeypatch):
    monkeypatch.setattr(file_states, "SETTLED", -1000.0)
    book.record(report("ada"), answered(small))
    before = book.written_states("a1", "ada")
    book.record(report("bob"), answered(small))
    assert book.written_states("a1", "ada") == before != b""
    write_if_changed(small.root / "autograded" / "ada" / "a1" / "more.ipynb", b"another")
    assert book.written_states("a1", "ada") not in (before, b"")


def test_a_damaged_notebook_costs_nothing_that_does_not_stand_in_it(book, small):
    submission = Submission({"warmup.ipynb": b'{"cells": [', "more.ipynb": b""}, ())
    book.record(report("ada"), submission)
    assert book.scores("a1")[0].score == 10.5


@both_databases
def test_all_of_a_submission_is_entered_or_nothing(book, small, monkeypatch):
    book.record(report("ada", predict="fail"), answered(small))

    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    for student in ("ada", "bob"):
        with pytest.raises(Interrupted, match=rf"disk full at .*/{student}/a1/\..*: free space and run the same"):
            book.record(report(student), answered(small))
    assert [(row.student, row.score) for row in book.scores("a1")] == [("ada", 5.5)]
    with api.Gradebook(book.url) as gb:
        assert [student.id for student in gb.students] == ["ada"]


def test_the_due_date_is_course_tomls(book, small):
    book.prepare("a1")
    with api.Gradebook(book.url) as gb:
        assert gb.find_assignment("a1").duedate == DUE.replace(tzinfo=None)


def test_changed_points_reach_the_gradebook_and_a_persons_grade_keeps_its_share(book, small):
    book.record(report("ada"), answered(small))
    grade_by_hand(book, "why", "warmup", "ada", 3, "good")
    toml = small.root / "course.toml"
    text = toml.read_text().replace("points = 5", "points = 10").replace('"why", points = 4', '"why", points = 6')
    toml.write_text(text)
    changed = courses.load(small.root)
    worth = {"neural_net.TwoLayerNet.predict": 10.0}
    verdicts = tuple(
        replace(
            verdict, score=worth.get(verdict.name, verdict.score), max_score=worth.get(verdict.name, verdict.max_score)
        )
        for verdict in report("ada").exercises
    )
    with Gradebook(changed, book.url) as again:
        again.record(replace(report("ada"), exercises=verdicts), answered(small))
        (row,) = again.scores("a1")
        assert (row.score, row.max_score) == (3 + 2.5 + 10 + 3 * 6 / 4, 3 + 2.5 + 10 + 6 + 1)


def test_other_cells_under_recorded_submissions_are_refused(book, small):
    book.record(report("ada"), answered(small))
    path = small.root / "assignments" / "a1" / "more.ipynb"
    path.write_text(path.read_text().replace('"grade_id": "how"', '"grade_id": "whence"'))
    with Gradebook(small, book.url) as again, pytest.raises(GradebookError, match="move the old gradebook away"):
        again.prepare("a1")


def test_a_report_of_an_older_course_toml_is_refused(book, small):
    old = report("ada")
    old = replace(old, exercises=(replace(old.exercises[0], score=30.0, max_score=30.0), *old.exercises[1:]))
    with pytest.raises(CourseError, match=r"30\.0 of 3 points"):
        book.record(old, answered(small))
    assert book.scores("a1") == []


@pytest.mark.parametrize("student", ["", ".", "..", "../../etc", "a\nb", "a\u202eb", "\udcff", "a" * 129])
def test_a_name_that_no_folder_or_database_takes_is_refused(book, small, student):
    with pytest.raises(GradebookError, match="is no name for a student"):
        book.record(report(student), answered(small))
    assert book.scores("a1") == []


@pytest.mark.parametrize("student", ["ada", "Ada Lovelace", "نور", "o'hara; drop table student", "a" * 128])
def test_other_names_are_taken(book, small, student):
    book.record(report(student), answered(small))
    assert [row.student for row in book.scores("a1")] == [student]


def test_a_damaged_database_is_one_sentence(small):
    (small.root / "gradebook.db").write_bytes(b"this is no database, it is a text" * 100)
    with pytest.raises(GradebookError, match=r"gradebook\.db cannot be opened: file is not a database"):
        Gradebook(small)


def test_closing_twice_does_nothing(small, url):
    book = Gradebook(small, url)
    book.close()
    book.close()
