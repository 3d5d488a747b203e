"""A course of one small assignment, released by hand: two notebooks, three exercises, two questions."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbgrader.utils import compute_checksum

from grader import course as courses
from grader.course import Course
from grader.report import Report, Verdict
from grader.submission import Submission
from grader.wording import VerdictName
from utils.checks.case import Finding

TOML = """
[course]
title = "A small course"
package = "nndl"

[late]
grace = "2h"
per_day = 0.1
days = 5

[[assignment]]
name = "a1"
title = "Warming up"
due = 2027-02-05T12:00:00Z

[[assignment.notebook]]
name = "warmup"
exercises = [
    { name = "layers.affine_forward", points = 3 },
    { name = "layers.relu_forward", points = 2.5, requires = ["layers.affine_forward"] },
]
written = [{ name = "why", points = 4 }]

[[assignment.notebook]]
name = "more"
exercises = [{ name = "neural_net.TwoLayerNet.predict", points = 5 }]
written = [{ name = "how", points = 1 }]
further = ["further.adamw"]
"""
SHARE: dict[str, float] = {"pass": 1.0, "partial": 0.5}


def cell(source: str, grade_id: str = "", points: float | None = None, written: bool = False):
    """A released cell, as nbgrader's GenerateAssignment leaves it."""
    new = nbformat.v4.new_markdown_cell if written or not grade_id else nbformat.v4.new_code_cell
    node = new(source, id=f"id-{grade_id or abs(hash(source))}")
    if grade_id:
        node.metadata = nbformat.from_dict(
            {
                "nbgrader": {
                    "grade": True,
                    "grade_id": grade_id,
                    "locked": not written,
                    "points": points,
                    "schema_version": 3,
                    "solution": written,
                    "task": False,
                }
            }
        )
        node.metadata.nbgrader.checksum = compute_checksum(node)
    return node


def make(root: Path) -> Course:
    """Write the course into `root` and load it."""
    (root / "course.toml").write_text(TOML)
    released = {
        "warmup": [
            cell("# Warm up"),
            cell("check(affine_forward)", "layers-affine_forward", 3),
            cell("check(relu_forward)", "layers-relu_forward", 2.5),
            cell("Why?"),
            cell("YOUR ANSWER HERE", "why", 4, written=True),
        ],
        "more": [
            cell("check(TwoLayerNet.predict)", "neural_net-TwoLayerNet-predict", 5),
            cell("YOUR ANSWER HERE", "how", 1, written=True),
        ],
    }
    folder = root / "assignments" / "a1"
    folder.mkdir(parents=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for name, cells in released.items():
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / f"{name}.ipynb")
    (folder / "graph.png").write_bytes(b"a picture")
    return courses.load(root)


def report(student: str, sandbox: str = "landlock", remarks: tuple[str, ...] = (), **verdicts: VerdictName) -> Report:
    """A report in which everything is right but what `verdicts` names, by the end of an exercise's name."""
    rows = []
    for name, points in (
        ("layers.affine_forward", 3),
        ("layers.relu_forward", 2.5),
        ("neural_net.TwoLayerNet.predict", 5),
    ):
        verdict = verdicts.get(name.split(".")[-1], "pass")
        findings = () if verdict == "pass" else (Finding("out", "fail", "out is too large.", "too_large", "one row"),)
        rows.append(Verdict(name, SHARE.get(verdict, 0.0) * points, points, verdict, findings))
    return Report("a1", student, sandbox, tuple(rows), remarks)


def answered(course: Course, **answers: str) -> Submission:
    """A submission of the released notebooks with questions answered."""
    files = {}
    for path in (course.root / "assignments" / "a1").glob("*.ipynb"):
        notebook = json.loads(path.read_text())
        for node in notebook["cells"]:
            name = node["metadata"].get("nbgrader", {}).get("grade_id")
            node["source"] = answers.get(name, node["source"])
        files[path.name] = json.dumps(notebook).encode()
    return Submission(files, ())
