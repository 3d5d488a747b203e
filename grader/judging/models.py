"""Trained nets of the course's own design, handed in as weights.

The trusted half reads the weights as plain arrays, runs the reference's forward pass on images the student has never
seen, and applies the score range of course.toml. No student code is involved, and nobody waits for training.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from utils.checks.case import Finding
from utils.checks.compare import Array
from utils.checks.models import share_of_points
from utils.cifar10 import find_cifar10, read_split
from utils.errors import DataError
from utils.model_files import read_model
from utils.offline_images import make_offline_images, offline_pixels

from ..course import Exercise
from ..errors import CourseError
from ..reference import Reference
from ..report import Verdict
from ..submission import Submission
from ..submission.archive_members import CappedReader
from ..wording import VerdictName

HIDDEN_IMAGES = 2000  # a standard error of 1.1 % in the accuracy
MEAN_OF = 5000  # images that the offline set's mean is taken over; its own error is below one grey level


@dataclass(frozen=True)
class ModelRecipe:
    """What a handed-in net has to look like, and how it is run.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        Its weights.
    predict : callable
        ``predict(reference, weights, X)`` gives labels for images X (N, 3, 32, 32) with the mean image taken off.
    """

    shapes: Mapping[str, tuple[int, ...]]
    predict: Callable[[Reference, Mapping[str, Array], Array], Array]


def _two_layer(reference: Reference, weights: Mapping[str, Array], X: Array) -> Array:
    net = reference.module("neural_net").TwoLayerNet(3072, 50, 10)
    # Of one dtype that BLAS knows: a product of half or of long double numbers takes a hundred times as long.
    net.params = {name: weight.astype(np.float64) for name, weight in weights.items()}
    labels: Array = net.predict(X.reshape(len(X), -1))
    return labels


MODELS = {
    "models.two_layer_best": ModelRecipe(
        {"W1": (50, 3072), "b1": (50,), "W2": (10, 50), "b2": (10,)},
        _two_layer,
    ),
}


def grade(submission: Submission, exercise: Exercise, reference: Reference, secret: bytes) -> Verdict:
    """Grade one trained net.

    Parameters
    ----------
    submission : Submission
    exercise : Exercise
        Of the kind ``models.<file>``, with its score range.
    reference : Reference
        Its forward pass is run.
    secret : bytes
        The hidden images of the offline set are drawn from it.

    Returns
    -------
    Verdict
    """
    model = _model(exercise)
    if exercise.file not in submission.files:
        return verdict(exercise, 0.0, "missing", f"{exercise.file} was not handed in.")
    try:
        weights, dataset = _read(submission.files[exercise.file], exercise.file)
        _check_shapes(weights, model, exercise.file)
    except DataError as error:
        return verdict(exercise, 0.0, "error", str(error))
    try:
        X, y = hidden_images(dataset, hashlib.sha256(secret + exercise.name.encode()).digest())
    except CourseError as error:  # the instructor's to mend; the rest of the class goes on
        return verdict(exercise, 0.0, "error", f"Not graded yet: {error}")
    with np.errstate(all="ignore"):
        right = model.predict(reference, weights, X) == y
    return by_accuracy(exercise, right, dataset)


def untrained(exercise: Exercise) -> bytes:
    """The file of a net that nobody has trained: all weights are zero."""
    model = _model(exercise)
    file = io.BytesIO()
    arrays: dict[str, Any] = {name: np.zeros(shape) for name, shape in model.shapes.items()}
    np.savez(file, dataset=np.array("offline"), **arrays)
    return file.getvalue()


def _model(exercise: Exercise) -> ModelRecipe:
    if exercise.name not in MODELS:
        raise CourseError(
            f'Nothing in grader/judging/models.py says how to run "{exercise.name}"; there are {", ".join(MODELS)}.'
        )
    return MODELS[exercise.name]


def by_accuracy(exercise: Exercise, right: Array, dataset: str, taken_off: float = 0.0, remark: str = "") -> Verdict:
    """The verdict on a net by the images it was right about and the exercise's score range.

    Parameters
    ----------
    exercise : Exercise
    right : ndarray of bool
        One for each image.
    dataset : str
        Where the images are from.
    taken_off : float, default=0
        Part of the accuracy that does not count.
    remark : str, optional
        Why, in a sentence that begins with a space.
    """
    assert exercise.score is not None
    start, stop, accuracy = exercise.score.start, exercise.score.stop, float(np.mean(right))
    said = (
        f"{accuracy:.1%} of {len(right)} unseen images ({dataset}) are classified right; "
        f"points start at {start:.0%} and all are earned at {stop:.0%}.{remark}"
    )
    share = share_of_points(accuracy - taken_off, start, stop)
    return verdict(exercise, share, "pass" if share == 1 else "partial" if share else "fail", said)


@cache
def hidden_images(dataset: str, key: bytes) -> tuple[Array, Array]:
    """Images no student has, with the mean training image taken off.

    Parameters
    ----------
    dataset : {"offline", "cifar10"}
        What the net was trained on.
    key : bytes
        Which images of the offline set.

    Returns
    -------
    X : ndarray of shape (N, 3, 32, 32)
    y : ndarray of shape (N,)

    Raises
    ------
    CourseError
        When CIFAR-10 is asked for and the grader has no copy.
    """
    if dataset == "offline":
        mean = offline_pixels(MEAN_OF)[0].mean(axis=0)
        X, y = make_offline_images(np.random.default_rng(int.from_bytes(key)), HIDDEN_IMAGES)
        return X - mean, y
    folder = find_cifar10()
    if folder is None:
        raise CourseError(
            "A net trained on CIFAR-10 was handed in and the grader has no copy of it; "
            "run utils.data_utils.download_CIFAR10() once, or set NNDL_DATA to a copy."
        )
    mean = read_split(folder, "train")[0][:49_000].mean(axis=0)
    pixels, labels = read_split(folder, "test")
    return pixels[1000:] - mean, labels[1000:]  # students are given the first 1000


def _read(data: bytes, file: str) -> tuple[dict[str, Array], str]:
    # A capped reader, because a directory of many megabytes would take many times its size in memory before its members
    # could be counted.
    return read_model(cast("IO[bytes]", CappedReader(io.BytesIO(data))), Path(file).name)


def _check_shapes(weights: Mapping[str, Array], model: ModelRecipe, file: str) -> None:
    for name, shape in model.shapes.items():
        if name not in weights:
            raise DataError(f"{file} lacks {name}; hand in {', '.join(model.shapes)} with save_model.")
        if weights[name].shape != shape:
            raise DataError(f"{name} in {file} has shape {weights[name].shape}; the net to hand in has {shape}.")
        if weights[name].dtype.kind != "f" or not np.isfinite(weights[name]).all():
            raise DataError(f"{name} in {file} holds more than finite numbers; did the training diverge?")


def verdict(exercise: Exercise, share: float, name: VerdictName, hint: str) -> Verdict:
    """The verdict on a net: a share of the exercise's points, and one sentence."""
    assert name != "partial" or 0 < share < 1
    finding = Finding("accuracy", "fail" if name == "partial" else name, hint)
    return Verdict(exercise.name, round(exercise.points * share, 2), exercise.points, name, (finding,))
