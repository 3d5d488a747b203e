"""What a check consists of and what it says: cases, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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
    """

    title: str
    program: str
    inputs: dict[str, object]
    aspects: Mapping[str, Rule] = field(default_factory=lambda: {"out": Equal()})
    fallback: str = ""
    writable: tuple[str, ...] = ()
    gradients: Mapping[str, str] = field(default_factory=dict)
    objective: tuple[str, str] = ("", "")


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
