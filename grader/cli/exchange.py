"""Define the subcommands that exchange submissions and grades with other systems.

As in `cli`, each parses its options, calls a function, and prints the result.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import course
from ..wording import visible
from .options import AssignmentArgument, CourseOption, SubmittedOption


def collect(
    assignment: AssignmentArgument,
    downloads: Annotated[
        list[Path], typer.Argument(help="Zips as the system gives them, or folders; see docs/exchange.md.")
    ],
    roster: Annotated[
        list[Path] | None,
        typer.Option(help="A CSV of the students; more add what they know. roster.csv by default, where there is one."),
    ] = None,
    times: Annotated[
        list[Path] | None, typer.Option(help="A CSV, or Canvas's JSON, that says when each student has handed in.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="The zone of times that name none: Europe/Berlin.")] = None,
    source: Annotated[
        str, typer.Option("--from", help="canvas, moodle, gradescope, nbgrader or github; found out by default.")
    ] = "auto",
    submitted: SubmittedOption = None,
    root: CourseOption = None,
) -> None:
    """Put downloaded submissions into submitted/, and say which attempt counts and who is missing.

    Can be run again with the same or newer downloads: the newest attempt counts, and older ones are kept in
    submitted/.earlier. Exits with 1 when an attempt could not be read; the others are collected then.
    """
    from ..exchange import collecting
    from ..exchange.roster import FILE, Roster
    from ..exchange.times import Times, zone_of
    from ..show import exchange as show_exchange

    loaded = course.load(root)
    task = loaded[assignment]
    here = loaded.root / FILE
    tables = roster or ([here] if here.is_file() else [])
    done = collecting.collect(
        task,
        downloads,
        submitted or loaded.root / "submitted",
        roster=Roster.read(tables) if tables else None,
        times=Times.read(times, zone_of(timezone)) if times else None,
        kind=source,
    )
    text = show_exchange.collected(done, task, bool(tables))
    Console().print(visible(text, 100_000), markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if done.troubles else 0)


def export(
    system: Annotated[str, typer.Argument(help="canvas, moodle, gradescope, csv, or gradescope-autograder.")],
    assignment: AssignmentArgument,
    template: Annotated[
        Path | None,
        typer.Option(help="Canvas's gradebook, or Moodle's grading worksheet, as downloaded; grades are filled in."),
    ] = None,
    visibility: Annotated[
        str, typer.Option(help="Of an autograder's tests: visible, after_due_date, after_published or hidden.")
    ] = "visible",
    other_user: Annotated[
        bool, typer.Option("--other-user", help="Of an autograder: where no sandbox works, rely on file permissions.")
    ] = False,
    setup: Annotated[
        Path | None, typer.Option(help="Of an autograder: a script to run at the end of its setup, to fetch data.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="The column of the template that grades belong into.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; build/export/<assignment>/ by default.")
    ] = None,
    roster: Annotated[list[Path] | None, typer.Option(help="A CSV of the students, as for grader collect.")] = None,
    submitted: SubmittedOption = None,
    feedback: Annotated[Path | None, typer.Option(help="Where pages were written; build/feedback/ by default.")] = None,
    db: Annotated[str | None, typer.Option(help="The gradebook's URL; gradebook.db by default.")] = None,
    root: CourseOption = None,
) -> None:
    """Write grades and feedback in the form that Canvas, Moodle or another system takes, or a Gradescope autograder."""
    from ..exchange import exporting
    from ..exchange.roster import FILE
    from ..gradebook import Gradebook
    from ..show import exchange as show_exchange

    loaded = course.load(root)
    task = loaded[assignment]
    here = loaded.root / FILE
    folder = out or loaded.root / "build" / "export" / task.name
    if system == "gradescope-autograder":
        from ..exchange.autograder_bundle import write_bundle

        path = folder / "gradescope-autograder.zip"
        write_bundle(loaded, task, path, visibility=visibility, other_user=other_user, setup=setup)
        Console().print(show_exchange.bundled(path), markup=False, highlight=False, soft_wrap=True)
        return
    with Gradebook(loaded, db) as gradebook:
        done = exporting.export(
            loaded,
            task,
            system,
            gradebook=gradebook,
            submitted=submitted or loaded.root / "submitted",
            feedback=feedback or loaded.root / "build" / "feedback",
            out=folder,
            roster=roster or ([here] if here.is_file() else []),
            template=template,
            column=column,
        )
    Console().print(visible(show_exchange.exported(done), 100_000), markup=False, highlight=False, soft_wrap=True)
