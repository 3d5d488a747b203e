"""The exercises of ``nndl/cnn.py``: a convolutional net made of layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import DrawnAnew, Equal, Initialised, Rule

from .recipe import Recipe, enlarged, sizes, wrong

INIT = """\
net = cnn.ThreeLayerConvNet(input_dim=input_dim, num_filters=F, filter_size=filter_size, hidden_dim=M, num_classes=K,
                            weight_scale=weight_scale, reg=reg, dtype=np.dtype(dtype), use_batchnorm=use_batchnorm)
params = net.params
"""
AGAIN = f"""\
{INIT}{INIT.replace("params = net.params", "again = params, net.params")}"""
NET = """\
net = cnn.ThreeLayerConvNet(input_dim=input_dim, num_filters=F, filter_size=filter_size, hidden_dim=M, num_classes=K,
                            reg=reg, dtype=np.dtype(dtype), use_batchnorm=use_batchnorm)
"""
NET_ALONE = """\
net = cnn.ThreeLayerConvNet.__new__(cnn.ThreeLayerConvNet)
net.reg, net.dtype, net.use_batchnorm, net.bn_params = reg, np.dtype(dtype), use_batchnorm, {}
net.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
net.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
"""
PLAIN = """\
net.params = params
scores = net.loss(X)
loss, grads = net.loss(X, y)
"""
NORMALISED = """\
net.params, net.bn_params = params, {1: dict(bn_param), 2: dict(bn_param)}
net.loss(earlier, y)
loss, grads = net.loss(X, y)
scores = net.loss(earlier)  # in test mode
"""


def init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Odd and even images, never square; filters of 3 and 5; both dtypes; with and without batch norm."""
    for channels, image, filter_size, dtype, weight_scale, use_batchnorm in (
        (3, (4, 6), 5, "float32", 0.02, False),
        (2, (7, 5), 3, "float64", 0.5, False),
        (4, (5, 7), 3, "float32", 0.02, True),
    ):
        f, m, k = sizes(rng, 3, low=9, high=14)
        inputs: dict[str, object] = {
            "input_dim": (channels, *image), "F": f, "filter_size": filter_size, "M": m, "K": k,
            "weight_scale": weight_scale, "reg": 0.3, "dtype": dtype, "use_batchnorm": use_batchnorm,
        }  # fmt: skip
        norm = ", with batch norm" if use_batchnorm else ""
        title = f"images of {image[0]} × {image[1]}, filters of {filter_size}, {dtype}{norm}"
        yield Case(title, INIT, inputs, {"params": Initialised(dtype=True)})
    yield Case("two nets", AGAIN, inputs, {"params": Initialised(dtype=True), "again": DrawnAnew()})


