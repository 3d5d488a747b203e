"""CIFAR-10 as its authors publish it: finding the folder, and reading its files without trusting them.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009); the layout is described at
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pooch
from numpy.typing import NDArray

from utils.errors import DataError, reason

FOLDER = "cifar-10-batches-py"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILE = "test_batch"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


def cache_folder() -> Path:
    """Where `download_CIFAR10` puts the set: the per-user cache of the operating system."""
    return Path(pooch.os_cache("nndl"))


def find_cifar10() -> Path | None:
    """The folder that holds CIFAR-10's files, or None where there is no copy.

    Looked for in the folder that the environment variable ``NNDL_DATA`` names, and only there where it is set
    (the word ``offline`` asks for the offline set); else in ``data/`` of the course's folder, and then in the
    per-user cache.

    Raises
    ------
    DataError
        If ``NNDL_DATA`` names a folder without the set.
    """
    asked = os.environ.get("NNDL_DATA")
    if asked == "offline":
        return None
    if asked:
        return batches_folder(asked)
    for place in (_course_folder() / "data", cache_folder()):
        found = _look_in(place)
        if found:
            return found
    return None


def batches_folder(path: str | os.PathLike[str]) -> Path:
    """The folder with the batch files, given it or the folder around it.

    Raises
    ------
    DataError
        If they are in neither; the message says where they are when that can be told.
    """
    path = Path(path).expanduser()
    found = _look_in(path)
    if found:
        return found
    if not os.path.isdir(path):
        near = _look_in(path.parent)
        problem = f"There is no folder {path}"
    else:
        near = next(filter(None, map(_look_in, [path.parent, *_subfolders(path)])), None)
        problem = f"{path} does not hold CIFAR-10's {TRAIN_FILES[0]} … {TEST_FILE}"
    if near:
        raise DataError(f"{problem}: did you mean {near}?")
    if _holds(path, "*.bin") or _holds(path, "cifar-10-batches-bin"):
        raise DataError(f"{problem} but the binary version: get the Python version, cifar-10-python.tar.gz.")
    if _holds(path, "cifar-10-python.tar*"):
        raise DataError(f"{problem} but the archive: unpack it there with `tar -xf cifar-10-python.tar.gz`.")
    raise DataError(f"{problem}: name the folder {FOLDER}, or run utils.data_utils.download_CIFAR10().")


def read_split(folder: Path, split: str) -> tuple[Images, Labels]:
    """All images of ``"train"`` or ``"test"``.

    Returns
    -------
    X : ndarray of shape (N, 3, 32, 32), uint8
    y : ndarray of shape (N,), int64

    Raises
    ------
    DataError
        If a file is absent or damaged.
    """
    names = TRAIN_FILES if split == "train" else (TEST_FILE,)
    batches = [read_batch(folder / name) for name in names]
    return np.concatenate([X for X, _ in batches]), np.concatenate([y for _, y in batches])


def read_batch(path: Path) -> tuple[Images, Labels]:
    """One batch file: images (N, 3, 32, 32) uint8, labels (N,) int64; DataError where it is damaged."""
    again = "delete the folder and run utils.data_utils.download_CIFAR10() again"
    if not path.is_file():
        raise DataError(f"{path.parent} has no {path.name}, so the set is incomplete: {again}.")
    try:
        with path.open("rb") as file:
            # Pickles of Python 2, whose byte strings have to become str: latin1 loses none of the bytes.
            batch = _PlainUnpickler(file, encoding="latin1").load()
        X, y = np.asarray(batch["data"]), np.asarray(batch["labels"])
        if X.dtype != np.uint8 or X.ndim != 2 or X.shape[1] != 3072 or len(X) == 0:
            raise ValueError(f"its images are {X.dtype} {X.shape}, not uint8 (N, 3072)")
        if y.shape != (len(X),) or y.dtype.kind not in "iu" or y.min() < 0 or y.max() > 9:
            raise ValueError("its labels are not one class 0..9 per image")
    # Damaged pickles raise nearly anything: what they hold decides which of the reader's parts stumbles.
    except Exception as error:
        raise DataError(f"{path} is truncated or damaged ({reason(error)}): {again}.") from error
    return X.reshape(-1, 3, 32, 32), y.astype(np.int64)


class _PlainUnpickler(pickle.Unpickler):
    """Reads numbers, strings, lists, dicts and numpy arrays, and refuses everything that could run code."""

    # numpy's rebuilder of arrays has moved between versions; an array itself says where it is now.
    _RECONSTRUCT = np.empty(0).__reduce__()[0]
    _ALLOWED = MappingProxyType(
        {
            "numpy.core.multiarray._reconstruct": _RECONSTRUCT,
            "numpy._core.multiarray._reconstruct": _RECONSTRUCT,
            "numpy.ndarray": np.ndarray,
            "numpy.dtype": np.dtype,
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        wanted = f"{module}.{name}"
        if wanted not in self._ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {wanted}, which no file of CIFAR-10 needs")
        return self._ALLOWED[wanted]


def _course_folder() -> Path:
    """The nearest folder around the current one that holds the student's package, else the current one."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "nndl").is_dir()), here)


def _look_in(path: Path) -> Path | None:
    """``path`` or its CIFAR-10 subfolder, whichever has a batch file."""
    for folder in (path, path / FOLDER):
        # os.path answers False where pathlib raises: a folder that may not be entered, an impossible name
        if any(os.path.isfile(folder / name) for name in (*TRAIN_FILES, TEST_FILE)):
            return folder
    return None


def _subfolders(path: Path) -> list[Path]:
    try:
        return sorted(folder for folder in path.iterdir() if os.path.isdir(folder))
    except OSError:  # it may not be listed
        return []


def _holds(path: Path, pattern: str) -> bool:
    return os.path.isdir(path) and any(path.glob(pattern))
