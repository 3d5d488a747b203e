"""The rows of a submission are those that nbgrader's own API and SaveAutoGrades would write, whatever came before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nbgrader import api
from nbgrader.preprocessors import SaveAutoGrades
from nbgrader.utils import is_grade
from small_course import answered, report
from sqlalchemy import func, select

from grader.course import Course
from grader.errors import GradebookError
from grader.gradebook import Entry, Gradebook, applied
from grader.gradebook.annotate import annotate

TIME = datetime(2027, 2, 5, 11, tzinfo=UTC)
CELLS = [
    ("layers-affine_forward", "warmup"),
    ("layers-relu_forward", "warmup"),
    ("why", "warmup"),
    ("neural_net-TwoLayerNet-predict", "more"),
    ("how", "more"),
]
NUMBERS = count()

verdicts = st.sampled_from(["pass", "partial", "fail"])
answers = st.sampled_from(["YOUR ANSWER HERE", "Because.", "Because of the chain rule."])
scores = st.none() | st.sampled_from([0.0, 1.0, 2.5])
gradings = st.tuples(
    st.just("graded"),
    st.fixed_dictionaries({"affine_forward": verdicts, "relu_forward": verdicts, "predict": verdicts}),
    st.fixed_dictionaries({"why": answers, "how": answers}),
    st.none() | st.integers(-40, 60).map(lambda hours: TIME + timedelta(hours=hours)),
)
hand_grades = st.tuples(
    st.just("by hand"), st.sampled_from(CELLS), scores, scores, st.sampled_from([None, "", "Nearly."]), st.booleans()
)
extensions = st.tuples(st.just("extension"), st.integers(0, 3))


@pytest.fixture
def book(small: Course, url: str) -> Iterator[Gradebook]:
    with Gradebook(small, url) as book:
        yield book


def by_nbgrader(book: Gradebook, course: Course, made: Any, submission: Any, time: datetime | None) -> None:
    """Enter a submission by nbgrader's own API, cell by cell."""
    nodes = book.restored("a1", submission)
    with api.Gradebook(book.url) as own:
        own.update_or_create_student(made.student)
        with own.db.no_autoflush:  # nbgrader fills in new rows before it adds them to the session
            own.update_or_create_submission("a1", made.student, **({"timestamp": time} if time else {}))
        for notebook in course["a1"].notebook:
            saver = SaveAutoGrades()
            saver.gradebook = own
            saver.notebook_id, saver.assignment_id, saver.student_id = notebook.name, "a1", made.student
            path = book.autograded / made.student / "a1" / f"{notebook.name}.ipynb"
            cells = nbformat.read(path, as_version=4).cells if path.exists() else []
            before = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}
            node = annotate(nodes[notebook.name], made, notebook)
            for index, cell in enumerate(node.cells):
                if not is_grade(cell):
                    saver.preprocess_cell(cell, {}, index)
                    continue
                name = cell.metadata.nbgrader.grade_id
                grade = own.find_grade(name, notebook.name, "a1", made.student)
                score, waited = grade.auto_score, grade.needs_manual_grade
                saver.preprocess_cell(cell, {}, index)
                if before.get(name) == cell.source and grade.auto_score == score:  # the one rule besides nbgrader's
                    grade.needs_manual_grade = waited
                    own.db.commit()
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(node, path)
    with book.engine.begin() as connection:
        applied.apply(connection, course, course["a1"], [made.student], tell=False)


