"""A few real photographs that may be passed on; `ATTRIBUTION.md` says who took them and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.cbook import get_sample_data
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Photograph:
    """What a photograph shows.

    Attributes
    ----------
    title : str
        In plain words.
    labels : mapping of str to str
        Its class in the data sets that have a class for it: "cifar10", "imagenet" (as torchvision names the classes),
        "offline".
    """

    title: str
    labels: Mapping[str, str]


PHOTOGRAPHS: Mapping[str, Photograph] = {
    "cat": Photograph("a cat", {"cifar10": "cat", "imagenet": "tabby"}),
    "coffee": Photograph("a cup of coffee", {"imagenet": "espresso"}),
    "rocket": Photograph("a rocket", {"imagenet": "missile"}),
    "retina": Photograph("the back of an eye", {"offline": "disc"}),
    "grace_hopper": Photograph("an admiral", {"imagenet": "military uniform"}),
}
"""All photographs by name. Grace Hopper's comes with matplotlib, the others stand in this folder."""


def load_photograph(name: str) -> Pixels:
    """One photograph, whole.

    Parameters
    ----------
    name : str
        A key of `PHOTOGRAPHS`.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Channels last, as matplotlib shows it; the shorter side has 224 pixels, Grace Hopper's 512.

    Raises
    ------
    KeyError
        If there is no photograph of this name.
    """
    with _opened(name) as image:
        return np.array(image.convert("RGB"))


def square_photographs(size: int) -> Pixels:
    """The middle square of every photograph, scaled: what a network takes.

    Parameters
    ----------
    size : int
        Pixels of a side.

    Returns
    -------
    ndarray of shape (N, 3, size, size), uint8
        In the order of `PHOTOGRAPHS`, channels first.
    """
    squares = []
    for name in PHOTOGRAPHS:
        with _opened(name) as image:
            squares.append(middle_square(image, size))
    return np.stack(squares)


def middle_square(image: Image.Image, size: int) -> Pixels:
    """The middle square of a PIL image of any size, scaled to (3, size, size)."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.convert("RGB").resize((size, size), box=(left, top, left + side, top + side))
    return np.array(square, dtype=np.uint8).transpose(2, 0, 1)


def _opened(name: str) -> Image.Image:
    if name not in PHOTOGRAPHS:
        raise KeyError(f'There is no photograph "{name}"; there are {", ".join(PHOTOGRAPHS)}.')
    if name == "grace_hopper":
        file: Any = get_sample_data("grace_hopper.jpg", asfileobj=False)
    else:
        file = Path(__file__).with_name(f"{name}.jpg")
    return Image.open(file)
