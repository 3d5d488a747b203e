"""The exercises of ``nndl/fc_net.py``: nets made of layers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import DrawnAnew, Equal, Initialised, Rule

from .recipe import Recipe, enlarged, sizes, wrong

TWO_INIT = """\
net = fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, weight_scale=weight_scale, reg=reg)
params = net.params
"""
TWO_AGAIN = f"""\
{TWO_INIT}net = fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, weight_scale=weight_scale, reg=reg)
again = params, net.params
"""
_USE = """\
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y)
"""
TWO_LOSS = "net = fc_net.TwoLayerNet(input_dim=D, hidden_dims=H, num_classes=C, reg=reg)\n" + _USE
TWO_LOSS_ALONE = "net = fc_net.TwoLayerNet.__new__(fc_net.TwoLayerNet)\nnet.reg = reg\n" + _USE

DEEP_INIT = """\
net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, weight_scale=weight_scale,
                               reg=reg, dtype=np.dtype(dtype))
params = net.params
"""
DEEP_AGAIN = f"""\
{DEEP_INIT}net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, weight_scale=weight_scale, reg=reg)
again = params, net.params
"""
DEEP_LOSS = (
    "net = fc_net.FullyConnectedNet(hidden_dims, input_dim=D, num_classes=C, reg=reg, dtype=np.dtype(dtype))\n" + _USE
)
DEEP_LOSS_ALONE = (
    "net = fc_net.FullyConnectedNet.__new__(fc_net.FullyConnectedNet)\n"
    "net.reg, net.dtype, net.num_layers = reg, np.dtype(dtype), len(hidden_dims) + 1\n"
    "net.normalization, net.dropout, net.norm_params, net.dropout_params = None, 0, {}, {}\n" + _USE
)
OUTPUTS: dict[str, Rule] = {"scores": Equal(), "loss": Equal(), "grads": Equal()}
TYPED: dict[str, Rule] = {"scores": Equal(dtype=True), "loss": Equal(), "grads": Equal(dtype=True)}


def two_layer_init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Enough weights to measure their spread."""
    d, h, c = sizes(rng, 3, low=20, high=60)
    for weight_scale in (0.02, 0.5):
        inputs: dict[str, object] = {"D": d, "H": h, "C": c, "weight_scale": weight_scale, "reg": 0.3}
        title = f"{d} inputs, {h} hidden units, {c} classes, weight_scale {weight_scale}"
        yield Case(title, TWO_INIT, inputs, {"params": Initialised()})
    yield Case("two nets", TWO_AGAIN, inputs, {"params": Initialised(), "again": DrawnAnew()})


def deep_init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """One hidden layer, none, four; both dtypes."""
    many = sizes(rng, 7, low=20, high=60)
    for hidden, dtype, weight_scale in (
        (many[:1], "float32", 0.02),
        ([], "float32", 0.02),
        (many[1:5], "float64", 0.5),
    ):
        inputs: dict[str, object] = {
            "hidden_dims": hidden, "D": many[5], "C": many[6], "weight_scale": weight_scale,
            "reg": 0.3, "dtype": dtype,
        }  # fmt: skip
        title = f"hidden_dims={hidden}, {dtype}, weight_scale {weight_scale}"
        yield Case(title, DEEP_INIT, inputs, {"params": Initialised(dtype=True)})
    yield Case("two nets", DEEP_AGAIN, inputs, {"params": Initialised(dtype=True), "again": DrawnAnew()})


def _params(rng: np.random.Generator, dims: Sequence[int], dtype: str = "float64") -> dict[str, object]:
    """Weights that keep activations near 1, and biases that are not 0."""
    params: dict[str, object] = {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), 1):
        params[f"W{layer}"] = (rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)).astype(dtype)
        params[f"b{layer}"] = (0.5 * rng.standard_normal(fan_out)).astype(dtype)
    return params


def _loss_case(title: str, program: str, inputs: dict[str, object], aspects: dict[str, Rule], fallback: str) -> Case:
    """A case whose gradients are those of the loss in each of the parameters."""
    params = inputs["params"]
    assert isinstance(params, dict)
    gradients = {f"grads.{name}": f"params.{name}" for name in params}
    return Case(title, program, inputs, aspects, fallback, gradients=gradients, objective=("loss", ""))


