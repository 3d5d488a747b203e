"""Define how a training step written by hand is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes

from ._nets import draw_normal

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
given_images, given_labels = torch.tensor(X), torch.tensor(y)
for images, labels in zip(given_images, given_labels):
    losses.append(torch_models.train_step(forward, given, images, labels, learning_rate))
losses = np.array(losses, dtype=float)
updated = {name: t.detach().numpy() for name, t in zip(params, tensors)}
untouched = {"X": given_images.numpy(), "y": given_labels.numpy()}
same_tensors = np.array([float(a is b) for a, b in zip(given, tensors)])
gathers = np.array([float(t.requires_grad and t.is_leaf) for t in tensors])
"""


def step_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw one step and several, one layer and three, images, a single image, earlier gradients, and float32."""
    n, c, h, w, hidden, k = sizes(rng, 6, low=3)
    for title, steps, shape, widths, left_over, dtype in (
        ("one step of an affine layer", 1, (n, c * h), (), False, "float64"),
        ("three steps of two layers, on images", 3, (n, c, h, w), (hidden,), False, "float64"),
        ("gradients of an earlier backward pass", 2, (n, c * w), (hidden,), True, "float64"),
        ("a single image, three layers", 1, (1, c, h, w), (hidden, hidden + 2), False, "float64"),
        ("two steps in float32", 2, (n, c, w, h), (hidden,), False, "float32"),
    ):
        scale = 1 if widths else 30  # a gradient so large that a limit would show
        outputs = (*widths, k)
        inputs_of = (int(np.prod(shape[1:])), *widths)
        params: dict[str, np.ndarray] = {}
        for layer, (out, into) in enumerate(zip(outputs, inputs_of, strict=True), 1):
            params[f"w{layer}"] = draw_normal(rng, out, into).astype(dtype)
            params[f"b{layer}"] = (0.5 * rng.standard_normal(out)).astype(dtype)
        inputs: dict[str, object] = {
            "params": params,
            "X": (scale * rng.standard_normal((steps, *shape))).astype(dtype),
            "y": rng.integers(k, size=(steps, shape[0])),
            "learning_rate": round(rng.uniform(0.2, 0.6), 3),
            "left_over": left_over,
        }
        traits = {Trait.DTYPE} if dtype == "float32" else {Trait.EDGE_SHAPE} if shape[0] == 1 else set()
        traits |= {Trait.SIDE_EFFECT} if left_over else set()
        typed = Equal(dtype=dtype == "float32")
        aspects = {
            "losses": Equal(), "updated": typed, "same_tensors": Equal(), "gathers": Equal(), "untouched": Equal()
        }  # fmt: skip
        yield Case(title, STEP, inputs, aspects, traits=traits, effects={"untouched"})


RECIPES = (Recipe("torch_models.train_step", step_cases),)
