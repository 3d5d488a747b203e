"""A picture that one can act in: its handles can be dragged, and moved with the arrow keys.

Python draws the picture as SVG and marks what can be moved with `handle`. What somebody does in the page comes back as
a `Move`; Python changes the state and draws the next picture. ``picture.js`` is the half that runs in the page. The
page waits for the answer to one report before it sends the next, so that a drag never runs ahead of the drawing.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Move:
    """What somebody did to a handle.

    Attributes
    ----------
    handle : str
        Its name.
    x, y : float or None
        Its values; None along an axis that it does not have.
    done : bool
        Whether the drag has ended; always with a key.
    """

    handle: str
    x: float | None
    y: float | None
    done: bool


@dataclass(frozen=True)
class Axis:
    """One direction in which a handle moves: which values lie where in the picture.

    Attributes
    ----------
    value : float
        Where the handle is.
    low, high : float
        The least and the greatest value.
    start, end : float
        The coordinates of `low` and `high`, in the units of the picture; y grows downwards there.
    step : float
        What an arrow key adds, and what dragged values are rounded to: in powers of ten where `log`.
    log : bool, default False
    """

    value: float
    low: float
    high: float
    start: float
    end: float
    step: float
    log: bool = False

    @property
    def place(self) -> float:
        """The coordinate of `value`."""
        value, low, high = (math.log(v) if self.log else v for v in (self.value, self.low, self.high))
        return self.start + (min(max(value, low), high) - low) / (high - low) * (self.end - self.start)

    def for_page(self) -> dict[str, Any]:
        """The axis as ``picture.js`` reads it."""
        return {
            "value": float(self.value), "at": [self.start, self.end], "of": [self.low, self.high], "step": self.step,
            "log": self.log,
        }  # fmt: skip


def handle(
    name: str,
    label: str,
    inside: str,
    *,
    x: Axis | None = None,
    y: Axis | None = None,
    beside: float = 0.0,
    still: bool = False,
    group: str = "",
    says: str = "",
    more: str = "",
) -> str:
    """An element of a picture that can be moved, with the role of a slider.

    Parameters
    ----------
    name : str
        What a `Move` calls it.
    label : str
        Its name for those who cannot see it.
    inside : str
        SVG, drawn around the origin: that is put where the handle is.
    x, y : Axis, optional
        The directions in which it moves; at least one.
    beside : float, default 0
        Its coordinate along the axis that it does not have.
    still : bool, default False
        Whether it stays where it is drawn while its value changes.
    group : str, optional
        Handles of one group are one stop of the Tab key; Page Up and Page Down go from one to the next.
    says : str, optional
        Its value in words; by default the numbers.
    more : str, optional
        Further attributes, as SVG text.
    """
    axis = x or y
    assert axis is not None
    told: dict[str, Any] = {"name": name, "beside": beside, "still": still}
    told |= {key: one.for_page() for key, one in (("x", x), ("y", y)) if one}
    numbers = [f"{key} {one.value:.3g}".replace("-", "−") for key, one in (("x", x), ("y", y)) if one]
    says = says or (", ".join(numbers) if x and y else numbers[0][2:])
    place = "" if still else f' transform="translate({x.place if x else beside:.6g} {y.place if y else beside:.6g})"'
    grouped = f' data-group="{html.escape(group)}"' if group else ""
    return (
        f'<g data-handle="{html.escape(json.dumps(told))}"{place}{grouped} role="slider" tabindex="0" '
        f'aria-label="{html.escape(label)}" aria-valuemin="{_decimal(axis.low)}" aria-valuemax="{_decimal(axis.high)}" '
        f'aria-valuenow="{_decimal(axis.value)}" aria-valuetext="{html.escape(says)}" {more}>{inside}</g>'
    )


def _decimal(value: float) -> str:
    """A number without an exponent, which ARIA does not know."""
    return np.format_float_positional(float(f"{value:.6g}"), trim="-")


class Picture(anywidget.AnyWidget):
    """Shows an SVG, and tells what is done to its handles.

    Attributes
    ----------
    value : str
        The SVG, or nothing.
    movable : bool
        Whether somebody listens to what is done to the handles; otherwise they stay where they are.
    """

    _esm = HERE / "picture.js"
    _css = HERE / "picture.css"
    value = traitlets.Unicode("").tag(sync=True)
    movable = traitlets.Bool().tag(sync=True)

    def on_move(self, act: Callable[[Move], None], do: Callable[[Callable[[], None]], None]) -> None:
        """Have moves of handles acted upon.

        Parameters
        ----------
        act : callable
            ``act(move)``.
        do : callable
            ``do(action)`` carries out an action in the thread that draws.
        """

        def heard(_: Any, content: Any, __: Any) -> None:
            do(lambda: answered(content))

        def answered(content: Any) -> None:
            try:
                move = as_move(content)
                if move is not None:
                    act(move)
            finally:
                self.send({"heard": True})  # whatever happened, the page may send the next one

        self.on_msg(heard)
        self.movable = True


def as_move(content: Any) -> Move | None:
    """What a page has sent, or None where it is no move."""
    if not isinstance(content, dict) or not isinstance(content.get("handle"), str):
        return None
    x, y = (content.get(axis) for axis in "xy")
    for value in (x, y):
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value)):
            return None
    return Move(content["handle"], x, y, bool(content.get("done")))
