"""Define the subcommands with which a course is written, released and proven."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .. import course
from ..errors import UnusableInput
from .options import CourseOption, DbOption

console = Console(stderr=True)


def release(
    assignments: Annotated[list[str] | None, typer.Argument(help="The assignments to release; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when committed files are stale.")] = False,
    edition: Annotated[
        Path | None,
        typer.Option("--edition", help="Also write the student edition, a folder and a zip, into this folder."),
    ] = None,
    draw: Annotated[
        bool, typer.Option("--draw", help="First draw the pictures anew that notebooks show before they are run.")
    ] = False,
    db: DbOption = None,
    root: CourseOption = None,
) -> None:
    """Write what students get: stubs, notebooks, golden packs. Refuses a release that gives anything away."""
    from ..release import release as make_release
    from ..release.building import chosen as released_assignments
    from ..release.consistency import load_checked
    from ..release.edition import student_edition
    from ..release.goldens import unexamined_packs
    from ..release.pictures import redraw
    from ..show import course_files as show

    if draw:
        for path in redraw(course.load(root)):
            console.print(f"Drawn: {path}")
    loaded = load_checked(root)
    released = make_release(loaded, assignments or (), check=check, db=db)
    console.print(show.released(released))
    if released.remarks:
        console.print(show.remarks(released.remarks), markup=False, highlight=False, soft_wrap=True)
    if kept := unexamined_packs(loaded, released_assignments(loaded, assignments or ())):
        console.print(kept)
    if edition:
        console.print(f"Student edition: {student_edition(loaded, edition, released.tree)}")


def start_course(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new course's folder; it may exist if it is empty.")
    ],
    source: Annotated[Path | None, typer.Option("--from", help="Copy this course folder.")] = None,
    assignments: Annotated[str, typer.Option(help="The assignments to copy, as in hw1,hw2; all by default.")] = "",
    package: Annotated[str | None, typer.Option(help="The name of the student's package.")] = None,
    title: Annotated[str | None, typer.Option(help="The title of the course.")] = None,
) -> None:
    """Start a course: one with a worked example, or with --from a copy of another one."""
    from ..authoring import copy_course, new_course
    from ..show import course_files as show

    if source is None and assignments:
        raise UnusableInput("--assignments chooses from a course that is copied; say which with --from.")
    if source is None:
        made, found = new_course(folder, package=package, title=title), None
    else:
        names = [name.strip() for name in assignments.split(",") if name.strip()]
        made, found = copy_course(course.load(source), folder, names, package=package, title=title)
    Console().print(show.started(made, found), markup=False, highlight=False, soft_wrap=True)


def start_exercise(
    name: Annotated[str, typer.Argument(help="The exercise, for instance layers.leaky_relu_forward.")],
    assignment: Annotated[str | None, typer.Option("--in", help="The assignment; the only one by default.")] = None,
    notebook: Annotated[str | None, typer.Option(help="The notebook; the only one by default.")] = None,
    points: Annotated[float, typer.Option(help="The points of the exercise.")] = 1.0,
    root: CourseOption = None,
) -> None:
    """Write the skeleton of an exercise into every file where it belongs. Parts that exist already are not changed."""
    from ..authoring import new_exercise
    from ..show import course_files as show

    made = new_exercise(course.load(root), name, assignment, notebook, points)
    Console().print(show.new_exercise(name, made), markup=False, highlight=False, soft_wrap=True)


def check_course(root: CourseOption = None) -> None:
    """Name everything in the course's files that does not fit course.toml, with file and line.

    Exits with 2 when something has to be corrected before a release. Parts that are merely not used are listed, too.
    """
    from ..release.consistency import load_checked, require
    from ..show import course_files as show

    loaded = load_checked(root)
    course.with_decisions(loaded)  # raises where they do not fit
    remarks = require(loaded)
    Console().print(show.remarks(remarks) or "Everything fits.", markup=False, highlight=False, soft_wrap=True)


def prove(
    exercises: Annotated[list[str] | None, typer.Argument(help="The exercises to examine; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the page is stale.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each processor by default.")] = None,
    root: CourseOption = None,
) -> None:
    """Change every solution in every small way and prove that the checks notice. Writes docs/mutation.md.

    It also says how often the hints for realistic wrong answers name the true cause; see `grader hints`.
    With EXERCISES it shows the changes that the checks do not notice, and writes nothing.
    """
    from ..release.consistency import load_checked
    from ..show import proof

    proof.prove(load_checked(root), exercises or (), check=check, jobs=jobs)


def hints(
    exercises: Annotated[list[str] | None, typer.Argument(help="The exercises to measure; all by default.")] = None,
    half: Annotated[
        str | None, typer.Option("--show", metavar="HALF", help="Print causes and hints: development or held_back.")
    ] = None,
    unread: Annotated[bool, typer.Option("--unread", help="With --show: only answers that were not read.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="A file of lines: an answer's id, and named, vague, untrue or none.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the page is stale.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each processor by default.")] = None,
    root: CourseOption = None,
) -> None:
    """Measure on realistic wrong answers how often the hints name the true cause. Writes docs/hints.md.

    With EXERCISES or --show it prints what was found, and writes nothing.
    """
    from ..release.consistency import load_checked
    from ..show import hints as shown

    loaded = load_checked(root)
    if record:
        shown.record(loaded, record, jobs=jobs)
    elif half:
        shown.comparison(loaded, exercises or (), half, unread=unread, jobs=jobs)
    else:
        shown.shares(loaded, exercises or (), check=check, jobs=jobs)


def book(
    out: Annotated[Path | None, typer.Option(help="The folder of the book; build/book by default.")] = None,
    edition: Annotated[
        Path | None, typer.Option(help="The student edition's zip, which the book then offers for download.")
    ] = None,
    root: CourseOption = None,
) -> None:
    """Make the course's book: a static site with notebooks, pages and reference, and no solutions. Runs no code."""
    from ..book import make_book
    from ..release.consistency import load_checked
    from ..show import course_files as show

    made = make_book(load_checked(root), out, edition)
    console.print(show.book(made), markup=False, highlight=False, soft_wrap=True)
