"""Define the messages between the grader and a worker, and encode and decode them.

Each message may carry a value. Every byte that comes from a worker is untrusted, so msgspec decodes a frame against a
schema, and `values` checks the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from .values import Blob, Node, Opaque, WireError, pack, unpack

__all__ = [
    "Answer",
    "Ask",
    "Done",
    "Failed",
    "Frame",
    "Message",
    "Opaque",
    "Program",
    "Ready",
    "Refused",
    "Run",
    "Start",
    "TooLarge",
    "WireClosed",
    "WireError",
    "WireTimeout",
    "as_table",
    "dump",
    "load",
    "message_of",
    "packed",
    "packed_list",
    "unpacked",
]


class WireClosed(WireError):
    """The other side has closed the wire."""


class WireTimeout(WireError):
    """The other side did not send, or did not read, a whole frame before the deadline."""


class TooLarge(WireError):
    """A frame is larger than may be sent."""


class Start(msgspec.Struct, tag=True):
    """To the worker, as the first message: the submission. The worker has dropped its privileges by then.

    Attributes
    ----------
    files, module, proxies, withheld, package, signatures
        See `package.SubmittedPackage`.
    tree, blob : int
        The size of the largest frame that the grader accepts.
    """

    files: dict[str, str]
    module: str
    proxies: dict[str, tuple[str, ...]]
    tree: int
    blob: int
    withheld: dict[str, tuple[str, ...]] = {}
    package: str = "submitted"
    signatures: dict[str, str] = {}


class Ready(msgspec.Struct, tag=True):
    """From the worker: it waits for a program. No submitted code has run yet."""


class Program(msgspec.Struct):
    """A program to run, and the variables to send after it.

    If the worker has its inputs already, `kept` is their name.
    """

    number: int
    text: str
    fetch: tuple[str, ...]
    seed: int
    kept: str = ""


class Run(msgspec.Struct, tag=True):
    """To the worker: run programs, one after the other, and send the result of each.

    The value is a list of their inputs; None stands for those that the worker has.
    """

    programs: tuple[Program, ...]


class Ask(msgspec.Struct, tag=True):
    """From the worker: submitted code has called a proxy. The value is ``(args, kwargs)``."""

    module: str
    function: str


class Answer(msgspec.Struct, tag=True):
    """To the worker: the value is what the reference returned, and the dicts among the arguments after the call."""


class Refused(msgspec.Struct, tag=True):
    """To the worker: the reference raised `error`, or the question was refused.

    If `named`, the message begins with the name of the function that raised.
    """

    error: str
    message: str
    named: bool = False


class Done(msgspec.Struct, tag=True):
    """From the worker: the program reached its end. The value is a table of the fetched variables."""

    number: int
    mutated: tuple[str, ...]


class Failed(msgspec.Struct, tag=True):
    """From the worker: the program raised. The value is a table of the fields of `utils.checks.program.Crash`."""

    number: int


Message = Start | Ready | Run | Ask | Answer | Refused | Done | Failed


class Envelope(msgspec.Struct):
    """The tree of a frame: a message and the value that it carries."""

    message: Message
    value: Node = None


class Frame(NamedTuple):
    """A message and its value as bytes.

    Attributes
    ----------
    tree : bytes
        One msgpack document.
    blob : bytes
        The bytes of all arrays, one after the other.
    """

    tree: bytes | bytearray
    blob: bytes | bytearray

    @classmethod
    def of(cls, message: Message, value: object = None) -> Frame:
        """Turn a message and its value into bytes; see `dump`."""
        tree, blobs = dump(message, value)
        return cls(tree, b"".join(blobs))


class Packed(NamedTuple):
    """A value as bytes; see `packed`.

    Attributes
    ----------
    tree : msgspec.Raw
        A msgpack document, as part of a frame's tree.
    blobs : list of bytes
        The bytes of its arrays.
    """

    tree: msgspec.Raw
    blobs: list[bytes]


class _Head(msgspec.Struct):
    """An `Envelope` whose value is not decoded."""

    message: Message
    value: msgspec.Raw = msgspec.Raw()


class _RawList(msgspec.Struct, tag="l"):
    """A list, as `values.Sequence`, whose items are encoded already."""

    items: list[msgspec.Raw]


# Bound when the module is imported, so that submitted code cannot change what the worker calls by patching msgspec.
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode
_decode_node: Callable[[bytes | bytearray], Node] = msgspec.msgpack.Decoder(Node).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_decode_head = msgspec.msgpack.Decoder(_Head).decode


def dump(message: Message, value: object = None) -> tuple[bytes, list[bytes]]:
    """Turn a message and its value into the tree's bytes and the arrays' bytes.

    Parameters
    ----------
    message : Message
    value : object
        Any value, None by default. For the parts of it that cannot be sent, an `Opaque` arrives. It may be packed.

    Returns
    -------
    tree : bytes
        One msgpack document.
    blobs : list of bytes
        One for each array or numpy scalar, in the order in which they occur in the tree.
    """
    if isinstance(value, Packed):
        return _encode(_Head(message, value.tree)), value.blobs
    blobs: list[bytes] = []
    node = pack(value, blobs)
    return _encode(Envelope(message, node)), blobs


def packed(value: object) -> Packed:
    """Turn a value that is sent several times into bytes, as `dump` does each time."""
    blobs: list[bytes] = []
    return Packed(msgspec.Raw(_encode(pack(value, blobs))), blobs)


def packed_list(values: Iterable[Packed]) -> Packed:
    """Turn values that are packed already into the list of them."""
    trees: list[msgspec.Raw] = []
    blobs: list[bytes] = []
    for value in values:
        trees.append(value.tree)
        blobs += value.blobs
    return Packed(msgspec.Raw(_encode(_RawList(trees))), blobs)


def message_of(frame: Frame) -> Message:
    """Decode the message of a frame without its value; raise `WireError` where there is none."""
    try:
        return _decode_head(frame.tree).message
    except _UNREADABLE as error:
        raise WireError(f"a frame is not of the protocol: {error}") from None


def load(tree: bytes | bytearray, blob: bytes | bytearray, *, own: bool = True) -> tuple[Message, object]:
    """Decode what `dump` has encoded.

    Parameters
    ----------
    tree : bytes
        One msgpack document.
    blob : bytes
        The bytes of all arrays, one after the other.
    own : bool, default True
        Whether arrays own their memory and are aligned and writable. Otherwise they may be views of `blob`, to be read
        and copied.

    Returns
    -------
    message : Message
    value : object
        The value.

    Raises
    ------
    WireError
        When the tree does not fit the schema, an array is described wrongly, or bytes are missing or left over.
    """
    try:
        envelope = _decode(tree)
    except _UNREADABLE as error:
        raise WireError(f"a frame is not of the protocol: {error}") from None
    return envelope.message, _value(envelope.value, blob, own)


def unpacked(frame: Frame, *, own: bool = True) -> object:
    """Decode a value that was `packed`: its tree, and the bytes of its arrays; `own` as for `load`."""
    return _value(_decode_node(frame.tree), frame.blob, own)


def _value(node: Node, blob: bytes | bytearray, own: bool) -> object:
    reader = Blob(memoryview(blob), own)
    value = unpack(node, reader)
    if reader.rest:
        raise WireError(f"a frame has {len(reader.rest)} bytes that belong to no array")
    return value


def as_table(value: object) -> dict[str, object]:
    """Return the value where it is a dict, and raise `WireError` where it is not."""
    if not isinstance(value, dict):
        raise WireError("a frame carries no table of values where one belongs")
    return value
