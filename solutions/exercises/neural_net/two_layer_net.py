"""Define how the two-layer net, written as one class without layers, is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Array, Case, Equal, Minibatches, MinibatchesAnew, Recipe, Rule, Trait, enlarged, sizes

LOSS = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y, reg=reg)
unknown_grads = np.array(len(set(grads) - set(params)) if isinstance(grads, dict) else 0)
"""

# Nothing of an earlier minibatch should be left, nor of the parameters that the net had then.
LOSS_AGAIN = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = {name: 2 * value for name, value in params.items()}
net.loss(earlier, earlier_y, reg=2 * reg)
net.loss(X)
net.loss(X, y, reg=2 * reg)
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y, reg=reg)
unknown_grads = np.array(len(set(grads) - set(params)) if isinstance(grads, dict) else 0)
"""

# train and predict are judged with a stand-in for loss, so that a wrong loss costs them nothing. Each training row
# carries its own number as first feature and as label, which tells what was drawn. What counts is what the steps were
# taken with and where they led; how often loss is called besides, for instance to print it, does not.
TRAINING = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = params
net.predict = lambda X: np.zeros(len(X), int)
net.loss = watched = WatchedLoss(
    net,
    scores=lambda X: X[:, :C],
    gradients=lambda params, reg: {name: pull[name] + reg * value for name, value in params.items()},
    row_numbers=lambda X: X[:, 0],
)
net.train(X, y, X_val, y_val, learning_rate=rate, learning_rate_decay=decay, reg=reg,
          num_iters=num_iters, batch_size=batch_size)
"""
TRAIN = f"""\
from utils.checks.watched_loss import WatchedLoss

{TRAINING}
batches = watched.minibatches()
params = net.params
"""

# Two trainings one after the other; of each training row its number is enough.
TWO_TRAININGS = f"""\
from utils.checks.watched_loss import beside

{TRAIN}
{TRAINING}
trainings = beside(batches, watched.minibatches())
"""

PREDICT = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = params

def loss(rows, y=None, reg=0.0):  # the right scores, whatever your own loss gives
    return scores[[int(np.argmax((X == row).all(axis=1))) for row in rows]]

net.loss = loss
labels = net.predict(X)
"""
# A list of labels will do, but not labels that nothing can be indexed with.
PREDICT_KIND = f"""\
{PREDICT}labels_are_integers = np.array(float(np.asarray(labels).dtype.kind in "iu"))
"""


def _params(rng: np.random.Generator, d: int, h: int, c: int) -> dict[str, Array]:
    return {
        "W1": rng.standard_normal((h, d)),
        "b1": rng.standard_normal(h),
        "W2": rng.standard_normal((c, h)),
        "b2": rng.standard_normal(c),
    }


def _net(rng: np.random.Generator, n: int, d: int, h: int, c: int, reg: float) -> dict[str, object]:
    y = rng.integers(c, size=n)
    return {
        "D": d, "H": h, "C": c, "params": _params(rng, d, h, c),
        "X": rng.standard_normal((n, d)), "y": y, "reg": reg,
    }  # fmt: skip


def loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw nets with and without regularisation, a single example, and scores so large that exp overflows."""
    aspects: dict[str, Rule] = {"scores": Equal(), "loss": Equal(), "grads": Equal(), "unknown_grads": Equal()}
    effects = {"unknown_grads"}
    gradients = {f"grads.{name}": f"params.{name}" for name in ("W1", "b1", "W2", "b2")}
    n, d, h, c = sizes(rng, 4, low=3)
    large = _net(rng, n, d, h, c, 0.0)
    large["X"] = 1e4 * np.asarray(large["X"])
    situations: tuple[tuple[str, set[Trait], dict[str, object]], ...] = (
        (f"{n} examples, no regularisation", set(), _net(rng, n, d, h, c, 0.0)),
        (f"{n} examples, reg 0.7", set(), _net(rng, n, d, h, c, 0.7)),
        ("a single example", {Trait.EDGE_SHAPE}, _net(rng, 1, d, h, c, 0.3)),
        ("more examples than features", set(), _net(rng, d + 9, d, h, c, 0.1)),
        ("scores of several thousand", {Trait.NUMERICAL_RANGE}, large),
    )
    for title, traits, inputs in situations:
        yield Case(
            title, LOSS, inputs, aspects, gradients=gradients, objective=("loss", ""), traits=traits, effects=effects
        )
    again = _net(rng, n, d, h, c, 0.4)
    again |= {"earlier": rng.standard_normal((n + 2, d)), "earlier_y": rng.integers(c, size=n + 2)}
    side_effect = {Trait.SIDE_EFFECT}
    yield Case(
        "a second minibatch",
        LOSS_AGAIN,
        again,
        aspects,
        gradients=gradients,
        objective=("loss", ""),
        traits=side_effect,
        effects=effects,
    )


