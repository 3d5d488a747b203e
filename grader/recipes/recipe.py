"""Define the recipe of an exercise: how its cases are drawn, and which answers are known to be wrong and right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from utils.checks.case import Case

from ..patch import Hunk


@dataclass(frozen=True)
class Misconception:
    """A known mistake, stated in a ``.wrong`` file as a diff of the reference.

    Attributes
    ----------
    id : str
        Its name, unique within the exercise.
    hint : str
        One sentence for the student: what the answer does, then what it should do. Never the solution.
    hunks : tuple of Hunk
        The lines to replace in the reference.
    """

    id: str
    hint: str
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True)
class RightAnswer:
    """A right answer in another style, stated in a ``.right`` file as a diff of the reference.

    Attributes
    ----------
    style : str
        The difference in a few words; unique within the exercise.
    hunks : tuple of Hunk
        The lines to replace in the reference.
    """

    style: str
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True)
class Recipe:
    """How one exercise is judged.

    Attributes
    ----------
    name : str
        The exercise's name in course.toml: ``"layers.affine_forward"``.
    draw : callable
        ``draw(rng)`` yields the cases. Draw sizes and numbers from `rng`, so that no student can prepare for them.
        Which situations are covered must not depend on it, so that all students are judged alike.
    large : callable, optional
        For an exercise that computes a gradient: ``large(rng)`` returns one more hidden case, which is so large that a
        numeric derivative takes longer than the time limit; see `grader.judging.numeric_gradients`.
    apart_from : str, default ""
        The name of a function of the same file that must not have the same body, because the exercise asks for another
        derivation of the same thing.
    misconceptions : tuple of Misconception, default ()
        The known mistakes, in the order in which they are preferred as an explanation. They are read from the
        ``.wrong`` file, so a course does not give them here.
    right : tuple of RightAnswer, default ()
        Right answers in other styles; they are read from the ``.right`` file.
    task : str, default ""
        What is asked for, in a few sentences: what the docstring of the function says first, from which it is read.
    meanings : mapping of str to (str or callable), default {}
        What is so with a simpler input, as from ``"G is 1"`` to what a hint says where an output is right as soon as
        ``G`` is 1, in place of "look at where G enters". Where that depends on the code under test, a function of its
        text that returns it.
    """

    name: str
    draw: Callable[[np.random.Generator], Iterator[Case]]
    large: Callable[[np.random.Generator], Case] | None = None
    apart_from: str = ""
    misconceptions: tuple[Misconception, ...] = ()
    right: tuple[RightAnswer, ...] = ()
    task: str = ""
    meanings: Mapping[str, str | Callable[[str], str]] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """The name of the student's module."""
        return self.name.split(".", 1)[0]

    @property
    def function(self) -> str:
        """The function's qualified name inside the module."""
        return self.name.split(".", 1)[1]

    @property
    def hints(self) -> dict[str, str]:
        """The hint of each misconception, by id."""
        return {misconception.id: misconception.hint for misconception in self.misconceptions}


def sizes(rng: np.random.Generator, count: int, low: int = 2, high: int = 8) -> list[int]:
    """Draw sizes of axes that are all different, so that an answer that confuses two axes has the wrong shape.

    Parameters
    ----------
    rng : Generator
    count : int
        The number of sizes; at most ``high - low + 1``.
    low : int, default 2
        The smallest size.
    high : int, default 8
        The largest size.

    Returns
    -------
    list of int
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
    """Make a function for `Recipe.large`: it returns the recipe's first case with large inputs.

    Parameters
    ----------
    draw : callable
        The recipe's `draw`, whose first case is enlarged.
    title : str
        The title of the large case.
    inputs : callable
        ``inputs(rng)`` returns the large inputs. They should be so large that one forward pass for each number that has
        a gradient takes several times the course's time limit, and so small that the slowest right backward pass takes
        at most a tenth of it; docs/grading.md has the figures.
    only : tuple of str, default ()
        The outputs that are gradients, which alone are compared; ``()`` means all outputs of the first case.
    program : str, default ""
        The program of the large case; ``""`` means that of the first case.

    Returns
    -------
    callable
        ``large(rng)``.
    """

    def large(rng: np.random.Generator) -> Case:
        first = next(iter(draw(rng)))
        aspects = {name: rule for name, rule in first.aspects.items() if not only or name in only}
        return replace(first, title=title, inputs=inputs(rng), aspects=aspects, program=program or first.program)

    return large
