"""Exercises of ``nndl/torch_models.py``, the parts made of modules: the net twice more, and how a model is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import DrawnAnew, Equal, Initialised, Rule

from .recipe import Recipe, sizes, wrong

# Weights are divided by the deviation they should have, so that every layer's should be 1.
INIT = """\
import torch
torch.manual_seed(0)
net = torch_models.ThreeLayerConvNet(C, F1, F2, K, tuple(image))
layers = {"conv1": net.conv1, "conv2": net.conv2, "fc": net.fc}
weights = {name: (layer.weight * (layer.weight[0].numel() / 2) ** 0.5).detach().numpy() for name, layer in layers.items()}
biases = {name: layer.bias.detach().numpy() for name, layer in layers.items()}
count = np.array(sum(p.numel() for p in net.parameters() if p.requires_grad))
"""
AGAIN = f"""\
{INIT}net = torch_models.ThreeLayerConvNet(C, F1, F2, K, tuple(image))
again = weights, {{name: getattr(net, name).weight.detach().numpy() for name in weights}}
"""
_MODULE = """\
import torch
torch.manual_seed(0)
net = torch_models.ThreeLayerConvNet(C, F1, F2, K, tuple(image)).double()
"""
_MODULE_ALONE = """\
import torch
torch.manual_seed(0)
net = torch_models.ThreeLayerConvNet.__new__(torch_models.ThreeLayerConvNet)
torch.nn.Module.__init__(net)
net.conv1, net.conv2 = torch.nn.Conv2d(C, F1, 5, padding=2), torch.nn.Conv2d(F1, F2, 3, padding=1)
net.fc = torch.nn.Linear(F2 * image[0] * image[1], K)
net.double()
"""
_SEQUENTIAL = """\
import torch
torch.manual_seed(0)
net = torch_models.sequential_convnet(C, F1, F2, K, tuple(image)).double()
"""
# A module's layers may be made in any order; those of a list have one.
_BY_NAME = """\
own = [getattr(getattr(net, layer), kind) for layer, kind in (name.split("_") for name in params)]
"""
_BY_ORDER = "own = list(net.parameters())\n"
# With the same weights the same scores and gradients; what forward makes anew shows in the count.
_GIVEN = """\
before = len(list(net.parameters()))
with torch.no_grad():
    for parameter, given in zip(own, params.values(), strict=True):
        parameter.copy_(torch.tensor(given))
"""
_FORWARD = """\
theirs = type(net).forward.__globals__
written, theirs["flatten"] = theirs.get("flatten"), lambda x: x.reshape(len(x), -1)  # flatten is judged by itself
try:
    scores = net(torch.tensor(X))
finally:
    theirs["flatten"] = written
