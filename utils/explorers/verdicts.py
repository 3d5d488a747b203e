"""Whether the functions that an explorer runs pass their visible checks: as ``nndl check`` finds it, in the background.

The code runs in a process of its own with the limits of the course, and each exercise once for each content of the
student's files. What is right comes from the golden packs.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks.child import CallLost, Child, ChildNotStarted
from ..checks.course import Course, find
from ..checks.diagnose import answer_case
from ..checks.examine import CheckInterrupted, examine_apart
from ..checks.pack import Pack, PackError, load
from ..checks.program import Ran
from ..checks.result import CheckResult
from ..checks.student_code import StudentCode
from ..checks.values import value_at

MARKS = {"passes": "✓", "wrong": "✗", "missing": "○"}


@dataclass(frozen=True)
class Difference:
    """An output in a case in which it is wrong.

    Attributes
    ----------
    output, case : str
    mine, right : ndarray
        Of any shape; they may differ in that, too.
    """

    output: str
    case: str
    mine: NDArray[Any]
    right: NDArray[Any]


@dataclass(frozen=True)
class Verdict:
    """What the visible checks of one exercise come to.

    Attributes
    ----------
    exercise : str
    kind : str
        One of `MARKS`.
    said : str
        What is wrong, in a sentence; ``""`` where it passes.
    difference : Difference or None
        Where it shows, if it is a matter of numbers.
    """

    exercise: str
    kind: str
    said: str = ""
    difference: Difference | None = None


class Checker:
    """A thread that checks one exercise after the other, and a process that runs them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Verdict] = {}
        self._asked: queue.Queue[Callable[[], None]] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._child = Child()

    def ask(self, package: Package, exercises: Iterable[str], tell: Callable[[Verdict], None]) -> None:
        """Have exercises checked.

        Parameters
        ----------
        package : Package
        exercises : iterable of str
            Those without a golden pack are left out.
        tell : callable
            ``tell(verdict)``, called in the thread that checks, as soon as each is known.
        """
        todo = tuple(exercises)

        def work() -> None:
            for name in todo:
                found = self.verdict(package, name)
                if found is not None:
                    tell(found)

        self._asked.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="visible checks", daemon=True)
            self._thread.start()

    def verdict(self, package: Package, exercise: str) -> Verdict | None:
        """Check an exercise, unless that was done with the same files; None where it has no golden pack."""
        try:
            course = find(package.folder)
            pack = load(exercise, course.goldens)
        except PackError:
            return None
        key = (str(package.folder), package.digest(), exercise)
        if key not in self._known:
            try:
                self._known[key] = examined(package, pack, course, self._child)
            except (ChildNotStarted, CheckInterrupted):
                return None
        return self._known[key]

    def _run(self) -> None:
        while True:
            self._asked.get()()


@dataclass(frozen=True)
class Package:
    """A student's package, or another one.

    Attributes
    ----------
    name : str
        As it is imported: ``"nndl"``.
    folder : Path
        In which its modules are.
    """

    name: str
    folder: Path

    def digest(self) -> str:
        """The digest of all of its files."""
        found = hashlib.sha256()
        for file in sorted(self.folder.rglob("*.py")):
            found.update(os.fsencode(file) + file.read_bytes())
        return found.hexdigest()

    def code(self, module: str, course: Course, child: Child) -> StudentCode:
        """One of its modules, to be run in a process of its own."""
        root = self.folder.parents[self.name.count(".")]
        return StudentCode(f"{self.name}.{module}", root, course.limits, child)


def examined(package: Package, pack: Pack, course: Course, child: Child) -> Verdict:
    """Run the visible cases of an exercise."""
    code = package.code(pack.exercise.split(".", 1)[0], course, child)
    result = examine_apart(pack, code, course.hint_level)
    kind = "passes" if result.passed else "missing" if result.missing else "wrong"
    return Verdict(pack.exercise, kind, result.in_short, difference_in(result, pack, code))


def difference_in(result: CheckResult, pack: Pack, code: StudentCode) -> Difference | None:
    """The first wrong output, in the case in which it was seen; None where nothing can be compared number by number."""
    for finding in result.findings:
        golden = next((golden for golden in pack.cases if golden.case.title == finding.case), None)
        if golden is None or finding.verdict != "fail":
            continue
        try:
            answer = answer_case(golden.case, pack.exercise.split(".", 1)[1], code.run)
        except CallLost:
            return None
        if not isinstance(answer, Ran):
            continue
        for output in finding.aspect.split(", "):
            mine, right = value_at(answer.values, output), value_at(golden.expected, output)
            if _is_numbers(mine) and _is_numbers(right):
                return Difference(output, finding.case, np.asarray(mine), np.asarray(right))
    return None


def _is_numbers(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float) and np.asarray(value).dtype.kind in "iuf"


CHECKER = Checker()
"""The one that all explorers of this process share."""
