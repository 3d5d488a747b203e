"""The command ``check``: run the visible checks."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..checks.case import Finding
from ..checks.check import CheckResult, examine, find_packs
from ..checks.diagnose.old_python import explain_old_python
from ..checks.pack import Pack, PackError
from ..checks.places import read_places
from ..checks.program import describe_crash
from .here import this_course


def check(
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            help="Exercises (layers.affine_forward), files (layers) or functions; all graded ones by default."
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
) -> None:
    """Run the visible checks of your code.

    Exits with 0 when everything passes, 1 when something does not, 2 for an unknown name, or
    when nothing of it can be checked here.
    """
    course = this_course()
    try:
        packs = find_packs(exercises or [], course)
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    sys.path[:0] = [str(Path.cwd()), str(course.root)]
    results, places = [], read_places(course.root)
    left_out = [pack for pack in packs if pack.absent]
    for pack in (pack for pack in packs if not pack.absent):
        if sys.stderr.isatty():  # so that a loop which never ends is seen to be in this exercise
            typer.echo(f"… {pack.exercise}\r", err=True, nl=False)
        results.append(examine_installed(pack, course.package, hint or course.hint_level))
        typer.echo(str(results[-1]))
        if pack.exercise in places and not results[-1].passed:
            typer.echo(places[pack.exercise].as_text())
    counted = [result for result in results if result.counts]
    passed = sum(result.passed for result in counted)
    todo = sum(result.missing for result in counted)
    if counted:
        typer.echo(f"\n{passed} of {len(counted)} exercises pass{f', {todo} are still to be written' if todo else ''}.")
    if left_out:
        package, count = left_out[0].needs, f"{len(left_out)} {'more need' if results else 'exercises need'}"
        typer.echo(f"{count} {package}, which is not installed; to check them: pip install {package}")
    raise typer.Exit(2 if not results else 0 if passed == len(counted) else 1)


def examine_installed(pack: Pack, package: str, hint_level: int = 3) -> CheckResult:
    """Examine an exercise in the student's package as Python finds it; an import that fails is a finding."""
    short = pack.exercise.split(".", 1)[0]
    try:
        module = importlib.import_module(f"{package}.{short}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        crash = describe_crash(error, package)
        hint = f"{package}/{short}.py cannot be imported: {crash}. {explain_old_python(crash)}".rstrip()
        finding = Finding("", "error", hint)
        return CheckResult(pack.exercise, False, (finding,), len(pack.cases), optional=pack.optional)
    return examine(pack, {short: module}, hint_level)
