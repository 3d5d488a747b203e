"""Define how the gradient of sharpness-aware minimisation, taken a step uphill, is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes

SAM_PROGRAM = """\
def loss_and_gradient(w):
    z = np.tanh(A @ w.ravel() - c)
    return 0.5 * np.sum(z**2), (A.T @ (z * (1 - z**2))).reshape(w.shape)

gradient = further.sharpness_aware_gradient(loss_and_gradient, w, radius)
"""


def sam_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw a loss that is not quadratic, large and small radii, parameters with one to four axes, a gradient of 0."""
    m, n, k = sizes(rng, 3, low=3, high=6)

    def case(
        title: str, shape: tuple[int, ...], radius: float, *traits: Trait, dtype: str = "float64", size: float = 0.5
    ) -> Case:
        d = int(np.prod(shape))
        arrays = {
            "w": size * rng.standard_normal(shape),
            "A": rng.standard_normal((d + 2, d)) / np.sqrt(d),
            "c": size * rng.standard_normal(d + 2),
        }
        inputs: dict[str, object] = {name: array.astype(dtype) for name, array in arrays.items()}
        return Case(title, SAM_PROGRAM, {**inputs, "radius": radius}, {"gradient": Equal()}, traits=set(traits))

    def radius() -> float:
        return float(rng.uniform(0.3, 0.7))

    yield case("a vector", (n,), radius())
    yield case("a matrix", (m, k), radius())
    yield case("filters: four axes", (2, n, 1, 3), radius())
    yield case("a single number", (1,), radius(), Trait.EDGE_SHAPE)
    yield case("far away", (n,), 2.5)
    yield case("radius 0: the plain gradient", (m,), 0.0)
    yield case("float32", (k, 2), radius(), Trait.DTYPE, dtype="float32")
    yield case("where the gradient is 0", (n, k), radius(), Trait.NUMERICAL_RANGE, size=0.0)


RECIPES = (Recipe("further.sharpness_aware_gradient", sam_cases),)
