"""The photographs that come with the course: there, small, and each with who took it and who may use it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils import photographs
from utils.cifar10 import CLASSES
from utils.offline_images import OFFLINE_CLASSES
from utils.photographs import PHOTOGRAPHS, load_photograph, middle_square, square_photographs

FOLDER = Path(photographs.__file__).parent
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_in_colour_and_says_what_it_shows(name):
    pixels = load_photograph(name)
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert min(pixels.shape[:2]) >= 224
    assert np.ptp(pixels.mean(axis=(0, 1))) > 5
    assert PHOTOGRAPHS[name].title


def test_labels_are_classes_of_their_sets():
    known = {"cifar10": CLASSES, "offline": OFFLINE_CLASSES}
    for photograph in PHOTOGRAPHS.values():
        for dataset, label in photograph.labels.items():
            assert dataset == "imagenet" or label in known[dataset]


def test_every_file_is_used_attributed_packed_and_small():
    files = {path.name for path in FOLDER.iterdir() if path.suffix not in (".py", ".md") and path.is_file()}
    assert files == {f"{name}.jpg" for name in PHOTOGRAPHS} - {"grace_hopper.jpg"}
    attribution = (FOLDER / "ATTRIBUTION.md").read_text("utf-8")
    for name in PHOTOGRAPHS:
        (row,) = (line for line in attribution.splitlines() if f"`{name}.jpg`" in line)
        assert "CC0" in row or "public domain" in row
    assert sum((FOLDER / name).stat().st_size for name in files) < 100_000
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]["utils"]
    assert {"photographs/*.jpg", "photographs/*.md"} <= set(packed)


def test_squares_are_the_middle_scaled():
    wide = np.zeros((8, 30, 3), np.uint8)
    wide[:, 3:27] = (200, 100, 50)
    square = middle_square(Image.fromarray(wide), 2)
    assert square.shape == (3, 2, 2)
    assert (square == np.array([200, 100, 50]).reshape(3, 1, 1)).all()
    assert square_photographs(32).shape == (len(PHOTOGRAPHS), 3, 32, 32)


def test_a_photograph_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(KeyError, match='no photograph "dog"; there are cat, coffee'):
        load_photograph("dog")
