"""The seconds of an exercise and of a submission: what is graded before they run out counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from submissions import solved, submission

from grader import course as courses
from grader.course import Course, LimitSettings
from grader.errors import CourseError
from grader.judging import budget as budgets
from grader.judging import oracle
from grader.judging.budget import Budget, OutOfBudget
from grader.judging.submitted_module import SubmittedModule
from grader.recipes import recipe
from grader.reference import Edit, Reference
from grader.report import Report, Verdict
from grader.sandbox import Worker, choose_confinement
from grader.sandbox.worker import Job
from utils.checks.program import Answer

LIMITS = LimitSettings(seconds=5, exercise_seconds=20, submission_seconds=60)


class Time:
    cpu = wall = 0.0


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    now = Time()
    monkeypatch.setattr(budgets.time, "process_time", lambda: now.cpu)
    monkeypatch.setattr(budgets.time, "monotonic", lambda: now.wall)
    return now


def test_an_exercise_has_its_seconds_wherever_they_are_spent(time: Time) -> None:
    budget = Budget(LIMITS)
    time.cpu, time.wall = 8.0, 50.0
    budget.charge(7.0)
    assert budget.left() == 5.0
    budget.charge(5.0)
    with pytest.raises(OutOfBudget, match="20 seconds that this exercise may take"):
        budget.left()
    budget.end()
    assert budget.left() == 20.0


def test_a_submission_has_its_seconds_over_all_exercises(time: Time) -> None:
    budget = Budget(LIMITS)
    for _ in range(3):
        budget.begin()
        budget.charge(19.0)
        budget.end()
    assert budget.left() == 3.0
    budget.charge(3.0)
    with pytest.raises(OutOfBudget, match="60 seconds that all exercises together may take"):
        budget.left()


def test_seconds_that_an_exercise_has_to_itself_come_on_top(time: Time) -> None:
    budget = Budget(LIMITS)
    budget.begin(own=60.0)
    budget.charge(70.0)
    assert budget.left() == 10.0
    budget.end()
    budget.charge(19.0)
    assert budget.left() == 1.0


@given(st.lists(st.lists(st.floats(0.1, 5), max_size=6), min_size=1, max_size=40))
def test_no_submission_takes_more_than_twice_its_seconds(exercises: list[list[float]]) -> None:
    """Whatever programs run out of time and run again: a program of 5 seconds at most can begin after the limit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budgets.time, "process_time", lambda: 0.0)
        patch.setattr(budgets.time, "monotonic", lambda: 0.0)
        budget, taken = Budget(LIMITS), 0.0
        for programs in exercises:
            budget.begin()
            for seconds in programs:
                try:
                    used = min(seconds, budget.left())
                except OutOfBudget:
                    break
                budget.charge(used)
                taken += used
                budget.give_back(used)
            budget.end()
    assert taken <= 2 * LIMITS.submission_seconds + 1e-6


def test_a_busy_machine_takes_nothing_away_but_time_on_the_clock_is_bounded_too(time: Time) -> None:
    budget = Budget(LIMITS)
    time.wall = 11.0 * 19.0
    assert budget.left() > 1.0
    time.wall = 12.0 * 20.0
    with pytest.raises(OutOfBudget):
        budget.left()


@pytest.mark.parametrize(
    "limits", ["seconds = 30\nexercise_seconds = 20", "exercise_seconds = 90\nsubmission_seconds = 60"]
)
def test_limits_that_contradict_each_other_are_refused(tmp_path, course: Course, limits: str) -> None:
    text = (course.root / "course.toml").read_text()
    head, _, rest = text.partition("[limits]")
    (tmp_path / "course.toml").write_text(
        f"{head}[limits]\n{limits}\n\n[[assignment]]{rest.partition('[[assignment]]')[2]}"
    )
    with pytest.raises(CourseError, match="an exercise has to have the seconds of a program at least"):
        courses.load(tmp_path)


