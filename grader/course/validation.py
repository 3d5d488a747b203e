"""Find mistakes in a course.toml whose types are right: unusable names, numbers out of range, names that occur twice.

Whether course.toml agrees with the other files of the course is checked by `grader.release.consistency`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .units import seconds, size
from .values import Course, Exercise, LimitSettings, Written

# NAME is for the names of exercises, FUNCTION for those of exercises that are functions, IDENTIFIER for assignments and
# notebooks, and PACKAGE for the student's package, which must not hide a package of the kit.
NAME = re.compile(r"^[A-Za-z_][\w.]*$")
FUNCTION = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
IDENTIFIER = re.compile(r"^[A-Za-z][\w-]*$")
PACKAGE = re.compile(r"^(?!(?:grader|solutions|utils)$)[a-z_]\w*$", re.ASCII)
_CONSTRUCTOR = re.compile(r"^[A-Za-z_]\w*\.[A-Za-z_]\w*$")

Fault = tuple[str, str]
"""A name that stands in course.toml, by which the line is found, and a sentence that says what is wrong."""


def faults(course: Course) -> Iterator[Fault]:
    """Yield every mistake in a course that the types of `grader.course.values` cannot rule out.

    Parameters
    ----------
    course : Course

    Yields
    ------
    Fault
    """
    yield from _settings(course)
    yield from _names(course)
    for assignment in course.assignment:
        for exercise in assignment.exercises:
            yield from _exercise(exercise)
    yield from _further(course)


def _settings(course: Course) -> Iterator[Fault]:
    """Check the tables ``[course]``, ``[late]``, ``[grading]``, ``[checks]``, ``[book]`` and ``[limits]``."""
    for text, convert in ((course.late.grace, seconds), (course.limits.memory, size)):
        try:
            convert(text)
        except ValueError as error:
            yield text, f"{error}."
    if not 0 <= course.late.per_day <= 1:
        yield "late", f"late.per_day is {course.late.per_day}; it is a share between 0 and 1."
    if not 0 <= course.grading.follow_through <= 1:
        sentence = f"grading.follow_through is {course.grading.follow_through}; it is a share between 0 and 1."
        yield "follow_through", sentence
    if not 0 < course.grading.core <= 1:
        yield "core", f"grading.core is {course.grading.core}; it is a share above 0 and up to 1."
    if course.checks.hint_level not in (1, 2, 3):
        yield "hint_level", f"checks.hint_level is {course.checks.hint_level}; it should be 1, 2 or 3."
    if not PACKAGE.match(course.package):
        rule = "it is the name of the Python package that students complete, and none of grader, solutions and utils"
        yield "package", f'course.package is "{course.package}"; {rule}.'
    if course.book.address and not re.match(r"https?://[^/\s]+\S*$", course.book.address):
        yield "address", f'book.address is "{course.book.address}"; write it like https://example.org/course.'
    yield from _limits(course.limits)


def _limits(limits: LimitSettings) -> Iterator[Fault]:
    """Check that the seconds are positive, finite, and no smaller for more work."""
    if not limits.seconds > 0:
        yield "limits", f"limits.seconds is {limits.seconds}; it has to be positive."
    if not limits.seconds <= limits.exercise_seconds <= limits.submission_seconds < float("inf"):
        rule = "an exercise has to have the seconds of a program at least, and a submission those of an exercise"
        values = f"{limits.seconds:g}, {limits.exercise_seconds:g} and {limits.submission_seconds:g}"
        yield "limits", f"limits.seconds, exercise_seconds and submission_seconds are {values}; {rule}."


def _names(course: Course) -> Iterator[Fault]:
    """Check that names of assignments, notebooks and exercises are usable and unique, and that points can be given."""
    assignments: set[str] = set()
    items: set[str] = set()  # exercises and written questions of the whole course
    for assignment in course.assignment:
        for name in (assignment.name, assignment.source or assignment.name):
            if not IDENTIFIER.match(name):
                yield name, f'"{name}" is no assignment name; use letters and digits.'
        if assignment.name in assignments:
            yield assignment.name, f'"{assignment.name}" stands there twice; give one of the assignments another name.'
        assignments.add(assignment.name)
        notebooks: set[str] = set()
        for notebook in assignment.notebook:
            for name in (notebook.name, notebook.source or notebook.name):
                if not IDENTIFIER.match(name):
                    yield name, f'"{name}" is no notebook name; use letters and digits.'
            if notebook.name in notebooks:
                yield notebook.name, f'"{notebook.name}" stands there twice in {assignment.name}; rename one of them.'
            notebooks.add(notebook.name)
            graded: tuple[Exercise | Written, ...] = (*notebook.exercises, *notebook.written)
            for item in graded:
                if not 0 <= item.points < float("inf"):
                    yield item.name, f'"{item.name}" is worth {item.points} points; give it a positive number, or 0.'
            for name in (*(item.name for item in graded), *notebook.further):
                if name in items:
                    yield name, f'"{name}" stands there twice; an exercise belongs to one notebook.'
                items.add(name)


def _exercise(exercise: Exercise) -> Iterator[Fault]:
    """Check the name and the settings of one exercise."""
    name = exercise.name
    if not NAME.match(name) or "." not in name:
        yield name, f'"{name}" is no exercise; write "module.function".'
        return
    if exercise.further:
        yield name, f'"{name}": further is no key of an exercise; list its name under further in its notebook.'
    if (exercise.module == "models") != (exercise.score is not None):
        yield name, f'"{name}": a score range belongs to models.* and to them only.'
    if exercise.constructor and (exercise.score is None or not _CONSTRUCTOR.match(exercise.constructor)):
        rule = 'builds a trained net, with a score range; write constructor = "module.function"'
        yield name, f'"{name}": a constructor {rule}.'
    if exercise.follow_through is not None and (exercise.score or not 0 <= exercise.follow_through <= 1):
        rule = "is a share between 0 and 1" if not exercise.score else "is not for trained nets; remove it"
        yield name, f'"{name}": follow_through {rule}.'
    if exercise.core is not None and (exercise.score or not 0 < exercise.core <= 1):
        rule = "is a share above 0 and up to 1" if not exercise.score else "is not for trained nets; remove it"
        yield name, f'"{name}": core {rule}.'
    if exercise.score and not 0 <= exercise.score.start < exercise.score.stop <= 1:
        yield name, f'"{name}": the score range must satisfy 0 <= from < to <= 1.'


def _further(course: Course) -> Iterator[Fault]:
    """Check the exercises that are not graded.

    They need a file of their own, because a mistake in one of them, such as an error at import, would break graded
    exercises in the same file.
    """
    graded = {exercise.written_in[0] for _, exercise in course.exercises() if "." in exercise.name}
    names = {exercise.name for _, exercise in course.exercises()}
    for name in (exercise.name for assignment in course.assignment for exercise in assignment.further):
        module = name.partition(".")[0]
        if not FUNCTION.match(name):
            yield name, f'"{name}" is no exercise; write "module.function".'
        elif module == "models":
            yield name, f'"{name}" is a trained net; a further exercise is a function.'
        elif module in graded and name not in names:
            sentence = f'"{name}" is not graded, but {module}.py is; write it in a file of its own, such as further.py.'
            yield name, sentence
