"""An output that only a later call gives wrong is not described as if a single call were wrong."""

from __future__ import annotations

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, judge
from utils.checks.diagnose.between_calls import between_calls
from utils.checks.diagnose.wrong_outputs import WrongOutputs
from utils.checks.program import Ran

X = np.random.default_rng(0).standard_normal((4, 5))


def hint_of(*traits: Trait, mutated: tuple[str, ...] = (), state: bool = False, single: float = 0.0) -> str:
    """What is said of ``out``, which is wrong in the case with some traits, and in others by what `single` adds."""
    results = []
    for title, more, off in (("one", (), single), ("two", (), single), ("later", traits, 1.0)):
        case = Case(title, "", {"w": X}, {"out": Equal(), "t": Equal()}, traits=set(more))
        came = {"out": np.exp(X) + off * X**2, "t": np.array([2.0 if state else 1.0])}
        answer = Ran(came, mutated if title == "one" else ())
        results.append(CaseResult(case, {"out": np.exp(X), "t": np.array([1.0])}, answer))
    return next(one.hint for one in judge(results, {}).findings if one.aspect == "out")


SINGLE = "a single call gives the right one, so look at what a call leaves behind for the next one"


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (hint_of(Trait.SEVERAL_STEPS), f"{SINGLE}."),
        (hint_of(Trait.SEVERAL_STEPS, state=True), f"{SINGLE}: t is wrong, too."),
        (hint_of(Trait.SIDE_EFFECT, mutated=("w",)), f"{SINGLE}: w is changed in place."),
    ],
)
def test_what_is_wrong_between_calls_is_named(hint: str, said: str) -> None:
    assert hint.endswith(said)


@pytest.mark.parametrize("hint", [hint_of(Trait.SEVERAL_STEPS, single=0.5), hint_of(Trait.SIDE_EFFECT)])
def test_nothing_is_said_of_later_calls_where_a_single_one_is_wrong_or_nothing_stays_behind(hint: str) -> None:
    assert "single call" not in hint


def test_a_loss_that_only_a_later_call_gives_wrong_is_no_reason_for_a_wrong_gradient() -> None:
    results = []
    for title, traits, loss in (("one", set(), 1.0), ("two", set(), 1.0), ("later", {Trait.SIDE_EFFECT}, 2.0)):
        rules, towards = {"loss": Equal(), "dx": Equal()}, {"dx": "x"}
        case = Case(title, "", {"x": X}, rules, gradients=towards, objective=("loss", ""), traits=traits)
        results.append(CaseResult(case, {"loss": 1.0, "dx": X}, Ran({"loss": loss, "dx": np.exp(3 * X)})))
    hint = next(one.hint for one in judge(results, {}).findings if one.aspect == "dx")
    assert "correct loss" not in hint


def test_a_single_call_that_a_misconception_explains_is_wrong_as_well() -> None:
    results = []
    for title, traits in (("one", set()), ("later", {Trait.SEVERAL_STEPS})):
        case = Case(title, "", {"w": X}, {"out": Equal()}, traits=traits)
        results.append(CaseResult(case, {"out": X}, Ran({"out": np.exp(X)})))
    later = WrongOutputs(results).by_path["out"][1:]
    assert between_calls(later, results) == ""
    right = CaseResult(results[0].case, {"out": X}, Ran({"out": X}))
    assert between_calls(later, [right, results[1]]) == SINGLE


def test_nothing_small_is_looked_for_in_what_a_single_call_gives_right() -> None:
    results = []
    for title, traits, off in (("one", set(), 0.0), ("two", set(), 0.0), ("later", {Trait.SEVERAL_STEPS}, 1e-4)):
        case = Case(title, "", {"w": X}, {"out": Equal()}, traits=traits)
        results.append(CaseResult(case, {"out": X}, Ran({"out": X + off * np.exp(X)})))
    (hint,) = [one.hint for one in judge(results, {}).findings if one.verdict == "fail"]
    assert hint.endswith(f"{SINGLE}.")
