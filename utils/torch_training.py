"""What the training loops of the PyTorch notebook start from: a device, and the data as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from utils.torch_nets import as_input


def best_device() -> torch.device:
    """Where to compute: a CUDA device or Apple's GPU where there is one, the processor otherwise."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def as_tensors(
    data: Mapping[str, Any], num_train: int | None = None, device: torch.device | str = "cpu"
) -> dict[str, torch.Tensor]:
    """The course's data as tensors, the images as `utils.torch_nets.as_input` makes them.

    Parameters
    ----------
    data : dict
        What `get_CIFAR10_data` returned, the mean image taken off.
    num_train : int, optional
        Keep only so many training images; all by default.
    device : torch.device or str, default="cpu"

    Returns
    -------
    dict of str to tensor
        ``X_train``, ``y_train`` and so on: images float32, labels int64.
    """
    tensors = {}
    for split in ("train", "val", "test"):
        count = num_train if split == "train" else None
        tensors[f"X_{split}"] = as_input(data[f"X_{split}"][:count], device)
        tensors[f"y_{split}"] = torch.tensor(data[f"y_{split}"][:count], device=device)
    return tensors
