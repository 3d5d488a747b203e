"""Exercises of ``nndl/torch_models.py``, the parts of bare tensors: rows, weights, two nets, a training step.

Cases are plain arrays, drawn without PyTorch; the program makes tensors of them, and arrays of what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import DrawnAnew, Equal, Initialised, Rule

from .recipe import Recipe, sizes, wrong

FLATTEN = """\
import torch
x = torch.tensor(X, requires_grad=True)
view = x.permute(axes)
out = torch_models.flatten(view)
if out.requires_grad:
    out.backward(torch.tensor(dout))
out, dx = out.detach().numpy(), None if x.grad is None else x.grad.numpy()
"""
WEIGHT = """\
import torch
torch.manual_seed(0)
w = torch_models.random_weight(tuple(shape), dtype=getattr(torch, dtype))
gathers = np.array([float(w.requires_grad), float(w.is_leaf)])
weight = w.detach().numpy()
"""
AGAIN = f"""\
{WEIGHT}w = torch_models.random_weight(tuple(shape), dtype=getattr(torch, dtype))
again = {{"w": weight}}, {{"w": w.detach().numpy()}}
"""
# The upstream gradient is drawn, so that no parameter's gradient is 0 by symmetry.
NET = """\
import torch
tensors = [torch.tensor(array, requires_grad=True) for array in params.values()]
own = torch_models.{function}.__globals__
written, own["flatten"] = own.get("flatten"), lambda x: x.reshape(len(x), -1)  # flatten is judged by itself
try:
    scores = torch_models.{function}(torch.tensor(X), tensors)
finally:
    own["flatten"] = written
scores.backward(torch.tensor(dout))
scores = scores.detach().numpy()
grads = {{name: None if t.grad is None else t.grad.numpy() for name, t in zip(params, tensors)}}
"""

# The net has as many layers as there are pairs of parameters; its tanh has no kinks. Each step has a minibatch of its own.
STEP = """\
import torch
tensors = [torch.tensor(array, requires_grad=True) for array in params.values()]
def forward(X, params):
    hidden = X.flatten(1) @ params[0].T + params[1]
    for w, b in zip(params[2::2], params[3::2]):
        hidden = torch.tanh(hidden) @ w.T + b
    return hidden
if left_over:
    forward(torch.tensor(X[-1]), tensors).pow(2).sum().backward()
given = list(tensors)
losses = []
for images, labels in zip(X, y):
    losses.append(torch_models.train_step(forward, given, torch.tensor(images), torch.tensor(labels), learning_rate))
losses = np.array(losses, dtype=float)
updated = {name: t.detach().numpy() for name, t in zip(params, tensors)}
same_tensors = np.array([float(a is b) for a, b in zip(given, tensors)])
gathers = np.array([float(t.requires_grad and t.is_leaf) for t in tensors])
"""


def flatten_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Images, a single one, rows already, five axes, and images whose channels come last in memory."""
    n, c, h, w, d = sizes(rng, 5)
    for title, shape, axes in (
        ("images", (n, c, h, w), (0, 1, 2, 3)),
        ("a single image", (1, c, h, w), (0, 1, 2, 3)),
        ("rows already", (n, d), (0, 1)),
        ("five axes", (n, c, d, h, w), (0, 1, 2, 3, 4)),
        ("images stored with the channels last", (n, h, w, c), (0, 3, 1, 2)),
    ):
        X = rng.standard_normal(shape)
        inputs: dict[str, object] = {"X": X, "axes": axes, "dout": rng.standard_normal((shape[0], X[0].size))}
        yield Case(title, FLATTEN, inputs, {"out": Equal(), "dx": Equal()})


def weight_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Convolutions and affine layers, tall and wide, in both dtypes; large enough for statistics."""
    f, c, k = (int(size) for size in rng.permutation([12, 9, 7]))
    for title, shape, dtype in (
        ("a convolution", (f, c, 5, 3), "float32"),
        ("an affine layer with many inputs", (c, 20 * k), "float32"),
        ("an affine layer with many outputs", (20 * k, c), "float32"),
        ("float64", (c, f, 3, 5), "float64"),
    ):
        std = float(np.sqrt(2 / np.prod(shape[1:])))
        inputs: dict[str, object] = {"shape": shape, "dtype": dtype, "std": std}
        aspects: dict[str, Rule] = {"weight": Initialised(dtype=True, std="std"), "gathers": Equal()}
        yield Case(title, WEIGHT, inputs, aspects)
    yield Case("two arrays", AGAIN, inputs, {**aspects, "again": DrawnAnew()})


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Weights that keep activations near 1."""
    array: np.ndarray = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    return array


