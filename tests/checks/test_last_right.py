"""Of code of which nothing else is known, it is said up to where it computes what right solutions compute."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Array, Equal
from utils.checks.diagnose import CaseResult, Search, Source, judge
from utils.checks.diagnose.changes import KEPT, recorded_module
from utils.checks.program import Ran, Run, seeded_runner
from utils.checks.python_text import DEEPEST

RIGHT = """\
import numpy as np


def scores(x, w, b):
    hidden = x @ w
    shifted = hidden + b
    active = np.tanh(shifted)
    return active / active.sum(axis=0)


class Net:
    def scores(self, x, w, b):
        return scores(x, w, b)
"""
METHOD = RIGHT.partition("class Net")[2].replace("return scores(x, w, b)", "shifted = x @ w + b\n        return {}")
RNG = np.random.default_rng(0)


def module(text: str) -> ModuleType:
    made = ModuleType("m")
    exec(compile(text, "m.py", "exec"), vars(made))
    return made


def run_of(text: str) -> Run:
    return seeded_runner({"m": module(text)})


def case_of(function: str = "scores", seed: int = 0, *, dtype: bool = False) -> Case:
    rng = np.random.default_rng(seed)
    inputs = {"x": rng.standard_normal((5, 4)), "w": rng.standard_normal((4, 3)), "b": rng.standard_normal(3)}
    call = f"m.{function}(x, w, b)" if "." not in function else f"m.{function.replace('.', '().')}(x, w, b)"
    return Case(f"case {seed}", f"out = {call}", inputs, {"out": Equal(dtype=dtype)})


def right_values(case: Case) -> list[Array]:
    recorded = module(recorded_module(RIGHT))
    seeded_runner({"m": recorded})(case.program, case.inputs, ())
    return [np.asarray(value) for _, _, value in vars(recorded)[KEPT]]


def said(text: str, function: str = "scores") -> str:
    search = Search(run_of(text), Source("m", function, text), right_values)
    return search.last_right([case_of(function, seed) for seed in (0, 1)])


def with_body(*lines: str) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"import numpy as np\n\n\ndef scores(x, w, b):\n{body}\n"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ["h = x @ w + b", "a = np.sin(h)", "return a - a.mean()"],
            "`h` on line 5 is still a value of a right solution; `a` on line 6, which comes after it, is in none",
        ),
        (
            ["return np.cos(w.T.dot(x.T).T + b) * 2"],  # values inside of a line, and transposed ones
            "`w.T.dot(x.T).T + b` on line 5 is still a value of a right solution; `np.cos(w.T.dot(x.T).T + b)` on line",
        ),
        (
            ["h = np.zeros((5, 3))", "for n in range(5):", "    h[n] = x[n] @ w + b", "return np.exp(h) + 1"],
            "`h` on line 7 is still a value of a right solution; `np.exp(h)` on line 8, which comes after it",
        ),
        (
            ["z = x @ w - b", "return np.tanh(z)"],
            "`x @ w` on line 5 is still a value of a right solution; `z` on line 5, which comes after it",
        ),
        (
            ["z = np.abs(x) @ w", "return np.tanh(z)"],
            "`np.abs(x)` on line 5 is a value that is in none of the right solutions that were compared",
        ),
        (
            ["z = x @ w + b + 1", "z = z - 1", "return (z > 0).astype(float)"],  # another way that ends in the same
            "`z` on line 6 is still a value of a right solution: look at what is done after it, and at what is",
        ),
        (["return np.ones((5, 3))"], ""),
        (["y = x.T.copy()", "return y[:, :3]"], ""),  # what only holds an input says nothing
    ],
)
def test_the_last_value_of_a_right_solution_is_told(lines: list[str], words: str) -> None:
    found = said(with_body(*lines))
    assert found.startswith(words) if words else not found


def test_what_a_wrong_value_is_made_of_is_led_to() -> None:
    """The line named may only store what went wrong on the lines before it."""
    found = said(
        with_body("m = 0.0", "for row in x:", "    m = max(m, row.max())", "out = np.tanh(m * x)", "return out")
    )
    assert found.endswith(
        "look at how this value is computed, from its line backwards, unless that is another way to compute the same"
    )


def test_a_method_is_compared_like_a_function_and_a_crash_ends_the_values() -> None:
    text = RIGHT.replace("        return scores(x, w, b)\n", "        h = x @ w + b\n        return np.sin(h) @ h\n")
    assert said(text, "Net.scores").startswith(
        "`h` on line 13 is still a value of a right solution; `np.sin(h)` on line"
    )


def test_a_value_counts_in_every_case_in_which_it_came() -> None:
    largest = float(np.asarray(case_of(seed=1).inputs["x"]).max())
    text = with_body("h = x @ w", f"h = h - b if x.max() == {largest!r} else h + b", "return np.sin(h)")
    assert "`h` on line 6, which comes after it, is in none" in said(text)


def test_in_a_loop_the_first_value_counts() -> None:
    """What is computed from a wrong value is wrong as well."""
    text = with_body("for _ in range(2):", "    h = x @ w + b", "    b = np.sin(h).sum(axis=0)", "return h")
    assert said(text).startswith("`h` on line 6 is still a value of a right solution; `np.sin(h)` on line 7")
    text = with_body("out = []", "for n in range(5):", "    out.append(x[n] @ w * (1 + n))", "return out")
    assert said(text).startswith("`x[n] @ w * (1 + n)` on line 7 is at first a value of a right solution, and later in")


def test_a_name_that_a_loop_never_came_to_is_no_crash() -> None:
    text = with_body("h = x @ w", "for n in range(0):", "    z[n] = h", "return np.sin(h)")
    assert said(text).startswith("`h` on line 5 is still a value of a right solution; `np.sin(h)` on line 8")


def judged(text: str, hints: dict[str, str] | None = None, *, dtype: bool = False) -> str:
    cases = [case_of(seed=seed, dtype=dtype) for seed in range(3)]
    run, reference = run_of(text), run_of(RIGHT)
    results = []
    for case in cases:
        right = reference(case.program, case.inputs, ("out",))
        assert isinstance(right, Ran)
        results.append(CaseResult(case, right.values, run(case.program, case.inputs, ("out",))))
    search = Search(run, Source("m", "scores", text), right_values)
    return " ".join(finding.hint for finding in judge(results, hints or {}, search=search).findings)


def test_it_is_said_only_where_nothing_else_is_known() -> None:
    defying = with_body(
        "h = x @ w + b", "a = np.sin(h * h) + 0.3", "return np.exp(a) / (1 + np.abs(a).sum(axis=1, keepdims=True))"
    )
    assert "still a value of a right solution" in judged(defying)
    assert "still a value" not in judged(RIGHT.replace("hidden + b", "hidden - b"))  # a change makes it right
    assert "still a value" not in judged(RIGHT.replace("return active /", "return 2 * active /"))


def test_of_a_wrong_dtype_the_values_before_it_say_nothing() -> None:
    """An array that was made at the beginning may have it, and be filled with right values."""
    text = with_body(
        "out = np.zeros((len(x), w.shape[1]), dtype='float32')",
        "a = np.tanh(x @ w + b)",
        "for i in range(len(a)):",
        "    for j in range(a.shape[1]):",
        "        out[i, j] = a[i, j] / a.sum(axis=0)[j]",
        "return out",
    )
    hint = judged(text, dtype=True)
    assert "dtype float32" in hint
    assert "still a value" not in hint


def test_only_expressions_of_the_function_are_told() -> None:
    """A submission may hand back any lines and texts in their place, and as much of them as it likes."""
    appended = with_body("h = x @ w", "kept_.append((6, 'anything ((', h))", "return np.sin(h)")
    assert said(appended).startswith("`h` on line 5 is still a value of a right solution")
    called = with_body(
        "g = np.sin(x) @ w", "h = x @ w", "keep_(7, 'anything ((', h if g is not None else 0)", "return np.exp(g)"
    )
    assert said(called)


@pytest.mark.parametrize("deep", ["-" * (DEEPEST - 20) + "x", "(" * 80 + "x" + " + 1.5)" * 80])
def test_an_expression_may_be_as_deep_as_a_submission_may_have_it(deep: str) -> None:
    assert isinstance(said(with_body(f"y = {deep}", "return np.sin(y @ w + b)")), str)
