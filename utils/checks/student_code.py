"""Run one module of the student's in a child process, within the limits that the course has set."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from .child import CallFailed, CallLost, Child, ChildNotStarted, Limits, Prints, Reply
from .child.programs import Source
from .diagnose import endless_loop
from .program import Answer, Crash

NET_SECONDS = 60.0
"""For one run of a trained net over the validation set; the grader gives as much."""
_NOT_RUN = Crash(False, "TimeoutError", "not run any more")
_VERSIONS = itertools.count(1)

CHILD = Child()
"""The process that all checks share."""


class StudentCode:
    """A module of the student's package, as its file is when this object is made.

    Parameters
    ----------
    module : str
        Its full name: ``"package.layers"``.
    root : Path
        The folder that holds the package.
    limits : Limits
    child : Child, optional
        The process that runs it; the one that all checks share by default.

    Attributes
    ----------
    short : str
        The module's short name: ``"layers"``.
    limits : Limits
    prints : Prints
        What the last run has printed.
    """

    def __init__(self, module: str, root: Path, limits: Limits, child: Child = CHILD) -> None:
        package, _, self.short = module.rpartition(".")
        self._source = Source(str(root), package, self.short, next(_VERSIONS))
        self.limits = limits
        self._child = child
        self._gave_up = False
        self._left = limits.exercise_seconds
        self.prints = Prints()

    @classmethod
    def of(cls, module: ModuleType, limits: Limits) -> StudentCode | None:
        """The code of a module that is imported here; None where it is not from a file."""
        file = getattr(module, "__file__", None)
        if not file or not Path(file).is_file():
            return None
        root = Path(file).absolute().parents[module.__name__.count(".")]
        return cls(module.__name__, root, limits)

    @property
    def name(self) -> str:
        """The file, as the student knows it: ``"package/layers.py"``."""
        package = self._source.package.rpartition(".")[2]
        return f"{package}/{self.short}.py" if package else f"{self.short}.py"

    @property
    def file(self) -> Path:
        """The module's file."""
        return Path(self._source.root, *self._source.package.split("."), f"{self.short}.py")

    def begin(self) -> None:
        """Begin with another exercise, which gets all of an exercise's seconds."""
        self._left, self._gave_up = self.limits.exercise_seconds, False

    def load(self, needs: str = "") -> Crash | None:
        """Import the module, so that it is known what keeps it from being imported.

        Parameters
        ----------
        needs : str, default ""
            A package that the exercise needs and that may take long to import.

        Raises
        ------
        CallLost
            When the import does not end, or ends the process.
        """
        try:
            # A package that is needed takes its own time; so that it is nobody's loop, it gets three times as much.
            seconds = self.limits.exercise_seconds * (3 if needs else 1)
            self._call("load_only", self._source, needs, seconds=seconds)
        except CallFailed as failed:
            return failed.crash
        return None

    def run(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program, as `utils.checks.program.run_program` does; a `Run`.

        Raises
        ------
        CallLost
            When it does not end within its time, or ends the process.
        """
        seconds = min(self.limits.seconds, self._left)
        try:
            reply = self._call("run", self._source, program, inputs, tuple(fetch), seconds=seconds)
        except CallFailed as failed:
            reply = Reply(failed.crash, failed.prints, failed.seconds)
        except CallLost as lost:
            self._gave_up, self.prints = True, lost.prints
            raise
        self._left = max(0.0, self._left - reply.seconds)
        self.prints = reply.prints
        answer: Answer = reply.value
        return answer

    def run_again(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program for a hint alone: a run that does not end costs the hint, and nothing runs after it."""
        if not self._gave_up:
            with suppress(CallLost):
                return self.run(program, inputs, fetch)
        return _NOT_RUN

    def run_net(self, name: str, runner: str, *args: Any) -> Any:
        """Call the function of the course's given code that runs a trained net, with the net of this name.

        Raises
        ------
        CallFailed, CallLost
        """
        # What the file imports, which may be a large package, does not count towards the memory of the net.
        self._call("load_only", self._source, runner.rpartition(".")[0], seconds=NET_SECONDS)
        return self._call("run_net", self._source, name, runner, args, seconds=NET_SECONDS).value

    def _call(self, function: str, *args: Any, seconds: float) -> Reply:
        return self._child.call(
            f"{Child.__module__.rpartition('.')[0]}.programs.{function}",
            *args,
            seconds=seconds,
            memory=0 if function == "load_only" else self.limits.memory,
            package=self._source.package.rpartition(".")[2],
        )

    def explain_loss(self, lost: CallLost, doing: str, seconds: float | None = None) -> str:
        """Say why a call gave no answer, and where the code was.

        Parameters
        ----------
        lost : CallLost
        doing : str
            The function that was called, or what was done, to begin a sentence with.
        seconds : float, optional
            The limit; that of one run by default.
        """
        place = lost.place
        there = f" (there: {place.shapes})" if place.shapes else ""
        if lost.reason == "killed":
            at = f" {place.place}{there}" if place.file else ""
            return f"The Python process ended while {doing} ran{at} ({lost.said}); in the grader, this earns no points."
        limit = self.limits.seconds if seconds is None else seconds
        if seconds is None and self._left < limit:
            within = f"{self.limits.exercise_seconds:g} seconds for all cases together"
        else:
            within = f"{limit:g} seconds"
        at = f" It was stopped {place.place}{there}." if place.file else ""
        return f"{doing} did not end within {within}.{at} {self._known_loop(place)}"

    def _known_loop(self, place: Crash) -> str:
        """Say which loop cannot end, if one of the function that was running is known to be one."""
        try:
            known = endless_loop(self.file.read_text("utf-8"), place.function)
        except (OSError, ValueError):
            known = ""
        return f"{known[0].upper()}{known[1:]}." if known else "Is there a loop that never stops?"


def warm_up() -> None:
    """Start the process ahead of the first check where that saves time: in a notebook, while its other cells run."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        with suppress(ChildNotStarted):  # the check will say so
            CHILD.start()
