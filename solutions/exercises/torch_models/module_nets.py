"""Define how the convolutional net is judged, as a module and as a sequence of layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, DrawnAnew, Equal, Initialised, Paired, Recipe, Rule, Trait, sizes

from ._nets import LARGE

# Weights are divided by the deviation they should have, so that every layer's should be 1.
INIT = """\
import torch
torch.manual_seed(0)
net = torch_models.ThreeLayerConvNet(C, F1, F2, K, tuple(image))
layers = {"conv1": net.conv1, "conv2": net.conv2, "fc": net.fc}
weights = {name: (layer.weight * (layer.weight[0].numel() / 2) ** 0.5).detach().numpy() for name, layer in layers.items()}
biases = {name: layer.bias.detach().numpy() for name, layer in layers.items()}
count = np.array(sum(p.numel() for p in net.parameters() if p.requires_grad))
images = torch.tensor(X, dtype=torch.float32)  # as the weights
maps = torch.ones(len(X), F1, *images.shape[2:])
with torch.no_grad():
    given = [(net.conv1, images, 2), (net.conv2, maps, 1)]
    convolved = [(conv(x), torch.nn.functional.conv2d(x, conv.weight, conv.bias, padding=p)) for conv, x, p in given]
convolved = {f"conv{i}": (own.numpy(), asked.numpy()) for i, (own, asked) in enumerate(convolved, 1)}
"""
AGAIN = f"""\
{INIT}net = torch_models.ThreeLayerConvNet(C, F1, F2, K, tuple(image))
again = weights, {{name: getattr(net, name).weight.detach().numpy() for name in weights}}
"""
_MODULE = """\
import torch
torch.manual_seed(0)
net = torch_models.ThreeLayerConvNet(C, F1, F2, K, tuple(image)).double().train()
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
# PyTorch draws weights and biases alike: uniform up to 1 / √fan-in. Divided by their deviation, each should have 1.
SEQUENTIAL_INIT = """\
import torch
torch.manual_seed(0)
net = torch_models.sequential_convnet(C, F1, F2, K, tuple(image))
own = list(net.parameters())
if len(own) == 6:
    spread = [(3 * weight[0].numel()) ** 0.5 for weight in own[::2]]
    drawn = {name: (w * s).detach().numpy() for name, w, s in zip(("conv1", "conv2", "fc"), own[::2], spread)}
    drawn["biases"] = torch.cat([b * s for b, s in zip(own[1::2], spread)])[None].detach().numpy()
is_sequential = np.array(float(isinstance(net, torch.nn.Sequential)))
net = torch_models.sequential_convnet(C, F1, F2, K, tuple(image))
again = tuple({str(i): p.detach().numpy() for i, p in enumerate(tensors)} for tensors in (own, net.parameters()))
"""
_SEQUENTIAL = """\
import torch
torch.manual_seed(0)
net = torch_models.sequential_convnet(C, F1, F2, K, tuple(image)).double().train()
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
_LEFT = """\
parts_in_another_mode = np.array(float(sum(not part.training for part in net.modules())))
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
        inputs["X"] = rng.standard_normal((2, channels, *image))
        aspects: dict[str, Rule] = {
            "weights": Initialised(std="std", is_relative=True),
            "biases": Equal(),
            "count": Equal(),
            "convolved": Paired(),
        }
        yield Case(f"images of {channels} × {image[0]} × {image[1]}", INIT, inputs, aspects)
    yield Case(
        "two nets, each with weights of its own",
        AGAIN,
        inputs,
        {**aspects, "again": DrawnAnew()},
        traits={Trait.SIDE_EFFECT},
    )


def _inputs(
    rng: np.random.Generator, rows: int, channels: int, image: tuple[int, int], scale: float = 1.0
) -> dict[str, object]:
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
        "X": scale * rng.standard_normal((rows, channels, *image)), "dout": rng.standard_normal((rows, k)),
    }  # fmt: skip


def _situations(rng: np.random.Generator) -> Iterator[tuple[str, set[Trait], dict[str, object]]]:
    n, h, w = sizes(rng, 3, low=5, high=8)  # large enough for 5 × 5 without padding
    yield "several images", set(), _inputs(rng, n, 3, (h, w), LARGE)
    yield "several images of small numbers", set(), _inputs(rng, n, 2, (w, h))
    yield "images with one channel", {Trait.EDGE_SHAPE}, _inputs(rng, n, 1, (w, h))
    yield "a single image", {Trait.EDGE_SHAPE}, _inputs(rng, 1, 2, (h, w))


def forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several images, with large and with small numbers, a single one and a single channel, never square."""
    for title, traits, inputs in _situations(rng):
        aspects = {name: Equal() for name in ("scores", "grads", "made", "parts_in_another_mode")}
        rest = _BY_NAME + _GIVEN + _FORWARD + _BACKWARD + _LEFT
        effects = {"parts_in_another_mode"}
        yield Case(title, _MODULE + rest, inputs, aspects, _MODULE_ALONE + rest, traits=traits, effects=effects)
    n, h, w = sizes(rng, 3, low=5, high=8)
    rest = "net.eval()\n" + _BY_NAME + _GIVEN + _FORWARD + _BACKWARD
    aspects = {name: Equal() for name in ("scores", "grads", "made")}
    tested = {Trait.TEST_MODE}
    title = "evaluation mode"
    yield Case(title, _MODULE + rest, _inputs(rng, n, 3, (w, h)), aspects, _MODULE_ALONE + rest, traits=tested)


def sequential_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw the same cases as for the module, and enough filters to measure how the parameters are spread."""
    for title, traits, inputs in _situations(rng):
        aspects = {"scores": Equal(), "grads": Equal(), "made": Equal()}
        program = _SEQUENTIAL + _BY_ORDER + _GIVEN + _CALL + _BACKWARD
        yield Case(title, program, inputs, aspects, traits=traits)
    f1, f2, k = sizes(rng, 3, low=12, high=20)
    inputs = {"C": 3, "F1": f1, "F2": f2, "K": k, "image": (5, 4), "std": 1.0}
    fresh: dict[str, Rule] = {
        "drawn": Initialised(std="std", is_relative=True, is_uniform=True),
        "is_sequential": Equal(),
    }
    yield Case("the parameters as they begin", SEQUENTIAL_INIT, inputs, fresh)
    anew: dict[str, Rule] = {"drawn": fresh["drawn"], "again": DrawnAnew()}
    yield Case("two nets, each with parameters of its own", SEQUENTIAL_INIT, inputs, anew, traits={Trait.SIDE_EFFECT})


RECIPES = (
    Recipe("torch_models.ThreeLayerConvNet.__init__", init_cases),
    Recipe("torch_models.ThreeLayerConvNet.forward", forward_cases),
    Recipe("torch_models.sequential_convnet", sequential_cases),
)
