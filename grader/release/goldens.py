"""Build golden packs, the files from which the student's own `check` judges an answer.

A pack holds the visible cases with the reference's outputs. For each misconception that a case exposes, it also holds
the outputs that a student with this misconception would get. This is enough to judge an answer and to name a mistake,
and it does not show how the answer is computed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from datetime import UTC

import numpy as np

from utils.checks.compare import as_array, close
from utils.checks.course import FOLDER, TABLE
from utils.checks.pack import GoldenCase, Pack, PackError
from utils.checks.program import Crash

from ..course import Assignment, Course, Exercise, Notebook
from ..course.decisions import aware
from ..errors import CourseError
from ..host.files import content
from ..judging.trial import Trial
from ..recipes import GivenNet, OwnNet, recipe, trained_net
from ..reference import Reference
from ..sandbox.allowed import ALWAYS, IF_IMPORTED, STAND_INS
from ..sandbox.given_utils import names_used
from ..submission.submission import CAPS
from .places import PLACES_TABLE, places_table

COURSE_TABLE = f"{FOLDER}/{TABLE}"


def build(course: Course, assignment: Assignment, reference: Reference) -> dict[str, bytes]:
    """Build the golden packs of an assignment, and the table from which the student's checks know the course.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    reference : Reference

    Returns
    -------
    dict of str to bytes
        Contents by path relative to the course folder: ``goldens/<exercise>.npz``, ``goldens/course.json``
        and ``goldens/places.json``.

    Raises
    ------
    CourseError
        When a pack needs a package that is not installed, and there is no earlier pack in the course folder to keep.
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
    return {**packs, COURSE_TABLE: course_table(course, reference), PLACES_TABLE: places_table(course)}


def unexamined_packs(course: Course, assignments: Iterable[Assignment]) -> str:
    """Return a sentence on the packs that a release keeps because a package to make them is missing, or ``""``."""
    exercises = (e for assignment in assignments for e in (*assignment.exercises, *assignment.further))
    modules = dict.fromkeys(e.module for e in exercises if course.absent(e.module))
    if not modules:
        return ""
    packages = ", ".join(dict.fromkeys(course.absent(module) for module in modules))
    return f"{packages} is not installed: the checks of {', '.join(modules)} are kept as they are, unexamined."


def _kept(course: Course, path: str, package: str) -> bytes:
    """Return a pack as it is in the course folder, because it cannot be made without `package`."""
    pack = content(course.root / path)
    if pack is None:
        raise CourseError(f"{path} is missing and cannot be made without {package}; run: pip install {package}")
    return pack


def course_table(course: Course, reference: Reference) -> bytes:
    """Make the table that the student's checks and commands read, as JSON.

    It says what they have to know of the course and of its nets; in ``assignments`` and ``late``, what is asked for and
    when; and in ``imports``, what a file that is handed in may import: the packages that can be used (``use``, and
    ``use_in`` for a single file), those that can be imported but not called (``load``), and the functions of ``utils``
    that each file may call (``utils``). ``largest`` has the sizes above which a file is not taken.
    """
    nets = {
        exercise.name: {
            "from": exercise.score.start,
            "to": exercise.score.stop,
            **_how_run(exercise, reference),
        }
        for _, exercise in course.exercises()
        if exercise.score is not None
    }
    table = {
        "package": course.package,
        "title": course.course.title,
        "hint_level": course.checks.hint_level,
        "limits": {
            "seconds": course.limits.seconds,
            "exercise_seconds": course.limits.exercise_seconds,
            "memory": course.limits.memory_bytes,
        },
        "nets": nets,
        "assignments": [_assignment(assignment) for assignment in course.assignment],
        "late": {
            "grace_seconds": course.late.grace_seconds,
            "per_day": course.late.per_day,
            "days": course.late.days,
        },
        "imports": _imports(course, reference),
        "largest": CAPS,
    }
    return json.dumps(table, indent=2, ensure_ascii=False).encode() + b"\n"


