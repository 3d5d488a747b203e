"""Does nbgrader read from the cells exactly the points that the report gives?"""

import math
from dataclasses import replace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.utils import determine_grade
from small_course import make, report

from grader.errors import CourseError
from grader.gradebook.annotate import annotate, plain_markdown
from grader.gradebook.markdown import to_safe_html
from grader.gradebook.restore import read_released, restore
from grader.report import LostPoints
from utils.checks.case import Finding


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return make(tmp_path_factory.mktemp("course"))


@pytest.fixture
def nb(small):
    return restore(None, read_released(small, small["a1"])["warmup"])


@pytest.fixture
def warmup(small):
    return small["a1"].notebook[0]


def grades(nb):
    return {
        c.metadata.nbgrader.grade_id: determine_grade(c)[0]
        for c in nb.cells
        if "nbgrader" in c.metadata and not c.metadata.nbgrader.solution
    }


def with_score(score):
    first, *rest = report("s").exercises
    return replace(report("s"), exercises=(replace(first, score=score), *rest))


def test_without_a_number_nbgrader_gives_full_marks(nb):
    assert grades(nb) == {"layers-affine_forward": 3.0, "layers-relu_forward": 2.5}


@pytest.mark.parametrize("score", [0.0, 1.5, 1 / 3, 3.0])
def test_nbgrader_reads_the_reports_points(nb, warmup, score):
    assert grades(annotate(nb, with_score(score), warmup)) == {
        "layers-affine_forward": score,
        "layers-relu_forward": 2.5,
    }


def test_an_exercise_without_a_verdict_counts_as_nothing(nb, warmup):
    annotate(nb, replace(report("s"), exercises=()), warmup)
    assert grades(nb) == {"layers-affine_forward": 0.0, "layers-relu_forward": 0.0}


@pytest.mark.parametrize("score", [math.nan, math.inf, -0.5, 3.01])
def test_points_out_of_range_are_refused(nb, warmup, score):
    with pytest.raises(CourseError, match=r"of 3 points for layers\.affine_forward"):
        annotate(nb, with_score(score), warmup)


def test_findings_stand_before_the_number_and_are_no_result(nb, warmup):
    annotate(nb, report("s", relu_forward="partial"), warmup)
    cell = next(c for c in nb.cells if c.source == "check(relu_forward)")
    findings, number = cell.outputs
    assert (findings.output_type, number.output_type) == ("display_data", "execute_result")
    assert number.data == {"text/plain": "1.25"}
    text = findings.data["text/plain"]
    for words in ("½ layers.relu_forward: partly right, 1.25 of 2.5 points", "out, one row: out is too large."):
        assert words in text
    nbformat.validate(nb)


def test_what_cost_points_stands_below_the_findings(nb, warmup):
    first, *rest = report("s", affine_forward="partial").exercises
    lost = LostPoints("out", "dtype", 1), LostPoints("out", "tie", 0.25), LostPoints("dx", "tie", 0.25)
    annotate(nb, replace(report("s"), exercises=(replace(first, lost=lost), *rest)), warmup)
    data = next(c for c in nb.cells if c.cell_type == "code").outputs[0].data
    assert data["text/plain"].endswith("\n- Points lost, of 3: dtype 1, tie 0.5.")
    assert "<li>Points lost, of 3: dtype 1, tie 0.5.</li>" in data["text/html"]


def test_a_hint_of_the_submission_is_text(nb, warmup):
    evil = '<script>alert(1)</script>\x1b[31m"&\u202e'
    first, *rest = report("s").exercises
    findings = (Finding(evil, "fail", evil, evil, evil),)
    annotate(nb, replace(report("s"), exercises=(replace(first, findings=findings), *rest)), warmup)
    output = next(c for c in nb.cells if c.cell_type == "code").outputs[0]
    assert "<script>" not in output.data["text/html"]
    assert "&lt;script&gt;" in output.data["text/html"]
    assert not {"\x1b", "\u202e"} & set(str(output.data))


@pytest.mark.parametrize(("sandbox", "told"), [("none", True), ("bubblewrap", False)])
def test_a_missing_sandbox_is_told_at_the_top_and_at_every_number(nb, warmup, sandbox, told):
    annotate(nb, report("s", sandbox=sandbox), warmup)
    texts = [nb.cells[0].source] + [c.outputs[0].data["text/plain"] for c in nb.cells if c.cell_type == "code"]
    assert [("without a sandbox" in text) for text in texts] == [told] * 3


def test_remarks_stand_on_top_as_text(nb, warmup):
    annotate(nb, report("s", remarks=("<b>numpy.py</b> [was](javascript:x) *ignored*",)), warmup)
    html = to_safe_html(nb.cells[0].source, {})
    assert "&lt;b&gt;numpy.py&lt;/b&gt; [was](javascript:x) *ignored*" in html


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_escaped_text_stays_text_in_markdown(text):
    html = to_safe_html(plain_markdown(text), {})
    assert not {"<a", "<em", "<strong", "<code", "<img", "<h1", "<ul"} & {
        html[i : i + n] for i in range(len(html)) for n in (2, 3, 4, 5, 7)
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda nb: nb.cells.pop(2), "layers.affine_forward has no cell in it"),
        (lambda nb: nb.cells[2].metadata.nbgrader.update(points=7), "layers.affine_forward is worth 7 points in it"),
        (lambda nb: nb.cells[2].metadata.nbgrader.update(grade_id="bonus"), "has no cell in it"),
    ],
)
def test_a_release_of_another_course_toml_is_refused(nb, warmup, change, words):
    change(nb)
    with pytest.raises(CourseError, match=f"{words}; release the assignment again"):
        annotate(nb, report("s"), warmup)


def test_a_grade_cell_that_course_toml_does_not_know_is_refused(nb, warmup):
    with pytest.raises(CourseError, match="layers-relu_forward has a cell in it but no points"):
        annotate(nb, report("s"), type(warmup)(warmup.name, warmup.exercises[:1]))
