"""Draw the small network that the visualisations are computed for.

A case builds it in PyTorch from plain arrays, in float64. It is smooth, and its size is random, so that an answer
cannot depend on one network.
"""

from __future__ import annotations

import numpy as np

from grader.recipes import Equal, Rule

# tanh has no kinks: the gradient is the same on every machine up to rounding, however many steps follow each other.
NET = """\
import torch
torch.set_grad_enabled(True)  # whatever an earlier call has left
filters, channels, size, _ = weights["w1"].shape
model = torch.nn.Sequential(
    torch.nn.Conv2d(channels, filters, size, padding=size // 2),
    torch.nn.Tanh(),
    torch.nn.Flatten(),
    torch.nn.Linear(weights["w2"].shape[1], weights["w2"].shape[0]),
).double()
for own, given in zip(model.parameters(), weights.values()):
    own.data = torch.tensor(given)
images = torch.tensor(X)
"""
# An earlier backward pass may have left gradients, which somebody else still needs; and a trained network is often in
# evaluation mode, some of it frozen.
EARLIER_GRADIENTS = """\
for number, tensor in enumerate([images, *model.parameters()], 1):
    tensor.grad = torch.full_like(tensor, number)
model.eval()
next(model.parameters()).requires_grad_(False)
"""
BEFORE = """\
def gradient_of(tensor):
    return None if tensor.grad is None else tensor.grad.tolist()
gradient_before, *gradients_before = map(gradient_of, [images, *model.parameters()])
gathered_before = [p.requires_grad for p in model.parameters()]
modes_before = [part.training for part in model.modules()]
"""
# What is left behind: the images, and in how many ways they and the network are not as they were.
LEFT = """\
untouched = images.detach().numpy()
parameters = list(model.parameters())
leaks = {
    "changed_gradients_of_the_images": float(gradient_of(images) != gradient_before),
    "changed_gradients_of_the_parameters": float(sum(gradient_of(p) != was for p, was in zip(parameters, gradients_before))),
    "images_that_gather_gradients": float(images.requires_grad),
    "parameters_that_gather_no_gradients": float(sum(was and not p.requires_grad for p, was in zip(parameters, gathered_before))),
    "frozen_parameters_that_gather_gradients": float(sum(p.requires_grad and not was for p, was in zip(parameters, gathered_before))),
    "parameters_with_other_values": float(sum(not np.array_equal(p.detach().numpy(), w) for p, w in zip(parameters, weights.values()))),
    "parts_in_another_mode": float(sum(part.training != was for part, was in zip(model.modules(), modes_before))),
    "gradients_switched_off_for_all": float(not torch.is_grad_enabled()),
}
torch.set_grad_enabled(True)
"""


def draw_weights(rng: np.random.Generator, image: tuple[int, int, int], classes: int) -> dict[str, np.ndarray]:
    """Draw the weights of a network for images of shape (C, H, W): convolution, tanh, affine layer."""
    filters = int(rng.integers(4, 6))
    channels, height, width = image
    return {
        "w1": 0.4 * rng.standard_normal((filters, channels, 3, 3)),
        "b1": 0.3 * rng.standard_normal(filters),
        "w2": 0.2 * rng.standard_normal((classes, filters * height * width)),
        "b2": 0.2 * rng.standard_normal(classes),
    }


LEFT_BEHIND = frozenset({"untouched", "leaks"})
"""Outputs that tell what a call has done to the images and to the network."""


def network_scores(weights: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """Compute the scores of the network with numpy, so that a recipe can draw its cases without PyTorch."""
    padded = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    hidden = np.tanh(np.einsum("nchwij,fcij->nfhw", windows, weights["w1"]) + weights["b1"][:, None, None])
    scores: np.ndarray = hidden.reshape(len(X), -1) @ weights["w2"].T + weights["b2"]
    return scores


def program(call: str, earlier_gradients: bool = False) -> str:
    """Put lines that make use of `images` and `model` between those that make them and those that look at what is left."""
    return NET + EARLIER_GRADIENTS * earlier_gradients + BEFORE + call + LEFT


def left_behind() -> dict[str, Rule]:
    return dict.fromkeys(sorted(LEFT_BEHIND), Equal())


def many_pixels(rng: np.random.Generator, **settings: object) -> dict[str, object]:
    image = (3, 100, 102)
    return {"X": rng.standard_normal((1, *image)), "weights": draw_weights(rng, image, 6)} | settings
