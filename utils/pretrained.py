"""Trained networks to look into: a small one of the course's own, or SqueezeNet with its ImageNet weights.

The small one is trained once, in about a minute, and kept in the per-user cache: on CIFAR-10 where there is a copy of
it, else on the offline set. Needs PyTorch; only SqueezeNet needs torchvision, and its weights a network the first time.
To have either at hand before the lecture::

    python -m utils.pretrained
    python -m utils.pretrained --pretrained
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import nn
from tqdm.auto import tqdm

from utils.cifar10 import CLASSES, cache_folder, find_cifar10, read_split
from utils.errors import DataError, reason
from utils.model_files import write_npz
from utils.offline_images import OFFLINE_CLASSES, offline_pixels
from utils.photographs import PHOTOGRAPHS, middle_square, square_photographs
from utils.progress import bar_hidden

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, for values 0..1: what torchvision's networks were trained with."""

IMAGES, EPOCHS, BATCH = 12_000, 4, 100
_VERSION = 1  # to be raised when the network, its training or its images change: what is kept is then made anew
_SIDE = 224  # pixels, of the images that SqueezeNet takes


@dataclass(frozen=True)
class TrainedNet:
    """A network, and images to show it.

    Attributes
    ----------
    model : torch.nn.Module
        Gives a score per class, before any softmax; in evaluation mode, and its parameters want no gradients.
    images : ndarray of shape (N, 3, H, W), uint8
        Images that it was not trained on.
    labels : ndarray of shape (N,), int64
    names : tuple of str
        Of the classes.
    dataset : str
        What it was trained on: "cifar10", "offline" or "imagenet".
    """

    model: nn.Module
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    dataset: str


def trained_net(pretrained: bool = False, folder: str | os.PathLike[str] | None = None) -> TrainedNet:
    """A network to look into, with images.

    It stays on the processor, also where PyTorch is built for CUDA: the networks are small, and the pictures are then
    the same whether there is a graphics card or not.

    Parameters
    ----------
    pretrained : bool, default False
        SqueezeNet 1.1 with torchvision's ImageNet weights, instead of the small network, which is trained on CIFAR-10
        where `utils.cifar10.find_cifar10` finds it, else on the offline set.
    folder : path, optional
        Where the small network is kept, the per-user cache by default; for SqueezeNet where its images are, by default
        the folder that the environment variable ``NNDL_IMAGENET`` names, else the course's own photographs. That
        folder has a folder for each class, named as torchvision names it ("goldfish", "hay").

    Returns
    -------
    TrainedNet

    Raises
    ------
    DataError
        If torchvision or its weights are not there, or images that were asked for: the folder for SqueezeNet, or the
        copy of CIFAR-10 that ``NNDL_DATA`` names.
    """
    return _squeezenet(folder) if pretrained else _small_net(folder)


def preprocess(images: NDArray[Any]) -> torch.Tensor:
    """Images as the networks expect them.

    Parameters
    ----------
    images : ndarray of shape (N, 3, H, W)
        Values 0..255.

    Returns
    -------
    tensor of shape (N, 3, H, W), float32
        Divided by 255, then each channel less its `MEAN` and divided by its `STD`.
    """
    pixels = torch.tensor(np.asarray(images, dtype=np.float32)) / 255
    return (pixels - _channels(MEAN)) / _channels(STD)


def deprocess(X: torch.Tensor) -> NDArray[np.uint8]:
    """Images to look at: what `preprocess` did, undone; what lies outside of 0..255 is cut off.

    Parameters
    ----------
    X : tensor of shape (N, 3, H, W)

    Returns
    -------
    ndarray of shape (N, H, W, 3), uint8
        Channels last, as matplotlib wants them.
    """
    pixels = (X.detach().cpu() * _channels(STD) + _channels(MEAN)) * 255
    shown: NDArray[np.uint8] = pixels.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return shown


def deprocess_change(change: torch.Tensor, factor: float = 1.0) -> NDArray[np.uint8]:
    """What is added to an image, to look at: middle grey where nothing is, brighter and darker where something is.

    Parameters
    ----------
    change : tensor of shape (N, 3, H, W)
        The difference of two images as `preprocess` gives them.
    factor : float, default 1.0
        Multiplies the change; what then lies outside of 0..255 is cut off.

    Returns
    -------
    ndarray of shape (N, H, W, 3), uint8
        127.5 plus `factor` times the change in the units of the image's bytes, rounded.
    """
    pixels = 127.5 + factor * 255 * change.detach().cpu() * _channels(STD)
    shown: NDArray[np.uint8] = pixels.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return shown


def pixel_limits() -> tuple[torch.Tensor, torch.Tensor]:
    """What black and white are after `preprocess`: two tensors of shape (1, 3, 1, 1)."""
    return (0 - _channels(MEAN)) / _channels(STD), (1 - _channels(MEAN)) / _channels(STD)


def small_net() -> nn.Sequential:
    """The small network, untrained: three convolutions with batch norm and pooling, then scores of ten classes."""
    layers: list[nn.Module] = []
    for channels, filters in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 10))


