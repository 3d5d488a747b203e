"""What an exercise's module states: how its cases are drawn, and the misconceptions that are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

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
    large : callable, optional
        ``large(rng)`` gives one more hidden case, for an exercise that computes a gradient: so large that a numeric
        derivative does not end in its time; see `grader.large`.
    apart_from : str, optional
        A function of the same file that may not have the same body: another derivation is asked for.
    """

    name: str
    draw: Callable[[np.random.Generator], Iterator[Case]]
    misconceptions: tuple[Misconception, ...]
    large: Callable[[np.random.Generator], Case] | None = None
    apart_from: str = ""

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


def enlarged(
    draw: Callable[[np.random.Generator], Iterator[Case]],
    title: str,
    inputs: Callable[[np.random.Generator], dict[str, object]],
    *,
    only: tuple[str, ...] = (),
    program: str = "",
) -> Callable[[np.random.Generator], Case]:
    """The large case of a gradient: a recipe's first case with other inputs.

    Parameters
    ----------
    draw : callable
        The recipe's other cases.
    title : str
        What the case is called.
    inputs : callable
        ``inputs(rng)`` gives those of the first case, but large: a forward pass for each number that has a gradient
        takes a multiple of the course's time limit, and the slowest backward pass that is one a tenth of it.
        docs/grading.md has the figures.
    only : tuple of str, optional
        The outputs that are gradients; by default all of them are.
    program : str, optional
        In place of the first case's.
    """

    def large(rng: np.random.Generator) -> Case:
        first = next(iter(draw(rng)))
        aspects = {name: rule for name, rule in first.aspects.items() if not only or name in only}
        return replace(first, title=title, inputs=inputs(rng), aspects=aspects, program=program or first.program)

    return large
