"""Golden packs: what the student's own `check` knows without knowing the answer.

A pack holds the visible cases with the reference's outputs and, for each misconception that a case exposes, the
outputs *it* would give. That is enough to judge an answer and to name what went wrong; how to compute it is not in
there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable

import numpy as np

from utils.checks.compare import as_array, close
from utils.checks.course import FOLDER, TABLE
from utils.checks.pack import GoldenCase, Pack, PackError
from utils.checks.program import Crash

from ..course import Assignment, Course, Exercise
from ..errors import CourseError
from ..host.files import content
from ..judging.trial import Trial
from ..recipes import GivenNet, OwnNet, recipe, trained_net
from ..reference import Reference

COURSE_TABLE = f"{FOLDER}/{TABLE}"


def build(course: Course, assignment: Assignment, reference: Reference) -> dict[str, bytes]:
    """The golden packs of an assignment, and what the student's checks have to know of the course.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    reference : Reference

    Returns
    -------
    dict of str to bytes
        By path relative to the course folder.
    """
    packs = {}
    for exercise in (*assignment.exercises, *assignment.further):
        path = f"{FOLDER}/{exercise.name}.npz"
        if exercise.score is None and course.absent(exercise.module):
            packs[path] = _kept(course, path, course.absent(exercise.module))
        elif exercise.score is None:
            package = course.packages.get(exercise.module, "")
            packs[path] = build_pack(
                exercise.name, reference, exercise.requires, package, optional=not exercise.graded
            ).to_bytes()
    return {**packs, COURSE_TABLE: course_table(course, reference)}


def left_out(course: Course, assignments: Iterable[Assignment]) -> str:
    """One sentence on the packs that are kept as they are, because a package to make them is missing; or ``""``."""
    exercises = (e for assignment in assignments for e in (*assignment.exercises, *assignment.further))
    modules = dict.fromkeys(e.module for e in exercises if course.absent(e.module))
    if not modules:
        return ""
    packages = ", ".join(dict.fromkeys(course.absent(module) for module in modules))
    return f"{packages} is not installed: the checks of {', '.join(modules)} are kept as they are, unexamined."


def _kept(course: Course, path: str, package: str) -> bytes:
    """A pack as it stands in the course folder."""
    pack = content(course.root / path)
    if pack is None:
        raise CourseError(f"{path} is missing and cannot be made without {package}; run: pip install {package}")
    return pack


def course_table(course: Course, reference: Reference) -> bytes:
    """What the student's checks know of the course: package, title, and how each trained net is run and scored."""
    nets = {
        exercise.name: {
            "from": exercise.score.start,
            "to": exercise.score.stop,
            **_how_run(exercise, reference),
        }
        for _, exercise in course.exercises()
        if exercise.score is not None
    }
    table = {"package": course.package, "title": course.course.title, "nets": nets}
    return json.dumps(table, indent=2, ensure_ascii=False).encode() + b"\n"


def _how_run(exercise: Exercise, reference: Reference) -> dict[str, object]:
    net = trained_net(reference, exercise.name)
    if isinstance(net, OwnNet):
        return {"run": net.visible, "constructor": exercise.constructor, "classes": net.classes}
    shapes = net.shapes if isinstance(net, GivenNet) else {}
    return {"run": net.visible, "shapes": {name: list(shape) for name, shape in shapes.items()}}


def visible(name: str, reference: Reference) -> Trial:
    """The visible cases of an exercise, and what the reference answers."""
    return Trial(recipe(reference, name), reference, np.random.default_rng(zlib.crc32(name.encode())))


def build_pack(
    name: str, reference: Reference, requires: tuple[str, ...] = (), needs: str = "", *, optional: bool = False
) -> Pack:
    """The golden pack of one exercise; its cases are the same in every course, the hidden ones are not."""
    trial = visible(name, reference)
    cases = tuple(
        GoldenCase(case, trial.expected(index).values, trial.misconceptions(index))
        for index, case in enumerate(trial.cases)
    )
    return Pack(name, trial.recipe.hints, cases, requires, needs, optional)


def same(old: bytes, new: bytes) -> bool:
    """Whether two packs say the same: equal text, and numbers equal up to the rounding of another machine's BLAS."""
    try:
        before, after = Pack.from_bytes(old), Pack.from_bytes(new)
    except PackError:
        return False
    return _same(_plain(before), _plain(after))


def _plain(pack: Pack) -> object:
    """A pack as nested dicts, lists and arrays."""
    return {
        "exercise": pack.exercise,
        "requires": pack.requires,
        "needs": pack.needs,
        "optional": pack.optional,
        "hints": dict(pack.hints),
        "cases": [
            {
                "title": golden.case.title,
                "programs": [golden.case.program, golden.case.fallback],
                "traits": golden.case.traits,
                "writable": golden.case.writable,
                "gradients": [dict(golden.case.gradients), golden.case.objective, dict(golden.case.separate)],
                "aspects": {name: repr(rule) for name, rule in golden.case.aspects.items()},
                "inputs": golden.case.inputs,
                "expected": golden.expected,
                "misconceptions": {
                    name: answer.error if isinstance(answer, Crash) else answer.values
                    for name, answer in golden.misconceptions.items()
                },
            }
            for golden in pack.cases
        ],
    }


def _same(old: object, new: object) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    before, after = as_array(old), as_array(new)
    if before is None or after is None:
        return old == new
    if before.shape != after.shape or before.dtype != after.dtype:
        return False
    # What cancels, as the gradient of a bias before batch normalisation, is nothing but rounding; it may differ.
    return bool(close(before, after, summed=0.01).all())
