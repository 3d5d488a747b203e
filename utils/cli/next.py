"""The command ``next``: what to do next, and where."""

from __future__ import annotations

import typer

from ..checks.assignments import Assignment
from ..workspace.deadline import due_text
from ..workspace.progress import Mark, Progress, Standing, progress
from .here import this_course
from .names import no_plan
from .screen import points
from .status import first_step

_DO = {
    Mark.OPEN: "It is still to be written.",
    Mark.WRONG: "Its last check found a mistake:",
    Mark.UNCHECKED: "It is written and has to be checked:",
    Mark.PARTLY: "The net that you saved is worth a part of the points:",
}


def next_exercise() -> None:
    """Say what to do next: the first exercise in the course's order that is not right yet."""
    course = this_course()
    if no_plan(course):
        raise typer.Exit(2)
    found = [progress(course, one) for one in course.assignments_here]
    if not found:
        typer.echo(f"There are no assignments in {course.notebooks_folder}; get the course's files again.", err=True)
        raise typer.Exit(2)
    step = first_step(found, course)
    if step is None:
        typer.echo("Everything that can be checked is right.")
        _print_unanswered(found)
        return
    assignment = next(one.assignment for one in found if step in one.exercises)
    worth, due = points(step.exercise.points), due_text(assignment, course.late)
    typer.echo(f"{step.exercise.name}  ({worth} points; {assignment.name}, {due})")
    typer.echo(f"  {_DO[step.mark]}{f' {step.note}' if step.note and step.mark is not Mark.OPEN else ''}")
    typer.echo(f"  Read:   assignments/{assignment.name}/{step.notebook}.ipynb")
    for line in _how(step, assignment, course.package):
        typer.echo(f"  {line}")
    _print_unanswered(found[: [one.assignment for one in found].index(assignment)])


def _print_unanswered(found: list[Progress]) -> None:
    """Name the questions of these assignments that have no answer yet."""
    for one in found:
        names = [question.name for book in one.notebooks for question in book.unanswered]
        if names:
            typer.echo(f"Still to be answered in words in {one.assignment.name}: {', '.join(names)}.")


def _how(step: Standing, assignment: Assignment, package: str) -> list[str]:
    if step.exercise.is_net:
        file = f"assignments/{assignment.name}/{step.exercise.file}"
        return [f"Make:   {file}, by training and saving the net in that notebook", "Check:  the cell below it there"]
    after = [f"After:  {', '.join(step.exercise.requires)}"] if step.exercise.requires else []
    return [f"Write:  {step.place}", f"Check:  {package} check {step.exercise.name}", *after]
