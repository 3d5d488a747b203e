"""Values and messages as they cross the boundary of the sandbox.

Every byte that comes out of a worker is untrusted. What crosses is therefore a small closed set of types, written
as a tree (msgpack, checked against a schema while it is decoded) followed by the raw bytes of the arrays that the
tree describes. Nothing is ever unpickled or evaluated, and every size is checked before memory is allocated.

What is not in the set (a set, a function, a complex array) crosses as `Opaque`: its type's name and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

import msgspec
import numpy as np

DEPTH = 24  # levels of nesting; a cache of tuples of tuples has three or four
DIMENSIONS = 16
_NUMBERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64")
DTYPES = {name: np.dtype(name) for name in ("bool", *_NUMBERS)}
INT64 = range(-(2**63), 2**63)


class WireError(Exception):
    """What came over the wire is not what the protocol allows."""


class WireClosed(WireError):
    """The other side is gone."""


class WireTimeout(WireError):
    """The other side did not say, or take, a whole frame before the deadline."""


class TooLarge(WireError):
    """A value is larger than the wire carries."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that does not cross the wire.

    Attributes
    ----------
    type_name : str
        What it was, for the sentence that tells the student: ``"set"``, ``"complex128 array"``.
    """

    type_name: str


# The tree. Tags are short because a list of numbers may have thousands of nodes.


class Array(msgspec.Struct, tag="a"):
    """An array; its bytes follow the tree. `layout` is C, F (as ``x.T`` is) or S (a strided view)."""

    dtype: str
    shape: tuple[int, ...]
    layout: str = "C"


class Scalar(msgspec.Struct, tag="s"):
    """A numpy scalar, carried like a 0-d array."""

    dtype: str


class Sequence(msgspec.Struct, tag="l"):
    """A list, or a tuple when `fixed`."""

    items: list[Node]
    fixed: bool = False


class Table(msgspec.Struct, tag="d"):
    """A dict with str keys."""

    items: dict[str, Node]


class Unknown(msgspec.Struct, tag="o"):
    """An `Opaque`."""

    type_name: str


Node = Union[None, bool, int, float, str, Array, Scalar, Sequence, Table, Unknown]  # noqa: UP007 (a forward reference)


# The messages. Each may carry one value; see `Envelope`.


class Start(msgspec.Struct, tag=True):
    """To the worker, first: the submitted source, what stands in for its other modules, and how to narrow itself.

    `tree` and `blob` are the largest frame that the other side takes. `narrow` says whether the worker gives up its
    privileges: it then keeps to `rlimits` (names of ``resource`` constants) and becomes `user`, unless that is 0.
    """

    files: dict[str, str]
    module: str
    proxies: dict[str, tuple[str, ...]]
    tree: int
    blob: int
    narrow: bool
    rlimits: dict[str, int]
    user: int


class Ready(msgspec.Struct, tag=True):
    """From the worker: narrowed, and waiting for a program. No submitted code has run yet."""


class Run(msgspec.Struct, tag=True):
    """To the worker: run `program`; the value is its inputs."""

    number: int
    program: str
    fetch: tuple[str, ...]
    seed: int


class Ask(msgspec.Struct, tag=True):
    """From the worker: a proxy was called; the value is ``(args, kwargs)``."""

    module: str
    function: str


class Answer(msgspec.Struct, tag=True):
    """To the worker: the value is what the reference returned."""


class Refused(msgspec.Struct, tag=True):
    """To the worker: the reference raised, or the question was not allowed."""

    error: str
    message: str


class Done(msgspec.Struct, tag=True):
    """From the worker: the program reached its end; the value is what was fetched."""

    number: int
    mutated: tuple[str, ...]


class Failed(msgspec.Struct, tag=True):
    """From the worker: the program raised; the value is a table of the fields of `utils.checks.program.Crash`."""

    number: int


Message = Union[Start, Ready, Run, Ask, Answer, Refused, Done, Failed]  # noqa: UP007


class Envelope(msgspec.Struct):
    """One frame's tree: a message and the value that it carries."""

    message: Message
    value: Node = None


# Bound once, here: whatever submitted code later does to the modules, the worker's own road stays the same.
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode


def dump(message: Message, value: object = None) -> tuple[bytes, list[bytes]]:
    """Turn a message and its value into the tree's bytes and the arrays' bytes.

    Parameters
    ----------
    message : Message
    value : object
        Anything; parts that are not of the wire's types become `Opaque`.

    Returns
    -------
    tree : bytes
    blobs : list of bytes
        One for each array or numpy scalar, in the order in which the tree names them.
    """
    blobs: list[bytes] = []
    node = _pack(value, blobs, DEPTH)
    return _encode(Envelope(message, node)), blobs


