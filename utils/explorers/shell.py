"""The widget around an explorer: sliders in, a picture out, long work behind.

An explorer subclasses `Explorer` and says what it shows. All widgets are touched in the kernel's main thread alone:
what the background thread finds, and what the page says, is posted to the kernel's event loop. JupyterLab lets the
page's messages arrive in another thread (a subshell of the kernel), even while a cell runs.
"""

from __future__ import annotations

import asyncio
import html
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets as widgets
import traitlets
from IPython import get_ipython

from ..checks.course import find
from ..checks.pack import PackError
from ..checks.places import read_places
from . import drawing
from .cell import cell
from .challenge_panel import ChallengePanel
from .challenges import CHALLENGES, Seen
from .code_panel import CodePanel
from .compare import Comparison
from .drawing import Drawing
from .exercises import EXERCISES
from .jobs import JOBS, Job, Jobs, Pulse, Status
from .numbers import csv_text
from .page import Page
from .picture import Move, Picture
from .presets import PRESETS
from .sources import Sources
from .state import State, StateError
from .student import Trouble, explain, running
from .toolbar import Toolbar
from .verdicts import CHECKER, Verdict

S = TypeVar("S", bound=State)

REST = 3.0  # seconds after which a control that moves again begins another setting
REDRAW = 0.5  # seconds from the end of one picture of work that goes on to the next
KNOCKS = 3  # with one ticking widget that the page does not answer; then it is given another one


