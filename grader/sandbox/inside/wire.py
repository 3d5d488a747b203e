"""What the two sides say to each other: messages, each of which may carry a value.

Every byte that comes out of a worker is untrusted. A frame is therefore decoded against a schema (msgspec), and its
value is checked by `values`.
"""

from __future__ import annotations

from typing import NamedTuple, Union

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
]


class WireClosed(WireError):
    """The other side is gone."""


class WireTimeout(WireError):
    """The other side did not say, or take, a whole frame before the deadline."""


class TooLarge(WireError):
    """A value is larger than the wire carries."""


class Start(msgspec.Struct, tag=True):
    """To the worker, first: the submitted source, what stands in for its other modules, and how it drops its privileges.

    `withheld` can be imported, and its functions cannot be called: module → functions, or none where all of them are
    meant. `packages` are imported before the worker is ready, so that nobody's time limit pays for it. `package` is the
    name of the package that the submitted modules belong to. `tree` and `blob` are the largest frame that the other
    side takes. `drop_privileges` says whether it does so at all: it then keeps to `rlimits` (names of
    ``resource`` constants), takes up to `memory` bytes beyond what it has mapped by then, and becomes `user`, unless
    that is 0.
    """

    files: dict[str, str]
    module: str
    proxies: dict[str, tuple[str, ...]]
    tree: int
    blob: int
    drop_privileges: bool
    rlimits: dict[str, int]
    memory: int
    user: int
    withheld: dict[str, tuple[str, ...]] = {}
    packages: tuple[str, ...] = ()
    package: str = "submitted"


class Ready(msgspec.Struct, tag=True):
    """From the worker: its privileges are dropped, and it waits for a program. No submitted code has run yet."""


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


class _Head(msgspec.Struct):
    """An `Envelope` whose value is not looked at."""

    message: Message
    value: msgspec.Raw = msgspec.Raw()


# Bound once, here: whatever submitted code later does to the modules, the worker's own road stays the same.
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_decode_head = msgspec.msgpack.Decoder(_Head).decode


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
    node = pack(value, blobs)
    return _encode(Envelope(message, node)), blobs


def message_of(frame: Frame) -> Message:
    """Read the message of a frame without its value; raises `WireError`."""
    try:
        return _decode_head(frame.tree).message
    except _UNREADABLE as error:
        raise WireError(f"a frame is not of the protocol: {error}") from None


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
    except _UNREADABLE as error:
        raise WireError(f"a frame is not of the protocol: {error}") from None
    reader = Blob(memoryview(blob))
    value = unpack(envelope.value, reader)
    if reader.rest:
        raise WireError(f"a frame has {len(reader.rest)} bytes that belong to no array")
    return envelope.message, value


def as_table(value: object) -> dict[str, object]:
    """The value, when it is a dict; raises `WireError` otherwise."""
    if not isinstance(value, dict):
        raise WireError("a frame carries no table of values where one belongs")
    return value
