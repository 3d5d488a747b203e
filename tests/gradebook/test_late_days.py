"""Are late days spent once, where they help, and in the order of the due dates?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from small_course import answered, make, report

from grader import course as courses
from grader.course.decision_file import decided
from grader.gradebook import Gradebook
from grader.gradebook.totals import HandedIn, Question, late_days_left, total

DUE = datetime(2027, 2, 5, 12, tzinfo=UTC)  # of a1; a2 is due a week later, and the late policy has 2 h of grace


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The small course with a second assignment, which costs 10 % a day for up to 5 days."""
    one = make(tmp_path_factory.mktemp("course"))
    first = one.assignment[0]
    return replace(one, assignment=(first, replace(first, name="a2", due=DUE + timedelta(days=7))))


def late(**hours):
    """Hand-in times, by how many hours after the due date of each assignment."""
    due = {"a1": DUE, "a2": DUE + timedelta(days=7)}
    return {name: HandedIn(due[name] + timedelta(hours=late)) for name, late in hours.items()}


def spent(course, text, times):
    return late_days_left(decided(course, text), "ada", times)


BUDGET = "[[late_days]]\ndays = {}\n"


@pytest.mark.parametrize(
    ("text", "hours", "found"),
    [
        ("", {"a1": 30}, ({}, 0)),
        (BUDGET.format(3), {}, ({}, 3)),
        (BUDGET.format(3), {"a1": 1.5}, ({}, 3)),  # within the grace
        (BUDGET.format(3), {"a1": 30}, ({"a1": 2}, 1)),
        (BUDGET.format(3), {"a1": 30, "a2": 60}, ({"a1": 2, "a2": 1}, 0)),
        (BUDGET.format(3) + "most = 1", {"a1": 30, "a2": 60}, ({"a1": 1, "a2": 1}, 1)),
        (BUDGET.format(3), {"a2": 60}, ({"a2": 3}, 0)),
        (BUDGET.format(3), {"a1": 24 * 20, "a2": 60}, ({"a2": 3}, 0)),  # nothing helps a1
        (BUDGET.format(3), {"a1": 24 * 7.5}, ({"a1": 3}, 0)),  # 8 days late, 5 of which cost something
        (BUDGET.format(1) + BUDGET.format(4) + 'students = ["ada"]\n' + BUDGET.format(2), {"a1": 70}, ({"a1": 3}, 1)),
        (
            BUDGET.format(3) + '[[extension]]\nassignment = "a1"\nstudents = "all"\ndays = 1\n',
            {"a1": 30},
            ({"a1": 1}, 2),
        ),
    ],
)
def test_late_days_are_spent_in_order_and_only_where_they_help(course, text, hours, found):
    assert spent(course, text, late(**hours)) == found


@given(st.integers(0, 9), st.integers(1, 9), st.floats(0, 400), st.floats(0, 400))
def test_a_budget_is_never_overdrawn_and_never_costs_points(course, days, most, one, other):
    times = late(a1=one, a2=other)
    text = f"{BUDGET.format(days)}most = {most}\n"
    used, left = spent(course, text, times)
    assert sum(used.values()) + left == days
    assert all(0 < count <= most for count in used.values())
    questions = [Question("layers.affine_forward", "warmup", 3.0, 3.0)]
    for assignment in course.assignment:
        without = total(course, assignment, "ada", questions, times)
        with_days = total(decided(course, text), assignment, "ada", questions, times)
        assert with_days.score >= without.score - 1e-9
        assert bool(with_days.notes) == (assignment.name in used)


def test_days_spent_on_an_earlier_assignment_reach_a_later_one_at_the_next_run(tmp_path):
    make(tmp_path)
    toml = tmp_path / "course.toml"
    text = toml.read_text()
    second = text[text.index("[[assignment]]") :].replace('"a1"', '"a2"').replace("2027-02-05", "2027-02-12")
    for name in ("layers", "neural_net"):
        second = second.replace(f'"{name}.', f'"{name}2.')
    second = second.replace('"why"', '"why2"').replace('"how"', '"how2"').replace("further", "# further")
    toml.write_text(f"{text}\n{second}")
    folder = tmp_path / "assignments"
    (folder / "a2").mkdir()
    for path in (folder / "a1").glob("*.ipynb"):
        released = path.read_text()
        for name in ("layers", "neural_net"):
            released = released.replace(f"{name}-", f"{name}2-")
        released = released.replace('"grade_id": "why"', '"grade_id": "why2"').replace(
            '"grade_id": "how"', '"grade_id": "how2"'
        )
        (folder / "a2" / path.name).write_text(released)
    (tmp_path / "decisions.toml").write_text(BUDGET.format(2))
    course = courses.load(tmp_path)
    again = report("ada")
    moved = tuple(
        type(verdict)(verdict.name.replace(".", "2.", 1), verdict.score, verdict.max_score, verdict.verdict)
        for verdict in again.exercises
    )
    second_report = type(again)("a2", "ada", "landlock", moved)
    with Gradebook(course) as book:
        book.record(second_report, answered(course), DUE + timedelta(days=7, hours=40))
        assert book.apply_decisions("a2").totals[0].penalty == 0
        book.record(report("ada"), answered(course), DUE + timedelta(hours=30))
        changes = [str(change) for change in book.apply_decisions("a1").changes]
        assert book.totals("a2")[0].penalty == pytest.approx(0.2 * 10.5)
        assert book.scores("a2")[0].penalty == pytest.approx(0.2 * 10.5)
    assert changes == [
        "a1, ada: 10.5. Late days spent here: 2, of 2 in all assignments together.",
        "a2, ada: 10.5 → 8.4. No longer: Late days spent here: 2, of 2 in all assignments together.",
    ]
