"""A procedural stand-in for CIFAR-10: ten shapes in front of ten habitats, drawn from a seed.

An image is a scene (a soft backdrop in the colours of a habitat), a painted and textured shape in it, and a camera
(light and noise). The class is the shape. Colours and textures belong to a class only on average, and some shapes
are drawn as the one they are easily mistaken for, so that accuracy grows step by step as it does on photographs: a
little from colour alone, more from where things are, most from edges wherever they are. ``docs/data.md`` compares
the two sets, and ``benchmarks/calibrate_offline.py`` measures them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from utils.offline_kinds import LOOKS, OFFLINE_CLASSES, SHAPES

__all__ = ["OFFLINE_CLASSES", "make_offline_images", "offline_images", "offline_pixels"]

Floats = NDArray[Any]  # float32 throughout
Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

SIZE = 32
_CHUNK = 1000
_CLASSES = len(OFFLINE_CLASSES)
_SPLITS = {"train": 0, "val": 1, "test": 2}


# The dials of the calibration: how much a class can be told by, and how much is in the way. `docs/data.md` says
# which net's accuracy each of them moves.
ALIKE = 0.23  # share of shapes drawn as their look-alike: disc and ring, square and frame, …
TEXTURED = 0.85  # share with the stripes of their class; the others have those of any
HABITAT, HABITAT_SPREAD = 1.05, 35.0  # the class's colours in the backdrop, and the spread around them
PAINT, PAINT_SPREAD = 0.85, 45.0  # the same of the shape's surface
CONTRAST, BRIGHTER = 50.0, 0.75  # how far a shape stands out, and how often by being brighter
SHIFT, TURN = 0.31, 0.5  # of the centre, in half-images; of the axis, in radians
SMALLEST, LARGEST = 0.45, 0.8  # radius, in half-images
TEXTURE, CLOUDS, CLUTTER, LIGHT, NOISE = 37.0, 50.0, 50.0, 0.25, 8.0  # amplitudes; LIGHT of log exposure

_GRID: Floats = ((np.arange(SIZE) - (SIZE - 1) / 2) / (SIZE / 2)).astype(np.float32)
_WAVES = 10
# Cosines of 0 to 9 half-waves across the image: a sum of them with weights that fall with the frequency is a cloud
# with about the spectrum of photographs (D. J. Field, 1987, "Relations between the statistics of natural images").
_COSINES: Floats = np.cos(np.pi * np.outer(np.arange(SIZE) + 0.5, np.arange(_WAVES)) / SIZE).astype(np.float32)
_FALL: Floats = (1 + np.hypot(*np.mgrid[:_WAVES, :_WAVES])).astype(np.float32) ** np.float32(-1.2)
_FALL[0, 0] = 0


def offline_images(num: int, seed: int = 0, split: str = "train") -> tuple[NDArray[np.float64], Labels]:
    """The first ``num`` images of an endless, repeatable series.

    Parameters
    ----------
    num : int
        How many; a shorter series is the beginning of a longer one.
    seed : int, default 0
        Names the series. Seed 0 is what `get_CIFAR10_data` gives to students.
    split : {"train", "val", "test"}, default "train"
        Series of one seed that have no image in common.

    Returns
    -------
    X : ndarray of shape (num, 3, 32, 32), float64
        Whole numbers 0..255.
    y : ndarray of shape (num,), int64
        Classes 0..9, equally many of each but for the last ``num % 10``.

    Raises
    ------
    ValueError
        If ``num`` or ``seed`` is negative, or ``split`` is unknown.
    """
    X, y = offline_pixels(num, seed, split)
    return X.astype(np.float64), y


def offline_pixels(num: int, seed: int = 0, split: str = "train") -> tuple[Pixels, Labels]:
    """The same as `offline_images`, with the images as uint8: an eighth of the memory."""
    if num < 0 or seed < 0:
        raise ValueError(f"num is {num} and seed is {seed}: neither can be negative.")
    if split not in _SPLITS:
        raise ValueError(f"split is {split!r}: it is one of {', '.join(_SPLITS)}.")
    X, y = np.empty((num, 3, SIZE, SIZE), np.uint8), np.empty(num, np.int64)
    for start in range(0, num, _CHUNK):
        # Every chunk has a generator of its own, so that an image does not depend on how many are asked for.
        rng = np.random.default_rng([seed, _SPLITS[split], start])
        images, labels = _draw(rng, _CHUNK)
        X[start : start + _CHUNK], y[start : start + _CHUNK] = images[: num - start], labels[: num - start]
    return X, y


def make_offline_images(rng: np.random.Generator, num: int) -> tuple[NDArray[np.float64], Labels]:
    """``num`` fresh images from a generator of your own; shapes, types and values as in `offline_images`."""
    X, y = _draw(rng, num)
    return X.astype(np.float64), y


def _draw(rng: np.random.Generator, num: int) -> tuple[Pixels, Labels]:
    """Images and labels; every ten labels in a row are the ten classes in some order."""
    y = rng.permuted(np.tile(np.arange(_CLASSES), (-(-num // _CLASSES), 1)), axis=1).reshape(-1)[:num]
    X = _scene(rng, y)
    mask, u, v = _shape(rng, y)
    X += mask[:, None] * (_surface(rng, y, u, v) - X)
    return _photograph(rng, X), y


def _scene(rng: np.random.Generator, y: Labels) -> Floats:
    """Backdrops (N, 3, 32, 32): two habitat colours with a horizon between them, clouds, and a blot of clutter."""
    num = len(y)
    above, below = (HABITAT * _look(part, y) + _colours(rng, num, HABITAT_SPREAD) for part in ("above", "below"))
    horizon, sharpness = _between(rng, num, -0.6, 0.6), _between(rng, num, 0.5, 4.0)
    ground = np.clip(0.5 + (_GRID[:, None] - horizon) * sharpness, 0, 1)[:, None]
    weights = 0.9 * _normal(rng, num, 1, _WAVES, _WAVES) + 0.25 * _normal(rng, num, 3, _WAVES, _WAVES)
    X: Floats = _COSINES @ (weights * (CLOUDS * _FALL)) @ _COSINES.T
    X += above + ground * (below - above)

    x0, y0 = _between(rng, num, -1, 1), _between(rng, num, -1, 1)
    narrow, low = _between(rng, num, 2, 8), _between(rng, num, 2, 8)
    inside = np.maximum(np.abs(_GRID - x0) * narrow, np.abs(_GRID[:, None] - y0) * low)
    X += np.clip((1 - inside) * 4, 0, 1)[:, None] * _colours(rng, num, CLUTTER)
    return X


def _shape(rng: np.random.Generator, y: Labels) -> tuple[Floats, Floats, Floats]:
    """Where the shape is (N, 32, 32), from 0 outside to 1 inside, and the coordinates u, v in its own frame."""
    num = len(y)
    x0, y0 = _between(rng, num, -SHIFT, SHIFT), _between(rng, num, -SHIFT, SHIFT)
    radius, turn = _between(rng, num, SMALLEST, LARGEST), TURN * _normal(rng, num, 1, 1)
    longer = np.exp(0.15 * _normal(rng, num, 1, 1))
    right, down = (_GRID - x0) / radius, (_GRID[:, None] - y0) / radius
    u = (np.cos(turn) * right + np.sin(turn) * down) * longer
    v = (np.cos(turn) * down - np.sin(turn) * right) / longer

    shown = np.where(rng.random(num) < ALIKE, y ^ 1, y)  # look-alikes are neighbours in SHAPES
    distance = np.empty_like(u)
    for label, shape in enumerate(SHAPES.values()):
        distance[shown == label] = shape(u[shown == label], v[shown == label])
    return np.clip(0.5 - distance * radius * 8, 0, 1), u, v  # an edge two pixels wide


def _surface(rng: np.random.Generator, y: Labels, u: Floats, v: Floats) -> Floats:
    """The painted, striped surface (N, 3, 32, 32) that the shape is cut out of."""
    num = len(y)
    colour = PAINT * _look("paint", y) + _colours(rng, num, PAINT_SPREAD)
    sign = np.where(rng.random(num) < BRIGHTER, 1, -1).astype(np.float32)[:, None, None, None]
    colour += sign * CONTRAST * np.abs(1 + 0.4 * _normal(rng, num, 1, 1, 1))

    own = np.where(rng.random(num) < TEXTURED, y, rng.integers(_CLASSES, size=num))
    stripes = _look("stripes", own) * np.exp(0.1 * _normal(rng, num, 1, 1))
    slant = _look("slant", own) + 0.2 * _normal(rng, num, 1, 1)
    strength = TEXTURE * np.abs(1 + 0.4 * _normal(rng, num, 1, 1))
    phase = _between(rng, num, 0, 2 * np.pi)
    texture: Floats = strength * np.sin(stripes * (np.cos(slant) * u + np.sin(slant) * v) + phase)
    return colour + texture[:, None]


def _photograph(rng: np.random.Generator, X: Floats) -> Pixels:
    """Exposure, noise of the sensor, and rounding to 0..255."""
    num = len(X)
    X *= np.exp(LIGHT * _normal(rng, num, 1, 1, 1))
    X += 120 + 25 * _normal(rng, num, 1, 1, 1)
    X += NOISE * _normal(rng, *X.shape)
    return np.clip(np.rint(X, out=X), 0, 255, out=X).astype(np.uint8)


def _look(field: str, y: Labels) -> Floats:
    """What that field says of each image's class: a number (N, 1, 1), or a colour (N, 3, 1, 1)."""
    return np.array([getattr(look, field) for look in LOOKS], np.float32)[y, ..., None, None]


def _colours(rng: np.random.Generator, num: int, spread: float) -> Floats:
    """Random colours (N, 3, 1, 1), mostly of grey: channels of photographs go together."""
    return spread * (0.5 * _normal(rng, num, 3, 1, 1) + 0.85 * _normal(rng, num, 1, 1, 1))


def _normal(rng: np.random.Generator, *shape: int) -> Floats:
    return rng.standard_normal(shape, np.float32)


def _between(rng: np.random.Generator, num: int, low: float, high: float) -> Floats:
    """One number per image, (N, 1, 1)."""
    return rng.uniform(low, high, (num, 1, 1)).astype(np.float32)
