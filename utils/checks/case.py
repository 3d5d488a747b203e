"""Cases and findings: what an exercise is checked with, and what a check has to say."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal

import numpy as np

from .compare import Equal, Rule
from .values import count_numbers

FindingVerdict = Literal["pass", "fail", "error", "missing", "timeout", "killed"]


class Trait(StrEnum):
    """What sets a case apart from the core of an exercise, or which situation it is about.

    A right answer has all traits right, but a mistake often shows in the cases of one trait alone. So a trait is what a
    hint can name ("it is wrong only in test mode") and what points can be divided by.
    """

    EDGE_SHAPE = "edge shape"
    """One example, one feature, one step, as many rows as columns: sizes at which axes are easily confused or lost."""

    NUMERICAL_RANGE = "numerical range"
    """Numbers so large, so small or so equal that a formula that is right on paper overflows or divides by 0."""

    DTYPE = "dtype"
    """Inputs of float32, where the others are float64; or an answer in another dtype than the one that is asked for."""

    MEMORY_ORDER = "memory order"
    """The same numbers, laid out in memory in another order than C's."""

    SIDE_EFFECT = "side effect"
    """What a call leaves behind, or what the next call finds: changed arguments, the state of a net or a generator."""

    TIE = "tie"
    """A kink or a tie, where several gradients are right."""

    SUBCLASS = "subclass"
    """A class that inherits from the student's and replaces a method that the other methods should call."""

    TEST_MODE = "test mode"
    """A layer or net that is used, not trained."""

    SEVERAL_STEPS = "several steps"
    """Several steps of training, each of which starts from what the one before it has left."""

    WINDOWS_LEAVE_A_REST = "windows leave a rest"
    """Images whose last rows and columns no window reaches."""


SITUATIONS = frozenset({Trait.TEST_MODE, Trait.SEVERAL_STEPS, Trait.WINDOWS_LEAVE_A_REST})
"""Traits that say what a case is about and leave it in the core: whoever gets it wrong has not solved the exercise."""


@dataclass(frozen=True)
class Case:
    """One set of inputs for an exercise, and how the answer is compared.

    Attributes
    ----------
    title : str
        What is special about these inputs, for the student: ``"one row"``, ``"float32"``. Nothing is read from it.
    program : str
        The lines that are run; see `utils.checks.program`.
    inputs : dict of str to object
        The variables that the program starts with: arrays, numbers, strings, and dicts, lists and tuples of them.
    aspects : mapping of str to Rule
        The variables that are compared, and by which rule.
    fallback : str
        A program to run instead when another function that `program` needs does not work yet.
    writable : tuple of str
        Inputs that the function is meant to change.
    gradients : mapping of str to str
        Which outputs are gradients, and of which input: ``{"dx": "x", "grads.W1": "params.W1"}``.
    objective : tuple of (str, str)
        What those are gradients of: an output and its upstream gradient, ``("out", "dout")``; or a number, which has
        none, ``("loss", "")``.
    effects : set of str
        Outputs that tell what a call leaves behind, not what it computes: ``"untouched"``. They carry no points of
        their own; they belong to the trait `SIDE_EFFECT` of the case's other outputs.
    separate : mapping of str to str
        Outputs whose n-th entry comes from the n-th entry of one input alone, and that input: ``{"out": "x"}``.
    traits : set of Trait
        What sets the case apart; none for a plain case of the core.
    """

    title: str
    program: str
    inputs: dict[str, object]
    aspects: Mapping[str, Rule] = field(default_factory=lambda: {"out": Equal()})
    fallback: str = ""
    writable: tuple[str, ...] = ()
    gradients: Mapping[str, str] = field(default_factory=dict)
    objective: tuple[str, str] = ("", "")
    separate: Mapping[str, str] = field(default_factory=dict)
    traits: Set[Trait] = frozenset()
    effects: Set[str] = frozenset()

    @property
    def is_core(self) -> bool:
        """Whether the case belongs to the core of its exercise: no trait but situations sets it apart."""
        return self.traits <= SITUATIONS

    @cached_property
    def unchanged(self) -> tuple[str, ...]:
        """The inputs that can be changed in place and have to stay as they are: arrays, dicts and lists."""
        kept = {name: value for name, value in self.inputs.items() if name not in self.writable}
        return tuple(name for name, value in kept.items() if isinstance(value, np.ndarray | dict | list))

    @property
    def size(self) -> int:
        """How many numbers there are in all inputs together."""
        return count_numbers(self.inputs)


@dataclass(frozen=True)
class Finding:
    """One thing that a check has to say.

    Attributes
    ----------
    aspect : str
        The output it is about: ``"dx"``, ``"grads.W1"``, ``"dx, dw"`` where one sentence explains several; ``""``
        when it is about the whole function.
    verdict : str
        ``"pass"``, ``"fail"``, ``"error"``, ``"missing"``, ``"timeout"`` or ``"killed"``.
    hint : str
        One sentence for the student.
    misconception : str or None
        The id of the misconception that gives exactly this answer, where one does.
    case : str
        Title of the case in which it shows: the smallest of them.
    parts : tuple of str
        What is wrong there: ``("core",)``; or, where the core is right, ``"shape"`` or the traits that are wrong, as
        ``("dtype", "tie")``.
    seen : str
        What the hint begins from: the comparison of the numbers, or the exception. It explains nothing.
    """

    aspect: str
    verdict: FindingVerdict
    hint: str = ""
    misconception: str | None = None
    case: str = ""
    parts: tuple[str, ...] = ()
    seen: str = ""

    def at_level(self, level: int) -> str:
        """Return as much of the hint as a level of help gives.

        Parameters
        ----------
        level : int
            1 says only what is wrong, and the case and the parts of the finding say where to look; 2 says what was
            seen, without an explanation; 3 gives the whole hint.
        """
        if level >= 3 or self.verdict not in ("fail", "error"):
            return self.hint
        if level == 2 and self.seen:
            return self.seen
        return "it is not right." if self.verdict == "fail" else "the code raises an exception."