def train_small_net(num: int = IMAGES, epochs: int = EPOCHS) -> nn.Sequential:
    """Train the small network on the first `num` training images; the same numbers on every run.

    Adam with a learning rate that rises and falls once (Smith and Topin, 2018, "Super-Convergence").
    """
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers are left as they are
        torch.manual_seed(0)
        pixels, labels = _images(num, "train")
        y, model = torch.tensor(labels), small_net()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        steps = epochs * -(-len(y) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
        with tqdm(total=steps, desc="training the small network", unit="step", disable=bar_hidden()) as bar:
            for _ in range(epochs):
                for batch in torch.split(torch.randperm(len(y)), BATCH):
                    loss = nn.functional.cross_entropy(model(preprocess(pixels[batch.numpy()])), y[batch])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    schedule.step()
                    bar.update()
    return model


def _images(num: int, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The first `num` images of "train" or "test", of CIFAR-10 where there is a copy, else of the offline set."""
    found = find_cifar10()
    if found is None:
        return offline_pixels(num, split=split)
    pixels, labels = read_split(found, split)
    return pixels[:num], labels[:num]


def _small_net(folder: str | os.PathLike[str] | None) -> TrainedNet:
    dataset, names = ("offline", OFFLINE_CLASSES) if find_cifar10() is None else ("cifar10", CLASSES)
    path = Path(folder or cache_folder()) / f"small-net-{dataset}-{_VERSION}.npz"
    model = _kept(path)
    if model is None:
        model = train_small_net()
        try:
            write_npz(path, {name: value.numpy() for name, value in model.state_dict().items()})
        except OSError as error:
            print(f"The trained network cannot be kept in {path} ({reason(error)}): it is trained again next time.")
    images, labels = _images(200, "test")
    return TrainedNet(_frozen(model), images, labels, tuple(names), dataset)


def _kept(path: Path) -> nn.Sequential | None:
    """The network as it was kept; None where it was not, or where the file is damaged: it can be made again."""
    model = small_net()
    try:
        # Opened here: where the file is damaged, np.load leaves one open that it opened itself.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            model.load_state_dict({name: torch.tensor(arrays[name]) for name in arrays})
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, RuntimeError):
        return None
    return model


def _squeezenet(folder: str | os.PathLike[str] | None) -> TrainedNet:
    try:
        from torchvision import datasets, models
    except ImportError:
        raise DataError(
            "SqueezeNet comes with torchvision, which is not there: pip install torchvision, or leave out pretrained."
        ) from None
    folder = folder or os.environ.get("NNDL_IMAGENET")
    if folder and not Path(folder).is_dir():
        raise DataError(
            f"There are no images for SqueezeNet in {folder}: name a folder that has a folder of images per class, or "
            "none, for the course's own photographs."
        )
    weights = models.SqueezeNet1_1_Weights.IMAGENET1K_V1
    try:
        model = models.squeezenet1_1(weights=weights)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"SqueezeNet's weights cannot be had ({reason(error)}): go online once, or leave out pretrained."
        ) from error
    names = tuple(weights.meta["categories"])
    images, labels = _samples(datasets.ImageFolder, Path(folder), names) if folder else _photographs(names)
    return TrainedNet(_frozen(model), images, labels, names, "imagenet")


def _photographs(names: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The course's own photographs that have a class in ImageNet."""
    classes = [photograph.labels.get("imagenet") for photograph in PHOTOGRAPHS.values()]
    labels = [names.index(label) for label in classes if label in names]
    return square_photographs(_SIDE)[[label in names for label in classes]], np.array(labels, dtype=np.int64)


def _samples(
    read: Callable[..., Any], folder: Path, names: tuple[str, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All images below `folder`, the middle 224 × 224 pixels of each, and their classes by the folders' names."""
    try:
        found = read(str(folder))
    except FileNotFoundError as error:
        raise DataError(f"{folder} has no folders with images: make one for each class, such as goldfish.") from error
    unknown = sorted(set(found.classes) - set(names))
    if unknown:
        raise DataError(f'{folder} has a folder "{unknown[0]}", which is no class of SqueezeNet: rename or remove it.')
    images = np.stack([middle_square(image, _SIDE) for image, _ in found])
    labels = np.array([names.index(found.classes[label]) for _, label in found.samples], dtype=np.int64)
    return images, labels


def _frozen(model: nn.Module) -> nn.Module:
    return model.eval().requires_grad_(False)


def _channels(values: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)


def main(
    pretrained: Annotated[bool, typer.Option("--pretrained", help="SqueezeNet with its ImageNet weights.")] = False,
    folder: Annotated[Path | None, typer.Option(help="As for trained_net.")] = None,
) -> None:
    """Train the small network, or fetch SqueezeNet, and say how often it is right; what cannot be had exits with 2."""
    try:
        net = trained_net(pretrained, folder)
    except DataError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    guesses = torch.cat([net.model(part).argmax(dim=1) for part in torch.split(preprocess(net.images), 25)]).numpy()
    right = int((guesses == net.labels).sum())
    typer.echo(
        f"{'SqueezeNet' if pretrained else 'The small network'} is right about {right} of {len(guesses)} images."
    )


if __name__ == "__main__":
    typer.run(main)
