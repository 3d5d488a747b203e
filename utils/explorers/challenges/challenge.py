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
class Scale:
    """An axis of a picture in which a curve is drawn.

    Attributes
    ----------
    label : str
    low, high : float
    ticks : tuple of float
    log : bool, default False
    names : tuple of str, default ()
        What stands at the ticks, where that is not the numbers.
    """

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class CurvePrediction:
    """A curve to draw before anything is shown.

    Attributes
    ----------
    question : str
    state : str
        The state whose curve it is.
    curve : callable
        From what is seen in that state to the values of x and of y, as far as they are known.
    across, along : Scale
        Of x and of y.
    points : tuple of float
        Where, along x, the drawn curve has its points.
    why : str
        What explains it.
    trained : bool, default False
        Whether the long work makes the curve, so that it is known when that is over.
    """

    question: str
    state: str
    curve: Callable[[Seen], tuple[Any, Any]]
    across: Scale
    along: Scale
    points: tuple[float, ...]
    why: str
    trained: bool = False


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
    predict : Prediction or CurvePrediction, optional
    """

    title: str
    goal: str
    start: str
    measure: Callable[[Seen], Progress]
    solution: str
    why: str
    exercise: str
    predict: Prediction | CurvePrediction | None = None


def waits(what: str) -> Progress:
    """The progress of a challenge whose long work is still under way."""
    return Progress(False, f"Wait for the training: {what}.")
