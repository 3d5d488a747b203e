"""Are grades given by hand where nbgrader reads them, and is no answer graded by two people at once?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from databases import both_databases
from nbgrader import api
from small_course import answered, report

from grader.errors import GradebookError
from grader.gradebook import Gradebook
from grader.gradebook.by_hand import CLAIM_SECONDS, HandGrades, Key, Mark

WHY = Key("a1", "why", "ada")


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def book(small, url):
    with Gradebook(small, url) as book:
        for student in ("ada", "bob"):
            book.record(report(student), answered(small, why=f"Because of {student}."))
        yield book


def test_a_grade_is_where_formgrader_and_the_pages_read_it(book):
    grades = HandGrades(book)
    assert [grade.state for grade in grades.answers("a1")["why"]] == ["waiting", "waiting"]
    assert [grade.state for grade in grades.answers("a1")["how"]] == ["empty", "empty"]
    assert grades.enter(WHY, Mark(("cut",), 0.5, "Well.", "Grace"), 2.5, "Well.")
    with api.Gradebook(book.url) as nbgrader:
        grade = nbgrader.find_grade("why", "warmup", "a1", "ada")
        comment = nbgrader.find_comment("why", "warmup", "a1", "ada")
        assert (grade.manual_score, grade.score, grade.needs_manual_grade) == (2.5, 2.5, False)
        assert (comment.manual_comment, comment.comment) == ("Well.", "Well.")
    ada, bob = book.scores("a1")
    assert (ada.score, ada.answers[1].score, ada.answers[1].comment) == (10.5 + 2.5, 2.5, "Well.")
    assert bob.needs_manual_grade
    found = grades.answer(WHY)
    assert (found.state, found.points, found.max_points, found.elsewhere) == ("graded", 2.5, 4.0, False)
    assert found.mark == Mark(("cut",), 0.5, "Well.", "Grace")


def test_what_formgrader_changes_is_seen_and_not_overwritten(book):
    grades = HandGrades(book)
    grades.enter(WHY, Mark(), 2.0, "")
    seen = grades.answer(WHY).seen
    with api.Gradebook(book.url) as nbgrader:
        nbgrader.find_grade("why", "warmup", "a1", "ada").manual_score = 3.0
        nbgrader.db.commit()
    assert grades.answer(WHY).elsewhere
    assert not grades.enter(WHY, Mark(), 1.0, "", seen)
    assert grades.answer(WHY).points == 3.0
    assert grades.enter(WHY, Mark(), 1.0, "", grades.answer(WHY).seen)
    assert (grades.answer(WHY).points, grades.answer(WHY).elsewhere) == (1.0, False)


def test_a_grade_that_is_taken_back_waits_again(book):
    grades = HandGrades(book)
    before = grades.answer(WHY)
    grades.enter(WHY, Mark(remark="Well."), 2.0, "Well.")
    grades.take_back(WHY)
    assert grades.answer(WHY) == before


def test_grading_the_submission_again_leaves_a_grade_as_it_is(book, small):
    grades = HandGrades(book)
    grades.enter(WHY, Mark(("cut",), grader="Grace"), 2.0, "Well.")
    before = grades.answer(WHY)
    book.record(report("ada", relu_forward="fail"), answered(small, why="Because of ada."))
    assert grades.answer(WHY) == before
    assert before.state == "graded"


def test_a_changed_answer_waits_and_keeps_its_mark(book, small):
    grades = HandGrades(book)
    grades.enter(WHY, Mark(("cut",)), 2.0, "")
    book.record(report("ada"), answered(small, why="Because of something else."))
    found = grades.answer(WHY)
    assert (found.state, found.points, found.mark) == ("changed", 2.0, Mark(("cut",)))


def test_an_answer_is_claimed_by_one_grader_until_the_claim_runs_out(book):
    clock = Clock()
    grades = HandGrades(book, clock)
    assert grades.claim(WHY, "window 1", "Grace") == ""
    assert grades.claim(WHY, "window 1", "Grace") == ""
    assert grades.claim(WHY, "window 2", "Alan") == "Grace"
    assert [grade.claimed_by for grade in grades.answers("a1", "why", "window 2")["why"]] == ["Grace", ""]
    assert [grade.claimed_by for grade in grades.answers("a1", "why", "window 1")["why"]] == ["", ""]
    clock.now += CLAIM_SECONDS - 1
    assert grades.claim(WHY, "window 2", "Alan") == "Grace"
    clock.now += 1
    assert grades.claim(WHY, "window 2", "Alan") == ""
    assert grades.claim(WHY, "window 1", "Grace") == "Alan"
    assert grades.claim(WHY, "window 1", "Grace", take_over=True) == ""
    assert grades.claim(WHY, "window 2", "Alan") == "Grace"
    grades.let_go("window 1")
    assert grades.claim(WHY, "window 2", "Alan") == ""


@both_databases
def test_of_many_graders_at_once_one_gets_the_answer(book):
    HandGrades(book)
    together = Barrier(6)

    def claim(number: int) -> str:
        with Gradebook(book.course, book.url) as own:
            grades = HandGrades(own)
            together.wait()
            return grades.claim(WHY, f"window {number}", f"grader {number}")

    with ThreadPoolExecutor(6) as pool:
        others = list(pool.map(claim, range(6)))
    (winner,) = (number for number, other in enumerate(others) if other == "")
    assert set(others) - {""} == {f"grader {winner}"}


@both_databases
def test_of_many_grades_at_once_one_is_entered(book):
    """Without a lock, several graders read the same grade before one of them writes."""
    seen = HandGrades(book).answer(WHY).seen
    together = Barrier(6)

    def enter(number: int) -> bool:
        with Gradebook(book.course, book.url) as own:
            grades = HandGrades(own)
            together.wait()
            return grades.enter(WHY, Mark(grader=f"grader {number}"), float(number) / 2, "", seen)

    with ThreadPoolExecutor(6) as pool:
        entered = list(pool.map(enter, range(6)))
    assert sum(entered) == 1
    found = HandGrades(book).answer(WHY)
    assert (found.points, found.mark) == (entered.index(True) / 2, Mark(grader=f"grader {entered.index(True)}"))


def test_an_answer_that_nobody_has_is_an_error(book):
    with pytest.raises(GradebookError, match=r"no answer of eve to why"):
        HandGrades(book).answer(Key("a1", "why", "eve"))
