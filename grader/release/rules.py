"""Name, for students, what an exercise is checked for besides its core, so that no rule is news in a report.

The words are made from the recipe's visible cases, so they cannot become stale. They stand in the stub, above the line
to replace, and in the notebook, above the check.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from utils.checks.case import Case, Trait
from utils.checks.diagnose import CORE, SHAPE, Division

from ..course import Course, Exercise
from ..reference import Reference
from .goldens import visible

WIDTH = 100  # characters of a line


def also_checked(course: Course, exercise: Exercise) -> list[str]:
    """Say which traits an exercise is checked for.

    Parameters
    ----------
    course : Course
    exercise : Exercise
        A function; trained nets have no traits.

    Returns
    -------
    list of str
        A heading, and a line for each trait, such as ``"- edge shape: one row; one column"``: the name that the trait
        has in a report, and the titles of its cases.

    Raises
    ------
    CourseError
        When there is no recipe for the exercise, or it cannot be used.
    """
    cases = visible(exercise.name, Reference.of(course)).cases
    division = Division(cases)
    said: dict[str, list[str]] = {SHAPE: ["exactly as documented"]}
    for trait in Trait:
        if any(trait in traits for traits in division.traits.values()):
            titles = [case.title for case in cases if CORE not in division.parts(case) and trait in case.traits]
            said[trait] = titles + _besides(trait, cases)
    rest = 1 - course.core(exercise)
    points = f", for {100 * rest:g} % of the points" if rest and exercise.graded else ""
    return [f"Also checked{points}:", *(f"- {name}: {'; '.join(words)}" for name, words in said.items())]


def _besides(trait: Trait, cases: Sequence[Case]) -> list[str]:
    """Say what a trait asks for in all cases, not only in its own."""
    said = []
    if trait is Trait.DTYPE and any(getattr(rule, "dtype", False) for case in cases for rule in case.aspects.values()):
        said.append("the answer has the right dtype")
    if trait is Trait.SIDE_EFFECT and any(case.unchanged for case in cases):
        said.append("arguments stay as they are, unless documented")
    if trait is Trait.SIDE_EFFECT and any(case.effects for case in cases):
        said.append("nothing else is left behind")
    return said


def comment(lines: Sequence[str]) -> list[str]:
    """Write lines as a comment; what does not fit in one line goes on, indented, in the next."""
    wrapped = (textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False) for line in lines)
    return [f"# {part}" for parts in wrapped for part in parts]


def by_exercise(course: Course) -> dict[str, list[str]]:
    """Return what `also_checked` says of each exercise that is a function, by the exercise's name."""
    exercises = (exercise for _, exercise in course.exercises(further=True) if exercise.score is None)
    return {exercise.name: also_checked(course, exercise) for exercise in exercises}
