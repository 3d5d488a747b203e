"""Write decisions into decisions.toml and take them back; everything else in the file stays as people wrote it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

import tomlkit
from msgspec.structs import asdict

from ..course import Course
from ..course.decision_file import FILE, decided, parse
from ..course.decisions import Decision, Decisions, aware
from ..errors import UnusableInput
from ..host.files import content, write_if_changed
from ..wording import one_line

_HEAD: Final = """\
# Decisions of instructors: extensions, late days, void questions, bonuses, overrides, weights. See docs/instructor.md.
# Every run applies all of them anew, so one is taken back by removing it. Nothing here runs a student's code.
"""


def add(course: Course, kind: str, values: Mapping[str, Any]) -> str:
    """Write a decision at the end of decisions.toml, and return it in one line, with its place.

    Parameters
    ----------
    course : Course
        Without decisions, which may have mistakes that are to be put right.
    kind : str
        The name of its table: ``"extension"``.
    values : mapping of str to object
        Its keys; those that are None or empty are left out.

    Raises
    ------
    CourseError
        When it is not valid, or the file was not valid before. Nothing is written then.
    """
    before = _text(course)
    entry = [
        f"{key} = {tomlkit.item(value).as_string()}" for key, value in values.items() if value not in (None, "", [])
    ]
    after = "\n".join([before.rstrip() or _HEAD.rstrip(), "", f"[[{kind}]]", *entry, ""])
    decisions = decided(course, after).decisions
    write_if_changed(course.root / FILE, after.encode())
    made = getattr(decisions, kind)[-1]
    return f"{FILE}, line {made.line}: {described(kind, made)}"


def numbered(decisions: Decisions) -> list[tuple[int, str, Decision]]:
    """Return all decisions in the order of the file, each with its number, from 1, and its kind."""
    found = [(decision, kind) for kind in decisions.__struct_fields__ for decision in getattr(decisions, kind)]
    ordered = sorted(found, key=lambda each: each[0].line)
    return [(number, kind, decision) for number, (decision, kind) in enumerate(ordered, 1)]


def remove(course: Course, number: int) -> str:
    """Take the decision with this number away, and return it in one line.

    Raises
    ------
    UnusableInput
        When there is none, or it is not a table of its own, so that a person has to do it.
    """
    text = _text(course)
    decisions = parse(text)
    listed = numbered(decisions)
    if not 0 < number <= len(listed):
        raise UnusableInput(
            f"There is no decision {number}; `grader decide list` shows the {len(listed)} that there are."
        )
    _, kind, decision = listed[number - 1]
    after = _without(text, decision.line)
    left = [(kind, _plain(each)) for _, kind, each in listed if each is not decision]
    if after is None or sorted(map(repr, _all(after))) != sorted(map(repr, left)):
        raise UnusableInput(f"{FILE}, line {decision.line}, cannot be taken away by program; remove it with an editor.")
    write_if_changed(course.root / FILE, after.encode())
    return described(kind, decision)


def described(kind: str, decision: Decision) -> str:
    """Return a decision in one line: ``extension: assignment hw1, students ada, days 2 (ill)``."""
    parts = [
        f"{key} {_value(value)}" for key, value in _plain(decision).items() if key != "reason" and value is not None
    ]
    reason = f" ({decision.reason})" if decision.reason else ""
    return one_line(f"{kind}: {', '.join(parts)}{reason}", 400)


def require_known(students: Iterable[str], known: Collection[str]) -> None:
    """Raise UnusableInput for a student who is not among those that are known, if any are."""
    for student in students:
        if known and student not in known:
            close = get_close_matches(student, known, 1)
            hint = (
                f'did you mean "{one_line(close[0], 60)}"? If not, say --anyway'
                if close
                else "if it is right, say --anyway"
            )
            raise UnusableInput(f'No student "{one_line(student, 60)}" has handed in anything; {hint}.')


def time_of(text: str) -> datetime:
    """Read a time as people type it: ``2027-02-08T12:00``, in UTC where no offset is given."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or len(text) < len("2027-02-08T12:00"):
        raise UnusableInput(
            f'"{one_line(text, 60)}" is no time; write it as 2027-02-08T12:00, or with +01:00 at its end.'
        )
    return aware(time).astimezone(UTC)


def _text(course: Course) -> str:
    return (content(course.root / FILE) or b"").decode("utf-8")


def _without(text: str, line: int) -> str | None:
    """Return a text without the table that begins on a line; comments above the next table stay."""
    lines = text.splitlines(keepends=True)
    if not lines[line - 1].lstrip().startswith("[["):
        return None
    headers = [number for number in range(line, len(lines)) if lines[number].lstrip().startswith("[")]
    end = headers[0] if headers else len(lines)
    while headers and end > line and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    kept = "".join([*lines[: line - 1], *lines[end:]])
    return f"{kept.rstrip()}\n"


def _all(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, _plain(decision)) for _, kind, decision in numbered(parse(text))]


def _plain(decision: Decision) -> dict[str, Any]:
    return {key: value for key, value in asdict(decision).items() if key != "line"}


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
