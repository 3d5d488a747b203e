"""Keep the inputs of a program as the bytes that are sent to workers, for inputs that many workers get."""

from __future__ import annotations

from functools import cached_property

from .inside.wire import Packed, packed


class KeptInputs(dict[str, object]):
    """The inputs of a program, which nobody may change, neither the dict nor the arrays in it."""

    @cached_property
    def packed(self) -> Packed:
        """The inputs as bytes; made when they are first sent."""
        return packed(dict(self))
