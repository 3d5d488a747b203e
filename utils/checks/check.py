"""The student's own check: run the visible cases of an exercise and say what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from utils.checks.course import Course, course_of, find
from utils.errors import DataError

from .child import ChildNotStarted
from .debugger import breakpoints_stop
from .examine import CheckInterrupted as CheckInterrupted
from .examine import examine, examine_apart
from .models import check_model
from .pack import Pack, PackError, load, names
from .places import show_places
from .result import CheckResult as CheckResult
from .student_code import StudentCode
from .students_folder import part

_FEW = 8  # exercises that are listed where a name is unknown


class CheckFailed(AssertionError):
    """A check that did not pass. In a notebook it shows as its own text, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(target: Callable[..., Any] | str, *args: Any, hint: int | None = None, here: bool = False) -> None:
    """Check one exercise, or everything in a class, against its visible cases.

    Your code runs in a process of its own, as your file is on disk, and with the limits that the grader has: a loop
    that never ends is stopped, and what your code prints is shown with the case.

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
    here : bool, default False
        Whether to run the code here, without limits, so that a debugger can stop in it: write ``breakpoint()`` into
        your function.

    Raises
    ------
    CheckFailed
        When something is wrong; its text says what.
    CheckInterrupted
        When you stop it; its text says where the code was.
    TypeError
        When `target` is not an exercise of the course.
    """
    _say_if_elsewhere()
    if isinstance(target, str | os.PathLike):
        try:
            print(check_model(target, *args, here=here))
            refresh_status()
        except DataError as error:
            raise CheckFailed(f"✗ {error}") from None
        return
    level = course_of(target).hint_level if hint is None else hint
    packs, module = _exercises(target)
    code = None if here or not _is_in_file(target, module) else StudentCode.of(module, course_of(target).limits)
    try:
        results = [examine_apart(pack, code, level) for pack in packs] if code else []
    except ChildNotStarted as error:
        print(f"{error}. So your code runs here, without limits.")
        code = None
    if code is None:
        namespace = {module.__name__.rpartition(".")[2]: _with(module, target)}
        with breakpoints_stop():
            results = [examine(pack, namespace, level) for pack in packs]
    if _is_handed_in(target):
        keep(course_of(target), results)
    passed = [str(result) for result in results if result.passed]
    failed = [str(result) for result in results if not result.passed]
    show_places([result.exercise for result in results if not result.passed], course_of(target).root)
    if passed:
        print("\n".join(passed))
    if failed:
        raise CheckFailed("\n\n".join(failed))


def keep(course: Course, results: Iterable[CheckResult]) -> None:
    """Remember the results, so that the status of the course and its widget in a notebook show them."""
    begun = [result for result in results if not result.missing]
    part("state").remember(course, {result.exercise: (float(result.passed), result.in_short) for result in begun})
    refresh_status()


def refresh_status() -> None:
    """Show in the notebook's status, where there is one, what is remembered now."""
    status = sys.modules.get("utils.workspace.widget")  # loaded where a notebook shows it
    if status:
        status.refresh()


def _say_if_elsewhere() -> None:
    """Say so where the code that is checked is not that of the folder one works in."""
    with suppress(PackError):
        course = find()
        if said := part("imported").elsewhere(course.root, course.package):
            print(f"⚠ {said}\n")


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


def _exercises(target: Callable[..., Any]) -> tuple[list[Pack], ModuleType]:
    """The packs that a function or class answers for, and the module that it is written in."""
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
    return [load(name, course.goldens) for name in found], sys.modules[module_name]


def _is_handed_in(target: object) -> bool:
    """Whether a function or class was read from the file that is handed in, and not made or changed elsewhere."""
    course = course_of(target)
    module = str(getattr(target, "__module__", ""))
    file = getattr(sys.modules.get(module), "__file__", None)
    return bool(file) and Path(str(file)) == course.root / course.package / f"{module.rpartition('.')[2]}.py"


def _is_in_file(target: Callable[..., Any], module: ModuleType) -> bool:
    """Whether a function was read from its module's file; what was put into the module later is only known here."""
    code = getattr(target, "__code__", None)
    file = getattr(module, "__file__", None)
    return code is None or hasattr(target, "__wrapped__") or code.co_filename == file


def _with(module: ModuleType, target: Callable[..., Any]) -> object:
    """The module as it is, but with the very function or class that was handed in."""
    return module if "." in target.__qualname__ else SimpleNamespace(**{**vars(module), target.__qualname__: target})
