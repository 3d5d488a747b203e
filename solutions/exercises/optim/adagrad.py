"""Define how AdaGrad is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Recipe

from ._steps import rule_cases


def _adagrad_settings(rng: np.random.Generator) -> dict[str, object]:
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), "epsilon": float(rng.uniform(0.1, 0.5))}


def adagrad_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the cases of an update rule, with an epsilon that is large enough to have an effect."""
    yield from rule_cases(rng, "optim.adagrad", ("a",), _adagrad_settings, ("a",))


RECIPES = (Recipe("optim.adagrad", adagrad_cases),)
