"""The large case of a gradient is right in every style that the other cases are right in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from here import RECIPES, RIGHT

from grader.judging.trial import Trial
from grader.patch import Hunk
from grader.reference import Reference
from utils.checks.diagnose import CaseResult
from utils.checks.program import Ran

STYLES = [(name, style, hunks) for name, style, hunks in RIGHT if RECIPES[name].large]


@cache
def trial(name: str, reference: Reference) -> Trial:
    return Trial.drawn(RECIPES[name], reference, np.random.default_rng(3))


@pytest.mark.parametrize(("name", "style", "hunks"), STYLES, ids=[f"{name}-{style}" for name, style, _ in STYLES])
def test_another_right_answer_is_right_for_large_inputs(
    name: str, style: str, hunks: tuple[Hunk, ...], reference: Reference
) -> None:
    drawn = trial(name, reference)
    assert drawn.large
    answer = drawn.answer(drawn.large, reference.variant(drawn.recipe.module, hunks))
    assert isinstance(answer, Ran)
    assert not CaseResult(drawn.large, drawn.expected_large().values, answer).faults()
