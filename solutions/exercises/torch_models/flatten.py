"""Define how the function that turns images into rows is judged.

Cases hold plain arrays, so that they can be drawn without PyTorch. The program turns them into tensors, and the result
into an array.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes

FLATTEN = """\
import torch
x = torch.tensor(X, requires_grad=gathers)
view = x.permute(axes)
out = torch_models.flatten(view)
if out.requires_grad:
    out.backward(torch.tensor(dout))
nothing = None if gathers else np.zeros(1)
out, dx = out.detach().numpy(), nothing if x.grad is None else x.grad.numpy()
"""


def flatten_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw images, a single image, rows, five axes, and images whose channels are last in memory."""
    n, c, h, w, d = sizes(rng, 5)
    for title, shape, axes in (
        ("images", (n, c, h, w), (0, 1, 2, 3)),
        ("a single image", (1, c, h, w), (0, 1, 2, 3)),
        ("rows already", (n, d), (0, 1)),
        ("images of a single number", (n, 1, 1, 1), (0, 1, 2, 3)),
        ("five axes", (n, c, d, h, w), (0, 1, 2, 3, 4)),
        ("images stored with the channels last", (n, h, w, c), (0, 3, 1, 2)),
    ):
        X = rng.standard_normal(shape)
        inputs: dict[str, object] = {"X": X, "axes": axes, "dout": rng.standard_normal((shape[0], X[0].size))}
        inputs["gathers"] = len(shape) != 5  # images need no gradient, and mostly ask for none
        last = axes != tuple(range(len(axes)))
        traits = {Trait.MEMORY_ORDER} if last else {Trait.EDGE_SHAPE} if 1 in shape or len(shape) == 2 else set()
        yield Case(title, FLATTEN, inputs, {"out": Equal(), "dx": Equal()}, traits=traits)


RECIPES = (Recipe("torch_models.flatten", flatten_cases),)
