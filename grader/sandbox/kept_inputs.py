"""Keep the inputs of a program as the bytes that are sent to workers, for inputs that many workers get."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Final

from .inside.wire import Packed, packed

LARGE: Final = 1 << 16
"""Bytes of arrays above which a fork server keeps inputs for its workers; less than that is sent as fast."""


class KeptInputs(dict[str, object]):
    """The inputs of a program, which nobody may change, neither the dict nor the arrays in it."""

    @cached_property
    def packed(self) -> Packed:
        """The inputs as bytes; made when they are first sent."""
        return packed(dict(self))

    @cached_property
    def size(self) -> int:
        """The bytes of all arrays."""
        return sum(map(len, self.packed.blobs))

    @cached_property
    def name(self) -> str:
        """A name that other inputs do not have."""
        digest = hashlib.blake2b(self.packed.tree, digest_size=16)
        for blob in self.packed.blobs:
            digest.update(blob)
        return digest.hexdigest()
