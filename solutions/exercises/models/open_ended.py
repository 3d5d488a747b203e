"""Define how the net of the student's own design is measured.

Students hand in its constructor and its weights; the sandbox builds the net and loads the weights.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.recipes import Array, OwnNet

from ._images import HIDDEN_IMAGES, hidden_images

PROGRAM = """\
from utils import torch_nets
net = torch_nets.restored({constructor}(), weights.tobytes())
scores = torch_nets.scores_of(net, inputs)
"""


def some_hidden_images(dataset: str, key: bytes) -> tuple[Array, Array]:
    """Return `HIDDEN_IMAGES` images, because a large net would need too long for all test images of CIFAR-10."""
    X, y = hidden_images(dataset, key)
    return X[:HIDDEN_IMAGES], y[:HIDDEN_IMAGES]


def untrained(constructor: Callable[[], Any]) -> bytes:
    """Return the file of a net with the weights that its constructor gives it; needs PyTorch."""
    from utils.torch_nets import save_net

    with tempfile.TemporaryDirectory() as folder:
        return save_net(Path(folder, "net.safetensors"), constructor(), {"dataset": "offline"}).read_bytes()


RECIPES = (
    OwnNet(
        name="models.open_ended",
        unseen=some_hidden_images,
        dataset="offline",
        visible="utils.torch_nets.validation_scores",
        classes=10,
        program=PROGRAM,
        functions=("torch_nets.restored", "torch_nets.scores_of"),
        packages=("torch", "safetensors"),
        untrained=untrained,
    ),
)
