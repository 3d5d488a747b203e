"""An output that is right with simpler inputs goes wrong where these enter; what proves nothing is not said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Array, Equal
from utils.checks.diagnose import CaseResult, FollowThrough, judge
from utils.checks.diagnose.simpler_inputs import _changes, right_with_simpler_inputs, simplifications
from utils.checks.diagnose.still_wrong import _of_ones
from utils.checks.diagnose.wrong_outputs import WrongAnswer, WrongOutputs
from utils.checks.program import Answer, Crash, Ran, Run

Code = Callable[[Array, Array, float, int], Array]


def right(x: Array, b: Array, eps: float, t: int) -> Array:
    out: Array = np.sin(x) / (np.cos(x) ** 2 + eps) ** (0.5 + 0.1 * t) + np.exp(b)
    return out


def run_of(code: Code) -> Run:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        settings = inputs["settings"]
        assert isinstance(settings, dict)
        return Ran({"out": code(np.asarray(inputs["x"]), np.asarray(inputs["b"]), settings["eps"], settings["t"])})

    return run


def said(code: Code, steps: Sequence[int] = (3, 4, 5)) -> str:
    rng, results = np.random.default_rng(1), []
    for rows, t in enumerate(steps, 3):
        inputs: dict[str, object] = {
            "x": rng.standard_normal((rows, 4)),
            "b": rng.standard_normal(4),
            "settings": {"eps": 0.3, "t": t},
        }
        case = Case(f"t is {t}", "", inputs, {"out": Equal()})
        expected, answer = run_of(right)("", inputs, ()), run_of(code)("", inputs, ())
        assert isinstance(expected, Ran)
        results.append(CaseResult(case, expected.values, answer))
    return right_with_simpler_inputs(WrongOutputs(results).by_path["out"], run_of(code), run_of(right))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            lambda x, b, eps, t: right(x, b, eps**2, t),
            "it is right as soon as eps is 0, or as soon as eps is 1: look at",
        ),
        (lambda x, b, eps, t: right(x, np.sinh(b), eps, t), "it is right as soon as b is 0: look at where b enters"),
        (lambda x, b, eps, t: right(np.abs(x), b, eps, t), "it is right as soon as x has no negative entries: look at"),
        (
            lambda x, b, eps, t: right(x, b, np.sin(eps), np.tan(t)),
            "it is right as soon as eps is 0 and t is 0: look at where eps and t enter, or should enter",
        ),
    ],
)
def test_the_inputs_without_which_an_output_is_right_are_named(code: Code, words: str) -> None:
    assert words in said(code)


def test_what_is_so_in_a_case_that_is_wrong_is_no_reason() -> None:
    """With t 1 the answer would be right in the first cases; but in another one t is 1, and it is wrong there."""

    def code(x: Array, b: Array, eps: float, t: int) -> Array:
        return right(x, b, eps, t) + (np.tan(np.arange(4) + len(x)) if t > 1 or len(x) == 5 else 0)

    assert "as soon as t is 1" in said(code, (3, 4))
    assert "as soon as t is 1" not in said(code, (3, 4, 1))


def test_it_is_right_with_them_in_every_case_that_was_wrong() -> None:
    """Three small cases would show it; a larger one, or one at the edge of the exercise, may refute it."""

    def code(x: Array, b: Array, eps: float, t: int) -> Array:
        return right(x, b, eps**2, t) + (np.tan(np.arange(4)) if len(x) == 6 else 0)

    assert "as soon as eps is 0" in said(code, (3, 4, 5))
    assert "as soon as" not in said(code, (3, 4, 5, 7))
    rng = np.random.default_rng(1)
    results = []
    for rows, trait in ((3, None), (4, None), (5, None), (2, Trait.DTYPE)):
        kind = np.float32 if trait else np.float64
        x, b = rng.standard_normal((rows, 4)).astype(kind), rng.standard_normal(4).astype(kind)
        inputs: dict[str, object] = {"x": x, "b": b, "settings": {"eps": 0.3, "t": 2}}
        case = Case(f"{rows}", "", inputs, {"out": Equal()}, traits=frozenset([trait] if trait else []))
        expected = run_of(right)("", inputs, ())
        assert isinstance(expected, Ran)
        results.append((case, expected.values))

    def wrong(x: Array, b: Array, eps: float, t: int) -> Array:
        return right(x, b, eps**2, t) + (x.dtype == np.float32)

    for count, known in ((3, True), (4, False)):
        some = [CaseResult(case, due, run_of(wrong)("", case.inputs, ())) for case, due in results[:count]]
        answers = WrongOutputs(some).by_path["out"]
        assert ("as soon as eps" in right_with_simpler_inputs(answers, run_of(wrong), run_of(right))) == known


def test_what_is_a_copy_of_an_input_is_no_evidence() -> None:
    """With the factor 0 nothing is left but b, which code returns that computes all else wrongly."""

    def wrong(x: Array, b: Array, eps: float, t: int) -> Array:
        return np.exp(x) * eps + b

    def due(x: Array, b: Array, eps: float, t: int) -> Array:
        return np.sin(x) * eps + b

    rng = np.random.default_rng(2)
    inputs: dict[str, object] = {"x": rng.random((3, 4)), "b": rng.random(4), "settings": {"eps": 0.3, "t": 2}}
    expected, answer = (run_of(code)("", inputs, ()) for code in (due, wrong))
    assert not isinstance(expected, Crash)
    result = CaseResult(Case("a case", "", inputs, {"out": Equal()}), expected.values, answer)
    assert right_with_simpler_inputs(WrongOutputs([result]).by_path["out"], run_of(wrong), run_of(due)) == ""


def test_it_is_said_where_nothing_else_is_known() -> None:
    rng, results = np.random.default_rng(1), []

    def code(x: Array, b: Array, eps: float, t: int) -> Array:
        return right(x, b, eps**3, t)

    for rows in (3, 5):
        inputs: dict[str, object] = {
            "x": rng.standard_normal((rows, 4)),
            "b": rng.standard_normal(4),
            "settings": {"eps": 0.3, "t": 2},
        }
        expected, answer = run_of(right)("", inputs, ()), run_of(code)("", inputs, ())
        assert isinstance(expected, Ran)
        results.append(CaseResult(Case(f"{rows}", "", inputs, {"out": Equal()}), expected.values, answer))
    (found,) = judge(results, {}, run_of(code), FollowThrough(0.0, run_of(right))).findings
    assert "as soon as eps is 0" in found.hint
    (found,) = judge(results, {}, run_of(code)).findings  # the student's own check has no right code to run
    assert "as soon as" not in found.hint


def test_labels_and_what_a_net_multiplies_with_are_not_made_simpler() -> None:
    def words(**inputs: object) -> str:
        return " ".join(change.words for change in _changes(Case("", "", inputs)))

    x, w = np.array([[-1.0, 2.0]]), np.array([[-3.0, 4.0], [5.0, 6.0]])
    assert words(y=3, settings={"t": 3}) == "t is 0 t is 1"
    assert "x has no negative entries" in words(x=x)
    assert "negative" not in words(x=x, w=w)
    assert words(x=x, b=x[0]).count("b is 0") == 1
    assert words(X=x, params={"b1": x[0]}, reg=0.1) == "reg is 0 reg is 1"


@pytest.mark.parametrize(
    ("meaning", "words"),
    [
        ("then there is one step", "then there is one step"),
        (lambda text: f"of {text} there is one step", "of def f there is one step"),
        (None, "look at where max_iter enters, or should enter"),
    ],
)
def test_what_is_so_with_a_simpler_input_is_said_in_the_words_of_the_exercise(
    meaning: str | Callable[[str], str] | None, words: str
) -> None:
    def run(gathers: bool) -> Run:
        def running(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            x, gathered = np.asarray(inputs["x"]), 0.0
            param = inputs["param"]
            assert isinstance(param, dict)
            for _ in range(param["max_iter"]):
                gathered = np.cos(x) + (gathered if gathers else 0.0)
                x = x + 0.1 * gathered
            return Ran({"out": x})

        return running

    results = []
    for steps in (3, 4):
        inputs = {"x": np.random.default_rng(steps).standard_normal((steps, 4)), "param": {"max_iter": steps}}
        case = Case(f"{steps} steps", "", inputs, {"out": Equal()})
        right, wrong = (run(gathers)("", inputs, ()) for gathers in (False, True))
        assert isinstance(right, Ran)
        results.append(CaseResult(case, right.values, wrong))
    answers = [WrongAnswer(one, fault) for one in results for fault in one.faults()]
    meanings = {} if meaning is None else {"max_iter is 1": meaning}
    found = right_with_simpler_inputs(answers, run(True), run(False), "def f", meanings)
    assert found == f"it is right as soon as max_iter is 1: {words}"


def test_of_inputs_of_one_name_those_that_a_student_sees_are_made_simpler() -> None:
    pulled = Case(
        "", "", {"params": {"W1": np.ones(3)}, "pull": {"W1": np.ones(3)}, "a": {"eps": 1.0}, "b": {"eps": 2.0}}
    )
    words = {change.path: change.words for change in [*simplifications(pulled), *_of_ones(pulled)]}
    assert words.keys() == {"params.W1", "a.eps", "b.eps"}
    assert words["b.eps"].startswith("the second eps is")
    assert words["params.W1"] == "every entry of W1 is 1"


def test_a_step_that_is_right_after_many_others_is_corrected_wrongly() -> None:
    case = Case("a step", "", {"w": np.ones(3), "config": {"t": 5, "beta1": 0.9}}, {"out": Equal()})
    assert [one.value for one in simplifications(case) if one.words == "t is very large"] == [10**6]