def grade_by_hand(book: Gradebook, student: str, step: Any) -> None:
    """What a person may do in formgrader."""
    _, (cell, notebook), score, extra, comment, waiting = step
    with api.Gradebook(book.url) as own:
        grade = own.find_grade(cell, notebook, "a1", student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = score, extra, waiting
        if cell in ("why", "how"):
            own.find_comment(cell, notebook, "a1", student).manual_comment = comment
        own.db.commit()


def rows(book: Gradebook, student: str) -> Any:
    """Everything that the database holds about a student, without the rows' ids, in an order of its own."""
    with api.Gradebook(book.url) as own:
        who = own.find_student(student)
        submission = own.find_submission("a1", student)
        notebooks = {
            notebook.name: (
                notebook.flagged,
                notebook.late_submission_penalty,
                notebook.score,
                notebook.needs_manual_grade,
                {
                    row.name: (row.auto_score, row.manual_score, row.extra_credit, row.needs_manual_grade)
                    for row in notebook.grades
                },
                {row.name: (row.auto_comment, row.manual_comment) for row in notebook.comments},
            )
            for notebook in submission.notebooks
        }
        person = (who.first_name, who.last_name, who.email, who.lms_user_id)
        return person, submission.timestamp, submission.extension, submission.score, notebooks


def how_many(book: Gradebook) -> list[int]:
    kinds = (api.Student, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
    with book.engine.connect() as connection:
        return [connection.execute(select(func.count()).select_from(kind.__table__)).scalar_one() for kind in kinds]


@settings(
    max_examples=settings.default.max_examples // 10,
    deadline=None,
    phases=[Phase.generate],  # a smaller example would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=gradings, rest=st.lists(gradings | hand_grades | extensions, max_size=5))
def test_the_rows_are_those_that_nbgrader_writes(book: Gradebook, small: Course, first: Any, rest: list[Any]) -> None:
    number, before = next(NUMBERS), how_many(book)
    ours, theirs = f"ours{number}", f"theirs{number}"
    for step in (first, *rest):
        for student in (ours, theirs):
            if step[0] == "by hand":
                grade_by_hand(book, student, step)
            elif step[0] == "extension":
                with api.Gradebook(book.url) as own:
                    own.grant_extension("a1", student, days=step[1])
            else:
                made, submission = report(student, **step[1]), answered(small, **step[2])
                if student == ours:
                    book.record(made, submission, step[3])
                else:
                    by_nbgrader(book, small, made, submission, step[3])
        assert rows(book, ours) == rows(book, theirs)
    assert [after - then for after, then in zip(how_many(book), before, strict=True)] == [2, 2, 4, 10, 4]


def test_several_submissions_are_entered_as_each_would_be_by_itself(book: Gradebook, small: Course) -> None:
    """Some are new and some are not, some have a time and some have not."""
    later = TIME + timedelta(hours=30)
    entries = [
        (report("new"), answered(small, why="Because."), None),
        (report("new and late", predict="fail"), answered(small), later),
        (report("known", relu_forward="partial"), answered(small, why="Because of this."), None),
        (report("known and late"), answered(small), later),
    ]
    for prefix in ("one by one ", "together "):
        known = [report(f"{prefix}{name}", predict="fail") for name in ("known", "known and late")]
        for one in known:
            book.record(one, answered(small), TIME)
        own = [Entry(replace(made, student=f"{prefix}{made.student}"), files, time) for made, files, time in entries]
        for group in [own] if prefix == "together " else [[entry] for entry in own]:
            book.record_all(group)
    for made, _, _ in entries:
        assert rows(book, f"together {made.student}") == rows(book, f"one by one {made.student}")


def test_of_submissions_that_are_entered_together_all_are_or_none(book: Gradebook, small: Course) -> None:
    before = how_many(book)
    with pytest.raises(GradebookError, match="3 students cannot be entered"):
        book.record_all([Entry(report(student), answered(small)) for student in ("ada", "bob", "ada")])
    assert how_many(book) == before
    assert not (book.autograded / "bob" / "a1" / "warmup.ipynb").exists()


def test_a_submission_without_rows_for_a_cell_is_refused(book: Gradebook, small: Course) -> None:
    with api.Gradebook(book.url) as own:
        own.update_or_create_student("ada")
        with own.db.no_autoflush:
            own.update_or_create_submission("a1", "ada")
        own.db.delete(own.find_grade("why", "warmup", "a1", "ada"))
        own.db.commit()
    with pytest.raises(Exception, match="No such cell: warmup/a1/ada/why"):
        book.record(report("ada"), answered(small))
