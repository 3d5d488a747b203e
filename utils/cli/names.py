"""Find an assignment by the name that was typed, and say what is called alike where there is none."""

from __future__ import annotations

from difflib import get_close_matches

import typer

from ..checks.assignments import Assignment
from ..checks.course import Course


def assignment_named(name: str, course: Course) -> Assignment:
    """Return an assignment that the student has; ends the command where there is none of this name."""
    here = {one.name.lower(): one for one in course.assignments_here}
    clean = name.strip("/\\").replace("\\", "/").rpartition("/")[2].lower()
    if clean in here:
        return here[clean]
    if clean in {one.name.lower() for one in course.assignments}:
        why = f"{clean} is not in this folder yet; get the newer files of the course first."
    elif close := get_close_matches(clean, here, n=1):
        why = f'There is no assignment "{name}"; did you mean {here[close[0]].name}?'
    else:
        there = ", ".join(one.name for one in here.values()) or "none"
        why = f'There is no assignment "{name}"; there are {there}, in {course.notebooks_folder}.'
    typer.echo(why, err=True)
    raise typer.Exit(2)


def no_plan(course: Course) -> bool:
    """Whether the course's files are too old to say what is asked for; then this says so."""
    if course.assignments:
        return False
    typer.echo(
        f"{course.goldens}/course.json does not list the assignments: it is older than this command. "
        "Get the course's files again.",
        err=True,
    )
    return True
