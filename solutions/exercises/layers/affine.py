"""Define how the affine layer is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged, sizes

AFFINE_FORWARD = "out, cache = layers.affine_forward(x, w, b)"
# Any cache is right from which the backward pass can be computed; in this one the shape of dx is lost.
FLATTENED = f"""\
{AFFINE_FORWARD}
kept = cache if isinstance(cache, tuple) and len(cache) == 3 else (None,)
flattened_in_cache = int(np.shape(kept[0]) == (len(x), x[0].size))
"""
AFFINE_BACKWARD = f"{AFFINE_FORWARD}\ndx, dw, db = layers.affine_backward(dout, cache)"
AFFINE_BACKWARD_ALONE = "dx, dw, db = layers.affine_backward(dout, (x, w, b))"
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
AFFINE_AGAIN = """\
layers.affine_backward(dout.copy(), cache)
dx, dw, db = layers.affine_backward(dout, cache)
"""
AFFINE_BACKWARD_AGAIN = f"""\
out, cache = layers.affine_forward(x, w, b)
layers.affine_forward(1 - x[:1], w + 1, b)
{AFFINE_AGAIN}"""
AFFINE_BACKWARD_ALONE_AGAIN = f"cache = (x, w, b)\n{AFFINE_AGAIN}"
FORTRAN = "x, w = np.asfortranarray(x), np.asfortranarray(w)  # another memory order, the same numbers\n"


def _affine_numbers(
    rng: np.random.Generator, n: int, shape: list[int], m: int, dtype: str = "float64"
) -> dict[str, object]:
    d = int(np.prod(shape))
    arrays = {
        "x": rng.standard_normal((n, *shape)),
        "w": rng.standard_normal((d, m)),
        "b": 1 + rng.standard_normal(m),
        "dout": rng.standard_normal((n, m)),
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}


def _affine_inputs(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], str, dict[str, object]]]:
    """Yield the titles, traits, opening lines and inputs of the cases of both passes."""
    n, m, *shape = sizes(rng, 5)
    yield f"x of shape {(n, shape[0])}", set(), "", _affine_numbers(rng, n, shape[:1], m)
    yield f"images: x of shape {(n, *shape)}", set(), "", _affine_numbers(rng, n, shape, m)
    yield "a single example", {Trait.EDGE_SHAPE}, "", _affine_numbers(rng, 1, shape[:2], m)
    yield "a single feature and a single output", {Trait.EDGE_SHAPE}, "", _affine_numbers(rng, n, [1], 1)
    yield "as many examples as features and outputs", {Trait.EDGE_SHAPE}, "", _affine_numbers(rng, m, [m], m)
    yield "float32", {Trait.DTYPE}, "", _affine_numbers(rng, n, shape[:2], m, "float32")
    yield "Fortran order in memory", {Trait.MEMORY_ORDER}, FORTRAN, _affine_numbers(rng, n, shape[:2], m)


def affine_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw rows, images that have to be flattened, a bias that is not 0, and edge sizes; look at the cache of one."""
    for title, traits, opening, inputs in _affine_inputs(rng):
        del inputs["dout"]
        yield Case(title, opening + AFFINE_FORWARD, inputs, {"out": Equal()}, separate={"out": "x"}, traits=traits)
    n, m, *image = sizes(rng, 5)
    inputs = _affine_numbers(rng, n, image, m)
    del inputs["dout"]
    kept: dict[str, Rule] = {"out": Equal(), "flattened_in_cache": Equal()}
    yield Case("images, of which the cache keeps the shape", FLATTENED, inputs, kept, traits={Trait.SIDE_EFFECT})


def affine_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Pass the cache of the student's own forward pass, or ``(x, w, b)`` if it is not written yet."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dw": Equal(), "db": Equal()}

    def case(title: str, traits: set[Trait], program: str, inputs: dict[str, object], alone: str) -> Case:
        return Case(
            title,
            program,
            inputs,
            aspects,
            alone,
            writable=("x", "w", "b"),  # a forward pass that changes them is its own exercise's fault
            gradients={"dx": "x", "dw": "w", "db": "b"},
            objective=("out", "dout"),
            separate={"dx": "dout"},
            traits=traits,
        )

    for title, traits, opening, inputs in _affine_inputs(rng):
        yield case(title, traits, opening + AFFINE_BACKWARD, inputs, opening + AFFINE_BACKWARD_ALONE)
    n, m, *image = sizes(rng, 4)
    inputs = _affine_numbers(rng, n, image, m)
    title = "a second backward pass from the same cache, after another forward pass"
    yield case(title, {Trait.SIDE_EFFECT}, AFFINE_BACKWARD_AGAIN, inputs, AFFINE_BACKWARD_ALONE_AGAIN)


RECIPES = (
    Recipe("layers.affine_forward", affine_forward_cases),
    Recipe(
        "layers.affine_backward",
        affine_backward_cases,
        large=enlarged(affine_backward_cases, "600 features", lambda rng: _affine_numbers(rng, 80, [600], 90)),
    ),
)
