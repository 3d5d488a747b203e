"""What is found out about an output by running the code again: what it mixes, and how it grows with an input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose.case_result import CaseResult
from utils.checks.diagnose.mixing import mixing
from utils.checks.diagnose.probes import probed
from utils.checks.diagnose.scaling import scaling
from utils.checks.diagnose.wrong_outputs import WrongAnswer, WrongOutputs
from utils.checks.program import Answer, Crash, Ran, Run

RNG = np.random.default_rng(0)
CASE = Case("plain", "", {"x": RNG.standard_normal((5, 4)), "gamma": RNG.standard_normal(4)})


def running(out: Callable[..., Any]) -> Run:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return Ran({"out": out(**inputs)})

    return run


def normalised(x: Any, gamma: Any, axis: int = 0) -> Any:
    return gamma * (x - x.mean(axis=axis, keepdims=True)) / (x.std(axis=axis, keepdims=True) + 1e-3)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (lambda x, gamma: 7 - 2 * normalised(x, gamma), ""),
        (
            lambda x, gamma: 3 * normalised(x, gamma, axis=1),
            "a row of it depends on the same row of x alone, and should depend on the others, too; a column of it",
        ),
        (
            lambda x, gamma: gamma * (x - x.mean()),
            "a column of it changes when another column of x does, and should not",
        ),
        (lambda x, gamma: gamma * x, "a row of it depends on the same row of x alone, and should depend on the others"),
        (lambda x, gamma: x[:2], ""),
        (lambda x, gamma: np.ones((5, 1)) * gamma, ""),  # it depends on no row at all, and on no column
    ],
)
def test_a_wrong_axis_is_named_whatever_else_is_wrong(out: Callable[..., Any], words: str) -> None:
    said = mixing(CASE, "out", running(out), running(normalised)) or ""
    assert said.startswith(words) if words else not said


def test_what_mixes_with_some_of_the_others_is_not_said_to_depend_on_all() -> None:
    def neighbours(x: Any, gamma: Any) -> Any:
        return x + np.roll(x, 1, axis=0)

    assert mixing(CASE, "out", running(lambda x, gamma: x), running(neighbours)) == ""


def test_nothing_is_said_of_the_rows_and_columns_under_a_window() -> None:
    def shifted(x: Any, stride: int) -> Any:
        return x + np.roll(x, 1, axis=-1)

    def alone(x: Any, stride: int) -> Any:
        return x * 2

    for name, said in (("stride", False), ("strike", True)):
        case = Case("plain", "", {"x": RNG.standard_normal((2, 3, 4, 5)), name: 1})
        one, other = (running(lambda x, which=which, **_: which(x, 1)) for which in (shifted, alone))
        assert bool(mixing(case, "out", one, other)) == said


def test_what_one_case_mixes_by_chance_a_second_one_refutes() -> None:
    """A sum over groups of rows, as many as there are columns, mixes nothing where there is a single row for each."""

    def grouped(x: Any, gamma: Any) -> Any:
        groups = x.reshape(x.shape[1], -1) if len(x) % x.shape[1] == 0 else x
        return (groups - groups.mean(axis=1, keepdims=True)).reshape(x.shape) * 3

    small = Case("small", "", {"x": RNG.standard_normal((4, 4)), "gamma": RNG.standard_normal(4)})
    alike = Case("alike", "", {"x": RNG.standard_normal((3, 3)), "gamma": RNG.standard_normal(3)})
    other = Case("other", "", {"x": RNG.standard_normal((8, 4)), "gamma": RNG.standard_normal(4)})
    code, reference = running(grouped), running(normalised)

    def said(*cases: Case) -> str:
        results = [
            CaseResult(
                replace(case, aspects={"out": Equal()}), {"out": normalised(**case.inputs)}, code("", case.inputs, ())
            )
            for case in cases
        ]
        return str(probed([WrongAnswer(one, one.faults()[0]) for one in results], code, reference))

    assert "a row of it depends on the same row of x alone" in said(small, alike)
    assert "a row of it depends on the same row of x alone" not in said(small, other)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (lambda x, gamma: 7 * normalised(x, gamma), ""),
        (
            lambda x, gamma: gamma * (x - x.mean()),
            "when a large x becomes twice as large, it becomes twice as large, and should stay the same",
        ),
        (
            lambda x, gamma: gamma * (x - x.mean(axis=0)) / x.var(axis=0),
            "when a large x becomes twice as large, it becomes half as large, and should stay the same",
        ),
        (
            lambda x, gamma: gamma * normalised(x, gamma),
            "when a large gamma becomes twice as large, it becomes 4 times as large, and should become twice as large",
        ),
        (
            lambda x, gamma: normalised(x, np.tanh(gamma)),
            "when a large gamma becomes twice as large, it stays the same",
        ),
        (lambda x, gamma: gamma * x + x * x * gamma * 1e-4, ""),  # no power of x
        (
            lambda x, gamma: np.where(x < 0, x, gamma),
            "",
        ),  # some entries grow, the others are small
    ],
)
def test_a_wrong_power_of_an_input_is_named_whatever_else_is_wrong(out: Callable[..., Any], words: str) -> None:
    said = scaling([CASE], "out", running(out), running(normalised))
    assert said.startswith(words) if words else said == ""


def test_an_output_that_does_not_depend_on_an_input_is_named_elsewhere() -> None:
    def without_gamma(x: Any, gamma: Any) -> Any:
        return normalised(x, np.ones(4))

    assert "gamma" in scaling([CASE], "out", running(without_gamma), running(normalised))
    assert scaling([CASE], "out", running(without_gamma), running(normalised), depends=False) == ""


def test_code_that_crashes_with_other_inputs_tells_nothing() -> None:
    def crashing(*_: object) -> Answer:
        return Crash(False, "ValueError", "")

    assert mixing(CASE, "out", crashing, running(normalised)) is None
    assert scaling([CASE], "out", crashing, running(normalised)) == ""


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_nothing_is_found_out_of_what_differs_from_run_to_run(noise: float) -> None:
    """An array that was never filled holds other numbers in each run, whatever it depends on."""
    rng = np.random.default_rng(1)
    code = running(lambda x, gamma: x.mean() * gamma * x + noise * rng.standard_normal(x.shape))
    case = replace(CASE, aspects={"out": Equal()})
    answer = code("", case.inputs, ())
    assert isinstance(answer, Ran)
    result = CaseResult(case, {"out": normalised(**case.inputs)}, answer)
    found = probed([WrongAnswer(result, fault) for fault in result.faults()], code, running(normalised))
    assert any(found) == (not noise)


def test_what_is_not_there_in_a_first_step_is_looked_for_in_a_later_one() -> None:
    def run(uses: bool, power: int) -> Run:
        def running(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            old = np.asarray(inputs.get("v", np.zeros((4, 3)))) if uses else 0.0
            return Ran({"out": np.asarray(inputs["x"]) ** power + old})

        return running

    x = RNG.standard_normal((4, 3))
    first = Case("first", "", {"x": x}, {"out": Equal()})
    later = Case("later", "", {"x": x, "v": RNG.standard_normal((4, 3))}, {"out": Equal()})

    def said(code: Run) -> str:
        results = []
        for case in (first, later):
            due, came = (one("", case.inputs, ()) for one in (run(True, 1), code))
            assert isinstance(due, Ran)
            results.append(CaseResult(case, due.values, came))
        return next(filter(None, probed(WrongOutputs(results).by_path["out"], code, run(True, 1))), "")

    assert said(run(False, 3)).startswith("it stays the same when v changes, on which it should depend: is that used?")
    assert "v changes" not in said(run(True, 3))


def test_a_power_that_the_right_answer_has_in_one_case_alone_is_no_reason() -> None:
    """The right answer does not grow with x where all that is seen of x is a constant around it."""
    other = Case("another one", "", {"x": RNG.standard_normal((11, 4)), "gamma": RNG.standard_normal(4)})

    def padded(x: Any, gamma: Any) -> Any:
        return normalised(x, gamma) if len(x) != 11 else gamma * x

    code = running(lambda x, gamma: gamma * (x - x.mean()))
    assert "should stay the same" in scaling([CASE], "out", code, running(padded))
    assert "should stay the same" not in scaling([CASE], "out", code, running(padded), every=[CASE, other])
