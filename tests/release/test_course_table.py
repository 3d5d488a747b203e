"""The table that a release gives to students says what course.toml says."""

from __future__ import annotations

import json
from pathlib import Path

from grader.course import Course
from grader.course.decisions import aware
from grader.reference import Reference
from grader.release.goldens import COURSE_TABLE, course_table
from grader.submission.submission import CAPS
from utils.checks.course import find


def test_students_read_the_assignments_of_course_toml(course: Course, reference: Reference, tmp_path: Path) -> None:
    (tmp_path / COURSE_TABLE).parent.mkdir()
    (tmp_path / COURSE_TABLE).write_bytes(course_table(course, reference))
    read = find(tmp_path)
    assert [(one.name, one.title) for one in read.assignments] == [(one.name, one.title) for one in course.assignment]
    for theirs, ours in zip(read.assignments, course.assignment, strict=True):
        assert theirs.due == aware(ours.due)
        assert theirs.points == sum(one.points for book in ours.notebook for one in book.questions)
        assert [(one.name, one.points, one.file, one.requires) for one in theirs.exercises] == [
            (one.name, one.points, one.file, one.requires) for one in ours.exercises
        ]
        assert [one.cell for one in theirs.exercises] == [one.grade_id for one in ours.exercises]
        for book, source in zip(theirs.notebooks, ours.notebook, strict=True):
            assert (book.file, book.optional) == (f"{source.name}.ipynb", source.further)
            assert [(one.name, one.points) for one in book.written] == [
                (one.name, one.points) for one in source.written
            ]
    late = (read.late.grace_seconds, read.late.per_day, read.late.days)
    assert late == (course.late.grace_seconds, course.late.per_day, course.late.days)
    assert read.largest == CAPS
    assert read.imports["use_in"] == course.packages
    assert "layer_checks.check_axes" in read.imports["utils"]["layers"]


def test_a_table_from_before_has_no_assignments(course: Course, reference: Reference, tmp_path: Path) -> None:
    table = json.loads(course_table(course, reference))
    old = {key: table[key] for key in ("package", "title", "hint_level", "nets")}
    (tmp_path / COURSE_TABLE).parent.mkdir()
    (tmp_path / COURSE_TABLE).write_text(json.dumps(old))
    assert find(tmp_path).assignments == ()
    assert find(tmp_path).in_order(["b", "a"]) == ["a", "b"]


def test_each_notebook_begins_with_the_status(tree: dict[str, bytes], course: Course) -> None:
    for assignment in course.assignment:
        for book in assignment.notebook:
            cells = json.loads(tree[f"assignments/{assignment.name}/{book.name}.ipynb"])["cells"]
            first = next("".join(cell["source"]) for cell in cells if "show_status" in "".join(cell["source"]))
            assert first.splitlines()[-1] == "show_status()"
            imports_own = [k for k, cell in enumerate(cells) if f"from {course.package}" in "".join(cell["source"])]
            assert next(k for k, cell in enumerate(cells) if "show_status" in "".join(cell["source"])) < imports_own[0]
