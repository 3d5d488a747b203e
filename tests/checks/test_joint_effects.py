"""Effects of two misconceptions that add up or multiply are found; a look at one entry rules none of them out."""

import numpy as np
import pytest

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose import joint_effects
from utils.checks.diagnose.case_result import CaseResult
from utils.checks.diagnose.evidence import Evidence
from utils.checks.diagnose.joint_effects import JointEffects
from utils.checks.program import Crash, Ran

DTYPES = [np.float64, np.float32]


def effects(right, one, other, got):
    case = Case("a case", "out = f(x)", {"x": right}, {"out": Equal()})
    answers = {"one": Ran({"out": one}), "other": Ran({"out": other})}
    return JointEffects(Evidence([CaseResult(case, {"out": right}, Ran({"out": got}), answers)]))


def drawn(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    right, first, second = rng.normal(size=(3, 4, 7))
    return right.astype(dtype), (right + first).astype(dtype), (right * (1 + second)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_effects_that_add_up_are_found(seed, dtype):
    right, one, other = drawn(seed, dtype)
    assert effects(right, one, other, one + other - right).give(0, "one", "other")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_effects_that_multiply_are_found(seed, dtype):
    right, one, other = drawn(seed, dtype)
    assert effects(right, one, other, one * other / right).give(0, "one", "other")


@pytest.mark.parametrize("seed", range(20))
def test_other_answers_are_not_given(seed):
    right, one, other = drawn(seed)
    rng = np.random.default_rng(100 + seed)
    assert not effects(right, one, other, rng.normal(size=right.shape)).give(0, "one", "other")
    nearly = one + other - right
    nearly[rng.integers(4), rng.integers(7)] += 1e-3
    assert not effects(right, one, other, nearly).give(0, "one", "other")


@pytest.mark.parametrize("seed", range(200))
def test_the_quick_look_changes_no_answer(seed, monkeypatch):
    """Awkward numbers: zeros, huge and tiny ones, NaN, infinities, and answers that are right but for rounding."""
    rng = np.random.default_rng(seed)
    right, one, other = drawn(seed, DTYPES[seed % 2])
    for array in (right, one, other):
        array[rng.random(array.shape) < 0.2] *= rng.choice([0, 1, 1e-30, 1e30])
        if rng.random() < 0.1:
            array[rng.integers(4), rng.integers(7)] = rng.choice([np.nan, np.inf])
    with np.errstate(all="ignore"):
        got = [one + other - right, np.where(right == 0, 0, one * other / right), one, right][seed % 4]
        got = got * (1 + 1e-10 * rng.normal(size=got.shape))
        quick = effects(right, one, other, got).give(0, "one", "other")
        monkeypatch.setattr(joint_effects, "_may_agree", lambda *_: True)
        assert quick == effects(right, one, other, got).give(0, "one", "other")


def test_the_quick_look_saves_comparisons(monkeypatch):
    right, one, other = drawn(0)
    compared = []
    monkeypatch.setattr(joint_effects, "_combinations", lambda *arrays: compared.append(arrays) or [])
    effects(right, one, other, 10 * right).give(0, "one", "other")
    assert not compared
    effects(right, one, other, one + other - right).give(0, "one", "other")
    assert compared


def test_a_crash_adds_up_to_nothing():
    right, one, _ = drawn(0)
    given = effects(right, one, one, 2 * one - right)
    place = given._places[0]
    place.result.misconceptions["other"] = Crash(False, "ValueError", "shapes")
    assert not given.give(0, "one", "other")
