"""Define how one step of a class visualisation is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, enlarged, sizes

from ._network import LEFT_BEHIND, draw_weights, left_behind, many_pixels, network_scores, program

UPDATE = """\
next_img = net_visualization.class_visualization_update_step(images, model, target_y, l2_reg, learning_rate)
graph = np.array(float(next_img.requires_grad))
next_img = next_img.detach().numpy()
"""


def update_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw a strong penalty, a weak one and none; one channel; a step longer than the image."""
    height, width, classes = sizes(rng, 3, 3, 7)
    for title, l2_reg, learning_rate, channels in (
        ("l2_reg 0", 0.0, 0.7, 3),
        ("l2_reg 0.5, gradients of an earlier backward pass, partly frozen", 0.5, 1.3, 3),
        ("one channel", 0.02, 0.4, 1),
        ("a long step", 0.1, 25.0, 2),
    ):
        image = (channels, height, width)
        weights, X = draw_weights(rng, image, classes), rng.standard_normal((1, *image))
        target = int(network_scores(weights, X)[0].argsort()[-2])
        inputs: dict[str, object] = {
            "X": X, "target_y": target, "weights": weights, "l2_reg": l2_reg, "learning_rate": learning_rate,
        }  # fmt: skip
        traits = {Trait.EDGE_SHAPE} if channels == 1 else {Trait.NUMERICAL_RANGE} if learning_rate > 10 else set()
        aspects = {"next_img": Equal(), "graph": Equal(), **left_behind()}
        lines = program(UPDATE, "earlier" in title)
        yield Case(title, lines, inputs, aspects, traits=traits, effects=LEFT_BEHIND | {"graph"})


RECIPES = (
    Recipe(
        "net_visualization.class_visualization_update_step",
        update_cases,
        large=enlarged(
            update_cases,
            "images of 100 × 102",
            lambda rng: many_pixels(rng, target_y=2, l2_reg=0.5, learning_rate=1.3),
            only=("next_img",),
        ),
    ),
)
