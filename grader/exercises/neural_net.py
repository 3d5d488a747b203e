"""The exercises of ``nndl/neural_net.py``: the two-layer net in one piece."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Array, Equal, Minibatches, MinibatchesAnew, Rule

from .recipe import Recipe, enlarged, sizes, wrong

LOSS = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y, reg=reg)
"""

# train and predict are judged with a stand-in for loss, so that a wrong loss costs them nothing. Each training row
# carries its own number as first feature and as label, which tells what was drawn.
TRAIN = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = params
drawn = []

def loss(X, y=None, reg=0.0):
    if y is None:
        return X[:, :C]
    drawn.append(np.stack([X[:, 0], y], axis=1))
    return 1.0, {name: pull[name] + 0.3 * value for name, value in net.params.items()}

net.loss = loss
net.predict = lambda X: np.zeros(len(X), int)
net.train(X, y, X_val, y_val, learning_rate=rate, learning_rate_decay=decay,
          num_iters=num_iters, batch_size=batch_size)
batches = np.array(drawn)
params = net.params
"""

# Two trainings one after the other; of each training row its number is enough.
TWO_TRAININGS = f"""\
{TRAIN}first, drawn = batches[..., 0], []
{TRAIN.partition("drawn = []")[0]}net.loss = loss
net.predict = lambda X: np.zeros(len(X), int)
net.train(X, y, X_val, y_val, learning_rate=rate, learning_rate_decay=decay,
          num_iters=num_iters, batch_size=batch_size)
trainings = np.array([first, np.array(drawn)[..., 0]])
"""

PREDICT = """\
net = neural_net.TwoLayerNet(D, H, C)
net.params = params

def loss(rows, y=None, reg=0.0):  # the right scores, whatever your own loss gives
    return scores[[int(np.argmax((X == row).all(axis=1))) for row in rows]]

net.loss = loss
labels = net.predict(X)
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
    """Scores, loss, gradients; regularised and not; scores so large that exp overflows."""
    aspects: dict[str, Rule] = {"scores": Equal(), "loss": Equal(), "grads": Equal()}
    gradients = {f"grads.{name}": f"params.{name}" for name in ("W1", "b1", "W2", "b2")}
    n, d, h, c = sizes(rng, 4, low=3)
    large = _net(rng, n, d, h, c, 0.0)
    large["X"] = 1e4 * np.asarray(large["X"])
    for title, inputs in (
        (f"{n} examples, no regularisation", _net(rng, n, d, h, c, 0.0)),
        (f"{n} examples, reg 0.7", _net(rng, n, d, h, c, 0.7)),
        ("a single example", _net(rng, 1, d, h, c, 0.3)),
        ("more examples than features", _net(rng, d + 9, d, h, c, 0.1)),
        ("scores of several thousand", large),
    ):
        yield Case(title, LOSS, inputs, aspects, gradients=gradients, objective=("loss", ""))


def train_cases(rng: np.random.Generator) -> Iterator[Case]:
    """What is drawn, and how the parameters move over several epochs."""
    d, h, c = sizes(rng, 3)
    aspects: dict[str, Rule] = {"batches": Minibatches(), "params": Equal()}

    def inputs(rows: int, batch_size: int, num_iters: int) -> dict[str, object]:
        X = rng.standard_normal((rows, max(d, c)))
        X[:, 0] = np.arange(rows)
        return {
            "D": d, "H": h, "C": c, "params": _params(rng, d, h, c), "pull": _params(rng, d, h, c),
            "X": X, "y": np.arange(rows), "X_val": X[:3], "y_val": np.zeros(3, int), "num_train": rows,
            "batch_size": batch_size, "num_iters": num_iters, "rate": float(rng.uniform(0.05, 0.1)), "decay": 0.8,
        }  # fmt: skip

    writable = ("params",)  # train updates the net's parameters, in place or not
    yield Case("a few epochs", TRAIN, inputs(12, 5, 14), aspects, writable=writable)
    yield Case("one row at a time", TRAIN, inputs(9, 1, 60), aspects, writable=writable)
    yield Case("a minibatch larger than the training set", TRAIN, inputs(4, 11, 6), aspects, writable=writable)
    anew: dict[str, Rule] = {"batches": Minibatches(), "trainings": MinibatchesAnew()}
    yield Case("two trainings of many steps", TWO_TRAININGS, inputs(41, 6, 200), anew, writable=writable)