def two_layer_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Rows and images, one example, with and without the L2 term."""
    n, h, c, *shape = sizes(rng, 6, low=3, high=9)
    for title, rows, image, reg in (
        (f"X of shape {(n, shape[0])}, reg 0", n, shape[:1], 0.0),
        (f"X of shape {(n, shape[0])}, reg 0.8", n, shape[:1], 0.8),
        (f"images: X of shape {(n, *shape)}, reg 0.4", n, shape, 0.4),
        ("a single example", 1, shape[:2], 0.6),
    ):
        d = int(np.prod(image))
        inputs: dict[str, object] = {
            "D": d, "H": h, "C": c, "reg": reg, "params": _params(rng, (d, h, c)),
            "X": rng.standard_normal((rows, *image)), "y": rng.integers(c, size=rows),
        }  # fmt: skip
        yield _loss_case(title, TWO_LOSS, inputs, OUTPUTS, TWO_LOSS_ALONE)


def deep_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Two to five layers, rows and images, both dtypes, with and without the L2 term."""
    n, c, *many = sizes(rng, 9, low=3, high=11)
    for title, rows, image, hidden, reg, dtype in (
        ("one hidden layer, reg 0", n, many[:1], many[1:2], 0.0, "float64"),
        ("two hidden layers, reg 0.7", n, many[:1], many[1:3], 0.7, "float64"),
        ("four hidden layers on images, reg 0.3", n, many[:2], many[2:6], 0.3, "float64"),
        ("no hidden layer, reg 0.5", n, many[:1], [], 0.5, "float64"),
        ("float32, reg 0.2", n, many[:2], many[2:4], 0.2, "float32"),
        ("a single example", 1, many[:1], many[1:3], 0.4, "float64"),
    ):
        d = int(np.prod(image))
        inputs: dict[str, object] = {
            "hidden_dims": hidden, "D": d, "C": c, "reg": reg, "dtype": dtype,
            "params": _params(rng, (d, *hidden, c), dtype),
            "X": rng.standard_normal((rows, *image)), "y": rng.integers(c, size=rows),
        }  # fmt: skip
        yield _loss_case(title, DEEP_LOSS, inputs, TYPED if dtype == "float32" else OUTPUTS, DEEP_LOSS_ALONE)


def _many_features(rng: np.random.Generator) -> dict[str, object]:
    """Inputs of either net with one hidden layer."""
    n, d, h, c = 30, 3500, 16, 5
    return {
        "D": d, "H": h, "hidden_dims": [h], "C": c, "reg": 0.4, "dtype": "float64", "params": _params(rng, (d, h, c)),
        "X": rng.standard_normal((n, d)), "y": rng.integers(c, size=n),
    }  # fmt: skip


_TWO_W1 = 'self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dims)'
_TWO_B1 = 'self.params["b1"] = np.zeros(hidden_dims)'
_TWO_W2 = 'self.params["W2"] = weight_scale * np.random.randn(hidden_dims, num_classes)'
_TWO_B2 = 'self.params["b2"] = np.zeros(num_classes)'
_TWO_HIDDEN = "hidden, hidden_cache = affine_relu_forward(X, W1, b1)"
_TWO_SCORES = "scores, scores_cache = affine_forward(hidden, W2, b2)"
_TWO_REG = "loss += 0.5 * self.reg * ((W1 * W1).sum() + (W2 * W2).sum())"
_TWO_DX = '_, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, hidden_cache)'
_TWO_REG_W1 = 'grads["W1"] += self.reg * W1'
_TWO_REG_W2 = 'grads["W2"] += self.reg * W2'

_DEEP_W = 'self.params[f"W{layer}"] = weight_scale * np.random.randn(fan_in, fan_out)'
_DEEP_B = 'self.params[f"b{layer}"] = np.zeros(fan_out)'
_DEEP_SCORES = 'scores, scores_cache = affine_forward(out, self.params[f"W{last}"], self.params[f"b{last}"])'
_DEEP_REG = "loss += 0.5 * self.reg * (W * W).sum()"
_DEEP_REG_W = 'grads[f"W{layer}"] += self.reg * W'
_DEEP_ALL = "for layer in range(1, last + 1):"
_DEEP_HIDDEN = "out, cache = self.hidden_forward(layer, out)"
_DEEP_BACK = (
    "dout, layer_grads = self.hidden_backward(layer, dout, caches.pop())\n            grads.update(layer_grads)"
)
_DEEP_AFFINE = 'out, cache = affine_forward(out, self.params[f"W{layer}"], self.params[f"b{layer}"])'
_DEEP_AFFINE_BACK = 'dout, grads[f"W{layer}"], grads[f"b{layer}"] = affine_backward(dout, caches.pop())'
_DEEP_CAST = "X = np.asarray(X, dtype=self.dtype)"


