"""A crash in a call says what the called function takes and returns, as far as that is certain."""

from __future__ import annotations

import linecache
from types import ModuleType

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, judge
from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import Crash, Ran, run_program

LAYERS = '''
import numpy as np


def near_forward(x, w):
    out = x @ w
    cache = (x, w)
    return out, cache


def near_backward(dout, cache):
    """The way back.

    Returns
    -------
    dx : ndarray
    dw, db : ndarray
    """
    if not isinstance(cache, tuple) or len(cache) != 2:
        raise ValueError("near_backward: the cache is something else; pass the one that near_forward returned.")
    x, w = cache
    if dout.shape != (len(x), w.shape[1]):
        raise ValueError(f"near_backward: dout has shape {dout.shape}; pass shape {(len(x), w.shape[1])}, that of out.")
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def outer_backward(dout, cache):
    return near_backward(dout, cache)


def far_forward(x, w, b):
    out = x @ w + b
    cache = (x, w, b)
    return out, cache


def far_backward(dout, cache):
    """The way back.

    Returns
    -------
    dx, dw, db : ndarray
    """
    x, w, b = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def either(x, y=None):
    scores = x
    if y is None:
        return scores
    loss, grads = 1.0, {}
    return loss, grads


def softmax(scores, y):
    if len(y) != scores.shape[1]:
        raise ValueError(f"softmax: there are {len(y)} labels; use scores with as many columns.")


def norm_backward(dout, wanted):
    raise ValueError(f"norm_backward: dout has shape {dout.shape}; pass shape {wanted}, that of the output.")


def told_backward(dout, cache):
    shapes = f"dout has shape {dout.shape}; pass shape {np.shape(cache)}"
    raise ValueError(f"told_backward: {shapes}, that of the output of told_forward.")


def picky_backward(dout, cache):
    raise ValueError("picky_backward: the cache is a list where (x, w) is expected; pass the one that f returned.")


def moody(x, settings):
    raise ValueError('moody: settings has no "mode"; pass a dict with one.')


def through_backward(dout, cache):
    return told_backward(dout, cache)


def chosen_backward(dout, kind):
    return {"one": near_backward}[kind](dout, None)


def table(x, gamma):
    raise ValueError(f"table: x has shape {x.shape}; pass an array of shape (N, D), no axis of length 0.")


def f(x, v, w, b, image, gamma):
    hidden, first = near_forward(x, v)
    scores, last = far_forward(hidden, w, b)
'''

INPUTS: dict[str, object] = {
    "x": np.ones((4, 7)),
    "v": np.ones((7, 3)),
    "w": np.ones((3, 5)),
    "b": np.ones(5),
    "image": np.ones((4, 6, 2, 5)),
    "gamma": np.ones(6),
}
BACK = "dhidden, dw, db = far_backward(scores, last)\n    "


def crash_of(body: str) -> Crash:
    file, source = "nndl/calls.py", f"{LAYERS}    {body}\n    return x\n"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("nndl.calls")
    exec(compile(source, file, "exec"), vars(module))
    answer = run_program("out = layers.f(x, v, w, b, image, gamma)", {"layers": module}, INPUTS, ("out",))
    assert isinstance(answer, Crash), answer
    return answer


