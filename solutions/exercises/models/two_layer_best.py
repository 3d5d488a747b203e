"""Define how the tuned two-layer net is measured: students hand in weights, and the reference's net runs with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from grader.recipes import Array, GivenNet
from grader.reference import Reference

from ._images import hidden_images


def predict(reference: Reference, weights: Mapping[str, Array], X: Array) -> Array:
    """Return the labels that a net with these weights predicts for images X of shape (N, 3, 32, 32)."""
    net = _net(reference)
    # Of one dtype that BLAS knows: a product of half or of long double numbers takes a hundred times as long. Single
    # precision takes half as long as double, and is enough to say which of ten scores is the highest.
    net.params = {name: weight.astype(np.float32) for name, weight in weights.items()}
    labels: Array = net.predict(X.reshape(len(X), -1).astype(np.float32, copy=False))
    return labels


@cache
def _net(reference: Reference) -> Any:
    """Make a net that is given other parameters for each submission, as drawing its own takes a quarter of the time."""
    return reference.module("neural_net").TwoLayerNet(3072, 50, 10)


RECIPES = (
    GivenNet(
        name="models.two_layer_best",
        unseen=hidden_images,
        dataset="offline",
        visible="utils.model_files.predicted_labels",
        shapes={"W1": (50, 3072), "b1": (50,), "W2": (10, 50), "b2": (10,)},
        predict=predict,
    ),
)
