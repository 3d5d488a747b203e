"""Define how group normalisation of images is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Rule, Trait, enlarged

from ._images import FORTRAN, draw_images

GROUPNORM_FORWARD = "out, cache = conv_layers.spatial_groupnorm_forward(x, gamma, beta, G, gn_param)\n"
GROUPNORM_BACKWARD = f"{GROUPNORM_FORWARD}dx, dgamma, dbeta = conv_layers.spatial_groupnorm_backward(dout, cache)"
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
GROUPNORM_AGAIN = f"""\
{GROUPNORM_FORWARD}\
conv_layers.spatial_groupnorm_forward(1 - np.swapaxes(x, 2, 3), gamma + 1, beta, G, gn_param)
conv_layers.spatial_groupnorm_backward(dout.copy(), cache)
dx, dgamma, dbeta = conv_layers.spatial_groupnorm_backward(dout, cache)
"""
OFF = "gamma = gamma * (np.arange(gamma.size) != 1).reshape(gamma.shape)  # one channel is switched off\n"


def _groupnorm_inputs(
    rng: np.random.Generator, shape: list[int], groups: int, dtype: str = "float64"
) -> dict[str, object]:
    per_channel = (1, shape[1], 1, 1)
    arrays = {
        "x": draw_images(rng, shape) + rng.standard_normal((shape[0], 1, 1, 1)),
        "gamma": rng.uniform(1.5, 3, per_channel),
        "beta": 1 + rng.standard_normal(per_channel),
        "dout": 0.5 + rng.standard_normal(shape),
    }
    settings = {"eps": float(rng.uniform(0.1, 0.5))}
    return {name: array.astype(dtype) for name, array in arrays.items()} | {"G": groups, "gn_param": settings}


def _groups(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], str, dict[str, object]]]:
    n, h, w = (int(size) for size in rng.permutation([2, 4, 5]))
    channels, groups = 6, int(rng.permutation([2, 3])[0])
    shape = [n, channels, h, w]
    yield f"images of shape {tuple(shape)} in {groups} groups", set(), "", _groupnorm_inputs(rng, shape, groups)
    other = [n, channels, w, h]
    others = 6 // groups
    yield f"images of shape {tuple(other)} in {others} groups", set(), "", _groupnorm_inputs(rng, other, others)
    small = _groupnorm_inputs(rng, shape, groups) | {"gn_param": {}}
    small["x"] = np.asarray(small["x"]) * 10.0 ** rng.uniform(-2, 2, (n, 1, 1, 1))
    yield "images of small and of large numbers, with default settings", set(), "", small
    yield "a single image", {Trait.EDGE_SHAPE}, "", _groupnorm_inputs(rng, [1, *shape[1:]], groups)
    yield "one group of all channels", {Trait.EDGE_SHAPE}, "", _groupnorm_inputs(rng, [n, 3, h, w], 1)
    yield "each channel its own group", {Trait.EDGE_SHAPE}, "", _groupnorm_inputs(rng, [n, 3, h, w], 3)
    yield "images of a single pixel", {Trait.EDGE_SHAPE}, "", _groupnorm_inputs(rng, [n, channels, 1, 1], groups)
    yield "float32", {Trait.DTYPE}, "", _groupnorm_inputs(rng, shape, groups, "float32")
    yield "Fortran order in memory", {Trait.MEMORY_ORDER}, FORTRAN, _groupnorm_inputs(rng, shape, groups)


def groupnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw six channels in two and three groups, one group of all channels, and one group for each channel."""
    for title, traits, opening, inputs in _groups(rng):
        del inputs["dout"]
        aspects = {"out": Equal(dtype=Trait.DTYPE in traits)}
        yield Case(title, opening + GROUPNORM_FORWARD, inputs, aspects, separate={"out": "x"}, traits=traits)


def groupnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Pass the cache of the student's own forward pass."""
    aspects: dict[str, Rule] = {"dx": Equal(), "dgamma": Equal(), "dbeta": Equal()}

    def case(title: str, traits: set[Trait], program: str, inputs: dict[str, object]) -> Case:
        return Case(
            title,
            program,
            inputs,
            aspects,
            writable=("x", "gamma", "beta", "gn_param"),
            gradients={"dx": "x", "dgamma": "gamma", "dbeta": "beta"},
            objective=("out", "dout"),
            traits=traits,
        )

    for title, traits, opening, inputs in _groups(rng):
        yield case(title, traits, opening + GROUPNORM_BACKWARD, inputs)
    inputs = _groupnorm_inputs(rng, [2, 4, 3, 5], 2)
    yield case("a gamma that is 0", {Trait.NUMERICAL_RANGE}, OFF + GROUPNORM_BACKWARD, inputs)
    title = "a second backward pass from the same cache, after another forward pass"
    yield case(title, {Trait.SIDE_EFFECT}, GROUPNORM_AGAIN, _groupnorm_inputs(rng, [3, 6, 2, 5], 3))


MEANINGS = {
    "G is the number of channels": (
        "then each channel is a group of its own: is something of each channel, such as a mean over it, taken where "
        "that of its group is due, or something of a group where each channel has its own, such as gamma?"
    ),
    "G is 1": (
        "then the whole image is one group: is something of the whole image, such as a mean or the number of its "
        "entries, taken where that of a group is due, or do the groups hold other channels than they should?"
    ),
}
RECIPES = (
    Recipe("conv_layers.spatial_groupnorm_forward", groupnorm_forward_cases, meanings=MEANINGS),
    Recipe(
        "conv_layers.spatial_groupnorm_backward",
        groupnorm_backward_cases,
        meanings=MEANINGS,
        large=enlarged(
            groupnorm_backward_cases, "images of 25 × 26", lambda rng: _groupnorm_inputs(rng, [4, 20, 25, 26], 2)
        ),
    ),
)
