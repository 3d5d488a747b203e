"""Say in words what the commands that exchange submissions and grades have done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..course import Assignment
from ..exchange.collecting import Collected
from ..exchange.exporting import Exported
from ..exchange.record import ON_TIME, lateness
from ..wording import one_line

_MOST: Final = 20  # names in one sentence, lines in one list


def collected(done: Collected, assignment: Assignment, has_roster: bool) -> str:
    """Return what a collection has done: whose attempts count, who is late, missing and unknown."""
    counts = (
        f"{assignment.name}: {len(done.new)} new, {len(done.replaced)} replaced by a newer attempt, "
        f"{len(done.unchanged)} unchanged, {len(done.older)} older than what counts; "
        f"{len(done.taken)} collected in all."
    )
    lines = [counts]
    for what, students in (
        ("Replaced", done.replaced),
        ("Not taken, because a newer attempt counts already", done.older),
        ("Missing", done.missing),
    ):
        if students:
            lines.append(f"{what}: {_listed(students)}.")
    if done.left:
        lines.append(
            f"Collected before and not in the roster: {_listed(done.left)}. They are graded, too; to leave them "
            "out, delete their folders and collect again."
        )
    if not has_roster:
        lines.append("Who is missing is not known: put a roster.csv into the course folder, or name one with --roster.")
    late = {student: lateness(taken, assignment) for student, taken in sorted(done.taken.items())}
    lines += _list("Late, by the due date of course.toml", [f"{s}: {how}" for s, how in late.items() if "late" in how])
    untimed = [student for student, how in late.items() if "not known" in how]
    if untimed:
        lines.append(
            f"When these were handed in is not known, so nothing is taken off: {_listed(untimed)}. "
            "To change that, collect again with --times."
        )
    several = [f"{s}: {t.why}" for s, t in sorted(done.taken.items()) if t.why != "the only attempt"]
    lines += _list("Of several attempts", several)
    lines += _list("Not taken", [f"{unknown.name} {unknown.why}" for unknown in done.unknown])
    remarks = [f"{s}: {note}" for s, t in sorted(done.taken.items()) for note in t.notes if note != ON_TIME]
    lines += _list("Remarks", remarks)
    lines += _list("Cannot be read", done.troubles)
    return "\n".join([*lines, f"All of it: {done.table}"])


def exported(done: Exported) -> str:
    """Return what an export has written, and whom it leaves out."""
    table, pages = done.table, done.pages
    lines = [f"Grades: {done.grades}"]
    if pages.number:
        lines.append(f"Feedback, {pages.number:,} {'page' if pages.number == 1 else 'pages'}: {done.feedback}")
    if table.left_out:
        lines.append(f"Not in the table, because nothing says who they are there: {_listed(table.left_out)}.")
    if pages.left_out:
        lines.append(f"Without a feedback page, or without a name for it there: {_listed(pages.left_out)}.")
    if done.by_hand:
        lines.append(
            f"Answers of these are still to be graded by hand, so their totals will grow: {_listed(done.by_hand)}."
        )
    return "\n".join([*lines, *table.remarks])


def bundled(path: Path) -> str:
    """Return what to do with an autograder."""
    return (
        f"Autograder: {path}\nUpload it on Gradescope's page Configure Autograder. It holds the reference of this "
        "assignment, so give it to nobody else. The log of the build says which sandbox holds there."
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return ", ".join(one_line(name, 60) for name in names[:_MOST]) + more


def _list(head: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  … and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
    return [f"{head}:", *(f"  - {one_line(line, 300)}" for line in lines[:_MOST]), *more]
