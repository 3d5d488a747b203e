"""The visible check of a trained net: does the file hold the right arrays, and how good is the net?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.errors import DataError
from utils.model_files import load_model

from .pack import FOLDER, PackError

TABLE = FOLDER / "models.json"


def check_model(path: str | os.PathLike[str], data: Mapping[str, Any], net: Callable[..., Any]) -> str:
    """Check the file of a trained net, and measure it on the validation set.

    Parameters
    ----------
    path : path
        As written by `utils.data_utils.save_model`: ``"models/two_layer_best.npz"``.
    data : dict
        From `utils.data_utils.get_CIFAR10_data`.
    net : class
        Your net: called with the sizes, it must have ``params`` and ``predict``.

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
    rule = _rule(path.stem)
    weights, dataset = load_model(path)
    for name, shape in rule["shapes"].items():
        seen = weights[name].shape if name in weights else "not there"
        if seen != tuple(shape):
            raise DataError(f"{name} in {path} is {seen}; the net to hand in has {tuple(shape)}.")
    if dataset != str(data["dataset"]):
        raise DataError(
            f"{path} was trained on the set “{dataset}”, but data is “{data['dataset']}”; use the same one."
        )
    hidden, inputs = rule["shapes"]["W1"]
    model = net(inputs, hidden, rule["shapes"]["b2"][0])
    model.params = weights
    X, y = data["X_val"], data["y_val"]
    accuracy = float(np.mean(model.predict(X.reshape(len(X), -1)) == y))
    start, stop = rule["from"], rule["to"]
    share = min(max((accuracy - start) / (stop - start), 0.0), 1.0)
    return (
        f"{'✓' if share == 1 else '·'} {path}: {accuracy:.1%} on the validation set, worth {share:.0%} of the points "
        f"({start:.0%} earns none, {stop:.0%} all; the grader measures it on other images)."
    )


def _rule(name: str) -> dict[str, Any]:
    try:
        table = json.loads(TABLE.read_text("utf-8"))
        rule: dict[str, Any] = table[f"models.{name}"]
    except (OSError, ValueError):
        raise PackError(f"{TABLE} cannot be read; restore it from the course's files.") from None
    except KeyError:
        known = ", ".join(key.removeprefix("models.") + ".npz" for key in table)
        raise DataError(f"No trained net called {name}.npz is asked for; the course takes {known}.") from None
    return rule
