"""Define how dropout is judged.

A student's dropout mask is random. So the forward pass is judged by properties that every correctly drawn mask has, and
the backward pass is judged with the mask that the student's own forward pass has drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Dropped, DroppedCounts, Equal, Paired, Recipe, Rule, Trait, sizes

TRAIN = """\
settings = {"mode": "train", "p": p}
out, cache = layers.dropout_forward(x, settings)
changed_settings = np.array(float(settings.get("mode") != "train") + float(settings.get("p") != p))
"""
TEST = TRAIN.replace("train", "test")
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
{TRAIN}\
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
# Neither another forward pass nor a backward pass may change what a cache says: a net has many layers.
BACKWARD = "dx = layers.dropout_backward(dout, cache)\n"
TRAIN_BACKWARD_AGAIN = TRAIN_BACKWARD.replace(
    BACKWARD, f"layers.dropout_forward(x, settings)\nlayers.dropout_backward(dout.copy(), cache)\n{BACKWARD}"
)
TRAIN_BACKWARD_ALONE_AGAIN = """\
cache, out = ({"mode": "train", "p": p}, mask), x * mask
layers.dropout_backward(dout.copy(), cache)
dx = layers.dropout_backward(dout, cache)
dx = dx, scale * out
"""
TEST_BACKWARD = """\
out, cache = layers.dropout_forward(x, {"mode": "test", "p": p})
dx = layers.dropout_backward(dout, cache)
"""
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
    left = {"changed_settings"}
    drawn: dict[str, Rule] = {"out": Dropped(), "changed_settings": Equal()}
    same: dict[str, Rule] = {"out": Equal(), "changed_settings": Equal()}
    rarely: dict[str, object] = {"x": _input(rng, n, d), "p": low}
    yield Case(f"p = {low:.2f}: few are dropped", TRAIN, rarely, drawn, effects=left)
    yield Case(f"p = {high:.2f}: most are dropped", TRAIN, {"x": _input(rng, n, d), "p": high}, drawn, effects=left)
    yield Case("images", TRAIN, {"x": _input(rng, 8, c, h, w), "p": high}, drawn, effects=left)
    yield Case("a vector", TRAIN, {"x": _input(rng, 20 * n), "p": low}, drawn, effects=left)
    typed = {"x": _input(rng, n, d, dtype="float32"), "p": high}
    yield Case("float32", TRAIN, typed, {"out": Dropped(dtype=True)}, traits={Trait.DTYPE})
    nothing = {"x": _input(rng, h, w), "p": 0.0}
    yield Case("p = 0: nothing is dropped", TRAIN, nothing, same, traits={Trait.NUMERICAL_RANGE}, effects=left)
    tested = {"x": _input(rng, d, n), "p": high}
    yield Case("test mode", TEST, tested, same, traits={Trait.TEST_MODE}, effects=left)
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
    counted: dict[str, Rule] = {"out": Dropped(), "counts": DroppedCounts()}
    for words, p in (("next to nothing", 0.07), ("almost everything", 0.86)):  # between tenths, so that rounding shows
        many: dict[str, object] = {"x": _input(rng, n, d), "p": p, "calls": 200, "size": int(rng.integers(20, 30))}
        title = f"many calls with small arrays, of which {words} is dropped"
        yield Case(title, MANY, many, counted, traits={Trait.SIDE_EFFECT}, effects={"counts"})


def dropout_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw cases in which the backward pass has to use the mask of the forward pass."""
    n, d = sizes(rng, 2, low=8, high=16)
    c, h, w = sizes(rng, 3, low=3, high=7)

    def train(title: str, p: float, *shape: int, dtype: str = "float64", again: bool = False) -> Case:
        kept = rng.random(shape) >= p
        kept.flat[:2] = True, False
        x, scale = _input(rng, *shape, dtype=dtype), int(rng.integers(2, 5))
        mask = (kept / (1 - p)).astype(dtype)
        inputs: dict[str, object] = {"x": x, "dout": scale * x, "scale": scale, "p": p, "mask": mask}
        rule = Paired(dtype=dtype == "float32")
        traits = {Trait.SIDE_EFFECT} if again else {Trait.DTYPE} if dtype == "float32" else set()
        programs = (TRAIN_BACKWARD, TRAIN_BACKWARD_ALONE)
        if again:
            programs = (TRAIN_BACKWARD_AGAIN, TRAIN_BACKWARD_ALONE_AGAIN)
        return Case(title, programs[0], inputs, {"dx": rule}, programs[1], writable=("x", "mask"), traits=traits)

    def test(title: str, p: float, *shape: int) -> Case:
        inputs: dict[str, object] = {"x": _input(rng, *shape), "p": p, "dout": rng.standard_normal(shape)}
        tested = {Trait.TEST_MODE}
        return Case(title, TEST_BACKWARD, inputs, {"dx": Equal()}, TEST_BACKWARD_ALONE, writable=("x",), traits=tested)

    yield train("few are dropped", float(rng.uniform(0.15, 0.3)), n, d)
    yield train("most are dropped", float(rng.uniform(0.6, 0.75)), d, n)
    yield train("images", float(rng.uniform(0.6, 0.75)), 4, c, h, w)
    yield train("float32", float(rng.uniform(0.3, 0.45)), n, d, dtype="float32")
    yield test("test mode", 0.6, n, d)
    yield test("an image in test mode", 0.3, c, h, w)
    title = "a second backward pass from the same cache, after another forward pass"
    yield train(title, float(rng.uniform(0.4, 0.6)), n, d, again=True)


RECIPES = (
    Recipe("layers.dropout_forward", dropout_forward_cases),
    Recipe("layers.dropout_backward", dropout_backward_cases),
)
