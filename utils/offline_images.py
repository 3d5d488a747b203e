"""A procedural stand-in for CIFAR-10."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SPLITS = {"train": 0, "val": 1, "test": 2}
_CHUNK = 1000


def offline_images(
    num: int, seed: int = 0, split: str = "train"
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The first ``num`` images of an endless, repeatable series.

    Parameters
    ----------
    num : int
        How many; a shorter series is the beginning of a longer one.
    seed : int, default 0
        Names the series. Seed 0 is what `get_CIFAR10_data` gives to students.
    split : {"train", "val", "test"}, default "train"
        Series that share a seed and not an image.

    Returns
    -------
    X : ndarray of shape (num, 3, 32, 32), float64
        Whole numbers 0..255.
    y : ndarray of shape (num,), int64
        Classes 0..9, balanced.
    """
    X, y = offline_pixels(num, seed, split)
    return X.astype(np.float64), y


def offline_pixels(
    num: int, seed: int = 0, split: str = "train"
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The same images as `offline_images`, as uint8."""
    if split not in _SPLITS:
        raise ValueError(f"split is {split!r}: it is one of {', '.join(_SPLITS)}.")
    X, y = np.empty((num, 3, 32, 32), np.uint8), np.empty(num, np.int64)
    for start in range(0, num, _CHUNK):
        # A chunk has its own generator, so that a series does not depend on how much of it is asked for.
        rng = np.random.default_rng([seed, _SPLITS[split], start])
        images, labels = _draw(rng, _CHUNK)
        X[start : start + _CHUNK], y[start : start + _CHUNK] = images[: num - start], labels[: num - start]
    return X, y


def make_offline_images(rng: np.random.Generator, num: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """``num`` fresh images from any generator: shapes and values as `offline_images`."""
    X, y = _draw(rng, num)
    return X.astype(np.float64), y


def _draw(rng: np.random.Generator, num: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    y = np.argsort(rng.random((-(-num // 10), 10)), axis=1).reshape(-1)[:num]
    grid = np.linspace(-1, 1, 32, dtype=np.float32)
    u = grid[None, None, :] - rng.uniform(-0.4, 0.4, (num, 1, 1)).astype(np.float32)
    v = grid[None, :, None] - rng.uniform(-0.4, 0.4, (num, 1, 1)).astype(np.float32)
    angle = (y[:, None, None] * np.pi / 10).astype(np.float32)
    stripes = np.sin(8 * (u * np.cos(angle) + v * np.sin(angle)))
    colour = rng.uniform(0, 1, (num, 3, 1, 1)).astype(np.float32)
    X = 127 + 60 * stripes[:, None] * colour + 20 * rng.standard_normal((num, 3, 32, 32), np.float32)
    return np.clip(np.rint(X), 0, 255).astype(np.uint8), y.astype(np.int64)
