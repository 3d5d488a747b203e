"""Trained nets of the student's own design, handed in as a constructor and its weights.

Both are the student's, so net and weights meet in the sandbox. It is sent images and sends back scores; what the images
show is known on this side alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.checks.hearing import Answer
from utils.checks.models import unusable_scores
from utils.checks.program import Crash
from utils.errors import DataError
from utils.model_files import safetensors_dataset

from . import models
from .claims import claimed
from .course import Exercise
from .errors import CourseError
from .submission import Submission
from .verdict import Verdict

PROGRAM = """\
from utils import torch_nets
net = torch_nets.restored({constructor}(), weights.tobytes())
scores = torch_nets.scores_of(net, images)
"""

FUNCTIONS = ("torch_nets.restored", "torch_nets.scores_of")
PACKAGES = ("torch", "safetensors")
"""What the program needs in the sandbox: of ``utils``, and of what is installed."""

SECONDS = 60.0
"""For all hidden images together; a ResNet-18 made for images of this size takes about a third of it on one core."""

Run = Callable[[str, Mapping[str, object], Sequence[str], float], Answer]


def grade(submission: Submission, exercise: Exercise, run: Run, secret: bytes) -> Verdict:
    """Grade one net.

    Parameters
    ----------
    submission : Submission
    exercise : Exercise
        With its constructor and its score range.
    run : callable
        ``run(program, inputs, fetch, seconds)`` in the sandbox, against the module of the constructor.
    secret : bytes
        The hidden images of the offline set are drawn from it.

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
        X, y = models.hidden_images(dataset, hashlib.sha256(secret + exercise.name.encode()).digest())
    except DataError as error:
        return models.verdict(exercise, 0.0, "error", str(error))
    except CourseError as error:  # the instructor's to mend; the rest of the class goes on
        return models.verdict(exercise, 0.0, "error", f"Not graded yet: {error}")
    X, y = X[: models.HIDDEN_IMAGES], y[: models.HIDDEN_IMAGES]  # of CIFAR-10 there are more than the time is for
    inputs = {"images": X.astype(np.float32), "weights": np.frombuffer(data, dtype=np.uint8)}
    answer = run(PROGRAM.format(constructor=exercise.constructor), inputs, ("scores",), SECONDS)
    if isinstance(answer, Crash):
        said = answer.message if answer.error == DataError.__name__ else str(answer)
        return models.verdict(exercise, 0.0, "missing" if answer.missing else "error", said)
    scores = answer.values["scores"]
    if wrong := unusable_scores(scores, len(y)):
        return models.verdict(exercise, 0.0, "error", wrong)
    assert isinstance(scores, np.ndarray)
    return models.by_accuracy(exercise, scores.argmax(axis=1) == y, dataset)


def untrained(constructor: Callable[[], Any]) -> bytes:
    """The file of a net as its constructor builds it; needs PyTorch."""
    from utils.torch_nets import save_net

    with claimed() as folder:
        return save_net(Path(folder, "net.safetensors"), constructor(), {"dataset": "offline"}).read_bytes()
