"""Define how an upper bound on the norm of weights is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Recipe, Trait, sizes

MAX_NORM_PROGRAM = "out = further.max_norm(w, limit)"


def max_norm_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw columns that are too long and columns that are not, a column of zeros, and limits far from 1."""

    def inputs(lengths: Array, d: int, limit: float, dtype: str = "float64") -> dict[str, object]:
        w = rng.choice([-1, 1], (d, len(lengths))) * rng.uniform(0.5, 1.5, (d, len(lengths)))
        w *= limit * lengths / np.sqrt((w * w).sum(axis=0))
        return {"w": w.astype(dtype), "limit": limit}

    def lengths(shorter: int, longer: int) -> Array:
        """Draw norms in units of the limit, away from 1, in random order."""
        drawn = np.concatenate([rng.uniform(0.2, 0.8, shorter), rng.uniform(1.3, 3, longer)])
        return rng.permutation(drawn)

    d, m = sizes(rng, 2, low=4, high=9)
    low, high = float(rng.uniform(0.2, 0.6)), float(rng.uniform(2, 4))
    yield Case("some columns are too long", MAX_NORM_PROGRAM, inputs(lengths(3, m - 2), d, high))
    yield Case("a limit below 1", MAX_NORM_PROGRAM, inputs(lengths(2, d), m, low))
    yield Case("no column is too long", MAX_NORM_PROGRAM, inputs(lengths(m, 0), d, high))
    yield Case("every column is too long", MAX_NORM_PROGRAM, inputs(lengths(0, d), m, low))
    zeros = inputs(np.append(lengths(1, m - 2), 0.0), d, high)
    yield Case("a column of zeros", MAX_NORM_PROGRAM, zeros, traits={Trait.NUMERICAL_RANGE})
    yield Case("one unit", MAX_NORM_PROGRAM, inputs(lengths(0, 1), d, high), traits={Trait.EDGE_SHAPE})
    yield Case("one input", MAX_NORM_PROGRAM, inputs(lengths(2, 3), 1, low), traits={Trait.EDGE_SHAPE})
    aspects = {"out": Equal(dtype=True)}
    typed = inputs(lengths(2, m - 1), d, high, "float32")
    yield Case("float32", MAX_NORM_PROGRAM, typed, aspects, traits={Trait.DTYPE})


RECIPES = (Recipe("further.max_norm", max_norm_cases),)