def two_layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Images, plain rows, a single image, float32."""
    n, c, h, w, hidden, k = sizes(rng, 6)
    for title, shape, dtype in (
        ("images", (n, c, h, w), "float64"),
        ("plain rows", (n, c * h), "float64"),
        ("a single image", (1, c, h, w), "float64"),
        ("float32", (n, c, w, h), "float32"),
    ):
        inside = int(np.prod(shape[1:]))
        params = {
            "w1": _normal(rng, hidden, inside), "b1": 0.5 * rng.standard_normal(hidden),
            "w2": _normal(rng, k, hidden), "b2": 0.5 * rng.standard_normal(k),
        }  # fmt: skip
        yield _net_case(rng, title, "two_layer_fc", shape, params, k, dtype)


def convnet_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Images that are not square, one channel, a single image, float32."""
    n, c, h, w, f1, f2, k = sizes(rng, 7)
    for title, shape, dtype in (
        ("several images", (n, c, h, w), "float64"),
        ("images with one channel", (n, 1, w, h), "float64"),
        ("a single image", (1, c, h, w), "float64"),
        ("float32", (n, c, w, h), "float32"),
    ):
        params = {
            "conv_w1": _normal(rng, f1, shape[1], 5, 5), "conv_b1": 0.5 * rng.standard_normal(f1),
            "conv_w2": _normal(rng, f2, f1, 3, 3), "conv_b2": 0.5 * rng.standard_normal(f2),
            "fc_w": _normal(rng, k, f2 * shape[2] * shape[3]), "fc_b": 0.5 * rng.standard_normal(k),
        }  # fmt: skip
        yield _net_case(rng, title, "three_layer_convnet", shape, params, k, dtype)


def _net_case(
    rng: np.random.Generator,
    title: str,
    function: str,
    shape: tuple[int, ...],
    params: dict[str, np.ndarray],
    classes: int,
    dtype: str,
) -> Case:
    inputs: dict[str, object] = {
        "X": rng.standard_normal(shape).astype(dtype),
        "dout": rng.standard_normal((shape[0], classes)).astype(dtype),
        "params": {name: array.astype(dtype) for name, array in params.items()},
    }
    typed = dtype == "float32"
    aspects = {"scores": Equal(dtype=typed), "grads": Equal(dtype=typed)}
    return Case(title, NET.format(function=function), inputs, aspects)


def step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """One step and several, one layer and three, images, a single one, gradients of an earlier backward pass, float32."""
    n, c, h, w, hidden, k = sizes(rng, 6, low=3)
    for title, steps, shape, widths, left_over, dtype in (
        ("one step of an affine layer", 1, (n, c * h), (), False, "float64"),
        ("three steps of two layers, on images", 3, (n, c, h, w), (hidden,), False, "float64"),
        ("gradients of an earlier backward pass", 2, (n, c * w), (hidden,), True, "float64"),
        ("a single image, three layers", 1, (1, c, h, w), (hidden, hidden + 2), False, "float64"),
        ("two steps in float32", 2, (n, c, w, h), (hidden,), False, "float32"),
    ):
        outputs = (*widths, k)
        inputs_of = (int(np.prod(shape[1:])), *widths)
        params: dict[str, np.ndarray] = {}
        for layer, (out, into) in enumerate(zip(outputs, inputs_of, strict=True), 1):
            params[f"w{layer}"] = _normal(rng, out, into).astype(dtype)
            params[f"b{layer}"] = (0.5 * rng.standard_normal(out)).astype(dtype)
        inputs: dict[str, object] = {
            "params": params,
            "X": rng.standard_normal((steps, *shape)).astype(dtype),
            "y": rng.integers(k, size=(steps, shape[0])),
            "learning_rate": round(rng.uniform(0.2, 0.6), 3),
            "left_over": left_over,
        }
        typed = Equal(dtype=dtype == "float32")
        aspects = {"losses": Equal(), "updated": typed, "same_tensors": Equal(), "gathers": Equal()}
        yield Case(title, STEP, inputs, aspects)


