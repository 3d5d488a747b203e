"""Read and write rubrics: the items by which a question is graded, with their points.

A rubric is a table in ``solutions/rubrics/<assignment>.toml``, under version control with the rest of the course::

    [why-inverted]
    about = ["layers.dropout_forward"]   # whose code is shown beside the answer; by default found in the question
    from = "zero"                        # or "full", where the items take points off

    [[why-inverted.items]]
    name = "scale"
    points = 1
    text = "Says that the average stays the same"

People may change the file while the desk is open, and the desk keeps their comments when it changes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from ..course import Course
from ..errors import CourseError
from ..gradebook.by_hand import Mark
from ..host.files import content, write_if_changed
from ..wording import points as worded

MOST_POINTS: Final = 1000


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of a rubric.

    Attributes
    ----------
    name : str
        What marks refer to; unique in the rubric, and never shown.
    points : float
        Those that an answer gets to which the item applies; below 0 where it takes points off.
    text : str
        What the grader and the student read.
    """

    name: str
    points: float
    text: str


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """The rubric of a question.

    Attributes
    ----------
    items : tuple of Item, default ()
    start : str, default "zero"
        Whether an answer begins with no points (``"zero"``) or all points (``"full"``); ``from`` in the file.
    about : tuple of str, default ()
        The exercises that the question is about; empty where the desk is to find them in the question.
    """

    items: tuple[Item, ...] = ()
    start: Literal["zero", "full"] = "zero"
    about: tuple[str, ...] = ()

    def points(self, mark: Mark, worth: float) -> float:
        """Compute the points of an answer, from 0 to what the question is worth."""
        earned = worth if self.start == "full" else 0.0
        earned += sum(item.points for item in self.items if item.name in mark.items) + mark.adjustment
        return round(min(max(earned, 0.0), worth), 6)

    def comment(self, mark: Mark) -> str:
        """Write what the student reads: a line for each item that applies, then the grader's own words."""
        lines = [f"{item.points:+g}: {item.text}" for item in self.items if item.name in mark.items]
        if mark.adjustment:
            lines.append(f"{'+' if mark.adjustment > 0 else '-'}{worded(abs(mark.adjustment))} besides")
        return "\n".join([*lines, *([mark.remark.strip()] if mark.remark.strip() else [])])


def rubric_file(course: Course, assignment: str) -> Path:
    """Return the path of the file with an assignment's rubrics; it need not exist."""
    return course.secret / "rubrics" / f"{assignment}.toml"


def read_rubrics(course: Course, assignment: str) -> dict[str, Rubric]:
    """Read the rubrics of an assignment.

    Returns
    -------
    dict of str to Rubric
        By question; empty where there is no file.

    Raises
    ------
    CourseError
        When the file cannot be used.
    """
    path = rubric_file(course, assignment)
    data = content(path)
    if data is None:
        return {}
    try:
        rubrics = msgspec.toml.decode(data, type=dict[str, Rubric])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from None
    known = {written.name for notebook in course[assignment].notebook for written in notebook.written}
    for question, rubric in rubrics.items():
        if question not in known:
            raise _unusable(path, f'course.toml has no question "{question}" in {assignment}')
        if not all(abs(item.points) <= MOST_POINTS for item in rubric.items):  # also where one is no number
            raise _unusable(path, f'an item of "{question}" has other points than -{MOST_POINTS} to {MOST_POINTS}')
        names = [item.name for item in rubric.items]
        if len(names) != len(set(names)):
            raise _unusable(path, f'two items of "{question}" have the same name')
    return rubrics


def write_items(course: Course, assignment: str, question: str, items: Iterable[Item], start: str) -> None:
    """Write a question's rubric into the file, and leave everything else in it as it is.

    Parameters
    ----------
    course : Course
    assignment, question : str
    items : iterable of Item
        The items in their order. One without a name gets a new one.
    start : str
        ``"zero"`` or ``"full"``.

    Raises
    ------
    CourseError
        When the file cannot be read or written.
    """
    path = rubric_file(course, assignment)
    try:
        document: Any = tomlkit.parse((content(path) or b"").decode())
        table = document.setdefault(question, tomlkit.table())
        table["from"] = start
        table["items"] = tomlkit.aot()
        for item in items:
            row = tomlkit.table()
            row.update({"name": item.name or _new_name(), "points": item.points, "text": item.text})
            table["items"].append(row)
        path.parent.mkdir(exist_ok=True)
        write_if_changed(path, tomlkit.dumps(document).encode())
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise _unusable(path, str(error)) from None


def without_unknown(mark: Mark, known: Collection[str]) -> Mark:
    """Leave out of a mark the items that the rubric does not have any more."""
    return Mark(tuple(name for name in mark.items if name in known), mark.adjustment, mark.remark, mark.grader)


def _new_name() -> str:
    """Choose the name of an item; a random one, because that of an item that was deleted must not come again."""
    return f"item-{secrets.token_hex(3)}"


def _unusable(path: Path, why: str) -> CourseError:
    return CourseError(f"The rubrics in {path} cannot be used ({why.rstrip('.')}); correct the file.")
