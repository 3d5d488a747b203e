"""PyTorch nets in a file: what was saved comes back, and what does not fit is said in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from utils.errors import DataError

torch = pytest.importorskip("torch", reason="PyTorch, which only HW6 needs, is not installed: pip install torch")
from torch import nn

from utils.checks import CheckFailed, check
from utils.checks.weights import safetensors_dataset
from utils.torch_nets import PIXEL_SPREAD, as_input, restored, save_net, scores_of
from utils.torch_training import as_tensors

OFFLINE = {"dataset": np.str_("offline")}


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10), nn.Dropout()
    )


def used(seed: int = 0) -> nn.Sequential:
    """A net whose lazy layer is made and whose running statistics have moved."""
    torch.manual_seed(seed)
    made = net()
    made(torch.randn(8, 3, 6, 5))
    return made


def test_what_is_saved_comes_back_with_its_running_statistics(tmp_path: Path) -> None:
    before, X = used(), np.random.default_rng(0).standard_normal((7, 3, 6, 5))
    stored = save_net(tmp_path / "models" / "net.safetensors", before, OFFLINE).read_bytes()
    assert safetensors_dataset(stored, "net") == "offline"
    after = restored(net(), stored)
    assert not after.training
    for name, tensor in before.state_dict().items():
        assert torch.equal(after.state_dict()[name], tensor)
    assert np.array_equal(scores_of(after, X), scores_of(before.eval(), X))


def test_batches_of_any_size_give_the_same_scores_without_a_graph() -> None:
    made, X = used().eval(), np.random.default_rng(0).standard_normal((7, 3, 6, 5))
    whole = scores_of(made, X)
    assert whole.shape == (7, 10)
    np.testing.assert_allclose(scores_of(made, X, batch_size=3), whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(made(as_input(X)).detach().numpy(), whole, rtol=1e-5, atol=1e-6)


class Noted(nn.Module):
    """A small net that notes in which order its batches lie in memory; with ``view``, it takes only the usual one."""

    def __init__(self, flattened: str) -> None:
        super().__init__()
        self.flattened, self.seen = flattened, []
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
        self.last = nn.Linear(4 * 2 * 1, 10)

    def forward(self, x):
        self.seen.append((len(x), x.is_contiguous()))
        made = self.layers(x)
        return self.last(getattr(made, self.flattened)(len(x), -1))


@pytest.mark.parametrize("flattened", ["reshape", "view"])
def test_the_order_in_memory_changes_no_score_and_refuses_no_net(flattened: str) -> None:
    torch.manual_seed(0)
    made, X = Noted(flattened).eval(), np.random.default_rng(0).standard_normal((7, 3, 6, 5))
    usual = made(as_input(X)).detach().numpy()
    made.seen.clear()
    np.testing.assert_allclose(scores_of(made, X, batch_size=4), usual, rtol=1e-5, atol=1e-6)
    # One image is tried first; then the batches follow in the order that the net takes.
    assert made.seen == [(1, False), (4, flattened == "view"), (3, flattened == "view")]


def test_a_net_in_training_mode_is_called_for_its_batches_alone() -> None:
    made = Noted("reshape").train()
    scores_of(made, np.random.default_rng(0).standard_normal((7, 3, 6, 5)), batch_size=4)
    assert made.seen == [(4, True), (3, True)]
    assert made.layers[1].num_batches_tracked == 2


def test_an_error_of_the_net_is_its_own() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        scores_of(Noted("reshape").eval(), np.zeros((2, 3, 8, 8)))


def test_vectors_are_scored_too() -> None:
    made, X = nn.Linear(5, 10).eval(), np.random.default_rng(0).standard_normal((7, 5))
    np.testing.assert_allclose(scores_of(made, X, 4), made(as_input(X)).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_training_and_grading_see_the_same_images() -> None:
    """What `as_tensors` trains on is what `as_input` makes in the sandbox."""
    rng = np.random.default_rng(0)
    raw = {f"X_{split}": 60 * rng.standard_normal((4, 3, 2, 5)) for split in ("train", "val", "test")}
    raw |= {f"y_{split}": np.arange(4) for split in ("train", "val", "test")}
    data = as_tensors(raw, num_train=3)
    assert data["X_train"].shape == (3, 3, 2, 5)
    assert torch.equal(data["X_val"], as_input(raw["X_val"]))
    np.testing.assert_allclose(data["X_val"].numpy() * PIXEL_SPREAD, raw["X_val"], rtol=1e-6)


def test_a_net_without_finite_weights_is_not_saved(tmp_path: Path) -> None:
    made = used()
    made[0].bias.data[1] = torch.inf
    with pytest.raises(ValueError, match=r"^0\.bias holds more than finite numbers: the training diverged"):
        save_net(tmp_path / "net.safetensors", made, OFFLINE)
    with pytest.raises(ValueError, match=r"call it net\.safetensors"):
        save_net(tmp_path / "net.npz", used(), OFFLINE)
    with pytest.raises(ValueError, match="get_CIFAR10_data"):
        save_net(tmp_path / "net.safetensors", used(), {"dataset": "mine, or so"})
    assert list(tmp_path.iterdir()) == []


def bare(header: object, length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no safetensors file"),
        (b"PK\x03\x04 an archive", "is no safetensors file"),
        (bare({}, 2**40), "is no safetensors file"),
        (bare({}), "does not say which data set"),
        (bare({"__metadata__": {"dataset": "mine, or so"}}), "does not say which data set"),
        (bare({"__metadata__": {"dataset": ["offline"]}}), "does not say which data set"),
        (bare(["__metadata__"]), "does not say which data set"),
    ],
)
def test_a_file_of_another_kind_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=rf"^a\.safetensors {words}.*: save it again\.$"):
        safetensors_dataset(data, "a.safetensors")


def test_the_visible_check_measures_the_net_that_the_constructor_builds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    y = np.arange(40) % 10
    X = np.zeros((40, 3, 32, 32))
    X.reshape(40, -1)[np.arange(40), y] = PIXEL_SPREAD
    raw = {**OFFLINE, "X_val": X, "y_val": y}

    def build() -> nn.Sequential:
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(3072, 10))

    made = build()
    made[2].weight.data[:] = 0
    made[2].weight.data[range(10), range(10)] = 1
    made[2].bias.data[:] = 0
    save_net("models/open_ended.safetensors", made, raw)
    check("models/open_ended.safetensors", raw, build)
    assert "100.0% on the validation set, worth 100% of the points" in capsys.readouterr().out

    def fails(words: str, path: str, *args: object) -> None:
        with pytest.raises(CheckFailed, match=f"^✗ .*{words}"):
            check(path, *args)

    fails("is absent in the file", "models/open_ended.safetensors", raw, lambda: nn.Sequential(nn.Linear(3072, 10)))
    fails("it has to build a torch.nn.Module", "models/open_ended.safetensors", raw, dict)
    fails("use the same one", "models/open_ended.safetensors", {**raw, "dataset": "cifar10"}, build)
    fails(r"There is no model file models/two_layer_best\.npz", "models/two_layer_best.npz", raw, build)
    fails(r"the course takes two_layer_best\.npz, open_ended\.safetensors", "models/open_ended.npz", raw, build)
    Path("models/open_ended.safetensors").unlink()
    fails("train the net and save it", "models/open_ended.safetensors", raw, build)
