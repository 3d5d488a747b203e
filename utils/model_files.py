"""Trained weights on disk, written whole or not at all, and never unpickled when read.

The numpy nets of the course are kept as plain ``.npz``; for a PyTorch net, `utils.torch_nets` writes safetensors.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.checks.weights import MOST_BYTES, read_weights
from utils.errors import DataError, reason

DATASETS = ("cifar10", "offline")


def save_model(path: str | os.PathLike[str], params: Mapping[str, ArrayLike], data: Mapping[str, Any]) -> Path:
    """Write a net's weights for handing in.

    Parameters
    ----------
    path : path
        The file; ``.npz`` is added where it is missing and the folder is made.
    params : dict of str to array
        For the un-modular two-layer net ``W1 (H, D)``, ``b1 (H,)``, ``W2 (C, H)``, ``b2 (C,)``.
    data : dict
        What `get_CIFAR10_data` returned: its ``"dataset"`` is kept with the weights, because they are
        graded on the set they were trained on.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ValueError
        If there are no weights, a weight holds anything but finite numbers, or ``data`` names no data set.
    """
    dataset = dataset_of(data)
    if not params:
        raise ValueError("There are no weights to save: train the net first and hand over its params.")
    arrays = {name: np.asarray(value) for name, value in params.items()}
    for name, value in arrays.items():
        if not np.issubdtype(value.dtype, np.number) or not np.isfinite(value).all():
            raise ValueError(
                f"{name} holds more than finite numbers: the training diverged, try a smaller learning rate."
            )
    return write_npz(path, {**arrays, "dataset": np.array(dataset)})


def load_model(path: str | os.PathLike[str], most_bytes: int = MOST_BYTES) -> tuple[dict[str, NDArray[Any]], str]:
    """Read what `save_model` wrote.

    Safe on files from strangers: nothing is unpickled, and sizes are checked before memory is taken.

    Parameters
    ----------
    path : path
        An ``.npz`` file.
    most_bytes : int, default 256 MiB
        Refuse a file whose arrays are larger than this together.

    Returns
    -------
    params : dict of str to ndarray
    dataset : str
        ``"cifar10"`` or ``"offline"``: what the net was trained on.

    Raises
    ------
    DataError
        If the file is absent, damaged, too large, or not a model.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no model file {path}: train the net and write it with save_model.")
    try:
        with path.open("rb") as file:
            params, dataset = read_weights(file, path.name, most_bytes)
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({reason(error)}): write it again with save_model.") from error
    if dataset not in DATASETS:
        raise DataError(f"{path.name} does not say which data set it was trained on: write it again with save_model.")
    return params, dataset


def dataset_of(data: Mapping[str, Any]) -> str:
    """The name of the set that `get_CIFAR10_data` returned; ValueError where `data` is something else."""
    dataset = str(data.get("dataset"))
    if dataset not in DATASETS:
        raise ValueError(f"data['dataset'] is {dataset!r}: hand over the dict of get_CIFAR10_data.")
    return dataset


def write_npz(path: str | os.PathLike[str], arrays: Mapping[str, ArrayLike]) -> Path:
    """Write arrays to ``path`` (``.npz`` is added where missing) so that a reader never meets half a file."""
    path = Path(path)
    if path.suffix != ".npz":
        path = path.with_name(path.name + ".npz")
    values = {name: np.asarray(value) for name, value in arrays.items()}
    return write_whole(path, lambda file: np.savez(file, allow_pickle=False, **values))


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Let `write` fill a new file and only then call it `path`; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        os.chmod(scratch, 0o644)  # mkstemp's 0600 would keep a grader under another user from reading it
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return path


def predicted_labels(net: Callable[..., Any], weights: Mapping[str, NDArray[Any]], X: ArrayLike) -> NDArray[Any]:
    """The labels that the un-modular two-layer net gives with some weights; the visible check runs a net like this.

    Parameters
    ----------
    net : class
        Called with the sizes, it has ``params`` and ``predict``.
    weights : dict of str to ndarray
        ``W1 (H, D)``, ``b1 (H,)``, ``W2 (C, H)``, ``b2 (C,)``.
    X : array of shape (N, ...)
        Each image becomes a row of D numbers.

    Returns
    -------
    ndarray of shape (N,)
    """
    (hidden, inputs), (classes,) = weights["W1"].shape, weights["b2"].shape
    model = net(inputs, hidden, classes)
    model.params = dict(weights)
    images = np.asarray(X)
    labels: NDArray[Any] = model.predict(images.reshape(len(images), -1))
    return labels
