"""Finding out what an output depends on, and what it should depend on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.diagnose.dependence import dependence
from utils.checks.diagnose.describe.input_names import is_hidden
from utils.checks.program import Answer, Crash, Ran, Run

RNG = np.random.default_rng(0)
INPUTS = {
    "x": RNG.standard_normal((4, 3)),
    "w": RNG.standard_normal((3, 2)),
    "b": RNG.standard_normal(2),
    "dout": RNG.standard_normal((4, 2)),
    "eps": 0.1,
}
CASE = Case("plain", "", INPUTS, gradients={"dw": "w"}, objective=("out", "dout"))


def running(out: Callable[..., Any], dw: Callable[..., Any] = lambda x, dout, **_: x.T @ dout) -> Run:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return Ran({"out": out(**inputs), "dw": dw(**inputs)})

    return run


REFERENCE = running(lambda x, w, b, **_: x @ w + b)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (lambda x, w, b, **_: x @ w + b, ""),
        (lambda x, w, b, **_: 2 * x @ w + b * b, ""),
        (lambda x, w, **_: x @ w, "it stays the same when b changes, on which it should depend: is that used?"),
        (lambda w, b, **_: np.ones((4, 3)) @ w + b, "it stays the same when x changes"),
        (lambda x, w, b, eps, **_: x @ w + b + eps, "it changes when eps changes, on which it should not depend"),
        (lambda x, w, b, **_: x @ w + b * np.sign(b), ""),  # it depends on more than it should in no input
        (lambda x, w, b, **_: np.sign(x) @ w + b, ""),  # and here on an input's signs alone
        (lambda x, w, b, **_: np.nan * x @ w + b, ""),
    ],
)
def test_what_is_left_out_or_does_not_belong_is_named(out: Callable[..., Any], words: str) -> None:
    said = dependence(CASE, "out", running(out), REFERENCE)
    assert said.startswith(words) if words else said == ""


def test_what_matters_in_another_case_only_is_not_said_to_be_needless() -> None:
    """The right answer uses b where x is large; in the plain case it is small."""
    large = Case("large", "", {**INPUTS, "x": 10 + np.abs(INPUTS["x"])})
    reference = running(lambda x, w, b, **_: x @ w + (b if x.min() > 5 else 0))
    given = running(lambda x, w, b, **_: x @ w + b)
    assert "it changes when b changes, on which it should not" in dependence(CASE, "out", given, reference)
    assert dependence(CASE, "out", given, reference, [large]) == ""


@pytest.mark.parametrize(
    "decide",
    [
        lambda x, b: np.abs(b).max() > 10 * np.abs(x).max(),  # for large changes alone
        lambda x, b: (b > INPUTS["b"]).any() and (np.abs(b - INPUTS["b"]) < 0.01).all(),  # and for small ones
        lambda x, b: b.argmax() != INPUTS["b"].argmax(),  # and where others are the largest
    ],
)
def test_what_decides_for_changes_of_another_size_is_not_said_to_be_needless(decide: Callable[..., bool]) -> None:
    reference = running(lambda x, w, b, **_: x @ w + (1 if decide(x, b) else 0))
    given = running(lambda x, w, b, **_: x @ w + b)
    assert dependence(CASE, "out", given, reference) == ""
    plain = running(lambda x, w, b, **_: x @ w)
    assert "it changes when b changes, on which it should not" in dependence(CASE, "out", given, plain)


@pytest.mark.parametrize(
    ("out", "more"),
    [
        (lambda x, w, **_: x @ w, False),
        (lambda x, w, **_: 2 * x @ w, True),
        (lambda x, b, **_: x[:, :2] + b, False),  # w is no term: where it is 0, all else is lost
        (lambda x, w, eps, **_: x @ w + eps, False),  # eps stands in the place of b
    ],
)
def test_what_is_wrong_without_an_unused_term_is_wrong_for_another_reason(out: Callable[..., Any], more: bool) -> None:
    said = dependence(CASE, "out", running(out), REFERENCE)
    assert "is that used?" in said
    assert said.endswith("it is wrong as well, so look at the rest of it, too") == more
    at_an_edge = Case("edge", "", INPUTS, traits={Trait.EDGE_SHAPE})
    assert "the rest" not in dependence(at_an_edge, "out", running(out), REFERENCE)


def test_a_gradient_is_proportional_to_what_comes_from_above() -> None:
    said = dependence(CASE, "dw", running(lambda **_: 0.0, lambda x, dout, **_: x.T @ dout**2), REFERENCE)
    assert said.startswith("it does not double when dout does")
    assert dependence(CASE, "dw", running(lambda **_: 0.0, lambda x, dout, **_: 3 * x.T @ dout), REFERENCE) == ""


def test_code_that_crashes_with_other_inputs_tells_nothing() -> None:
    assert dependence(CASE, "out", lambda *_: Crash(False, "ValueError", ""), REFERENCE) == ""


def test_the_share_of_what_is_counted_stays_the_same_for_most_changes() -> None:
    def share(x: Any, w: Any) -> Any:
        return np.array([(x @ w > 0).mean()])

    reference = running(lambda x, w, **_: share(x, w))
    assert dependence(CASE, "out", running(lambda w, **_: np.array([0.5])), reference) == ""


def test_at_an_edge_the_right_answer_may_depend_on_less_than_usual() -> None:
    def with_eps(x: Any, w: Any, b: Any, eps: Any, **_: Any) -> Any:
        return x @ w + b + eps

    edge = Case("an edge", "", INPUTS, traits={Trait.EDGE_SHAPE})
    assert dependence(CASE, "out", running(with_eps), REFERENCE) != ""
    assert dependence(edge, "out", running(with_eps), REFERENCE) == ""


def test_what_is_used_in_another_case_or_cannot_be_seen_is_not_asked_for() -> None:
    def only_positive(x: Any, w: Any, b: Any, **_: Any) -> Any:
        return x @ w + np.maximum(b, 0)

    hidden = Case("hidden", "", {**INPUTS, "b": -abs(RNG.standard_normal(2))})
    shown = Case("shown", "", {**INPUTS, "b": abs(RNG.standard_normal(2))})
    said = "it stays the same when eps changes, on which it should depend"
    right = running(lambda x, w, b, eps, **_: x @ w + b + eps)
    assert dependence(hidden, "out", running(only_positive), right, [shown]).startswith(said)
    assert "eps" in dependence(shown, "out", running(lambda x, w, **_: x @ w), right, [hidden])
    # An output that nothing moves does not tell what is used, and one of zeros tells nothing at all among others.
    assert not dependence(CASE, "out", running(lambda **_: np.ones((4, 2))), REFERENCE).endswith("?")
    dead = running(lambda x, w, b, **_: np.maximum(x @ w + b - 100, 0))
    assert "?" not in dependence(CASE, "out", dead, REFERENCE)


def test_labels_that_stay_the_same_for_every_change_of_an_input_do_not_depend_on_it() -> None:
    """Most changes leave most labels as they are, so many are tried."""
    inputs = {"x": RNG.standard_normal((4, 3)), "w": RNG.standard_normal((3, 5)), "b": RNG.standard_normal(5)}
    case = Case("labels", "", inputs)
    right = running(lambda x, w, b: (x @ w + b).argmax(axis=1), dw=lambda **_: 0)

    def said(label: Callable[..., Any]) -> str:
        return dependence(case, "out", running(label, dw=lambda **_: 0), right)

    missing = "it stays the same when b changes, on which it should depend: is that used?"
    assert said(lambda x, w, b: (x @ w).argmax(axis=1)) == missing
    assert said(lambda x, w, b: (x @ w - b).argmax(axis=1)) == ""
    assert said(lambda x, w, b: np.zeros(4, int)) == ""


def test_what_the_right_answer_depends_on_in_any_case_is_not_needless() -> None:
    """Where the other cases crash, the one that runs may be peculiar: here x is left out of the right answer."""
    crashing = Case("a case that crashes", "", {**INPUTS, "x": 10 + np.abs(INPUTS["x"])})
    reference = running(lambda x, w, b, **_: b + (x @ w if x.min() > 5 else np.zeros((4, 2))))
    given = running(lambda x, w, b, **_: x @ w + b)
    said = "it changes when any of x, w changes, on which it should not depend"
    assert dependence(CASE, "out", given, reference) == said
    assert dependence(CASE, "out", given, reference, every=[CASE, crashing]) == ""


def test_what_only_larger_changes_show_is_used() -> None:
    """Behind a ReLU, a bias moves nothing until it moves an entry over 0."""
    behind = running(lambda x, w, b, **_: np.where(x @ w + b > 40 * np.abs(INPUTS["b"]).max(), 1.0, 2.0))
    right = running(lambda x, w, b, eps, **_: x @ w + b + eps)
    far = {**INPUTS, "x": 20 * np.sign(INPUTS["x"])}
    assert " b" not in dependence(Case("far", "", {**far, "b": INPUTS["b"] * 2}), "out", behind, right)


def test_settings_are_tried_however_many_arrays_there_are() -> None:
    inputs = {f"w{index}": RNG.standard_normal(3) for index in range(12)} | {"rate": 0.5}
    case = Case("many", "", inputs)
    right = running(lambda rate, **arrays: rate * sum(arrays.values()), dw=lambda **_: 0)
    given = running(lambda rate, **arrays: sum(arrays.values()), dw=lambda **_: 0)
    said = "it stays the same when rate changes, on which it should depend: is that used?"
    assert dependence(case, "out", given, right) == said


def test_inputs_of_one_name_are_told_apart() -> None:
    inputs = {"x": RNG.standard_normal(3), "one": {"eps": 0.5}, "other": {"eps": 0.25}}
    right = running(lambda x, one, other: x * one["eps"] + other["eps"], dw=lambda **_: 0)
    given = running(lambda x, one, other: x * one["eps"], dw=lambda **_: 0)
    assert "when the second eps changes" in dependence(Case("two", "", inputs), "out", given, right)


def test_what_only_moves_nothing_in_one_case_is_not_said_to_be_unused() -> None:
    """Without a penalty, a loss that is nothing but the penalty is 0, whatever the weights are."""

    def penalty(w: Any, eps: Any, **_: Any) -> Any:
        return np.full((4, 2), eps * (w * w).sum())

    without, plain = Case("without", "", {**INPUTS, "eps": 0.0}), Case("plain", "", INPUTS)
    said = "it stays the same when any of x, w, b changes, on which it should depend"
    assert dependence(without, "out", running(penalty), REFERENCE) == said
    assert dependence(without, "out", running(penalty), REFERENCE, [plain]) == said.replace("x, w, b", "x, b")


def test_what_is_used_where_the_output_is_right_is_only_missed_in_the_case() -> None:
    def one_kind_alone(x: Any, w: Any, b: Any, **_: Any) -> Any:
        return x @ w + (b if x.min() > 5 else 0)

    right = Case("right", "", {**INPUTS, "x": 10 + np.abs(INPUTS["x"])})
    said = dependence(CASE, "out", running(one_kind_alone), REFERENCE, every=[CASE, right])
    assert said == 'in the case "plain" it stays the same when b changes, and should not'


def test_an_input_that_only_goes_into_an_object_of_the_check_has_no_name_for_a_student() -> None:
    program = """
class Model:
    def __init__(self, w):
        self.w, self.b = w, b
    def __call__(self, x):
        return x @ w + self.b + eps
out = m.f(Model(None), x, eps)
"""
    assert [name for name in ("x", "w", "b", "eps") if is_hidden(name, program)] == ["w", "b"]
    assert not is_hidden("b", "out = m.f(x, b)")
    run = running(lambda x, **_: x.sum(axis=1))
    right = running(lambda x, b, eps, **_: x.sum(axis=1) + b.sum() * eps)
    assert "b" in dependence(CASE, "out", run, right)
    hidden = replace(CASE, program="class Model:\n    b = b\n    def f(self):\n        return b, eps\n")
    assert dependence(hidden, "out", run, right) == ""
