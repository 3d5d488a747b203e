"""Define how fooling images are judged."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, enlarged, sizes

from ._network import LEFT_BEHIND, draw_weights, left_behind, many_pixels, network_scores, program

FOOLING = """\
fooled = net_visualization.make_fooling_image(images, target_y, model, **options)
fooled = fooled.detach().numpy()
"""


def fooling_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw targets with low and high scores, one that is predicted already, several step sizes, and too few steps."""
    height, width, classes = sizes(rng, 3, 4, 8)
    for title, options, rank, scale in (
        ("the least likely class", {}, 0, 1),
        ("the second most likely class", {"learning_rate": 0.02}, -2, 1),
        ("an image that is of the target class already", {}, -1, 1),
        ("fewer steps than it takes", {"learning_rate": 1e-3, "max_iter": int(rng.integers(4, 7))}, 0, 1),
        ("another learning rate, gradients of an earlier backward pass, partly frozen", {"learning_rate": 0.3}, 1, 1),
        ("an image of large numbers", {"learning_rate": 15.0}, 1, 50),
    ):
        image = (3, height, width)
        weights, X = draw_weights(rng, image, classes), rng.standard_normal((1, *image))
        weights["w1"], X = weights["w1"] / scale, X * scale
        target = int(network_scores(weights, X)[0].argsort()[rank])
        inputs: dict[str, object] = {"X": X, "target_y": target, "weights": weights, "options": options}
        lines = program(FOOLING, "earlier" in title)
        yield Case(title, lines, inputs, {"fooled": Equal(), **left_behind()}, effects=LEFT_BEHIND)


CLEARED = re.compile(r"zero_grad|\.grad\.(?:data\.)?(?:zero_|fill_)|\.grad = ")
"""How a gradient is taken away before the next step."""


def with_a_single_step(text: str) -> str:
    """Say where to look if an image is right after a single step."""
    said = "then there is one step alone: look at what a step leaves behind for the next one"
    if ".backward(" in text and not CLEARED.search(text):
        return f"{said}, such as a gradient: each call of backward() adds to what .grad holds"
    return f"{said}, at what has to be computed anew in each step, and at when the steps end"


RECIPES = (
    Recipe(
        "net_visualization.make_fooling_image",
        fooling_cases,
        meanings={"max_iter is 1": with_a_single_step},
        large=enlarged(
            fooling_cases,
            "images of 100 × 102",
            lambda rng: many_pixels(rng, target_y=2, options={"learning_rate": 1e-3, "max_iter": 2}),
            only=("fooled",),
        ),
    ),
)
