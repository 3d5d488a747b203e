"""Hand-made reports: a small class in which everything occurs that a page has to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from grader import feedback
from grader.course import Course, load
from grader.feedback.summary import StudentRow
from grader.gradebook import Total
from grader.report import Report, Verdict
from grader.submission.similarity import Pair
from grader.wording import VerdictName
from utils.checks.case import Finding

ROOT = Path(__file__).parents[2]
COURSE = load(ROOT)
SHARE: dict[str, float] = {"pass": 1.0, "partial": 0.5}

HINTS: dict[VerdictName, Finding] = {
    "partial": Finding("db", "fail", "db has shape (1, 4); it should be (4,).", "column_db", "three rows"),
    "fail": Finding("dx", "fail", "This is what comes out when dx keeps the flattened shape.", "flat_dx", "4-D input"),
    "error": Finding("", "error", "ValueError: shapes (5, 12) and (3, 4) not aligned.", None, "one row"),
    "missing": Finding("", "missing", "There is still `raise NotImplementedError` in it."),
    "timeout": Finding("", "timeout", "It did not come back within 10 seconds.", None, "one row"),
    "killed": Finding("", "killed", "It asked for more than 2 GiB of memory.", None, "float32"),
}


def report(student: str, verdicts: dict[str, VerdictName] | None = None, sandbox: str = "landlock") -> Report:
    """A report in which everything is right but what `verdicts` names, by exercise."""
    rows = []
    for exercise in COURSE["hw3"].exercises:
        name = (verdicts or {}).get(exercise.name, "pass")
        findings = () if name == "pass" else (HINTS[name],)
        rows.append(Verdict(exercise.name, SHARE.get(name, 0.0) * exercise.points, exercise.points, name, findings))
    return Report("hw3", student, sandbox, tuple(rows))


def total(student: str, score: float = 76.0, **fields: Any) -> Total:
    """What a student gets in the end for hw3: handed in two days late, unless `fields` say otherwise."""
    due = COURSE["hw3"].due
    known: dict[str, Any] = {"penalty": 0.0, "needs_manual_grade": False, "due": due, "questions": ()}
    return Total(student, score, max_score=100.0, **(known | {"handed_in": due + timedelta(days=2)} | fields))


def everything(verdict: VerdictName) -> dict[str, VerdictName]:
    """That verdict for every exercise."""
    return {exercise.name: verdict for exercise in COURSE["hw3"].exercises}


def a_class() -> list[Report]:
    """Fourteen students."""
    reports = [report(f"student{number:02d}") for number in range(5)]
    reports += [report("ada"), report("bob", everything("missing"))]
    reports += [report("carol", {"layers.affine_backward": "partial", "layers.relu_backward": "fail"})]
    reports += [report("dan", {"layers.affine_backward": "partial", "fc_net.FullyConnectedNet.loss": "timeout"})]
    reports += [report("eve", {"neural_net.TwoLayerNet.loss": "killed", "models.two_layer_best": "missing"})]
    reports += [report("frank", dict.fromkeys([e.name for e in COURSE["hw3"].notebook[2].exercises], "error"))]
    damaged = report("grace", {"backprop.tied_autoencoder": "fail"})
    remark = "backprop.ipynb is not a notebook that can be read; the exercises do not depend on it."
    reports += [replace(damaged, remarks=(remark, "numpy.py is not one of the files of hw3; it was ignored."))]
    reports += [report("نور", {"layers.affine_forward": "fail"}), report("mal\u202elory\x1b[31m", everything("fail"))]
    return reports


def rows(reports: Sequence[Report], course: Course = COURSE) -> list[StudentRow]:
    """What the class page keeps of reports."""
    return [feedback.student_row(one, course[one.assignment]) for one in reports]


def class_page(
    reports: Sequence[Report],
    course: Course = COURSE,
    links: Mapping[str, str] | None = None,
    pairs: Sequence[Pair] = (),
) -> str:
    """The page of a class with these reports."""
    return feedback.class_page(rows(reports, course), course, course[reports[0].assignment], links or {}, pairs)
