"""That a setting decides is said only where a run with another value of it does not refute that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, FollowThrough, judge
from utils.checks.program import Answer, Ran, Run

RNG = np.random.default_rng(0)
Code = Callable[[Mapping[str, object]], dict[str, object]]


def run_of(code: Code) -> Run:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return Ran({"grads": code(inputs)})

    return run


def right(inputs: Mapping[str, object]) -> dict[str, object]:
    weights, reg = inputs["w"], inputs["reg"]
    assert isinstance(weights, np.ndarray)
    assert isinstance(reg, float)
    return {"w": weights**2 + reg * weights}


def said(code: Code, *, runs: bool = True) -> str:
    """What is said of code in four cases, of which those with three rows have reg 0."""
    results = []
    for rows, reg in ((2, 0.5), (2, 0.7), (3, 0.0), (3, 0.0)):
        inputs = {"w": RNG.standard_normal((rows, 4)), "reg": reg}
        case = Case(f"{rows} rows", "", inputs, {"grads": Equal()})
        results.append(CaseResult(case, {"grads": right(inputs)}, run_of(code)("", inputs, ())))
    follow = FollowThrough(0.0, run_of(right))
    judgement = judge(results, {}, run_of(code) if runs else None, follow if runs else None)
    return " ".join(one.hint for one in judgement.findings if one.verdict == "fail")


def of_reg(inputs: Mapping[str, object]) -> dict[str, object]:
    return {"w": np.asarray(right(inputs)["w"]) + np.sin(float(str(inputs["reg"])) * np.arange(4))}


def of_rows(inputs: Mapping[str, object]) -> dict[str, object]:
    weights = np.asarray(right(inputs)["w"])
    return {"w": weights + np.arange(4) ** 3 if len(weights) == 2 else weights}


def missing(inputs: Mapping[str, object]) -> dict[str, object]:
    return {} if len(np.asarray(right(inputs)["w"])) == 2 else right(inputs)


@pytest.mark.parametrize(("code", "decides"), [(of_reg, True), (of_rows, False), (missing, False)])
def test_a_setting_decides_only_if_other_values_of_it_change_what_is_right(code: Code, decides: bool) -> None:
    assert "right only when reg is 0" in said(code, runs=False)
    assert ("right only when reg is 0" in said(code)) == decides
    assert decides or "it is right in 2 of 4 cases" in said(code).lower()


def weights_of(inputs: Mapping[str, object]) -> dict[str, object]:
    return {"w": np.asarray(inputs["w"])}


def mixed(inputs: Mapping[str, object]) -> dict[str, object]:
    weights, x = np.asarray(inputs["w"]), np.asarray(inputs["x"])
    return {"w": weights + (x - x.mean(axis=0)).sum() + (x[:1] - x).sum()}


def of_columns(inputs: Mapping[str, object]) -> dict[str, object]:
    weights = np.asarray(inputs["w"])
    return {"w": weights + (np.arange(4.0) if np.asarray(inputs["x"]).shape[1] == 5 else 0)}


def with_a_special_second_row(inputs: Mapping[str, object]) -> dict[str, object]:
    weights, x = np.asarray(inputs["w"]), np.asarray(inputs["x"])
    return {"w": weights + np.arange(4.0) * (x[:, 0] < -1).sum()}


def of_one_weight(inputs: Mapping[str, object]) -> dict[str, object]:
    """Right with a single row of another case, and by chance in the case with a single row."""
    weights, x = np.asarray(inputs["w"]), np.asarray(inputs["x"])
    is_right = len(x) == 1 and (x.shape[1] == 5 or weights[0, 0] == 3)
    return {"w": weights if is_right else weights + np.arange(4.0)}


@pytest.mark.parametrize(
    ("code", "decides"),
    [(mixed, True), (of_columns, False), (with_a_special_second_row, False), (of_one_weight, False)],
)
def test_a_single_example_decides_only_if_others_alone_are_right(code: Code, decides: bool) -> None:
    results = []
    for rows, columns in ((3, 5), (6, 5), (7, 5), (1, 2)):
        inputs = {"w": RNG.standard_normal((2, 4)), "x": RNG.standard_normal((rows, columns))}
        inputs["x"][:, 0], inputs["w"][0, 0] = np.where(np.arange(rows) == 1, -2, 1), 3
        case = Case(f"{rows} rows", "", inputs, {"grads": Equal()})
        results.append(CaseResult(case, {"grads": weights_of(inputs)}, run_of(code)("", inputs, ())))
    judgement = judge(results, {}, run_of(code), FollowThrough(0.0, run_of(weights_of)))
    hints = " ".join(one.hint for one in judgement.findings)
    assert ("it is right only when N = 1" in hints) == decides
    assert decides or 'it is right in 1 of 4 cases, as in "1 rows"' in hints


def with_default(inputs: Mapping[str, object]) -> dict[str, object]:
    settings = inputs["settings"]
    assert isinstance(settings, dict)
    return {"w": np.asarray(inputs["w"]) * settings.get("rate", 2.0)}


def of_default(inputs: Mapping[str, object]) -> dict[str, object]:
    settings = inputs["settings"]
    assert isinstance(settings, dict)
    return {"w": np.exp(np.asarray(inputs["w"])) * settings.get("rate", 3.0) if not settings else right_of(inputs)}


def right_of(inputs: Mapping[str, object]) -> object:
    return with_default(inputs)["w"]


def of_size(inputs: Mapping[str, object]) -> dict[str, object]:
    weights = np.asarray(inputs["w"])
    return {"w": np.asarray(right_of(inputs)) + (np.sin(weights) if len(weights) == 2 else 0)}


@pytest.mark.parametrize(("code", "decides"), [(of_default, True), (of_size, False)])
def test_that_a_setting_is_not_given_decides_only_if_giving_it_helps(code: Code, decides: bool) -> None:
    results = []
    for rows, settings in ((2, {}), (2, {}), (3, {"rate": 0.5}), (3, {"rate": 0.7})):
        inputs: dict[str, object] = {"w": RNG.standard_normal((rows, 4)), "settings": settings}
        case = Case(f"{rows} rows", "", inputs, {"grads": Equal()})
        results.append(CaseResult(case, {"grads": with_default(inputs)}, run_of(code)("", inputs, ())))
    judgement = judge(results, {}, run_of(code), FollowThrough(0.0, run_of(with_default)))
    hints = " ".join(one.hint for one in judgement.findings)
    assert ("when no rate is given" in hints) == decides
