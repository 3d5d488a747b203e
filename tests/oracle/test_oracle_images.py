"""HW5 in the real sandbox: what stands on other layers meets the reference's, over the wire."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from submissions import part_of, submission

from grader.course import Course
from grader.host.bounded_process import BoundedProcess
from grader.judging import oracle
from grader.judging.known_replies import KnownReplies
from grader.judging.submitted_module import SubmittedModule
from grader.reference import Edit, Reference, edited
from grader.report import Report
from grader.sandbox import choose_confinement
from grader.sandbox.inside.wire import Ask
from grader.sandbox.questions import Asked, Questions

Grade = Callable[..., Report]
WAYS = ("forward", "backward")
NAIVE = tuple(f"conv_layers.{layer}_{way}_naive" for layer in ("conv", "max_pool") for way in WAYS)
MODULES = ("layers", "layer_utils", "conv_layers", "conv_layer_utils", "cnn")


@pytest.fixture(scope="module")
def grade(course: Course, reference: Reference) -> Grade:
    """Grades the reference's own files but for `edits`, by module; of hw5 all, or what is named."""
    sandbox = choose_confinement("auto")

    def run(*names: str, **edits: tuple[Edit, ...]) -> Report:
        hw5 = part_of(course["hw5"], names) if names else course["hw5"]
        sources = {name: edited(reference.source(name), edits.get(name, ()), name) for name in MODULES}
        files = {f"nndl/{name}.py": text.encode() for name, text in sources.items()}
        return oracle.grade(
            submission(files), course, hw5, "ana", confinement=sandbox, secret=b"a secret for the tests"
        )

    return run


def wrong(report: Report) -> set[str]:
    return {verdict.name for verdict in report.exercises if verdict.verdict != "pass"}


def test_the_reference_earns_everything(grade: Grade) -> None:
    report = grade()
    assert wrong(report) == set()
    assert report.score == report.max_score > 0


@pytest.fixture
def answered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions are answered in this process, where a test can spoil how; no reply is known before or afterwards."""
    monkeypatch.setattr(KnownReplies, "get", lambda self, digest: None)
    monkeypatch.setattr(KnownReplies, "keep", lambda self, digest, reply: None)
    monkeypatch.setattr(BoundedProcess, "call", lambda self, function, *arguments, **_: function(*arguments))


@pytest.mark.slow
@pytest.mark.usefixtures("answered_here")
def test_caches_of_the_fast_layers_do_not_survive_the_wire(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why `Questions` keeps them."""
    assert wrong(grade()) == set()
    monkeypatch.setattr(Questions, "_with_names", lambda self, value: value)
    assert wrong(grade()) == {"cnn.ThreeLayerConvNet.loss"}


