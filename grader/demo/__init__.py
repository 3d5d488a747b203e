"""The demo: a made-up class, graded from end to end.

A course may give a class of its own in ``solutions/demo.py``: `ASSIGNMENT`, the name of what it answers; ``roster()``,
its students; and, where something is made that takes long, ``prepare(reference, folder)``, which gives it by name and
may keep it in the folder. A course without one gets `plain_class`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from .. import show
from ..classrun.collect import collect
from ..classrun.self_test import reference_submission
from ..course import Assignment, Course
from ..errors import CourseError
from ..gradebook import Gradebook
from ..judging import oracle
from ..reference import Reference
from ..release import release
from ..release.strip import package
from ..sandbox import SandboxUnavailable, choose_confinement
from .kit import MARKERS, Files, Kit, Student, in_archive, in_folder, with_change, with_mistakes
from .plain_class import plain_class

__all__ = [
    "MARKERS",
    "Files",
    "Kit",
    "Student",
    "demo_class",
    "in_archive",
    "in_folder",
    "make_class",
    "make_kit",
    "run",
    "with_change",
    "with_mistakes",
]

BARE = """\
The demo goes on without one, because its class is made of the course's own code; every report is marked.
Do not grade real submissions like this.
"""


def run(course: Course, folder: Path | None = None) -> None:
    """Release an assignment, make a class, grade it, and say where to look.

    Run again, it finds that nothing has changed and grades nothing anew. Where no sandbox holds it goes on without
    one, because all code in this class is the course's own; every report is marked.

    Parameters
    ----------
    course : Course
    folder : Path, optional
        Where submissions, gradebook and pages are written; ``demo/`` in the course folder by default.
    """
    out = Console()
    folder = folder or course.root / "demo"
    assignment, students = demo_class(course)
    sandbox = "auto"
    try:
        choose_confinement(sandbox)
    except SandboxUnavailable as error:
        sandbox = "none"
        out.print(f"No sandbox: {error}", BARE, style="bold red")
    url = f"sqlite:///{folder / 'gradebook.db'}"
    folder.mkdir(parents=True, exist_ok=True)
    out.print(f"1. Releasing {assignment.name}: {show.released(release(course, [assignment.name], db=url))}")
    submitted = folder / "submitted"
    make_class(make_kit(course, assignment, folder), students, assignment, submitted)
    out.print(f"2. A class of {len(students)} in {submitted}")
    out.print("3. Grading")
    hand_ins = collect(submitted, assignment)
    with Gradebook(course, url, folder / "autograded") as gradebook:
        show.grade_class(course, assignment, hand_ins, gradebook, folder / "feedback", sandbox=sandbox)


def demo_class(course: Course) -> tuple[Assignment, list[Student]]:
    """The students of a course's demo, and the assignment that they answer.

    Raises
    ------
    CourseError
        When no assignment can be graded here, because packages are missing.
    """
    reference = Reference.of(course)
    if (own := reference.demo()) is not None:
        return course[own.ASSIGNMENT], list(own.roster())
    for assignment in course.assignment:
        if not oracle.missing_packages(course, assignment):
            return assignment, list(plain_class(assignment, reference))
    missing = oracle.missing_packages(course, course.assignment[0])
    raise CourseError(f"No assignment can be graded without {missing}; run: pip install {missing}")


def make_kit(course: Course, assignment: Assignment, folder: Path) -> Kit:
    """What the class's submissions are made of; what takes long is made once and kept in `folder`."""
    reference = Reference.of(course)
    notebooks = {
        f"{notebook.name}.ipynb": (
            course.root / "assignments" / assignment.name / f"{notebook.name}.ipynb"
        ).read_bytes()
        for notebook in assignment.notebook
    }
    own = reference.demo()
    prepare = getattr(own, "prepare", None)
    made: Mapping[str, bytes] = prepare(reference, folder) if prepare else {}
    solved = {path: _without_markers(data) for path, data in _modules(reference).items()}
    stubs = {path: data for path, data in package(course).items() if path in solved}
    nets = {name: data for name, data in reference_submission(course, assignment).files.items() if name not in solved}
    return Kit({**notebooks, **solved, **nets}, {**notebooks, **stubs}, made, reference)


def make_class(kit: Kit, students: Iterable[Student], assignment: Assignment, submitted: Path) -> None:
    """Write every made-up student's submission, handed in an hour before it was due."""
    shutil.rmtree(submitted, ignore_errors=True)
    time = f"{assignment.due - timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC\n"
    for student in students:
        student.hand_in(kit, submitted / student.name / assignment.name)
        (submitted / student.name / f"{assignment.name}.timestamp.txt").write_text(time)


def _modules(reference: Reference) -> Files:
    return {f"{reference.package}/{name}.py": reference.source(name).encode() for name in reference.modules}


def _without_markers(data: bytes) -> bytes:
    lines = data.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in MARKERS).encode()
