"""What is fuzzed: each target takes bytes from a stranger and may answer with its own typed error and nothing else."""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
from exchange.downloads import zipped
from gradebook.small_course import make
from nbgrader.utils import is_grade

from grader import course as courses
from grader.course import Course
from grader.course.decision_file import with_decisions
from grader.desk.rubric import read_rubrics, rubric_file, write_items
from grader.errors import CourseError, UnusableCourseFiles, UnusableInput
from grader.exchange.collecting import collect
from grader.exchange.roster import Roster, usable_name
from grader.exchange.times import Times
from grader.gradebook.annotate import annotate
from grader.gradebook.by_hand import Mark
from grader.gradebook.lateness import hand_in_time
from grader.gradebook.restore import read_released, restore
from grader.gradebook.totals import HandedIn, Question, total
from grader.judging.oracle import Report
from grader.judging.secret import FILE, VARIABLE, course_secret
from grader.patch import apply
from grader.recipes.diffs import read as read_diffs
from grader.sandbox.inside.channel import Cap, Channel
from grader.sandbox.inside.wire import WireError, load
from grader.submission import NotASubmission, Submission, similarity
from grader.submission.source import decode
from utils.checks.case import Case
from utils.checks.compare import (
    DrawnAnew,
    Dropped,
    Equal,
    Initialised,
    Minibatches,
    MinibatchesAnew,
    Paired,
    Rule,
    SharedMaximum,
    Subgradient,
)
from utils.checks.diagnose import CaseResult, FollowThrough, judge
from utils.checks.pack import Pack, PackError
from utils.checks.program import Crash, Ran
from utils.checks.weights import read_weights, safetensors_dataset
from utils.errors import DataError

MEANS = "def mean(x):\n    total = sum(x)\n    return total / len(x)\n\n\ndef spread(x):\n    return max(x) - min(x)\n"
WANTED = ("nndl/layers.py", "FC_nets.ipynb", "models/best.npz")


@cache
def folder() -> Path:
    """A folder for targets that read files, for as long as this process lives."""
    held = tempfile.TemporaryDirectory()
    folder.held = held
    return Path(held.name)


@cache
def small_course() -> Course:
    root = folder() / "course"
    root.mkdir()
    return make(root)


def frame(data: bytes) -> None:
    """The wire, with lengths that are right: four bytes say where the tree ends."""
    (size,) = struct.unpack(">I", data[:4].rjust(4, b"\0"))
    load(data[4 : 4 + size], data[4 + size :])


def judged(data: bytes) -> None:
    """Whatever value arrives, as the answer of each kind of rule: a share of the points and printable sentences."""
    (size,) = struct.unpack(">I", data[:4].rjust(4, b"\0"))
    _, value = load(data[4 : 4 + size], data[4 + size :])
    answers = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
    for answer in [value, *list(answers)[:2]]:
        for case, want in _cases():
            ran = Ran({"out": answer})
            wrong = {"zero": Ran({"out": 0.0}), "nothing": Crash(False, "ValueError", "no")}
            result = CaseResult(case, want, ran, wrong)
            follow = FollowThrough(0.5, lambda *_, want=want: Ran(dict(want)))
            found = judge([result, result], {"zero": "It is 0."}, lambda *_, ran=ran: ran, follow)
            assert 0 <= found.share <= 1
            assert all(finding.hint.encode() or finding.verdict == "pass" for finding in found.findings)


