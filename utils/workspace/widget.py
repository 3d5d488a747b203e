"""Show at the head of a notebook where one is; it follows the checks that are run below it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from utils.checks.assignments import Assignment
from utils.checks.course import Course, find
from utils.checks.pack import PackError

from .deadline import due_text
from .progress import MEANINGS, Mark, NotebookProgress, Progress, Standing, next_step, progress

_COLOURS = {  # readable on white and on black; each mark also has a sign of its own
    Mark.RIGHT: "#2b9348",
    Mark.WRONG: "#d1495b",
    Mark.OPEN: "inherit",
    Mark.UNCHECKED: "#b7791f",
    Mark.PARTLY: "#b7791f",
}
_shown: list[Any] = []  # the handle of the display that is there, and the course and assignment that it shows


def show_status() -> None:
    """Show how the assignment stands that this notebook belongs to: points, ✓ ✗ ○, what is next, days left.

    It shows what the checks said last, and runs nothing. Where it cannot tell, it says why in a line.
    """
    from IPython.display import HTML, display

    _shown.clear()
    try:
        course = find()
    except PackError as error:
        print(error)
        return
    assignment = assignment_here(course, Path.cwd())
    if assignment is None:
        return  # a notebook elsewhere, or a release that does not say what is asked for
    handle = display(HTML(page(course, progress(course, assignment))), display_id=True)
    _shown.extend((handle, course, assignment))


def refresh() -> None:
    """Bring the display up to date, if there is one; called after each check."""
    from IPython.display import HTML

    if _shown and _shown[0] is not None:
        handle, course, assignment = _shown
        handle.update(HTML(page(course, progress(course, assignment))))


def assignment_here(course: Course, folder: Path) -> Assignment | None:
    """Return the assignment whose folder this is, or lies in; None elsewhere."""
    for one in course.assignments_here:
        if folder.resolve().is_relative_to((course.notebooks_folder / one.name).resolve()):
            return one
    return None


def page(course: Course, found: Progress) -> str:
    """Return the status of an assignment as HTML: no scripts, and no colours of its own but those of the marks."""
    assignment, step = found.assignment, next_step(found)
    share = 100 * found.points / found.checkable if found.checkable else 0
    words = (
        f"<b>Next:</b> <code>{escape(step.exercise.name)}</code> ({step.exercise.points:g} points), "
        f"in <code>{escape(step.place)}</code>"
        if step
        else "<b>Everything that can be checked is right.</b>"
    )
    marks = [standing.mark for standing in found.exercises]
    legend = " · ".join(f"{mark} {MEANINGS[mark]}" for mark in Mark if mark in marks)
    rows = "".join(_row(book) for book in found.notebooks)
    return (
        '<div style="font-size:0.9em;line-height:1.5;border:1px solid rgba(128,128,128,0.5);border-radius:6px;'
        'padding:0.6em 0.9em;max-width:60em;background:transparent">'
        f"<div><b>{escape(assignment.name)}</b> {escape(assignment.title)}"
        f' <span style="opacity:0.75">· {escape(due_text(assignment, course.late))}</span></div>'
        '<div role="img" style="height:6px;margin:0.4em 0;border-radius:3px;background:rgba(128,128,128,0.3)" '
        f'aria-label="{share:.0f} % of the points by the visible checks">'
        f'<div style="height:6px;border-radius:3px;width:{share:.0f}%;background:{_COLOURS[Mark.RIGHT]}"></div></div>'
        f"<div>{found.points:g} of {found.checkable:g} points by the visible checks"
        f' <span style="opacity:0.75">({legend})</span></div>'
        f"{rows}"
        f'<div style="margin-top:0.4em">{words}</div></div>'
    )


def _row(book: NotebookProgress) -> str:
    """Return a line with the exercises of a notebook."""
    chips = " ".join(_chip(standing) for standing in book.exercises)
    left = f"{len(book.unanswered)} to be answered in words" if book.unanswered else ""
    words = f' <span style="white-space:nowrap;opacity:0.75">○ {left}</span>' if left else ""
    return f'<div style="margin-top:0.3em"><b>{escape(book.notebook.name)}</b>&ensp;{chips}{words}</div>'


def _chip(standing: Standing) -> str:
    exercise = standing.exercise
    note = f": {standing.note}" if standing.note else ""
    about = escape(f"{exercise.name}, {exercise.points:g} points, {MEANINGS[standing.mark]}{note}", quote=True)
    name = escape(exercise.function.replace("_", "_\u200b"))  # long names may be broken at an underscore
    return (
        f'<span title="{about}" style="margin-right:0.6em">'
        f'<span style="color:{_COLOURS[standing.mark]};font-weight:bold">{standing.mark}</span>&nbsp;{name}</span>'
    )
