"""Judge trained nets of the course's own design, which students hand in as files of weights.

The grader reads the weights as plain arrays, and has the course's forward pass classify examples that no student has
seen. The score range in course.toml turns the accuracy into points later; see `outcome`. No student's code runs, and
nothing is trained.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from utils.checks.case import FindingVerdict
from utils.checks.compare import Array
from utils.checks.weights import read_weights
from utils.errors import DataError

from ..course import Exercise
from ..errors import CourseError
from ..recipes import GivenNet, TrainedNet, trained_net
from ..reference import Reference
from ..submission import Submission
from ..submission.archive_members import CappedReader
from .outcome import Accuracy, Outcome


def judge(submission: Submission, exercise: Exercise, reference: Reference, secret: bytes) -> Outcome:
    """Judge one trained net.

    Parameters
    ----------
    submission : Submission
    exercise : Exercise
        An exercise ``models.<file>``.
    reference : Reference
        Its forward pass computes the labels.
    secret : bytes
        The course's secret, which determines the unseen examples if the course draws them.

    Returns
    -------
    Outcome
        A file that is missing or unusable earns nothing; the outcome says why.

    Raises
    ------
    CourseError
        When the course has no recipe for the net.
    """
    net = given_net(reference, exercise)
    if exercise.file not in submission.files:
        return unusable(f"{exercise.file} was not handed in.", "missing")
    try:
        weights, dataset = _read(submission.files[exercise.file], exercise.file)
        _check_shapes(weights, net, exercise.file)
        X, y = net.unseen(dataset, example_key(secret, exercise))
    except DataError as error:
        return unusable(str(error))
    except CourseError as error:  # the instructor has to fix this, and meanwhile the other exercises are graded
        return unusable(f"Not graded yet: {error}", ungraded=True)
    with np.errstate(all="ignore"):
        right = net.predict(reference, weights, X) == y
    return measured(right, dataset)


def untrained(net: GivenNet) -> bytes:
    """Return the file of an untrained net, in which all weights are zero, for the self-test."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {name: np.zeros(shape) for name, shape in net.shapes.items()}
    np.savez(file, dataset=np.array(net.dataset), **arrays)
    return file.getvalue()


def given_net(reference: Reference, exercise: Exercise) -> GivenNet:
    """Return the recipe of a net of the course's design; raise CourseError if there is none, or it is no GivenNet."""
    net: TrainedNet = trained_net(reference, exercise.name)
    if not isinstance(net, GivenNet):
        raise CourseError(f'The recipe of "{exercise.name}" is no GivenNet, and course.toml has no constructor for it.')
    return net


def example_key(secret: bytes, exercise: Exercise) -> bytes:
    """Return the key that the unseen examples for a net are drawn from.

    It does not depend on the student, so that nobody gets easier examples than others.
    """
    return hashlib.sha256(secret + exercise.name.encode()).digest()


def measured(right: Array, dataset: str, taken_off: float = 0.0, remark: str = "") -> Outcome:
    """Return the outcome for a net that was run on all examples.

    Parameters
    ----------
    right : ndarray of bool, shape (N,)
        Whether the net classifies each example correctly.
    dataset, taken_off, remark
        As for `Accuracy`.
    """
    return Outcome(0.0, accuracy=Accuracy(float(np.mean(right)), len(right), dataset, taken_off, remark))


def unusable(hint: str, verdict: FindingVerdict = "error", ungraded: bool = False) -> Outcome:
    """Return the outcome for a net that could not be run, with the sentence that the student reads."""
    return Outcome.nothing(verdict, hint, "accuracy", ungraded)


def _read(data: bytes, file: str) -> tuple[dict[str, Array], str]:
    """Read the weights, and the name of the data set that the net was trained on."""
    # An .npz file is a zip archive. Python's zipfile reads the whole directory at once, and a directory of many
    # megabytes takes many times its size in memory before the members can be counted; the capped reader stops that.
    return read_weights(cast("IO[bytes]", CappedReader(io.BytesIO(data))), Path(file).name)


def _check_shapes(weights: Mapping[str, Array], net: GivenNet, file: str) -> None:
    """Raise DataError unless all weights are there, in the right shapes, and finite."""
    for name, shape in net.shapes.items():
        if name not in weights:
            raise DataError(f"{file} lacks {name}; hand in {', '.join(net.shapes)}.")
        if weights[name].shape != shape:
            raise DataError(f"{name} in {file} has shape {weights[name].shape}; the net to hand in has {shape}.")
        if weights[name].dtype.kind != "f" or not np.isfinite(weights[name]).all():
            raise DataError(f"{name} in {file} holds more than finite numbers; did the training diverge?")