"""
_CALL = "scores = net(torch.tensor(X))\n"
_BACKWARD = """\
scores.backward(torch.tensor(dout))
scores = scores.detach().numpy()
grads = {name: None if p.grad is None else p.grad.numpy() for name, p in zip(params, own)}
made = np.array(len(list(net.parameters())) - before)
"""
# The model writes down how it is called. Its dropout and its running mean tell evaluation from training.
ACCURACY = """\
import torch
class Witness(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(W.shape[1], momentum=0.5, affine=False).double()
        self.drop = torch.nn.Dropout(0.5)
        self.linear = torch.nn.Linear(*W.shape[::-1]).double()
        self.linear.weight.data, self.linear.bias.data = torch.tensor(W), torch.tensor(b)
        self.calls = []
    def forward(self, x):
        scores = self.linear(self.drop(self.norm(x.flatten(1))))
        self.calls.append((len(x), float(self.training), float(scores.requires_grad)))
        return scores
torch.manual_seed(0)
model = Witness().train(training)
accuracy = float(torch_models.check_accuracy(model, torch.tensor(X), torch.tensor(y), batch_size))
batches, in_training, graphs = (np.array(column) for column in zip(*model.calls))
in_training, graphs = in_training.max(), graphs.max()
mode = np.array([float(part.training) for part in model.modules()])
running_mean = model.norm.running_mean.numpy()
"""


def init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Images that are not square, one channel, many; filters enough for statistics."""
    for channels, image in ((3, (7, 9)), (1, (9, 8)), (4, (8, 7))):
        f1, f2, k = sizes(rng, 3, low=8, high=14)
        inputs: dict[str, object] = {"C": channels, "F1": f1, "F2": f2, "K": k, "image": image, "std": 1.0}
        aspects: dict[str, Rule] = {"weights": Initialised(std="std"), "biases": Equal(), "count": Equal()}
        yield Case(f"images of {channels} × {image[0]} × {image[1]}", INIT, inputs, aspects)
    yield Case("two nets", AGAIN, inputs, {**aspects, "again": DrawnAnew()})


def _inputs(rng: np.random.Generator, rows: int, channels: int, image: tuple[int, int]) -> dict[str, object]:
    f1, f2, k = sizes(rng, 3, low=3, high=7)
    shapes: dict[str, tuple[int, ...]] = {
        "conv1.weight": (f1, channels, 5, 5), "conv1.bias": (f1,),
        "conv2.weight": (f2, f1, 3, 3), "conv2.bias": (f2,),
        "fc.weight": (k, f2 * image[0] * image[1]), "fc.bias": (k,),
    }  # fmt: skip
    params = {
        name.replace(".", "_"): rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) if len(shape) > 1 else 4)
        for name, shape in shapes.items()
    }
    return {
        "C": channels, "F1": f1, "F2": f2, "K": k, "image": image, "params": params,
        "X": rng.standard_normal((rows, channels, *image)), "dout": rng.standard_normal((rows, k)),
    }  # fmt: skip


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, dict[str, object]]]:
    n, h, w = sizes(rng, 3, low=5, high=8)  # large enough for 5 × 5 without padding
    yield "several images", _inputs(rng, n, 3, (h, w))
    yield "images with one channel", _inputs(rng, n, 1, (w, h))
    yield "a single image", _inputs(rng, 1, 2, (h, w))


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several images, a single one, a single channel; never square."""
    for title, inputs in _situations(rng):
        aspects = {"scores": Equal(), "grads": Equal(), "made": Equal()}
        rest = _BY_NAME + _GIVEN + _FORWARD + _BACKWARD
        yield Case(title, _MODULE + rest, inputs, aspects, _MODULE_ALONE + rest)


def sequential_cases(rng: np.random.Generator) -> Iterator[Case]:
    """As for the module."""
    for title, inputs in _situations(rng):
        aspects = {"scores": Equal(), "grads": Equal(), "made": Equal()}
        program = _SEQUENTIAL + _BY_ORDER + _GIVEN + _CALL + _BACKWARD
        yield Case(title, program, inputs, aspects)


def accuracy_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches that fit, a smaller last one, fewer images than a batch; a model in either mode."""
    size, c, h, w = sizes(rng, 4, low=3, high=7)
    for title, rows, batch_size, training in (
        ("a smaller last batch", 4 * size + 2, size, True),
        ("a model in evaluation mode", 3 * size + 1, size, False),
        ("fewer images than a batch", size, 50, True),
        ("batches that fit", 5 * size, size, True),
    ):
        X, k = rng.standard_normal((rows, c, h, w)), c + 2
        W, b = rng.standard_normal((k, c * h * w)), rng.standard_normal(k)
        y = (X.reshape(rows, -1) @ W.T + b).argmax(axis=1)
        # About a third is wrong, the first and the last image among them: each batch counts, by its size.
        off = rng.random(rows) < 0.3
        off[0] = off[-1] = True
        off[1] = False
        inputs: dict[str, object] = {
            "X": X, "y": np.where(off, (y + 1) % k, y), "W": W, "b": b, "batch_size": batch_size, "training": training,
        }  # fmt: skip
        aspects = {name: Equal() for name in ("accuracy", "batches", "in_training", "graphs", "mode", "running_mean")}
        yield Case(title, ACCURACY, inputs, aspects)