CALLS: list[tuple[str, tuple[str, ...]]] = [
    (
        "dx, dw = near_backward(hidden, first)",
        ("`near_backward` returns 3 values, dx, dw, db, but is unpacked into 2",),
    ),
    ("scores, _ = either(x)", ("`either` returns `scores` alone here, but is unpacked into 2: `scores, _`",)),
    (
        "dx, dw, db = near_backward(hidden, last)",
        ("`last` is the cache of `far_forward`; `near_backward` should be given that of `near_forward`", "as `first`"),
    ),
    (
        "dx, dw, db = far_backward(scores, first)",
        ("is unpacked into 3", "`far_backward` should be given that of `far_forward`", "keeps as `last`"),
    ),
    (
        "dx, dw, db = near_backward(first, hidden)",
        ("`first` is passed as dout, and `hidden` as the cache", "the order is `near_backward(dout, cache)`"),
    ),
    (
        "dx, dw, db = far_backward(last, scores)",
        ("`last` is passed as dout, and `scores` as the cache", "the order is `far_backward(dout, cache)`"),
    ),
    (
        "db, dhidden, dw = far_backward(scores, last)\n    dx, dv, dc = near_backward(dw, first)",
        ("`far_backward` returns dx, dw, db in this order, so line", "sets `dw` to db"),
    ),
    (f"{BACK}dx, dv, dc = near_backward(scores, first)", ("`dhidden`, which line", "the layer above it returned")),
    (
        "cache = first\n    out = outer_backward(b, cache)",
        ("pass shape (4, 3)", "or the cache is that of another layer"),
    ),
    (
        "out = told_backward(hidden, b)",
        ("told_backward: dout has shape (4, 3), and the cache that is given with it asks for shape (5,).",),
    ),
    ("both = near_forward(x, v)\n    out = softmax(both, b)", ("should unpack what it gets", "returns out and cache")),
    ("out = softmax(hidden, b)", ("`hidden` is given; was `scores`, of shape (4, 5), meant?",)),
    (
        "setting = None\n    out = chosen_backward(hidden, setting)",
        ("is called with None as `kind`", "in this case `setting` is None", "only where that is not None"),
    ),
    ("out = norm_backward(image, (40, 6))", ("Both shapes hold 240 numbers: the channels of dout, its axis 1",)),
    ("out = table(image[:, 0], gamma)", ("a column for each channel", "one table of shape (40, 6)")),
]


def test_what_a_cache_should_hold_is_not_asked_for_as_an_argument() -> None:
    assert "meant" not in explain_crash(crash_of("out = picky_backward(scores, [x])"), INPUTS, {})
    assert "meant" not in explain_crash(crash_of("a = x + 1\n    out = moody(scores, {})"), INPUTS, {})


LOOP = "caches = {1: b, 2: b}\n    "
WALKS: list[tuple[str, str]] = [
    (
        f"{LOOP}for i in range(1, 3):\n        hidden, dw = through_backward(hidden, caches[i])",
        '"for i in range(1, 3):", goes from the first layer to the last.',
    ),
    (
        f"{LOOP}for i, cache in enumerate([b, b]):\n        hidden, dw = through_backward(hidden, cache)",
        "a backward pass should go from the last layer to the first",
    ),
    (
        f"{LOOP}for i in range(2, 0, -1):\n        dx, dw = through_backward(hidden, caches[i])",
        "sets `hidden`, so each layer is given the same gradient. It should be given the one that the layer above",
    ),
]


@pytest.mark.parametrize(("body", "phrase"), WALKS)
def test_a_backward_pass_in_a_wrong_order_is_told_by_its_loop(body: str, phrase: str) -> None:
    assert phrase in explain_crash(crash_of(body), INPUTS, {})


@pytest.mark.parametrize(
    ("head", "cache", "behind"),
    [
        ("for i in range(2)", "caches[2 - i]", ""),
        ("for i in range(1, 3)", "caches[-i + 3]", ""),
        ("for i in reversed(range(1, 3))", "caches[i]", "\n        hidden = dx"),
        ("for i in range(2, 0, -1)", "caches[i]", "\n        hidden = dx"),
    ],
)
def test_a_backward_pass_in_the_right_order_is_not_blamed(head: str, cache: str, behind: str) -> None:
    kept = "dx" if behind else "hidden"
    body = f"{LOOP}{head}:\n        {kept}, dw = through_backward(hidden, {cache}){behind}"
    assert "or the cache is that of another layer" in explain_crash(crash_of(body), INPUTS, {})


