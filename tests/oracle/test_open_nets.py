"""Nets of a student's own design: what earns points, what everything else is told; the worst in the real sandbox."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType

import msgspec
import numpy as np
import pytest
from submissions import submission

from grader.course import Assignment, Course, Exercise
from grader.judging import open_nets, oracle, outcome
from grader.recipes import OwnNet, trained_net
from grader.reference import Reference
from grader.report import Verdict
from grader.sandbox import choose_confinement
from utils.checks.program import run_program
from utils.errors import DataError

torch = pytest.importorskip("torch", reason="nets of a student's own design need PyTorch: pip install torch")
from safetensors.torch import load, save

FILE, CODE = "models/open_ended.safetensors", "nndl/torch_models.py"
IMAGES = 400
SENT = IMAGES + open_nets.TWICE
GradeNet = Callable[..., Verdict]

# Dropout: only in evaluation mode does such a net know anything.
LINEAR = """\
import torch
from torch import nn

def open_ended_net():
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.99), nn.Linear(3072, 10))
"""


def weights(known: int = 10) -> dict[str, torch.Tensor]:
    """For `LINEAR`: knows so many classes, and calls everything else a 0."""
    weight = torch.zeros(10, 3072)
    weight[range(known), range(known)] = 1.0
    return {"2.weight": weight, "2.bias": torch.tensor([0.001] + 9 * [0.0])}


def stored(tensors: Mapping[str, torch.Tensor], dataset: str = "offline") -> bytes:
    data: bytes = save(dict(tensors), metadata={"dataset": dataset})
    return data


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(10, size=IMAGES)


@pytest.fixture(autouse=True)
def own_net(labels: np.ndarray, reference: Reference, monkeypatch: pytest.MonkeyPatch) -> OwnNet:
    """The course's net, measured on images whose class is told by one pixel."""
    X = np.zeros((IMAGES, 3, 32, 32))
    X.reshape(IMAGES, -1)[np.arange(IMAGES), labels] = 64
    net = trained_net(reference, "models.open_ended")
    assert isinstance(net, OwnNet)
    changed = replace(net, unseen=lambda dataset, key: (X, labels))
    monkeypatch.setattr(oracle, "trained_net", lambda *_: changed)
    return changed


@pytest.fixture(scope="module")
def exercise(course: Course) -> Exercise:
    (found,) = (exercise for exercise in course["hw6"].exercises if exercise.constructor)
    return found


@pytest.fixture
def grade_net(exercise: Exercise, own_net: OwnNet) -> GradeNet:
    """Grades code and weights in this process."""

    def grade(code: str = LINEAR, net: bytes | None = None) -> Verdict:
        def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str], _: float) -> open_nets.Answer:
            module = ModuleType("torch_models")
            exec(code, module.__dict__)
            return run_program(program, {"torch_models": module}, inputs, fetch)

        found = open_nets.judge(submission({FILE: net or stored(weights())}), exercise, own_net, run, b"secret")
        return outcome.verdict(exercise, found)

    return grade


@pytest.fixture
def grade_confined(course: Course, exercise: Exercise) -> GradeNet:
    """Grades code and weights as the grader does."""
    held, hw6 = choose_confinement("auto"), course["hw6"]
    notebook = msgspec.structs.replace(hw6.notebook[0], exercises=(exercise,))
    alone: Assignment = msgspec.structs.replace(hw6, notebook=(notebook,))

    def grade(code: str = LINEAR, net: bytes | None = None) -> Verdict:
        files = {CODE: code.encode(), FILE: stored(weights()) if net is None else net}
        files = {name: data for name, data in files.items() if data}
        report = oracle.grade(submission(files), course, alone, "ana", confinement=held, secret=b"secret")
        (verdict,) = report.exercises
        return verdict

    return grade


def said(verdict: Verdict) -> str:
    (finding,) = verdict.findings
    return finding.hint


def test_a_net_earns_by_its_accuracy_on_unseen_images(
    grade_net: GradeNet, grade_confined: GradeNet, labels: np.ndarray
) -> None:
    everything = grade_confined()
    assert (everything.verdict, everything.score) == ("pass", everything.max_score)
    some = grade_net(net=stored(weights(known=5)))
    accuracy = float(np.isin(labels, range(5)).mean())
    assert 0.42 < accuracy < 0.68
    assert some.score == pytest.approx(some.max_score * (accuracy - 0.40) / 0.30, abs=0.01)
    assert said(some).startswith(f"{accuracy:.1%} of {IMAGES} unseen examples (offline) are classified right; ")


