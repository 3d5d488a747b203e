"""The control of a count of steps that can be played: forward, back, and on its own at a chosen speed."""

from __future__ import annotations

import ipywidgets as widgets
import traitlets

from .controls import choice, slider

# What is chosen: milliseconds that the clock waits between two pictures, to which those of drawing one come, and steps
# from one picture to the next.
SPEEDS = {
    "1 a second": (980, 1), "4 a second": (230, 1), "15 a second": (46, 1), "60 a second": (46, 4),
    "150 a second": (46, 10),
}  # fmt: skip
WHOLE_ROW = "auto / 1 / auto / -1"


class Player(widgets.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A slider of steps, with buttons to take one, to go one back, and to play.

    The clock that plays stands in the page: it ticks no faster than the pictures come, and ends with the page.

    Parameters
    ----------
    value, last : int
        The step to begin with, and the greatest one.
    text : str
        What is counted.
    speed : str, default "15 a second"
        One of `SPEEDS`.
    low : int, default 0
        The least one.

    Attributes
    ----------
    value : int
        The step.
    """

    value = traitlets.Int()

    def __init__(self, value: int, last: int, text: str, speed: str = "15 a second", low: int = 0) -> None:
        self.steps = slider(low, last, value, text)
        self.speed = choice(tuple(SPEEDS), speed, "play")
        self.begin, self.back, self.play, self.forward = (
            widgets.Button(description=name, tooltip=tip, layout={"width": "auto"})
            for name, tip in (
                ("To the start", f"As few as there can be: {text}"),
                ("Back", f"One step back: {text}"),
                ("Play", f"Go on step by step, or rest: {text}"),
                ("Step", f"One step forward: {text}"),
            )
        )
        self._clock = widgets.Play(min=low, max=last, value=value, layout={"display": "none"})
        self.steps.layout.width = "330px"
        self.speed.layout.width, self.speed.style.description_width = "190px", "50px"
        super().__init__(
            [self.steps, self.begin, self.back, self.play, self.forward, self.speed, self._clock],
            layout={
                "grid_area": "auto / 1 / auto / -1",
                "flex_flow": "row wrap",
                "align_items": "center",
            },  # a whole row
        )
        traitlets.link((self, "value"), (self.steps, "value"))
        traitlets.link((self, "value"), (self._clock, "value"))
        self.begin.on_click(lambda _: self._go(low))
        self.back.on_click(lambda _: self._go(self.value - 1))
        self.forward.on_click(lambda _: self._go(self.value + 1))
        self.play.on_click(lambda _: self._toggle())
        self.speed.observe(lambda _: self._set_speed(), "value")
        self._clock.observe(lambda change: self._say(change["new"]), "playing")
        self._set_speed()
        self.value = value

    def end_at(self, last: int) -> None:
        """Set the greatest step; a step beyond it becomes that one."""
        self.steps.max = self._clock.max = last

    def pause(self) -> None:
        """Rest."""
        self._clock.playing = False

    def _go(self, step: int) -> None:
        self.pause()
        self.value = min(max(step, self.steps.min), self.steps.max)

    def _toggle(self) -> None:
        if not self._clock.playing and self.value == self.steps.max:
            self.value = self.steps.min
        self._clock.playing = not self._clock.playing

    def _set_speed(self) -> None:
        self._clock.interval, self._clock.step = SPEEDS[self.speed.value]

    def _say(self, playing: bool) -> None:
        self.play.description = "Pause" if playing else "Play"