_CONV1 = "        self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)"
_CONV2 = "        self.conv2 = nn.Conv2d(channel_1, channel_2, 3, padding=1)"
_FC = "        self.fc = nn.Linear(channel_2 * height * width, num_classes)"
_EACH = "for layer in (self.conv1, self.conv2, self.fc):"
_KAIMING = 'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")'
_ZEROS = "nn.init.zeros_(layer.bias)"
_FIRST = "first = F.relu(self.conv1(x))"
_SECOND = "second = F.relu(self.conv2(first))"
_SCORES = "scores = self.fc(flatten(second))"

INIT_RECIPE = Recipe(
    "torch_models.ThreeLayerConvNet.__init__",
    init_cases,
    (
        wrong(
            "left-as-drawn",
            "The weights are those that PyTorch draws by itself, smaller than Kaiming normal with the gain of a ReLU.",
            (_KAIMING, "pass"),
        ),
        wrong(
            "gain-of-one",
            "The weights have variance 1 / fan-in; the gain of a ReLU is missing.",
            (_KAIMING, 'nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")'),
        ),
        wrong(
            "fan-out",
            "The spread of the weights goes by the outputs; it goes by the inputs (mode fan_in).",
            (_KAIMING, 'nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")'),
        ),
        wrong(
            "unit-normal",
            "The weights have standard deviation 1; it goes by the fan-in.",
            (_KAIMING, "nn.init.normal_(layer.weight)"),
        ),
        wrong(
            "zero-weights",
            "All weights are 0, so every filter does the same for ever; draw them at random.",
            (_KAIMING, "nn.init.zeros_(layer.weight)"),
        ),
        wrong(
            "affine-layer-forgotten",
            "The weights of the affine layer are left as PyTorch draws them; all three layers are Kaiming normal.",
            (_EACH, "nn.init.zeros_(self.fc.bias)\n        for layer in (self.conv1, self.conv2):"),
        ),
        wrong(
            "biases-as-drawn",
            "The biases are left as PyTorch draws them; they begin at 0.",
            (_ZEROS, "pass"),
        ),
        wrong(
            "biases-of-one",
            "The biases begin at 1; they begin at 0.",
            (_ZEROS, "nn.init.ones_(layer.bias)"),
        ),
        wrong(
            "padding-forgotten",
            "The affine layer is made for images that the convolutions have shrunk; they are padded and keep their size.",
            (_CONV1, _CONV1.replace(", padding=2", "")),
            (_CONV2, _CONV2.replace(", padding=1", "")),
            (_FC, _FC.replace("height * width", "(height - 6) * (width - 6)")),
        ),
        wrong(
            "filters-swapped",
            "The first convolution has filters of 3 × 3 and the second of 5 × 5; it is the other way round.",
            (_CONV1, _CONV1.replace("5, padding=2", "3, padding=1")),
            (_CONV2, _CONV2.replace("3, padding=1", "5, padding=2")),
        ),
        wrong(
            "images-taken-for-32",
            "The affine layer is made for images of 32 × 32; an image has the size that was asked for.",
            (_FC, _FC.replace("height * width", "32 * 32")),
        ),
        wrong(
            "square-images",
            "The affine layer is made for images as wide as they are high; they need not be.",
            (_FC, _FC.replace("height * width", "height * height")),
        ),
        wrong(
            "frozen",
            "The parameters gather no gradient, so no training step can change them.",
            (_ZEROS, _ZEROS + "\n            layer.requires_grad_(False)"),
        ),
    ),
)

