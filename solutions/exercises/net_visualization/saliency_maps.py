"""Define how saliency maps are judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, enlarged, sizes

from ._network import LEFT_BEHIND, draw_weights, left_behind, many_pixels, network_scores, program

SALIENCY = """\
saliency = net_visualization.compute_saliency_maps(images, torch.tensor(y), model)
graph = np.array(float(saliency.requires_grad))
saliency = saliency.detach().numpy()
"""


def saliency_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw several images, a single one and a single channel, with classes that the network does not predict."""
    height, width, n = sizes(rng, 3, 3, 7)
    for title, rows, image, earlier in (
        ("several images", n, (3, height, width), False),
        ("a single image", 1, (3, width, height), False),
        ("images with one channel", n, (1, height, width), False),
        ("images with two channels, gradients of an earlier backward pass, partly frozen", n, (2, width, height), True),
    ):
        classes = n + 2
        weights, X = draw_weights(rng, image, classes), rng.standard_normal((rows, *image))
        # Any class but the most likely one, no two in a row the same.
        y = (network_scores(weights, X).argmax(axis=1) + 1 + np.arange(rows) % (classes - 1)) % classes
        inputs: dict[str, object] = {"X": X, "y": y, "weights": weights}
        traits = {Trait.EDGE_SHAPE} if rows == 1 or image[0] == 1 else set()
        aspects = {"saliency": Equal(), "graph": Equal(), **left_behind()}
        yield Case(
            title,
            program(SALIENCY, earlier),
            inputs,
            aspects,
            separate={"saliency": "X"},
            traits=traits,
            effects=LEFT_BEHIND | {"graph"},
        )


RECIPES = (
    Recipe(
        "net_visualization.compute_saliency_maps",
        saliency_cases,
        large=enlarged(
            saliency_cases, "images of 100 × 102", lambda rng: many_pixels(rng, y=np.array([2])), only=("saliency",)
        ),
    ),
)