def test_a_net_that_knows_nothing_earns_nothing(grade_net: GradeNet) -> None:
    verdict = grade_net(net=stored(weights(known=0)))
    assert (verdict.verdict, verdict.score) == ("fail", 0)


def test_only_images_and_weights_are_sent(exercise: Exercise, own_net: OwnNet) -> None:
    sent: dict[str, object] = {}

    def run(program: str, inputs: Mapping[str, object], *_: object) -> open_nets.Answer:
        sent.update(inputs)
        return open_nets.Crash(False, "Error", "seen enough")

    open_nets.judge(submission({FILE: stored(weights())}), exercise, own_net, run, b"secret")
    assert {name: getattr(value, "dtype", None) for name, value in sent.items()} == {
        "inputs": "float32",
        "weights": "uint8",
    }


CONV = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.LazyConv2d(4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(4))
        self.first, self.second, self.third = nn.LazyLinear(8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.third.weight = self.second.weight
        self.last = nn.Linear(8, 10)

    def forward(self, x):
        return self.last(self.third(self.second(self.first(self.features(x).flatten(1)))))

def open_ended_net():
    return Net()
"""


def test_lazy_layers_buffers_and_tied_weights_come_back(grade_net: GradeNet, tmp_path) -> None:
    from utils.torch_nets import save_net, scores_of

    namespace: dict[str, Callable[[], torch.nn.Module]] = {}
    exec(CONV, namespace)
    torch.manual_seed(0)
    net = namespace["open_ended_net"]()
    net(torch.randn(50, 3, 32, 32))  # makes the lazy layers, and running statistics
    net.last.bias.data[3] = 1e3
    path = save_net(tmp_path / "open_ended.safetensors", net.train(), {"dataset": "offline"})
    assert scores_of(net.eval(), np.zeros((2, 3, 32, 32))).argmax(axis=1).tolist() == [3, 3]
    verdict = grade_net(CONV, path.read_bytes())
    assert "unseen examples (offline) are classified right" in said(verdict)


# Knows the images without any weights, as a net does that is fitted while it is graded; its file is decoration.
KNOWS_BY_ITSELF = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {own}

    def forward(self, x):
        return x.flatten(1)[:, :10]

def open_ended_net():
    return Net()
"""


@pytest.mark.parametrize(
    ("own", "tensors"),
    [
        ("pass", {}),
        ("self.spare = nn.Linear(40, 30)", {"spare.weight": torch.ones(30, 40), "spare.bias": torch.ones(30)}),
    ],
    ids=["no weights", "weights that nothing depends on"],
)
def test_what_a_net_knows_without_its_weights_earns_nothing(
    own: str, tensors: dict[str, torch.Tensor], grade_net: GradeNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, net = KNOWS_BY_ITSELF.format(own=own), stored(tensors)
    verdict = grade_net(code, net)
    assert (verdict.verdict, verdict.score) == ("fail", 0)
    assert "With its weights shuffled the net still classifies 100.0% right" in said(verdict)
    monkeypatch.setattr(open_nets, "GUESSING", 10.0)
    assert grade_net(code, net).verdict == "pass"  # but for the second run it would have earned everything


def test_what_comes_from_the_weights_is_kept(grade_net: GradeNet, labels: np.ndarray) -> None:
    """Half of the classes are known without weights, the other half with them."""
    code = KNOWS_BY_ITSELF.format(own="self.last = nn.Linear(3072, 10)").replace(
        "x.flatten(1)[:, :10]", "self.last(x.flatten(1)) + 2 * x.flatten(1)[:, :10] * (x.new_tensor(range(10)) < 5)"
    )
    net = stored({"last.weight": weights()["2.weight"], "last.bias": torch.zeros(10)})
    verdict = grade_net(code, net)
    assert 0 < verdict.score < verdict.max_score


def test_the_scores_of_an_image_are_its_own(grade_net: GradeNet, monkeypatch: pytest.MonkeyPatch) -> None:
    code = LINEAR.replace("nn.Flatten()", "nn.Flatten(), nn.BatchNorm1d(3072, affine=False, track_running_stats=False)")
    net = stored({name.replace("2", "3"): tensor for name, tensor in weights().items()})
    verdict = grade_net(code, net)
    assert (verdict.verdict, verdict.score) == ("error", 0)
    assert "each should stand for itself" in said(verdict)
    monkeypatch.setattr(open_nets, "ALIKE", np.inf)
    assert grade_net(code, net).score > 0


def test_shuffling_keeps_the_numbers_of_each_array() -> None:
    tensors = {"a": torch.arange(12.0).reshape(3, 4), "b": torch.arange(5, dtype=torch.float64), "n": torch.arange(7)}
    back = load(open_nets.shuffled(stored(tensors), np.random.default_rng(0)))
    assert torch.equal(back["n"], tensors["n"])
    for name in "ab":
        assert not torch.equal(back[name], tensors[name])
        assert torch.equal(back[name].flatten().sort().values, tensors[name].flatten())


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b'{"w": 1}',
        b'{"w": {"dtype": "F32", "data_offsets": [0, 3]}}',
        b'{"w": {"dtype": [], "data_offsets": 1}}',
    ],
)
def test_a_header_that_lies_about_its_arrays_is_a_damaged_file(header: bytes) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        open_nets.shuffled(len(header).to_bytes(8, "little") + header + bytes(16), np.random.default_rng(0))


