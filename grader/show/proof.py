"""Prove the checks with a progress bar, and print what they accept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from ..course import Course
from ..errors import UnusableInput
from ..host.files import content, write_if_changed
from ..reference import Reference

if TYPE_CHECKING:
    pass


def prove(course: Course, exercises: Sequence[str], *, check: bool = False, jobs: int | None = None) -> None:
    """Run mutants with a progress bar, print those that the checks accept, and write ``docs/mutation.md``.

    Parameters
    ----------
    course : Course
    exercises : sequence of str
        The exercises whose answers are changed; if empty, all of them. Only then is the page written.
    check : bool, default False
        Whether to compare the page with the result instead of writing it.
    jobs : int, optional
        How many processes run mutants; one for each processor by default.

    Raises
    ------
    UnusableInput
        When there is no exercise of one of these names.
    UnusableCourseFiles
        When the course's files have errors.
    typer.Exit
        With code 1, when a mutant is accepted without being listed as equivalent, a listed one is not accepted any
        more, a realistic wrong answer earns all points, or a page is stale.
    """
    from .. import mutation
    from ..release import consistency  # imports nbgrader
    from . import hints

    reference = Reference.of(course)
    known, everything = mutation.solved(course), not exercises
    wanted = known if everything else list(exercises)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UnusableInput(f'There is no exercise "{unknown[0]}" to spoil; there are {", ".join(known)}.')
    consistency.require(course, None if everything else wanted)
    outcomes = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("mutants", total=None)
        for total, outcome in mutation.prove(course, wanted, jobs=jobs):
            outcomes.append(outcome)
            bar.update(task, total=total, advance=1)
    out = Console()
    survivors = [outcome for outcome in outcomes if not outcome.rejected]
    equivalents = mutation.Equivalents.read(reference)
    missed, stale = equivalents.unexplained(survivors), equivalents.stale(survivors, wanted)
    for outcome in missed:
        mutant = outcome.mutant
        blind = " and ".join(kind for kind in ("hidden", "visible") if not getattr(outcome, kind))
        out.print(Text(f"✗ {mutant.exercise} [{mutant.kind}]: the {blind} cases accept", "red"))
        out.print(Text(f"    - {mutant.old}\n    + {mutant.new}"))
    for exercise, old, new in stale:
        out.print(Text(f"✗ {exercise}: listed as equivalent, but nothing survives under it: {old!r} -> {new!r}", "red"))
    out.print(
        f"{len(outcomes)} mutants: {len(outcomes) - len(survivors)} rejected, "
        f"{len(survivors) - len(missed)} equivalent, {len(missed)} missed."
    )
    if everything:
        page, text = course.root / mutation.PAGE, mutation.report(outcomes, equivalents, known)
        if not check:
            write_if_changed(page, text.encode())
        elif content(page) != text.encode():
            out.print(Text(f"✗ {mutation.PAGE} is stale; run grader prove.", "red"))
            raise typer.Exit(1)
        hints.shares(course, check=check, jobs=jobs)
    if missed or stale:
        raise typer.Exit(1)
