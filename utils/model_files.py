"""Trained weights on disk, written whole or not at all, and never unpickled when read.

The numpy nets of the course are kept as plain ``.npz``; for a PyTorch net, `utils.torch_nets` writes safetensors.
"""

from __future__ import annotations

import json
import math
import os
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from utils.errors import DataError, reason

DATASETS = ("cifar10", "offline")
MOST_BYTES = 256 * 2**20
MOST_ARRAYS = 100
MOST_HEADER = 2**20  # bytes of names and shapes in a safetensors file

_DAMAGED = (
    OSError, ValueError, TypeError, EOFError, OverflowError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What zipfile and numpy raise when they meet a damaged file."""


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
            return read_model(file, path.name, most_bytes)
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({reason(error)}): write it again with save_model.") from error


def read_model(file: IO[bytes], name: str, most_bytes: int = MOST_BYTES) -> tuple[dict[str, NDArray[Any]], str]:
    """Read what `save_model` wrote, from an open file; see `load_model`. Errors call it `name`."""
    again = "write it again with save_model"
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise DataError(f"{name} holds more than {MOST_ARRAYS} arrays: {again}.")
            if sum(member.file_size for member in members) > most_bytes:
                raise DataError(f"{name} holds more than {most_bytes // 2**20} MiB of weights: {again}.")
            arrays = {_array_name(member): _read_array(archive, member) for member in members}
    except _DAMAGED as error:
        raise DataError(f"{name} is no readable model file ({reason(error)}): {again}.") from error
    dataset = str(arrays.pop("dataset", ""))
    if dataset not in DATASETS:
        raise DataError(f"{name} does not say which data set it was trained on: {again}.")
    if not arrays:
        raise DataError(f"{name} holds no weights: {again}.")
    return arrays, dataset


def dataset_of(data: Mapping[str, Any]) -> str:
    """The name of the set that `get_CIFAR10_data` returned; ValueError where `data` is something else."""
    dataset = str(data.get("dataset"))
    if dataset not in DATASETS:
        raise ValueError(f"data['dataset'] is {dataset!r}: hand over the dict of get_CIFAR10_data.")
    return dataset


def safetensors_dataset(data: bytes, name: str) -> str:
    """The data set that a net in a safetensors file was trained on; its weights are not looked at.

    The format begins with the length of a JSON object, eight bytes, and the object; what its writer adds is in
    ``__metadata__``.

    Parameters
    ----------
    data : bytes
        The file, from anybody.
    name : str
        What to call it in an error.

    Raises
    ------
    DataError
        If the file is not of the format, or names no data set.
    """
    again = "write it again with save_net"
    length = int.from_bytes(data[:8], "little")
    if length > min(MOST_HEADER, len(data) - 8):
        raise DataError(f"{name} is no safetensors file: {again}.")
    try:
        header = json.loads(data[8 : 8 + length])
        dataset = header["__metadata__"]["dataset"]
    except (ValueError, KeyError, TypeError, RecursionError):
        dataset = None
    if dataset not in DATASETS:
        raise DataError(f"{name} does not say which data set it was trained on: {again}.")
    return str(dataset)


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


def _array_name(member: zipfile.ZipInfo) -> str:
    if not member.filename.endswith(".npy"):
        raise ValueError(f"{member.filename!r} is not an array")
    # numpy writes no others, and LZMA lets the file choose how much memory is taken.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member.filename!r} is compressed in a way that numpy does not write")
    return member.filename.removesuffix(".npy")


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """One array, after its header has been held against the bytes that are there.

    numpy allocates what the header claims before it reads: a header of a hundred bytes can claim a terabyte.
    """
    with archive.open(member) as file:
        shape, dtype = _header(file)
        room = member.file_size - file.tell()
    if dtype.hasobject or dtype.kind not in "fiubU":
        raise ValueError(f"{member.filename} holds {dtype}, not numbers")
    sides = [int(side) for side in shape if 0 <= side <= MOST_BYTES]
    if len(sides) < len(shape) or math.prod(sides) * dtype.itemsize != room:
        raise ValueError(f"{member.filename} is not the size its header says")
    with archive.open(member) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read(file)
    except (tokenize.TokenError, SyntaxError, TypeError, RecursionError, MemoryError) as error:  # it is read as Python
        raise ValueError("a header is damaged") from error
    return shape, dtype