def _with(line: str) -> str:
    return LINEAR.replace("    return", f"    {line}\n    return")


PICKLE = pickle.dumps({"2.weight": np.zeros((10, 3072))})

BAD = {
    "a stub": (_with('raise NotImplementedError("open_ended_net: your code here")'), None, "missing", "your code here"),
    "another file": (LINEAR, PICKLE, "error", "is no safetensors file: save it again."),
    "a header that claims a terabyte": (LINEAR, (1 << 40).to_bytes(8, "little") + b"{}", "error", "is no safetensors"),
    "a header nested too deep": (LINEAR, (10**5).to_bytes(8, "little") + b"[" * 10**5, "error", "which data set"),
    "no data set": (LINEAR, save(weights()), "error", "does not say which data set it was trained on"),
    "cut off": (LINEAR, stored(weights())[:-4], "error", "The weights cannot be read ("),
    "other names": (
        LINEAR,
        stored({"weight": weights()["2.weight"]}),
        "error",
        "2.weight is absent in the file, and of",
    ),
    "other shapes": (
        LINEAR,
        stored({**weights(), "2.weight": torch.zeros(10, 27)}),
        "error",
        "2.weight is of shape (10, 27) in the file, and of shape (10, 3072) in the net that the constructor builds",
    ),
    "more than the net has": (
        LINEAR,
        stored({**weights(), "3.bias": torch.zeros(1)}),
        "error",
        "3.bias is of shape (1,)",
    ),
    "no numbers": (LINEAR, stored({**weights(), "2.bias": torch.full((10,), torch.nan)}), "error", "no finite numbers"),
    "no module": (
        _with("return {}"),
        None,
        "error",
        "The constructor returned dict: it has to build a torch.nn.Module.",
    ),
    "other images": (
        LINEAR.replace("Flatten()", "Identity()"),
        None,
        "error",
        "RuntimeError: mat1 and mat2 shapes cannot",
    ),
    "one score": (
        LINEAR.replace("3072, 10))", "3072, 10), nn.AdaptiveAvgPool1d(1))"),
        None,
        "error",
        f"The net gives scores of shape ({SENT}, 1) for {SENT} examples; they have to be ({SENT}, 10).",
    ),
    "labels for scores": (
        LINEAR.replace("nn.Linear(3072, 10))", "Labels(3072, 10))")
        + "\nclass Labels(nn.Linear):\n    def forward(self, x):\n        return super().forward(x).argmax(dim=1)\n",
        None,
        "error",
        "The net gives no floating-point scores",
    ),
}

BAD_FOR_THE_MACHINE = {
    "no weights": (LINEAR, b"", "missing", "models/open_ended.safetensors was not handed in."),
    "no code": ("", None, "missing", "nndl/torch_models.py was not handed in."),
    "weights from elsewhere": (_with('torch.load("/etc/net.pt")'), None, "error", "FileNotFoundError"),
    "an exit": (_with("import os; os._exit(0)"), None, "killed", "building and running the net"),
    "a loop": (
        _with("while True: pass"),
        None,
        "timeout",
        "running the net did not end within 1.5 seconds",
    ),
    "too much memory": (_with("torch.zeros(10**10)"), None, "error", "memory"),
}


@pytest.mark.parametrize("which", BAD)
def test_what_cannot_be_run_is_said_in_one_sentence(which: str, grade_net: GradeNet) -> None:
    code, net, name, words = BAD[which]
    verdict = grade_net(code, net)
    assert (verdict.verdict, verdict.score) == (name, 0)
    assert words in said(verdict)


@pytest.mark.parametrize("which", BAD_FOR_THE_MACHINE)
def test_what_would_harm_the_machine_earns_nothing(
    which: str, grade_confined: GradeNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_nets, "SECONDS", 1.5)
    code, net, name, words = BAD_FOR_THE_MACHINE[which]
    verdict = grade_confined(code, net)
    assert (verdict.verdict, verdict.score) == (name, 0)
    assert words in said(verdict)
