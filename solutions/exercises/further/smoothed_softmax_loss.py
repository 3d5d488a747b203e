"""Define how the softmax loss with smoothed labels is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, sizes

SMOOTHED = "loss, dx = further.smoothed_softmax_loss(x, y, smoothing)"


def smoothed_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw little, much and no smoothing, one example, two classes, and scores that make one class almost certain."""

    def case(
        title: str, n: int, c: int, smoothing: float, *traits: Trait, scale: float = 1.0, dtype: str = "float64"
    ) -> Case:
        x = (scale * rng.standard_normal((n, c))).astype(dtype)
        inputs: dict[str, object] = {"x": x, "y": rng.integers(c, size=n), "smoothing": smoothing}
        aspects: dict[str, Rule] = {"loss": Equal(), "dx": Equal()}
        return Case(title, SMOOTHED, inputs, aspects, gradients={"dx": "x"}, objective=("loss", ""), traits=set(traits))

    n, c = sizes(rng, 2, low=3)
    small, large = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.5, 0.8))
    yield case(f"smoothing {small:.2f}", n, c, small)
    yield case(f"smoothing {large:.2f}", c, n, large)
    yield case("smoothing 0: the plain softmax loss", n, c, 0.0)
    yield case("a single example", 1, c, small, Trait.EDGE_SHAPE)
    yield case("two classes", n, 2, small, Trait.EDGE_SHAPE)
    yield case("scores that are sure", n, c, small, Trait.NUMERICAL_RANGE, scale=40.0)
    yield case("float32", c, n, large, Trait.DTYPE, dtype="float32")


RECIPES = (Recipe("further.smoothed_softmax_loss", smoothed_cases),)
