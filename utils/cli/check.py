"""The command ``check``: run the visible checks."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ..checks.assignments import Assignment
from ..checks.case import Finding
from ..checks.check import find_packs, keep
from ..checks.course import Course
from ..checks.debugger import LeftDebugger, breakpoints_stop
from ..checks.examine import CheckInterrupted, examine, examine_apart
from ..checks.pack import Pack, PackError, load
from ..checks.places import read_places
from ..checks.result import CheckResult
from ..checks.student_code import StudentCode
from .here import this_course

INTERRUPTED = 130  # as shells have it for a command that Ctrl-C has ended


def check(
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            help="Exercises, files (layers), functions, notebooks or assignments; all graded ones by default."
        ),
    ] = None,
    hint: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3,
            help="How much to say: 1 where to look, 2 what was seen, 3 why. By default as the course has it.",
        ),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Run the code in this process, without limits: a debugger can stop in it.")
    ] = False,
) -> None:
    """Run the visible checks of your code.

    Your code runs in a process of its own, with the limits that the grader has. Exits with 0 when everything
    passes, 1 when something does not, 2 for an unknown name or when nothing of it can be checked here, and 130
    when you stop it.
    """
    course = this_course()
    try:
        packs = find_packs(exercises or [], course)
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    results = run_checks(packs, course, hint or course.hint_level, here=here)
    left_out = [pack for pack in packs if pack.absent]
    counted = [result for result in results if result.counts]
    passed = sum(result.passed for result in counted)
    todo = sum(result.missing for result in counted)
    if counted:
        typer.echo(f"\n{passed} of {len(counted)} exercises pass{f', {todo} are still to be written' if todo else ''}.")
    if left_out:
        package, count = left_out[0].needs, f"{len(left_out)} {'more need' if results else 'exercises need'}"
        typer.echo(f"{count} {package}, which is not installed; to check them: pip install {package}")
    raise typer.Exit(2 if not results else 0 if passed == len(counted) else 1)


def run_checks(
    packs: Iterable[Pack], course: Course, hint_level: int, *, quiet: bool = False, here: bool = False
) -> list[CheckResult]:
    """Run the visible checks of the exercises that can be run here, print each result, and remember all of them.

    Parameters
    ----------
    packs : iterable of Pack
    course : Course
    hint_level : int
        How much is said of what is wrong.
    quiet : bool, default False
        Print nothing but, in a terminal, which exercise is being checked.
    here : bool, default False
        Run the code under test in this process, where a debugger reaches it.
    """
    sys.path[:0] = [str(Path.cwd()), str(course.root)]
    results: list[CheckResult] = []
    places = read_places(course.root)
    try:
        for pack in (pack for pack in packs if not pack.absent):
            if sys.stderr.isatty():  # so that a loop which never ends is seen to be in this exercise
                typer.echo(f"\r… {pack.exercise}\x1b[K", err=True, nl=False)
            results.append(examine_installed(pack, course, hint_level, here=here))
            if sys.stderr.isatty():
                typer.echo("\r\x1b[K", err=True, nl=False)
            if not quiet:
                typer.echo(str(results[-1]))
                if pack.exercise in places and not results[-1].passed:
                    typer.echo(places[pack.exercise].as_text())
    except (CheckInterrupted, LeftDebugger) as stopped:
        typer.echo(str(stopped))
        raise typer.Exit(INTERRUPTED) from None
    finally:  # what was checked before an interruption is remembered, too
        keep(course, results)
    return results


def check_assignment(course: Course, assignment: Assignment) -> list[Pack]:
    """Run the visible checks of an assignment, so that what is known of it is of the files as they are now.

    Returns
    -------
    list of Pack
        Those that cannot be checked, because a package is not installed.
    """
    packs = []
    for exercise in assignment.exercises:
        try:
            packs += [] if exercise.is_net else [load(exercise.name, course.goldens)]
        except PackError as error:
            typer.echo(str(error), err=True)
    run_checks(packs, course, course.hint_level, quiet=True)
    return [pack for pack in packs if pack.absent]


def examine_installed(pack: Pack, course: Course, hint_level: int = 3, *, here: bool = False) -> CheckResult:
    """Examine an exercise in the student's package where Python finds it; in this process, if it is to be `here`."""
    package = course.package
    short = pack.exercise.split(".", 1)[0]
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        finding = Finding("", "error", f"There is no package {package} here; run this in the course folder.")
        return CheckResult(pack.exercise, False, (finding,), len(pack.cases), optional=pack.optional)
    code = StudentCode(f"{package}.{short}", Path(folders[0]).parent, course.limits)
    if here:
        with breakpoints_stop():
            return examine(pack, {short: importlib.import_module(f"{package}.{short}")}, hint_level)
    return examine_apart(pack, code, hint_level)
