"""Whose code runs, and whether it is right: a line above the sliders, and a picture where something is wrong."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets as widgets
import numpy as np

from .chart import Chart, Look, charted, legend, row
from .drawing import DASHED, FAINT, GREEN, ORANGE, SOLID, Drawing
from .verdicts import CHECKER, MARKS, Difference, Package, Verdict

MOST = 200  # numbers of an output that are drawn
MINE, REFERENCE = "mine", "reference"


class CodePanel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """What the visible checks say of the code that runs.

    Parameters
    ----------
    draw : callable
        ``draw(function)``: call a function that draws, undisturbed by long work.
    switch : callable
        ``switch(to_reference)``: run the reference, or the student's code again.
    package : callable
        ``package()``: the package that runs now, or None.
    post : callable
        ``post(action)``: do something in the main thread.
    """

    def __init__(
        self,
        draw: Callable[[Callable[[], str]], str],
        switch: Callable[[bool], Any],
        package: Callable[[], Package | None],
        post: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._draw, self._package, self._post = draw, package, post
        self._verdicts: dict[str, Verdict] = {}
        self._wanted: tuple[str, ...] = ()
        self.line = widgets.HTML()
        self.whose = widgets.Dropdown(
            options=[MINE, REFERENCE], description="code", layout={"display": "none", "width": "240px"},
            style={"description_width": "90px"},
        )  # fmt: skip
        self.button = widgets.Button(
            description="Show mine beside the right values", layout={"display": "none", "width": "auto"}
        )
        self.picture = widgets.HTML()
        super().__init__([widgets.HBox([self.whose, self.line, self.button], layout={"flex_flow": "row wrap"}),
                          self.picture])  # fmt: skip
        self.button.on_click(lambda _: self._show())
        self.whose.observe(lambda change: switch(change["new"] == REFERENCE), "value")

    def offer_reference(self) -> None:
        """Show the switch between the student's code and the reference."""
        self.whose.layout.display = ""

    def check(self, wanted: tuple[str, ...]) -> None:
        """Have the functions of some exercises checked in the background, and say what came."""
        package = self._package()
        if package is None:
            return
        self.begin(wanted)

        def add(verdict: Verdict) -> None:
            if package == self._package():  # which may have been switched meanwhile
                self.add(verdict)

        CHECKER.ask(package, wanted, lambda verdict: self._post(lambda: add(verdict)))

    def begin(self, wanted: Iterable[str]) -> None:
        """The checks of these exercises have begun."""
        self._verdicts, self._wanted = {}, tuple(wanted)
        self.picture.value = ""
        if self._wanted:
            self._say()

    def add(self, verdict: Verdict) -> None:
        """One of them is known."""
        self._verdicts[verdict.exercise] = verdict
        self._say()

    def _say(self) -> None:
        self.line.value = (
            f"<p style='margin:4px 0;line-height:1.4;max-width:75em'>{summary(self._verdicts.values())}</p>"
        )
        self.button.layout.display = "" if self._first_difference() else "none"

    def _first_difference(self) -> Verdict | None:
        ordered = (self._verdicts.get(name) for name in self._wanted)
        return next((found for found in ordered if found and found.difference), None)

    def _show(self) -> None:
        found = self._first_difference()
        if self.picture.value or found is None or found.difference is None:
            self.picture.value = ""
        else:
            exercise, difference = found.exercise, found.difference
            self.picture.value = self._draw(lambda: beside_right(exercise, difference))


def summary(verdicts: Iterable[Verdict]) -> str:
    """What the checks say, as HTML: how many functions pass, and which do not."""
    found = list(verdicts)
    if not found:
        return "The functions that run here are being checked …"
    passed = [verdict for verdict in found if verdict.kind == "passes"]
    said = f"{MARKS['passes']} {len(passed)} of the {len(found)} functions that run here pass their visible checks."
    for verdict in found:
        name = f"<code>{html.escape(verdict.exercise)}</code>"
        if verdict.kind == "wrong":
            said += f"<br>{MARKS['wrong']} {name}: {html.escape(verdict.said)}"
        elif verdict.kind == "missing":
            said += f"<br>{MARKS['missing']} {name} is not written yet."
    return said


def beside_right(exercise: str, difference: Difference) -> Drawing:
    """Draw an output of the student's beside the right one: number by number, and one against the other."""
    mine, right = np.ravel(difference.mine).astype(float), np.ravel(difference.right).astype(float)
    height = 195.0
    boxes = row(2, height, (3, 2))
    along = Chart(boxes[0], f"{exercise}: {difference.output}", "number in memory order")
    looks = {"right": Look(GREEN, SOLID, "circle"), "mine": Look(ORANGE, DASHED, "cross", size=4)}
    for values, (name, look) in zip((right, mine), looks.items(), strict=True):
        along.curve(f"output-{name}", np.arange(len(values[:MOST])), values[:MOST], look)
    left, top, _, tall = boxes[0]
    along.put(legend(left, top + tall + 23, looks.items(), columns=(0, 50)))
    same = mine.shape == right.shape
    if same:
        apart = f"largest difference {float(np.nanmax(np.abs(mine - right))):.2g}"
    else:
        apart = f"shape {difference.mine.shape}, and {difference.right.shape} is right"
    against = Chart(boxes[1], apart, "right", "mine")
    if same:
        edges = [float(np.nanmin([mine, right])), float(np.nanmax([mine, right]))]
        against.line(edges, edges, Look(FAINT, width=1))
        against.curve("mine-against-right", right[:MOST], mine[:MOST], Look(ORANGE, marker="circle", width=0))
    heading = f"My {difference.output} of {exercise} beside the right one"
    return charted(height, heading, f"{difference.case}: {apart}", (along, against))
