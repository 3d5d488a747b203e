"""Controls with chosen values, and numbers for each combination of them."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any

import numpy as np

from ..state import State, text

COMMAND = "nndl explore --state"
"""What shows a state on one's own code, when its text follows."""

Modules = Callable[[str], ModuleType]
"""From a module's short name, such as ``"layers"``, to the module."""


@dataclass(frozen=True)
class Control:
    """A slider or a list to choose from.

    Attributes
    ----------
    field : str
        The field of the state that it sets.
    label : str
        What the reader sees beside it.
    values : tuple
        What the field may be; all of them are in the grid.
    first : object
        The value that the page opens with.
    names : tuple of str, default ()
        What the reader sees of the values, where that is not what they are.
    """

    field: str
    label: str
    values: tuple[Any, ...]
    first: Any
    names: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """What the reader sees of each value."""
        return self.names or tuple(f"{one:.3g}" if isinstance(one, float) else str(one) for one in self.values)


@dataclass(frozen=True)
class Part:
    """Numbers that depend on some of the controls.

    Attributes
    ----------
    name : str
    controls : tuple of str
        The fields that they depend on. The other fields have the values of `Grid.state`.
    numbers : callable
        From the package's modules and a state to what JSON can hold.
    """

    name: str
    controls: tuple[str, ...]
    numbers: Callable[[Modules, Any], Any]


@dataclass(frozen=True)
class Grid:
    """What the page of one explorer needs.

    Attributes
    ----------
    state : State
        The values of all fields that no control sets.
    controls : tuple of Control
    parts : tuple of Part
    always : callable
        From the package's modules to what the drawing needs and no control changes.
    """

    state: State
    controls: tuple[Control, ...]
    parts: tuple[Part, ...]
    always: Callable[[Modules], dict[str, Any]] = lambda modules: {}

    def states(self, part: Part) -> Iterator[State]:
        """All states of a part, the last of its controls changing fastest."""
        values = {control.field: control.values for control in self.controls}
        for chosen in itertools.product(*(values[field] for field in part.controls)):
            state = self.state.but(**dict(zip(part.controls, chosen, strict=True)))
            yield state.parse(str(state))  # exactly what a reader gets who takes the state's text elsewhere

    def computed(self, part: Part, modules: Modules) -> list[Any]:
        """The numbers of a part at all of its states."""
        return [part.numbers(modules, state) for state in self.states(part)]

    def described(self) -> dict[str, Any]:
        """The explorer, its other settings and the controls, with values as a state's text has them."""
        settings = {field.name: text(getattr(self.state, field.name)) for field in fields(self.state)}
        controls = [
            {
                "field": control.field,
                "label": control.label,
                "values": [text(value) for value in control.values],
                "shown": control.shown,
                "first": control.values.index(control.first),
                "choice": not isinstance(control.first, int | float),
            }
            for control in self.controls
        ]
        return {"explorer": self.state.name, "command": COMMAND, "state": settings, "controls": controls}


def whole(values: Any, factor: float = 1) -> list[int | None]:
    """Numbers times a factor, rounded to whole ones, which take little room; None for what is not finite."""
    array = np.asarray(values, dtype=float).ravel() * factor
    return [round(float(value)) if np.isfinite(value) else None for value in array]


def rounded(value: float, digits: int = 3) -> float | None:
    """A number with so many digits; None where it is not finite."""
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None


def logarithms(values: Any, lowest: float) -> list[int | None]:
    """Hundred times the logarithms to base 10, not below that of `lowest`; None for what is not a number."""
    array = np.asarray(values, dtype=float).ravel()
    return whole(np.log10(np.maximum(array, lowest)), 100)


def thinned(values: Any, count: int) -> tuple[list[int], Any]:
    """At most `count` of many values, evenly chosen, the first and the last among them: their indices, and they."""
    array = np.asarray(values)
    at = np.unique(np.linspace(0, len(array) - 1, min(count, len(array))).round().astype(int))
    return [int(index) for index in at], array[at]


def last(steps: Iterator[tuple[float, Any]]) -> Any:
    """What long work has found in the end."""
    return deque(steps, maxlen=1)[0][1]