def predict_cases(rng: np.random.Generator) -> Iterator[Case]:
    """The index of the largest score in each row."""
    n, d, h, c = sizes(rng, 4, low=3)
    for rows in (n, 1, n + 20):
        inputs = _net(rng, rows, d, h, c, 0.0)
        p, X = _params(rng, d, h, c), np.asarray(inputs["X"])
        inputs |= {"params": p, "scores": np.maximum(0, X @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]}
        title = "a single example" if rows == 1 else f"{rows} examples"
        yield Case(title, PREDICT, inputs, {"labels": Equal()})


_HIDDEN = "hidden = np.maximum(0, X @ W1.T + b1)"
_SCORES = "scores = hidden @ W2.T + b2"
_SHIFT = "shifted = scores - scores.max(axis=1, keepdims=True)"
_LOG_PROBS = "log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"
_LOSS = "loss = -log_probs[rows, y].mean() + 0.5 * reg * ((W1 * W1).sum() + (W2 * W2).sum())"
_MEAN = "        dscores /= X.shape[0]\n"
_DHIDDEN = "dhidden = np.where(hidden > 0, dscores @ W2, 0)"
_W2 = '"W2": dscores.T @ hidden + reg * W2'
_W1 = '"W1": dhidden.T @ X + reg * W1'
_B1 = '"b1": dhidden.sum(axis=0)'
_B2 = '"b2": dscores.sum(axis=0)'

_DRAW = "chosen = np.random.choice(num_train, batch_size)"
_BATCH = "X_batch, y_batch = X[chosen], y[chosen]"
_STEP = "self.params[name] -= learning_rate * grads[name]"

