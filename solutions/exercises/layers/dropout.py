"""Define how dropout is judged.

A student's dropout mask is random. So the forward pass is judged by properties that every correctly drawn mask has, and
the backward pass is judged with the mask that the student's own forward pass has drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Dropped, DroppedCounts, Equal, Paired, Recipe, Rule, Trait, sizes

TRAIN = 'out, cache = layers.dropout_forward(x, {"mode": "train", "p": p})'
TEST = 'out, cache = layers.dropout_forward(x, {"mode": "test", "p": p})'
TWICE = """\
settings = {"mode": "train", "p": p}
out, cache = layers.dropout_forward(x, settings)
other, cache = layers.dropout_forward(x, settings)
repeated = np.array_equal(out, other)
"""
SEEDED = f"""\
{TWICE.replace('"p": p}', '"p": p, "seed": seed}')}\
def dropped(seed):
    out, cache = layers.dropout_forward(x, {{"mode": "train", "p": p, "seed": seed}})
    return np.ravel(out) == 0
zero, zero_again, another = dropped(0), dropped(0), dropped(seed + 1)
drawn_later = []
for _ in range(2):
    np.random.random()
    dropped(seed)
    drawn_later.append(np.random.random())
seeding = {{
    "same_with_seed_0": float(np.array_equal(zero, zero_again)),
    "same_with_another_seed": float(np.array_equal(np.ravel(out) == 0, another)),
    "np_random_set_back": float(drawn_later[0] == drawn_later[1]),
}}
"""
# Of many small arrays it shows whether each entry is dropped by itself, and with which probability.
MANY = f"""\
{TRAIN}
small, settings = np.ones(size), {{"mode": "train", "p": p}}
counts = np.array([np.count_nonzero(layers.dropout_forward(small, settings)[0] == 0) for _ in range(calls)])
"""

TRAIN_BACKWARD = """\
settings = {"mode": "train", "p": p}
out, cache = layers.dropout_forward(x, settings)
if np.shape(out) != x.shape or not 0 < np.mean(out == 0) < 1:
    out, cache = x * mask, (settings, mask)  # nothing was dropped: go on with a right mask
