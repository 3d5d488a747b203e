"""Read the weights of trained nets from files of strangers: nothing is unpickled, and no header is believed.

A net of the course's design comes as ``.npz``. A net of the student's own design comes as safetensors; of such a file
only the header is read here. Either names the data set that the net was trained on, because it is scored on that one.
"""

from __future__ import annotations

import json
import math
import re
import struct
import tokenize
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from utils.errors import DataError, reason

MOST_BYTES = 256 * 2**20
MOST_ARRAYS = 100
MOST_HEADER = 2**20  # bytes of names and shapes in a safetensors file
AGAIN = "save it again"

_DATASET = re.compile(r"[\w.-]{1,40}", re.ASCII)  # whatever else stands there is no name, and is shown to nobody
_DAMAGED = (
    OSError, ValueError, TypeError, EOFError, OverflowError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What zipfile and numpy raise when they meet a damaged file."""


def read_weights(file: IO[bytes], name: str, most_bytes: int = MOST_BYTES) -> tuple[dict[str, NDArray[Any]], str]:
    """Read the weights of a net from an ``.npz`` file.

    Parameters
    ----------
    file : binary file
        Open, from anybody.
    name : str
        What to call it in an error.
    most_bytes : int, default 256 MiB
        Refuse a file whose arrays are larger than this together.

    Returns
    -------
    weights : dict of str to ndarray
    dataset : str
        What the net was trained on, as the file says; the course knows which names there are.

    Raises
    ------
    DataError
        If the file is damaged, too large, or not a net.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise DataError(f"{name} holds more than {MOST_ARRAYS} arrays: {AGAIN}.")
            if sum(member.file_size for member in members) > most_bytes:
                raise DataError(f"{name} holds more than {most_bytes // 2**20} MiB of weights: {AGAIN}.")
            arrays = {_array_name(member): _read_array(archive, member) for member in members}
    except _DAMAGED as error:
        raise DataError(f"{name} is no readable model file ({reason(error)}): {AGAIN}.") from error
    dataset = str(arrays.pop("dataset", ""))
    if not _DATASET.fullmatch(dataset):
        raise DataError(f"{name} does not say which data set it was trained on: {AGAIN}.")
    if not arrays:
        raise DataError(f"{name} holds no weights: {AGAIN}.")
    return arrays, dataset


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
    length = int.from_bytes(data[:8], "little")
    if length > min(MOST_HEADER, len(data) - 8):
        raise DataError(f"{name} is no safetensors file: {AGAIN}.")
    try:
        header = json.loads(data[8 : 8 + length])
        dataset = str(header["__metadata__"]["dataset"])
    except (ValueError, KeyError, TypeError, RecursionError):
        dataset = ""
    if not _DATASET.fullmatch(dataset):
        raise DataError(f"{name} does not say which data set it was trained on: {AGAIN}.")
    return dataset


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
