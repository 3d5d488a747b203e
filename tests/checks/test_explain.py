"""Does the guess in words recognise what was done to the right answer?"""

from __future__ import annotations

import numpy as np
import pytest

from utils.checks.explain import explain

A = np.random.default_rng(0).standard_normal((4, 6))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (-A, "opposite sign"),
        (2 * A, "2 times too large"),
        (A / 7, "7 times too small"),
        (0.37 * A, "0.37 times"),
        (A + 0.5, "off by the same amount, 0.5"),
        (np.zeros_like(A), "every entry is zero"),
        (A[::-1], "wrong places"),
        (A.T.reshape(4, 6), "wrong places"),
        (np.vstack([A[:2], A[2:] + A[:2]]), "only row 0, 1 are right"),
        (np.hstack([A[:, :1], A[:, 1:] ** 2]), "only column 0 is right"),
        (A * A, ""),
        (A.ravel(), ""),
        (np.full_like(A, np.nan), ""),
        (None, ""),
    ],
)
def test_a_change_is_recognised(wrong: object, words: str) -> None:
    said = explain(A, wrong)
    assert words in said
    assert bool(words) == bool(said)


def test_a_square_transpose_is_recognised() -> None:
    assert "transpose" in explain(A[:, :4], A[:, :4].T)


def test_scalars_have_factors_only_where_they_are_telling() -> None:
    assert "2 times too large" in explain(1.3, 2.6)
    assert "opposite sign" in explain(1.3, -1.3)
    assert explain(1.3, 1.7) == ""