def train_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw trainings of several epochs, to compare the minibatches that were drawn and the parameters."""
    d, h, c = sizes(rng, 3)
    aspects: dict[str, Rule] = {"batches": Minibatches(), "params": Equal()}

    def inputs(rows: int, batch_size: int, num_iters: int, scale: float = 1.0) -> dict[str, object]:
        X = rng.standard_normal((rows, max(d, c)))
        X[:, 0] = np.arange(rows)
        return {
            "D": d, "H": h, "C": c, "params": _params(rng, d, h, c),
            "pull": {name: scale * value for name, value in _params(rng, d, h, c).items()},
            "X": X, "y": np.arange(rows), "X_val": X[:3], "y_val": np.zeros(3, int), "num_train": rows,
            "batch_size": batch_size, "num_iters": num_iters, "rate": float(rng.uniform(0.05, 0.1)), "decay": 0.8, "reg": 0.3,
        }  # fmt: skip

    writable = ("params",)  # train updates the net's parameters, in place or not
    yield Case("a few epochs", TRAIN, inputs(12, 5, 14, 30.0), aspects, writable=writable)
    edge = {Trait.EDGE_SHAPE}
    yield Case("one row at a time", TRAIN, inputs(9, 1, 60), aspects, writable=writable, traits=edge)
    larger = inputs(4, 11, 6)
    yield Case("a minibatch larger than the training set", TRAIN, larger, aspects, writable=writable, traits=edge)
    anew: dict[str, Rule] = {"batches": Minibatches(), "trainings": MinibatchesAnew()}
    twice, traits = inputs(41, 10, 120), {Trait.SIDE_EFFECT}
    yield Case(
        "two trainings, each with minibatches of its own", TWO_TRAININGS, twice, anew, writable=writable, traits=traits
    )


def predict_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw scores, of which predict has to find the largest in each row."""
    n, d, h, c = sizes(rng, 4, low=3)
    for rows, scale in ((n, 1), (1, 1), (n + 20, 1), (n + 9, 1000)):
        inputs = _net(rng, rows, d, h, c, 0.0)
        inputs["X"] = scale * np.asarray(inputs["X"])
        p, X = _params(rng, d, h, c), np.asarray(inputs["X"])
        inputs |= {"params": p, "scores": np.maximum(0, X @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]}
        title = "scores of several thousand" if scale > 1 else "a single example" if rows == 1 else f"{rows} examples"
        traits = {Trait.NUMERICAL_RANGE} if scale > 1 else {Trait.EDGE_SHAPE} if rows == 1 else set()
        yield Case(title, PREDICT, inputs, {"labels": Equal()}, traits=traits)
    kind: dict[str, Rule] = {"labels": Equal(), "labels_are_integers": Equal()}
    short = _net(rng, n, d, h, c, 0.0)
    p = {name: value.astype("float32") for name, value in _params(rng, d, h, c).items()}
    X = np.asarray(short["X"], dtype="float32")
    short |= {"X": X, "params": p, "scores": np.maximum(0, X @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]}
    yield Case("float32, and labels that are integers", PREDICT_KIND, short, kind, traits={Trait.DTYPE})


def _many_features(rng: np.random.Generator) -> dict[str, object]:
    """Draw a net of 3,000 features. Its scores are small, because whether exp overflows is judged elsewhere."""
    inputs = _net(rng, 30, 3_000, 20, 5, 0.1)
    return {**inputs, "X": np.asarray(inputs["X"]) / np.sqrt(3_000)}


RECIPES = (
    Recipe(
        "neural_net.TwoLayerNet.loss",
        loss_cases,
        large=enlarged(loss_cases, "3,000 features", _many_features, only=("grads",)),
    ),
    Recipe("neural_net.TwoLayerNet.train", train_cases),
    Recipe("neural_net.TwoLayerNet.predict", predict_cases),
)
