"""Define how ``tables.centre`` is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes


def centre_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw a table, a table with one row, a table with one column, and a table in float32."""
    n, d = sizes(rng, 2)  # different sizes, so that no axis can be mistaken for another
    for title, shape, dtype, traits in (
        (f"x of shape {(n, d)}", (n, d), "float64", ()),
        ("a single example", (1, d), "float64", (Trait.EDGE_SHAPE,)),
        ("a single column", (n, 1), "float64", (Trait.EDGE_SHAPE,)),
        ("float32", (n, d), "float32", (Trait.DTYPE,)),
    ):
        x = (5 + 2 * rng.standard_normal(shape)).astype(dtype)
        yield Case(title, "out = tables.centre(x)", {"x": x}, {"out": Equal()}, traits=set(traits))


RECIPES = (Recipe("tables.centre", centre_cases),)