@cache
def _cases() -> list[tuple[Case, dict[str, object]]]:
    """A case for each kind of rule, and the right answer."""
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    images = np.arange(24.0).reshape(1, 2, 3, 4)
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
    inputs: dict[str, object] = {
        "x": x, "dout": np.ones((2, 3)), "p": 0.5, "weight_scale": 0.1, "num_train": 9, "num_iters": 2, "batch_size": 3
    }  # fmt: skip
    rules: list[tuple[Rule, object, dict[str, object]]] = [
        (Equal(), x, inputs),
        (Equal(dtype=True, scale="x"), {"a": x, "b": np.int64(3)}, inputs),
        (Initialised(), x, inputs),
        (Dropped(), x, inputs),
        (Paired(), x, inputs),
        (Minibatches(), np.zeros((2, 3, 2), int), inputs),
        (MinibatchesAnew(), np.zeros((2, 3, 2), int), inputs),
        (DrawnAnew(), ({"W1": x, "W2": x}, {"W1": x, "W2": x}), inputs),
        (Subgradient("x", "dout"), x, inputs),
        (
            SharedMaximum("x", "dout", "pool_param"),
            images,
            {"x": images, "dout": np.ones((1, 2, 1, 2)), "pool_param": pool},
        ),
    ]
    return [
        (
            Case("fuzzed", "out = f(x)", given, {"out": rule}, gradients={"out": "x"}, objective=("out", ""),
                 separate={"out": "x"}),
            {"out": want},
        )
        for rule, want, given in rules
    ]  # fmt: skip


def stream(data: bytes) -> None:
    """The wire as it comes out of a pipe."""
    ours, theirs = os.pipe()
    try:
        os.set_blocking(theirs, False)
        os.write(theirs, data[:60_000])
        os.close(theirs)
        cap = Cap(1 << 20, 1 << 20)
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            Channel(ours, null, cap, cap).receive(time.monotonic() + 5)
        finally:
            os.close(null)
    finally:
        os.close(ours)


def course_toml(data: bytes) -> None:
    (folder() / "course.toml").write_bytes(data)
    course = courses.load(folder())
    for assignment in course.assignment:
        assert all(exercise.points >= 0 and exercise.file for exercise in assignment.exercises)
        assert assignment.files is not None
    assert course.late.grace_seconds >= 0
    assert course.limits.memory_bytes >= 0


def decisions_toml(data: bytes) -> None:
    """What is accepted gives every student a total that is a number."""
    course = small_course()
    (course.root / "decisions.toml").write_bytes(data)
    try:
        course = with_decisions(course)
    finally:
        (course.root / "decisions.toml").unlink()
    (assignment,) = course.assignment
    worth = {each.name: each.points for notebook in assignment.notebook for each in notebook.questions}
    questions = [Question(name, "warmup", points / 2, points) for name, points in worth.items()]
    times = {assignment.name: HandedIn(assignment.due + timedelta(hours=30))}
    for student in ("ada", "bob"):
        result = total(course, assignment, student, questions, times)
        assert 0 <= result.score < float("inf")
        assert result.due >= assignment.due


def recipe_diffs(data: bytes) -> None:
    """Misconceptions: what can be read of them is applied to a module, or a line is named."""
    text = data.decode("utf-8", "replace")
    entries, problems = read_diffs(text, "means.wrong", sentences=True)
    for problem in problems:
        assert 0 < problem.line <= text.count("\n") + 1
        assert len(str(problem)) < 600
    for entry in entries:
        assert entry.sentence
        assert entry.hunks
        apply(MEANS, entry.hunks, "means.py")
    if problems:
        raise UnusableCourseFiles(problems[:3])


def notebook(data: bytes) -> None:
    """Whatever is handed in, a notebook comes out that has each of the release's cells once, and can be written."""
    course = small_course()
    task = course["a1"]
    released = read_released(course, task)["warmup"]
    restored = restore(data, released)
    names = [cell.metadata.nbgrader.grade_id for cell in restored.cells if "nbgrader" in cell.metadata]
    assert sorted(names) == ["layers-affine_forward", "layers-relu_forward", "why"]
    for cell in restored.cells:
        if cell.cell_type == "code":
            assert not cell.outputs or not is_grade(cell)
            kinds = [set(shown.get("data", {"text/plain": ""})) for shown in cell.outputs[1:]]
            assert all(kind <= {"text/plain", "image/png"} for kind in kinds)
    annotated = annotate(restored, Report("a1", "ada", "landlock", ()), task.notebook[0])
    nbformat.validate(annotated)
    nbformat.writes(annotated).encode()


