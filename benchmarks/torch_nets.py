"""The nets of the calibration that the course builds in later assignments, here in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def _three_layer_cnn() -> nn.Module:
    """conv 7×7 – relu – pool – affine – relu – affine, with the small weights the course starts it from."""
    net = nn.Sequential(
        nn.Conv2d(3, 32, 7, padding=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 16 * 16, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )
    for parameter in net.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, 0.0, 1e-3)
        else:
            nn.init.zeros_(parameter)
    return net


def _small_cnn() -> nn.Module:
    blocks: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        blocks += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(128 * 4 * 4, 10))


def _deep_net() -> nn.Module:
    blocks: list[nn.Module] = [nn.Flatten()]
    for before, after in ((3072, 256), (256, 128), (128, 64)):
        blocks += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(0.25)]
    return nn.Sequential(*blocks, nn.Linear(64, 10))


_NETS = {"three": _three_layer_cnn, "small": _small_cnn, "deep": _deep_net}


def train(
    name: str, data: dict[str, Any], epochs: int, rate: float, batch: int, scale: float, seed: int
) -> tuple[float, float, list[float]]:
    """Train by Adam; the rate rises and falls over the run (constant if it has one epoch).

    Pixels are multiplied by ``scale`` first. Returns validation and test accuracy, and the former after each epoch.
    """
    torch.manual_seed(seed)
    net = _NETS[name]()
    images, labels = {}, {}
    for part in ("train", "val", "test"):
        images[part] = torch.from_numpy(data[f"X_{part}"].astype(np.float32)) * scale
        labels[part] = torch.from_numpy(data[f"y_{part}"])
    steps = len(images["train"]) // batch
    optimizer = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * steps) if epochs > 1 else None
    curve = []
    for _ in range(epochs):
        net.train()
        order = torch.randperm(len(images["train"]))
        for step in range(steps):
            chosen = order[step * batch : (step + 1) * batch]
            optimizer.zero_grad()
            F.cross_entropy(net(images["train"][chosen]), labels["train"][chosen]).backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
        curve.append(_accuracy(net, images["val"], labels["val"]))
    return curve[-1], _accuracy(net, images["test"], labels["test"]), curve


@torch.no_grad()
def _accuracy(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    net.eval()
    guesses = torch.cat([net(part).argmax(1) for part in images.split(1000)])
    return float((guesses == labels).float().mean())
