"""Define how layer normalisation is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

from ._normalisation import FORTRAN, backward_cases, draw_eps, draw_numbers, many_numbers

LAYER_FORWARD = "out, cache = layers.layernorm_forward(x, gamma, beta, settings)"
LAYER_BACKWARD = f"{LAYER_FORWARD}\ndx, dgamma, dbeta = layers.layernorm_backward(dout, cache)"

# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
LAYER_AGAIN = """\
out, cache = layers.layernorm_forward(x, gamma, beta, settings)
layers.layernorm_forward(x[1:] ** 2, gamma + 1, beta, settings)
layers.layernorm_backward(dout.copy(), cache)
dx, dgamma, dbeta = layers.layernorm_backward(dout, cache)
"""


def layernorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw examples with different means, so that statistics over the wrong axis show, and a mode to be ignored."""
    n, d = sizes(rng, 2, low=3)

    def case(
        title: str, n: int, d: int, *traits: Trait, opening: str = "", dtype: str = "float64", **settings: object
    ) -> Case:
        inputs = draw_numbers(rng, n, d, dtype) | {"settings": settings}
        x = np.asarray(inputs["x"]) + rng.uniform(1, 3, (n, 1))  # no two examples are alike
        if not settings:
            x *= 10.0 ** rng.uniform(-2, 2, (n, 1))  # from small to large
        inputs["x"] = x.astype(dtype)
        del inputs["dout"]
        aspects: dict[str, Rule] = {"out": Equal(dtype=dtype == "float32")}
        return Case(
            title,
            opening + LAYER_FORWARD,
            inputs,
            aspects,
            separate={"out": "x"},
            traits=set(traits),
        )

    yield case(f"x of shape {(n, d)}", n, d, eps=draw_eps(rng))
    yield case("with default settings", d + 1, d)
    yield case("a single example", 1, d, Trait.EDGE_SHAPE, eps=draw_eps(rng))
    yield case("a single feature", n, 1, Trait.EDGE_SHAPE, eps=draw_eps(rng))
    yield case("as many examples as features", d, d, Trait.EDGE_SHAPE, eps=draw_eps(rng))
    yield case("test mode", n, d, Trait.TEST_MODE, eps=draw_eps(rng), mode="test")
    yield case("float32", n, d, Trait.DTYPE, dtype="float32", eps=draw_eps(rng))
    yield case("Fortran order in memory", n, d, Trait.MEMORY_ORDER, opening=FORTRAN, eps=draw_eps(rng))


def layernorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Make the shared cases; unlike in batch normalisation, a single example has gradients other than 0."""
    yield from backward_cases(rng, LAYER_BACKWARD, LAYER_AGAIN, 1)


RECIPES = (
    Recipe("layers.layernorm_forward", layernorm_forward_cases),
    Recipe(
        "layers.layernorm_backward",
        layernorm_backward_cases,
        large=enlarged(layernorm_backward_cases, "1,250 features", many_numbers(40, 1250)),
    ),
)
