"""A class that is made up: submissions of an assignment, some not begun, some right, some with known misconceptions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from grader.classrun.self_test import reference_submission
from grader.course import Assignment, Course
from grader.errors import UnusableCourseFiles
from grader.patch import Hunk
from grader.recipes import recipe
from grader.reference import Reference
from grader.release.strip import package

KINDS = ("stub", "right", "wrong")
MOST_MISTAKES = 8
Files = dict[str, bytes]


def made_up(course: Course, assignment: Assignment, count: int, seed: int = 0) -> Iterator[tuple[str, Files]]:
    """Make a class up.

    Parameters
    ----------
    course, assignment : Course, Assignment
    count : int
        How many submissions; the kinds take turns.
    seed : int, default 0

    Yields
    ------
    tuple of str and dict
        A name such as ``"0002-wrong"``, and contents by path.
    """
    rng = random.Random(seed)
    stubs = {path: data for path, data in package(course).items() if path in assignment.files}
    solved = reference_submission(course, assignment).files
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        files = {**(stubs if kind == "stub" else solved)}
        if kind == "wrong":
            files |= _with_mistakes(Reference.of(course), assignment, rng.randint(1, MOST_MISTAKES), rng)
        mark = f"\n# submission {number}\n".encode()
        yield f"{number:04}-{kind}", {p: data + mark if p.endswith(".py") else data for p, data in files.items()}


def _with_mistakes(reference: Reference, assignment: Assignment, count: int, rng: random.Random) -> Files:
    """The modules that have so many misconceptions, each in another exercise; fewer where they do not go together."""
    hunks: dict[str, list[Hunk]] = {}
    changed: Files = {}
    exercises = [exercise.name for exercise in assignment.exercises if not exercise.score]
    for name in rng.sample(exercises, min(count, len(exercises))):
        spec = recipe(reference, name)
        if not spec.misconceptions:
            continue
        together = [*hunks.get(spec.module, ()), *rng.choice(spec.misconceptions).hunks]
        try:
            text = reference.changed(spec.module, together)
        except UnusableCourseFiles:  # two misconceptions change the same lines
            continue
        hunks[spec.module] = together
        changed[f"{reference.package}/{spec.module}.py"] = text.encode()
    return changed


def write(folder: Path, files: Files) -> None:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
