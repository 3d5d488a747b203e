"""Drawing a curve before it is shown: the picture to draw in, and a button that reveals the right one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from .challenges import CurvePrediction, Seen
from .drawn_curve import covers, distance, first_heights, picture_of_both, picture_to_draw
from .main_thread import in_main_thread
from .picture import Move, Picture


class CurvePanel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A curve to draw, and then both.

    Parameters
    ----------
    reveal : callable
        Called when somebody has drawn enough.

    Attributes
    ----------
    waits : bool
        Whether the right curve is still to come, or to come to its end.
    """

    def __init__(self, reveal: Callable[[], None]) -> None:
        self._predict: CurvePrediction | None = None
        self._heights: list[float] = []
        self._right: tuple[Any, Any] | None = None  # as far as it is known, once it is asked for
        self._over = self.waits = False
        self._reveal = reveal
        self.area = Picture()
        self.area.layout.width = "min(100%, 720px)"
        self.area.on_move(self._draw, in_main_thread)
        self.done = widgets.Button(description="Reveal", tooltip="See the right curve beside yours")
        self.done.on_click(lambda _: in_main_thread(self._ended))
        self.said = widgets.HTML()
        super().__init__()
        self.clear()

    def ask(self, predict: CurvePrediction) -> None:
        """Let a curve be drawn."""
        self._predict, self._heights, self._right = predict, first_heights(predict), None
        self._over = self.waits = False
        self._show()
        self.children: tuple[Any, ...] = (self.area, self.done, self.said)

    def clear(self) -> None:
        """Show nothing, and wait for nothing."""
        self._predict, self.waits = None, False
        self.area.value = self.said.value = ""
        self.children = ()

    def compare(self, seen: Seen) -> None:
        """Show the right curve beside the drawn one, as far as it is known; at its end, how far apart they are."""
        predict = self._predict
        if predict is None or not self.waits or seen.state != seen.state.parse(predict.state):
            return
        self._right = predict.curve(seen)
        self._over = covers(predict, self._right[0]) and (seen.over or not predict.trained)
        self.waits = not self._over
        self._show()

    def _show(self) -> None:
        predict = self._predict
        assert predict is not None
        if self._right is None:
            self.area.value, self.said.value = picture_to_draw(predict, self._heights), ""
            return
        xs, ys = self._right
        self.area.value = picture_of_both(predict, self._heights, xs, ys)
        if self._over:
            found = distance(predict, self._heights, xs, ys)
            verdict = "✓ That is close." if found.close else "Compare the two."
            self.said.value = _paragraph(f"<b>{verdict}</b> {html.escape(found.said)} {html.escape(predict.why)}")
        elif predict.trained:
            known = f" {len(xs)} of its points are known." if len(xs) else ""
            self.said.value = _paragraph(f"The right curve comes while the nets train.{known}", alive=False)
        else:
            self.said.value = _paragraph("The right curve comes as soon as your code has made it.", alive=False)

    def _draw(self, move: Move) -> None:
        number = re.fullmatch(r"point-(\d+)", move.handle)
        if self._predict is None or not number or move.y is None:
            return
        index, along = int(number.group(1)), self._predict.along
        if index < len(self._heights):  # also where the page tells of the last move after the button was pressed
            self._heights[index] = min(max(move.y, along.low), along.high)
            self._show()

    def _ended(self) -> None:
        if self._predict is not None and self._right is None:
            self.waits, self._right = True, ((), ())
            self.children = (self.area, self.said)
            self._show()
            self._reveal()


def _paragraph(text: str, *, alive: bool = True) -> str:
    role = ' role="status"' if alive else ""
    return f"<p{role} style='margin:4px 0;line-height:1.4;max-width:75em'>{text}</p>"
