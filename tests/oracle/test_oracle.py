"""One submission against one assignment, in the real sandbox."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from here import COURSE
from sampling import sampled
from submissions import part_of, solved, submission

from grader.course import Course
from grader.judging import models, numeric_gradients, oracle, prerequisites
from grader.judging.answers import Answers
from grader.judging.case_bank import CaseBank
from grader.recipes import GivenNet, recipe_book
from grader.reference import Edit, Reference
from grader.report import LostPoints, Report, Verdict
from grader.sandbox import Confinement, choose_confinement
from grader.sandbox.inside.wire import Ask, Frame, Refused, message_of

Grade = Callable[..., Report]
SECRET = b"a secret for the tests"


@pytest.fixture(scope="module")
def sandbox() -> Confinement:
    return choose_confinement("auto")


@pytest.fixture
def grade(course: Course, sandbox: Confinement) -> Grade:
    def run(files: dict[str, bytes], *names: str, student: str = "ana", seconds: float | None = None) -> Report:
        """Grade hw3; of it only what is named, if anything is."""
        used = course if seconds is None else _hurried(course, seconds)
        hw3 = part_of(used["hw3"], names) if names else used["hw3"]
        return oracle.grade(submission(files), used, hw3, student, confinement=sandbox, secret=SECRET)

    return run


def _hurried(course: Course, seconds: float) -> Course:
    return msgspec.structs.replace(course, limits=msgspec.structs.replace(course.limits, seconds=seconds))


def verdicts(report: Report) -> dict[str, str]:
    return {verdict.name: verdict.verdict for verdict in report.exercises}


def one(report: Report, name: str) -> Verdict:
    return next(verdict for verdict in report.exercises if verdict.name == name)


def test_the_reference_earns_everything_but_the_net_it_did_not_train(grade: Grade, reference: Reference) -> None:
    report = grade(solved(reference))
    wrong = [verdict for verdict in report.exercises if verdict.verdict != "pass"]
    assert [verdict.name for verdict in wrong] == ["models.two_layer_best"]
    assert wrong[0].verdict == "missing"
    assert report.score == report.max_score - wrong[0].max_score
    assert report.sandbox in ("landlock", "bubblewrap")


def test_the_released_stubs_earn_nothing(grade: Grade, course: Course) -> None:
    stubs = {f"nndl/{path.name}": path.read_bytes() for path in (course.root / "nndl").glob("*.py")}
    report = grade(stubs)
    assert report.score == 0
    assert set(verdicts(report).values()) == {"missing"}


def test_nothing_handed_in_earns_nothing_and_starts_nothing(grade: Grade) -> None:
    report = grade({})
    assert report.score == 0
    assert set(verdicts(report).values()) == {"missing"}
    assert "nndl/layers.py was not handed in" in one(report, "layers.affine_forward").findings[0].hint


def test_the_right_derivative_of_a_wrong_forward_earns_its_share(
    grade: Grade, course: Course, reference: Reference
) -> None:
    files = solved(reference, layers=(("@ w + b", "@ w - b"), ("db = dout.sum", "db = -dout.sum")))
    verdict = one(grade(files, "layers.affine_forward", "layers.affine_backward"), "layers.affine_backward")
    assert verdict.verdict == "partial"
    assert verdict.followed == 1  # of 6 points 2 for each gradient, and course.toml's half of them for db
    assert verdict.score == 5
    assert any("earned half: db is the right derivative" in finding.hint for finding in verdict.findings)


def test_a_wrong_layer_costs_the_net_above_it_nothing(grade: Grade, reference: Reference) -> None:
    nets = ("fc_net.FullyConnectedNet.loss", "fc_net.TwoLayerNet.loss")
    report = grade(solved(reference, layers=(("@ w + b", "@ w - b"),)), "layers.affine_forward", *nets)
    assert one(report, "layers.affine_forward").verdict == "fail"
    assert one(report, "fc_net.FullyConnectedNet.loss").verdict == "pass"
    assert one(report, "fc_net.TwoLayerNet.loss").verdict == "pass"


def test_a_forward_that_works_in_place_costs_its_backward_nothing(grade: Grade, reference: Reference) -> None:
    files = solved(reference, layers=(("out = np.maximum(0, x)", "out = x\n    out[out < 0] = 0"),))
    forward, backward = grade(files, "layers.relu_forward", "layers.relu_backward").exercises
    assert (forward.verdict, list(forward.lost_by_part)) == ("partial", ["side effect"])
    assert backward.verdict == "pass"


def test_the_net_above_is_answered_by_the_references_layers(
    grade: Grade, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def nothing(self: object, program: int, question: Frame, seconds: float) -> Frame:
        message = message_of(question)
        assert isinstance(message, Ask)
        asked.append(f"{message.module}.{message.function}")
        return Frame.of(Refused("ValueError", "no answer"))

    monkeypatch.setattr(Answers, "ask", nothing)
    report = grade(solved(reference), "layers.affine_forward", "layers.affine_backward", "fc_net")
    assert {"layer_utils.affine_relu_forward", "layers.affine_forward"} <= set(asked)
    # What is tried with small changes, for a hint, calls others of the same layers.
    assert {question.partition(".")[0] for question in asked} == {"layer_utils", "layers"}
    assert one(report, "fc_net.TwoLayerNet.loss").verdict == "error"
    assert one(report, "layers.affine_backward").verdict == "pass"


REDIRECTED = b"""
import numpy as np
from .layer_utils import affine_relu_backward, affine_relu_forward


