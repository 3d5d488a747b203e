"""Is a total what the scores, the times and the decisions say, and does nbgrader's database have the same?"""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader import api
from small_course import answered, make, report

from grader.course.decision_file import decided
from grader.gradebook import Gradebook

DUE = datetime(2027, 2, 5, 12, tzinfo=UTC)
PREDICT = "neural_net.TwoLayerNet.predict"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    course = make(tmp_path_factory.mktemp("prepared"))
    with Gradebook(course) as book:
        book.prepare("a1")
    return course


@pytest.fixture
def small(prepared, tmp_path):
    course = make(tmp_path)
    shutil.copy(prepared.root / "gradebook.db", tmp_path)
    return course


def recorded(course, text="", hours=0.0, **verdicts):
    """Enter a submission of Ada, who hands in `hours` late, and return her total and nbgrader's own."""
    course = decided(course, text)
    with Gradebook(course) as book:
        book.record(report("ada", **verdicts), answered(course, why="Because."), DUE + timedelta(hours=hours))
        return seen(book)


def seen(book):
    (total,) = book.totals("a1")
    with api.Gradebook(book.url) as gb:
        submission = gb.find_submission("a1", "ada")
        stock = submission.score - submission.late_submission_penalty
        assert submission.duedate.replace(tzinfo=UTC) == total.due
    assert stock == pytest.approx(total.score)
    return total


def test_without_decisions_a_total_is_the_score_less_what_lateness_takes_off(small):
    total = recorded(small, hours=30)
    assert (total.score, total.penalty, total.notes) == (pytest.approx(10.5 * 0.8), pytest.approx(2.1), ())


EXTENSION = '[[extension]]\nassignment = "a1"\nstudents = ["ada"]\n'


@pytest.mark.parametrize(
    ("text", "penalty"),
    [
        (EXTENSION + "days = 1", 1.05),
        (EXTENSION + "until = 2027-02-06T18:00:00Z", 0),
        (EXTENSION + "until = 2027-02-06T18:00:00+05:00", 1.05),
        (EXTENSION + "days = 2\n" + EXTENSION + "days = 0.5", 0),
        (EXTENSION.replace('["ada"]', '"all"') + "days = 1", 1.05),
        (EXTENSION.replace("ada", "bob") + "days = 5", 2.1),
    ],
)
def test_an_extension_moves_the_due_date(small, text, penalty):
    total = recorded(small, text, hours=30)
    assert total.penalty == pytest.approx(penalty)
    assert len(total.notes) == ("bob" not in text)
