"""Define the commands ``grader decide …``, which write decisions.toml. They hold no logic of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ..course import Course, load
from ..errors import UnusableInput
from .options import CourseOption, DbOption

app = typer.Typer(no_args_is_help=True, help="Write, list and take back decisions; each run applies them anew.")

ReasonOption = Annotated[str, typer.Option(help="Why; the students whom it is about read it.")]
AnywayOption = Annotated[bool, typer.Option("--anyway", help="Also for students who have handed in nothing yet.")]
Students = Annotated[list[str] | None, typer.Argument(help="The students, by their names in submitted/.")]
All = Annotated[bool, typer.Option("--all", help="For everybody.")]


@app.command()
def extension(
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    students: Students = None,
    everybody: All = False,
    days: Annotated[float | None, typer.Option(help="Days after the due date.")] = None,
    until: Annotated[str | None, typer.Option(help="The new due date, as 2027-02-08T12:00; UTC.")] = None,
    reason: ReasonOption = "",
    anyway: AnywayOption = False,
    db: DbOption = None,
    root: CourseOption = None,
) -> None:
    """Move the due date for some students, or for all."""
    from ..authoring.decisions_toml import time_of

    values = {"until": None if until is None else time_of(until), "days": days, "reason": reason}
    _for_students(root, db, "extension", students, everybody, anyway, {"assignment": assignment}, values)


@app.command(name="late-days")
def late_days(
    days: Annotated[int, typer.Argument(help="How many days late cost nothing, in all assignments together.")],
    students: Students = None,
    most: Annotated[int | None, typer.Option(help="How many of them on one assignment; all by default.")] = None,
    reason: ReasonOption = "",
    anyway: AnywayOption = False,
    db: DbOption = None,
    root: CourseOption = None,
) -> None:
    """Give a budget of late days, to everybody or to some students."""
    values = {"most": most, "reason": reason}
    _for_students(root, db, "late_days", students, not students, anyway, {"days": days}, values)


@app.command()
def void(
    question: Annotated[str, typer.Argument(help="The exercise, or the written question.")],
    give: Annotated[bool, typer.Option("--give", help="Everybody gets its points.")] = False,
    redistribute: Annotated[
        bool, typer.Option("--redistribute", help="Its points are divided among the other questions.")
    ] = False,
    reason: ReasonOption = "",
    root: CourseOption = None,
) -> None:
    """Let a question not count."""
    if give == redistribute:
        raise UnusableInput("Say what becomes of its points: either --give or --redistribute.")
    points = "given" if give else "redistributed"
    _write(root, "void", {"question": question, "points": points, "reason": reason})


@app.command()
def bonus(
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    points: Annotated[float, typer.Argument(help="The points that are added to the total.")],
    students: Students = None,
    everybody: All = False,
    reason: ReasonOption = "",
    anyway: AnywayOption = False,
    db: DbOption = None,
    root: CourseOption = None,
) -> None:
    """Add points to the total of some students, or of all; lateness takes nothing off them."""
    first = {"assignment": assignment}
    _for_students(root, db, "bonus", students, everybody, anyway, first, {"points": points, "reason": reason})


@app.command()
def override(
    student: Annotated[str, typer.Argument(help="The student, by the name in submitted/.")],
    what: Annotated[str, typer.Argument(help="An exercise, a written question, or a whole assignment.")],
    points: Annotated[float, typer.Argument(help="The points that count.")],
    reason: Annotated[str, typer.Option(help="Why; the student reads it.")],
    anyway: AnywayOption = False,
    db: DbOption = None,
    root: CourseOption = None,
) -> None:
    """Set the points of one student, whatever was found."""
    from ..authoring.decisions_toml import require_known

    course = load(root, decided=False)
    require_known([student], () if anyway else _known(course, db))
    kind = "assignment" if what in {assignment.name for assignment in course.assignment} else "question"
    _write(root, "override", {"student": student, kind: what, "points": points, "reason": reason})


@app.command()
def weight(
    question: Annotated[str, typer.Argument(help="The exercise, or the written question.")],
    points: Annotated[float, typer.Argument(help="What it is worth; 0 is allowed.")],
    reason: ReasonOption = "",
    root: CourseOption = None,
) -> None:
    """Change what a question is worth; students keep the share of it that they have earned."""
    _write(root, "weight", {"question": question, "points": points, "reason": reason})


@app.command(name="list")
def show_all(root: CourseOption = None) -> None:
    """List all decisions, with the numbers that `grader decide remove` takes."""
    from ..authoring.decisions_toml import described, numbered

    found = numbered(load(root).decisions)
    lines = [f"{number}. line {decision.line}, {described(kind, decision)}" for number, kind, decision in found]
    _print("\n".join(lines) or "There are no decisions.")


@app.command()
def remove(
    number: Annotated[int, typer.Argument(help="The number that `grader decide list` shows.")],
    root: CourseOption = None,
) -> None:
    """Take a decision back."""
    from ..authoring.decisions_toml import remove as take_away

    _print(f"Taken back: {take_away(load(root, decided=False), number)}\n{_NEXT}")


_NEXT = "Next: `grader grade ASSIGNMENT` or `nbgrader autograde ASSIGNMENT` applies this; no submission is run again."


def _for_students(
    root: Path | None,
    db: str | None,
    kind: str,
    students: list[str] | None,
    everybody: bool,
    anyway: bool,
    first: dict[str, Any],
    rest: dict[str, Any],
) -> None:
    """Write a decision that is about some students or all."""
    from ..authoring.decisions_toml import require_known

    if bool(students) == everybody:
        raise UnusableInput("Say for whom: either names of students, or --all.")
    require_known(students or (), () if anyway else _known(load(root, decided=False), db))
    _write(root, kind, {**first, "students": students or "all", **rest})


def _write(root: Path | None, kind: str, values: dict[str, Any]) -> None:
    from ..authoring.decisions_toml import add

    _print(f"{add(load(root, decided=False), kind, values)}\n{_NEXT}")


def _known(course: Course, db: str | None) -> set[str]:
    """Return the students in submitted/ and in the gradebook."""
    from ..gradebook import Gradebook

    folder = course.root / "submitted"
    known = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    if db or (course.root / "gradebook.db").exists():
        with Gradebook(course, db) as book:
            known |= book.students()
    return known


def _print(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)
