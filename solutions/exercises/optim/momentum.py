"""Define how SGD with momentum is judged, plain and Nesterov's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Recipe

from ._steps import rule_cases


def _momentum_settings(rng: np.random.Generator) -> dict[str, object]:
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), "momentum": float(rng.uniform(0.5, 0.8))}


def momentum_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the cases of plain momentum."""
    yield from rule_cases(rng, "optim.sgd_momentum", ("velocity",), _momentum_settings, ("velocity",))


def nesterov_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the cases of Nesterov's momentum."""
    yield from rule_cases(rng, "optim.sgd_nesterov_momentum", ("velocity",), _momentum_settings, ("velocity",))


RECIPES = (
    Recipe("optim.sgd_momentum", momentum_cases),
    Recipe("optim.sgd_nesterov_momentum", nesterov_cases),
)
