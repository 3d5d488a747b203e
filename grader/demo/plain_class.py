"""Make up a class for a course that does not define one of its own, from its reference and recipes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..course import Assignment, Exercise
from ..recipes import recipe
from ..reference import Reference
from ..release.regions import regions
from .kit import MARKERS, Files, Kit, Student, in_folder, with_mistakes


def plain_class(assignment: Assignment, reference: Reference) -> Iterator[Student]:
    """Yield the students of the class.

    One has everything right, one has written nothing, one has an endless loop, and one a file that cannot be imported.
    For each exercise there is one with the first known misconception.
    """
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
    """Return right files in which one function never ends."""
    source = kit.reference.source(exercise.module)
    lines = source.split("\n")
    for region in reversed(regions(source, kit.reference.path(exercise.module))):  # earlier line numbers stay true
        if region.function == exercise.function:
            marker = lines[region.begin - 1]
            lines[region.begin - 1 : region.end] = [f"{marker[: marker.index('#')]}while True: pass"]
    text = "\n".join(line for line in lines if line.strip() not in MARKERS)
    return {**kit.solved, kit.path(exercise.module): text.encode()}


def _crash(exercise: Exercise, kit: Kit) -> Files:
    """Return right files of which one imports a package that does not exist."""
    text = f"{kit.text(exercise.module)}\nimport no_such_package\n"
    return {**kit.solved, kit.path(exercise.module): text.encode()}


def _mistake(mistake: tuple[str, str], kit: Kit) -> Files:
    """Return right files with one known misconception."""
    return with_mistakes(dict(kit.solved), kit, mistake)