def graded(course: Course, reference: Reference, edits: tuple[Edit, ...], **limits: float) -> Report:
    used = msgspec.structs.replace(course, limits=msgspec.structs.replace(course.limits, **limits))
    files = {name: data for name, data in solved(reference, layers=edits).items() if name == "nndl/layers.py"}
    way = choose_confinement("auto")
    return oracle.grade(submission(files), used, used["hw3"], "ana", confinement=way, secret=b"a secret for the tests")


def one(report: Report, name: str) -> Verdict:
    return next(verdict for verdict in report.exercises if verdict.name == name)


COUNTED = "import time\nimport numpy as np\n\nCALLS = []\n"
SLOW_AGAIN = (  # it counts its calls, and sleeps when all cases are through
    ("import numpy as np\n", COUNTED),
    ("db = dout.sum(axis=0)", "CALLS.append(1)\n    time.sleep(600 * (len(CALLS) > MANY))\n    db = -dout.sum(axis=0)"),
)


def test_what_is_slow_in_follow_through_alone_keeps_what_is_right(
    course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SubmittedModule, "_may_try_again", lambda *_: False)  # in a new worker it would not be slow
    name = "layers.affine_backward"
    cases = list(recipe(Reference.of(course), name).draw(np.random.default_rng(0)))
    calls = sum(case.program.count("affine_backward(") for case in cases)
    slow = tuple((old, new.replace("MANY", str(calls))) for old, new in SLOW_AGAIN)
    verdict = one(graded(course, reference, slow, seconds=0.5), name)
    assert verdict.score == 4  # dx and dw
    assert verdict.verdict == "partial"
    assert any("running the code again took too long" in finding.hint for finding in verdict.findings)


def test_where_the_seconds_of_a_submission_run_out_the_rest_says_so(course: Course, reference: Reference) -> None:
    edits = (("import numpy as np\n", "import time\nimport numpy as np\n"),
             ("out = np.maximum(0, x)", "time.sleep(600)"))  # fmt: skip
    report = graded(course, reference, edits, seconds=1.0, exercise_seconds=1.0, submission_seconds=1.0)
    assert one(report, "layers.affine_forward").verdict == "pass"
    late = one(report, "layers.relu_forward")
    assert (late.verdict, late.score) == ("timeout", 0)
    assert "are used up; make the code faster" in one(report, "layers.relu_backward").findings[0].hint


def _exercise(course: Course, name: str):
    return next(exercise for _, exercise in course.exercises() if exercise.name == name)


def test_an_exit_makes_programs_run_once_more_and_no_more_often(
    course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    run = Worker.run_several

    def counted(worker: Worker, jobs: Sequence[Job], *rest: Any) -> Iterator[Answer]:
        sent.append(len(jobs))
        return run(worker, jobs, *rest)

    monkeypatch.setattr(Worker, "run_several", counted)
    edits = (
        ("import numpy as np\n", "import os\nimport numpy as np\n\nCALLS = []\n"),
        ("out = np.maximum(0, x)", "CALLS.append(1)\n    (len(CALLS) > 2 and os._exit(1))\n    out = np.maximum(0, x)"),
    )
    name = "layers.relu_forward"
    cases = len(list(recipe(Reference.of(course), name).draw(np.random.default_rng(0))))
    only = msgspec.structs.replace(course["hw3"].notebook[2], exercises=(_exercise(course, name),), written=())
    task = msgspec.structs.replace(course["hw3"], notebook=(only,))
    files = submission({"nndl/layers.py": solved(reference, layers=edits)["nndl/layers.py"]})
    oracle.grade(files, course, task, "ana", confinement=choose_confinement("auto"), secret=b"a secret for the tests")
    imported, first, imported_again, again = sent
    assert (imported, first, imported_again) == (1, cases, 1)
    assert 0 < again <= cases  # what was answered before is not asked for again
