"""What a check consists of and what it says: cases, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .rules import Equal, Rule

Outcome = Literal["pass", "fail", "error", "missing", "timeout", "killed"]


@dataclass(frozen=True)
class Case:
    """One set of inputs for an exercise, and how the answer is judged.

    Attributes
    ----------
    title : str
        What is special about these inputs, for the student: ``"one row"``, ``"float32"``.
    program : str
        The lines that are run; see `utils.checks.program`.
    inputs : dict of str to object
        The variables the program starts with: arrays, numbers, strings, dicts and tuples of them.
    aspects : mapping of str to Rule
        The variables that are compared, and by which rule.
    fallback : str
        A program to run instead when another function that `program` needs does not work yet.
    writable : tuple of str
        Inputs that the function is meant to change.
    gradients : mapping of str to str
        Which outputs are gradients, and of which input: ``{"dx": "x", "grads.W1": "params.W1"}``.
    objective : tuple of (str, str)
        What those are gradients of: an output and its upstream gradient, ``("out", "dout")`` or ``("loss", "")``.
    separate : mapping of str to str
        Outputs whose n-th entry comes from the n-th entry of one input alone, and that input: ``{"out": "x"}``.
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

    @property
    def entries(self) -> int:
        """How large it is: the numbers in all of its inputs."""
        return count_entries(self.inputs)


@dataclass(frozen=True)
class Finding:
    """One thing a check has to say.

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
        Title of the (first) case in which it showed.
    """

    aspect: str
    verdict: Outcome
    hint: str = ""
    misconception: str | None = None
    case: str = ""


def value_at(values: Mapping[str, object], path: str) -> object:
    """The value at a path such as ``"grads.W1"``; None where there is none."""
    here: object = values
    for step in path.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(step)
    return here


def leaves(values: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    """The paths of all values that are no dicts."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def count_entries(value: object) -> int:
    """The numbers in a value, those in its parts included."""
    if isinstance(value, Mapping):
        return sum(map(count_entries, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(count_entries, value))
    return value.size if isinstance(value, np.ndarray) else 1
