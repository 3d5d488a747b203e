"""An exercise that calls other exercises of its own file is not charged for mistakes in these."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from submissions import solved, submission

from grader.course import Course
from grader.judging import oracle
from grader.judging.prerequisites import called_beside
from grader.judging.submitted_module import SubmittedModule
from grader.reference import Reference
from grader.report import Verdict
from grader.sandbox import choose_confinement

SECRET = b"a secret for the tests"
OBJECTIVE, PART = "backprop.gplvm_objective", "backprop.gplvm_log_determinant"
Edit = tuple[str, str]
WRONG_PART = ("value = -0.5 * D * np.linalg.slogdet(K).logabsdet", "value = -D * np.linalg.slogdet(K).logabsdet")
BEGIN = "K = gplvm_kernel(X, alpha, beta)\n    value = -0.5 * D"
WRONG_PARTS: dict[str, Edit] = {
    "wrong": WRONG_PART,
    "not written": (BEGIN, BEGIN.replace("K =", "raise NotImplementedError\n    K =")),
    "never ending": (BEGIN, BEGIN.replace("K =", "while True:\n        pass\n    K =")),
    "ending its process": (BEGIN, BEGIN.replace("K =", "import os\n    os._exit(0)\n    K =")),
}
LEFT_OUT = ("value, dX = volume + fit, dX_volume + dX_fit", "value, dX = volume + fit, dX_volume")
OTHER_INTERFACE: tuple[Edit, ...] = (  # right only together, and the part by itself is wrong
    WRONG_PART,
    ("value, dX = volume + fit, dX_volume + dX_fit", "value, dX = volume / 2 + fit, dX_volume + dX_fit"),
)
Judge = Callable[..., dict[str, Verdict]]


@pytest.fixture(scope="module")
def judge(course: Course, reference: Reference) -> Judge:
    """Judge the objective and the part, in the reference with some lines replaced."""
    confinement = choose_confinement("auto")

    def run(*edits: Edit, names: tuple[str, ...] = (PART, OBJECTIVE)) -> dict[str, Verdict]:
        files = solved(reference, backprop=edits)
        exercises = [one for _, one in course.exercises() if one.name in names]
        outcomes = oracle.judge(submission(files), course, exercises, "ana", confinement=confinement, secret=SECRET)
        return {one.name: oracle.verdict(one, outcomes[one.name]) for one in exercises}

    return run


def said(verdict: Verdict) -> str:
    return "\n".join(finding.hint for finding in verdict.findings if finding.verdict != "pass")


@pytest.mark.parametrize("kind", WRONG_PARTS)
def test_a_wrong_part_costs_itself_only(judge: Judge, kind: str) -> None:
    verdicts = judge(WRONG_PARTS[kind])
    assert verdicts[PART].score < verdicts[PART].max_score
    assert verdicts[OBJECTIVE].verdict == "pass"


def test_without_right_versions_it_would_cost_the_objective_too(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SubmittedModule, "_judge_with_answers", lambda *_: None)
    assert judge(WRONG_PART)[OBJECTIVE].verdict != "pass"


def test_the_outcome_does_not_depend_on_what_is_judged_beside(judge: Judge) -> None:
    for edits in ((WRONG_PART,), (LEFT_OUT,), (WRONG_PART, LEFT_OUT)):
        together, alone = judge(*edits)[OBJECTIVE], judge(*edits, names=(OBJECTIVE,))[OBJECTIVE]
        assert (together.score, said(together)) == (alone.score, said(alone))


def test_a_mistake_of_its_own_is_named_in_spite_of_a_wrong_part(judge: Judge) -> None:
    verdict = judge(WRONG_PART, LEFT_OUT)[OBJECTIVE]
    assert 0 < verdict.score < verdict.max_score
    assert "dX leaves out the gradient of the data term; it should be the sum of both gradients." in said(verdict)


def test_what_is_right_with_the_parts_that_it_has_stays_right(judge: Judge) -> None:
    verdicts = judge(*OTHER_INTERFACE)
    assert verdicts[PART].score < verdicts[PART].max_score
    assert verdicts[OBJECTIVE].verdict == "pass"


def test_the_part_itself_gets_no_answer(judge: Judge) -> None:
    calling = (
        "    K = gplvm_kernel(X, alpha, beta)\n    A =",
        "    gplvm_objective(X, Y, alpha, beta)\n    K = gplvm_kernel(X, alpha, beta)\n    A =",
    )
    verdicts = judge(WRONG_PART, calling, names=("backprop.gplvm_data_fit", PART))
    assert verdicts[PART].score < verdicts[PART].max_score
    assert verdicts["backprop.gplvm_data_fit"].verdict == "error"  # they call each other for ever, as they stand


def test_only_functions_that_are_called_by_name_are_answered(course: Course, reference: Reference) -> None:
    called = {
        exercise.name: found
        for _, exercise in course.exercises()
        if not exercise.score and (found := called_beside(course, reference, *exercise.written_in))
    }
    assert {name: set(found) for name, found in called.items()} == {
        OBJECTIVE: {"gplvm_log_determinant", "gplvm_data_fit"}
    }