FORWARD_RECIPE = Recipe(
    "torch_models.ThreeLayerConvNet.forward",
    forward_cases,
    (
        wrong("first-relu-missing", "There is no ReLU after conv1.", (_FIRST, "first = self.conv1(x)")),
        wrong("second-relu-missing", "There is no ReLU after conv2.", (_SECOND, "second = self.conv2(first)")),
        wrong(
            "no-relu-at-all",
            "There is no ReLU anywhere, so three layers are worth no more than one.",
            (_FIRST, "first = self.conv1(x)"),
            (_SECOND, "second = self.conv2(first)"),
        ),
        wrong(
            "relu-on-scores",
            "The scores have passed a ReLU; negative scores are as good as positive ones.",
            (_SCORES, "scores = F.relu(self.fc(flatten(second)))"),
        ),
        wrong(
            "softmax-on-scores",
            "The scores have passed a softmax; that belongs to the loss.",
            (_SCORES, "scores = F.softmax(self.fc(flatten(second)), dim=1)"),
        ),
        wrong(
            "log-softmax-on-scores",
            "The scores have passed a log-softmax; that belongs to the loss.",
            (_SCORES, "scores = F.log_softmax(self.fc(flatten(second)), dim=1)"),
        ),
        wrong(
            "parameters-in-forward",
            "forward makes a layer, with new random weights in each call; layers are made once, in __init__.",
            (
                _SCORES,
                "self.last = nn.Linear(second[0].numel(), len(self.fc.bias)).to(x.dtype)\n        scores = self.last(flatten(second))",
            ),
        ),
        wrong(
            "idle-parameters",
            "forward adds a parameter to the net; parameters are made once, in __init__.",
            (_SCORES, "scores = self.fc(flatten(second))\n        self.spare = nn.Parameter(torch.zeros(1))"),
        ),
        wrong(
            "cut-off",
            "The convolutions get no gradient; their output has been cut off from the graph.",
            (_SCORES, "scores = self.fc(flatten(second).detach())"),
        ),
        wrong(
            "first-cut-off",
            "conv1 gets no gradient; its output has been cut off from the graph.",
            (_SECOND, "second = F.relu(self.conv2(first.detach()))"),
        ),
        wrong(
            "channels-last",
            "The images are flattened with the channels last; the affine layer expects them first.",
            (_SCORES, "scores = self.fc(flatten(second.movedim(1, -1)))"),
        ),
    ),
)

_SEQ_CONV1 = "        nn.Conv2d(in_channel, channel_1, 5, padding=2),\n        nn.ReLU(),\n"
_SEQ_CONV2 = "        nn.Conv2d(channel_1, channel_2, 3, padding=1),\n        nn.ReLU(),\n"
_SEQ_FLAT = "        nn.Flatten(),\n"
_SEQ_FC = "        nn.Linear(channel_2 * height * width, num_classes),\n"

SEQUENTIAL_RECIPE = Recipe(
    "torch_models.sequential_convnet",
    sequential_cases,
    (
        wrong(
            "first-relu-missing",
            "There is no ReLU after the first convolution.",
            (_SEQ_CONV1, _SEQ_CONV1.replace("        nn.ReLU(),\n", "")),
        ),
        wrong(
            "second-relu-missing",
            "There is no ReLU after the second convolution.",
            (_SEQ_CONV2, _SEQ_CONV2.replace("        nn.ReLU(),\n", "")),
        ),
        wrong(
            "relu-on-scores",
            "The scores have passed a ReLU; negative scores are as good as positive ones.",
            (_SEQ_FC, _SEQ_FC + "        nn.ReLU(),\n"),
        ),
        wrong(
            "softmax-on-scores",
            "The scores have passed a softmax; that belongs to the loss.",
            (_SEQ_FC, _SEQ_FC + "        nn.Softmax(dim=1),\n"),
        ),
        wrong(
            "first-not-padded",
            "The images shrink in the first convolution and grow again in the second; each keeps their size.",
            (_SEQ_CONV1, _SEQ_CONV1.replace(", padding=2", "")),
            (_SEQ_CONV2, _SEQ_CONV2.replace("padding=1", "padding=3")),
        ),
        wrong(
            "leaky",
            "A little of the negative numbers passes after the first convolution; a ReLU sets them to 0.",
            (_SEQ_CONV1, _SEQ_CONV1.replace("ReLU", "LeakyReLU")),
        ),
        wrong(
            "dropout",
            "There is a dropout layer, so the same images get other scores each time; this net has none.",
            (_SEQ_FLAT, _SEQ_FLAT + "        nn.Dropout(0.25),\n"),
        ),
        wrong(
            "images-taken-for-32",
            "The affine layer is made for images of 32 × 32; an image has the size that was asked for.",
            (_SEQ_FC, _SEQ_FC.replace("height * width", "32 * 32")),
        ),
        wrong(
            "mirrored-padding",
            "Beyond the border the image is continued by its own pixels; the padding is zeros.",
            (_SEQ_CONV1, _SEQ_CONV1.replace("padding=2", 'padding=2, padding_mode="replicate"')),
        ),
    ),
)

