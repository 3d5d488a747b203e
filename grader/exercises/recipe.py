"""What an exercise's module states: how its cases are drawn, and the misconceptions that are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from utils.checks.case import Case

from ..reference import Edit


@dataclass(frozen=True)
class Misconception:
    """A named wrong implementation, stated as edits of the reference.

    Attributes
    ----------
    id : str
        Its name, unique within the exercise.
    hint : str
        One sentence: what is seen, what it would be when right, where to look. Never the answer.
    edits : tuple of (old, new)
        What to replace in the reference's text; each `old` occurs there exactly once.
    """

    id: str
    hint: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Recipe:
    """How one exercise is judged.

    Attributes
    ----------
    name : str
        The exercise, as in course.toml.
    draw : callable
        ``draw(rng)`` yields the cases. Sizes and numbers come from `rng`, so that nobody can prepare for them;
        which situations are covered does not depend on it.
    misconceptions : tuple of Misconception
        Most telling first.
    """

    name: str
    draw: Callable[[np.random.Generator], Iterator[Case]]
    misconceptions: tuple[Misconception, ...]

    @property
    def module(self) -> str:
        """The student's module."""
        return self.name.split(".", 1)[0]

    @property
    def function(self) -> str:
        """The qualified name inside the module."""
        return self.name.split(".", 1)[1]

    @property
    def hints(self) -> dict[str, str]:
        """The sentence of each misconception, by id."""
        return {misconception.id: misconception.hint for misconception in self.misconceptions}


def wrong(id: str, hint: str, *edits: Edit) -> Misconception:
    """A `Misconception` in one line."""
    return Misconception(id, hint, edits)


def sizes(rng: np.random.Generator, count: int, low: int = 2, high: int = 8) -> list[int]:
    """Different sizes: no two axes may be confused without it being seen.

    Parameters
    ----------
    rng : Generator
    count : int
        How many.
    low, high : int
        The range, both included.
    """
    return [int(size) for size in rng.permutation(np.arange(low, high + 1))[:count]]
