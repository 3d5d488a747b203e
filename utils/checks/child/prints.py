"""Stand in for the console of code in a child process: keep the first lines that it prints, and answer no input."""

from __future__ import annotations

import io
from collections.abc import Callable

MAX_LINES = 12
MAX_CHARACTERS = 1200
NO_INPUT = (
    "a check runs your code in a process of its own, where nobody can type; a debugger and input() work with "
    "check(…, here=True) in a notebook, and with --here in a terminal"
)


class NoInputHere(RuntimeError):
    """The code under test waits for somebody to type something."""


class KeptPrints(io.TextIOBase):
    """Takes what is printed, hands on the first lines, and counts the others.

    Parameters
    ----------
    hand_on : callable
        ``hand_on(text)``, at once, so that what was printed is known also when the code never ends.

    Attributes
    ----------
    more : int
        Lines that were not handed on.
    """

    def __init__(self, hand_on: Callable[[str], None]) -> None:
        self._hand_on = hand_on
        self.begin()

    def begin(self) -> None:
        """Forget all that was printed before."""
        self._lines = self._characters = self.more = 0
        self._is_cut = False  # whether the present line was handed on in part

    def write(self, text: str) -> int:
        """Take a text."""
        kept = []
        for part in text.splitlines(keepends=True):
            ends = part.endswith("\n")
            room = MAX_CHARACTERS - self._characters
            if self._lines >= MAX_LINES or room <= 0:
                self.more += ends and not self._is_cut
                self._is_cut &= not ends
                continue
            cut = len(part) > room
            kept.append(f"{part[:room]} …\n" if cut else part)
            self._characters += len(part)
            self._lines += ends
            self._is_cut = cut and not ends
        if kept:
            self._hand_on("".join(kept))
        return len(text)

    def writable(self) -> bool:
        """Tell that it can be printed to."""
        return True


class NoInput(io.TextIOBase):
    """Refuses to be read from."""

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # the base class gives bytes, its subclasses for text give str
        """Refuse; `input` calls this."""
        raise NoInputHere(NO_INPUT)

    def read(self, size: int | None = -1, /) -> str:
        """Refuse."""
        raise NoInputHere(NO_INPUT)

    def readable(self) -> bool:
        """Tell that it can be read from, so that whoever tries is told why not."""
        return True


def no_debugger(*args: object, **kwargs: object) -> None:
    """Refuse to stop in a debugger; stands in for `breakpoint`."""
    raise NoInputHere(f"breakpoint() cannot stop the code: {NO_INPUT}")
