"""HW4 in the real sandbox: files that hold the exercises of several assignments, draws that nobody can foresee."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sampling import sampled
from submissions import part_of, submission

from grader.course import Course
from grader.demo import MARKERS
from grader.judging import oracle
from grader.reference import Edit, Reference, edited
from grader.report import Report
from grader.sandbox import choose_confinement

Grade = Callable[..., Report]
MODULES = ("layers", "layer_utils", "fc_net", "optim")
STUB = 'raise NotImplementedError("not yet")'


@pytest.fixture(scope="module")
def grade(course: Course, reference: Reference) -> Grade:
    """Grades the reference's own files but for `edits`, by module; of the assignment all, or what is named."""
    sandbox = choose_confinement("auto")

    def run(*names: str, assignment: str = "hw4", student: str = "ana", **edits: tuple[Edit, ...]) -> Report:
        files = {}
        for name in MODULES:
            lines = reference.source(name).splitlines(keepends=True)
            text = "".join(line for line in lines if line.strip() not in MARKERS)
            files[f"nndl/{name}.py"] = edited(text, edits.get(name, ()), name).encode()
        return oracle.grade(
            submission(files),
            course,
            part_of(course[assignment], names) if names else course[assignment],
            student,
            confinement=sandbox,
            secret=b"a secret for the tests",
        )

    return run


def wrong(report: Report) -> dict[str, str]:
    return {verdict.name: verdict.verdict for verdict in report.exercises if verdict.verdict != "pass"}


@pytest.mark.parametrize("student", sampled(["ana", "bo", "cleo"], every=3))
def test_the_reference_earns_everything(grade: Grade, student: str) -> None:
    report = grade(student=student)
    assert wrong(report) == {}
    assert report.score == report.max_score > 0


def test_one_file_of_two_assignments_is_graded_by_the_exercises_of_each(grade: Grade, course: Course) -> None:
    edits: tuple[Edit, ...] = (
        ("out = x.reshape(x.shape[0], -1) @ w + b", "out = x.reshape(x.shape[0], -1) @ w - b"),  # HW3
        ("running_var = momentum * running_var + (1 - momentum) * var", "running_var = var"),  # HW4
    )
    shared = {exercise.module for exercise in course["hw3"].exercises} & {e.module for e in course["hw4"].exercises}
    assert shared == {"layers", "fc_net"}
    of_hw4, of_hw3 = (grade(*sorted(shared), assignment=name, layers=edits) for name in ("hw4", "hw3"))
    assert wrong(of_hw4) == {"layers.batchnorm_forward": "partial"}
    assert wrong(of_hw3).keys() == {"layers.affine_forward"}


def test_what_hw3_left_unsolved_costs_nothing_in_hw4(grade: Grade) -> None:
    report = grade(
        *("layers", "layer_utils", "fc_net"),
        layers=(
            ("out = x.reshape(x.shape[0], -1) @ w + b", STUB),
            ("db = dout.sum(axis=0)", STUB),
            ("out = np.maximum(0, x)", STUB),
            ("dx = dout * (x > 0)", STUB),
        ),
        fc_net=(
            ("dims = [input_dim, *hidden_dims, num_classes]", STUB),
            ("out, caches = X, []", STUB),
        ),
    )
    assert wrong(report) == {}


def test_wrong_layers_cost_the_hidden_layer_nothing(grade: Grade) -> None:
    report = grade(
        *("layers", "layer_utils", "fc_net"),
        layers=(
            ("mask = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)", "mask = np.ones_like(x)"),
            ("dx = dout * mask if", "dx = 2 * dout * mask if"),
            ("out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta", "out = x"),
        ),
        layer_utils=(("return forward(x, gamma, beta, norm_param)", "return x, None"),),
    )
    assert wrong(report) == {
        "layers.batchnorm_forward": "partial",
        "layers.dropout_forward": "fail",
        "layers.dropout_backward": "fail",
    }


def test_a_generator_of_the_students_own_draws_as_rightly_as_any(grade: Grade) -> None:
    own = "mask = (np.random.default_rng(seed).random(x.shape) >= p) / (1 - p)"
    dropout = ("layers.dropout_forward", "layers.dropout_backward")
    report = grade(*dropout, "fc_net", layers=(("mask = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)", own),))
    assert wrong(report) == {}
    unscaled = own.replace(" / (1 - p)", "")
    report = grade(*dropout, layers=(("mask = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)", unscaled),))
    (verdict,) = (verdict for verdict in report.exercises if verdict.verdict != "pass")
    assert verdict.name == "layers.dropout_forward"
    assert {finding.misconception for finding in verdict.findings if finding.verdict != "pass"} == {"not-inverted"}


def test_a_forward_that_is_not_there_costs_the_dropout_backward_nothing(grade: Grade) -> None:
    dropout = ("layers.dropout_forward", "layers.dropout_backward")
    report = grade(
        *dropout, "fc_net", layers=(("mask = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)", STUB),)
    )
    assert wrong(report) == {"layers.dropout_forward": "missing"}
