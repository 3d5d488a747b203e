"""The data of the course: CIFAR-10 where there is a copy, else a procedural set of the same shapes.

CIFAR-10 is looked for in the folder that the environment variable ``NNDL_DATA`` names, in ``data/`` of the
course's folder, and in the per-user cache, where `download_CIFAR10` puts it. Nothing is downloaded unasked.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from utils.cifar10 import batches_folder, find_cifar10, read_split
from utils.download import download_CIFAR10
from utils.model_files import load_model, save_model
from utils.offline_images import make_offline_images, offline_images, offline_pixels

__all__ = [
    "download_CIFAR10",
    "get_CIFAR10_data",
    "load_CIFAR10",
    "load_model",
    "make_offline_images",
    "offline_images",
    "save_model",
]

Images = NDArray[np.float64]
Labels = NDArray[np.int64]


def load_CIFAR10(dir: str | os.PathLike[str]) -> tuple[Images, Labels, Images, Labels]:
    """Read all of CIFAR-10.

    Parameters
    ----------
    dir : path
        The folder ``cifar-10-batches-py``, or the one around it.

    Returns
    -------
    X_train : ndarray of shape (50000, 3, 32, 32), float64, values 0..255
    y_train : ndarray of shape (50000,), int64, classes 0..9
    X_test : ndarray of shape (10000, 3, 32, 32), float64
    y_test : ndarray of shape (10000,), int64

    Raises
    ------
    DataError
        If the folder is not the right one, or a file is absent or damaged.
    """
    folder = batches_folder(dir)
    X_train, y_train = read_split(folder, "train")
    X_test, y_test = read_split(folder, "test")
    return X_train.astype(np.float64), y_train, X_test.astype(np.float64), y_test


def get_CIFAR10_data(
    num_training: int = 49000,
    num_validation: int = 1000,
    num_test: int = 1000,
    subtract_mean: bool = True,
) -> dict[str, Any]:
    """The course's data, split for training, validating and testing.

    CIFAR-10 where there is a copy, else the offline set of the same shapes, and then it says so.

    Parameters
    ----------
    num_training, num_validation : int, default 49000 and 1000
        How many images from the beginning of the training set, and how many after those.
    num_test : int, default 1000
        How many from the beginning of the test set.
    subtract_mean : bool, default True
        Take the mean training image off all images.

    Returns
    -------
    dict
        ``X_train (num_training, 3, 32, 32)`` float64, ``y_train (num_training,)`` int64, and so for ``val``
        and ``test``; ``mean_image (3, 32, 32)``, what was subtracted (zeros if nothing was); ``dataset``,
        "cifar10" or "offline".

    Raises
    ------
    ValueError
        If a number is negative, ``num_training`` is 0, or there are not that many images.
    DataError
        If there is a copy of CIFAR-10 that cannot be used.
    """
    counts = {"num_training": num_training, "num_validation": num_validation, "num_test": num_test}
    for name, count in counts.items():
        if count < (name == "num_training"):
            raise ValueError(f"{name} is {count}: ask for at least one training image and no negative numbers.")
    folder = find_cifar10()
    if folder is None:
        print(
            "CIFAR-10 is not on this computer, so this is the offline set of the same shapes; "
            "for the photographs run utils.data_utils.download_CIFAR10() once."
        )
        X, y = offline_pixels(num_training + num_validation, split="train")
        X_test, y_test = offline_pixels(num_test, split="test")
    else:
        X, y = read_split(folder, "train")
        X_test, y_test = read_split(folder, "test")
    if len(X) < num_training + num_validation or len(X_test) < num_test:
        raise ValueError(
            f"There are {len(X)} images to train and validate on and {len(X_test)} to test on, but "
            f"{num_training} + {num_validation} and {num_test} were asked for: ask for fewer."
        )

    # Cast part by part: all of CIFAR-10 is 1.4 GiB as float64 and 0.2 GiB as the bytes it comes in.
    train, val = slice(num_training), slice(num_training, num_training + num_validation)
    data: dict[str, Any] = {
        "X_train": X[train].astype(np.float64),
        "y_train": y[train],
        "X_val": X[val].astype(np.float64),
        "y_val": y[val],
        "X_test": X_test[:num_test].astype(np.float64),
        "y_test": y_test[:num_test],
        "mean_image": np.zeros((3, 32, 32)),
        # a str with a .shape, (), so that a loop which prints the shape of every entry goes through
        "dataset": np.str_("offline" if folder is None else "cifar10"),
    }
    if subtract_mean:
        data["mean_image"] = data["X_train"].mean(axis=0)
        for key in ("X_train", "X_val", "X_test"):
            data[key] -= data["mean_image"]
    return data
