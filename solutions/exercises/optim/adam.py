"""Define how Adam is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Recipe

from ._steps import rule_cases


def adam_settings(rng: np.random.Generator) -> dict[str, object]:
    """Draw settings of Adam that all have an effect within a few steps."""
    betas = {"beta1": float(rng.uniform(0.4, 0.6)), "beta2": float(rng.uniform(0.7, 0.9))}
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), **betas, "epsilon": float(rng.uniform(0.1, 0.5))}


def adam_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the cases of an update rule, with a large epsilon, small betas, and a t that has to be counted on."""
    yield from rule_cases(rng, "optim.adam", ("v", "a", "t"), adam_settings, ("v", "a"))


MEANINGS = {
    "t is very large": "then the correction for the start at zero changes nothing: look at that correction, and at t",
}
RECIPES = (Recipe("optim.adam", adam_cases, meanings=MEANINGS),)
