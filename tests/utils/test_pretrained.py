"""The networks to look into: the small one is trained, kept and found again; SqueezeNet comes through torchvision."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import typer
from sampling import sampled
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="utils.pretrained needs PyTorch, which only HW6 needs: pip install torch")

from PIL import Image
from tiny_cifar10 import make_folder

from utils import pretrained
from utils.errors import DataError
from utils.offline_images import OFFLINE_CLASSES


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("NNDL_DATA", "offline")
    monkeypatch.delenv("NNDL_IMAGENET", raising=False)


@pytest.fixture
def quick(monkeypatch):
    """Count the trainings, and make them short."""
    runs = []

    def train():
        runs.append(1)
        return train_small_net(num=300, epochs=1)

    train_small_net = pretrained.train_small_net
    monkeypatch.setattr(pretrained, "train_small_net", train)
    return runs


def test_it_is_trained_once_and_then_found(quick, tmp_path):
    first, second = (pretrained.trained_net(folder=tmp_path) for _ in range(2))
    assert len(quick) == 1
    X = pretrained.preprocess(first.images[:7])
    assert torch.equal(first.model(X), second.model(X))
    assert first.model(X).shape == (7, 10)
    assert (first.dataset, first.names) == ("offline", OFFLINE_CLASSES)
    assert not first.model.training
    assert not any(p.requires_grad for p in first.model.parameters())


def test_it_is_trained_on_cifar10_where_there_is_a_copy_and_kept_apart(quick, tmp_path, monkeypatch):
    drawn = pretrained.trained_net(folder=tmp_path / "kept")
    make_folder(tmp_path)
    monkeypatch.setenv("NNDL_DATA", str(tmp_path))
    real = pretrained.trained_net(folder=tmp_path / "kept")
    assert (real.dataset, real.names[3]) == ("cifar10", "cat")
    assert real.images.shape == (7, 3, 32, 32)  # all that this small copy has to test with
    assert len(quick) == len(list((tmp_path / "kept").iterdir())) == 2
    X = pretrained.preprocess(real.images)
    assert not torch.equal(real.model(X), drawn.model(X))


@pytest.mark.parametrize("content", sampled([b"", b"PK\x03\x04 half of a file", b"no archive"], every=3, first=1))
def test_a_damaged_file_is_made_anew(quick, tmp_path, content):
    pretrained.trained_net(folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    pretrained.trained_net(folder=tmp_path)
    pretrained.trained_net(folder=tmp_path)
    assert len(quick) == 2


def test_training_repeats_itself_and_leaves_the_callers_numbers():
    before = torch.get_rng_state()
    one, other = (pretrained.train_small_net(num=200, epochs=1).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_deprocess_undoes_preprocess():
    images = np.random.default_rng(0).integers(256, size=(2, 3, 5, 7)).astype(np.uint8)
    assert np.array_equal(pretrained.deprocess(pretrained.preprocess(images)), images.transpose(0, 2, 3, 1))


def test_a_change_is_shown_around_grey_in_the_units_of_bytes():
    before = np.full((1, 3, 2, 3), 100, np.uint8)
    after = before.copy()
    after[0, 0, 1, 2] += 20
    after[0, 2, 0, 1] -= 7
    change = pretrained.preprocess(after) - pretrained.preprocess(before)
    once, tenfold = (pretrained.deprocess_change(change, factor)[0].astype(int) for factor in (1, 10))
    assert once.shape == (2, 3, 3)
    assert abs(once[0, 0] - 127.5).max() < 1
    assert (once[1, 2, 0], once[0, 1, 2]) in {(147, 120), (148, 121), (147, 121), (148, 120)}  # 127.5 + 20 and - 7
    assert (tenfold[1, 2, 0], tenfold[0, 1, 2]) in {(255, 57), (255, 58)}  # the first is cut off


def test_the_limits_are_black_and_white():
    black, white = pretrained.pixel_limits()
    assert (pretrained.deprocess(black) == 0).all()
    assert (pretrained.deprocess(white) == 255).all()


@pytest.fixture
def torchvision(monkeypatch):
    """A stand-in with torchvision's interface, as far as it is used: the real one is no part of the test machine."""
    module, asked = types.ModuleType("torchvision"), []

    class Folder:
        def __init__(self, root):
            self.classes = sorted(path.name for path in Path(root).iterdir() if path.is_dir())
            if not self.classes:
                raise FileNotFoundError(f"Couldn't find any class folder in {root}.")
            self.samples = [
                (file, label)
                for label, name in enumerate(self.classes)
                for file in sorted((Path(root) / name).iterdir())
            ]

        def __len__(self):
            return len(self.samples)

        def __getitem__(self, index):  # IndexError at the end, as with the real one
            file, label = self.samples[index]
            return Image.open(file).convert("RGB"), label

    def squeezenet1_1(*, weights):
        asked.append(weights)
        return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 3))

    weights = types.SimpleNamespace(meta={"categories": ["tench", "goldfish", "hay"]})
    module.datasets = types.SimpleNamespace(ImageFolder=Folder)
    module.models = types.SimpleNamespace(
        squeezenet1_1=squeezenet1_1, SqueezeNet1_1_Weights=types.SimpleNamespace(IMAGENET1K_V1=weights), asked=asked
    )
    monkeypatch.setitem(sys.modules, "torchvision", module)
    return module


