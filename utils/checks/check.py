"""The student's own check: run the visible cases of an exercise and say what is wrong."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from utils.checks.course import Course, course_of, find
from utils.checks.diagnose import CORE, IN_PLACE, answer_case, judge
from utils.errors import DataError
from utils.workspace.state import remember

from .case import Finding
from .models import check_model
from .pack import Pack, PackError, load, names
from .program import seeded_runner

_FEW = 8  # exercises that are listed where a name is unknown


@dataclass(frozen=True)
class CheckResult:
    """What the visible cases of one exercise come to.

    Attributes
    ----------
    exercise : str
    passed : bool
    findings : tuple of Finding
        Empty when everything is right.
    cases : int
        How many were run.
    program : str
        The lines that show the first finding, with the shapes of the inputs they need.
    optional : bool
        Whether the exercise is never graded.
    hint_level : int, default 3
        How much is said of what is wrong; see `utils.checks.case.Finding.at_level`.
    """

    exercise: str
    passed: bool
    findings: tuple[Finding, ...]
    cases: int
    program: str = ""
    optional: bool = False
    hint_level: int = 3

    @property
    def missing(self) -> bool:
        """Whether the exercise is still a stub."""
        return any(finding.verdict == "missing" for finding in self.findings)

    @property
    def counts(self) -> bool:
        """Whether it belongs in a total: an optional exercise that is still a stub does not."""
        return not (self.optional and self.missing)

    def __str__(self) -> str:
        if self.passed:
            return f"✓ {self.exercise}: right in all {self.cases} cases"
        if not self.counts:
            return f"○ {self.exercise}: optional, and not begun; it is not graded."
        if self.missing:
            return f"○ {self.exercise}: {self.findings[0].hint}"
        lines = [f"✗ {self.exercise}"]
        for finding in self.findings:
            if finding.verdict == "pass":
                lines.append(f"  ✓ {finding.aspect} is right")
            else:
                about = f"{finding.aspect}: " if finding.aspect else ""
                hint = f"✗ {about}{finding.at_level(self.hint_level)}"
                said = textwrap.wrap(hint, 100, break_long_words=False, break_on_hyphens=False)
                lines += [f"  {said[0]}", *(f"    {more}" for more in said[1:]), f"    seen with: {finding.case}"]
                lines += [f"    {words}" for words in [_parts_in_words(finding)] if words]
        if self.program:
            case = next(finding.case for finding in self.findings if finding.case)
            lines += ["", "  To look into it, the inputs and what was run with them:", ""]
            lines += [f'    inputs = check_inputs("{self.exercise}", "{case}")']
            lines += [f"    {line}" for line in self.program.splitlines()]
        return "\n".join(lines)


class CheckFailed(AssertionError):
    """A check that did not pass. In a notebook it shows as its own text, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(target: Callable[..., Any] | str, *args: Any, hint: int | None = None) -> None:
    """Check one exercise, or everything in a class, against its visible cases.

    Parameters
    ----------
    target : function, class or str
        What you wrote, as imported from your package: ``check(affine_forward)``, ``check(Net.loss)``, ``check(Net)``;
        or the file of a trained net, ``check("models/best.npz", data, Net)``.
    *args
        For a trained net: the data it was trained on and the class that runs it.
    hint : int, optional
        How much to say of what is wrong: 1 which output and with which case, 2 also what was seen, 3 also the
        explanation. As the course has it, by default.

    Raises
    ------
    CheckFailed
        When something is wrong; its text says what.
    TypeError
        When `target` is not an exercise of the course.
    """
    if isinstance(target, str | os.PathLike):
        try:
            print(check_model(target, *args))
            refresh_status()
        except DataError as error:
            raise CheckFailed(f"✗ {error}") from None
        return
    level = course_of(target).hint_level if hint is None else hint
    results = [examine(pack, namespace, level) for pack, namespace in _exercises(target)]
    if _is_handed_in(target):
        keep(course_of(target), results)
    passed = [str(result) for result in results if result.passed]
    failed = [str(result) for result in results if not result.passed]
    if passed:
        print("\n".join(passed))
    if failed:
        raise CheckFailed("\n\n".join(failed))


