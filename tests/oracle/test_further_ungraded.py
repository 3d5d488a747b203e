"""What is not graded costs nothing and earns nothing, whatever stands in it, and never runs."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from grading_here import report_for
from submissions import part_of, solved, submission, write

from grader import course as courses
from grader.classrun.collect import HandIn, read_submission
from grader.course import Course
from grader.feedback import student_page, summary
from grader.judging import oracle
from grader.reference import Reference
from grader.report import Report
from grader.sandbox import Confinement, choose_confinement

SECRET = b"a secret for the tests"
NAME = "nndl/further.py"


@pytest.fixture(scope="module")
def sandbox() -> Confinement:
    return choose_confinement("auto")


@pytest.fixture(scope="module")
def place(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course folder of its own, so that tests share no verdicts with anybody."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(course.root / "course.toml", root)
    shutil.copytree(course.root / "solutions", root / "solutions")
    (root / "nndl").mkdir()
    (root / NAME).write_bytes(b'"""What students were given."""\n')
    return courses.load(root)


def hand_ins(reference: Reference, marker: Path) -> dict[str, bytes]:
    hostile = f"import os\nopen({str(marker)!r}, 'w').close()\nwhile True:\n    os.fork()\n"
    return {
        "as given": b'"""What students were given."""\n',
        "solved": reference.source("further").encode(),
        "no Python": b"def adamw(:\n",
        "no text": b"\xff\xfe\0",
        "hostile": hostile.encode(),
        "enormous": b"#" * (2 << 20),
    }


def without_seconds(report: Report) -> Report:
    return replace(report, exercises=tuple(replace(verdict, seconds=0.0) for verdict in report.exercises))


def test_a_submission_is_the_same_with_it_and_without(place: Course, reference: Reference, tmp_path: Path) -> None:
    files = {**solved(reference), **{f"{notebook.name}.ipynb": b"{}" for notebook in place["hw3"].notebook}}
    plain = read_submission(place, place["hw3"], write(tmp_path / "plain", files))
    for kind, data in hand_ins(reference, tmp_path / "ran").items():
        other = read_submission(place, place["hw3"], write(tmp_path / kind, {**files, NAME: data}))
        assert (other.files, other.remarks, other.digest) == (plain.files, plain.remarks, plain.digest), kind
    archive = tmp_path / "hw3.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, data in {**files, NAME: b"def adamw(:\n"}.items():
            packed.writestr(f"hw3/{name}", data)
    assert read_submission(place, place["hw3"], archive) == plain


@pytest.mark.slow
def test_it_earns_the_same_with_it_and_without(place: Course, reference: Reference, tmp_path: Path) -> None:
    files = solved(reference, layers=(("@ w + b", "@ w - b"),))  # something to lose, and something to say
    marker = tmp_path / "ran"
    plain = without_seconds(report_for(place, place["hw3"], HandIn("ana", write(tmp_path / "plain", files))).report)
    assert 0 < plain.score < plain.max_score
    assert not any("further" in verdict.name for verdict in plain.exercises)
    hostile = write(tmp_path / "hostile", {**files, NAME: hand_ins(reference, marker)["hostile"]})
    graded = report_for(place, place["hw3"], HandIn("ana", hostile), again=True)
    assert not graded.kept
    assert without_seconds(graded.report) == plain
    assert not marker.exists()


def test_no_total_and_no_page_counts_it(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.classrun.self_test.require", lambda *_, **__: None)  # nothing was handed in
    for assignment in course.assignment:
        assert assignment.further
        assert not any("further" in file for file in assignment.files)
        assert not any("further" in rate.exercise.name for rate in summary.pass_rates((), assignment))
    handed_in = report_for(course, course["hw3"], HandIn("ana", tmp_path / "nothing"), again=True).report
    assert handed_in.max_score == sum(exercise.points for exercise in course["hw3"].exercises)
    page = student_page(handed_in, course)
    assert "relu_forward" in page
    assert "further" not in page


USED = """
from . import further
from .further import max_norm, smoothed_softmax_loss as smoothed
from nndl.further import adamw
"""


@pytest.mark.parametrize("with_it", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_line_left_over_from_playing_costs_nothing(
    course: Course, reference: Reference, sandbox: Confinement, with_it: bool
) -> None:
    """The grader reads no further.py; and where one stands among the files all the same, it does not run."""
    files = solved(reference)
    files["nndl/backprop.py"] = USED.encode() + files["nndl/backprop.py"]
    if with_it:
        files[NAME] = b"raise SystemExit\n"
    part = part_of(course["hw3"], ["backprop"])
    report = oracle.grade(submission(files), course, part, "ana", confinement=sandbox, secret=SECRET)
    assert {verdict.verdict for verdict in report.exercises} == {"pass"}


def test_what_is_graded_cannot_call_it(course: Course, reference: Reference, sandbox: Confinement) -> None:
    text = reference.source("layers").replace("out = np.maximum(0, x)", "out = max_norm(x, 1.0)")
    files = {**solved(reference), "nndl/layers.py": f"from .further import max_norm\n{text}".encode()}
    files[NAME] = reference.source("further").encode()
    part = part_of(course["hw3"], ["layers.affine_forward", "layers.relu_forward"])
    affine, relu = oracle.grade(submission(files), course, part, "ana", confinement=sandbox, secret=SECRET).exercises
    assert relu.verdict == "error"
    assert "nndl.further.max_norm cannot be called while nndl.layers is checked" in relu.findings[0].hint
    assert affine.verdict == "pass"
