"""Run the demo: make up a class and grade it from end to end.

A course may define a class of its own in ``solutions/demo.py``: ``ASSIGNMENT``, the name of the assignment that the
class answers; ``roster()``, which returns its students; and, if a submission needs a file that takes long to make,
``prepare(reference, folder)``, which returns such files by name and may keep them in `folder` for the next run. A
course without ``solutions/demo.py`` gets `plain_class`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from rich.console import Console

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
from ..show import class_run, course_files
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
The demo goes on without a sandbox, because its class is made of the course's own code; each report says so.
Do not grade real submissions like this.
"""


def run(course: Course, folder: Path | None = None) -> None:
    """Release an assignment, make a class, grade it, and print where the results are.

    A second run finds that nothing has changed and grades nothing again. If no sandbox works here, the demo goes on
    without one, because all code in this class is the course's own; each report says so.

    Parameters
    ----------
    course : Course
    folder : Path, optional
        The folder for submissions, gradebook and pages; ``demo/`` in the course folder by default.

    Raises
    ------
    CourseError
        When no assignment can be graded here, because packages are missing, or the course's files have problems.
    ReleaseRefused
        When the gate finds leaks.
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
    out.print(f"1. Releasing {assignment.name}: {course_files.released(release(course, [assignment.name], db=url))}")
    submitted = folder / "submitted"
    make_class(make_kit(course, assignment, folder), students, assignment, submitted)
    out.print(f"2. A class of {len(students)} in {submitted}")
    out.print("3. Grading")
    hand_ins = collect(submitted, assignment)
    with Gradebook(course, url, folder / "autograded") as gradebook:
        class_run.grade_class(course, assignment, hand_ins, gradebook, folder / "feedback", sandbox=sandbox)


def demo_class(course: Course) -> tuple[Assignment, list[Student]]:
    """Return the assignment that a course's demo is about, and the students who answer it.

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
    """Collect the files from which the class's submissions are made.

    Parameters
    ----------
    course : Course
    assignment : Assignment
        The assignment that the class answers. Its notebooks have been released.
    folder : Path
        The folder in which the course's ``prepare`` may keep files that take long to make.
    """
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
    """Write the submissions of all made-up students, an hour before they are due. Earlier submissions are deleted."""
    shutil.rmtree(submitted, ignore_errors=True)
    time = f"{assignment.due - timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC\n"
    for student in students:
        student.hand_in(kit, submitted / student.name / assignment.name)
        (submitted / student.name / f"{assignment.name}.timestamp.txt").write_text(time)


def _modules(reference: Reference) -> Files:
    """Return the modules of the reference by their path in a submission."""
    return {f"{reference.package}/{name}.py": reference.source(name).encode() for name in reference.modules}


def _without_markers(data: bytes) -> bytes:
    """Remove the markers of solution regions, which a student's file does not have."""
    lines = data.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in MARKERS).encode()
