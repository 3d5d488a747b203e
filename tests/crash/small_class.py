"""A class that grades quickly: a course of one notebook with two small exercises, and five kinds of submissions."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
from gradebook.small_course import cell

from grader import course as courses
from grader.course import Course
from grader.demo import MARKERS

TOML = """
[course]
title = "A quick course"
package = "nndl"

[limits]
seconds = 5

[[assignment]]
name = "a1"
title = "Layers"
due = 2027-02-05T12:00:00Z

[[assignment.notebook]]
name = "layers"
exercises = [
    { name = "layers.affine_forward", points = 3 },
    { name = "layers.relu_forward", points = 2 },
]
written = [{ name = "why", points = 4 }]
"""


def make(root: Path, students: int) -> Course:
    """A course folder with `students` submissions, no two of them the same."""
    here = Path(__file__).parents[2]
    # What grading reads: no notebooks' sources, and no answers to try hints on, which are most of the bytes.
    shutil.copytree(here / "solutions", root / "solutions", ignore=shutil.ignore_patterns("hw*", "student_answers"))
    (root / "course.toml").write_text(TOML)
    (root / ".course-secret").write_text("a secret for the tests, always the same")
    cells = [
        cell("check(affine_forward)", "layers-affine_forward", 3),
        cell("check(relu_forward)", "layers-relu_forward", 2),
        cell("YOUR ANSWER HERE", "why", 4, written=True),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    (root / "assignments" / "a1").mkdir(parents=True)
    released = nbformat.writes(notebook)
    (root / "assignments" / "a1" / "layers.ipynb").write_text(released)
    lines = (here / "solutions" / "nndl" / "layers.py").read_text().splitlines(keepends=True)
    right = "".join(line for line in lines if line.strip() not in MARKERS)
    for number in range(students):
        folder = root / "submitted" / f"s{number:02}" / "a1"
        (folder / "nndl").mkdir(parents=True)
        (folder / "nndl" / "layers.py").write_text(VARIANTS[number % len(VARIANTS)](right))
        (folder / "layers.ipynb").write_text(released.replace("YOUR ANSWER HERE", f"Because of reason {number}."))
    return courses.load(root)


def _right(text: str) -> str:
    return text


def _wrong(text: str) -> str:
    return re.sub(r"@ w \+ b", "@ w - b", text)


def _stub(text: str) -> str:
    return "def affine_forward(x, w, b):\n    raise NotImplementedError\n"


def _leaves(text: str) -> str:
    return f"{text}\n\ndef relu_forward(x):\n    import os\n    os._exit(3)\n"


VARIANTS = (_right, _wrong, _stub, _right, _leaves)