def keep(course: Course, results: Iterable[CheckResult]) -> None:
    """Remember the results, so that the status of the course and its widget in a notebook show them."""
    begun = [result for result in results if not result.missing]
    remember(course, {result.exercise: (float(result.passed), _in_short(result)) for result in begun})
    refresh_status()


def _in_short(result: CheckResult) -> str:
    """Say the first thing that is wrong in a few words."""
    first = next((finding for finding in result.findings if finding.verdict != "pass"), None)
    if first is None:
        return ""
    said = first.at_level(result.hint_level)
    return textwrap.shorten(f"{first.aspect}: {said}" if first.aspect else said, 100, placeholder=" …")


def refresh_status() -> None:
    """Show in the notebook's status, where there is one, what is remembered now."""
    status = sys.modules.get("utils.workspace.widget")  # loaded where a notebook shows it
    if status:
        status.refresh()


def check_inputs(exercise: str, title: str) -> dict[str, object]:
    """The inputs of one visible case, to experiment with.

    Parameters
    ----------
    exercise : str
        As a check names it: ``"layers.affine_forward"``.
    title : str
        The case, as a check names it.

    Returns
    -------
    dict of str to object
        By the names that the check's program uses.
    """
    cases = {golden.case.title: golden.case.inputs for golden in load(exercise, find().goldens).cases}
    if title not in cases:
        raise KeyError(f'{exercise} has no case "{title}"; its cases are: {"; ".join(cases)}.')
    return cases[title]


def examine(pack: Pack, namespace: Mapping[str, object], hint_level: int = 3) -> CheckResult:
    """Run all cases of a pack.

    Parameters
    ----------
    pack : Pack
    namespace : mapping of str to object
        The modules under test by their short names.
    hint_level : int, default 3
        How much the result says of what is wrong; see `utils.checks.case.Finding.at_level`.

    Returns
    -------
    CheckResult
    """
    run = seeded_runner(namespace)
    function = pack.exercise.split(".", 1)[1]
    results = [golden.with_answer(answer_case(golden.case, function, run)) for golden in pack.cases]
    judgement = judge(results, pack.hints, run)
    first = next((finding for finding in judgement.findings if finding.case), None)
    program = ""
    if first and first.verdict != "missing":
        case = next(golden.case for golden in pack.cases if golden.case.title == first.case)
        shown = ", ".join(f"{name} {_shape(value)}" for name, value in case.inputs.items())
        program = f"# {shown}\n{case.program}"
    findings, cases = judgement.findings, len(results)
    return CheckResult(pack.exercise, not findings, findings, cases, program, pack.optional, hint_level)


def find_packs(wanted: Iterable[str], course: Course) -> list[Pack]:
    """The packs of the exercises called `wanted`, in the order of the course; all that are graded for none.

    Parameters
    ----------
    wanted : iterable of str
        Names of exercises, of functions, of files, of assignments or of notebooks; beginnings of a name do, too.
    course : Course

    Raises
    ------
    PackError
        When one is unknown; it names those that are called alike.
    """
    known = course.in_order(names(course.goldens))
    chosen: list[str] = []
    for name in wanted:
        clean = name.removeprefix(f"{course.package}.").removesuffix(".py").removesuffix(".ipynb")
        found = [exercise for exercise in known if exercise == clean or exercise.startswith(f"{clean}.")]
        found = found or [exercise for exercise in known if clean in exercise.split(".")]
        found = found or [exercise for exercise in known if exercise in _exercises_of(clean, course)]
        if not found:
            raise PackError(_unknown(name, clean, known, course))
        chosen += found
    packs = [load(exercise, course.goldens) for exercise in course.in_order(dict.fromkeys(chosen or known))]
    return [pack for pack in packs if chosen or not pack.optional]


