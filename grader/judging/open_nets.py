"""Judge trained nets of the student's own design, which are handed in as a constructor and a file of weights.

Both come from the student, so the net is built, given its weights and run in the sandbox, by a program that the course
provides. The grader sends it examples and gets scores back; the labels never enter the sandbox.

Points are for the accuracy of the weights that were handed in, not for a net that learns while it is graded. Two
controls make sure of that:

- The examples come in random order, and some of them twice. The scores of an example may not depend on the other
  examples of the batch, as they would if the net were fitted to the batch.
- The net runs a second time with the numbers of each weight array shuffled. A trained net can only guess then. If it
  is more accurate than guessing, that accuracy does not come from the weights, and is subtracted.
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
from ..submission import Submission
from . import models
from .outcome import Outcome

TWICE = 100
"""The number of examples that are sent twice, at different places of the batch."""

CONTROLS = 500
"""The number of examples for the shuffled net; an accuracy of 10 % then has a standard error of 1.3 %."""

GUESSING = 2.5
"""The accuracy up to which a shuffled net counts as guessing, as a multiple of chance.

A shuffled net that prefers one or two classes may do better than chance, and stays well below this.
"""

ALIKE = 1e-3
"""How far the two scores of an example may be apart, relative to the largest score.

They are not exactly equal, because float32 sums may be rounded differently at different places of a batch.
"""

SECONDS = 60.0
"""Seconds for one run of a net; its exercise gets as many on top of the other limits.

A ResNet-18 takes a third of it on one core, for 2000 images of 32 × 32 pixels.
"""

WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Bytes of one number, by the names of the floating-point types in safetensors files."""

Run = Callable[[str, Mapping[str, object], Sequence[str], float], Answer]


def judge(submission: Submission, exercise: Exercise, net: OwnNet, run: Run, secret: bytes) -> Outcome:
    """Judge one net.

    Parameters
    ----------
    submission : Submission
    exercise : Exercise
        With its constructor.
    net : OwnNet
        The course's recipe for it.
    run : callable
        ``run(program, inputs, fetch, seconds)`` runs a program in the sandbox, where the module of the constructor is
        imported.
    secret : bytes
        The course's secret, which determines the unseen examples if the course draws them, and the shuffling.

    Returns
    -------
    Outcome
        A file that is unusable earns nothing; the outcome says why.

    Raises
    ------
    WorkerLost
        When the worker ended or ran out of time before it sent scores.
    OutOfBudget
        When the submission's seconds are used up.
    """
    data = submission.files[exercise.file]
    try:
        dataset = safetensors_dataset(data, exercise.file)
        X, y = net.unseen(dataset, models.example_key(secret, exercise))
    except DataError as error:
        return models.unusable(str(error))
    except CourseError as error:  # the instructor has to fix this, and meanwhile the other exercises are graded
        return models.unusable(f"Not graded yet: {error}", ungraded=True)
    rng = np.random.default_rng(list(hashlib.sha256(secret + data).digest()))
    program = net.program.format(constructor=exercise.constructor)

    def scored(weights: bytes, places: Array) -> Array | Outcome:
        """Run the net on the examples at these indices; return their scores, or the outcome if there are none."""
        inputs = {"inputs": X[places].astype(np.float32), "weights": np.frombuffer(weights, dtype=np.uint8)}
        answer = run(program, inputs, ("scores",), SECONDS)
        if isinstance(answer, Crash):
            hint = answer.message if answer.error == DataError.__name__ else str(answer)
            return models.unusable(hint, "missing" if answer.missing else "error")
        scores = answer.values["scores"]
        if wrong := unusable_scores(scores, len(places), net.classes):
            return models.unusable(wrong)
        assert isinstance(scores, np.ndarray)
        return scores

    order = rng.permutation(len(y))
    places = np.concatenate([order, rng.choice(len(y), min(TWICE, len(y)), replace=False)])
    scores = scored(data, places)
    if isinstance(scores, Outcome):
        return scores
    in_order = np.empty((len(y), scores.shape[1]))
    in_order[order] = scores[: len(y)]
    difference = np.abs(in_order[places[len(y) :]] - scores[len(y) :]).max()
    if difference > ALIKE * np.abs(scores).max():
        hint = "The scores of an example depend on the others that are scored with it; each should stand for itself."
        return models.unusable(hint)
    controls = rng.choice(len(y), min(CONTROLS, len(y)), replace=False)
    try:
        control_scores = scored(shuffled(data, rng), controls)
    except DataError as error:
        return models.unusable(str(error))
    # With shuffled weights the net may give NaN or crash. Then nothing is subtracted.
    if isinstance(control_scores, Outcome):
        control_accuracy = 0.0
    else:
        control_accuracy = float((control_scores.argmax(axis=1) == y[controls]).mean())
    right = in_order.argmax(axis=1) == y
    chance = 1 / net.classes
    if control_accuracy <= GUESSING * chance:
        return models.measured(right, dataset)
    remark = (
        f" With its weights shuffled the net still classifies {control_accuracy:.1%} right, "
        f"where it should be guessing; what is above {chance:.0%} is taken off."
    )
    return models.measured(right, dataset, taken_off=control_accuracy - chance, remark=remark)


def shuffled(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a safetensors file in which the numbers of each floating-point array are in random order.

    Arrays of integers stay as they are: they are counters or indices, and the net might not run without them.

    Parameters
    ----------
    data : bytes
        The file; nothing in it is trusted.
    rng : Generator

    Raises
    ------
    DataError
        When the header does not say where the arrays are.
    """
    # The file is the header's length (8 bytes), the header (JSON), and the arrays one after the other. It is edited in
    # place, because this needs no PyTorch, and keeps types that NumPy does not have, such as BF16.
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