def load(tree: bytes | bytearray, blob: bytes | bytearray) -> tuple[Message, object]:
    """Read what `dump` wrote.

    Parameters
    ----------
    tree : bytes
        One msgpack document.
    blob : bytes
        The bytes of all arrays, one after the other.

    Returns
    -------
    message : Message
    value : object
        Arrays own their memory, are aligned and writable.

    Raises
    ------
    WireError
        When the tree is not one of ours, an array is described wrongly, or bytes are missing or left over.
    """
    try:
        envelope = _decode(tree)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"a frame is not of the protocol: {error}") from None
    reader = _Blob(memoryview(blob))
    value = _unpack(envelope.value, reader, DEPTH)
    if reader.rest:
        raise WireError(f"a frame has {len(reader.rest)} bytes that belong to no array")
    return envelope.message, value


def _pack(value: object, blobs: list[bytes], depth: int) -> Node:
    if value is None or (isinstance(value, bool | str) and type(value) in (bool, str)):
        return value
    if isinstance(value, np.generic):
        return _pack_scalar(value, blobs)
    if type(value) is np.ndarray:
        return _pack_array(value, blobs)
    if depth == 0:
        return Unknown(f"{type(value).__name__}, nested too deep")
    if isinstance(value, list | tuple):
        return Sequence([_pack(item, blobs, depth - 1) for item in value], isinstance(value, tuple))
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return Table({str(key): _pack(item, blobs, depth - 1) for key, item in value.items()})
        return Unknown("dict whose keys are not all strings")
    if isinstance(value, int):
        return int(value) if value in INT64 else Unknown("int of more than 64 bits")
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    return Unknown(value.type_name if isinstance(value, Opaque) else type(value).__name__[:100])


def _pack_scalar(value: np.generic, blobs: list[bytes]) -> Node:
    if isinstance(value, np.str_):
        return str(value)
    if value.dtype.name not in DTYPES:
        return Unknown(value.dtype.name)
    blobs.append(value.tobytes())
    return Scalar(value.dtype.name)


def _pack_array(array: np.ndarray, blobs: list[bytes]) -> Node:
    dtype = array.dtype.newbyteorder("=")
    if dtype.name not in DTYPES or array.ndim > DIMENSIONS:
        return Unknown(f"{dtype.name} array")
    layout = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "S"
    blobs.append(array.astype(dtype, copy=False).tobytes(order="F" if layout == "F" else "C"))
    return Array(dtype.name, array.shape, layout)


class _Blob:
    """Hands out the bytes that follow a tree, never more than there are."""

    def __init__(self, rest: memoryview) -> None:
        self.rest = rest

    def array(self, dtype_name: str, shape: tuple[int, ...], layout: str) -> np.ndarray:
        dtype = DTYPES.get(dtype_name)
        if dtype is None or layout not in ("C", "F", "S"):
            raise WireError(f"an array of dtype {dtype_name!r:.40} and layout {layout!r:.10} does not cross the wire")
        if len(shape) > DIMENSIONS or any(not 0 <= size < 2**31 for size in shape):
            raise WireError(f"an array of shape {shape!r:.80} does not cross the wire")
        count = math.prod(shape)
        size = count * dtype.itemsize
        if size > len(self.rest):
            raise WireError(f"an array of shape {shape} is announced, and its bytes are missing")
        flat = np.frombuffer(self.rest[:size], dtype)
        self.rest = self.rest[size:]
        if layout == "S" and shape:
            # A strided view arrives as one: code that only works on contiguous arrays has to show it.
            strided = np.empty((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]
            strided[...] = flat.reshape(shape)
            return strided
        return flat.reshape(shape, order="F" if layout == "F" else "C").copy(order="K")


def _unpack(node: Node, blob: _Blob, depth: int) -> object:
    if isinstance(node, Array):
        return blob.array(node.dtype, node.shape, node.layout)
    if isinstance(node, Scalar):
        return blob.array(node.dtype, (), "C")[()]
    if isinstance(node, Unknown):
        return Opaque(node.type_name[:200])
    if isinstance(node, Sequence | Table) and depth == 0:
        raise WireError("a value is nested too deep")
    if isinstance(node, Sequence):
        items = [_unpack(item, blob, depth - 1) for item in node.items]
        return tuple(items) if node.fixed else items
    if isinstance(node, Table):
        return {key: _unpack(item, blob, depth - 1) for key, item in node.items.items()}
    return node


def as_table(value: object) -> dict[str, object]:
    """The value, when it is a dict; raises `WireError` otherwise."""
    if not isinstance(value, Mapping):
        raise WireError("a frame carries no table of values where one belongs")
    return dict(value)