def _exercises_of(name: str, course: Course) -> set[str]:
    """The exercises of an assignment or of a notebook, the optional ones left out."""
    books = [book for one in course.assignments for book in one.notebooks if name in (one.name, book.name)]
    return {exercise.name for book in books for exercise in book.exercises}


def _unknown(name: str, clean: str, known: list[str], course: Course) -> str:
    """Say that nothing is called `name`, and what is called alike."""
    if not known:
        return f'There is no exercise "{name}"; there are none in {course.goldens}.'
    return f'There is no exercise "{name}"; {_instead(clean, known, course)}'


def _instead(name: str, known: Sequence[str], course: Course) -> str:
    """Say which exercises, files, notebooks and assignments are called alike, or how to see all."""
    meant = {part: exercise for exercise in reversed(known) for part in (exercise.rpartition(".")[2], exercise)}
    books = (book.name for one in course.assignments for book in one.notebooks)
    for other in (
        *(exercise.partition(".")[0] for exercise in known),
        *(one.name for one in course.assignments),
        *books,
    ):
        meant.setdefault(other, other)
    spelt = {candidate.lower(): answer for candidate, answer in meant.items()}
    close = get_close_matches(name.lower(), spelt, n=3, cutoff=0.7)
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(spelt[one] for one in close))}?"
    if len(known) <= _FEW:
        return f"the exercises are {', '.join(known)}."
    return f"{course.package} status --all lists the exercises."


def _exercises(target: Callable[..., Any]) -> list[tuple[Pack, dict[str, object]]]:
    """The packs that a function or class answers for, with the namespace to run them in."""
    module_name = getattr(target, "__module__", "") or ""
    qualified = getattr(target, "__qualname__", "") or ""
    course = course_of(target)
    if not callable(target) or not qualified:
        raise TypeError(f"check() takes a function or class of {course.package}, not {target!r}.")
    short = module_name.rsplit(".", 1)[-1]
    full = f"{short}.{qualified}"
    known = names(course.goldens)
    found = [name for name in known if name == full or name.startswith(f"{full}.")]
    if not found:
        alike = [name for name in known if name.split(".", 1)[1] == qualified]
        if alike:
            file = f"{course.package}/{alike[0].split('.')[0]}.py"
            raise TypeError(
                f"This {qualified} was defined in {module_name}; write it into {file} "
                f"and import it from there, because that is the file you hand in."
            )
        raise TypeError(f"{full} is not an exercise; {_instead(full, known, course)}")
    module = sys.modules[module_name]
    view = module if "." in qualified else _with(module, qualified, target)
    return [(load(name, course.goldens), {short: view}) for name in found]


def _is_handed_in(target: object) -> bool:
    """Whether a function or class was read from the file that is handed in, and not made or changed elsewhere."""
    course = course_of(target)
    module = str(getattr(target, "__module__", ""))
    file = getattr(sys.modules.get(module), "__file__", None)
    return bool(file) and Path(str(file)) == course.root / course.package / f"{module.rpartition('.')[2]}.py"


def _with(module: ModuleType, name: str, value: object) -> SimpleNamespace:
    """The module as it is, but with the very object that was handed in."""
    return SimpleNamespace(**{**vars(module), name: value})


def _parts_in_words(finding: Finding) -> str:
    """Say in which traits an answer is wrong that is right in the core: ``"right in the core; wrong in: dtype"``."""
    if not finding.parts or CORE in finding.parts:
        return ""
    about_an_output = finding.aspect and finding.misconception != IN_PLACE
    return f"{'right in the core; ' if about_an_output else ''}wrong in: {', '.join(finding.parts)}"


def _shape(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} {_shape(item)}" for key, item in value.items()) + "}"
    return repr(value)