_ROWS = "rows = x.reshape(x.shape[0], -1)"
_FAN = "fan_in = math.prod(shape[1:])"
_DRAW = "w = torch.randn(shape, dtype=dtype, device=device) * math.sqrt(2 / fan_in)"
_GATHER = "w.requires_grad_()"
_HIDDEN = "hidden = F.relu(flatten(x) @ w1.T + b1)"
_OUT = "scores = hidden @ w2.T + b2"
_FIRST = "first = F.relu(F.conv2d(x, conv_w1, conv_b1, padding=2))"
_SECOND = "second = F.relu(F.conv2d(first, conv_w2, conv_b2, padding=1))"
_LAST = "scores = F.linear(flatten(second), fc_w, fc_b)"
_CLEAR = "    for w in params:\n        w.grad = None\n"
_LOSS = "loss = F.cross_entropy(forward(X, params), y)"
_BACKWARD = "    loss.backward()\n"
_UNRECORDED = "    with torch.no_grad():\n        for w in params:\n"
_MOVE = "            w -= learning_rate * w.grad\n"

FLATTEN_RECIPE = Recipe(
    "torch_models.flatten",
    flatten_cases,
    (
        wrong(
            "batch-flattened-too",
            "The images have run together into one row; each keeps a row of its own.",
            (_ROWS, "rows = x.reshape(1, -1)"),
        ),
        wrong(
            "one-column",
            "There is one column for each image; it is one row.",
            (_ROWS, "rows = x.reshape(x.shape[0], -1).T"),
        ),
        wrong(
            "channels-kept",
            "Only the last axes are flattened; everything behind the first axis becomes one.",
            (_ROWS, "rows = x.flatten(min(2, x.ndim - 1))"),
        ),
        wrong(
            "channels-last",
            "The entries of an image are in another order: the channels are taken last; keep the order of the axes.",
            (_ROWS, "rows = x.movedim(1, -1).reshape(x.shape[0], -1)"),
        ),
        wrong(
            "mixed-images",
            "The shape is right, but a row holds numbers of several images; moving axes is not the same as reshaping.",
            (_ROWS, "rows = x.movedim(0, -1).reshape(x.shape[0], -1)"),
        ),
        wrong(
            "view-of-a-stranger",
            "view() raises an error where the entries do not lie in order in memory; there is a call that copies if it has to.",
            (_ROWS, "rows = x.view(x.shape[0], -1)"),
        ),
        wrong(
            "cut-off",
            "No gradient comes back to x; the rows have been cut off from its graph.",
            (_ROWS, "rows = x.detach().reshape(x.shape[0], -1)"),
        ),
        wrong(
            "height-and-width-swapped",
            "Rows and columns of the image have changed places; keep the order of the axes.",
            (_ROWS, "rows = x.transpose(-1, -2).reshape(x.shape[0], -1) if x.ndim > 2 else x"),
        ),
    ),
)

WEIGHT_RECIPE = Recipe(
    "torch_models.random_weight",
    weight_cases,
    (
        wrong(
            "unscaled",
            "The weight has standard deviation 1; the more inputs an output sees, the smaller its weights begin.",
            (_DRAW, _DRAW.replace(" * math.sqrt(2 / fan_in)", "")),
        ),
        wrong(
            "xavier",
            "The variance is 1 / fan-in; a ReLU halves the signal, which a factor makes up for.",
            (_DRAW, _DRAW.replace("2 / fan_in", "1 / fan_in")),
        ),
        wrong(
            "variance-as-deviation",
            "2 / fan-in is used as the standard deviation; it is the variance.",
            (_DRAW, _DRAW.replace("math.sqrt(2 / fan_in)", "(2 / fan_in)")),
        ),
        wrong(
            "fan-out",
            "The spread goes by the number of outputs; it goes by the inputs that one output sees.",
            (_FAN, "fan_in = shape[0] * math.prod(shape[2:])"),
        ),
        wrong(
            "channels-only",
            "The fan-in of a convolution is taken for its channels alone; one output sees a window of each of them.",
            (_FAN, "fan_in = shape[1]"),
        ),
        wrong(
            "uniform",
            "The weight is drawn from 0 to 1 and scaled, so that it is never negative; draw from a normal distribution around 0.",
            (_DRAW, _DRAW.replace("randn", "rand")),
        ),
        wrong(
            "zeros",
            "All weights are 0, so every unit would do the same for ever; draw them at random.",
            (_DRAW, _DRAW.replace("randn", "zeros")),
        ),
        wrong(
            "no-gradient",
            "The weight gathers no gradient, so no training step can change it.",
            (_GATHER, "w.requires_grad_(False)"),
        ),
        wrong(
            "not-a-leaf",
            "The weight is the result of a recorded computation, so its .grad stays empty; ask for the gradient after scaling.",
            (_DRAW, _DRAW.replace("device=device)", "device=device, requires_grad=True)")),
            (_GATHER, "pass"),
        ),
        wrong(
            "dtype-ignored",
            "The weight is not of the dtype that was asked for.",
            (_DRAW, _DRAW.replace("dtype=dtype", "dtype=torch.float32")),
        ),
    ),
)

