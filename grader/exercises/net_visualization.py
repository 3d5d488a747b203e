"""Exercises of ``nndl/net_visualization.py``: pictures made with gradients with respect to the image.

The network is built by the case, from plain arrays and in float64: small, smooth, and of a size nobody can prepare for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Equal, Rule

from .recipe import Recipe, enlarged, sizes, wrong

# tanh has no kinks: the gradient is the same on every machine up to rounding, however many steps follow each other.
_NET = """\
import torch
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
# What is left behind: the images, and how many of the images and parameters hold a gradient afterwards.
_LEFT = """\
untouched = images.detach().numpy()
leaks = np.array([float(images.grad is not None), float(sum(p.grad is not None for p in model.parameters()))])
"""
SALIENCY = f"""\
{_NET}saliency = net_visualization.compute_saliency_maps(images, torch.tensor(y), model)
saliency = saliency.detach().numpy()
{_LEFT}"""
FOOLING = f"""\
{_NET}fooled = net_visualization.make_fooling_image(images, target_y, model, **options)
fooled = fooled.detach().numpy()
{_LEFT}"""
UPDATE = f"""\
{_NET}next_img = net_visualization.class_visualization_update_step(images, model, target_y, l2_reg, learning_rate)
graph = np.array(float(next_img.requires_grad))
next_img = next_img.detach().numpy()
{_LEFT}"""


def _weights(rng: np.random.Generator, image: tuple[int, int, int], classes: int) -> dict[str, np.ndarray]:
    """A network for images of one size: (C, H, W) → filters → tanh → scores."""
    filters = int(rng.integers(4, 6))
    channels, height, width = image
    return {
        "w1": 0.4 * rng.standard_normal((filters, channels, 3, 3)),
        "b1": 0.3 * rng.standard_normal(filters),
        "w2": 0.2 * rng.standard_normal((classes, filters * height * width)),
        "b2": 0.2 * rng.standard_normal(classes),
    }


