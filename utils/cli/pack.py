"""The command ``pack``: look through an assignment, and make one archive to hand in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..checks.course import Course
from ..workspace.deadline import due_text
from ..workspace.files import write_whole
from ..workspace.handing_in.handin import HandIn, hand_in
from ..workspace.handing_in.preflight import Remark, preflight
from ..workspace.handing_in.receipt import archive_of, receipt
from ..workspace.progress import Progress, progress
from .check import check_assignment
from .here import this_course
from .names import assignment_named, no_plan


def pack(
    assignment: Annotated[str, typer.Argument(help="The assignment to hand in, for instance hw1.")],
    out: Annotated[
        Path | None, typer.Option(help="The archive to write; <assignment>.zip in the course folder by default.")
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Pack it without asking, whatever is wrong with it.")
    ] = False,
) -> None:
    """Look through an assignment, and pack it for handing in: its notebooks, your files and your trained nets.

    It runs the visible checks and says what cannot be graded or will score zero. If there is anything of this kind, it
    asks before it packs; where nobody can answer, it packs nothing and exits with 1, unless --anyway is given.
    Beside the archive it writes a receipt, to keep.
    """
    course = this_course()
    if no_plan(course):
        raise typer.Exit(2)
    chosen = assignment_named(assignment, course)
    if absent := check_assignment(course, chosen):
        typer.echo(f"○ Not checked, because {absent[0].needs} is not installed: {len(absent)} exercises.")
    found, files = progress(course, chosen), hand_in(course, chosen)
    remarks = preflight(course, found, files)
    _print(remarks, files, found)
    broken = [remark.text for remark in remarks if remark.broken]
    if broken and not anyway:
        _ask()
    _write(out or course.root / f"{chosen.name}.zip", course, found, files, broken)


def _print(remarks: list[Remark], files: HandIn, found: Progress) -> None:
    for remark in remarks:
        typer.echo(f"{'✗' if remark.broken else '○'} {remark.text}")
    if files.left_out:
        typer.echo(f"○ Left out: {', '.join(files.left_out)}.")
    wrong = [one.exercise.name for one in found.exercises if one.mark == "✗"]
    if wrong:
        typer.echo(f"○ Not right yet in the visible checks: {', '.join(wrong)}.")
    if remarks or files.left_out or wrong:
        typer.echo()


def _ask() -> None:
    """Ask whether to pack what is broken; end the command if not, or where nobody can answer."""
    if not somebody_is_there():
        typer.echo("Nothing was packed, because of what is marked ✗. To pack it as it is, add --anyway.", err=True)
        raise typer.Exit(1)
    if not typer.confirm("What is marked ✗ costs points. Pack it as it is?"):
        typer.echo("Nothing was packed.")
        raise typer.Exit(1)


def somebody_is_there() -> bool:
    """Whether somebody can answer a question."""
    return sys.stdin.isatty()


def _write(archive: Path, course: Course, found: Progress, files: HandIn, broken: list[str]) -> None:
    assignment = found.assignment
    try:
        contents = {name: path.read_bytes() for name, path in files.files.items()}
        data = archive_of(course.package, assignment.name, contents)
        text = receipt(archive, data, contents, found, due_text(assignment, course.late), broken)
        write_whole(archive, data)
        write_whole(archive.with_suffix(".receipt.txt"), text.encode())
    except OSError as error:
        typer.echo(
            f"{error.filename or archive} cannot be read or written ({error.strerror}); nothing was packed.", err=True
        )
        raise typer.Exit(2) from None
    typer.echo(text)
    typer.echo(f"Hand in {archive}; keep {archive.with_suffix('.receipt.txt').name} for yourself.")