class Explorer(widgets.VBox, Generic[S]):  # type: ignore[misc]  # ipywidgets has no types
    """Base of all explorers.

    A subclass sets the class attributes and writes `controls`, `picture` and, where there is long work, `work` and
    `results`.

    Parameters
    ----------
    things : mapping of str to object
        What the explorer runs: modules and classes of one student's package, by the names of the attributes that hold
        them; None for nothing of theirs.
    state : State or str, optional
        What to show first.
    jobs : Jobs, optional
        The background thread; the one of this process by default.

    Attributes
    ----------
    title, look_for, question : str
        A heading, a sentence of what to look for, and a question to answer by playing.
    first : State
        The state of a new explorer.
    drives_work : tuple of str
        The fields of the state that the long work depends on: changing another one leaves it alone.
    """

    title: ClassVar[str]
    look_for: ClassVar[str]
    question: ClassVar[str]
    first: ClassVar[State]
    drives_work: ClassVar[tuple[str, ...]] = ()
    code = traitlets.Unicode()  # the state as a string; with a second one beside it, both, with ~ between them

    def __init__(self, things: Mapping[str, Any], state: S | str | None = None, *, jobs: Jobs = JOBS) -> None:
        self._things = dict(things)
        self._sources = Sources(next(iter(things.values())))
        self._jobs = jobs
        jobs.give_way()
        self._job: Job | None = None
        self._pulse = Pulse()
        self._ghost: dict[str, Any] = {}  # the figures of the last setting
        self._moving = ("", 0.0)  # the control that moves, and since when it rests
        self._loop = _event_loop()
        self._drawn = 0.0
        self._latest: Any = None
        self._begun = 0.0
        self._restoring = self._pending = False
        self._looked_at = self._knocking = True
        self._knocks = 0  # since the page has last been heard
        self._svg: dict[str, Drawing] = {}
        beside: S | None = None
        if isinstance(state, str):
            state, beside = self._parsed(state)
        self.state: S = state or self.first  # type: ignore[assignment]  # `first` is of type S

        self._controls = self.controls()
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._do(lambda: self._moved(name, change["new"])), "value")
        self._message = widgets.HTML()
        self._picture, self._results = Picture(), Picture()
        for area in (self._picture, self._results):
            area.layout.width = "100%"
            area.on_move(self._act, self._do)
        self._progress = widgets.FloatProgress(min=0, max=1, description="Training", layout={"width": "260px"})
        self._left = widgets.Label()
        self._pause = widgets.Button(description="Pause", tooltip="Let the work rest, or go on")
        self._stop = widgets.Button(description="Stop", tooltip="End the work; what there is stays")
        self._again = widgets.Button(description="Run again", tooltip="After your code has changed")
        self._save = widgets.Button(
            description="Save figure", tooltip="Write the pictures as SVG, their numbers as CSV"
        )
        self._saved = widgets.HTML()
        self._comparison = Comparison(self, jobs, self._pulse, self._post)
        self._own = dict(things)
        self._reference: Callable[[str], ModuleType] | None = None
        self._code_panel = CodePanel(self._drawn_now, self._switch)
        self._challenges = ChallengePanel(
            CHALLENGES.get(self.first.name, ()), self._example, self._picture_of, self._place_of
        )
        self._toolbar = Toolbar(self._presets(), self._example, self._put_beside)
        self._toolbar.ghost.observe(lambda _: self._do(self._draw), "value")
        self._code = widgets.Text(
            str(self.state), description="State", continuous_update=False, layout={"width": "min(100%, 640px)"},
            tooltip="Copy this to keep or share what you see; paste one to see it again",
        )  # fmt: skip
        self._page = Page()
        self._heart = self._new_heart()
        self._pause.on_click(lambda _: self._do(self._toggle))
        self._stop.on_click(lambda _: self._job and self._job.stop())
        self._again.on_click(lambda _: self._do(self._run_again))
        self._save.on_click(lambda _: self._do(self.save))
        self._code.observe(lambda change: self._do(lambda: self._paste(change["new"])), "value")

        paragraph = "<p style='margin:.2em 0 .4em;max-width:60em;line-height:1.4'>"
        said = f"<h3 style='margin:0'>{self.title}</h3>{paragraph}{self.look_for}</p>"
        said += f"{paragraph}<b>Find out:</b> {self.question}</p>"
        columns = {"grid_template_columns": "repeat(auto-fill, minmax(330px, 1fr))", "grid_gap": "2px 16px"}
        rows = widgets.GridBox(list(self._controls.values()), layout=columns)
        working = [self._progress, self._left, self._pause, self._stop] if self.drives_work else []
        buttons = widgets.HBox([*working, self._again, self._save, self._saved], layout={"flex_flow": "row wrap"})
        super().__init__(
            # The results come last, so that nothing moves when they appear.
            [
                widgets.HTML(said),
                self._code_panel,
                self._toolbar,
                self._challenges,
                rows,
                self._message,
                _beside(self._picture, self._comparison.picture),
                self._page,
                self._code,
                buttons,
                _beside(self._results, self._comparison.results),
                self._heart,
            ],
            layout={"width": "100%", "overflow": "hidden"},
        )
        self.add_class("nndl-explorer")
        for part in (
            self.children[0],
            self._code_panel,
            self._toolbar,
            self._challenges,
            self._code,
            self._again,
            self._save,
            self._saved,
        ):
            part.add_class("nndl-chrome")  # which a lecture does not show
        self._pulse.touch()
        self.refresh()
        if beside is not None:
            self._show_beside(beside)
        self._knock(1.0)

    # --- what a subclass writes ----------------------------------------------------------------------

    def controls(self) -> Mapping[str, Any]:
        """The widget of each field of the state, by the field's name; its value is the field's."""
        raise NotImplementedError

    def picture(self, state: S) -> Drawing:
        """The picture that follows the sliders at once; it may raise what the student's code raises."""
        raise NotImplementedError

    def numbers(self, state: S) -> Any:
        """What the picture draws, for challenges to measure."""
        return None

    def work(self, state: S) -> Iterator[tuple[float, Any]]:
        """Long work: after each short step, the share that is done, 0 to 1, and what is known so far."""
        return iter(())

    def results(self, state: S, found: Any) -> Drawing:
        """What is known so far, as a picture."""
        raise NotImplementedError

    def moved(self, move: Move) -> Mapping[str, Any]:
        """The fields of the state that a move of a handle in a picture changes, and their values.

        By default a handle is named after the field that it sets, or after two, ``"column,row"``, x before y; what
        stands before a colon tells handles of the same fields apart.
        """
        values = [value for value in (move.x, move.y) if value is not None]
        return {
            name: type(getattr(self.state, name))(value)
            for name, value in zip(move.handle.rpartition(":")[2].split(","), values, strict=True)
        }

    # --- what happens -------------------------------------------------------------------------------

    def show(self, state: S | str) -> None:
        """Go to a state, given as such or as a string, which may name a second one after ``~``; raises StateError."""
        beside: S | None = None
        if isinstance(state, str):
            state, beside = self._parsed(state)
        self.state = state
        self._restoring = True
        try:
            for name, control in self._controls.items():
                control.value = getattr(state, name)
        finally:
            self._restoring = False
        self._ghost = {}
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
        self._do(lambda: self.ask(code))

    def _put_beside(self, code: str | None) -> None:
        kind: Any = type(self.first)
        state = self.state if code is None else kind.parse(code) if code else None
        self._touched()
        self._do(lambda: self._show_beside(state))

    def _show_beside(self, state: S | None) -> None:
        self._comparison.show(state, self.state, bool(self.drives_work))
        self._announce()

    def _announce(self) -> None:
        """Say everywhere which state is shown."""
        beside = self._comparison.state
        self._restoring = True  # what shows the state follows it, and does not lead
        self.code = self._code.value = f"{self.state}~{beside}" if beside else str(self.state)
        self._restoring = False
        self._toolbar.follow(str(self.state), str(beside or ""))
        self._comparison.caption(self.state)
        self._page.cell = cell(type(self).__name__, self._things, self.code)
        self._page.code = self.code

    def refresh(self) -> None:
        """Load the student's files that have changed, and compute and draw all anew."""
        try:
            found = self._sources.refresh(*self._things.values())
        except Trouble as trouble:
            self._say(str(trouble))
        else:
            self._things = dict(zip(self._things, found, strict=True))
            for name, thing in self._things.items():
                setattr(self, name, thing)
            self._draw()
            self._begin()
            self._announce()
            self._measure()
            if self._loop is not None:
                self.check_code()
            if self._comparison.state is not None:
                self._show_beside(self._comparison.state)  # type: ignore[arg-type]  # it is of type S

    def _picture_of(self, code: str) -> str:
        """The picture of another state, to bet on; or what stands in its way."""
        state, _ = self._parsed(code)
        try:
            with self._jobs.held(), drawing.style(), running(0):
                return drawing.without_numbers(self.picture(state))
        except Trouble as trouble:
            return str(trouble)

    def _place_of(self, exercise: str) -> str:
        """Where in the notebooks an exercise is."""
        with suppress(PackError):
            place = read_places(find().root).get(exercise)
            return str(place.section) if place else ""
        return ""

    def _measure(self) -> None:
        """Tell the challenge that is under way what there is to measure."""
        if not self._challenges.waits or self._message.value:
            return
        with suppress(Trouble), self._jobs.held(), running(0):
            found = self._latest[1] if self._latest is not None else None
            over = self._job is not None and self._job.over
            self._challenges.measure(Seen(self.state, self.numbers(self.state), found, over))

    def check_code(self) -> None:
        """Have the functions that run here checked in the background; the line above the sliders says what came."""
        package = self._sources.package()
        if package is None:
            return
        self._code_panel.begin(EXERCISES.get(self.first.name, ()))

        def add(verdict: Verdict) -> None:
            if package == self._sources.package():
                self._code_panel.add(verdict)

        def tell(verdict: Verdict) -> None:
            self._post(lambda: add(verdict))

        CHECKER.ask(package, EXERCISES.get(self.first.name, ()), tell)

    def offer_reference(self, module: Callable[[str], ModuleType]) -> None:
        """Let whoever looks switch to another package that has the same names.

        Parameters
        ----------
        module : callable
            From the short name of a module to that module.
        """
        self._reference = module
        self._code_panel.offer_reference()

    def _switch(self, to_reference: bool) -> None:
        """Run the reference, or the student's code again."""

        def switch() -> None:
            things = dict(self._own)
            if to_reference and self._reference is not None:
                things = {name: _same_in(self._reference, thing) for name, thing in self._own.items()}
            self._things, self._sources = things, Sources(next(iter(things.values())))
            self._run_again()

        self._do(switch)

    def _drawn_now(self, function: Callable[[], str]) -> str:
        with self._jobs.held(), drawing.style():
            return function()

    def save(self) -> list[Path]:
        """Write the pictures, dark on white, and their numbers beside the notebook; show links to all."""
        files = {f"{self.state.name}-{what}.svg": drawing.on_paper(shown) for what, shown in self._svg.items()}
        table = f"{self.state.name}.csv"
        files[table] = csv_text(self._svg, str(self.state))
        for name, text in files.items():
            Path(name).write_text(text, "utf-8")
        kinds = {table: "text/csv"}
        links = ", ".join(drawing.link(text, name, kinds.get(name, "image/svg+xml")) for name, text in files.items())
        self._saved.value = f"Written to {html.escape(str(Path.cwd()))}: {links}"
        return [Path(name) for name in files]

    def look(self, there: bool) -> None:
        """Say whether the explorer is in sight; while it is not, its work goes on and nothing is drawn."""
        self._looked_at = there
        if there and self._job:
            self._hear(self._job)

    def close(self) -> None:
        """End the work and take the widget away."""
        if self._job:
            self._job.stop()
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
        self._keep_ghost(name)
        self.state = moved
        self._announce()
        self._draw()
        if name in self.drives_work:
            self._begin()
        self._measure()

    def _keep_ghost(self, name: str) -> None:
        """Keep the figures from before a control was moved, until another one is, or the same one after a rest."""
        moved, at = self._moving
        if moved != name or time.monotonic() - at > REST:
            self._ghost = {what: shown.figure for what, shown in self._svg.items()}
        self._moving = (name, time.monotonic())

    def _before(self, what: str) -> Any:
        return self._ghost.get(what) if self._toolbar.ghost.value else None

    def _act(self, move: Move) -> None:
        """Somebody moved a handle in a picture: go on as if the controls had been moved."""
        self._touched()
        try:  # as the link says it, so that it brings back exactly what is seen
            changes = self.moved(move)
            state = type(self.state).parse(str(self.state.but(**changes)))
        except StateError as error:
            self._say(html.escape(str(error)))
            return
        self._keep_ghost(move.handle)
        self.state = state
        self._restoring = True
        try:
            for name in changes:
                self._controls[name].value = getattr(self.state, name)
        finally:
            self._restoring = False
        self._announce()
        self._draw()
        if not set(changes).isdisjoint(self.drives_work):
            self._begin()
        self._measure()

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
            with self._jobs.held(), drawing.style(self._before("picture")), running(0):
                self._svg["picture"] = self._picture.value = self.picture(self.state)
            self._page.picture_text = self._svg["picture"].words
            self._say("")
        except Trouble as trouble:
            self._svg.pop("picture", None)
            self._picture.value = self._page.picture_text = ""
            self._say(str(trouble))

    def _begin(self) -> None:
        """Start the long work of this state; what was asked for before is stale."""
        if self._job:
            self._job.stop()
        self._latest, self._begun, self._drawn = None, 0.0, 0.0
        self._results.value = self._page.results_text = ""
        self._page.over = False
        self._svg.pop("results", None)
        self._progress.value = 0
        if self.drives_work and not self._message.value:
            self._job = self._jobs.start(Job(self.work(self.state), self._tell, self._pulse))
            self._label()

    def _tell(self, job: Job, item: Any) -> None:
        """Called in the background thread: the page hears of a change of status at once, of steps now and then."""
        if item is None:
            self._post(lambda: self._hear(job))
        elif job is self._job:
            self._latest = item
            if self._looked_at and not self._pending and time.monotonic() - self._drawn > REDRAW:
                self._pending = True
                self._post(lambda: self._hear(job))

    def _hear(self, job: Job) -> None:
        self._pending = False
        if job is not self._job:
            return
        if self._latest is not None:
            self._begun = self._begun or time.monotonic()
            done, found = self._latest
            self._progress.value = done
            with self._jobs.held(), drawing.style(self._before("results")):
                self._svg["results"] = self._results.value = self.results(self.state, found)
            with self._page.hold_sync():
                self._page.results_text, self._page.over = self._svg["results"].words, job.over
            self._measure()
            self._drawn = time.monotonic()
        self._label()
        if job.status is Status.FAILED and job.error is not None:
            self._say(explain(job.error))

    def _label(self) -> None:
        job = self._job
        if job is None:
            return
        done = self._progress.value
        said = {Status.DONE: "done", Status.STOPPED: "stopped", Status.PAUSED: "paused", Status.FAILED: "ended"}
        left = (time.monotonic() - self._begun) * (1 - done) / done if done and self._begun else 0.0
        going = f"about {left:.0f} s left" if left >= 1 else "begins" if not done else ""
        waits = "rests, as the page is not heard; Run again begins anew"
        self._left.value = said.get(job.status, going if self._pulse.here else waits)
        self._pause.description = "Go on" if job.status is Status.PAUSED else "Pause"
        self._pause.disabled = self._stop.disabled = job.over

    def _toggle(self) -> None:
        self._touched()
        if self._job and self._job.status is Status.PAUSED:
            self._job.resume()
        elif self._job:
            self._job.pause()

    def _beat(self) -> None:
        self._pulse.beat()
        self._knocks = 0

    def _touched(self) -> None:
        """Somebody did something, so a page is there, whatever was thought before."""
        self._pulse.touch()
        if not self._knocking:
            self._knocking = True
            self._knock(1.0)

    def _new_heart(self) -> Any:
        """A widget that a page ticks while it is open; there is nothing to see. See `_knock`."""
        heart = widgets.Play(interval=2000, max=10**9, repeat=True, playing=True, layout={"display": "none"})
        heart.observe(lambda _: self._beat(), "value")  # in whichever thread: the main one may have a cell to run
        return heart

    def _knock(self, wait: float) -> None:
        """Ask the page to tick: it begins only when `playing` changes while it is there to see that.

        A page sends nothing more of a widget whose last message was never answered, be it that the connection broke or
        that the kernel's thread for such messages was gone. So it is given another one now and then.
        """
        if self._loop is None or self._loop.is_closed() or self.comm is None:
            return
        if self._pulse.gone:  # a kernel that talks to nobody looks busy, and is never put to rest; see `_touched`
            self._knocking = False
            return
        next_wait = 1.0 if self._pulse.ticks else min(1.5 * wait, 10.0)
        self._loop.call_later(next_wait, self._knock, next_wait)
        self._label()
        if self._pulse.ticks:
            return
        self._knocks += 1
        if self._knocks % (KNOCKS + 1):
            self._heart.playing = False
            self._heart.playing = True
        else:
            silent, self._heart = self._heart, self._new_heart()
            self.children: tuple[Any, ...] = (*self.children[:-1], self._heart)
            silent.close()

    def _say(self, text: str) -> None:
        box = "border-left:4px solid #D55E00;padding:.4em .8em;margin:.3em 0;max-width:60em"
        self._message.value = f'<div role="alert" style="{box}">{text}</div>' if text else ""

    def _do(self, action: Callable[[], Any]) -> None:
        """Do what the page asks for, in the main thread."""
        in_main_thread(action, self._loop)

    def _post(self, action: Callable[[], Any]) -> None:
        if self._loop is None or self._loop.is_closed():
            action()
        else:
            with suppress(RuntimeError):  # it was closed just now
                self._loop.call_soon_threadsafe(action)