dx = layers.dropout_backward(dout, cache)
dx = dx, scale * out  # the layer multiplies by its mask, forwards and backwards
"""
TRAIN_BACKWARD_ALONE = """\
settings, out = {"mode": "train", "p": p}, x * mask
dx = layers.dropout_backward(dout, (settings, mask))
dx = dx, scale * out
"""
TEST_BACKWARD = f"{TEST}\ndx = layers.dropout_backward(dout, cache)"
TEST_BACKWARD_ALONE = 'dx = layers.dropout_backward(dout, ({"mode": "test", "p": p}, None))'


def _input(rng: np.random.Generator, *shape: int, dtype: str = "float64") -> Array:
    """Draw numbers of both signs, none of them 0."""
    x: Array = rng.integers(1, 9, shape) * rng.choice([-0.25, 0.25], shape)
    return x.astype(dtype)


def dropout_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several p, one to four axes, two calls with different masks, two calls with one seed, and test mode."""
    n, d = sizes(rng, 2, low=20, high=40)
    c, h, w = sizes(rng, 3, low=3, high=7)
    low, high = float(rng.uniform(0.15, 0.3)), float(rng.uniform(0.6, 0.75))
    drawn: dict[str, Rule] = {"out": Dropped()}
    rarely: dict[str, object] = {"x": _input(rng, n, d), "p": low}
    yield Case(f"p = {low:.2f}: few are dropped", TRAIN, rarely, drawn)
    yield Case(f"p = {high:.2f}: most are dropped", TRAIN, {"x": _input(rng, n, d), "p": high}, drawn)
    yield Case("images", TRAIN, {"x": _input(rng, 8, c, h, w), "p": high}, drawn)
    yield Case("a vector", TRAIN, {"x": _input(rng, 20 * n), "p": low}, drawn)
    typed = {"x": _input(rng, n, d, dtype="float32"), "p": high}
    yield Case("float32", TRAIN, typed, {"out": Dropped(dtype=True)}, traits={Trait.DTYPE})
    nothing = {"x": _input(rng, h, w), "p": 0.0}
    yield Case("p = 0: nothing is dropped", TRAIN, nothing, {"out": Equal()}, traits={Trait.NUMERICAL_RANGE})
    tested = {"x": _input(rng, d, n), "p": high}
    yield Case("test mode", TEST, tested, {"out": Equal()}, traits={Trait.TEST_MODE})
    image = {"x": _input(rng, h, c, w, dtype="float32"), "p": low}
    both_traits = {Trait.TEST_MODE, Trait.DTYPE}
    yield Case("an image in test mode, float32", TEST, image, {"out": Equal(dtype=True)}, traits=both_traits)
    both: dict[str, Rule] = {"out": Dropped(), "repeated": Equal()}
    yield Case(
        "two calls, each with a mask of its own",
        TWICE,
        {"x": _input(rng, n, d), "p": high},
        both,
        traits={Trait.SIDE_EFFECT},
    )
    seeded = {"x": _input(rng, n, d), "p": high, "seed": int(rng.integers(1, 1000))}
    yield Case(
        "two calls with one seed, which drop the same entries",
        SEEDED,
        seeded,
        {**both, "seeding": Equal()},
        traits={Trait.SIDE_EFFECT},
        effects={"seeding"},
    )
    counted = {**drawn, "counts": DroppedCounts()}
    for words, p in (("next to nothing", 0.07), ("almost everything", 0.86)):  # between tenths, so that rounding shows
        many: dict[str, object] = {"x": _input(rng, n, d), "p": p, "calls": 200, "size": int(rng.integers(20, 30))}
        title = f"many calls with small arrays, of which {words} is dropped"
        yield Case(title, MANY, many, counted, traits={Trait.SIDE_EFFECT}, effects={"counts"})


def dropout_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw cases in which the backward pass has to use the mask of the forward pass."""
    n, d = sizes(rng, 2, low=8, high=16)
    c, h, w = sizes(rng, 3, low=3, high=7)

    def train(title: str, p: float, *shape: int, dtype: str = "float64") -> Case:
        kept = rng.random(shape) >= p
        kept.flat[:2] = True, False
        x, scale = _input(rng, *shape, dtype=dtype), int(rng.integers(2, 5))
        mask = (kept / (1 - p)).astype(dtype)
        inputs: dict[str, object] = {"x": x, "dout": scale * x, "scale": scale, "p": p, "mask": mask}
        rule = Paired(dtype=dtype == "float32")
        traits = {Trait.DTYPE} if dtype == "float32" else set()
        return Case(
            title, TRAIN_BACKWARD, inputs, {"dx": rule}, TRAIN_BACKWARD_ALONE, writable=("x", "mask"), traits=traits
        )

    def test(title: str, *shape: int) -> Case:
        inputs: dict[str, object] = {"x": _input(rng, *shape), "p": 0.6, "dout": rng.standard_normal(shape)}
        tested = {Trait.TEST_MODE}
        return Case(title, TEST_BACKWARD, inputs, {"dx": Equal()}, TEST_BACKWARD_ALONE, writable=("x",), traits=tested)

    yield train("few are dropped", float(rng.uniform(0.15, 0.3)), n, d)
    yield train("most are dropped", float(rng.uniform(0.6, 0.75)), d, n)
    yield train("images", float(rng.uniform(0.6, 0.75)), 4, c, h, w)
    yield train("float32", float(rng.uniform(0.3, 0.45)), n, d, dtype="float32")
    yield test("test mode", n, d)
    yield test("an image in test mode", c, h, w)


RECIPES = (
    Recipe("layers.dropout_forward", dropout_forward_cases),
    Recipe("layers.dropout_backward", dropout_backward_cases),
)
