"""The visible check of a trained net: whether its file holds the right arrays, and how good the net is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.errors import DataError
from utils.model_files import load_model, safetensors_dataset

from .compare import Array
from .pack import FOLDER, PackError

TABLE = FOLDER / "models.json"
CLASSES = 10  # of CIFAR-10, and of the offline set


def check_model(path: str | os.PathLike[str], data: Mapping[str, Any], net: Callable[..., Any]) -> str:
    """Check the file of a trained net, and measure it on the validation set.

    Parameters
    ----------
    path : path
        As written by `utils.data_utils.save_model`: ``"models/two_layer_best.npz"``; or by `utils.torch_nets.save_net`,
        for a net of your own design: ``"models/open_ended.safetensors"``.
    data : dict
        From `utils.data_utils.get_CIFAR10_data`.
    net : class or function
        Your net: called with the sizes, it must have ``params`` and ``predict``. For one of your own design its
        constructor, called without arguments.

    Returns
    -------
    str
        The accuracy, and what it is worth.

    Raises
    ------
    DataError
        In one sentence, when the file is absent, damaged, or not the net that is asked for.
    """
    path = Path(path)
    rule = _rule(path)
    right = (_right_torch if "constructor" in rule else _right)(path, rule, data, net)
    accuracy = float(np.mean(right))
    start, stop = rule["from"], rule["to"]
    share = share_of_points(accuracy, start, stop)
    return (
        f"{'✓' if share == 1 else '·'} {path}: {accuracy:.1%} on the validation set, worth {share:.0%} of the points "
        f"({start:.0%} earns none, {stop:.0%} all; the grader measures it on other images)."
    )


def share_of_points(accuracy: float, start: float, stop: float) -> float:
    """Return what a trained net earns: nothing up to the accuracy `start`, all from `stop` on, a part in between."""
    return min(max((accuracy - start) / (stop - start), 0.0), 1.0)


def _right(path: Path, rule: Mapping[str, Any], data: Mapping[str, Any], net: Callable[..., Any]) -> Array:
    """Whether a net of the course's design is right, for each image of the validation set."""
    weights, dataset = load_model(path)
    for name, shape in rule["shapes"].items():
        seen = weights[name].shape if name in weights else "not there"
        if seen != tuple(shape):
            raise DataError(f"{name} in {path} is {seen}; the net to hand in has {tuple(shape)}.")
    _same_set(path, dataset, data)
    hidden, inputs = rule["shapes"]["W1"]
    model = net(inputs, hidden, rule["shapes"]["b2"][0])
    model.params = weights
    X, y = data["X_val"], data["y_val"]
    right: Array = model.predict(X.reshape(len(X), -1)) == y
    return right


def _right_torch(path: Path, rule: Mapping[str, Any], data: Mapping[str, Any], net: Callable[..., Any]) -> Array:
    """The same for a net of the student's design."""
    from utils import torch_nets  # only HW6 needs PyTorch

    if not path.is_file():
        raise DataError(f"There is no model file {path}: train the net and write it with save_net.")
    stored = path.read_bytes()
    _same_set(path, safetensors_dataset(stored, path.name), data)
    scores = torch_nets.scores_of(torch_nets.restored(net(), stored), data["X_val"])
    if wrong := unusable_scores(scores, len(data["y_val"])):
        raise DataError(wrong)
    right: Array = scores.argmax(axis=1) == data["y_val"]
    return right


def unusable_scores(scores: object, images: int) -> str:
    """What keeps a net's scores from being counted, in one sentence; ``""`` where nothing does."""
    wanted = (images, CLASSES)
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        return (
            f"The net gives no floating-point scores; there has to be one for each class, {wanted} for {images} images."
        )
    if scores.shape != wanted:
        return f"The net gives scores of shape {scores.shape} for {images} images; they have to be {wanted}."
    if not np.isfinite(scores).all():
        return "The net gives scores that are no finite numbers; did the training diverge?"
    return ""


def _same_set(path: Path, dataset: str, data: Mapping[str, Any]) -> None:
    if dataset != str(data["dataset"]):
        raise DataError(
            f"{path} was trained on the set “{dataset}”, but data is “{data['dataset']}”; use the same one."
        )


def _rule(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(TABLE.read_text("utf-8"))
    except (OSError, ValueError):
        raise PackError(f"{TABLE} cannot be read; restore it from the course's files.") from None
    files = {
        key.removeprefix("models.") + (".safetensors" if "constructor" in rule else ".npz"): rule
        for key, rule in table.items()
    }
    if path.name not in files:
        raise DataError(f"No trained net called {path.name} is asked for; the course takes {', '.join(files)}.")
    asked: dict[str, Any] = files[path.name]
    return asked