TWO_LAYER_RECIPE = Recipe(
    "torch_models.two_layer_fc",
    two_layer_cases,
    (
        wrong("no-relu", "There is no ReLU between the layers.", (_HIDDEN, "hidden = flatten(x) @ w1.T + b1")),
        wrong(
            "relu-on-scores",
            "The scores have passed a ReLU; negative scores are as good as positive ones.",
            (_OUT, "scores = F.relu(hidden @ w2.T + b2)"),
        ),
        wrong(
            "softmax-on-scores",
            "The scores have passed a softmax; that belongs to the loss.",
            (_OUT, "scores = F.softmax(hidden @ w2.T + b2, dim=1)"),
        ),
        wrong(
            "first-bias-forgotten",
            "b1 has no influence on the scores.",
            (_HIDDEN, "hidden = F.relu(flatten(x) @ w1.T)"),
        ),
        wrong("second-bias-forgotten", "b2 has no influence on the scores.", (_OUT, "scores = hidden @ w2.T")),
        wrong(
            "bias-after-relu",
            "b1 is added after the ReLU; it belongs to the affine layer before it.",
            (_HIDDEN, "hidden = F.relu(flatten(x) @ w1.T) + b1"),
        ),
        wrong(
            "leaky",
            "The hidden layer lets a little of the negative numbers through; a ReLU sets them to 0.",
            (_HIDDEN, "hidden = F.leaky_relu(flatten(x) @ w1.T + b1)"),
        ),
        wrong(
            "tanh",
            "The hidden layer is squashed by a tanh; it is to be a ReLU.",
            (_HIDDEN, "hidden = torch.tanh(flatten(x) @ w1.T + b1)"),
        ),
        wrong(
            "hidden-cut-off",
            "w1 and b1 get no gradient; the hidden layer has been cut off from the graph.",
            (_OUT, "scores = hidden.detach() @ w2.T + b2"),
        ),
        wrong(
            "weights-not-transposed",
            "The shapes do not meet: weights have one row per output here, so the product needs them transposed.",
            (_HIDDEN, "hidden = F.relu(flatten(x) @ w1 + b1)"),
        ),
    ),
)

CONVNET_RECIPE = Recipe(
    "torch_models.three_layer_convnet",
    convnet_cases,
    (
        wrong(
            "first-not-padded",
            "The first convolution is not padded, so its images shrink and do not fit the affine layer.",
            (_FIRST, _FIRST.replace(", padding=2", "")),
            (_SECOND, _SECOND.replace("padding=1", "padding=3")),
        ),
        wrong(
            "padding-unequal",
            "Padding is filled in at one side only; both sides get the same.",
            (_FIRST, "first = F.relu(F.conv2d(F.pad(x, (4, 0, 4, 0)), conv_w1, conv_b1))"),
        ),
        wrong(
            "padded-by-reflection",
            "Beyond the border the image is continued by its own pixels; the padding is zeros.",
            (_FIRST, 'first = F.relu(F.conv2d(F.pad(x, (2, 2, 2, 2), "replicate"), conv_w1, conv_b1))'),
        ),
        wrong(
            "first-relu-missing",
            "There is no ReLU after the first convolution.",
            (_FIRST, "first = F.conv2d(x, conv_w1, conv_b1, padding=2)"),
        ),
        wrong(
            "second-relu-missing",
            "There is no ReLU after the second convolution.",
            (_SECOND, "second = F.conv2d(first, conv_w2, conv_b2, padding=1)"),
        ),
        wrong(
            "relu-on-scores",
            "The scores have passed a ReLU; negative scores are as good as positive ones.",
            (_LAST, "scores = F.relu(F.linear(flatten(second), fc_w, fc_b))"),
        ),
        wrong(
            "softmax-on-scores",
            "The scores have passed a softmax; that belongs to the loss.",
            (_LAST, "scores = F.softmax(F.linear(flatten(second), fc_w, fc_b), dim=1)"),
        ),
        wrong(
            "conv-biases-forgotten",
            "The biases of the convolutions have no influence on the scores.",
            (_FIRST, _FIRST.replace("conv_b1", "None")),
            (_SECOND, _SECOND.replace("conv_b2", "None")),
        ),
        wrong(
            "fc-bias-forgotten",
            "fc_b has no influence on the scores.",
            (_LAST, "scores = F.linear(flatten(second), fc_w)"),
        ),
        wrong(
            "filters-turned",
            "The filters are turned around before use; PyTorch's convolution takes them as they are.",
            (_FIRST, _FIRST.replace("conv_w1", "conv_w1.flip(2, 3)")),
        ),
        wrong(
            "channels-last",
            "The second convolution's output is flattened with its channels last; the affine layer expects them first.",
            (_LAST, "scores = F.linear(flatten(second.movedim(1, -1)), fc_w, fc_b)"),
        ),
        wrong(
            "convolutions-cut-off",
            "The convolutions get no gradient; their output has been cut off from the graph.",
            (_LAST, "scores = F.linear(flatten(second.detach()), fc_w, fc_b)"),
        ),
    ),
)

