"""Trained nets of the course's own design, handed in as weights.

The trusted half reads the weights as plain arrays, lets the course run them on examples the student has never seen, and
applies the score range of course.toml. No student code is involved, and nobody waits for training.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from utils.checks.case import Finding
from utils.checks.compare import Array
from utils.checks.models import share_of_points
from utils.checks.weights import read_weights
from utils.errors import DataError

from ..course import Exercise
from ..errors import CourseError
from ..recipes import GivenNet, TrainedNet, trained_net
from ..reference import Reference
from ..report import Verdict
from ..submission import Submission
from ..submission.archive_members import CappedReader
from ..wording import VerdictName


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
        Unseen examples are drawn from it, where the course draws them.

    Returns
    -------
    Verdict
    """
    net = given_net(reference, exercise)
    if exercise.file not in submission.files:
        return verdict(exercise, 0.0, "missing", f"{exercise.file} was not handed in.")
    try:
        weights, dataset = _read(submission.files[exercise.file], exercise.file)
        _check_shapes(weights, net, exercise.file)
        X, y = net.unseen(dataset, example_key(secret, exercise))
    except DataError as error:
        return verdict(exercise, 0.0, "error", str(error))
    except CourseError as error:  # the instructor's to mend; the rest of the class goes on
        return verdict(exercise, 0.0, "error", f"Not graded yet: {error}")
    with np.errstate(all="ignore"):
        right = net.predict(reference, weights, X) == y
    return by_accuracy(exercise, right, dataset)


def untrained(net: GivenNet) -> bytes:
    """The file of a net that nobody has trained: all weights are zero."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {name: np.zeros(shape) for name, shape in net.shapes.items()}
    np.savez(file, dataset=np.array(net.dataset), **arrays)
    return file.getvalue()


def given_net(reference: Reference, exercise: Exercise) -> GivenNet:
    """What the course says about a net of its design; raises CourseError where it says nothing."""
    net: TrainedNet = trained_net(reference, exercise.name)
    if not isinstance(net, GivenNet):
        raise CourseError(f'The recipe of "{exercise.name}" is no GivenNet, and course.toml has no constructor for it.')
    return net


def example_key(secret: bytes, exercise: Exercise) -> bytes:
    """What the unseen examples for a net are drawn from: the same for everybody, so that nobody is luckier."""
    return hashlib.sha256(secret + exercise.name.encode()).digest()


def by_accuracy(exercise: Exercise, right: Array, dataset: str, taken_off: float = 0.0, remark: str = "") -> Verdict:
    """The verdict on a net by the examples it was right about and the exercise's score range.

    Parameters
    ----------
    exercise : Exercise
    right : ndarray of bool
        One for each example.
    dataset : str
        Where the examples are from.
    taken_off : float, default=0
        Part of the accuracy that does not count.
    remark : str, optional
        Why, in a sentence that begins with a space.
    """
    assert exercise.score is not None
    start, stop, accuracy = exercise.score.start, exercise.score.stop, float(np.mean(right))
    said = (
        f"{accuracy:.1%} of {len(right)} unseen examples ({dataset}) are classified right; "
        f"points start at {start:.0%} and all are earned at {stop:.0%}.{remark}"
    )
    share = share_of_points(accuracy - taken_off, start, stop)
    return verdict(exercise, share, "pass" if share == 1 else "partial" if share else "fail", said)


def _read(data: bytes, file: str) -> tuple[dict[str, Array], str]:
    # A capped reader, because a directory of many megabytes would take many times its size in memory before its members
    # could be counted.
    return read_weights(cast("IO[bytes]", CappedReader(io.BytesIO(data))), Path(file).name)


def _check_shapes(weights: Mapping[str, Array], net: GivenNet, file: str) -> None:
    for name, shape in net.shapes.items():
        if name not in weights:
            raise DataError(f"{file} lacks {name}; hand in {', '.join(net.shapes)}.")
        if weights[name].shape != shape:
            raise DataError(f"{name} in {file} has shape {weights[name].shape}; the net to hand in has {shape}.")
        if weights[name].dtype.kind != "f" or not np.isfinite(weights[name]).all():
            raise DataError(f"{name} in {file} holds more than finite numbers; did the training diverge?")


def verdict(exercise: Exercise, share: float, name: VerdictName, hint: str) -> Verdict:
    """The verdict on a net: a share of the exercise's points, and one sentence."""
    assert name != "partial" or 0 < share < 1
    finding = Finding("accuracy", "fail" if name == "partial" else name, hint)
    return Verdict(exercise.name, round(exercise.points * share, 2), exercise.points, name, (finding,))
