"""Draw inputs and make the cases of a backward pass for batch and layer normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from grader.recipes import Case, Equal, Rule, Trait, sizes

FORTRAN = "x = np.asfortranarray(x)  # another memory order, the same numbers\n"
OFF = "gamma = gamma * (np.arange(len(gamma)) != 1)  # one feature is switched off\n"
GRADIENTS = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}


def draw_numbers(rng: np.random.Generator, n: int, d: int, dtype: str = "float64") -> dict[str, object]:
    """Draw examples, scale, shift and upstream gradient. Features differ in mean and spread, and no mean is 0."""
    arrays = {
        "x": rng.uniform(-2, 2, d) + rng.uniform(0.7, 2, d) * rng.standard_normal((n, d)),
        "gamma": rng.uniform(0.5, 2, d) * rng.choice([-1, 1], d),
        "beta": rng.uniform(0.5, 2, d),
        "dout": 0.5 + rng.standard_normal((n, d)),
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}


def draw_eps(rng: np.random.Generator) -> float:
    """Draw an eps that is large enough to have an effect."""
    return float(rng.uniform(0.2, 0.5))


def backward_cases(rng: np.random.Generator, program: str, again: str, low: int) -> Iterator[Case]:
    """Pass the cache of the student's own forward pass. No mean is 0, so that every path of the gradient matters.

    The program `again` computes the same gradients after calls that may have left something behind.
    """
    n, d = sizes(rng, 2, low=3)
    aspects: dict[str, Rule] = {"dx": Equal(), "dgamma": Equal(), "dbeta": Equal()}

    def case(
        title: str,
        n: int,
        d: int,
        *traits: Trait,
        opening: str = "",
        dtype: str = "float64",
        default: bool = False,
        program: str = program,
    ) -> Case:
        inputs = draw_numbers(rng, n, d, dtype) | {"settings": {} if default else {"eps": draw_eps(rng)}}
        return Case(
            title,
            opening + program,
            inputs,
            aspects,
            writable=("x", "gamma", "beta", "settings"),  # what a forward pass changes is its own exercise's fault
            gradients=GRADIENTS,
            objective=("out", "dout"),
            traits=set(traits),
        )

    yield case(f"x of shape {(n, d)}", n, d)
    yield case("with default settings", d + 1, d, default=True)
    yield case("many more examples than features", n + 20, 3)
    yield case("more features than examples", low, d + 7)
    yield case("as many examples as features", n, n, Trait.EDGE_SHAPE)
    yield case("float32", n, d, Trait.DTYPE, dtype="float32")
    yield case("Fortran order in memory", n, d, Trait.MEMORY_ORDER, opening=FORTRAN)
    yield case("a gamma that is 0", n, d, Trait.NUMERICAL_RANGE, opening=OFF)
    title = "a second backward pass from the same cache, after another forward pass"
    yield case(title, n, d, Trait.SIDE_EFFECT, program=again)


def many_numbers(n: int, d: int) -> Callable[[np.random.Generator], dict[str, object]]:
    """Return a function that draws so many numbers that thousands of them share a mean and a variance."""
    return lambda rng: draw_numbers(rng, n, d) | {"settings": {"eps": draw_eps(rng)}}
