"""Encode values that cross the boundary of the sandbox, and decode them without trusting the sender.

A value is sent as a tree, whose nodes are defined here, followed by the raw bytes of the arrays in it. Only a small
fixed set of types can be sent. For any other value (a set, a function, a complex array) an `Opaque` arrives, which
holds the name of its type and nothing else. Every size is checked before memory is allocated, and nothing is ever
unpickled or evaluated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Union

import msgspec
import numpy as np

DEPTH = 24  # levels of nesting; the caches of layers have three or four
DIMENSIONS = 16
# An empty array may have long axes besides the one of length 0, and a sum over that one allocates the product of the
# others. This is the most that the product may be.
ENTRIES_OF_EMPTY = 1 << 20
_NUMBERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64")
DTYPES = {name: np.dtype(name) for name in ("bool", *_NUMBERS)}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}  # NumPy puts `dtype.name` together anew at each call


class WireError(Exception):
    """A message is not what the protocol allows."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that cannot be sent.

    Attributes
    ----------
    type_name : str
        What the value was, to be named in a message to the student: ``"set"``, ``"complex128 array"``.
    """

    type_name: str


# The nodes of the tree. Their tags are short because a list of numbers may have thousands of nodes.


class Array(msgspec.Struct, tag="a"):
    """An array, whose bytes follow the tree. `layout` is C, F (Fortran order, like ``x.T``) or S (a strided view)."""

    dtype: str
    shape: tuple[int, ...]
    layout: str = "C"


class Scalar(msgspec.Struct, tag="s"):
    """A numpy scalar, sent like a 0-d array."""

    dtype: str


class Sequence(msgspec.Struct, tag="l"):
    """A list, or a tuple where `fixed` is set."""

    items: list[Node]
    fixed: bool = False


class Table(msgspec.Struct, tag="d"):
    """A dict whose keys are strings."""

    items: dict[str, Node]


class Unknown(msgspec.Struct, tag="o"):
    """An `Opaque`."""

    type_name: str


Node = Union[None, bool, int, float, str, Array, Scalar, Sequence, Table, Unknown]  # noqa: UP007 (a forward reference)


def pack(value: object, blobs: list[bytes], depth: int = DEPTH) -> Node:
    """Turn a value into a tree.

    Parameters
    ----------
    value : object
        Any value; parts that cannot be sent become `Unknown`.
    blobs : list of bytes
        The bytes of each array and numpy scalar are appended, in the order in which they occur in the tree.
    depth : int, default 24
        Levels of nesting that are still followed.

    Returns
    -------
    Node
        The root of the tree.
    """
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value  # type: ignore[return-value]  # it is one of these
    if kind is np.ndarray:
        return _pack_array(value, blobs)  # type: ignore[arg-type]  # likewise
    if isinstance(value, np.generic):
        return _pack_scalar(value, blobs)
    if depth == 0:
        return Unknown(f"{kind.__name__}, nested too deep")
    if kind is float:
        return value  # type: ignore[return-value]  # likewise
    if isinstance(value, (list, tuple)):  # `list | tuple` would be made anew for each of many values
        return Sequence([pack(item, blobs, depth - 1) for item in value], isinstance(value, tuple))
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return Table({str(key): pack(item, blobs, depth - 1) for key, item in value.items()})
        return Unknown("dict whose keys are not all strings")
    if isinstance(value, int):
        number = int(value)  # an instance of a subclass could lie in the comparison below
        return number if -(2**63) <= number < 2**63 else Unknown("int of more than 64 bits")
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    return Unknown(value.type_name if isinstance(value, Opaque) else type(value).__name__[:100])


def _pack_scalar(value: np.generic, blobs: list[bytes]) -> Node:
    if isinstance(value, np.str_):
        return str(value)
    name = _NAMES.get(value.dtype)
    if name is None:
        return Unknown(value.dtype.name)
    blobs.append(value.tobytes())
    return Scalar(name)


def _pack_array(array: np.ndarray, blobs: list[bytes]) -> Node:
    dtype = array.dtype if array.dtype.isnative else array.dtype.newbyteorder("=")
    name = _NAMES.get(dtype)
    if name is None or not _crosses(array.shape):
        return Unknown(f"{dtype.name} array")
    layout = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "S"
    blobs.append(array.astype(dtype, copy=False).tobytes(order="F" if layout == "F" else "C"))
    return Array(name, array.shape, layout)


def _crosses(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape can be sent, apart from the limit on its bytes."""
    if len(shape) > DIMENSIONS or (shape and not 0 <= min(shape) <= max(shape) < 2**31):
        return False
    return math.prod(shape) > 0 or math.prod(size or 1 for size in shape) <= ENTRIES_OF_EMPTY


class Blob:
    """Read arrays one after the other from the bytes that follow a tree.

    Parameters
    ----------
    rest : memoryview
        The bytes.
    own : bool, default True
        Whether the arrays own their memory and are aligned and writable. Otherwise they may be views of the bytes.

    Attributes
    ----------
    rest : memoryview
        The bytes that have not been read yet.
    """

    def __init__(self, rest: memoryview, own: bool = True) -> None:
        self.rest, self._own = rest, own

    def array(self, dtype_name: str, shape: tuple[int, ...], layout: str) -> np.ndarray:
        """Read the next array; raise `WireError` where it is described wrongly or bytes are missing."""
        dtype = DTYPES.get(dtype_name)
        if dtype is None or layout not in ("C", "F", "S"):
            raise WireError(f"an array of dtype {dtype_name!r:.40} and layout {layout!r:.10} does not cross the wire")
        if not _crosses(shape):
            raise WireError(f"an array of shape {shape!r:.80} does not cross the wire")
        count = math.prod(shape)
        size = count * dtype.itemsize
        if size > len(self.rest):
            raise WireError(f"an array of shape {shape} is announced, and its bytes are missing")
        flat = np.frombuffer(self.rest[:size], dtype)
        self.rest = self.rest[size:]
        if dtype_name == "bool":
            flat = flat.view(np.uint8) != 0  # numpy relies on every byte of a bool array being 0 or 1
        if layout == "S" and shape:
            # Build a strided view here, too, so that code that only works on contiguous arrays fails here as well.
            strided = np.empty((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]
            strided[...] = flat.reshape(shape)
            return strided
        array = flat.reshape(shape, order="F" if layout == "F" else "C")
        return array.copy(order="K") if self._own else array


def unpack(node: Node, blob: Blob, depth: int = DEPTH) -> object:
    """Turn a tree back into a value.

    Parameters
    ----------
    node : Node
        The root of the tree.
    blob : Blob
        The bytes that followed the tree.
    depth : int, default 24
        Levels of nesting that are still followed.

    Returns
    -------
    object
        The value.

    Raises
    ------
    WireError
        When the tree is nested too deep, an array is described wrongly, or bytes are missing.
    """
    if isinstance(node, Array):
        return blob.array(node.dtype, node.shape, node.layout)
    if isinstance(node, Sequence):
        if not depth:
            raise WireError("a value is nested too deep")
        items = [unpack(item, blob, depth - 1) for item in node.items]
        return tuple(items) if node.fixed else items
    if isinstance(node, Table):
        if not depth:
            raise WireError("a value is nested too deep")
        return {key: unpack(item, blob, depth - 1) for key, item in node.items.items()}
    if isinstance(node, Scalar):
        return blob.array(node.dtype, (), "C")[()]
    return Opaque(node.type_name[:200]) if isinstance(node, Unknown) else node