_MODE = "    model.eval()\n"
_NO_GRAD = "with torch.no_grad():\n        for images"
_BATCHES = "zip(X.split(batch_size), y.split(batch_size), strict=True)"
_COUNT = "right += int((model(images).argmax(dim=1) == labels).sum())"
_BACK = "    model.train(was_training)\n"
_SHARE = "accuracy = right / len(y)"

ACCURACY_RECIPE = Recipe(
    "torch_models.check_accuracy",
    accuracy_cases,
    (
        wrong(
            "mode-not-switched",
            "The model is evaluated in the mode it came in, so in training dropout still drops; switch to evaluation first.",
            (_MODE, ""),
        ),
        wrong(
            "left-in-evaluation",
            "The model is left in evaluation mode; it should be in the mode it came in.",
            (_BACK, ""),
        ),
        wrong(
            "always-back-to-training",
            "The model is put into training mode afterwards, whatever it was in before.",
            (_BACK, "    model.train()\n"),
        ),
        wrong(
            "graph-kept",
            "The scores carry a graph that nobody needs, which costs memory and time; evaluate without gradients.",
            (_NO_GRAD, _NO_GRAD.replace("no_grad", "enable_grad")),
        ),
        wrong(
            "mean-of-batches",
            "The accuracies of the batches are averaged, so that a small last batch counts as much as a full one.",
            (_COUNT, "right += float((model(images).argmax(dim=1) == labels).double().mean())"),
            (_SHARE, "accuracy = right / len(y.split(batch_size))"),
        ),
        wrong(
            "last-batch-left-out",
            "The images of an incomplete last batch are not looked at.",
            (
                _BATCHES,
                "[pair for pair in zip(X.split(batch_size), y.split(batch_size)) if len(pair[1]) == batch_size]",
            ),
        ),
        wrong(
            "all-at-once",
            "All images are given to the model at once; give it batch_size of them at a time.",
            (_BATCHES, "[(X, y)]"),
        ),
        wrong(
            "count-returned",
            "This is the number of images that are right; it should be their share.",
            (_SHARE, "accuracy = right"),
        ),
        wrong(
            "percent",
            "The accuracy is in percent; it should be between 0 and 1.",
            (_SHARE, "accuracy = 100 * right / len(y)"),
        ),
        wrong(
            "share-of-full-batches",
            "The share is taken of as many images as full batches hold; the last batch may be smaller.",
            (_SHARE, "accuracy = right / (len(y.split(batch_size)) * batch_size)"),
        ),
        wrong(
            "least-likely-class",
            "The class with the lowest score is taken for the answer; it is the one with the highest.",
            (_COUNT, _COUNT.replace("argmax", "argmin")),
        ),
        wrong(
            "error-rate",
            "This is the share of images that are wrong.",
            (_COUNT, _COUNT.replace("==", "!=")),
        ),
    ),
)

RECIPES = (INIT_RECIPE, FORWARD_RECIPE, SEQUENTIAL_RECIPE, ACCURACY_RECIPE)