def in_main_thread(action: Callable[[], Any], loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Do what a page asks for: at once if this is the main thread, or else when that has nothing else to do.

    Parameters
    ----------
    action : callable
    loop : event loop, optional
        Of the main thread; the kernel's by default.
    """
    loop = loop or _event_loop()
    if loop is None or threading.current_thread() is threading.main_thread():
        action()
    else:
        loop.call_soon_threadsafe(action)


def _event_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of the kernel's main thread; None outside of a kernel."""
    of_kernel = getattr(getattr(get_ipython(), "kernel", None), "io_loop", None)
    loop: asyncio.AbstractEventLoop | None = getattr(of_kernel, "asyncio_loop", None)
    return loop


def _same_in(module: Callable[[str], ModuleType], thing: Any) -> Any:
    """What another package has under the name of a module, or of a class in one."""
    if thing is None:
        return None
    if isinstance(thing, ModuleType):
        return module(thing.__name__.rpartition(".")[2])
    return getattr(module(thing.__module__.rpartition(".")[2]), thing.__name__)


def _beside(*areas: Any) -> Any:
    """Areas side by side, where the page is wide enough."""
    columns = "repeat(auto-fit, minmax(min(100%, 540px), 1fr))"
    return widgets.GridBox(areas, layout={"grid_template_columns": columns, "grid_gap": "2px 16px", "width": "100%"})


_LINED_UP: dict[str, Any] = {"style": {"description_width": "160px"}, "layout": {"width": "auto", "margin": "0"}}


def slider(low: int, high: int, value: int, text: str, **options: Any) -> Any:
    """A slider of whole numbers that tells while it moves."""
    return widgets.IntSlider(value, low, high, description=text, **_LINED_UP, **options)


def log_slider(low: float, high: float, value: float, text: str, step: float = 0.1) -> Any:
    """A logarithmic slider; `low`, `high` and `step` are powers of ten."""
    return widgets.FloatLogSlider(
        value, base=10, min=low, max=high, step=step, description=text, readout_format=".2g", **_LINED_UP
    )


def fraction(low: float, high: float, value: float, text: str, step: float = 0.01) -> Any:
    """A slider of numbers with a fixed step."""
    return widgets.FloatSlider(value, min=low, max=high, step=step, description=text, readout_format=".3g", **_LINED_UP)


def choice(options: Any, value: str, text: str) -> Any:
    """A drop-down."""
    return widgets.Dropdown(options=options, value=value, description=text, **_LINED_UP)
