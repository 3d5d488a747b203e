"""The error model of docs/grading.md: every order of summation passes, the smallest known mistakes do not."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.compare.tolerance import all_close, both_vanish, close
from utils.checks.diagnose.case_result import CaseResult
from utils.checks.diagnose.evidence import Place
from utils.checks.program import Ran

Array = npt.NDArray[np.floating]


def _loop(terms: Array) -> Array:
    total = np.zeros(terms.shape[1], terms.dtype)
    for row in terms:
        total = total + row
    return total


def _kahan(terms: Array) -> Array:
    total, lost = np.zeros((2, terms.shape[1]), terms.dtype)
    for row in terms:
        step = row - lost
        after = total + step
        lost = (after - total) - step
        total = after
    return total


def _pairwise(terms: Array) -> Array:
    if len(terms) <= 2:
        return _loop(terms)
    return _pairwise(terms[: len(terms) // 2]) + _pairwise(terms[len(terms) // 2 :])


ORDERS = {
    "loop": _loop,
    "reversed": lambda terms: _loop(terms[::-1]),
    "largest first": lambda terms: _loop(-np.sort(-terms, axis=0)),
    "pairwise": _pairwise,
    "chunks": lambda terms: _loop(np.array([_loop(terms[k : k + 7]) for k in range(0, len(terms), 7)])),
    "Kahan": _kahan,
    "einsum": lambda terms: np.einsum("nd->d", terms),
    "product": lambda terms: np.ones(len(terms), terms.dtype) @ terms,
    "float64 within": lambda terms: terms.sum(0, dtype=np.float64).astype(terms.dtype),
    "exact": lambda terms: np.array([math.fsum(column) for column in terms.T.tolist()], terms.dtype),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 300),
    shift=st.floats(-30, 30),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_every_order_of_summation_is_right(order, seed: int, count: int, shift: float, dtype: type) -> None:
    x = (np.random.default_rng(seed).standard_normal((count, 3)) + shift).astype(dtype)
    mean = order(x) / dtype(count)
    variance = order((x - mean) ** 2) / dtype(count)
    out = (x - mean) / np.sqrt(variance + dtype(0.2))
    want = (x - x.mean(0)) / np.sqrt(x.var(0) + dtype(0.2))
    for right, ours in ((x.mean(0), mean), (x.var(0), variance), (want, out)):
        assert not Equal(scale="x").faults("out", right, ours, {"x": x})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_smallest_known_mistakes_are_outside(dtype: type) -> None:
    x = np.random.default_rng(1).standard_normal((1000, 3)).astype(dtype)
    hat = (x - x.mean(0)) / np.sqrt(x.var(0) + dtype(0.2))
    wrong = {
        "eps at its smallest in a case": (x - x.mean(0)) / np.sqrt(x.var(0)),
        "unbiased variance of a thousand": (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + dtype(0.2)),
    }
    for name, answer in wrong.items():
        assert Equal().faults("out", hat, answer, {"x": x}), name


def test_the_default_eps_left_out_is_outside_in_double_precision() -> None:
    x = np.random.default_rng(1).standard_normal((7, 3))
    centred = x - x.mean(0)
    assert Equal().faults("out", centred / np.sqrt(x.var(0) + 1e-5), centred / np.sqrt(x.var(0)), {"x": x})


@pytest.mark.parametrize("seed", range(200))
def test_all_close_says_what_close_says_of_all_entries(seed):
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=(3, 5)).astype(rng.choice(["float64", "float32", "int64"]))
    got = (expected * (1 + 10.0 ** rng.uniform(-12, -2) * rng.normal(size=(3, 5)))).astype(
        rng.choice([expected.dtype, np.float64])
    )
    if rng.random() < 0.3 and got.dtype.kind == "f":
        got[rng.integers(3), rng.integers(5)] = rng.choice([np.nan, np.inf])
    if rng.random() < 0.3 and expected.dtype.kind == "f":
        expected[rng.integers(3), rng.integers(5)] = rng.choice([np.nan, np.inf])
    inputs = {"x": rng.normal(size=2).astype(rng.choice(["float64", "float32"]))}
    summed = rng.choice([0.0, 1e3])
    assert all_close(expected, got, inputs, summed) == close(expected, got, inputs, summed).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=st.integers(0, 2**32 - 1))
def test_what_rounding_leaves_of_zero_has_no_digits_to_compare(dtype: type, seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = rng.normal(1, 1, (4, 3)).astype(dtype)
    largest = np.abs(right).max()
    one, other = (10 * np.finfo(dtype).eps * largest * rng.uniform(-1, 1, (2, 4, 3))).astype(dtype)
    assert not close(one, other).all()  # two processors that sum in another order
    assert both_vanish(right, one, other)
    assert not both_vanish(right, one, right)
    assert not both_vanish(np.zeros_like(right), one, other)  # of a gradient of 0, rounding is all there is
    assert not both_vanish(right, one, other[:2])
    assert not both_vanish(None, one, other)


def test_a_mistake_that_leaves_rounding_is_recognised_on_another_processor() -> None:
    """Db before a batch norm is 0 but for rounding, and a known mistake returns it as dgamma."""
    case = Case("x", "dgamma = x", {"x": np.ones((4, 3))}, {"dgamma": Equal()})
    right, there, here = np.array([2.0, 0.7, 1.1]), np.array([1e-16, 9e-16, 4e-16]), np.array([-3e-16, 0, 2e-16])
    result = CaseResult(case, {"dgamma": right}, Ran({"dgamma": here}), {"exchanged": Ran({"dgamma": there})})
    assert result.is_given_by("exchanged")
    assert Place(result, "dgamma", wrong=True).agrees(there)
    other = CaseResult(case, {"dgamma": right}, Ran({"dgamma": right * 1e-9}), {"exchanged": Ran({"dgamma": there})})
    assert not other.is_given_by("exchanged")
    assert not Place(other, "dgamma", wrong=True).agrees(there)
