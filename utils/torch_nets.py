"""Trained nets of the student's own design: what they are given, and their weights in a file.

The file holds numbers alone (safetensors), so reading it runs nobody's code. What the numbers mean is said by the
constructor in ``nndl/torch_models.py``; file and constructor are handed in together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn
from torch.nn.parameter import is_lazy

from utils.errors import DataError, reason
from utils.model_files import dataset_of, write_whole

PIXEL_SPREAD = 64.0
"""What pixels are divided by: about their standard deviation, in CIFAR-10 and in the offline set."""


def as_input(images: ArrayLike, device: torch.device | str = "cpu") -> torch.Tensor:
    """Images as the nets of HW6 are given them.

    Parameters
    ----------
    images : array of shape (N, 3, H, W)
        As `get_CIFAR10_data` returns them: the mean image taken off.
    device : torch.device or str, default="cpu"

    Returns
    -------
    tensor of shape (N, 3, H, W), float32
        Divided by `PIXEL_SPREAD`.
    """
    return torch.tensor(np.asarray(images, dtype=np.float32) / np.float32(PIXEL_SPREAD), device=device)


def save_net(path: str | os.PathLike[str], net: nn.Module, data: Mapping[str, Any]) -> Path:
    """Write a net's parameters and buffers for handing in.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``; the folder is made.
    net : torch.nn.Module
        Trained; on any device.
    data : dict
        What `get_CIFAR10_data` returned: its ``"dataset"`` is kept with the weights, because they are graded on the
        set they were trained on.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ValueError
        If the path ends in something else, a weight is no finite number, or ``data`` names no data set.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"{path.name} would be taken for another kind of file: call it {path.stem}.safetensors.")
    dataset = dataset_of(data)
    # Tied weights share their memory, which the format does not know: each gets its own.
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in net.state_dict().items()}
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(
                f"{name} holds more than finite numbers: the training diverged, try a smaller learning rate."
            )
    return write_whole(path, lambda file: file.write(save(tensors, metadata={"dataset": dataset})))


def restored(net: nn.Module, data: bytes) -> nn.Module:
    """A net with the weights that `save_net` wrote, in evaluation mode.

    Parameters
    ----------
    net : torch.nn.Module
        New, from the constructor. Changed in place.
    data : bytes
        The file.

    Raises
    ------
    DataError
        In one sentence, when the file is damaged or belongs to another net.
    """
    if not isinstance(net, nn.Module):
        raise DataError(f"The constructor returned {type(net).__name__}: it has to build a torch.nn.Module.")
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(f"The weights cannot be read ({reason(error)}): write them again with save_net.") from error
    state = net.state_dict()
    for name in dict.fromkeys((*state, *tensors)):
        built, stored = _size(state.get(name)), _size(tensors.get(name))
        if built != stored and "made by its first use" not in (built, stored):
            raise DataError(
                f"{name} is {stored} in the file, and {built} in the net that the constructor builds: "
                "save the net again after every change of the constructor."
            )
    net.load_state_dict(tensors)
    return net.eval()


def scores_of(net: nn.Module, images: ArrayLike, batch_size: int = 100) -> NDArray[Any]:
    """What a net says of images: in its present mode, without a graph, so many at a time.

    Parameters
    ----------
    net : torch.nn.Module
    images : array of shape (N, 3, H, W)
        The mean image taken off; see `as_input`.
    batch_size : int, default=100

    Returns
    -------
    ndarray of shape (N, K)
    """
    device = next((tensor.device for tensor in net.state_dict().values()), torch.device("cpu"))
    images = np.asarray(images)
    with torch.no_grad():
        order = _quick_order(net, as_input(images[:1], device))
        batches = (as_input(images[k : k + batch_size], device) for k in range(0, len(images), batch_size))
        parts = [net(batch.contiguous(memory_format=order)).cpu() for batch in batches]
    scores: NDArray[Any] = torch.cat(parts).numpy()
    return scores


def _quick_order(net: nn.Module, image: torch.Tensor) -> torch.memory_format:
    """The order in memory of the images for which this net is quick.

    On a processor, convolution and pooling take half as long where the channels of a pixel lie side by side. The scores
    are the same, but a net that calls ``view`` instead of ``reshape`` refuses that order; it is tried on one image.
    """
    if net.training or image.dim() != 4 or image.device.type != "cpu":
        return torch.contiguous_format  # in training mode, one more call would change running statistics
    try:
        net(image.contiguous(memory_format=torch.channels_last))
    except Exception:  # whatever a net raises for a single image; if the net is wrong, it raises that for all of them
        return torch.contiguous_format
    return torch.channels_last


def validation_scores(constructor: Callable[[], nn.Module], file: bytes, images: ArrayLike) -> NDArray[Any]:
    """What a handed-in net says of images; the visible check runs a net like this.

    Parameters
    ----------
    constructor : function
        Called without arguments, it builds the net.
    file : bytes
        What `save_net` wrote.
    images : array of shape (N, 3, H, W)
        The mean image taken off; see `as_input`.

    Returns
    -------
    ndarray of shape (N, K)

    Raises
    ------
    DataError
        As `restored`.
    """
    return scores_of(restored(constructor(), file), images)


def _size(tensor: torch.Tensor | None) -> str:
    if tensor is None:
        return "absent"
    return "made by its first use" if is_lazy(tensor) else f"of shape {tuple(tensor.shape)}"
