"""Draw weights for the nets of ``torch_models``."""

from __future__ import annotations

import numpy as np

LARGE = 200.0
"""Inputs of this size make activations that a ReLU with a limit would cut."""


def draw_normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw weights that keep activations near 1."""
    array: np.ndarray = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    return array
