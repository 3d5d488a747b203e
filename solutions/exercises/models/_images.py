"""Provide images that students do not have, to measure the accuracy of their trained nets."""

from __future__ import annotations

from functools import cache

import numpy as np

from grader.errors import CourseError
from grader.recipes import Array
from utils.cifar10 import find_cifar10, read_split
from utils.errors import DataError
from utils.offline_images import make_offline_images, offline_pixels

HIDDEN_IMAGES = 2000  # a standard error of 1.1 % in the accuracy
MEAN_OF = 5000  # images that the offline set's mean is taken over; its own error is below one grey level


@cache
def hidden_images(dataset: str, key: bytes) -> tuple[Array, Array]:
    """Return images that students do not have, minus the mean training image.

    Parameters
    ----------
    dataset : {"offline", "cifar10"}
        The data set that the net was trained on.
    key : bytes
        The seed for the images of the offline set; without effect for CIFAR-10.

    Returns
    -------
    X : ndarray of float32, shape (N, 3, 32, 32)
        The images.
    y : ndarray of shape (N,)
        Their labels.

    Raises
    ------
    DataError
        When there is no such set.
    CourseError
        When CIFAR-10 is asked for and the grader has no copy.
    """
    if dataset == "offline":
        mean = offline_pixels(MEAN_OF)[0].mean(axis=0)
        X, y = make_offline_images(np.random.default_rng(int.from_bytes(key)), HIDDEN_IMAGES)
        return (X - mean).astype(np.float32), y
    if dataset != "cifar10":
        raise DataError(f'The net was trained on "{dataset}"; the sets of this course are cifar10 and offline.')
    folder = find_cifar10()
    if folder is None:
        raise CourseError(
            "A net trained on CIFAR-10 was handed in and the grader has no copy of it; "
            "run utils.data_utils.download_CIFAR10() once, or set NNDL_DATA to a copy."
        )
    mean = read_split(folder, "train")[0][:49_000].mean(axis=0)
    pixels, labels = read_split(folder, "test")
    return (pixels[1000:] - mean).astype(np.float32), labels[1000:]  # students are given the first 1000
