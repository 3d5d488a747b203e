"""What a course states about an exercise: how its cases are drawn, and what is known to be wrong and right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from utils.checks.case import Case

from ..patch import Hunk


@dataclass(frozen=True)
class Misconception:
    """A named wrong implementation, stated as a diff of the reference; from a ``.wrong`` file.

    Attributes
    ----------
    id : str
        Its name, unique within the exercise.
    hint : str
        One sentence: what is seen, what it would be when right, where to look. Never the answer.
    hunks : tuple of Hunk
        What to replace in the reference.
    """

    id: str
    hint: str
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True)
class RightAnswer:
    """An implementation in another style that is right, too, stated as a diff of the reference; from a ``.right`` file.

    Attributes
    ----------
    style : str
        What is different, in a few words; unique within the exercise.
    hunks : tuple of Hunk
        What to replace in the reference.
    """

    style: str
    hunks: tuple[Hunk, ...]


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
    large : callable, optional
        ``large(rng)`` gives one more hidden case, for an exercise that computes a gradient: so large that a numeric
        derivative does not end in its time; see `grader.judging.numeric_gradients`.
    apart_from : str, optional
        A function of the same file that may not have the same body: another derivation is asked for.
    misconceptions : tuple of Misconception
        Most telling first. A course leaves them out here: they are read from the ``.wrong`` file.
    right : tuple of RightAnswer
        Likewise, from the ``.right`` file.
    """

    name: str
    draw: Callable[[np.random.Generator], Iterator[Case]]
    large: Callable[[np.random.Generator], Case] | None = None
    apart_from: str = ""
    misconceptions: tuple[Misconception, ...] = ()
    right: tuple[RightAnswer, ...] = ()

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
