"""Print what was written into a course, and what does not fit in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..course import Course
from ..errors import Problem

if TYPE_CHECKING:
    from ..authoring import NewExercise
    from ..book import Book
    from ..release import Release
    from ..release.consistency import Findings


def remarks(found: Sequence[Problem]) -> str:
    """Return a list of the parts of a course that are not used, a line for each; ``""`` if there are none."""
    head = (
        f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} left over; nothing has to be done about them:"
    )
    return "\n".join([head, *(f"  - {remark}" for remark in found)]) if found else ""


def new_exercise(name: str, made: NewExercise) -> str:
    """Return the parts of an exercise that were written, those that existed already, and the next step."""
    lines = ["Written:", *(f"  - {part}" for part in made.written)]
    if made.found:
        lines += ["There already, and left as it is:", *(f"  - {part}" for part in made.found)]
    return "\n".join([*lines, f"Next: `grader prove {name}` names each line that waits for you, as TO WRITE."])


def started(course: Course, found: Findings | None) -> str:
    """Return a description of a new course, the problems in its files, and the next step."""
    names = ", ".join(assignment.name for assignment in course.assignment)
    lines = [f"{course.root} is a course now: {course.course.title}, with {names}."]
    if found and found.errors:
        lines += ["What does not fit any more:", *(f"  - {error}" for error in found.errors)]
    if found and found.remarks:
        lines.append(remarks(found.remarks))
    return "\n".join([*lines, f"Next: cd {course.root}, read README.md, and run `grader release`."])


def released(result: Release) -> str:
    """Return the list of files that a release changed."""
    if not result.written and not result.removed:
        return f"Nothing to do: {result.unchanged} files are up to date."
    lines = [f"  wrote {path}" for path in result.written] + [f"  removed {path}" for path in result.removed]
    return "\n".join([*lines, f"{len(result.written)} files written, {result.unchanged} were up to date."])


def book(made: Book) -> str:
    """Return where a book is, and what in it is to be corrected."""
    lines = [f"{made.pages} pages: {made.folder / 'index.html'}"]
    if made.warnings:
        lines += ["To be corrected, with paths in the course folder:", *(f"  - {line}" for line in made.warnings)]
    return "\n".join(lines)
