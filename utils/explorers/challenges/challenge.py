"""What a challenge is: a goal, a measure that says how far off it is, and why it worked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Seen:
    """What there is to measure.

    Attributes
    ----------
    state : State
        Where the controls stand.
    now : object
        What the explorer's `compute` makes of it at once: the numbers of the picture.
    found : object
        What the long work has found so far; None where there is nothing yet.
    over : bool
        Whether the long work is over.
    """

    state: Any
    now: Any
    found: Any = None
    over: bool = False


@dataclass(frozen=True)
class Progress:
    """How far off a challenge is.

    Attributes
    ----------
    solved : bool
    said : str
        The measured number and the wanted one, in a sentence.
    """

    solved: bool
    said: str


@dataclass(frozen=True)
class Prediction:
    """A question to answer before anything is shown: which of these pictures will it be?

    Attributes
    ----------
    question : str
    right : str
        The state whose picture it is.
    others : tuple of str
        States with other pictures.
    why : str
        What explains it.
    """

    question: str
    right: str
    others: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Challenge:
    """Something to reach with an explorer.

    Attributes
    ----------
    title, goal : str
    start : str
        The state to begin in, in which it is not reached.
    measure : callable
        From what is seen to how far off that is; pure.
    solution : str
        A state in which it is reached, once the long work is over.
    why : str
        Why it worked.
    exercise : str
        The exercise at whose section in the notebook to go on.
    predict : Prediction, optional
    """

    title: str
    goal: str
    start: str
    measure: Callable[[Seen], Progress]
    solution: str
    why: str
    exercise: str
    predict: Prediction | None = None


def waits(what: str) -> Progress:
    """The progress of a challenge whose long work is still under way."""
    return Progress(False, f"Wait for the training: {what}.")
