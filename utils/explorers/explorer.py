"""The widget around an explorer: sliders in, a picture out, long work behind.

An explorer subclasses `Explorer` and says what it shows; see `lesson`. All widgets are touched in the kernel's main
thread alone; see `main_thread`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import ipywidgets as widgets
import traitlets

from . import layout, saving
from .cell import cell
from .challenge_panel import ChallengePanel
from .challenges import CHALLENGES, Seen
from .code_in_use import CodeInUse
from .code_panel import CodePanel
from .compare import Comparison
from .drawing import Drawing
from .exercises import EXERCISES, place_of
from .ghost import LastSetting, behind
from .heartbeat import Heartbeat
from .jobs import JOBS, Jobs, Pulse
from .lesson import Lesson
from .long_work import LongWork
from .main_thread import MainThread
from .page import Page
from .picture import Move, Picture
from .player import Player
from .presets import PRESETS
from .state import State, StateError
from .student import Trouble, explain, running
from .throttle import Throttle
from .toolbar import Toolbar

S = TypeVar("S", bound=State)


class Explorer(widgets.VBox, Lesson[S]):  # type: ignore[misc]  # ipywidgets has no types
    """Base of all explorers: shows what a subclass writes of `Lesson`.

    Parameters
    ----------
    things : mapping of str to object
        What the explorer runs: modules and classes of one student's package, by the names of the attributes that hold
        them; None for nothing of theirs.
    state : State or str, optional
        What to show first.
    jobs : Jobs, optional
        The background thread; the one of this process by default.
    """

    code = traitlets.Unicode()  # the state as a string; with a second one beside it, both, with ~ between them

    def __init__(self, things: Mapping[str, Any], state: S | str | None = None, *, jobs: Jobs = JOBS) -> None:
        self._code_in_use = CodeInUse(things)
        self._jobs = jobs
        jobs.give_way()
        self._main = MainThread()
        self._pulse = Pulse()
        self._last_setting = LastSetting()
        self._announcement = Throttle(self._announce, self._main)  # a net that plays moves on many times a second
        self._restoring = False
        self._svg: dict[str, Drawing] = {}
        beside: S | None = None
        if isinstance(state, str):
            state, beside = self._parsed(state)
        self.state: S = state or self.first  # type: ignore[assignment]  # `first` is of type S
        self._make_parts()
        super().__init__(self._laid_out(), layout={"width": "100%", "overflow": "hidden"})
        self.add_class("nndl-explorer")
        self._pulse.touch()
        self.refresh()
        if beside is not None:
            self._show_beside(beside)
        self._heartbeat.begin()

    def _make_parts(self) -> None:
        """Make the widgets, and say what follows when somebody uses them."""
        do = self._main.do
        self._controls = self.controls()
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: do(lambda: self._moved(name, change["new"])), "value")
        self._message = widgets.HTML()
        self._picture, self._results = Picture(), Picture()
        for area in (self._picture, self._results):
            area.layout.width = "100%"
            area.on_move(self._act, do)
        self._work = LongWork(
            self._jobs, self._pulse, self._main, self._draw_results, lambda error: self._say(explain(error)),
            self._touched,
        )  # fmt: skip
        self._heartbeat = Heartbeat(self._pulse, self._main, self._work.say_status)
        self._again = widgets.Button(description="Run again", tooltip="After your code has changed")
        self._again.on_click(lambda _: do(self._run_again))
        self._save = widgets.Button(
            description="Save figure", tooltip="Write the pictures as SVG, their numbers as CSV"
        )
        self._save.on_click(lambda _: do(self.save))
        self._saved = widgets.HTML()
        self._comparison = Comparison(self, self._jobs, self._pulse, self._main.post)
        self._code_panel = CodePanel(self._drawn_now, self._switch, lambda: self._code_in_use.package, self._main.post)
        self._challenges = ChallengePanel(
            CHALLENGES.get(self.first.name, ()), self._example, self._picture_of, place_of
        )
        self._toolbar = Toolbar(self._presets(), self._example, self._put_beside)
        self._toolbar.ghost.layout.display = "" if self.has_ghost else "none"
        self._toolbar.ghost.observe(lambda _: do(self._draw), "value")
        self._code = widgets.Text(
            str(self.state), description="State", continuous_update=False, layout={"width": "min(100%, 640px)"},
            tooltip="Copy this to keep or share what you see; paste one to see it again",
        )  # fmt: skip
        self._code.observe(lambda change: do(lambda: self._paste(change["new"])), "value")
        self._page = Page()

    def _laid_out(self) -> list[Any]:
        """All parts, from top to bottom."""
        chrome = layout.hidden_in_lecture
        working = [self._work] if self.drives_work else []
        return [
            chrome(layout.introduction(self.title, self.look_for, self.question)),
            chrome(self._code_panel),
            chrome(self._toolbar),
            chrome(self._challenges),
            layout.in_columns(self._controls.values()),
            self._message,
            layout.side_by_side(self._picture, self._comparison.picture),
            self._page,
            chrome(self._code),
            layout.in_a_row(*working, *map(chrome, (self._again, self._save, self._saved))),
            # The results come last, so that nothing moves when they appear.
            layout.side_by_side(self._results, self._comparison.results),
            self._heartbeat,
        ]

    def show(self, state: S | str) -> None:
        """Go to a state, given as such or as a string, which may name a second one after ``~``; raises StateError."""
        beside: S | None = None
        if isinstance(state, str):
            state, beside = self._parsed(state)
        self.state = state
        self._set_controls(self._controls)
        self._last_setting.forget()
        self.refresh()
        self._show_beside(beside)

    def _parsed(self, code: str) -> tuple[S, S | None]:
        kind: Any = type(self.first)
        here, _, beside = code.partition("~")
        return kind.parse(here), kind.parse(beside) if beside else None

    def _presets(self) -> dict[str, str]:
        kind = type(self.first)
        return {name: str(kind.parse(code)) for name, code in PRESETS.get(kind.name, {}).items()}

    def _example(self, code: str) -> None:
        self._main.do(lambda: self.ask(code))

    def _put_beside(self, code: str | None) -> None:
        kind: Any = type(self.first)
        state = self.state if code is None else kind.parse(code) if code else None
        self._touched()
        self._main.do(lambda: self._show_beside(state))

    def _show_beside(self, state: S | None) -> None:
        self._comparison.show(state, self.state, bool(self.drives_work))
        self._announcement.now()

    def _announce(self) -> None:
        """Say everywhere which state is shown."""
        beside = self._comparison.state
        self._restoring = True  # what shows the state follows it, and does not lead
        self.code = self._code.value = f"{self.state}~{beside}" if beside else str(self.state)
        self._restoring = False
        self._toolbar.follow(str(self.state), str(beside or ""))
        self._comparison.caption(self.state)
        self._page.cell = cell(type(self).__name__, self._code_in_use.things, self.code)
        self._page.code = self.code

    def refresh(self) -> None:
        """Load the student's files that have changed, and compute and draw all anew."""
        try:
            self._code_in_use.refresh()
        except Trouble as trouble:
            self._say(str(trouble))
            return
        for name, thing in self._code_in_use.things.items():
            setattr(self, name, thing)
        self._draw()
        self._begin()
        self._announcement.now()
        self._measure()
        if self._main.loop is not None:
            self.check_code()
        if self._comparison.state is not None:
            self._show_beside(self._comparison.state)  # type: ignore[arg-type]  # it is of type S

    def _picture_of(self, code: str) -> str:
        """The picture of another state, to bet on; or what stands in its way."""
        state, _ = self._parsed(code)
        try:
            with self._jobs.held(), self._main.undisturbed(), running(0):
                return self.picture(state).without_numbers()
        except Trouble as trouble:
            return str(trouble)

    def _measure(self) -> None:
        """Tell the challenge that is under way what there is to measure."""
        if not self._challenges.waits or self._message.value:
            return
        with suppress(Trouble), self._jobs.held(), running(0):
            seen = Seen(self.state, self.numbers(self.state), self._work.found, self._work.over)
            self._challenges.measure(seen)

    def check_code(self) -> None:
        """Have the functions that run here checked in the background; the line above the sliders says what came."""
        self._code_panel.check(EXERCISES.get(self.first.name, ()))

    def offer_reference(self, module: Callable[[str], ModuleType]) -> None:
        """Let whoever looks switch to another package that has the same names.

        Parameters
        ----------
        module : callable
            From the short name of a module to that module.
        """
        self._code_in_use.offer_reference(module)
        self._code_panel.offer_reference()

    def _switch(self, to_reference: bool) -> None:
        """Run the reference, or the student's code again."""

        def switch() -> None:
            self._code_in_use.switch(to_reference)
            self._run_again()

        self._main.do(switch)

    def _drawn_now(self, function: Callable[[], str]) -> str:
        with self._jobs.held(), self._main.undisturbed():
            return function()

    def save(self) -> list[Path]:
        """Write the pictures, dark on white, and their numbers beside the notebook; show links to all."""
        files, self._saved.value = saving.save(self.state, self._svg)
        return files

    def look(self, there: bool) -> None:
        """Say whether the explorer is in sight; while it is not, its work goes on, and nothing is drawn or played."""
        self._work.look(there)
        if not there:
            for control in self._controls.values():
                if isinstance(control, Player):
                    control.pause()

    def close(self) -> None:
        """End the work and take the widget away."""
        self._work.close()
        self._heartbeat.close()
        self._comparison.close()
        super().close()

    def _run_again(self) -> None:
        self._touched()
        self.refresh()

    def _moved(self, name: str, value: Any) -> None:
        if self._restoring:
            return
        self._touched()
        moved = self.state.but(**{name: value})
        if str(moved) == str(self.state):  # a page rounds the value of a slider when it first shows it
            return
        if name not in self.same_setting:
            self._last_setting.keep(name, self._svg)
        self.state = moved
        self._follow([name])

    def _follow(self, changed: Collection[str]) -> None:
        """Show the state, of which some fields have changed."""
        self._draw()
        self._announcement.ask()
        if not set(changed).isdisjoint(self.drives_work):
            self._begin()
        elif not set(changed).isdisjoint(self.seen_in_results):
            self._main.post(self._work.draw)  # once the picture is on its way
        self._measure()

    def _set_controls(self, names: Iterable[str]) -> None:
        """Have controls show what the state says."""
        self._restoring = True
        try:
            for name in names:
                self._controls[name].value = getattr(self.state, name)
        finally:
            self._restoring = False

    def _before(self, what: str) -> Any:
        return self._last_setting.ghosts.get(what) if self._toolbar.ghost.value else None

    def _act(self, move: Move) -> None:
        """Somebody moved a handle in a picture: go on as if the controls had been moved."""
        self._touched()
        try:  # as the link says it, so that it brings back exactly what is seen
            changes = self.moved(move)
            state = type(self.state).parse(str(self.state.but(**changes)))
        except StateError as error:
            self._say(html.escape(str(error)))
            return
        self._last_setting.keep(move.handle, self._svg)
        self.state = state
        self._set_controls(changes)
        self._follow(changes)

    def _paste(self, text: str) -> None:
        if not self._restoring:
            self.ask(text)

    def ask(self, text: str) -> None:
        """Go to a state that somebody has typed or linked; what is wrong with it is said where they see it."""
        self._touched()
        try:
            self.show(text)
        except StateError as error:
            self._say(html.escape(str(error)))

    def _draw(self) -> None:
        try:
            with self._jobs.held(), self._main.undisturbed(), behind(self._before("picture")), running(0):
                self._svg["picture"] = self._picture.value = self.picture(self.state)
            self._page.picture_text = self._svg["picture"].words
            self._say("")
        except Trouble as trouble:
            self._svg.pop("picture", None)
            self._picture.value = self._page.picture_text = ""
            self._say(str(trouble))

    def _begin(self) -> None:
        """Start the long work of this state; what was asked for before is stale."""
        self._work.end()
        self._results.value = self._page.results_text = ""
        self._page.over = False
        self._svg.pop("results", None)
        if self.drives_work and not self._message.value:
            self._work.begin(self.work(self.state))

    def _draw_results(self, found: Any, over: bool) -> None:
        with self._jobs.held(), self._main.undisturbed(), behind(self._before("results")):
            self._svg["results"] = self._results.value = self.results(self.state, found)
        with self._page.hold_sync():
            self._page.results_text, self._page.over = self._svg["results"].words, over
        self._measure()

    def _touched(self) -> None:
        """Somebody did something, so a page is there."""
        self._heartbeat.touch()

    def _say(self, text: str) -> None:
        self._message.value = layout.message(text)