@pytest.mark.usefixtures("answered_here")
def test_running_statistics_have_to_come_back(grade: Grade, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why an answer carries the settings too: without them no layer could remember anything."""
    reply = Questions.reply

    def forgetful(self: Questions, question: Ask, value: tuple[tuple, dict], asked: Asked) -> tuple[object, object]:
        args, kwargs = copy.deepcopy(value)
        message, answer = reply(self, question, value, asked)
        if answer is None:  # a changed answer has asked something that is refused
            return message, None
        return message, (answer[0], [item for item in (*args, *kwargs.values()) if isinstance(item, dict)])

    monkeypatch.setattr(Questions, "reply", forgetful)
    monkeypatch.setattr(SubmittedModule, "_judge_on_own", lambda *_: None)  # on its own layers everything is right
    answered = [f"conv_layers.spatial_{norm}_{way}" for norm in ("batchnorm", "groupnorm") for way in WAYS]
    assert wrong(grade(*answered, "cnn")) == {"conv_layers.spatial_batchnorm_forward", "cnn.ThreeLayerConvNet.loss"}


def test_wrong_layers_cost_what_is_made_of_them_nothing(grade: Grade) -> None:
    report = grade(
        layers=(("out = gamma * x_hat + beta\n        cache", "out = x_hat\n        cache"),),
        conv_layers=(("(window * w[f]).sum() + b[f]", "(window * w[f]).sum()"),),
        conv_layer_utils=(("return out, (conv_cache, relu_cache)", "return 0 * out, (conv_cache, relu_cache)"),),
    )
    assert wrong(report) == {"conv_layers.conv_forward_naive"}


def test_a_missing_forward_costs_a_backward_nothing_whose_cache_is_stated(grade: Grade) -> None:
    missing = 'raise NotImplementedError("not yet")'
    report = grade(
        *NAIVE,
        conv_layers=(
            ("out[n, f, i, j] = (window * w[f]).sum() + b[f]", missing),
            ("out[:, :, i, j] = x[:, :, top : top + pool_height, left : left + pool_width].max(axis=(2, 3))", missing),
        ),
    )
    assert wrong(report) == {"conv_layers.conv_forward_naive", "conv_layers.max_pool_forward_naive"}


def test_a_net_may_use_the_fast_layers_themselves(grade: Grade) -> None:
    """They are answered over the wire, as the given sandwiches of them are; their caches never leave the other side."""
    report = grade(
        "cnn",
        cnn=(
            (
                "from .layers import affine_backward, affine_forward, softmax_loss\n",
                (
                    "from .layers import affine_backward, affine_forward, relu_backward, relu_forward, softmax_loss\n"
                    "from utils.fast_layers import conv_backward_fast, conv_forward_fast\n"
                    "from utils.fast_layers import max_pool_backward_fast, max_pool_forward_fast\n"
                ),
            ),
            (
                'images, cache1 = conv_relu_pool_forward(X, p["W1"], p["b1"], conv_param, pool_param)',
                (
                    'a, conv_cache = conv_forward_fast(X, p["W1"], p["b1"], conv_param)\n'
                    "            a, relu_cache = relu_forward(a)\n"
                    "            images, pool_cache = max_pool_forward_fast(a, pool_param)"
                ),
            ),
            (
                '_, grads["W1"], grads["b1"] = conv_relu_pool_backward(dimages, cache1, input_gradient=False)',
                (
                    "da = relu_backward(max_pool_backward_fast(dimages, pool_cache), relu_cache)\n"
                    '            _, grads["W1"], grads["b1"] = conv_backward_fast(da, conv_cache)'
                ),
            ),
        ),
    )
    assert wrong(report) == set()


def test_a_mistake_that_nobody_has_named_is_told_output_by_output(grade: Grade) -> None:
    """Not every case compares every output."""
    call = "table_out, cache = batchnorm_forward(table, gamma, beta, bn_param)"
    edits = ((call, f"{call}\n    table_out = 1.37 * table_out"),)
    (verdict,) = grade("conv_layers.spatial_batchnorm_forward", conv_layers=edits).exercises
    assert [(finding.aspect, finding.verdict) for finding in verdict.findings] == [
        ("out, out_test", "fail"),
        ("running", "pass"),
        ("changed_settings", "pass"),
    ]
    assert "1.37 times" in verdict.findings[0].hint


BORROWED = (
    (
        "out[n, f, i, j] = (window * w[f]).sum() + b[f]",
        "import torch\n        out[n, f, i, j] = float((torch.tensor(window) * torch.tensor(w[f])).sum() + b[f])",
    ),
)


def test_pytorch_answers_for_nobody_who_is_to_write_a_layer(grade: Grade) -> None:
    report = grade(*NAIVE, conv_layers=BORROWED)
    assert wrong(report) == {"conv_layers.conv_forward_naive"}
    (finding,) = next(verdict for verdict in report.exercises if verdict.score == 0).findings
    assert "torch.tensor cannot be called while nndl.conv_layers is checked" in finding.hint


@pytest.mark.slow
def test_otherwise_it_would(grade: Grade, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch cannot answer where it is not installed: pip install torch")
    monkeypatch.setitem(course.packages, "conv_layers", "torch")
    assert wrong(grade(conv_layers=BORROWED)) == set()