def rubrics(data: bytes) -> None:
    """What is accepted gives every answer points in range, and a comment; and can be changed at the desk."""
    course = small_course()
    path = rubric_file(course, "a1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    for question, rubric in read_rubrics(course, "a1").items():
        mark = Mark(tuple(item.name for item in rubric.items), 0.5, "Well.")
        assert 0 <= rubric.points(mark, 4.0) <= 4
        assert rubric.comment(mark).endswith("Well.")
        write_items(course, "a1", question, rubric.items, rubric.start)
        assert read_rubrics(course, "a1")[question] == rubric


def archive(data: bytes) -> None:
    path = folder() / "hw3.zip"
    path.write_bytes(data)
    submission = Submission.read(path, WANTED)
    assert set(submission.files) <= set(WANTED)
    assert all(remark.isprintable() for remark in submission.remarks)
    if "nndl/layers.py" in submission.files:
        submission.text("nndl/layers.py")
    assert len(submission.digest) == 64


def source(data: bytes) -> None:
    """A Python file: text that the worker can be sent, and fingerprints that can be compared."""
    text = decode(data).text
    assert text.encode("utf-8").decode("utf-8") == text
    similarity.fingerprints(text)


def golden_pack(data: bytes) -> None:
    Pack.from_bytes(data)


def model(data: bytes) -> None:
    weights, dataset = read_weights(io.BytesIO(data), "best.npz")
    assert weights
    assert re.fullmatch(r"[\w.-]{1,40}", dataset, re.ASCII)
    assert all(array.dtype.kind in "fiubU" for array in weights.values())


def safetensors(data: bytes) -> None:
    assert re.fullmatch(r"[\w.-]{1,40}", safetensors_dataset(data, "best.safetensors"), re.ASCII)


def secret(data: bytes) -> None:
    """The course's secret, and when something was handed in: two small files that people edit."""
    os.environ.pop(VARIABLE, None)
    (folder() / FILE).write_bytes(data)
    (folder() / "timestamp.txt").write_bytes(data)
    hand_in_time(folder())
    assert len(course_secret(folder())) >= 16


def download(data: bytes) -> None:
    """What is called a download, and what Gradescope says about submissions; a students' name is no path."""
    submitted = folder() / "collected"
    raw, export = folder() / "download.zip", folder() / "export.zip"
    raw.write_bytes(data)
    export.write_bytes(zipped({"submission_metadata.yml": data, "submission_1001/layers.py": b"x = 1"}))
    try:
        collect(small_course()["a1"], [raw], submitted)
    except UnusableInput:
        collect(small_course()["a1"], [export], submitted)
    for path in folder().rglob("a1.zip"):
        assert path.parent.parent == submitted or ".earlier" in path.parts
    shutil.rmtree(submitted)


def table(data: bytes) -> None:
    """Tables of students and of times, which any program may have written."""
    path = folder() / "table.csv"
    path.write_bytes(data)
    try:
        people = Roster.read([path]).people
    except UnusableInput:
        people = {}
    assert all(usable_name(student) == student for student in people)
    Times.read([path], UTC)


TARGETS: dict[Callable[[bytes], None], type[Exception]] = {
    frame: WireError,
    judged: WireError,
    stream: WireError,
    course_toml: CourseError,
    decisions_toml: CourseError,
    recipe_diffs: CourseError,
    rubrics: CourseError,
    notebook: AssertionError,  # it has no error: whatever comes, something goes on
    archive: NotASubmission,
    golden_pack: PackError,
    model: DataError,
    safetensors: DataError,
    source: AssertionError,  # it has no error either
    secret: CourseError,
    download: UnusableInput,
    table: UnusableInput,
}
