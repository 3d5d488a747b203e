"""Define how the nets that are written with bare tensors are judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes

from ._nets import LARGE, draw_normal

# The upstream gradient is drawn, so that no parameter's gradient is 0 by symmetry.
NET = """\
import torch
images, tensors = torch.tensor(X), [torch.tensor(array, requires_grad=True) for array in params.values()]
own = torch_models.{function}.__globals__
written, own["flatten"] = own.get("flatten"), lambda x: x.reshape(len(x), -1)  # flatten is judged by itself
try:
    scores = torch_models.{function}(images, tensors)
finally:
    own["flatten"] = written
scores.backward(torch.tensor(dout))
scores = scores.detach().numpy()
grads = {{name: None if t.grad is None else t.grad.numpy() for name, t in zip(params, tensors)}}
untouched = images.numpy(), *(t.detach().numpy() for t in tensors)
untouched = dict(zip(("x", *params), untouched))
"""


def two_layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw images of large numbers, plain rows, a single image, and float32."""
    n, c, h, w, hidden, k = sizes(rng, 6)
    for title, shape, dtype in (
        ("images", (n, c, h, w), "float64"),
        ("plain rows", (n, c * h), "float64"),
        ("a single image", (1, c, h, w), "float64"),
        ("float32", (n, c, w, h), "float32"),
    ):
        inside = int(np.prod(shape[1:]))
        params = {
            "w1": draw_normal(rng, hidden, inside), "b1": 0.5 * rng.standard_normal(hidden),
            "w2": draw_normal(rng, k, hidden), "b2": 0.5 * rng.standard_normal(k),
        }  # fmt: skip
        yield _net_case(rng, title, "two_layer_fc", shape, params, k, dtype, LARGE if title == "images" else 1)


def convnet_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw images that are not square, of large and of small numbers, one channel, a single image, and float32."""
    n, c, h, w, f1, f2, k = sizes(rng, 7)
    for title, shape, dtype in (
        ("several images", (n, c, h, w), "float64"),
        ("images with one channel", (n, 1, w, h), "float64"),
        ("a single image", (1, c, h, w), "float64"),
        ("float32", (n, c, w, h), "float32"),
    ):
        params = {
            "conv_w1": draw_normal(rng, f1, shape[1], 5, 5), "conv_b1": 0.5 * rng.standard_normal(f1),
            "conv_w2": draw_normal(rng, f2, f1, 3, 3), "conv_b2": 0.5 * rng.standard_normal(f2),
            "fc_w": draw_normal(rng, k, f2 * shape[2] * shape[3]), "fc_b": 0.5 * rng.standard_normal(k),
        }  # fmt: skip
        scale = LARGE if title == "several images" else 1
        yield _net_case(rng, title, "three_layer_convnet", shape, params, k, dtype, scale)


def _net_case(
    rng: np.random.Generator,
    title: str,
    function: str,
    shape: tuple[int, ...],
    params: dict[str, np.ndarray],
    classes: int,
    dtype: str,
    scale: float,
) -> Case:
    inputs: dict[str, object] = {
        "X": (scale * rng.standard_normal(shape)).astype(dtype),
        "dout": rng.standard_normal((shape[0], classes)).astype(dtype),
        "params": {name: array.astype(dtype) for name, array in params.items()},
    }
    typed = dtype == "float32"
    aspects = {"scores": Equal(dtype=typed), "grads": Equal(dtype=typed), "untouched": Equal()}
    traits = {Trait.DTYPE} if typed else {Trait.EDGE_SHAPE} if 1 in shape[:2] else set()
    return Case(title, NET.format(function=function), inputs, aspects, traits=traits, effects={"untouched"})


RECIPES = (
    Recipe("torch_models.two_layer_fc", two_layer_cases),
    Recipe("torch_models.three_layer_convnet", convnet_cases),
)