STEP_RECIPE = Recipe(
    "torch_models.train_step",
    step_cases,
    (
        wrong(
            "gradients-not-cleared",
            "The gradients of earlier minibatches are added to this one's: backward() adds to .grad, so .grad should be empty before it.",
            (_CLEAR, ""),
        ),
        wrong(
            "cleared-only-afterwards",
            "What was left in .grad before the first step is added to its gradient; .grad should be cleared before backward(), not only after the update.",
            (_CLEAR, ""),
            (_MOVE, _MOVE + "            w.grad = None\n"),
        ),
        wrong(
            "update-recorded",
            "The update is made while PyTorch records, and it refuses to change a leaf in place then; an update is no part of the net, so it should not be recorded.",
            (_UNRECORDED, _UNRECORDED.replace("torch.no_grad", "torch.enable_grad")),
        ),
        wrong(
            "new-tensor-instead",
            "The parameters have not moved: `w = …` makes a new tensor and calls it w; the tensor itself should change, by a gradient that is not cleared yet.",
            (_MOVE, "            w = w - learning_rate * w.grad\n"),
        ),
        wrong(
            "entries-replaced",
            "The list holds new tensors after the step; it should hold the same ones, with new values.",
            (_UNRECORDED, _UNRECORDED.replace("for w in params", "for i, w in enumerate(params)")),
            (_MOVE, "            params[i] = (w - learning_rate * w.grad).requires_grad_()\n"),
        ),
        wrong(
            "uphill",
            "The parameters go up along the gradient, so the loss grows; they should go down.",
            (_MOVE, _MOVE.replace("-=", "+=")),
        ),
        wrong(
            "learning-rate-ignored",
            "The step does not depend on the learning rate; it should be the gradient times the learning rate.",
            (_MOVE, _MOVE.replace("learning_rate * ", "")),
        ),
        wrong(
            "summed-over-images",
            "The loss is summed over the minibatch, so the step grows with its size; it should be the mean.",
            (_LOSS, 'loss = F.cross_entropy(forward(X, params), y, reduction="sum")'),
        ),
        wrong(
            "averaged-twice",
            "The gradient is divided by the number of images once more; the mean loss has done that already.",
            (_MOVE, _MOVE.replace("w.grad", "w.grad / len(X)")),
        ),
        wrong(
            "softmax-twice",
            "The scores have passed a softmax before the loss, which does that itself; it should be given the scores as they are.",
            (_LOSS, "loss = F.cross_entropy(F.softmax(forward(X, params), dim=1), y)"),
        ),
        wrong(
            "weights-only",
            "The biases have not moved; every parameter should take the step.",
            (_MOVE, "            if w.ndim > 1:\n                w -= learning_rate * w.grad\n"),
        ),
        wrong(
            "frozen",
            "The parameters gather no gradient any more after the step; they should, for the next one.",
            (_MOVE, "            w.requires_grad_(False)\n" + _MOVE),
        ),
        wrong(
            "loss-after-the-step",
            "This is the loss after the step; it should be the one before, from which the gradients come.",
            (_MOVE, _MOVE + "    loss = F.cross_entropy(forward(X, params), y)\n"),
        ),
    ),
)

RECIPES = (FLATTEN_RECIPE, WEIGHT_RECIPE, TWO_LAYER_RECIPE, CONVNET_RECIPE, STEP_RECIPE)
