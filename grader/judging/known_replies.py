"""Keep replies to questions, so that a question that was answered for one submission is known for all others.

Right answers to the same hidden case ask the same questions, to the bit, and so do small changes of one answer. Some
replies depend on the questions that the same program has asked before, because random layers draw from one generator
and some caches are kept between two questions. They are kept by a digest of all questions of the program so far, and
all others by a digest of their question alone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ..sandbox import Limits
from ..sandbox.inside.wire import Frame

MAX_BYTES: Final = 64 << 20
"""Bytes of all replies that are kept; those that were not used for longest are dropped first."""


class KnownReplies:
    """Replies by digest, up to `MAX_BYTES`."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._replies: OrderedDict[bytes, Frame] = OrderedDict()

    def get(self, digest: bytes) -> Frame | None:
        """Return the reply to the questions with this digest; None if it is not known."""
        if digest in self._replies:
            self._replies.move_to_end(digest)
        return self._replies.get(digest)

    def keep(self, digest: bytes, reply: Frame) -> None:
        """Keep the reply to the questions with this digest."""
        self._replies[digest] = reply
        self._bytes += _size(reply)
        while self._bytes > self._max_bytes:
            _, dropped = self._replies.popitem(last=False)
            self._bytes -= _size(dropped)


def digest_before(
    root: Path, package: str, proxies: Mapping[str, Sequence[str]], limits: Limits, *, whatever: bool = False
) -> bytes:
    """Return the digest of a program that has not asked anything yet: of all else that its replies depend on.

    With `whatever`, it stands for a program that may have asked anything.
    """
    functions = {module: tuple(names) for module, names in sorted(proxies.items())}
    asked = repr((str(root), package, functions, limits, whatever))
    return hashlib.blake2b(asked.encode(errors="surrogatepass")).digest()


def digest_of(question: Frame) -> bytes:
    """Return the digest of a question, for `digest_after`."""
    # Questions hold large arrays; processors have instructions for SHA-256, with which it takes half as long as BLAKE2.
    digest = hashlib.sha256(len(question.tree).to_bytes(8))
    digest.update(question.tree)
    digest.update(question.blob)
    return digest.digest()


def digest_after(before: bytes, question: bytes) -> bytes:
    """Return the digest of a program's questions, by the digest of all but the last one and the digest of that."""
    return hashlib.blake2b(before + question).digest()


def _size(reply: Frame) -> int:
    return len(reply.tree) + len(reply.blob)
