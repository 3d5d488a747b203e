"""The command ``status``: what is done, what it is worth, what is next, and when it is due."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ..checks.course import Course
from ..workspace.deadline import due_text, is_over
from ..workspace.progress import MEANINGS, Mark, Progress, Standing, next_step, progress
from .check import check_assignment
from .here import this_course
from .names import assignment_named, no_plan
from .screen import console, marked, points, table


def status(
    assignment: Annotated[str | None, typer.Argument(help="One assignment; the one you are at by default.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show the exercises of all assignments.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Run the visible checks of what is shown first.")] = False,
) -> None:
    """Show what is done, what it is worth, what is next, and when it is due.

    Without --check nothing is run: it shows what the checks said last, and which code has changed since.
    """
    course = this_course()
    if no_plan(course):
        raise typer.Exit(2)
    chosen = assignment_named(assignment, course) if assignment else None
    found = [progress(course, one) for one in course.assignments_here]
    shown = {chosen.name} if chosen else {one.assignment.name for one in found if everything} or current(found, course)
    if check:
        for one in (one for one in found if one.assignment.name in shown):
            check_assignment(course, one.assignment)
        found = [progress(course, one) for one in course.assignments_here]
    out = console()
    out.print(Text(course.title, "bold"), soft_wrap=True)
    for one in found:
        _print(out, one, course, in_full=one.assignment.name in shown)
    later = [one for one in course.assignments if one not in course.assignments_here]
    if later:
        out.print(f"\nNot in this folder yet: {', '.join(one.name for one in later)}.", style="dim")
    step = first_step([one for one in found if one.assignment.name in shown] or found, course)
    out.print()
    none = "Everything that can be checked is right." if found else f"There are none in {course.notebooks_folder}."
    out.print(_next(step, course) if step else none, soft_wrap=True)


def current(found: list[Progress], course: Course) -> set[str]:
    """The assignment one is at: the first that is not complete and can still be handed in; else the last one."""
    left = [one for one in found if not one.complete and not is_over(one.assignment, course.late)]
    return {one.assignment.name for one in left[:1] or found[-1:]}


def first_step(found: list[Progress], course: Course) -> Standing | None:
    """The next exercise of the assignments in `found`, those first that can still be handed in."""
    ordered = sorted(found, key=lambda one: is_over(one.assignment, course.late))
    return next((step for one in ordered if (step := next_step(one))), None)


def _next(step: Standing, course: Course) -> str:
    return (
        f"Next: {step.exercise.name} ({points(step.exercise.points)} points) in {step.place}; "
        f"{course.package} next says more."
    )


def _print(out: Console, found: Progress, course: Course, *, in_full: bool) -> None:
    assignment = found.assignment
    out.print()
    out.print(Text(f"{assignment.name}  ", "bold") + assignment.title, soft_wrap=True)
    out.print(f"  {due_text(assignment, course.late)}", style="dim", soft_wrap=True)
    out.print(f"  {summary(found)}", soft_wrap=True)
    if not in_full:
        return
    for book in found.notebooks:
        out.print(f"\n  {book.notebook.file}", style="bold")
        rows = [(marked(one.mark), one.exercise.name, points(one.exercise.points), note(one)) for one in book.exercises]
        rows += [
            (marked(Mark.OPEN), one.name, points(one.points), "to be answered in words") for one in book.unanswered
        ]
        given = len(book.notebook.written) - len(book.unanswered)
        if given:
            worth = sum(one.points for one in book.notebook.written if one not in book.unanswered)
            rows.append((Text("·"), f"{given} answered in words", points(worth), "graded by people"))
        out.print(table(rows))


def summary(found: Progress) -> str:
    """Points and counts of an assignment: ``"12 of 78 points are right; 3 ✓ right, 1 ✗ wrong, …"``."""
    marks = [standing.mark for standing in found.exercises]
    counts = ", ".join(f"{marks.count(mark)} {mark.value} {MEANINGS[mark]}" for mark in Mark if mark in marks)
    written = found.assignment.points - found.checkable
    words = f" (and {points(written)} for answers in words)" if written else ""
    return f"{points(found.points)} of {points(found.checkable)} points by the visible checks{words}: {counts}"


def note(standing: Standing) -> str:
    """What there is to say of an exercise: where its stub stands, or what was wrong."""
    if standing.mark is Mark.OPEN:
        return standing.note or standing.place
    return standing.note