def _assignment(assignment: Assignment) -> dict[str, object]:
    """Describe what an assignment asks for, and when it is due."""
    due = aware(assignment.due).astimezone(UTC).isoformat()
    notebooks = [_notebook(notebook) for notebook in assignment.notebook]
    return {"name": assignment.name, "title": assignment.title, "due": due, "notebooks": notebooks}


def _notebook(notebook: Notebook) -> dict[str, object]:
    exercises = [
        {"name": one.name, "points": one.points, "file": one.file}
        | ({"requires": list(one.requires)} if one.requires else {})
        for one in notebook.exercises
    ]
    written = [{"name": one.name, "points": one.points} for one in notebook.written]
    optional = {"optional": list(notebook.further)} if notebook.further else {}
    return {"name": notebook.name, "exercises": exercises, "written": written, **optional}


def _imports(course: Course, reference: Reference) -> dict[str, object]:
    """List what the files that are handed in may import; see `course_table`."""
    modules = dict.fromkeys(exercise.written_in[0] for _, exercise in course.exercises())
    used = {module: names_used(reference.source(module)) for module in modules if module != "models"}
    return {
        "use": [*ALWAYS, *IF_IMPORTED],
        "use_in": dict(course.packages),
        "load": list(STAND_INS),
        "utils": {module: list(names) for module, names in used.items()},
    }


def _how_run(exercise: Exercise, reference: Reference) -> dict[str, object]:
    """Describe how the student's checks run a trained net: the program, and what the net's file has to hold."""
    net = trained_net(reference, exercise.name)
    if isinstance(net, OwnNet):
        return {"run": net.visible, "constructor": exercise.constructor, "classes": net.classes}
    shapes = net.shapes if isinstance(net, GivenNet) else {}
    return {"run": net.visible, "shapes": {name: list(shape) for name, shape in shapes.items()}}


def visible(name: str, reference: Reference) -> Trial:
    """Make the visible cases of an exercise, with the reference's answers.

    The seed depends only on the exercise's name, so that every release draws the same cases. It is a checksum, because
    `hash` of a string differs from process to process.
    """
    return Trial.drawn(recipe(reference, name), reference, np.random.default_rng(zlib.crc32(name.encode())))


def build_pack(
    name: str, reference: Reference, requires: tuple[str, ...] = (), needs: str = "", *, optional: bool = False
) -> Pack:
    """Build the golden pack of one exercise.

    Its cases depend on the recipe and on the exercise's name. The hidden cases also depend on the course's secret.

    Parameters
    ----------
    name : str
        The exercise, ``"module.function"``.
    reference : Reference
    requires : tuple of str, optional
        Exercises that students have to solve before this one.
    needs : str, default ""
        A package that the exercise needs and that is not installed with the course.
    optional : bool, default False
        Whether the exercise is not graded.

    Returns
    -------
    Pack
    """
    trial = visible(name, reference)
    cases = tuple(
        GoldenCase(case, trial.expected(index).values, trial.misconceptions(index))
        for index, case in enumerate(trial.cases)
    )
    return Pack(name, trial.recipe.hints, cases, requires, needs, optional)


def same(old: bytes, new: bytes) -> bool:
    """Tell whether two packs are equal, apart from differences in rounding between the BLAS of two machines."""
    try:
        before, after = Pack.from_bytes(old), Pack.from_bytes(new)
    except PackError:
        return False
    return _same(_plain(before), _plain(after))


def _plain(pack: Pack) -> object:
    """Return a pack as nested dicts, lists and arrays, for `_same`."""
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
                "effects": golden.case.effects,
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
    """Compare nested dicts, lists and arrays: floats up to rounding, everything else exactly."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    before, after = as_array(old), as_array(new)
    if before is None or after is None:
        return old == new
    if before.shape != after.shape or before.dtype != after.dtype:
        return False
    # Some values would be 0 without rounding, such as the gradient of a bias before batch normalisation. They differ
    # from machine to machine, so two numbers also count as equal when they differ only by the rounding of 0.01.
    return bool(close(before, after, summed=0.01).all())
