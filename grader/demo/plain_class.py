"""The made-up class of a course that gives none of its own: everything is made from the reference and its recipes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..course import Assignment, Exercise
from ..recipes import recipe
from ..reference import Reference
from ..release.regions import regions
from .kit import MARKERS, Files, Kit, Student, in_folder, with_mistakes


def plain_class(assignment: Assignment, reference: Reference) -> Iterator[Student]:
    """Everything right, nothing written, an endless loop, a crash, and one known misconception for each exercise."""
    written = [exercise for exercise in assignment.exercises if exercise.score is None]
    yield Student("right", "everything right", in_folder(lambda kit: dict(kit.solved)))
    yield Student("untouched", "untouched stubs", in_folder(lambda kit: dict(kit.stubs)))
    for exercise in written[:1]:
        yield Student("loop", f"an endless loop in {exercise.name}", in_folder(partial(_loop, exercise)))
        yield Student("crash", f"{exercise.module}.py cannot be imported", in_folder(partial(_crash, exercise)))
    for exercise in written:
        first = (exercise.name, recipe(reference, exercise.name).misconceptions[0].id)
        yield Student(f"wrong-{exercise.grade_id}", ": ".join(first), in_folder(partial(_mistake, first)))


def _loop(exercise: Exercise, kit: Kit) -> Files:
    """All right but for a function that never ends."""
    source = kit.reference.source(exercise.module)
    lines = source.split("\n")
    for region in reversed(regions(source, kit.reference.path(exercise.module))):
        if region.function == exercise.function:
            marker = lines[region.begin - 1]
            lines[region.begin - 1 : region.end] = [f"{marker[: marker.index('#')]}while True: pass"]
    text = "\n".join(line for line in lines if line.strip() not in MARKERS)
    return {**kit.solved, kit.path(exercise.module): text.encode()}


def _crash(exercise: Exercise, kit: Kit) -> Files:
    """All right but for a file that imports what is not there."""
    text = f"{kit.text(exercise.module)}\nimport no_such_package\n"
    return {**kit.solved, kit.path(exercise.module): text.encode()}


def _mistake(mistake: tuple[str, str], kit: Kit) -> Files:
    """All right but for one known misconception."""
    return with_mistakes(dict(kit.solved), kit, mistake)
