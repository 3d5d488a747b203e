"""What is said of a backward function that was run behind a wrong forward function."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from submissions import solved, submission

from grader.course import Course
from grader.errors import UnusableCourseFiles
from grader.judging import forward_mistakes, oracle
from grader.recipes import recipe
from grader.reference import Reference
from grader.report import Verdict
from grader.sandbox import choose_confinement
from utils.checks.diagnose import CORE

SECRET = b"a secret for the tests"
SUM = ("var = (centred * centred).mean(axis=0)", "var = (centred * centred).sum(axis=0)")
UNKNOWN = ("var = (centred * centred).mean(axis=0)", "var = (centred * centred).mean(axis=0) + 0.37 * mean**2")
# In batchnorm_backward, of which these lines are the first; layernorm_backward has some of them, too.
MEAN = (
    "dbeta = dout.sum(axis=0)\n    dgamma = (dout * x_hat).sum(axis=0)\n    dx_hat = dout * gamma\n    # x̂",
    "dbeta = dout.mean(axis=0)\n    dgamma = (dout * x_hat).sum(axis=0)\n    dx_hat = dout * gamma\n    # x̂",
)
Judge = Callable[..., Verdict]


@pytest.fixture(scope="module")
def judge(course: Course, reference: Reference) -> Judge:
    """Judge one exercise, with what it builds on, in the reference with some lines of one file replaced."""
    confinement = choose_confinement("auto")

    def run(name: str, *edits: tuple[str, str]) -> Verdict:
        files = solved(reference, **{name.partition(".")[0]: edits})
        exercises = [one for _, one in course.exercises() if one.name == name]
        outcomes = oracle.judge(submission(files), course, exercises, "ana", confinement=confinement, secret=SECRET)
        return oracle.verdict(exercises[0], outcomes[name])

    return run


def said(verdict: Verdict) -> dict[str, str]:
    """The hints, by output."""
    return {finding.aspect: finding.hint for finding in verdict.findings if finding.verdict != "pass"}


@pytest.mark.parametrize("name", ["layers.batchnorm_backward", "layers.batchnorm_backward_alt"])
def test_what_a_right_backward_gives_behind_a_known_mistake_asks_for_the_forward_alone(judge: Judge, name: str) -> None:
    verdict = judge(name, SUM)
    function = name.partition(".")[2]
    assert list(said(verdict)) == ["dx, dgamma"]
    assert f"what a right {function} gives after your batchnorm_forward, which is wrong" in said(verdict)["dx, dgamma"]


def test_a_mistake_of_the_backward_function_is_named_behind_a_mistake_of_the_forward_function(
    judge: Judge, reference: Reference
) -> None:
    hints = recipe(reference, "layers.batchnorm_backward").hints
    alone = {finding.misconception for finding in judge("layers.batchnorm_backward", MEAN).findings} - {None}
    behind = judge("layers.batchnorm_backward", SUM, MEAN)
    named = {finding.misconception for finding in behind.findings} - {None}
    assert alone == named != set()
    assert hints[named.pop() or ""] in said(behind)["dbeta"]
    assert "belongs to your batchnorm_forward" in said(behind)["dbeta"]
    assert "right batchnorm_backward" in said(behind)["dx, dgamma"]


def test_behind_an_unknown_mistake_nothing_is_guessed_about_the_backward_function(
    judge: Judge, reference: Reference
) -> None:
    hints = said(judge("layers.batchnorm_backward", UNKNOWN, MEAN))
    first = "batchnorm_forward, on whose cache it works, is wrong in the same cases: correct that first"
    assert [output for output, hint in hints.items() if first in hint] == ["dx, dgamma"]
    # dbeta does not depend on the forward function, and its mistake is a known one.
    assert any(sentence in hints["dbeta"] for sentence in recipe(reference, "layers.batchnorm_backward").hints.values())


def test_behind_a_right_forward_function_nothing_is_said_of_it(judge: Judge) -> None:
    wrong = ("dx = dcentred - dcentred.mean(axis=0)", "dx = dcentred * 1.7 - dcentred.mean(axis=0)")
    hints = said(judge("layers.batchnorm_backward", wrong))
    assert list(hints) == ["dx"]
    assert "batchnorm_forward" not in hints["dx"]


def test_a_backward_function_that_is_right_behind_a_wrong_forward_function_passes(judge: Judge) -> None:
    shifted = ("out = gamma * x_hat + beta\n        cache", "out = gamma * x_hat - beta\n        cache")
    assert judge("layers.batchnorm_forward", shifted).verdict != "pass"
    assert judge("layers.batchnorm_backward", shifted).verdict == "pass"


def test_without_the_known_mistakes_of_the_forward_function_the_cause_would_not_be_known(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward_mistakes, "MAX_MISTAKES", 0)
    assert "right batchnorm_backward gives" not in str(said(judge("layers.batchnorm_backward", SUM)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "names",
    [
        ("layers.batchnorm_forward", "layers.batchnorm_backward"),
        ("fc_net.FullyConnectedNet.hidden_forward", "fc_net.FullyConnectedNet.hidden_backward"),
    ],
)
def test_of_every_output_that_has_lost_points_something_is_said(
    course: Course, reference: Reference, names: tuple[str, str], seed: int
) -> None:
    rng, (forward, backward) = random.Random(seed), names
    module = forward.partition(".")[0]
    while True:
        hunks = [hunk for name in names for hunk in rng.choice(recipe(reference, name).misconceptions).hunks]
        try:
            text = reference.changed(module, hunks)
            break
        except UnusableCourseFiles:  # both change the same lines
            continue
    files = solved(reference) | {f"nndl/{module}.py": text.encode()}
    exercises = [one for _, one in course.exercises() if one.name == backward]
    confinement = choose_confinement("auto")
    outcome = oracle.judge(submission(files), course, exercises, "ana", confinement=confinement, secret=SECRET)[
        backward
    ]
    said = {
        part.partition(".")[0] for one in outcome.findings if one.verdict != "pass" for part in one.aspect.split(", ")
    }
    assert said
    assert "" in said or {loss.output for loss in outcome.lost if loss.part == CORE} <= said


def test_the_points_are_what_they_are_without_that(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = judge("layers.batchnorm_backward", SUM, MEAN)
    monkeypatch.setattr("grader.judging.trial.find_wrong_forward", lambda *_: None)
    assert judge("layers.batchnorm_backward", SUM, MEAN).score == with_it.score
