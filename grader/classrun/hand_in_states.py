"""Recognise a hand-in that has not changed since its record was written, without reading its files.

The state of a hand-in is a digest of the states of its files (`submission.file_states`), and of everything else that
decides what is read and computed of it: what the assignment takes, what students were given, what the keys depend on,
and the code. A record keeps the state of the hand-in that it was made from. While that stays the same, so do the keys,
the remarks, the digest and the fingerprints of the submission.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from ..course import Assignment, Course
from ..submission.file_states import file_states
from ..submission.similarity import FINGERPRINT_VERSION
from . import collect
from .cache import digest
from .keys import Keys


class HandInStates:
    """The states of an assignment's hand-ins.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    keys : Keys
    """

    def __init__(self, course: Course, assignment: Assignment, keys: Keys) -> None:
        self._course, self._assignment, self._keys = course, assignment, keys

    def of(self, path: Path) -> bytes:
        """Return the state of a hand-in; empty if it has to be read."""
        states = file_states(path)
        return digest((states, self._shared)) if states else b""

    @cached_property
    def _shared(self) -> bytes:
        """A digest of what is the same for all hand-ins."""
        taken = collect.what_is_taken(self._course, self._assignment)
        code = Path(collect.__file__).read_bytes()
        return digest((self._keys.shared, repr(taken).encode(), FINGERPRINT_VERSION.encode(), code))
