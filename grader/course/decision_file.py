"""Read decisions.toml, and report what is wrong in it, with line numbers."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import msgspec
from msgspec.structs import replace

from ..errors import CourseError, Problem, UnusableCourseFiles
from .decisions import Bonus, Decision, Decisions, Extension, LateDays, Override, Weight, aware
from .values import Assignment, Course, Notebook

FILE: Final = "decisions.toml"


def with_decisions(course: Course) -> Course:
    """Return the course with the decisions of its decisions.toml, where there is one, and the weights that they give.

    Raises
    ------
    CourseError
        When the file cannot be read, or is not valid. The message lists every mistake with its line.
    """
    path = course.root / FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return course
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}); restore it from the course's repository.") from None
    return decided(course, text)


def decided(course: Course, text: str) -> Course:
    """Return the course with the decisions that a text of decisions.toml has; see `with_decisions`."""
    decisions = parse(text)
    problems = sorted({Problem(FILE, decision.line, sentence) for decision, sentence in _faults(course, decisions)})
    if problems:
        raise UnusableCourseFiles(problems)
    weights = {weight.question: weight.points for weight in decisions.weight}
    assignments = tuple(_weighted(assignment, weights) for assignment in course.assignment)
    return replace(course, decisions=decisions, assignment=assignments)


def parse(text: str) -> Decisions:
    """Read a text of decisions.toml, each decision with its line.

    Raises
    ------
    CourseError
        When it is not TOML, has an unknown key or a value of the wrong type.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{FILE} is not valid TOML: {error}.") from None
    lines = _Lines(text)
    for kind, entries in data.items():
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and "line" in entry:  # set below, and no key of the file
                raise lines.error(kind, index, "line", 'unknown key "line"; remove it.')
    try:
        decisions = msgspec.convert(data, Decisions)
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at ")
        kind, index, key = _place(place, sentence)
        where = f"{place.strip('`$.') or 'the top'}{_kinds(place)}"
        raise lines.error(kind, index, key, f"{sentence} at {where}.") from None
    kinds = {
        kind: tuple(replace(one, line=lines.of(kind, index)) for index, one in enumerate(getattr(decisions, kind)))
        for kind in decisions.__struct_fields__
    }
    return Decisions(**kinds)


def _kinds(place: str) -> str:
    """Return what may stand at the top of the file, for a message about the top."""
    return "" if place else f"; there are [[{']], [['.join(Decisions.__struct_fields__)}]]"


def _place(place: str, sentence: str) -> tuple[str, int, str]:
    """Return the kind, the index and the key of a wrong value, as msgspec writes them: ```$.extension[2].days```."""
    found = re.match(r"`?\$\.(\w+)(?:\[(\d+)\])?(?:\.(\w+))?", place)
    unknown = re.search(r"unknown field `(\w+)`", sentence)
    key = unknown[1] if unknown else ""
    return (found[1], int(found[2] or 0), found[3] or key) if found else (key, 0, "")


@dataclass(frozen=True)
class _Lines:
    """Finds lines in the text of decisions.toml; a TOML parser does not give any."""

    text: str

    def of(self, kind: str, index: int, key: str = "") -> int:
        """Return the line on which a decision begins, or on which a key of it stands; 1 where it is not found."""
        lines = self.text.splitlines()
        headers = [number for number, line in enumerate(lines) if re.match(rf"\s*\[+\s*{re.escape(kind)}\s*\]", line)]
        if index >= len(headers):
            named = [number for number, line in enumerate(lines) if re.match(rf"\s*{re.escape(kind)}\s*=", line)]
            return named[0] + 1 if named else 1
        start = headers[index]
        for number in range(start + 1, len(lines)) if key else ():
            if re.match(r"\s*\[", lines[number]):
                break
            if re.match(rf"\s*{re.escape(key)}\s*=", lines[number]):
                return number + 1
        return start + 1

    def error(self, kind: str, index: int, key: str, sentence: str) -> UnusableCourseFiles:
        """Make the error that says this sentence about a key."""
        return UnusableCourseFiles([Problem(FILE, self.of(kind, index, key), sentence)])


