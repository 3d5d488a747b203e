"""Does the class page compare this term's misconceptions with those of earlier ones?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from grader import feedback
from grader.course import Course
from grader.feedback.terms import FILE
from grader.report import Report, Verdict
from utils.checks.case import Finding

SECRET = b"the secret of this course"


def reports(course: Course, students: int, wrong: int) -> list[Report]:
    """A class in which the first students have a misconception."""
    found = []
    for number in range(students):
        known = Finding("dx", "fail", "A hint.", "dx-not-reshaped", "one row")
        findings = (known,) if number < wrong else ()
        verdicts = tuple(Verdict(each.name, 0.0, each.points, "fail", findings) for each in course["hw3"].exercises[:3])
        found.append(Report("hw3", f"s{number}", "landlock", verdicts))
    return found


def with_earlier(course: Course, root: Path, *earlier: str) -> Course:
    root.mkdir(parents=True, exist_ok=True)
    return replace(course, root=root, course=replace(course.course, earlier=earlier))


def page(course: Course, students: int, wrong: int) -> str:
    out = course.root / "build" / "feedback"
    return feedback.write(reports(course, students, wrong), course, course["hw3"], out, secret=SECRET).read_text()


def test_each_misconception_has_its_share_in_every_term(course: Course, tmp_path: Path) -> None:
    page(with_earlier(course, tmp_path / "in-2025"), 8, 2)
    page(with_earlier(course, tmp_path / "in-2026"), 5, 0)
    text = page(with_earlier(course, tmp_path / "now", "../in-2025", "../in-2026"), 4, 3)
    lines = [re.sub(r"<[^>]*>", "", line) for line in re.findall(r'<p class="terms">(.*)</p>', text)]
    assert lines == ["in-2025: 25 % · in-2026: 0 % · now 75 %"] * 3
    assert "No figures" not in text


def test_without_earlier_terms_nothing_is_said_of_them(course: Course, tmp_path: Path) -> None:
    text = page(with_earlier(course, tmp_path / "now"), 4, 3)
    assert 'class="terms"' not in text
    assert "No figures" not in text


@pytest.mark.parametrize(
    "damage", [None, b"", b"\xff", b"exercise,students\n,x\n", b"exercise,misconception,students,of\na,b,x,1\n"]
)
def test_a_term_without_figures_is_named_and_stops_nothing(
    course: Course, tmp_path: Path, damage: bytes | None
) -> None:
    path = tmp_path / "<b>" / "build" / "feedback" / "hw3" / "class" / FILE
    if damage is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(damage)
    text = page(with_earlier(course, tmp_path / "now", "../<b>"), 4, 3)
    assert "No figures of an earlier term" in text
    assert "&lt;b&gt;" in text
    assert 'class="terms"' not in text
