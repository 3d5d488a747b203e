"""Of an output of which nothing simple is known, what is said is found out by running code, and no guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Array, Equal
from utils.checks.diagnose import CaseResult, FollowThrough, judge
from utils.checks.diagnose.clauses import Runs, collect_clauses
from utils.checks.diagnose.other_outputs import from_other_outputs
from utils.checks.diagnose.reach import reach
from utils.checks.diagnose.redrawn import redrawn, with_other_numbers
from utils.checks.diagnose.still_wrong import still_wrong
from utils.checks.diagnose.wrong_outputs import WrongOutputs
from utils.checks.program import Answer, Crash, Ran, Run

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 6))
Code = Callable[[Array, Array], Array]


def run_of(code: Code) -> Run:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return Ran({"out": code(np.asarray(inputs["x"]), np.asarray(inputs["b"]))})

    return run


def case_of(x: Array = X) -> Case:
    return Case("one", "", {"x": x, "b": RNG.standard_normal(6)}, {"out": Equal()})


def right(x: Array, b: Array) -> Array:
    return np.sin(x[:, :3].cumsum(axis=1)) + b[:3]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            lambda x, b: np.sin(x[:, 1:4].cumsum(axis=1)) + b[:3],
            "here out[0, 0] should change with column 0 of x, and changes with column 1",
        ),
        (
            lambda x, b: np.sin(x[:, :3].cumsum(axis=1)) * 1.1 + x[1, 0] + b[:3],
            "here out[0, 0] should change with row 0 of x, and changes with rows 0 and 1",
        ),
        (lambda x, b: np.sin(x[:, :3].cumsum(axis=1)), "here out[0, 0] does not change with b, and should"),
        (lambda x, b: np.exp(x[:, :3].cumsum(axis=1)) + b[:3], ""),
    ],
)
def test_an_entry_that_changes_with_the_wrong_part_of_an_input_is_shown(code: Code, said: str) -> None:
    case = case_of()
    x, b = np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"])
    assert reach(case, "out", right(x, b), code(x, b), run_of(code), run_of(right)) == said


def test_of_a_label_nothing_is_said_but_that_it_does_not_change() -> None:
    """Which rows decide about the largest entry is chance."""

    def label(x: Array, b: Array) -> Array:
        return np.argmax(x + b, axis=1)

    case = case_of()
    x, b = np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"])

    def other(x: Array, b: Array) -> Array:
        return np.argmax(x[::-1] - b, axis=1)

    assert reach(case, "out", label(x, b), other(x, b), run_of(other), run_of(label)) == ""
    said = reach(case, "out", label(x, b), 5 - label(x, 0 * b), run_of(lambda x, b: 5 - label(x, 0 * b)), run_of(label))
    assert said in ("", "here out[0] does not change with b, and should")


def test_what_is_wrong_with_simpler_inputs_is_said_and_what_does_not_matter_is_not() -> None:
    inputs = {"x": X, "param": {"eps": 0.1, "unused": 0.3}, "b": RNG.standard_normal(6)}
    case = Case("one", "", inputs, {"out": Equal()})

    def code(power: int) -> Run:
        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            param = inputs["param"]
            assert isinstance(param, dict)
            x, b = np.asarray(inputs["x"]), np.asarray(inputs["b"])
            return Ran({"out": x**power + param["eps"] * np.arange(6) + b})

        return run

    assert still_wrong([case], "out", code(3), code(2)) == "it is wrong even when eps is 0 and b is 0"


def test_of_two_mistakes_the_one_that_simpler_inputs_leave_is_described() -> None:
    """One mistake shows with eps alone; without it, what is left has a form."""
    cases = []
    for rows in (4, 6):
        x = RNG.standard_normal((rows, 5))
        inputs = {"x": x, "param": {"eps": 0.5}, "b": RNG.standard_normal(5)}
        cases.append(Case(f"{rows} rows", "", inputs, {"out": Equal()}))

    def code(ddof: int, outside: bool) -> Run:
        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            param, x = inputs["param"], np.asarray(inputs["x"])
            assert isinstance(param, dict)
            spread, eps = x.var(axis=0, ddof=ddof), param["eps"]
            spread = np.sqrt(spread) + eps if outside else np.sqrt(spread + eps)
            return Ran({"out": (x - x.mean(axis=0)) / spread + np.asarray(inputs["b"])})

        return run

    said = still_wrong(cases, "out", code(1, True), code(0, False))
    assert said.startswith("it is wrong even when eps is 0, b is 0 and")
    assert said.endswith(
        ": then it is √((n − 1) / n) times the right answer, n being N, the number of examples: is n − 1 used where n "
        "is due?"
    )
    assert "then" not in still_wrong(cases[:1], "out", code(1, True), code(0, False))  # one case may be peculiar


def test_a_wrong_answer_without_a_form_gets_more_than_what_was_expected() -> None:
    def code(x: Array, b: Array) -> Array:
        return np.exp(x[:, 1:4].cumsum(axis=1)) + np.cos(b[:3])

    case = case_of()
    inputs = (np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"]))
    results = [CaseResult(case, {"out": right(*inputs)}, Ran({"out": code(*inputs)}))]
    found = judge(results, {}, run_of(code), FollowThrough(0.0, run_of(right))).findings
    assert "out[0, 0] should change with column 0 of x, and changes with column 1" in found[0].hint


def test_what_is_seen_in_one_case_is_said_if_it_is_so_for_other_numbers() -> None:
    """Rows 1 and 3 are wrong because of their numbers, and not because they are those rows."""
    x = np.abs(X)
    x[1, 0], x[3, 0] = -1, -2

    def sums(x: Array, b: Array) -> Array:
        return x.cumsum(axis=1) + 0 * b

    def code(x: Array, b: Array) -> Array:
        return np.where(x.min(axis=1, keepdims=True) < 0, np.exp(x), sums(x, b))

    case = case_of(x)
    inputs = (np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"]))
    results = [CaseResult(case, {"out": sums(*inputs)}, Ran({"out": code(*inputs)}))]
    follow = FollowThrough(0.0, run_of(sums))
    before, after = (judge(results, {}, run, follow).findings[0].hint for run in (None, run_of(code)))
    assert "row 0, 2" in before
    assert "row 0, 2" not in after
    assert "whole row by whole row" in after


def test_other_numbers_keep_what_a_case_is_about() -> None:
    x = np.maximum(X, 0)
    inputs = {"x": x, "y": np.arange(4), "p": 0.5, "few": X.astype(np.float32)}
    others = with_other_numbers(Case("one", "", inputs, {"out": Equal()}))
    assert np.count_nonzero(np.asarray(others["x"])) == np.count_nonzero(x)
    assert (np.asarray(others["x"]) >= 0).all()
    assert not np.array_equal(np.asarray(others["x"]), x)
    assert np.asarray(others["few"]).dtype == np.float32
    assert others["p"] == 0.5
    assert others["y"] is inputs["y"]


def test_what_is_right_for_other_numbers_refutes_nothing() -> None:
    case = case_of()
    inputs = (np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"]))
    results = [CaseResult(case, {"out": right(*inputs)}, Ran({"out": right(*inputs) + 1}))]
    answers = WrongOutputs(results).by_path["out"]
    assert redrawn(answers, run_of(right), run_of(right)) == []
    assert len(redrawn(answers, run_of(lambda x, b: right(x, b) + 1), run_of(right))) == 1
    assert redrawn(answers, None, run_of(right)) == []


def test_a_slice_is_not_said_to_have_no_part_where_another_step_shows_it() -> None:
    """Behind a ReLU it depends on the size of a change whether it has an influence."""

    def behind_a_relu(x: Array, b: Array) -> Array:
        return np.maximum(x[:, :3].sum(axis=1, keepdims=True) - 400 * np.abs(X).max(), 0) + b[:3]

    case = case_of()
    x, b = np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"])
    assert reach(case, "out", right(x, b), behind_a_relu(x, b), run_of(behind_a_relu), run_of(right)) == ""


def test_of_inputs_that_are_all_1_no_sum_is_asked_about() -> None:
    cases = []
    for rows in (4, 6):
        x, gain = RNG.uniform(0.1, 2, (2, rows, 5))
        cases.append(Case(f"{rows} rows", "", {"x": x, "gain": gain}, {"out": Equal()}))

    def code(wrong: bool) -> Run:
        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            x, gain = np.asarray(inputs["x"]), np.asarray(inputs["gain"])
            return Ran({"out": np.sin(x) * (gain.sum(axis=0) if wrong else gain)})

        return run

    said = still_wrong(cases, "out", code(True), code(False))
    assert said.endswith("every entry of gain is 1: then it is 4 times too large, 4 being N, the number of examples")


@pytest.mark.parametrize(("uses", "said"), [(True, "it changes with t, which is wrong, too"), (False, "")])
def test_a_wrong_state_is_named_beside_an_output_only_if_that_changes_with_it(uses: bool, said: str) -> None:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        t = int(str(inputs["t"]))
        return Ran({"out": np.exp(np.asarray(inputs["x"])) * (t if uses else 3), "t": t})

    case = Case("one", "", {"x": X, "t": 3}, {"out": Equal(), "t": Equal()})
    result = CaseResult(case, {"out": np.sin(X), "t": 4}, run("", case.inputs, ()))
    answers = WrongOutputs([result]).by_path["out"]
    assert from_other_outputs(answers, [result], run).startswith(said)
    assert ("which is wrong" in from_other_outputs(answers, [result], run)) == uses


def test_a_form_that_another_case_refutes_is_not_said_of_all() -> None:
    cases = [case_of(scale * np.abs(X)) for scale in (1, 2, 3, 4, 5)]

    def code(x: Array, b: Array) -> Array:
        return right(x, b) * (1 + np.arange(len(x))[:, np.newaxis] if x.max() > 4 * np.abs(X).max() else x.max())

    few, every = (still_wrong(some, "out", run_of(code), run_of(right)) for some in (cases[:4], cases))
    assert "then it is the right answer times a single number" in few
    assert "single number" not in every


def test_with_simpler_inputs_it_is_said_what_is_alike_in_each_row_unless_all_rows_are() -> None:
    cases = []
    for rows in (4, 6):
        x, w = RNG.standard_normal((rows, 5)), RNG.standard_normal((5, 3))
        cases.append(Case(f"{rows} rows", "", {"x": x, "b": RNG.standard_normal(5), "w": w}, {"out": Equal()}))

    def code(power: float) -> Run:
        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            x, b, w = (np.asarray(inputs[name]) for name in ("x", "b", "w"))
            return Ran({"out": x * (np.abs(x).max(axis=1, keepdims=True) + np.abs(w).sum()) ** power + b**power})

        return run

    said = still_wrong(
        [replace(case, inputs={**case.inputs, "w": np.ones(3)}) for case in cases], "out", code(2), code(1)
    )
    assert "then each row is right but for a factor of its own" in said
    assert "factor of its own" not in still_wrong(cases, "out", code(2), code(1))


def test_a_slice_is_not_said_to_be_too_much_where_the_right_answer_shows_it_by_another_step() -> None:
    def behind_a_relu(x: Array, b: Array) -> Array:
        return np.maximum(x[:, 3:].sum(axis=1, keepdims=True) - 400 * np.abs(X).max(), 0) + b[:3] + x[:, :3]

    def all_columns(x: Array, b: Array) -> Array:
        return behind_a_relu(x, b) + np.sin(x[:, 3:])

    case = case_of()
    x, b = np.asarray(case.inputs["x"]), np.asarray(case.inputs["b"])
    said = reach(case, "out", behind_a_relu(x, b), all_columns(x, b), run_of(all_columns), run_of(behind_a_relu))
    assert "of x" not in said


def test_inputs_that_a_student_does_not_see_are_not_named() -> None:
    inputs = {"params": {"b1": X}, "pull": {"b1": X[:, ::-1].copy()}}

    def run(pulled: bool) -> Run:
        def running(program: str, given: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            params, pull = given["params"], given["pull"]
            assert isinstance(params, dict)
            assert isinstance(pull, dict)
            return Ran({"out": np.exp(params["b1"]) + (np.sin(pull["b1"]) if pulled else 0)})

        return running

    case = Case("one", "", inputs, {"out": Equal()})
    right, came = run(True)("", inputs, ()), run(False)("", inputs, ())
    assert isinstance(right, Ran)
    assert isinstance(came, Ran)
    assert reach(case, "out", right.values["out"], came.values["out"], run(False), run(True)) == ""


@pytest.mark.parametrize("crashes", [False, True])
def test_nothing_is_said_of_the_direction_in_a_case_that_crashes(crashes: bool) -> None:
    case = case_of()
    due = right(X, np.asarray(case.inputs["b"]))
    results = [CaseResult(case, {"out": due}, Ran({"out": due + np.exp(due)}))] * 3
    results += [CaseResult(case, {"out": due}, Crash(False, "IndexError", "nothing there"))] * crashes
    hint = next(one.hint for one in judge(results, {}).findings if "each wrong entry is too large" in one.hint)
    assert ("in every case in which it can be compared" in hint) == crashes
    assert ("in every case in which it is wrong" in hint) != crashes


def test_where_an_output_is_right_in_a_case_it_is_not_called_too_large_in_every_case_that_can_be_compared() -> None:
    case = case_of()
    due = right(X, np.asarray(case.inputs["b"]))
    results = [CaseResult(case, {"out": due}, Ran({"out": due + np.exp(due)}))] * 3
    results += [CaseResult(case_of(), {"out": due}, Ran({"out": due}))]
    results += [CaseResult(case, {"out": due}, Crash(False, "IndexError", "nothing there"))]
    hint = next(one.hint for one in judge(results, {}).findings if "each wrong entry is too large" in one.hint)
    assert "in every case in which it is wrong and can be compared; it is right in 1 of 5 cases" in hint


def test_the_direction_in_the_cases_that_a_misconception_leaves_is_said_of_no_other_case() -> None:
    case = case_of()
    due = right(X, np.asarray(case.inputs["b"]))
    results = [CaseResult(case, {"out": due}, Ran({"out": due + sign * np.exp(due)})) for sign in (-1, -1, 1)]
    answers = WrongOutputs(results).by_path["out"]
    said = collect_clauses(answers[2], answers[2:], results, Runs(), rest=True)
    assert "each wrong entry is too large" in said


@pytest.mark.parametrize("calls", [True, False])
def test_what_a_stand_in_returns_is_named_only_beside_code_that_calls_it(calls: bool) -> None:
    program = "def loss(rows):\n    return scores[rows]\nnet.loss = loss\nout = net.predict(X)\n"
    inputs = {"X": X, "scores": np.abs(X)}

    def code(off: float) -> Run:
        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
            scores = np.asarray(inputs["scores"]) if calls or not off else X
            return Ran({"out": np.exp(scores) * np.asarray(inputs["X"]) + off})

        return run

    said = still_wrong([Case("one", program, inputs, {"out": Equal()})], "out", code(1), code(0))
    assert ("scores" in said) == calls
