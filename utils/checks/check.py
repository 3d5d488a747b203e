"""The student's own check: run the visible cases of an exercise and say what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
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
from .result import CheckResult as CheckResult
from .student_code import StudentCode


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
    if isinstance(target, str | os.PathLike):
        try:
            print(check_model(target, *args, here=here))
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
    passed = [str(result) for result in results if result.passed]
    failed = [str(result) for result in results if not result.passed]
    if passed:
        print("\n".join(passed))
    if failed:
        raise CheckFailed("\n\n".join(failed))


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
    """The packs of the exercises called `wanted`: full names, modules or beginnings; all that are graded for none.

    Raises
    ------
    PackError
        Naming what there is, where one is unknown.
    """
    known = names(course.goldens)
    chosen: list[str] = []
    for name in wanted:
        clean = name.removeprefix(f"{course.package}.").removesuffix(".py")
        found = [exercise for exercise in known if exercise == clean or exercise.startswith(f"{clean}.")]
        found = found or [exercise for exercise in known if clean in exercise.split(".")]
        if not found:
            raise PackError(
                f'There is no exercise "{name}"; there are {", ".join(known) or f"none in {course.goldens}"}.'
            )
        chosen += found
    packs = [load(exercise, course.goldens) for exercise in dict.fromkeys(chosen or known)]
    return [pack for pack in packs if chosen or not pack.optional]


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
        raise TypeError(f"{full} is not an exercise; the exercises are {', '.join(known)}.")
    return [load(name, course.goldens) for name in found], sys.modules[module_name]


def _is_in_file(target: Callable[..., Any], module: ModuleType) -> bool:
    """Whether a function was read from its module's file; what was put into the module later is only known here."""
    code = getattr(target, "__code__", None)
    file = getattr(module, "__file__", None)
    return code is None or hasattr(target, "__wrapped__") or code.co_filename == file


def _with(module: ModuleType, target: Callable[..., Any]) -> object:
    """The module as it is, but with the very function or class that was handed in."""
    return module if "." in target.__qualname__ else SimpleNamespace(**{**vars(module), target.__qualname__: target})