def _faults(course: Course, decisions: Decisions) -> Iterator[tuple[Decision, str]]:
    """Yield every mistake that the types of `decisions` cannot rule out, with the decision that has it."""
    assignments = {assignment.name: assignment for assignment in course.assignment}
    questions = {name for assignment in course.assignment for name in assignment.questions}
    for decision in decisions:
        assignment, question = getattr(decision, "assignment", None), getattr(decision, "question", None)
        if assignment is not None and assignment not in assignments:
            yield decision, f'there is no assignment "{assignment}"; there are {", ".join(assignments)}.'
        elif isinstance(decision, Extension):
            yield from ((decision, fault) for fault in _extension(decision, assignments[decision.assignment]))
        if question is not None and question not in questions:
            yield decision, f'there is no exercise or written question "{question}"{_like(question, questions)}.'
        students = getattr(decision, "students", "all")
        if students in ((), ("",)):
            yield decision, 'it is about nobody; write students = ["…"], or "all".'
        elif isinstance(students, str) and students != "all":
            yield decision, f'students is "{students}"; write ["{students}"] for one student, or "all".'
        yield from ((decision, fault) for fault in _numbers(decision))
    for kind in (decisions.void, decisions.weight):
        seen: set[str] = set()
        for entry in kind:
            if entry.question in seen:
                yield entry, f'"{entry.question}" stands there twice; remove one of them.'
            seen.add(entry.question)


def _extension(decision: Extension, assignment: Assignment) -> Iterator[str]:
    if (decision.until is None) == (decision.days is None):
        yield "an extension has either until or days; write one of them."
    elif decision.until is not None and aware(decision.until) <= aware(assignment.due):
        yield f"until is not after {assignment.name} is due, on {assignment.due:%Y-%m-%d %H:%M %Z}; write a later time."
    elif decision.days is not None and not 0 < decision.days <= 3650:
        yield f"days is {decision.days:g}; it is a number above 0 and up to 3650."


def _numbers(decision: Decision) -> Iterator[str]:
    """Yield what is wrong with the numbers of a decision, and with what they are about."""
    if isinstance(decision, LateDays) and (decision.days < 0 or (decision.most is not None and decision.most < 1)):
        yield "days is a number of days from 0, and most one from 1."
    if isinstance(decision, Bonus) and not 0 < decision.points < math.inf:
        yield f"points is {decision.points:g}; a bonus is a number above 0."
    if isinstance(decision, Override | Weight) and not 0 <= decision.points < math.inf:
        yield f"points is {decision.points:g}; it is a number from 0."
    if isinstance(decision, Override):
        if (decision.question is None) == (decision.assignment is None):
            yield "an override has either a question or an assignment; write one of them."
        if not decision.reason.strip():
            yield "an override has a reason, which the student reads; write it."


def _like(name: str, names: set[str]) -> str:
    """Return a question for a name that was meant, or ``"; see course.toml"``."""
    close = get_close_matches(name, names, 1)
    return f'; did you mean "{close[0]}"' if close else "; course.toml lists them"


def _weighted(assignment: Assignment, weights: dict[str, float]) -> Assignment:
    """Return the assignment with other points for some of its questions."""
    if weights.keys().isdisjoint(assignment.questions):
        return assignment
    return replace(
        assignment, notebook=tuple(_weighted_notebook(notebook, weights) for notebook in assignment.notebook)
    )


def _weighted_notebook(notebook: Notebook, weights: dict[str, float]) -> Notebook:
    exercises = tuple(replace(one, points=weights.get(one.name, one.points)) for one in notebook.exercises)
    written = tuple(replace(one, points=weights.get(one.name, one.points)) for one in notebook.written)
    return replace(notebook, exercises=exercises, written=written)
