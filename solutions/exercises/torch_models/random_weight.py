"""Define how weights that are drawn by Kaiming's rule are judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, DrawnAnew, Equal, Initialised, Recipe, Rule, Trait

WEIGHT = """\
import torch
torch.manual_seed(0)
w = torch_models.random_weight(tuple(shape), dtype=getattr(torch, dtype))
gathers = np.array([float(w.requires_grad), float(w.is_leaf)])
weight = w.detach().numpy()
"""
# No device but the CPU is everywhere; "meta" is, and its tensors have no numbers. Not every function can draw on it: an
# answer that fails there has made use of the device, and more cannot be found out.
ON_DEVICE = """\
import torch
w = torch_models.random_weight(tuple(shape))
try:
    w = torch_models.random_weight(tuple(shape), dtype=getattr(torch, dtype), device="meta")
    placed = np.array([float(w.device.type == "meta"), float(w.requires_grad), float(w.is_leaf)])
except (NotImplementedError, RuntimeError):  # from PyTorch: what it has no meta version of
    placed = np.ones(3)
"""
AGAIN = f"""\
{WEIGHT}w = torch_models.random_weight(tuple(shape), dtype=getattr(torch, dtype))
again = {{"w": weight}}, {{"w": w.detach().numpy()}}
"""


def weight_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw shapes of convolutions and of affine layers, tall and wide, with enough weights to measure their spread."""
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
        yield Case(title, WEIGHT, inputs, aspects, traits={Trait.DTYPE} if dtype == "float64" else set())
    yield Case("another device", ON_DEVICE, {"shape": (k, f), "dtype": "float32"}, {"placed": Equal()})
    yield Case(
        "two arrays, each drawn by itself", AGAIN, inputs, {**aspects, "again": DrawnAnew()}, traits={Trait.SIDE_EFFECT}
    )


RECIPES = (Recipe("torch_models.random_weight", weight_cases),)