def affine_forward(x, w, b):
    return affine_relu_forward(x, w, b)[0] - affine_relu_forward(x, -w, -b)[0], (x, w, b)


def affine_backward(dout, cache):
    return affine_relu_backward(dout, (cache, np.ones_like(dout)))
"""


def test_a_layer_is_not_answered_by_what_is_made_of_it(
    grade: Grade, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    affine = ("layers.affine_forward", "layers.affine_backward")
    report = grade({"nndl/layers.py": REDIRECTED}, "layers")
    assert report.score == 0
    assert reference.prerequisites("layers") == ()
    # with layer_utils answered by the reference, the same file earns both exercises
    monkeypatch.setattr(prerequisites, "_prerequisites", lambda reference, module: ("layer_utils",))
    # but for the large case, whose arrays are larger than may be asked about
    monkeypatch.setattr(numeric_gradients, "failed_gradients", lambda *_, **__: None)
    report = grade({"nndl/layers.py": REDIRECTED}, *affine)
    assert [verdict.verdict for verdict in report.exercises] == ["pass", "pass"]


def test_a_module_stands_on_what_it_imports(reference: Reference) -> None:
    assert reference.prerequisites("fc_net") == ("layer_utils", "layers")
    assert reference.prerequisites("neural_net") == reference.prerequisites("backprop") == ()


def test_a_helper_of_the_students_own_in_another_file_is_found(grade: Grade, reference: Reference) -> None:
    files = solved(
        reference,
        neural_net=(
            ("import numpy as np\n", "import numpy as np\n\nfrom .layers import total\n"),
            (
                "loss = -log_probs[rows, y].mean() + 0.5 * reg * ((W1 * W1).sum() + (W2 * W2).sum())",
                "loss = -log_probs[rows, y].mean() + 0.5 * reg * (total(W1) + total(W2))",
            ),
        ),
    )
    files["nndl/layers.py"] += b"\n\ndef total(W):\n    return (W * W).sum()\n"
    assert one(grade(files, "neural_net"), "neural_net.TwoLayerNet.loss").verdict == "pass"


def test_a_half_right_backward_earns_its_share(grade: Grade, reference: Reference) -> None:
    files = solved(reference, layers=(("db = dout.sum(axis=0)", "db = dout.sum(axis=0, keepdims=True)"),))
    (verdict,) = grade(files, "layers.affine_backward").exercises
    assert (verdict.verdict, verdict.score) == ("partial", 5.5)  # of 6 points, db has 2, and a quarter is not the core
    assert verdict.lost == (LostPoints("db", "shape", 0.5),)
    assert verdict.loss_in_words == "Points lost, of 6: shape 0.5."
    wrong, *right = verdict.findings
    assert (wrong.aspect, wrong.misconception) == ("db", "db-keeps-axis")
    assert "shape (1," in wrong.hint
    assert [finding.aspect for finding in right] == ["dx", "dw"]


def test_a_softmax_that_overflows_for_large_scores_is_partly_right(grade: Grade, course: Course) -> None:
    reference = Reference.of(course)
    name = "neural_net.TwoLayerNet.loss"
    mistakes = recipe_book(reference).recipe(name).misconceptions
    overflowing = next(mistake.hunks for mistake in mistakes if mistake.id == "exp-overflows")
    files = solved(reference) | {"nndl/neural_net.py": reference.changed("neural_net", overflowing).encode()}
    (verdict,) = grade(files, name).exercises
    assert (verdict.verdict, verdict.score) == ("partial", 8.5)
    assert verdict.lost_by_part == {"numerical range": 0.5}


def test_a_crash_in_one_case_leaves_the_points_of_the_core(grade: Grade, reference: Reference) -> None:
    crashing = "if len(x) == 1:\n        raise ValueError('too few')\n    out = np.maximum(0, x)"
    (verdict,) = grade(
        solved(reference, layers=(("out = np.maximum(0, x)", crashing),)), "layers.relu_forward"
    ).exercises
    assert verdict.verdict == "partial"
    assert verdict.lost_by_part == {"edge shape": pytest.approx(0.125, abs=0.01)}
    assert verdict.findings[0].verdict == "error"
    assert "too few" in verdict.findings[0].hint


def test_an_endless_loop_costs_its_exercise_only(grade: Grade, reference: Reference) -> None:
    files = solved(reference, layers=(("out = np.maximum(0, x)", "while True: pass"),))
    report = grade(files, "layers", "fc_net.FullyConnectedNet.loss", seconds=0.5)
    seen = verdicts(report)
    assert seen["layers.relu_forward"] == "timeout"
    assert '"while True:", never ends' in one(report, "layers.relu_forward").findings[0].hint
    assert seen["layers.relu_backward"] == "pass"  # although its visible way goes through relu_forward
    assert seen["layers.affine_backward"] == seen["fc_net.FullyConnectedNet.loss"] == "pass"


@pytest.mark.slow
def test_an_import_that_never_ends_is_waited_for_once(grade: Grade, reference: Reference) -> None:
    files = solved(reference)
    files["nndl/layers.py"] += b"\nwhile True:\n    pass\n"
    report = grade(files, seconds=1.0)
    layers = [verdict for verdict in report.exercises if verdict.name.startswith("layers.")]
    assert {verdict.verdict for verdict in layers} == {"timeout"}
    assert sum(verdict.seconds > 0.5 for verdict in layers) == 1
    assert one(report, "fc_net.TwoLayerNet.loss").verdict == "pass"


@pytest.mark.parametrize(
    ("opening", "verdict"),
    sampled(
        [
            (b"import os; os._exit(0)\n", "killed"),
            (b"raise SystemExit(0)\n", "error"),
            (b"def broken(:\n", "error"),
            (b"import torch_is_not_here\n", "error"),
            (b"from nndl.conv_layers import conv\n", "error"),
        ],
        every=2,
    ),
)
def test_a_file_that_cannot_be_imported_costs_itself_only(
    grade: Grade, reference: Reference, opening: bytes, verdict: str
) -> None:
    files = solved(reference)
    files["nndl/layers.py"] = opening + files["nndl/layers.py"]
    report = grade(files, "layers", "fc_net", "backprop.gplvm_objective")
    assert {v.verdict for v in report.exercises if v.name.startswith("layers.")} == {verdict}
    assert {v.verdict for v in report.exercises if v.name.startswith(("fc_net.", "backprop."))} == {"pass"}


def test_a_function_that_was_renamed_is_missing(grade: Grade, reference: Reference) -> None:
    files = solved(reference, layers=(("def relu_forward(x)", "def relu_fwd(x)"),))
    forward, backward = grade(files, "layers.relu_forward", "layers.relu_backward").exercises
    assert forward.verdict == "missing"
    assert backward.verdict == "pass"


def test_an_object_that_is_equal_to_everything_earns_nothing(grade: Grade, reference: Reference) -> None:
    report = grade({"nndl/layers.py": reference.demo().CHEAT.encode()})
    assert report.score == 0
    assert verdicts(report)["layers.affine_forward"] != "pass"


@pytest.mark.parametrize(
    "edits",
    [
        (("out = np.maximum(0, x)", "out = np.full(x.shape, np.nan)"),),
        (("out = np.maximum(0, x)", "out = list(map(str, x))"),),
        (("out = np.maximum(0, x)", "out = (value for value in x)"),),
        (("out = np.maximum(0, x)", "out = np.array([object()])"),),
        pytest.param((("out = np.maximum(0, x)", "out = np.zeros((10**9,), np.int8)"),), marks=pytest.mark.slow),
    ],
)
def test_an_answer_that_is_no_answer_is_wrong(grade: Grade, reference: Reference, edits: tuple[Edit, ...]) -> None:
    report = grade(solved(reference, layers=edits), "layers.affine_forward", "layers.relu_forward")
    assert one(report, "layers.relu_forward").score == 0
    assert one(report, "layers.affine_forward").verdict == "pass"


def test_hidden_cases_differ_between_students_and_courses_and_repeat_for_one(course: Course) -> None:
    reference, name = Reference.of(course), course["hw3"].exercises[0].name

    def draw(secret: bytes, student: str) -> str:
        return repr([case.inputs for case in CaseBank(reference, name, secret).trial(student).cases])

    assert draw(SECRET, "ana") == draw(SECRET, "ana")
    assert len({draw(SECRET, "ana"), draw(SECRET, "bela"), draw(b"another secret", "ana")}) == 3


def npz(**arrays: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def given_net() -> GivenNet:
    net = recipe_book(Reference(COURSE.root, COURSE.package)).net("models.two_layer_best")
    assert isinstance(net, GivenNet)
    return net


def weights(scale: float = 0.01) -> dict[str, object]:
    rng = np.random.default_rng(0)
    shapes = given_net().shapes
    return {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK no archive", "is no readable model file"),
        (npz(**weights()), "which data set"),
        (npz(**{**weights(), "W1": np.zeros((3072, 50))}, dataset="offline"), "has shape (3072, 50)"),
        (npz(**{k: v for k, v in weights().items() if k != "b2"}, dataset="offline"), "lacks b2"),
        (npz(**{**weights(), "W1": np.full((50, 3072), np.nan)}, dataset="offline"), "finite numbers"),
        (npz(**{**weights(), "W1": np.array([[object()]], object)}, dataset="offline"), "is no readable model file"),
    ],
)
def test_weights_that_cannot_be_used_are_said_in_one_sentence(grade: Grade, data: bytes, words: str) -> None:
    verdict = one(grade({"models/two_layer_best.npz": data}), "models.two_layer_best")
    assert (verdict.verdict, verdict.score) == ("error", 0)
    assert words in verdict.findings[0].hint


def test_a_net_that_knows_nothing_earns_nothing(grade: Grade) -> None:
    verdict = one(grade({"models/two_layer_best.npz": npz(**weights(), dataset="offline")}), "models.two_layer_best")
    assert (verdict.verdict, verdict.score) == ("fail", 0)
    assert "of 2000 unseen examples (offline)" in verdict.findings[0].hint


def test_a_net_earns_by_its_accuracy_on_unseen_images(
    grade: Grade, monkeypatch: pytest.MonkeyPatch, course: Course
) -> None:
    # Two pixels tell the class here, so that a net of known accuracy can be written down.
    rng = np.random.default_rng(1)
    y = rng.integers(10, size=2000)
    X = np.zeros((2000, 3, 32, 32))
    X.reshape(2000, -1)[np.arange(2000), y] = 1
    known_net = replace(given_net(), unseen=lambda dataset, key: (X, y))
    monkeypatch.setattr(models, "trained_net", lambda *_: known_net)
    net = {name: np.zeros(shape) for name, shape in given_net().shapes.items()}
    known = 4
    net["W1"][np.arange(known), np.arange(known)] = 1
    net["W2"][np.arange(known), np.arange(known)] = 1
    net["b2"][9] = 0.5  # everything else is called a 9
    accuracy = float(np.isin(y, [*range(known), 9]).mean())
    verdict = one(grade({"models/two_layer_best.npz": npz(**net, dataset="offline")}), "models.two_layer_best")
    assert 0.28 < accuracy < 0.52
    assert verdict.score == pytest.approx(verdict.max_score * min((accuracy - 0.28) / 0.22, 1), abs=0.01)


def test_the_grader_without_cifar10_says_so_and_goes_on(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    unseen = given_net().unseen.__wrapped__
    monkeypatch.setitem(unseen.__globals__, "find_cifar10", lambda: None)
    given_net().unseen.cache_clear()
    verdict = one(grade({"models/two_layer_best.npz": npz(**weights(), dataset="cifar10")}), "models.two_layer_best")
    assert verdict.verdict == "error"
    assert "the grader has no copy" in verdict.findings[0].hint


def test_no_reference_is_visible_from_inside(grade: Grade, reference: Reference, course: Course) -> None:
    secret = [
        course.root / "solutions" / "nndl" / "layers.py",
        course.root / "solutions" / "exercises" / "layers" / "affine.wrong",
        course.root / "goldens" / "layers.affine_forward.npz",
        course.root / "course.toml",
    ]
    assert all(path.is_file() for path in secret)
    paths = [str(path) for path in (*secret, course.root / ".course-secret")]
    spy = f"""
import glob, os, sys

def relu_forward(x):
    found = []
    for place in ({str(course.root)!r}, {str(course.root / "solutions" / "nndl")!r}):
        try:
            # bubblewrap makes empty folders on the way to what may be read: a virtual environment.
            found += [name for name in os.listdir(place) if not name.startswith(".venv")]
        except OSError:
            pass
    for path in {paths!r}:
        try:
            found.append(open(path, "rb").read())
        except OSError:
            pass
    found += [name for name in sys.modules if name.split(".")[0] in ("solutions", "grader")]
    found += [name for name in os.environ if "SECRET" in name]
    raise RuntimeError(f"found {{len(found)}}: {{found}}")
"""
    (verdict,) = grade({**solved(reference), "nndl/layers.py": spy.encode()}, "layers.relu_forward").exercises
    assert "found 0" in verdict.findings[0].hint, Path(spy)
