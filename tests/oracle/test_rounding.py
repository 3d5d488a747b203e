"""Points are rounded such that the parts add up, and full points stay full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.judging.rounding import in_points
from utils.checks.diagnose import Loss

LOSSES = st.lists(st.floats(1e-6, 1), min_size=1, max_size=12)


SHARES = st.sampled_from([0.0, 1.0]) | st.floats(1e-6, 1 - 1e-6)


@given(LOSSES, SHARES, st.integers(1, 4000))
def test_the_parts_add_up(weights: list[float], share: float, quarters: int) -> None:
    points = quarters / 4
    losses = [weight / sum(weights) * (1 - share) for weight in weights]
    lost = tuple(Loss("out", f"part {k}", loss) for k, loss in enumerate(losses) if loss > 0)
    score, parts = in_points(share, lost, points)
    assert 0 <= score <= points
    assert (score == points) == (share == 1)
    assert (score == 0) == (share == 0)
    assert score == pytest.approx(points * share, abs=0.0101)
    assert not lost or sum(part.points for part in parts) == pytest.approx(points - score)
    assert all(part.points > 0 for part in parts)


def test_what_could_not_be_compared_has_no_parts() -> None:
    assert in_points(0.0, (), 6) == (0, ())
    assert in_points(1.0, (), 2.5) == (2.5, ())