RECIPES = (
    Recipe(
        "neural_net.TwoLayerNet.loss",
        loss_cases,
        (
            wrong(
                "no-activation",
                "The hidden layer has no ReLU, neither forwards nor backwards; two affine layers in a row are one.",
                (_HIDDEN, "hidden = X @ W1.T + b1"),
                (_DHIDDEN, "dhidden = dscores @ W2"),
            ),
            wrong(
                "relu-on-scores",
                "The scores go through a ReLU; only the hidden layer has one, scores may be negative.",
                (_SCORES, "scores = np.maximum(0, hidden @ W2.T + b2)"),
            ),
            wrong(
                "no-hidden-bias",
                "b1 is never added; each of the two layers has a bias of its own.",
                (_HIDDEN, "hidden = np.maximum(0, X @ W1.T)"),
            ),
            wrong(
                "no-output-bias",
                "b2 is never added; each of the two layers has a bias of its own.",
                (_SCORES, "scores = hidden @ W2.T"),
            ),
            wrong(
                "exp-overflows",
                "Large scores overflow in exp and give NaN; subtract each row's largest score before.",
                (_SHIFT, "shifted = scores"),
            ),
            wrong(
                "softmax-over-batch",
                "Softmax is taken over the examples (axis 0); the probabilities of one example's classes sum to 1.",
                (_SHIFT, "shifted = scores - scores.max(axis=0, keepdims=True)"),
                (_LOG_PROBS, "log_probs = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))"),
            ),
            wrong(
                "loss-summed",
                "The loss is summed over the minibatch; it is the mean, so that it does not grow with N.",
                (_LOSS, _LOSS.replace(".mean()", ".sum()")),
            ),
            wrong(
                "gradient-not-averaged",
                "All gradients lack the division by N that the mean in the loss brings.",
                (_MEAN, ""),
            ),
            wrong(
                "loss-sign",
                "The loss has the wrong sign in front of the log: a probability below 1 has a negative logarithm.",
                (_LOSS, _LOSS.replace("-log_probs", "log_probs")),
            ),
            wrong(
                "no-regularisation-in-loss",
                "The L2 term is missing from the loss: it does not grow with reg; look at where the data loss is returned.",
                (_LOSS, "loss = -log_probs[rows, y].mean()"),
            ),
            wrong(
                "regularisation-without-half",
                "The L2 term lacks its factor ½: what reg adds to the loss is twice too large.",
                (_LOSS, _LOSS.replace("0.5 * reg", "reg")),
            ),
            wrong(
                "regularisation-of-first-layer-only",
                "The L2 term counts W1 alone; W2 belongs to it too.",
                (_LOSS, _LOSS.replace(" + (W2 * W2).sum()", "")),
            ),
            wrong(
                "regularisation-not-squared",
                "The L2 term adds up the weights themselves instead of their squares: negative weights make the loss smaller.",
                (_LOSS, _LOSS.replace("(W1 * W1).sum() + (W2 * W2).sum()", "W1.sum() + W2.sum()")),
            ),
            wrong(
                "no-regularisation-in-gradient",
                "The gradients of W1 and W2 lack the part that comes from the L2 term.",
                (_W1, '"W1": dhidden.T @ X'),
                (_W2, '"W2": dscores.T @ hidden'),
            ),
            wrong(
                "regularisation-of-gradient",
                "The L2 part of the gradients is made of the gradients themselves; it comes from the weights, as the L2 term does.",
                (_W1, '"W1": (1 + reg) * dhidden.T @ X'),
                (_W2, '"W2": (1 + reg) * dscores.T @ hidden'),
            ),
            wrong(
                "regularisation-gradient-doubled",
                "The L2 part of the gradients is twice too large: the ½ cancels the 2 of the square.",
                (_W1, '"W1": dhidden.T @ X + 2 * reg * W1'),
                (_W2, '"W2": dscores.T @ hidden + 2 * reg * W2'),
            ),
            wrong(
                "biases-regularised",
                "The biases are regularised; the L2 term is about the weights only.",
                (_B1, '"b1": dhidden.sum(axis=0) + reg * b1'),
                (_B2, '"b2": dscores.sum(axis=0) + reg * b2'),
            ),
            wrong(
                "relu-forgotten-backwards",
                "The gradient goes through the hidden layer as if there were no ReLU; stop it where the unit was off.",
                (_DHIDDEN, "dhidden = dscores @ W2"),
            ),
            wrong(
                "relu-mask-from-gradient",
                "The ReLU's mask looks at the gradient's sign; what counts is whether the unit was on.",
                (_DHIDDEN, "dhidden = np.maximum(0, dscores @ W2)"),
            ),
            wrong(
                "labels-not-subtracted",
                "The gradient of the scores is the softmax alone; at the true class 1 has to be subtracted.",
                ("        dscores[rows, y] -= 1\n", ""),
            ),
            wrong(
                "bias-gradients-averaged",
                "The bias gradients are means over the minibatch; every example adds its share, so they are sums.",
                (_B1, '"b1": dhidden.mean(axis=0)'),
                (_B2, '"b2": dscores.mean(axis=0)'),
            ),
            wrong(
                "gradients-transposed",
                "The weight gradients come out transposed: each has the shape of its weights.",
                (_W1, '"W1": X.T @ dhidden + reg * W1.T'),
                (_W2, '"W2": hidden.T @ dscores + reg * W2.T'),
            ),
        ),
        large=enlarged(loss_cases, "60,000 features", lambda rng: _net(rng, 4, 60_000, 3, 5, 0.1), only=("grads",)),
    ),
    Recipe(
        "neural_net.TwoLayerNet.train",
        train_cases,
        (
            wrong(
                "uphill",
                "The parameters move along the gradient, uphill; descent subtracts it.",
                (_STEP, "self.params[name] += learning_rate * grads[name]"),
            ),
            wrong(
                "no-learning-rate",
                "The whole gradient is subtracted; scale it by learning_rate.",
                (_STEP, "self.params[name] -= grads[name]"),
            ),
            wrong(
                "weights-only",
                "Only W1 and W2 are updated; the biases learn too.",
                (
                    _STEP,
                    'if name[0] == "W":\n                    self.params[name] -= learning_rate * grads[name]',
                ),
            ),
            wrong(
                "last-layer-only",
                "Only the last layer is updated; every entry of params learns.",
                (
                    _STEP,
                    'if name[1] == "2":\n                    self.params[name] -= learning_rate * grads[name]',
                ),
            ),
            wrong(
                "step-per-example",
                "The step is divided by the batch size; the loss is a mean already.",
                (_STEP, "self.params[name] -= learning_rate * grads[name] / batch_size"),
            ),
            wrong(
                "no-step",
                "The parameters never change; after each loss they should have moved by one step, where the net keeps them.",
                (_STEP, "pass"),
            ),
            wrong(
                "labels-of-other-rows",
                "X_batch and y_batch do not hold the same rows, so examples get other examples' labels.",
                (_BATCH, "X_batch, y_batch = X[chosen], y[np.random.choice(num_train, batch_size)]"),
            ),
            wrong(
                "always-the-first-rows",
                "The same rows are used in every iteration; draw new ones at random.",
                (_DRAW, "chosen = np.arange(batch_size) % num_train"),
            ),
            wrong(
                "whole-set",
                "Every step uses the whole training set; draw batch_size rows.",
                (_DRAW, "chosen = np.arange(num_train)"),
            ),
            wrong(
                "without-replacement",
                "Rows are drawn without replacement, which fails when batch_size is larger than the training set.",
                (_DRAW, "chosen = np.random.choice(num_train, batch_size, replace=False)"),
            ),
            wrong(
                "first-part-only",
                "Rows are drawn from the first batch_size rows only; all training rows should have a chance.",
                (_DRAW, "chosen = np.random.choice(min(batch_size, num_train), batch_size)"),
            ),
        ),
    ),
    Recipe(
        "neural_net.TwoLayerNet.predict",
        predict_cases,
        (
            wrong(
                "smallest-score",
                "The class with the smallest score is chosen; a high score speaks for a class.",
                ("y_pred = self.loss(X).argmax(axis=1)", "y_pred = self.loss(X).argmin(axis=1)"),
            ),
            wrong(
                "over-examples",
                "The largest score is looked for among the examples (axis 0); look among each example's classes.",
                ("y_pred = self.loss(X).argmax(axis=1)", "y_pred = self.loss(X).argmax(axis=0)"),
            ),
            wrong(
                "score-not-label",
                "The largest score itself comes out; its index, the label, is asked for.",
                ("y_pred = self.loss(X).argmax(axis=1)", "y_pred = self.loss(X).max(axis=1)"),
            ),
            wrong(
                "whole-array",
                "One number comes out for all examples; give argmax an axis.",
                ("y_pred = self.loss(X).argmax(axis=1)", "y_pred = self.loss(X).argmax()"),
            ),
            wrong(
                "counted-from-one",
                "The labels are one too large; classes are counted from 0.",
                ("y_pred = self.loss(X).argmax(axis=1)", "y_pred = self.loss(X).argmax(axis=1) + 1"),
            ),
            wrong(
                "column-vector",
                "The labels come as a column; one label per example in shape (N,) is asked for.",
                (
                    "y_pred = self.loss(X).argmax(axis=1)",
                    "y_pred = self.loss(X).argmax(axis=1, keepdims=True)",
                ),
            ),
            wrong(
                "scores-returned",
                "All scores come out; the label of the largest is asked for.",
                ("y_pred = self.loss(X).argmax(axis=1)", "y_pred = self.loss(X)"),
            ),
        ),
    ),
)
