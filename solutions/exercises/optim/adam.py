"""Adam."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Recipe

from ._steps import rule_cases


def adam_settings(rng: np.random.Generator) -> dict[str, object]:
    """Settings of Adam that all show in a few steps."""
    betas = {"beta1": float(rng.uniform(0.4, 0.6)), "beta2": float(rng.uniform(0.7, 0.9))}
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), **betas, "epsilon": float(rng.uniform(0.1, 0.5))}


def adam_cases(rng: np.random.Generator) -> Iterator[Case]:
    """An epsilon that is large enough to be seen, betas that forget fast, t that goes on counting."""
    yield from rule_cases(rng, "optim.adam", ("v", "a", "t"), adam_settings, ("v", "a"))


RECIPES = (Recipe("optim.adam", adam_cases),)
