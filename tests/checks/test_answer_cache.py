"""Running code again: once for the same inputs, and everything that may be asked for at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose import answer_cache
from utils.checks.diagnose.answer_cache import AnswerCache
from utils.checks.program import Ran

CASE = Case("", "out, dx = f(x)", {"x": np.ones((2, 3))}, {"out": Equal(), "dx": Equal()}, objective=("loss", ""))


@pytest.fixture
def asked() -> list[tuple[str, ...]]:
    return []


@pytest.fixture
def run(asked: list[tuple[str, ...]]) -> AnswerCache:
    def really(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Ran:
        asked.append(tuple(fetch))
        return Ran(dict.fromkeys(fetch, inputs["x"]))

    return AnswerCache(really, [CASE])


def test_the_same_inputs_are_run_once_whatever_is_asked_for(run: AnswerCache, asked: list[tuple[str, ...]]) -> None:
    for name in ("out", "dx", "loss"):
        assert name in run(CASE.program, {"x": np.ones((2, 3))}, (name,)).values
    assert asked == [("out", "dx", "loss")]


@pytest.mark.parametrize(
    "x",
    [
        np.full((2, 3), 2.0),
        np.full((2, 3), np.nextafter(1.0, 2.0)),
        np.ones((3, 2)),
        np.ones((2, 3), np.float32),
        np.asfortranarray(np.ones((2, 3))),
        {"x": np.ones((2, 3))},
        [np.ones((2, 3))],
    ],
)
def test_other_inputs_are_run(run: AnswerCache, asked: list[tuple[str, ...]], x: object) -> None:
    run(CASE.program, {"x": np.ones((2, 3))}, ("out",))
    run(CASE.program, {"x": x}, ("out",))
    assert len(asked) == 2


@pytest.mark.parametrize("values", [(1, 1.0, True), (0.0, -0.0), ([1], (1,)), ({"p": 1}, {"p": 2}, {"q": 1}, None)])
def test_values_that_are_equal_but_not_the_same_are_other_inputs(
    run: AnswerCache, asked: list[tuple[str, ...]], values: tuple[object, ...]
) -> None:
    for value in (*values, *values):
        run(CASE.program, {"x": value}, ("out",))
    assert len(asked) == len(values)


def test_what_nobody_thought_of_is_fetched_too(run: AnswerCache, asked: list[tuple[str, ...]]) -> None:
    run(CASE.program, CASE.inputs, ("out",))
    run(CASE.program, CASE.inputs, ("cache",))
    assert asked[1] == ("out", "dx", "loss", "cache")


def test_huge_answers_are_not_kept(run: AnswerCache, asked: list[tuple[str, ...]], monkeypatch) -> None:
    monkeypatch.setattr(answer_cache, "MAX_NUMBERS", 10)
    small = AnswerCache(run._run, [CASE])
    for _ in range(2):
        small(CASE.program, CASE.inputs, ("out",))
    assert len(asked) == 2
