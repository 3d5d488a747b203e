"""Pack the students' feedback pages in the layout in which Canvas and Moodle take files back.

Canvas takes a zip of files whose names begin as those in its own download (*Upload Submissions*). Moodle takes a zip of
folders ``<name>_<participant>_assignfeedback_file`` (*Upload multiple feedback files in a zip*).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ..feedback.writing import STUDENTS, page_name
from .results import Result
from .roster import usable_name

_SAME_DATE: Final = (1980, 1, 1, 0, 0, 0)


class Pages(NamedTuple):
    """A zip of feedback pages.

    Attributes
    ----------
    data : bytes
    number : int
        How many pages are in it.
    left_out : tuple of str
        The students whose page is missing, or for whom the system's name of the submission is not known.
    """

    data: bytes
    number: int
    left_out: tuple[str, ...]


def _canvas(result: Result, page: str) -> str:
    known = result.label and result.person.canvas and f"_{result.person.canvas}_" in f"{result.label}_"
    return f"{result.label}_{page}" if known else ""


def _moodle(result: Result, page: str) -> str:
    if not result.person.moodle:
        return ""
    name = usable_name(result.person.name or result.person.student).replace("_", " ")
    return f"{name}_{result.person.moodle}_assignfeedback_file/{page}"


def _plain(result: Result, page: str) -> str:
    return f"{usable_name(result.person.student)}/{page}"


_PLACES: Final[dict[str, Callable[[Result, str], str]]] = {"canvas": _canvas, "moodle": _moodle}


def pack_pages(system: str, found: Sequence[Result], assignment: str, feedback: Path, secret: bytes) -> Pages:
    """Pack the feedback pages of a class.

    Parameters
    ----------
    system : str
        ``"canvas"`` or ``"moodle"``; any other name gives a folder for each student.
    found : sequence of Result
    assignment : str
        The name of the assignment.
    feedback : Path
        The folder that pages were written to, such as ``build/feedback``.
    secret : bytes
        The course's secret, from which the names of pages are made.
    """
    place = _PLACES.get(system, _plain)
    packed, left_out, count = io.BytesIO(), [], 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for result in found:
            student = result.person.student
            page = feedback / assignment / STUDENTS / page_name(student, assignment, secret)
            name = place(result, f"{assignment}-feedback.html")
            if not name or not page.is_file():
                left_out.append(student)
                continue
            info = zipfile.ZipInfo(name, _SAME_DATE)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, page.read_bytes())
            count += 1
    return Pages(packed.getvalue(), count, tuple(left_out))
