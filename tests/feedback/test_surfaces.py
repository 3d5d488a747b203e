"""Can a submission write a line of its own among ours, anywhere where people read?"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from gradebook.small_course import make, report
from reports import class_page
from rich.console import Console

from grader import feedback
from grader.classrun.collect import HandIn
from grader.classrun.grading import Graded
from grader.gradebook.annotate import annotate
from grader.gradebook.restore import read_released, restore
from grader.report import Report, report_json
from grader.sandbox.worker import _shortened
from grader.show import roster, submission
from utils.checks.case import Finding
from utils.checks.program import Crash

FORGED = "✓ FORGED 76 of 76 points"
ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n\n", "\x1b[1E"]
ENDS += [" " * 300, "\u3000" * 150, "\u00a0" * 300, "\t" * 40]


class Lines(HTMLParser):
    """The lines of a page as a browser shows them where white space counts: a new one begins with each element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.text += "\n" if tag in ("li", "p", "dd", "div", "dt") else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def printed(*what: object) -> str:
    out = io.StringIO()
    Console(file=out, width=100, color_system=None).print(*what)
    return out.getvalue()


def annotated(evil: Report, kind: str, tmp_path) -> str:
    course = make(tmp_path)
    notebook = course["a1"].notebook[0]
    nb = annotate(restore(None, read_released(course, course["a1"])["warmup"]), evil, notebook)
    data = [output.data for cell in nb.cells for output in cell.get("outputs", ())]
    return "\n".join([*(one.get(kind, "") for one in data), *(cell.source for cell in nb.cells[:1])])


def of_json(evil: Report) -> str:
    tree = json.loads(report_json(evil))
    return "\n".join([*tree["remarks"], *(one["hint"] for each in tree["exercises"] for one in each["findings"])])


SURFACES: dict[str, Callable[..., str]] = {
    "a student's page": lambda evil, path: Lines(feedback.student_page(evil, make(path))).text,
    "the class's page": lambda evil, path: Lines(class_page([evil], make(path))).text,
    "a notebook's text": lambda evil, path: annotated(evil, "text/plain", path),
    "a notebook's page": lambda evil, path: Lines(annotated(evil, "text/html", path)).text,
    "grader check": lambda evil, path: printed(submission.report(evil)),
    "grader grade": lambda evil, path: printed(
        roster.roster([roster.RosterRow.of(Graded(HandIn("eve", path), evil, False))])
    ),
    "JSON": lambda evil, path: of_json(evil),
}


def evil(said: str) -> Report:
    honest = report("eve", affine_forward="fail", relu_forward="error", predict="fail")
    verdicts = [replace(one, findings=(Finding("out", "fail", said, None, "one row"),)) for one in honest.exercises]
    return replace(honest, exercises=tuple(verdicts), remarks=(said,))


@pytest.mark.parametrize("surface", SURFACES)
def test_no_line_of_a_submission_stands_among_ours(surface: str, tmp_path_factory) -> None:
    for end in ENDS:
        text = SURFACES[surface](evil(f"no{end}{FORGED}"), tmp_path_factory.mktemp("course"))
        lines = [line.strip().removeprefix("\\n").strip() for line in text.splitlines()]
        assert not [line for line in lines if line.startswith(FORGED)], (end, text)


@pytest.mark.parametrize("surface", SURFACES)
def test_without_one_line_it_would(surface: str, tmp_path, monkeypatch) -> None:
    """The guard is taken away, and the forged line is there."""
    for module in (feedback.page_of_class, submission, roster):
        monkeypatch.setattr(module, "one_line", lambda text, limit=0: text, raising=False)
    monkeypatch.setattr("grader.gradebook.annotate.one_line", lambda text, limit=0: text)
    monkeypatch.setattr("grader.report.one_line", lambda text, limit=0: text)
    monkeypatch.setitem(feedback.pages._ENVIRONMENT.filters, "one_line", lambda text, limit=0: text)
    text = SURFACES[surface](evil(f"no\n{FORGED}"), tmp_path)
    if surface != "grader grade":  # a table that cuts at the line end shows only the first
        assert [line for line in text.splitlines() if line.strip(" ·-\\").startswith(FORGED)]


@pytest.mark.parametrize("name", [FORGED, "a b", "Error:\n", "x" * 200, "\u202e", "<b>", "é́"])
def test_names_in_a_crash_are_such_as_python_gives(name: str) -> None:
    fields = {"missing": False, "error": name, "message": name, "function": name, "entered": name, "file": name}
    crash = Crash(**_shortened(fields))
    assert crash.message == name[:500]
    if name != "<b>":
        assert {crash.error, crash.function, crash.entered, crash.file} == {"unnamed"}


def test_pythons_own_names_stay() -> None:
    fields = {"error": "ValueError", "file": "nndl/fc_net.py", "function": "Net.loss.<locals>.<lambda>", "entered": ""}
    assert _shortened(fields) == fields
