"""The training loop of the PyTorch notebook: minibatches, progress with the time left, accuracy after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm

from utils.progress import bar_hidden
from utils.torch_nets import as_input

Scores = Callable[[torch.Tensor], torch.Tensor]


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


def fit(
    scores: Scores,
    optimizer: torch.optim.Optimizer,
    data: Mapping[str, torch.Tensor],
    *,
    epochs: int = 1,
    batch_size: int = 64,
    accuracy: Callable[[torch.Tensor, torch.Tensor], float] | None = None,
    schedule: Callable[[torch.optim.Optimizer, int], torch.optim.lr_scheduler.LRScheduler] | None = None,
    seed: int = 0,
) -> dict[str, Sequence[float]]:
    """Train by minibatches on the cross-entropy of the scores.

    Parameters
    ----------
    scores : callable
        A model, or a function of tensors: ``scores(X)`` of shape (N, K).
    optimizer : torch.optim.Optimizer
        Holds the parameters.
    data : dict of str to tensor
        From `as_tensors`.
    epochs : int, default=1
    batch_size : int, default=64
    accuracy : callable, optional
        ``accuracy(X, y)``, called on the validation set after each epoch.
    schedule : callable, optional
        ``schedule(optimizer, steps)`` gives a scheduler that is stepped after every minibatch.
    seed : int, default=0
        Of the order of the images.

    Returns
    -------
    dict
        ``"loss"``, one number per minibatch, and ``"val_acc"``, one per epoch.

    Raises
    ------
    FloatingPointError
        When the loss is no finite number any more.
    """
    X, y = data["X_train"], data["y_train"]
    generator = torch.Generator().manual_seed(seed)
    steps = epochs * -(-len(X) // batch_size)
    scheduler = schedule(optimizer, steps) if schedule else None
    losses: list[float] = []
    accuracies: list[float] = []
    with tqdm(total=steps, desc="training", unit="step", leave=False, disable=bar_hidden()) as bar:
        for epoch in range(1, epochs + 1):
            if isinstance(scores, torch.nn.Module):
                scores.train()
            order = torch.randperm(len(X), generator=generator).to(X.device)
            for batch in torch.split(order, batch_size):
                loss = torch.nn.functional.cross_entropy(scores(X[batch]), y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if scheduler:
                    scheduler.step()
                losses.append(loss.item())
                if not np.isfinite(losses[-1]):
                    raise FloatingPointError(
                        f"The loss is {losses[-1]} after {len(losses)} steps: try a smaller learning rate."
                    )
                bar.update()
            if accuracy is not None:
                accuracies.append(accuracy(data["X_val"], data["y_val"]))
                tqdm.write(f"epoch {epoch} of {epochs}: loss {losses[-1]:.3f}, validation {accuracies[-1]:.1%}")
    return {"loss": losses, "val_acc": accuracies}
