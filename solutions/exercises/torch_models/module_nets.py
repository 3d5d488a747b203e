"""Define how the convolutional net is judged, as a module and as a sequence of layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, DrawnAnew, Equal, Initialised, Recipe, Rule, Trait, sizes

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


def init_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw images that are not square, with one channel and with many, and enough filters to measure their spread."""
    for channels, image in ((3, (7, 9)), (1, (9, 8)), (4, (8, 7))):
        f1, f2, k = sizes(rng, 3, low=8, high=14)
        inputs: dict[str, object] = {"C": channels, "F1": f1, "F2": f2, "K": k, "image": image, "std": 1.0}
        aspects: dict[str, Rule] = {
            "weights": Initialised(std="std", is_relative=True),
            "biases": Equal(),
            "count": Equal(),
        }
        yield Case(f"images of {channels} × {image[0]} × {image[1]}", INIT, inputs, aspects)
    yield Case(
        "two nets, each with weights of its own",
        AGAIN,
        inputs,
        {**aspects, "again": DrawnAnew()},
        traits={Trait.SIDE_EFFECT},
    )


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


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], dict[str, object]]]:
    n, h, w = sizes(rng, 3, low=5, high=8)  # large enough for 5 × 5 without padding
    yield "several images", set(), _inputs(rng, n, 3, (h, w))
    yield "images with one channel", {Trait.EDGE_SHAPE}, _inputs(rng, n, 1, (w, h))
    yield "a single image", {Trait.EDGE_SHAPE}, _inputs(rng, 1, 2, (h, w))


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several images, a single one and a single channel, never square."""
    for title, traits, inputs in _situations(rng):
        aspects = {"scores": Equal(), "grads": Equal(), "made": Equal()}
        rest = _BY_NAME + _GIVEN + _FORWARD + _BACKWARD
        yield Case(title, _MODULE + rest, inputs, aspects, _MODULE_ALONE + rest, traits=traits)


def sequential_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw the same cases as for the module."""
    for title, traits, inputs in _situations(rng):
        aspects = {"scores": Equal(), "grads": Equal(), "made": Equal()}
        program = _SEQUENTIAL + _BY_ORDER + _GIVEN + _CALL + _BACKWARD
        yield Case(title, program, inputs, aspects, traits=traits)


RECIPES = (
    Recipe("torch_models.ThreeLayerConvNet.__init__", init_cases),
    Recipe("torch_models.ThreeLayerConvNet.forward", forward_cases),
    Recipe("torch_models.sequential_convnet", sequential_cases),
)
