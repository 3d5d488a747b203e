"""With which factors known arrays enter an output that is a linear combination of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Array, Equal
from utils.checks.diagnose.case_result import CaseResult
from utils.checks.diagnose.combination import combination
from utils.checks.diagnose.wrong_outputs import WrongAnswer
from utils.checks.program import Ran

Rule = Callable[[Array, Array, Array, float, float], tuple[Array, Array]]


def momentum(w: Array, dw: Array, v: Array, rate: float, mu: float) -> tuple[Array, Array]:
    v = mu * v - rate * dw
    return w + v, v


def answers(rule: Rule, path: str, right: Rule = momentum, size: int = 12, *, alike: bool = False) -> list[WrongAnswer]:
    """The wrong answers of an update rule in three cases: the first step, a later one, and several steps."""
    found = []
    for seed, traits in ((0, set[Trait]()), (1, set[Trait]()), (2, {Trait.SEVERAL_STEPS})):
        rng = np.random.default_rng(seed)
        w, dw, v = rng.standard_normal((3, size))
        rate, mu = rng.uniform(0.1, 0.4), rng.uniform(0.5, 0.9)
        rate = 1 - mu if alike and seed == 1 else rate  # one factor may be either setting there
        inputs: dict[str, object] = {"w": w, "dw": dw, "momentum": mu, "learning_rate": rate}
        if seed:
            inputs["velocity"] = v
        else:
            v = np.zeros(size)
        case = Case(f"case {seed}", "", inputs, {"next_w": Equal(), "velocity": Equal()}, traits=traits)
        expected, got = (
            dict(zip(("next_w", "velocity"), one(w, dw, v, rate, mu), strict=True)) for one in (right, rule)
        )
        if traits:
            got = {name: value**2 for name, value in got.items()}  # what comes of several steps is no combination
        result = CaseResult(case, expected, Ran(got))
        found += [WrongAnswer(result, fault) for fault in result.faults() if fault.path == path]
    return found


@pytest.mark.parametrize(
    ("path", "rule", "words"),
    [
        (
            "velocity",
            lambda w, dw, v, rate, mu: (w, (1 - mu) * v - rate * dw),
            "velocity enters it with the factor 1 − momentum; that factor should be momentum",
        ),
        (
            "velocity",
            lambda w, dw, v, rate, mu: (w, mu * v - mu * dw),
            "dw enters it with the factor −momentum; that factor should be −learning_rate",
        ),
        (
            "velocity",
            lambda w, dw, v, rate, mu: (w, mu * v - 2 * rate * dw),
            "dw enters it with the factor −(2 · learning_rate); that factor should be −learning_rate",
        ),
        (
            "velocity",
            lambda w, dw, v, rate, mu: (w, mu * v),
            "dw enters it with the factor 0; that factor should be −learning_rate",
        ),
        (
            "velocity",
            lambda w, dw, v, rate, mu: (w, mu * v - rate * dw + 1),
            "the number 1 enters it with the factor 1; it should not be part of it",
        ),
        (
            "next_w",
            lambda w, dw, v, rate, mu: (w + rate * momentum(w, dw, v, rate, mu)[1], momentum(w, dw, v, rate, mu)[1]),
            "the new velocity enters it with the factor learning_rate; that factor should be 1",
        ),
        (
            "next_w",
            lambda w, dw, v, rate, mu: (w + mu * v + rate * dw, mu * v + rate * dw),
            "it follows rightly from the new velocity, which is wrong: correct that first",
        ),
        ("velocity", lambda w, dw, v, rate, mu: (w, v * dw), ""),
        ("velocity", lambda w, dw, v, rate, mu: (w, mu * v - 3.80917 * dw), ""),  # nobody's factor
    ],
)
def test_the_factors_that_differ_are_named(path: str, rule: Rule, words: str) -> None:
    assert combination(answers(rule, path)) == words


def test_a_factor_is_named_by_what_it_is_in_all_cases() -> None:
    def rule(w: Array, dw: Array, v: Array, rate: float, mu: float) -> tuple[Array, Array]:
        return w, mu * v + rate * dw

    said = "dw enters it with the factor learning_rate; that factor should be −learning_rate"
    assert combination(answers(rule, "velocity", alike=True)) == said
    assert combination(answers(rule, "velocity", alike=True)[1:]) != said  # in that case alone, it may be another one

    for one in (defaults := answers(rule, "velocity"))[:1]:
        one.result.case.inputs.pop("learning_rate")  # a case that leaves it at its default says nothing against it
    assert combination(defaults) == said

    def halved_at_first(w: Array, dw: Array, v: Array, rate: float, mu: float) -> tuple[Array, Array]:
        return w, mu * v - (0.5 if v.any() else 0.25) * dw

    said = "dw enters it with another factor; that factor should be −learning_rate"
    assert combination(answers(halved_at_first, "velocity")) == said


def test_a_step_of_another_length_is_described_where_the_step_itself_is_no_combination() -> None:
    def adagrad(times: float) -> Rule:
        return lambda w, dw, v, rate, mu: (w - times * rate * dw / np.sqrt(v * v + dw * dw), v)

    assert combination(answers(adagrad(2), "next_w", adagrad(1))) == "the step from w is the right one times 2"
    assert combination(answers(adagrad(-1), "next_w", adagrad(1))) == "the step from w has the opposite sign"
    assert (
        combination(answers(adagrad(0.95317), "next_w", adagrad(1))) == ""
    )  # nobody's mistake, but another one's effect


def test_few_numbers_fit_any_factors_and_show_nothing() -> None:
    def rule(w: Array, dw: Array, v: Array, rate: float, mu: float) -> tuple[Array, Array]:
        return w, (1 - mu) * v - rate * dw

    assert combination(answers(rule, "velocity", size=3)) == ""