def photograph(path, width, height):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (10, 20, 30)).save(path)


def test_squeezenet_with_images_by_class(torchvision, tmp_path):
    photograph(tmp_path / "hay" / "a.png", 300, 240)
    photograph(tmp_path / "goldfish" / "b.png", 100, 260)
    net = pretrained.trained_net(pretrained=True, folder=tmp_path)
    assert net.images.shape == (2, 3, 224, 224)
    assert [net.names[label] for label in net.labels] == ["goldfish", "hay"]
    assert (net.images[0, :, 100, 50] == [10, 20, 30]).all()
    assert net.model(pretrained.preprocess(net.images)).shape == (2, 3)
    assert not any(p.requires_grad for p in net.model.parameters())
    assert torchvision.models.asked == [torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1]


def test_without_a_folder_squeezenet_gets_the_courses_own_photographs(torchvision, monkeypatch):
    weights = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    monkeypatch.setitem(weights.meta, "categories", ["tench", "espresso", "missile", "tabby", "military uniform"])
    net = pretrained.trained_net(pretrained=True)
    assert net.images.shape == (4, 3, 224, 224)
    assert [net.names[label] for label in net.labels] == ["tabby", "espresso", "missile", "military uniform"]
    assert net.dataset == "imagenet"


def test_the_command_fetches_and_says_how_good_it_is(quick, torchvision, tmp_path):
    app = typer.Typer()
    app.command()(pretrained.main)
    for photo in ("hay/a.png", "goldfish/b.png"):
        photograph(tmp_path / "photos" / photo, 60, 50)
    for arguments, said in (
        ([], "The small network is right about "),
        (["--pretrained"], "SqueezeNet is right about "),
    ):
        ran = CliRunner().invoke(app, [*arguments, "--folder", str(tmp_path / "photos" if arguments else tmp_path)])
        assert ran.exit_code == 0
        assert ran.output.startswith(said)
    ran = CliRunner().invoke(app, ["--pretrained", "--folder", str(tmp_path / "nothing")])
    assert ran.exit_code == 2
    assert "name a folder that has a folder of images per class" in ran.output


def test_errors_say_what_to_do(torchvision, tmp_path, monkeypatch):
    monkeypatch.setenv("NNDL_IMAGENET", str(tmp_path / "nothing"))
    with pytest.raises(DataError, match=r"no images for SqueezeNet in .*nothing"):
        pretrained.trained_net(pretrained=True)
    with pytest.raises(DataError, match="make one for each class"):
        pretrained.trained_net(pretrained=True, folder=tmp_path)
    photograph(tmp_path / "unicorn" / "a.png", 50, 60)
    with pytest.raises(DataError, match='"unicorn", which is no class'):
        pretrained.trained_net(pretrained=True, folder=tmp_path)
    monkeypatch.setenv("NNDL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="There is no folder"):
        pretrained.trained_net(folder=tmp_path)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(DataError, match="pip install torchvision"):
        pretrained.trained_net(pretrained=True, folder=tmp_path)
