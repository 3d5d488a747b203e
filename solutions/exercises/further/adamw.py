"""Define how Adam with decoupled weight decay is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Recipe

from ..optim._steps import rule_cases
from ..optim.adam import adam_settings


def _adamw_settings(rng: np.random.Generator) -> dict[str, object]:
    return {**adam_settings(rng), "weight_decay": float(rng.uniform(0.2, 0.6))}


def adamw_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw the cases that all update rules share, with a weight decay that is large enough to have an effect."""
    yield from rule_cases(rng, "further.adamw", ("v", "a", "t"), _adamw_settings, ("v", "a"))


RECIPES = (Recipe("further.adamw", adamw_cases),)
