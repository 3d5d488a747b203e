"""The challenges of an explorer: first predict, then reach a goal, then read why it worked."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from .challenges import Challenge, CurvePrediction, Prediction, Progress, Seen
from .curve_panel import CurvePanel

NONE = "–"
LETTERS = "ABCDE"


class ChallengePanel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A list of challenges, and the one that is under way.

    Parameters
    ----------
    challenges : sequence of Challenge
    show : callable
        ``show(code)``: go to a state.
    picture : callable
        ``picture(code)``: the picture of a state, as SVG.
    place : callable
        ``place(exercise)``: where in the notebook an exercise is, as text; ``""`` where that is not known.

    Attributes
    ----------
    solved : set of str
        The titles of those that were solved.
    """

    def __init__(
        self,
        challenges: Sequence[Challenge],
        show: Callable[[str], Any],
        picture: Callable[[str], str],
        place: Callable[[str], str],
    ) -> None:
        self._all = {challenge.title: challenge for challenge in challenges}
        self._show, self._picture, self._place = show, picture, place
        self.now: Challenge | None = None
        self.solved: set[str] = set()
        self._done = self._begun = self._quiet = False
        self.choice = widgets.Dropdown(
            options=self._options(), value="", description="challenge", layout={"width": "min(100%, 400px)"},
            style={"description_width": "90px"},
        )  # fmt: skip
        self.goal, self.progress, self.pictures, self.answer = (widgets.HTML() for _ in range(4))
        self.guess = widgets.ToggleButtons(
            options=[NONE], value=None, description="my bet", style={"button_width": "4em"}
        )
        self.again = widgets.Button(description="Start", layout={"width": "auto"})
        self.again.tooltip = "Put the controls where the challenge begins"
        self.asked = widgets.VBox([self.pictures, self.guess])
        self.curve = CurvePanel(self._reveal_curve)
        top = widgets.HBox([self.choice, self.again])
        super().__init__([top, self.goal, self.asked, self.curve, self.answer, self.progress])
        self.add_class("nndl-challenge")
        self.choice.observe(lambda change: self._begin(change["new"]), "value")
        self.guess.observe(lambda change: self._reveal(change["new"]), "value")
        self.again.on_click(lambda _: self._start())
        self._clear()
        self.layout.display = "" if challenges else "none"

    @property
    def waits(self) -> bool:
        """Whether something is to be measured."""
        return self.curve.waits or (self._begun and not self._done)

    def measure(self, seen: Seen) -> None:
        """Say how far off the challenge is; once it is solved, why it worked, and where to go on."""
        self.curve.compare(seen)
        if self.now is None or not self._begun or self._done:
            return
        found = self.now.measure(seen)
        self._done = found.solved
        if found.solved:
            self.solved.add(self.now.title)
            self._mark_solved()
        self.progress.value = said(self.now, found, self._place(self.now.exercise) if found.solved else "")

    def _options(self) -> list[tuple[str, str]]:
        marks = {title: "✓ " if title in self.solved else "" for title in self._all}
        return [(NONE, ""), *((f"{mark}{title}", title) for title, mark in marks.items())]

    def _mark_solved(self) -> None:
        """Give the present challenge its mark in the list; to change a list chooses another item for a moment."""
        assert self.now is not None
        self._quiet = True
        self.choice.options, self.choice.value = self._options(), self.now.title
        self._quiet = False

    def _begin(self, title: str) -> None:
        if self._quiet:
            return
        self._clear()
        self.now = self._all.get(title)
        if self.now is None:
            return
        if self.now.predict is None:
            self._set_goal()
            self._start()
            return
        if isinstance(self.now.predict, CurvePrediction):
            self.goal.value = _paragraph(f"<b>First draw.</b> {html.escape(self.now.predict.question)}")
            self.curve.ask(self.now.predict)
            return
        order = shuffled(self.now.predict)
        letters = LETTERS[: len(order)]
        shown = (f"<figure style='margin:0'><figcaption><b>{letter}</b></figcaption>{self._picture(code)}</figure>"
                 for letter, code in zip(letters, order, strict=True))  # fmt: skip
        grid = "display:grid;gap:8px 16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr))"
        self.goal.value = _paragraph(f"<b>First bet.</b> {html.escape(self.now.predict.question)}")
        self.pictures.value = f"<div style='{grid}'>{''.join(shown)}</div>"
        self.guess.options = [(letter, code) for letter, code in zip(letters, order, strict=True)]
        self.guess.value = None
        self.asked.layout.display = ""

    def _reveal(self, code: str | None) -> None:
        """Show the picture of the bet beside the right one, and say why."""
        if code is None or self.now is None or not isinstance(self.now.predict, Prediction):
            return
        predict = self.now.predict
        order = shuffled(predict)
        letter, right = LETTERS[order.index(code)], LETTERS[order.index(predict.right)]
        verdict = f"✓ {right} it is." if letter == right else f"You bet on {letter}; it is {right}: both stand below."
        self.answer.value = _paragraph(f"<b>{verdict}</b> {html.escape(predict.why)}", alive=True)
        self.asked.layout.display = "none"
        self._show(predict.right if letter == right else f"{predict.right}~{code}")
        self._set_goal()
        self.progress.value = _paragraph("Press <i>Start</i> when you have seen enough.")

    def _reveal_curve(self) -> None:
        """Go to the state whose curve was drawn; `measure` is called there, and shows both."""
        if self.now is not None and isinstance(self.now.predict, CurvePrediction):
            self._set_goal()
            self.progress.value = _paragraph("Press <i>Start</i> when you have seen enough.")
            self._show(self.now.predict.state)

    def _set_goal(self) -> None:
        assert self.now is not None
        self.goal.value = _paragraph(f"<b>Goal.</b> {html.escape(self.now.goal)}")
        self.again.layout.display = ""

    def _start(self) -> None:
        """Put the controls where the challenge begins; from there on it is measured."""
        if self.now is not None:
            self._begun, self._done = True, False
            self.curve.waits = False
            self._show(self.now.start)

    def _clear(self) -> None:
        self.now, self._done, self._begun = None, False, False
        self.curve.clear()
        for text in (self.goal, self.progress, self.pictures, self.answer):
            text.value = ""
        self.asked.layout.display = self.again.layout.display = "none"


def shuffled(predict: Prediction) -> list[str]:
    """The states of a prediction's pictures, in an order that is the same each time and gives nothing away."""
    return sorted((predict.right, *predict.others), key=lambda code: hashlib.sha256(code.encode()).digest())


def said(challenge: Challenge, found: Progress, place: str) -> str:
    """What a challenge says of how far off it is, as HTML."""
    text = html.escape(found.said)
    if not found.solved:
        return _paragraph(f"○ {text}", alive=True)
    on = f" <i>Go on:</i> {html.escape(place)}" if place else ""
    return _paragraph(f"<b>✓ Solved.</b> {text}<br>{html.escape(challenge.why)}{on}", alive=True)


def _paragraph(text: str, *, alive: bool = False) -> str:
    role = ' role="status"' if alive else ""
    return f"<p{role} style='margin:4px 0;line-height:1.4;max-width:75em'>{text}</p>"