def _scores(weights: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """What the network says, in numpy: a recipe draws its cases without PyTorch."""
    padded = np.pad(X, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    hidden = np.tanh(np.einsum("nchwij,fcij->nfhw", windows, weights["w1"]) + weights["b1"][:, None, None])
    scores: np.ndarray = hidden.reshape(len(X), -1) @ weights["w2"].T + weights["b2"]
    return scores


def _left() -> dict[str, Rule]:
    return {"untouched": Equal(), "leaks": Equal()}


def saliency_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Several images, a single one, a single channel; classes the network would not choose itself."""
    height, width, n = sizes(rng, 3, 3, 7)
    for title, rows, image in (
        ("several images", n, (3, height, width)),
        ("a single image", 1, (3, width, height)),
        ("images with one channel", n, (1, height, width)),
        ("images with two channels", n, (2, width, height)),
    ):
        classes = n + 2
        weights, X = _weights(rng, image, classes), rng.standard_normal((rows, *image))
        # Any class but the most likely one, no two in a row the same.
        y = (_scores(weights, X).argmax(axis=1) + 1 + np.arange(rows) % (classes - 1)) % classes
        inputs: dict[str, object] = {"X": X, "y": y, "weights": weights}
        yield Case(title, SALIENCY, inputs, {"saliency": Equal(), **_left()}, separate={"saliency": "X"})


def fooling_cases(rng: np.random.Generator) -> Iterator[Case]:
    """A far target, a small step, a target that is right already, and too few steps."""
    height, width, classes = sizes(rng, 3, 4, 8)
    for title, options, rank in (
        ("the least likely class", {}, 0),
        ("the second most likely class", {"learning_rate": 0.02}, -2),
        ("an image that is of the target class already", {}, -1),
        ("fewer steps than it takes", {"learning_rate": 1e-3, "max_iter": int(rng.integers(4, 7))}, 0),
        ("another learning rate", {"learning_rate": 0.3}, 1),
    ):
        image = (3, height, width)
        weights, X = _weights(rng, image, classes), rng.standard_normal((1, *image))
        target = int(_scores(weights, X)[0].argsort()[rank])
        inputs: dict[str, object] = {"X": X, "target_y": target, "weights": weights, "options": options}
        yield Case(title, FOOLING, inputs, {"fooled": Equal(), **_left()})


def update_cases(rng: np.random.Generator) -> Iterator[Case]:
    """With a strong penalty, a weak one and none; one channel; a step longer than the image."""
    height, width, classes = sizes(rng, 3, 3, 7)
    for title, l2_reg, learning_rate, channels in (
        ("l2_reg 0", 0.0, 0.7, 3),
        ("l2_reg 0.5", 0.5, 1.3, 3),
        ("l2_reg 0.02, one channel", 0.02, 0.4, 1),
        ("a long step", 0.1, 25.0, 2),
    ):
        image = (channels, height, width)
        weights, X = _weights(rng, image, classes), rng.standard_normal((1, *image))
        target = int(_scores(weights, X)[0].argsort()[-2])
        inputs: dict[str, object] = {
            "X": X, "target_y": target, "weights": weights, "l2_reg": l2_reg, "learning_rate": learning_rate,
        }  # fmt: skip
        yield Case(title, UPDATE, inputs, {"next_img": Equal(), "graph": Equal(), **_left()})


def _many_pixels(rng: np.random.Generator, **settings: object) -> dict[str, object]:
    image = (3, 100, 102)
    return {"X": rng.standard_normal((1, *image)), "weights": _weights(rng, image, 6)} | settings


_RIGHT = "right = scores.gather(1, y[:, None]).sum()"
_OPEN = "X = X.detach().clone().requires_grad_()"
_GRAD = "(gradient,) = torch.autograd.grad(right, X)"
_MAX = "saliency = gradient.abs().amax(dim=1)"

SALIENCY_RECIPE = Recipe(
    "net_visualization.compute_saliency_maps",
    saliency_cases,
    (
        wrong(
            "no-absolute-value",
            "The largest derivative is taken with its sign, so pixels that lower the score count for nothing; what matters is how large a derivative is.",
            (_MAX, "saliency = gradient.amax(dim=1)"),
        ),
        wrong(
            "absolute-value-after-the-maximum",
            "The sign is dropped after the maximum over the channels; a large negative derivative has lost by then.",
            (_MAX, "saliency = gradient.amax(dim=1).abs()"),
        ),
        wrong(
            "mean-over-channels",
            "The channels are averaged; the saliency of a pixel is that of its strongest channel.",
            (_MAX, "saliency = gradient.abs().mean(dim=1)"),
        ),
        wrong(
            "sum-over-channels",
            "The channels are added up; the saliency of a pixel is that of its strongest channel.",
            (_MAX, "saliency = gradient.abs().sum(dim=1)"),
        ),
        wrong(
            "minimum-over-channels",
            "The weakest channel of each pixel is shown; it is the strongest one that counts.",
            (_MAX, "saliency = gradient.abs().amin(dim=1)"),
        ),
        wrong(
            "channels-kept",
            "The maps still have an axis for the channels; their shape is (N, H, W).",
            (_MAX, "saliency = gradient.abs().amax(dim=1, keepdim=True)"),
        ),
        wrong(
            "gradient-of-the-loss",
            "The gradient is that of the cross-entropy loss; it is asked for the score of the class.",
            (_RIGHT, 'right = torch.nn.functional.cross_entropy(scores, y, reduction="sum")'),
        ),
        wrong(
            "gradient-of-the-probability",
            "The gradient is that of the probability after a softmax; it is asked for the score itself.",
            (_RIGHT, "right = scores.softmax(dim=1).gather(1, y[:, None]).sum()"),
        ),
        wrong(
            "averaged-over-images",
            "The maps shrink as there are more images; an image's map has nothing to do with how many others there are.",
            (_RIGHT, "right = scores.gather(1, y[:, None]).mean()"),
        ),
        wrong(
            "best-class",
            "The maps are those of the class with the largest score; y says which class is asked for.",
            (_RIGHT, "right = scores.amax(dim=1).sum()"),
        ),
        wrong(
            "all-classes",
            "The maps mix the scores of all classes; take the score of each image's own class.",
            (_RIGHT, "right = scores.sum()"),
        ),
        wrong(
            "first-label-for-all",
            "All images are asked about the class of the first one; each has its own in y.",
            (_RIGHT, "right = scores[:, y[0]].sum()"),
        ),
        wrong(
            "every-label-for-every-image",
            "Each image is asked about the classes of all of them; mind what scores[:, y] picks.",
            (_RIGHT, "right = scores[:, y].sum()"),
        ),
        wrong(
            "scaled-to-one",
            "Each map is divided by its largest value; leave that to the picture, or maps cannot be compared.",
            (_MAX, f"{_MAX}\n    saliency = saliency / saliency.amax(dim=(1, 2), keepdim=True)"),
        ),
        wrong(
            "gradients-left-in-the-model",
            "The model's parameters hold gradients afterwards, which the next training step would use; ask for the gradient of the image alone.",
            (_GRAD, "right.backward()\n    gradient = X.grad"),
        ),
        wrong(
            "gradient-left-in-the-image",
            "The image that was handed in holds a gradient afterwards; work on a copy of it.",
            (_OPEN, "given = X\n    X = X.detach().clone().requires_grad_()"),
            (_MAX, f"{_MAX}\n    given.grad = gradient"),
        ),
    ),
    large=enlarged(
        saliency_cases, "images of 100 × 102", lambda rng: _many_pixels(rng, y=np.array([2])), only=("saliency",)
    ),
)

_COPY = "X_fooling = X.detach().clone()\n"
_STOP = "if scores.argmax() == target_y:"
_CLIMB = "(gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)"
_STEP = "X_fooling = X_fooling.detach() + learning_rate * gradient / gradient.norm()"
_LOOP = "for _ in range(max_iter):"

FOOLING_RECIPE = Recipe(
    "net_visualization.make_fooling_image",
    fooling_cases,
    (
        wrong(
            "step-not-normalised",
            "The length of a step is that of the gradient; divide by its 2-norm, so that every step is learning_rate long.",
            (_STEP, _STEP.replace(" / gradient.norm()", "")),
        ),
        wrong(
            "divided-by-the-squared-norm",
            "The gradient is divided by the square of its norm, so steep places get short steps; divide by the norm.",
            (_STEP, _STEP.replace("gradient.norm()", "gradient.square().sum()")),
        ),
        wrong(
            "divided-by-the-largest",
            "The gradient is divided by its largest entry; the length of a step is meant in the 2-norm.",
            (_STEP, _STEP.replace("gradient.norm()", "gradient.abs().max()")),
        ),
        wrong(
            "sign-step",
            "Every number moves by the same amount; follow the gradient itself, not its sign.",
            (_STEP, "X_fooling = X_fooling.detach() + learning_rate * gradient.sign()"),
        ),
        wrong(
            "descent",
            "The score of the target falls from step to step; this is an ascent.",
            (_STEP, _STEP.replace("+", "-")),
        ),
        wrong(
            "away-from-the-present-class",
            "The steps lower the score of the present class; they are meant to raise that of the target.",
            (_CLIMB, _CLIMB.replace("scores[0, target_y]", "-scores.max()")),
        ),
        wrong(
            "gradient-of-the-probability",
            "The steps follow the probability after a softmax; follow the score itself.",
            (_CLIMB, _CLIMB.replace("scores[0, target_y]", "scores.softmax(dim=1)[0, target_y]")),
        ),
        wrong(
            "one-step-too-many",
            "An image that is the target's already is changed once more; ask the model before the step.",
            (_STOP, "if False:"),
            (_STEP, f"{_STEP}\n        if scores.argmax() == target_y:\n            break"),
        ),
        wrong(
            "never-stops",
            "All steps are taken although the model was fooled long before; stop as soon as the target has the largest score.",
            (_STOP, "if False:"),
        ),
        wrong(
            "single-step",
            "There is only one step; go on until the model is fooled or max_iter is reached.",
            (_LOOP, "for _ in range(min(1, max_iter)):"),
        ),
        wrong(
            "max-iter-ignored",
            "There are always up to 100 steps; max_iter says how many.",
            (_LOOP, "for _ in range(100):"),
        ),
        wrong(
            "learning-rate-ignored",
            "Every step has length 1; learning_rate says how long it is.",
            (_STEP, _STEP.replace("learning_rate * ", "")),
        ),
        wrong(
            "original-changed",
            "The image that was handed in is changed; it is the copy that has to be.",
            (_COPY, "X_fooling, given = X.detach().clone(), X\n"),
            ("return X_fooling.detach()", "given.data = X_fooling.detach()\n    return X_fooling.detach()"),
        ),
        wrong(
            "gradients-left-in-the-model",
            "The model's parameters hold gradients afterwards; ask for the gradient of the image alone.",
            (_CLIMB, "scores[0, target_y].backward()\n        gradient = X_fooling.grad"),
        ),
    ),
    large=enlarged(
        fooling_cases,
        "images of 100 × 102",
        lambda rng: _many_pixels(rng, target_y=2, options={"learning_rate": 1e-3, "max_iter": 2}),
        only=("fooled",),
    ),
)

_IMG = "img = img.detach().clone().requires_grad_()"
_OBJECTIVE = "objective = model(img)[0, target_y] - l2_reg * (img * img).sum()"
_UP = "(gradient,) = torch.autograd.grad(objective, img)"
_NEXT = "next_img = img.detach() + learning_rate * gradient / gradient.norm()"

UPDATE_RECIPE = Recipe(
    "net_visualization.class_visualization_update_step",
    update_cases,
    (
        wrong(
            "graph-kept",
            "The next image carries the graph of its step, which would grow with every step; hand it over without one.",
            (_NEXT, "next_img = img + learning_rate * gradient / gradient.norm()"),
        ),
        wrong(
            "no-penalty",
            "The penalty is missing: l2_reg changes nothing.",
            (_OBJECTIVE, "objective = model(img)[0, target_y]"),
        ),
        wrong(
            "penalty-rewarded",
            "Large values are rewarded; the penalty is subtracted from the score.",
            (_OBJECTIVE, _OBJECTIVE.replace("- l2", "+ l2")),
        ),
        wrong(
            "penalty-with-half",
            "The penalty has a factor ½; here it is l2_reg times the sum of squares, with none.",
            (_OBJECTIVE, _OBJECTIVE.replace("l2_reg", "0.5 * l2_reg")),
        ),
        wrong(
            "norm-not-squared",
            "The penalty is the norm of the image; it is the square of that norm.",
            (_OBJECTIVE, _OBJECTIVE.replace("(img * img).sum()", "img.norm()")),
        ),
        wrong(
            "penalty-averaged",
            "The penalty is the mean of the squares; it is their sum.",
            (_OBJECTIVE, _OBJECTIVE.replace(".sum()", ".mean()")),
        ),
        wrong(
            "penalty-on-absolute-values",
            "The penalty adds up absolute values; it is made of squares.",
            (_OBJECTIVE, _OBJECTIVE.replace("(img * img)", "img.abs()")),
        ),
        wrong(
            "penalty-after-normalising",
            "Only the gradient of the score is brought to length 1, and the penalty comes on top; normalise the gradient of the whole objective.",
            (_OBJECTIVE, "objective = model(img)[0, target_y]"),
            (
                _NEXT,
                "next_img = img.detach() + learning_rate * (gradient / gradient.norm() - 2 * l2_reg * img.detach())",
            ),
        ),
        wrong(
            "step-not-normalised",
            "The length of the step is that of the gradient; divide by its 2-norm, so that the step is learning_rate long.",
            (_NEXT, _NEXT.replace(" / gradient.norm()", "")),
        ),
        wrong(
            "divided-by-the-squared-norm",
            "The gradient is divided by the square of its norm; divide by the norm.",
            (_NEXT, _NEXT.replace("gradient.norm()", "gradient.square().sum()")),
        ),
        wrong(
            "descent",
            "The step goes downhill; this is an ascent.",
            (_NEXT, _NEXT.replace("+", "-")),
        ),
        wrong(
            "learning-rate-ignored",
            "The step has length 1; learning_rate says how long it is.",
            (_NEXT, _NEXT.replace("learning_rate * ", "")),
        ),
        wrong(
            "best-class",
            "The step raises the largest score; target_y says which one is meant.",
            (_OBJECTIVE, _OBJECTIVE.replace("[0, target_y]", ".max()")),
        ),
        wrong(
            "gradient-of-the-probability",
            "The step follows the probability after a softmax; follow the score itself.",
            (_OBJECTIVE, _OBJECTIVE.replace("model(img)[0", "model(img).softmax(dim=1)[0")),
        ),
        wrong(
            "original-changed",
            "The image that was handed in is changed; return a new one.",
            (_IMG, f"given = img\n    {_IMG}"),
            (_NEXT, f"{_NEXT}\n    given.data = next_img"),
        ),
        wrong(
            "gradients-left-in-the-model",
            "The model's parameters hold gradients afterwards; ask for the gradient of the image alone.",
            (_UP, "objective.backward()\n    gradient = img.grad"),
        ),
    ),
    large=enlarged(
        update_cases,
        "images of 100 × 102",
        lambda rng: _many_pixels(rng, target_y=2, l2_reg=0.5, learning_rate=1.3),
        only=("next_img",),
    ),
)

RECIPES = (SALIENCY_RECIPE, FOOLING_RECIPE, UPDATE_RECIPE)
