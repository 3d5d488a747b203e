"""Draw images for the normalisations of ``conv_layers``."""

from __future__ import annotations

import numpy as np

FORTRAN = "x = np.asfortranarray(x)  # another memory order, the same numbers\n"


def draw_images(rng: np.random.Generator, shape: list[int]) -> np.ndarray:
    spread = rng.uniform(0.5, 2, (1, shape[1], 1, 1))
    return np.asarray(rng.standard_normal(shape) * spread + 2 * rng.standard_normal((1, shape[1], 1, 1)))