def _inputs(
    rng: np.random.Generator,
    n: int,
    image: tuple[int, int, int],
    filter_size: int,
    reg: float,
    dtype: str,
    norm: bool,
    counts: tuple[int, int, int] | None = None,
) -> dict[str, object]:
    """Weights that keep activations near 1, and biases that are not 0."""
    f, m, k = counts or tuple(sizes(rng, 3, low=3, high=6))
    c, h, w = image
    pooled = f * (h // 2) * (w // 2)
    arrays = {
        "W1": rng.standard_normal((f, c, filter_size, filter_size)) / np.sqrt(c * filter_size**2),
        "b1": 0.5 * rng.standard_normal(f),
        "W2": rng.standard_normal((pooled, m)) / np.sqrt(pooled),
        "b2": 0.5 * rng.standard_normal(m),
        "W3": rng.standard_normal((m, k)) / np.sqrt(m),
        "b3": 0.5 * rng.standard_normal(k),
    }
    inputs: dict[str, object] = {
        "input_dim": image, "F": f, "filter_size": filter_size, "M": m, "K": k,
        "reg": reg, "dtype": dtype, "use_batchnorm": norm,
        "X": rng.standard_normal((n, *image)), "y": rng.integers(k, size=n),
    }  # fmt: skip
    if norm:
        for layer, size in ((1, f), (2, m)):
            arrays[f"gamma{layer}"] = rng.uniform(1.5, 2.5, size)
            arrays[f"beta{layer}"] = 0.5 * rng.standard_normal(size)
        inputs["bn_param"] = {"mode": "train", "eps": 0.3, "momentum": 0.7}
        inputs["earlier"] = 0.5 + rng.standard_normal((n, *image))
    return inputs | {"params": {name: array.astype(dtype) for name, array in arrays.items()}}


def loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Odd and even images, one channel, one example, both dtypes; with and without the L2 term and batch norm."""
    n = int(rng.integers(3, 5))
    for title, rows, image, filter_size, reg, dtype, norm in (
        ("reg 0", n, (2, 4, 6), 3, 0.0, "float64", False),
        ("images with an odd number of rows and columns, reg 0.7", n, (3, 7, 5), 3, 0.7, "float64", False),
        ("filters of 5 × 5, one channel, reg 0.4", n, (1, 6, 4), 5, 0.4, "float64", False),
        ("a single example", 1, (2, 5, 4), 3, 0.6, "float64", False),
        ("float32, reg 0.2", n, (2, 4, 5), 3, 0.2, "float32", False),
        ("batch norm, reg 0.5", n, (2, 6, 4), 3, 0.5, "float64", True),
        ("batch norm, float32, reg 0.3", n, (2, 4, 6), 3, 0.3, "float32", True),
    ):
        inputs = _inputs(rng, rows, image, filter_size, reg, dtype, norm)
        params = inputs["params"]
        assert isinstance(params, dict)
        typed = dtype == "float32"
        # The bias of a normalised layer changes nothing: its gradient is 0 but for the rounding of numbers like X.
        aspects: dict[str, Rule] = {
            "scores": Equal(dtype=typed),
            "loss": Equal(),
            "grads": Equal(dtype=typed, scale="X" if norm else ""),
        }
        program = NORMALISED if norm else PLAIN
        yield Case(
            title,
            NET + program,
            inputs,
            aspects,
            NET_ALONE + program,
            gradients={f"grads.{name}": f"params.{name}" for name in params},
            objective=("loss", ""),
        )


_W1 = 'self.params["W1"] = weight_scale * np.random.randn(num_filters, channels, filter_size, filter_size)'
_B1 = 'self.params["b1"] = np.zeros(num_filters)'
_W2 = 'self.params["W2"] = weight_scale * np.random.randn(pooled, hidden_dim)'
_B2 = 'self.params["b2"] = np.zeros(hidden_dim)'
_W3 = 'self.params["W3"] = weight_scale * np.random.randn(hidden_dim, num_classes)'
_B3 = 'self.params["b3"] = np.zeros(num_classes)'
_WEIGHTS = (_W1, _W2, _W3)
_POOLED = "pooled = num_filters * (height // 2) * (width // 2)"

_X = "X = np.asarray(X, dtype=self.dtype)"
_MODE = 'bn_param["mode"] = "test" if y is None else "train"'
_IF = "        if self.use_batchnorm:\n            images, cache1"
_CONV = 'images, cache1 = conv_relu_pool_forward(X, p["W1"], p["b1"], conv_param, pool_param)'
_HIDDEN = 'hidden, cache2 = affine_relu_forward(images, p["W2"], p["b2"])'
_SCORES = 'scores, cache3 = affine_forward(hidden, p["W3"], p["b3"])'
_D3 = 'dhidden, grads["W3"], grads["b3"] = affine_backward(dscores, cache3)'
_D2 = 'dimages, grads["W2"], grads["b2"] = affine_relu_backward(dhidden, cache2)'
_D1 = '_, grads["W1"], grads["b1"] = conv_relu_pool_backward(dimages, cache1, input_gradient=False)'
_D1_NORM = """_, grads["W1"], grads["b1"], grads["gamma1"], grads["beta1"] = conv_bn_relu_pool_backward("""
_EACH = 'for name in ("W1", "W2", "W3"):'
_REG = "loss += 0.5 * self.reg * (p[name] * p[name]).sum()"
_REG_GRAD = "grads[name] += self.reg * p[name]"


INIT_RECIPE = Recipe(
    "cnn.ThreeLayerConvNet.__init__",
    init_cases,
    (
        wrong(
            "weight-scale-ignored",
            "The weights have standard deviation 1; scale them by weight_scale.",
            *((line, line.replace("weight_scale * ", "")) for line in _WEIGHTS),
        ),
        wrong(
            "scale-as-variance",
            "weight_scale is used as the variance; it is the standard deviation.",
            *((line, line.replace("weight_scale", "np.sqrt(weight_scale)")) for line in _WEIGHTS),
        ),
        wrong(
            "uniform-weights",
            "The weights are uniform between 0 and weight_scale; draw them from a normal distribution around 0.",
            *((line, line.replace("randn", "rand")) for line in _WEIGHTS),
        ),
        wrong(
            "default-scale",
            "The weights always have standard deviation 0.001; use the weight_scale that was asked for.",
            *((line, line.replace("weight_scale", "1e-3")) for line in _WEIGHTS),
        ),
        wrong(
            "zero-weights",
            "All weights are 0, so every filter does the same for ever; draw them at random.",
            *((line, line.replace("weight_scale", "0")) for line in _WEIGHTS),
        ),
        wrong(
            "filters-unscaled",
            "The filters are not scaled by weight_scale.",
            (_W1, _W1.replace("weight_scale * ", "")),
        ),
        wrong(
            "random-biases",
            "The biases are random; they start at 0.",
            *((line, line.replace("np.zeros(", "weight_scale * np.random.randn(")) for line in (_B1, _B2, _B3)),
        ),
        wrong(
            "pooling-forgotten",
            "W2 is made for images of full size; the pooling halves height and width before they reach it.",
            (_POOLED, "pooled = num_filters * height * width"),
        ),
        wrong(
            "pooled-in-one-direction",
            "W2 is made for images of half the size; the pooling halves height and width, which leaves a quarter.",
            (_POOLED, "pooled = num_filters * height * width // 2"),
        ),
        wrong(
            "halved-after-multiplying",
            "W2 has a quarter of height times width; height and width are halved, and rounded down, one by one.",
            (_POOLED, "pooled = num_filters * (height * width // 4)"),
        ),
        wrong(
            "rounded-up",
            "W2 has rows for half a window at the border; height and width are rounded down.",
            (_POOLED, "pooled = num_filters * ((height + 1) // 2) * ((width + 1) // 2)"),
        ),
        wrong(
            "assumes-square-images",
            "W2 is made for images as wide as they are high; images need not be square.",
            (_POOLED, "pooled = num_filters * (height // 2) ** 2"),
        ),
        wrong(
            "padding-forgotten",
            "W2 is made for a convolution that shrinks the image; this one is padded and keeps its size.",
            (
                _POOLED,
                "pooled = num_filters * ((height - filter_size + 1) // 2) * ((width - filter_size + 1) // 2)",
            ),
        ),
        wrong(
            "channels-for-filters",
            "W2 is made for the channels of the image; after the convolution there is one channel for each filter.",
            (_POOLED, _POOLED.replace("num_filters", "channels")),
        ),
        wrong(
            "three-channels",
            "The filters always have three channels; an image has the number that input_dim says.",
            (_W1, _W1.replace("channels", "3")),
        ),
        wrong(
            "channels-first",
            "W1 has one filter for each channel; its shape is (F, C, filter_size, filter_size).",
            (_W1, _W1.replace("num_filters, channels", "channels, num_filters")),
        ),
        wrong(
            "transposed-weights",
            "W2 and W3 are stored with one row per output; it is one row per input.",
            (_W2, _W2.replace("pooled, hidden_dim", "hidden_dim, pooled")),
            (_W3, _W3.replace("hidden_dim, num_classes", "num_classes, hidden_dim")),
        ),
        wrong(
            "one-bias-per-channel",
            "b1 has one entry per channel of the image; a bias belongs to a filter.",
            (_B1, _B1.replace("num_filters", "channels")),
        ),
        wrong(
            "dtype-ignored",
            "The parameters are not in the dtype that was asked for; numpy draws float64 unless it is told otherwise.",
            ("self.params[name] = value.astype(self.dtype)", "self.params[name] = value.astype(np.float64)"),
        ),
    ),
)

LOSS_RECIPE = Recipe(
    "cnn.ThreeLayerConvNet.loss",
    loss_cases,
    (
        wrong(
            "relu-on-scores",
            "The scores go through a ReLU; the last layer is affine only, scores may be negative.",
            (_SCORES, f"{_SCORES}\n        scores = np.maximum(0, scores)"),
        ),
        wrong(
            "no-activation",
            "There is no ReLU after the hidden affine layer; without one the last two layers are a single affine map.",
            (_HIDDEN, _HIDDEN.replace("affine_relu_forward", "affine_forward")),
            (_D2, _D2.replace("affine_relu_backward", "affine_backward")),
        ),
        wrong(
            "batch-norm-ignored",
            "The net leaves out the normalisations although use_batchnorm is set.",
            (_IF, _IF.replace("self.use_batchnorm", "False")),
            (
                "        if self.use_batchnorm:\n            dimages, ",
                (
                    '        if self.use_batchnorm:\n            grads.update({name: np.zeros_like(p[name]) for name in ("gamma1", "beta1", "gamma2", "beta2")})\n'
                    "        if False:\n            dimages, "
                ),
            ),
        ),
        wrong(
            "training-mode-at-test-time",
            "Without labels batch norm still uses the statistics of the minibatch; it belongs in test mode.",
            (_MODE, 'bn_param["mode"] = "train"'),
        ),
        wrong(
            "norm-on-scores",
            "The scores are normalised; the last layer is affine only.",
            (_SCORES, f"{_SCORES}\n        scores = (scores - scores.mean(axis=0)) / (scores.std(axis=0) + 1e-5)"),
        ),
        wrong(
            "no-regularisation-in-loss",
            "The L2 term is missing from the loss: it does not grow with reg; look at where the data loss is returned.",
            (_REG, "pass"),
        ),
        wrong(
            "regularisation-without-half",
            "The L2 term lacks its factor ½: what reg adds to the loss is twice too large.",
            (_REG, _REG.replace("0.5 * ", "")),
        ),
        wrong(
            "filters-not-regularised",
            "The L2 term misses the filters W1, in the loss and in its gradient.",
            (_EACH, 'for name in ("W2", "W3"):'),
        ),
        wrong(
            "hidden-layer-not-regularised",
            "The L2 term misses W2, in the loss and in its gradient.",
            (_EACH, 'for name in ("W1", "W3"):'),
        ),
        wrong(
            "last-layer-not-regularised",
            "The L2 term misses the last layer, in the loss and in its gradient.",
            (_EACH, 'for name in ("W1", "W2"):'),
        ),
        wrong(
            "regularisation-not-squared",
            "The L2 term adds up the weights themselves instead of their squares: negative weights make the loss smaller.",
            (_REG, _REG.replace("(p[name] * p[name])", "p[name]")),
        ),
        wrong(
            "biases-regularised",
            "The biases are regularised; the L2 term is about the weights only.",
            (_EACH, 'for name in ("W1", "W2", "W3", "b1", "b2", "b3"):'),
        ),
        wrong(
            "normalisation-regularised",
            "gamma and beta are regularised; the L2 term is about the weights only.",
            (_EACH, 'for name in (name for name in p if name[0] != "b" or name[1] == "e"):'),
        ),
        wrong(
            "no-regularisation-in-gradient",
            "The gradients of the weights lack the part that comes from the L2 term.",
            (_REG_GRAD, "pass"),
        ),
        wrong(
            "first-gradient-not-regularised",
            "The gradient of W1 lacks the part that comes from the L2 term.",
            (_REG_GRAD, 'grads[name] += self.reg * p[name] * (name != "W1")'),
        ),
        wrong(
            "last-gradient-not-regularised",
            "The gradient of W3 lacks the part that comes from the L2 term.",
            (_REG_GRAD, 'grads[name] += self.reg * p[name] * (name != "W3")'),
        ),
        wrong(
            "regularisation-of-gradient",
            "The L2 part of the gradients is made of the gradients themselves; it comes from the weights, as the L2 term does.",
            (_REG_GRAD, _REG_GRAD.replace("p[name]", "grads[name]")),
        ),
        wrong(
            "regularisation-gradient-doubled",
            "The L2 part of the gradients is twice too large: the ½ cancels the 2 of the square.",
            (_REG_GRAD, _REG_GRAD.replace("self.reg", "2 * self.reg")),
        ),
        wrong(
            "regularisation-replaces-the-gradient",
            "The gradients of the weights hold the L2 part alone; it is added to what came through the layers.",
            (_REG_GRAD, _REG_GRAD.replace("+=", "=")),
        ),
        wrong(
            "gradient-past-relu",
            "The gradient ignores the ReLU of the hidden layer; use the backward pass that matches the forward.",
            (_D2, 'dimages, grads["W2"], grads["b2"] = affine_backward(dhidden, cache2[0])'),
        ),
        wrong(
            "gradient-past-first-relu",
            "The gradient of the filters ignores the ReLU after the convolution; the backward pass has to match the forward.",
            (_D1, f"cache1 = ((cache1[0][0], np.ones_like(cache1[0][1])), cache1[1])\n            {_D1}"),
        ),
        wrong(
            "scale-and-shift-swapped",
            "The gradients of gamma1 and beta1 are exchanged; mind the order in which the backward pass returns them.",
            (_D1_NORM, _D1_NORM.replace('grads["gamma1"], grads["beta1"]', 'grads["beta1"], grads["gamma1"]')),
        ),
        wrong(
            "dtype-ignored",
            "The net computes in float64 although its dtype is float32; look at the dtype that X has when it enters the first layer.",
            (_X, "X = np.asarray(X, dtype=np.float64)"),
        ),
    ),
    large=enlarged(
        loss_cases,
        "150 hidden units",
        lambda rng: _inputs(rng, 1, (3, 16, 18), 3, 0.4, "float64", False, (8, 150, 5)),
        only=("grads",),
    ),
)

RECIPES = (INIT_RECIPE, LOSS_RECIPE)
