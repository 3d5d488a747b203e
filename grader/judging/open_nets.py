"""Trained nets of the student's own design, handed in as a constructor and its weights.

Both are the student's, so net and weights meet in the sandbox, in a program that the course gives. It is sent examples
and sends back scores; the labels are known on this side alone.

What counts is what the handed-in weights know. So the examples come in random order and some of them twice, and the
scores of one may not depend on which others come with it; and the net runs a second time with its weights
shuffled, each array by itself. A net that was trained knows nothing then. What it still knows does not come from the
weights, and is taken off its accuracy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from utils.checks.compare import Array
from utils.checks.models import unusable_scores
from utils.checks.program import Answer, Crash
from utils.checks.weights import safetensors_dataset
from utils.errors import DataError

from ..course import Exercise
from ..errors import CourseError
from ..recipes import OwnNet
from ..report import Verdict
from ..submission import Submission
from . import models

TWICE = 100
"""Examples that come twice, in different company."""

CONTROLS = 500
"""Examples that the net with shuffled weights is run on; a standard error of 1.3 % where it guesses, of ten classes."""

GUESSING = 2.5
"""Accuracy up to which a net may be guessing, in units of pure chance: what favours a class or two stays well below."""

ALIKE = 1e-3
"""How far the scores of one example may be apart in different company, in units of the largest: float32 rounds."""

SECONDS = 60.0
"""For all unseen examples together; a ResNet-18 takes a third of it on one core, for 2000 images of 32 × 32 pixels."""

WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of one number, by the names that safetensors has for the floating types."""

Run = Callable[[str, Mapping[str, object], Sequence[str], float], Answer]


def grade(submission: Submission, exercise: Exercise, net: OwnNet, run: Run, secret: bytes) -> Verdict:
    """Grade one net.

    Parameters
    ----------
    submission : Submission
    exercise : Exercise
        With its constructor and its score range.
    net : OwnNet
        What the course says about it.
    run : callable
        ``run(program, inputs, fetch, seconds)`` in the sandbox, against the module of the constructor.
    secret : bytes
        Unseen examples are drawn from it, where the course draws them.

    Returns
    -------
    Verdict

    Raises
    ------
    WorkerLost
        When the sandbox ended before the scores were there.
    """
    data = submission.files[exercise.file]
    try:
        dataset = safetensors_dataset(data, exercise.file)
        X, y = net.unseen(dataset, models.example_key(secret, exercise))
    except DataError as error:
        return models.verdict(exercise, 0.0, "error", str(error))
    except CourseError as error:  # the instructor's to mend; the rest of the class goes on
        return models.verdict(exercise, 0.0, "error", f"Not graded yet: {error}")
    rng = np.random.default_rng(list(hashlib.sha256(secret + data).digest()))
    program = net.program.format(constructor=exercise.constructor)

    def scored(weights: bytes, places: Array) -> Array | Verdict:
        inputs = {"inputs": X[places].astype(np.float32), "weights": np.frombuffer(weights, dtype=np.uint8)}
        answer = run(program, inputs, ("scores",), SECONDS)
        if isinstance(answer, Crash):
            said = answer.message if answer.error == DataError.__name__ else str(answer)
            return models.verdict(exercise, 0.0, "missing" if answer.missing else "error", said)
        scores = answer.values["scores"]
        if wrong := unusable_scores(scores, len(places), net.classes):
            return models.verdict(exercise, 0.0, "error", wrong)
        assert isinstance(scores, np.ndarray)
        return scores

    order = rng.permutation(len(y))
    places = np.concatenate([order, rng.choice(len(y), min(TWICE, len(y)), replace=False)])
    scores = scored(data, places)
    if isinstance(scores, Verdict):
        return scores
    known = np.empty((len(y), scores.shape[1]))
    known[order] = scores[: len(y)]
    apart = np.abs(known[places[len(y) :]] - scores[len(y) :]).max()
    if apart > ALIKE * np.abs(scores).max():
        said = "The scores of an example depend on the others that are scored with it; each should stand for itself."
        return models.verdict(exercise, 0.0, "error", said)
    controls = rng.choice(len(y), min(CONTROLS, len(y)), replace=False)
    try:
        control = scored(shuffled(data, rng), controls)
    except DataError as error:
        return models.verdict(exercise, 0.0, "error", str(error))
    # Shuffled weights may give no numbers at all, and then they know nothing.
    without = 0.0 if isinstance(control, Verdict) else float((control.argmax(axis=1) == y[controls]).mean())
    right = known.argmax(axis=1) == y
    chance = 1 / net.classes
    if without <= GUESSING * chance:
        return models.by_accuracy(exercise, right, dataset)
    said = (
        f" With its weights shuffled the net still classifies {without:.1%} right, where it should be guessing; "
        f"what is above {chance:.0%} is taken off."
    )
    return models.by_accuracy(exercise, right, dataset, taken_off=without - chance, remark=said)


def shuffled(data: bytes, rng: np.random.Generator) -> bytes:
    """A safetensors file with the numbers of each array in random order, those of integers as they are.

    Parameters
    ----------
    data : bytes
        The file, from anybody.
    rng : Generator

    Raises
    ------
    DataError
        If its header does not say where the arrays are.
    """
    size = int.from_bytes(data[:8], "little")
    body = np.frombuffer(data[8 + size :], dtype=np.uint8).copy()
    try:
        entries = {name: entry for name, entry in json.loads(data[8 : 8 + size]).items() if name != "__metadata__"}
        for entry in entries.values():
            if width := WIDTHS.get(entry["dtype"]):
                start, stop = entry["data_offsets"]
                numbers = body[start:stop].reshape(-1, width)
                body[start:stop] = rng.permutation(numbers).ravel()
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise DataError("The weights cannot be read: save them again.") from error
    return data[: 8 + size] + body.tobytes()
