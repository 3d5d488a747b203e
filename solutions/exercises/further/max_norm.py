"""Define how an upper bound on the norm of weights is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Recipe, Rule, Trait, sizes

MAX_NORM_PROGRAM = """\
out = further.max_norm(w, limit)
shares_memory_with_w = np.array(float(np.shares_memory(out, w)))
"""


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

    def case(title: str, inputs: dict[str, object], *traits: Trait, dtype: bool = False) -> Case:
        aspects: dict[str, Rule] = {"out": Equal(dtype=dtype), "shares_memory_with_w": Equal()}
        return Case(title, MAX_NORM_PROGRAM, inputs, aspects, traits=set(traits), effects={"shares_memory_with_w"})

    d, m = sizes(rng, 2, low=4, high=9)
    low, high = float(rng.uniform(0.2, 0.6)), float(rng.uniform(2, 4))
    yield case("some columns are too long", inputs(lengths(3, m - 2), d, high))
    yield case("a limit below 1", inputs(lengths(2, d), m, low))
    yield case("no column is too long", inputs(lengths(m, 0), d, high))
    yield case("every column is too long", inputs(lengths(0, d), m, low))
    zeros = inputs(np.append(lengths(1, m - 2), 0.0), d, high)
    yield case("a column of zeros", zeros, Trait.NUMERICAL_RANGE)
    yield case("one unit", inputs(lengths(0, 1), d, high), Trait.EDGE_SHAPE)
    yield case("one input", inputs(lengths(2, 3), 1, low), Trait.EDGE_SHAPE)
    typed = inputs(lengths(2, m - 1), d, high, "float32")
    yield case("float32", typed, Trait.DTYPE, dtype=True)


RECIPES = (Recipe("further.max_norm", max_norm_cases),)
