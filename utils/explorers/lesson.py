"""What an explorer shows: its texts, its controls, its pictures and its long work. Each explorer writes its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from .drawing import Drawing
from .picture import Move
from .state import State

S = TypeVar("S", bound=State)


class Lesson(Generic[S]):
    """The part of an explorer that differs from one to the next.

    A subclass sets the class attributes and writes `controls`, `picture` and, where there is long work, `work` and
    `results`.

    Attributes
    ----------
    title, look_for, question : str
        A heading, a sentence of what to look for, and a question to answer by playing.
    first : State
        The state of a new explorer.
    drives_work : tuple of str
        The fields of the state that the long work depends on: changing another one leaves it alone.
    seen_in_results : tuple of str
        Further fields that the picture of the results shows: changing one draws it anew.
    has_ghost : bool
        Whether the pictures have something that can stand behind those of the next setting: curves do, images do not.
    same_setting : tuple of str
        The fields of the state that leave the setting the same: changing another one makes a ghost of what was there.
    state : State
        The present one.
    """

    title: ClassVar[str]
    look_for: ClassVar[str]
    question: ClassVar[str]
    first: ClassVar[State]
    drives_work: ClassVar[tuple[str, ...]] = ()
    seen_in_results: ClassVar[tuple[str, ...]] = ()
    has_ghost: ClassVar[bool] = True
    same_setting: ClassVar[tuple[str, ...]] = ()
    state: S

    def controls(self) -> Mapping[str, Any]:
        """The widget of each field of the state, by the field's name; its value is the field's."""
        raise NotImplementedError

    def picture(self, state: S) -> Drawing:
        """The picture that follows the sliders at once; it may raise what the student's code raises."""
        raise NotImplementedError

    def numbers(self, state: S) -> Any:
        """What the picture draws, for challenges to measure."""
        return None

    def work(self, state: S) -> Iterator[tuple[float, Any]]:
        """Long work: after each short step, the share that is done, 0 to 1, and what is known so far."""
        return iter(())

    def results(self, state: S, found: Any) -> Drawing:
        """What is known so far, as a picture."""
        raise NotImplementedError

    def moved(self, move: Move) -> Mapping[str, Any]:
        """The fields of the state that a move of a handle in a picture changes, and their values.

        By default a handle is named after the field that it sets, or after two, ``"column,row"``, x before y; what
        stands before a colon tells handles of the same fields apart.
        """
        values = [value for value in (move.x, move.y) if value is not None]
        return {
            name: type(getattr(self.state, name))(value)
            for name, value in zip(move.handle.rpartition(":")[2].split(","), values, strict=True)
        }