@pytest.mark.parametrize(
    ("first", "phrase"),
    [
        ("near", "Where one of two forward passes runs, the same condition should choose the backward pass."),
        ("far", "both run, each cache should have a name of its own; if only one of them runs"),
    ],
)
def test_the_function_that_set_a_cache_of_two_is_named(first: str, phrase: str) -> None:
    lines = ["one, both = near_forward(\n        x, v)", "two, both = far_forward(hidden, w, b)"]
    if first == "near":
        lines[1] = f"if b is None:\n        {lines[1]}"
    else:
        lines = lines[::-1]
    said = explain_crash(crash_of("\n    ".join([*lines, "dx, dw, db = far_backward(scores, both)"])), INPUTS, {})
    assert "`both` is the cache of `near_forward` here" in said
    assert "and so belongs to `near_backward`" in said
    assert said.count(phrase) == 1


@pytest.mark.parametrize(("body", "phrases"), CALLS)
def test_what_a_call_takes_and_returns_is_said(body: str, phrases: tuple[str, ...]) -> None:
    said = explain_crash(crash_of(body), INPUTS, {"out": INPUTS["x"]})
    assert all(phrase in said for phrase in phrases), said


def test_a_part_of_a_cache_is_not_taken_for_another_cache() -> None:
    said = explain_crash(crash_of("own = (x,)\n    dx, dw, db = near_backward(hidden, own)"), INPUTS, {})
    assert "something else" in said
    assert "should be given that of" not in said


def test_what_a_function_computes_is_not_shown_but_for_names() -> None:
    """The code of a function that returns an expression may be an answer; its docstring is not."""
    crash = crash_of("dx, dw = near_backward(hidden, first)")
    assert any(text.startswith("near_backward(dout, cache): dx, dw, db") for text in crash.functions)
    assert not any("@" in text for text in crash.functions)


def test_a_second_crash_of_another_kind_is_said_too() -> None:
    case = Case("of zeros", "out = f(x)", {"x": np.zeros(2)}, {"out": Equal()})
    other = Case("of ones", "out = f(x)", {"x": np.ones(2)}, {"out": Equal()})
    crashes = [
        Crash(False, "NameError", "name 'a' is not defined", "nndl/f.py", 3, "a + 1", "f", "f"),
        Crash(False, "KeyError", "'b'", "nndl/f.py", 5, "x['b']", "f", "f"),
    ]
    results = [CaseResult(one, {"out": np.ones(2)}, crash) for one, crash in zip((case, other), crashes, strict=True)]
    first, second = judge(results, {}).findings
    assert first.hint.startswith("There is no `a` here")
    assert second.hint.startswith('In the case "of ones" it crashes elsewhere. KeyError')
    again = [CaseResult(one, {"out": np.ones(2)}, crashes[0]) for one in (case, other)]
    assert len(judge(again, {}).findings) == 1


def test_a_crash_is_not_the_missing_value_of_a_misconception() -> None:
    """A misconception that leaves an output away does not give what came where the code crashes."""
    cases = [Case(f"with {n}", "f", {"x": np.ones(n)}, {"grads": Equal()}) for n in (2, 3)]
    expected = [{"grads": {"W1": np.arange(1.0, n + 1)}} for n in (2, 3)]
    doubled = Ran({"grads": {"W1": 2 * np.arange(1.0, 3)}})
    answers: list[Ran | Crash] = [doubled, Crash(False, "NameError", "name 'a' is not defined")]
    misconceptions = [{"doubled": doubled}, {"missing": Ran({"grads": {}})}]
    results = [
        CaseResult(case, right, answer, wrong)
        for case, right, answer, wrong in zip(cases, expected, answers, misconceptions, strict=True)
    ]
    judgement = judge(results, {"doubled": "It is doubled.", "missing": "It is left away."}, together=lambda *_: None)
    assert "missing" not in {finding.misconception for finding in judgement.findings}