RECIPES = (
    Recipe(
        "fc_net.TwoLayerNet.__init__",
        two_layer_init_cases,
        (
            wrong(
                "weight-scale-ignored",
                "The weights have standard deviation 1; scale them by weight_scale.",
                (_TWO_W1, _TWO_W1.replace("weight_scale * ", "")),
                (_TWO_W2, _TWO_W2.replace("weight_scale * ", "")),
            ),
            wrong(
                "scale-as-variance",
                "weight_scale is used as the variance; it is the standard deviation.",
                (_TWO_W1, _TWO_W1.replace("weight_scale", "np.sqrt(weight_scale)")),
                (_TWO_W2, _TWO_W2.replace("weight_scale", "np.sqrt(weight_scale)")),
            ),
            wrong(
                "uniform-weights",
                "The weights are uniform between 0 and weight_scale; draw them from a normal distribution around 0.",
                (_TWO_W1, _TWO_W1.replace("randn", "rand")),
                (_TWO_W2, _TWO_W2.replace("randn", "rand")),
            ),
            wrong(
                "zero-weights",
                "All weights are 0, so every hidden unit does the same for ever; draw them at random.",
                (_TWO_W1, 'self.params["W1"] = np.zeros((input_dim, hidden_dims))'),
                (_TWO_W2, 'self.params["W2"] = np.zeros((hidden_dims, num_classes))'),
            ),
            wrong(
                "random-biases",
                "The biases are random; they start at 0.",
                (_TWO_B1, 'self.params["b1"] = weight_scale * np.random.randn(hidden_dims)'),
                (_TWO_B2, 'self.params["b2"] = weight_scale * np.random.randn(num_classes)'),
            ),
            wrong(
                "transposed-weights",
                "The weights are stored with one row per output; from here on it is one row per input.",
                (_TWO_W1, _TWO_W1.replace("input_dim, hidden_dims", "hidden_dims, input_dim")),
                (_TWO_W2, _TWO_W2.replace("hidden_dims, num_classes", "num_classes, hidden_dims")),
            ),
            wrong(
                "biases-as-rows",
                "The biases have two axes; a bias has one entry per output, shape (H,).",
                (_TWO_B1, 'self.params["b1"] = np.zeros((1, hidden_dims))'),
                (_TWO_B2, 'self.params["b2"] = np.zeros((1, num_classes))'),
            ),
            wrong(
                "second-layer-unscaled",
                "W2 is not scaled by weight_scale.",
                (_TWO_W2, _TWO_W2.replace("weight_scale * ", "")),
            ),
            wrong(
                "default-scale",
                "The weights always have standard deviation 0.001; use the weight_scale that was asked for.",
                (_TWO_W1, _TWO_W1.replace("weight_scale", "1e-3")),
                (_TWO_W2, _TWO_W2.replace("weight_scale", "1e-3")),
            ),
        ),
    ),
    Recipe(
        "fc_net.TwoLayerNet.loss",
        two_layer_loss_cases,
        (
            wrong(
                "relu-on-scores",
                "The scores go through a ReLU; the last layer is affine only, scores may be negative.",
                (_TWO_SCORES, _TWO_SCORES + "\n        scores = np.maximum(0, scores)"),
            ),
            wrong(
                "no-activation",
                "There is no ReLU between the two layers; without one the net is a single affine map.",
                (_TWO_HIDDEN, "hidden, hidden_cache = affine_forward(X, W1, b1)"),
                (_TWO_DX, '_, grads["W1"], grads["b1"] = affine_backward(dhidden, hidden_cache)'),
            ),
            wrong(
                "no-regularisation-in-loss",
                "The L2 term is missing from the loss: it does not grow with reg; look at where the data loss is returned.",
                (_TWO_REG, "pass"),
            ),
            wrong(
                "regularisation-without-half",
                "The L2 term lacks its factor ½: what reg adds to the loss is twice too large.",
                (_TWO_REG, _TWO_REG.replace("0.5 * ", "")),
            ),
            wrong(
                "regularisation-of-first-layer-only",
                "The L2 term of the loss counts W1 alone; W2 belongs to it too.",
                (_TWO_REG, "loss += 0.5 * self.reg * (W1 * W1).sum()"),
            ),
            wrong(
                "regularisation-of-last-layer-only",
                "The L2 term of the loss counts W2 alone; W1 belongs to it too.",
                (_TWO_REG, "loss += 0.5 * self.reg * (W2 * W2).sum()"),
            ),
            wrong(
                "regularisation-not-squared",
                "The L2 term adds up the weights themselves instead of their squares: negative weights make the loss smaller.",
                (_TWO_REG, "loss += 0.5 * self.reg * (W1.sum() + W2.sum())"),
            ),
            wrong(
                "biases-regularised",
                "The biases are regularised; the L2 term is about the weights only.",
                (
                    _TWO_REG,
                    _TWO_REG + "\n        loss += 0.5 * self.reg * ((b1 * b1).sum() + (b2 * b2).sum())",
                ),
                (_TWO_REG_W1, _TWO_REG_W1 + '\n        grads["b1"] += self.reg * b1'),
                (_TWO_REG_W2, _TWO_REG_W2 + '\n        grads["b2"] += self.reg * b2'),
            ),
            wrong(
                "no-regularisation-in-gradient",
                "The gradients of W1 and W2 lack the part that comes from the L2 term.",
                (_TWO_REG_W1, "pass"),
                (_TWO_REG_W2, "pass"),
            ),
            wrong(
                "first-gradient-not-regularised",
                "The gradient of W1 lacks the part that comes from the L2 term.",
                (_TWO_REG_W1, "pass"),
            ),
            wrong(
                "last-gradient-not-regularised",
                "The gradient of W2 lacks the part that comes from the L2 term.",
                (_TWO_REG_W2, "pass"),
            ),
            wrong(
                "regularisation-of-gradient",
                "The L2 part of the gradients is made of the gradients themselves; it comes from the weights, as the L2 term does.",
                (_TWO_REG_W1, 'grads["W1"] += self.reg * grads["W1"]'),
                (_TWO_REG_W2, 'grads["W2"] += self.reg * grads["W2"]'),
            ),
            wrong(
                "regularisation-gradient-doubled",
                "The L2 part of the gradients is twice too large: the ½ cancels the 2 of the square.",
                (_TWO_REG_W1, _TWO_REG_W1.replace("self.reg", "2 * self.reg")),
                (_TWO_REG_W2, _TWO_REG_W2.replace("self.reg", "2 * self.reg")),
            ),
            wrong(
                "gradient-past-relu",
                "The gradient of the first layer ignores the ReLU; use the backward pass that matches the forward.",
                (_TWO_DX, '_, grads["W1"], grads["b1"] = affine_backward(dhidden, hidden_cache[0])'),
            ),
        ),
        large=enlarged(two_layer_loss_cases, "3,500 features", _many_features, only=("grads",)),
    ),
    Recipe(
        "fc_net.FullyConnectedNet.__init__",
        deep_init_cases,
        (
            wrong(
                "weight-scale-ignored",
                "The weights have standard deviation 1; scale them by weight_scale.",
                (_DEEP_W, _DEEP_W.replace("weight_scale * ", "")),
            ),
            wrong(
                "scale-as-variance",
                "weight_scale is used as the variance; it is the standard deviation.",
                (_DEEP_W, _DEEP_W.replace("weight_scale", "np.sqrt(weight_scale)")),
            ),
            wrong(
                "uniform-weights",
                "The weights are uniform between 0 and weight_scale; draw them from a normal distribution around 0.",
                (_DEEP_W, _DEEP_W.replace("randn", "rand")),
            ),
            wrong(
                "default-scale",
                "The weights always have standard deviation 0.01; use the weight_scale that was asked for.",
                (_DEEP_W, _DEEP_W.replace("weight_scale", "1e-2")),
            ),
            wrong(
                "random-biases",
                "The biases are random; they start at 0.",
                (_DEEP_B, 'self.params[f"b{layer}"] = weight_scale * np.random.randn(fan_out)'),
            ),
            wrong(
                "transposed-weights",
                "The weights are stored with one row per output; it is one row per input.",
                (_DEEP_W, _DEEP_W.replace("fan_in, fan_out", "fan_out, fan_in")),
            ),
            wrong(
                "biases-of-inputs",
                "The biases have one entry per input of their layer; a bias belongs to an output.",
                (_DEEP_B, 'self.params[f"b{layer}"] = np.zeros(fan_in)'),
            ),
            wrong(
                "counted-from-zero",
                "The layers are counted from 0; the first layer's parameters are W1 and b1.",
                ("itertools.pairwise(dims), start=1)", "itertools.pairwise(dims), start=0)"),
            ),
            wrong(
                "last-layer-missing",
                "The parameters of the last layer are missing: L−1 hidden layers need L affine layers.",
                ("dims = [input_dim, *hidden_dims, num_classes]", "dims = [input_dim, *hidden_dims]"),
            ),
            wrong(
                "dtype-ignored",
                "The parameters are not in the dtype that was asked for; numpy draws float64 unless it is told otherwise.",
                (
                    "self.params[name] = value.astype(self.dtype)",
                    "self.params[name] = value.astype(np.float64)",
                ),
            ),
        ),
    ),
    Recipe(
        "fc_net.FullyConnectedNet.loss",
        deep_loss_cases,
        (
            wrong(
                "relu-on-scores",
                "The scores go through a ReLU; the last layer is affine only, scores may be negative.",
                (_DEEP_SCORES, _DEEP_SCORES + "\n        scores = np.maximum(0, scores)"),
            ),
            wrong(
                "no-activation",
                "There are no ReLUs between the layers; without them the net is a single affine map.",
                (_DEEP_HIDDEN, _DEEP_AFFINE),
                (_DEEP_BACK, _DEEP_AFFINE_BACK),
            ),
            wrong(
                "no-regularisation-in-loss",
                "The L2 term is missing from the loss: it does not grow with reg; look at where the data loss is returned.",
                (_DEEP_REG, "pass"),
            ),
            wrong(
                "regularisation-without-half",
                "The L2 term lacks its factor ½: what reg adds to the loss is twice too large.",
                (_DEEP_REG, _DEEP_REG.replace("0.5 * ", "")),
            ),
            wrong(
                "last-layer-not-regularised",
                "The L2 term misses the last layer, in the loss and in its gradient.",
                (_DEEP_ALL, "for layer in range(1, last):"),
            ),
            wrong(
                "first-layer-not-regularised",
                "The L2 term misses the first layer, in the loss and in its gradient.",
                (_DEEP_ALL, "for layer in range(2, last + 1):"),
            ),
            wrong(
                "last-layer-only-regularised",
                "The L2 term counts the last layer alone; every weight matrix belongs to it.",
                (_DEEP_ALL, "for layer in range(last, last + 1):"),
            ),
            wrong(
                "regularisation-not-squared",
                "The L2 term adds up the weights themselves instead of their squares: negative weights make the loss smaller.",
                (_DEEP_REG, _DEEP_REG.replace("(W * W)", "W")),
            ),
            wrong(
                "biases-regularised",
                "The biases are regularised; the L2 term is about the weights only.",
                (
                    _DEEP_REG,
                    _DEEP_REG + '\n            loss += 0.5 * self.reg * (self.params[f"b{layer}"] ** 2).sum()',
                ),
                (
                    _DEEP_REG_W,
                    _DEEP_REG_W + '\n            grads[f"b{layer}"] += self.reg * self.params[f"b{layer}"]',
                ),
            ),
            wrong(
                "no-regularisation-in-gradient",
                "The gradients of the weights lack the part that comes from the L2 term.",
                (_DEEP_REG_W, "pass"),
            ),
            wrong(
                "regularisation-of-gradient",
                "The L2 part of the gradients is made of the gradients themselves; it comes from the weights, as the L2 term does.",
                (_DEEP_REG_W, _DEEP_REG_W.replace("* W", '* grads[f"W{layer}"]')),
            ),
            wrong(
                "regularisation-gradient-doubled",
                "The L2 part of the gradients is twice too large: the ½ cancels the 2 of the square.",
                (_DEEP_REG_W, _DEEP_REG_W.replace("self.reg", "2 * self.reg")),
            ),
            wrong(
                "gradient-past-relu",
                "The gradients ignore the ReLUs; use the backward pass that matches the forward.",
                (_DEEP_BACK, _DEEP_AFFINE_BACK.replace("caches.pop()", "caches.pop()[0]")),
            ),
            wrong(
                "caches-in-forward-order",
                "The caches are used in the order they were made; going backwards, the last comes first.",
                (_DEEP_BACK, _DEEP_BACK.replace("caches.pop()", "caches[last - 1 - layer]")),
            ),
            wrong(
                "dtype-ignored",
                "X is not cast to the net's dtype, so a float32 net computes in float64.",
                (_DEEP_CAST, "X = np.asarray(X)"),
            ),
        ),
        large=enlarged(deep_loss_cases, "3,500 features", _many_features, only=("grads",)),
    ),
)
