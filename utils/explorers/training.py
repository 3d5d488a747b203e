"""Training in short steps, for work in the background."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..offline_images import offline_images
from .student import running

Array = NDArray[Any]


@cache
def small_data(num_train: int, num_val: int) -> dict[str, Array]:
    """Images to play with, always the same: of the offline set, so that nothing waits for a download.

    Returns
    -------
    dict
        ``X_train (num_train, 3, 32, 32)`` float32, mean subtracted, ``y_train``, and so for ``val``.
    """
    X, y = offline_images(num_train, seed=0)
    X_val, y_val = offline_images(num_val, seed=0, split="val")
    mean = X.mean(axis=0)
    return {
        "X_train": (X - mean).astype(np.float32),
        "y_train": y,
        "X_val": (X_val - mean).astype(np.float32),
        "y_val": y_val,
    }


@dataclass
class Run:
    """What a training run has shown so far.

    Attributes
    ----------
    loss : list of float
        Of each minibatch.
    train, val : list of float
        Accuracies after each epoch.
    """

    loss: list[float] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    val: list[float] = field(default_factory=list)


class Rule(Protocol):
    """What moves the parameters of a net."""

    def update(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
        """One step of every parameter, in place of the old one."""


@dataclass
class Signum:
    """The optimiser that the explorers train with: every parameter moves by the same length, against its gradients.

    It copes with gradients of every size, as Adam does, and is no exercise of ``optim.py``: the explorers need none of
    those, and give none away. J. Bernstein et al., "signSGD: compressed optimisation for non-convex problems", ICML
    2018, algorithm 2. In the second half of the run the steps become shorter, down to 0: at one length throughout, the
    net would end by jumping to and fro, and learn no image by heart.

    Attributes
    ----------
    learning_rate : float
        Three times the length of the first step, so that it means about as much as that of Adam.
    steps : int
        Of the whole run.
    """

    learning_rate: float
    steps: int
    taken: int = 0
    recent: dict[str, deque[Array]] = field(default_factory=dict)

    def update(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
        """One step of every parameter, in place of the old one."""
        length = self.learning_rate / 3 * min(1.0, max(0.0, 2 - 2 * self.taken / self.steps))
        self.taken += 1
        for name, grad in grads.items():
            seen = self.recent.setdefault(name, deque(maxlen=8))
            seen.append(np.array(grad))
            params[name] = (params[name] - length * np.sign(sum(seen))).astype(params[name].dtype)


def train(
    net: Any,
    data: dict[str, Array],
    *,
    epochs: int,
    batch: int,
    seed: int,
    rate: float = 1e-3,
    rule: Rule | None = None,
) -> Iterator[Run]:
    """Train a net; yields after every iteration, and the same `Run` each time.

    Parameters
    ----------
    net : object
        With ``params`` and ``loss``.
    data : dict
        As of `small_data`.
    epochs, batch : int
    seed : int
        Of the minibatches, and of what the net draws itself.
    rate : float, default 1e-3
        The learning rate of `Signum`.
    rule : Rule, optional
        Another optimiser than `Signum`.
    """
    rng = np.random.default_rng(seed)
    num_train = len(data["X_train"])
    each = max(1, num_train // batch)
    rule, run = rule or Signum(rate, epochs * each), Run()
    for _ in range(epochs):
        for _ in range(each):
            chosen = rng.choice(num_train, min(batch, num_train), replace=False)
            with running(int(rng.integers(2**31))):
                loss, grads = net.loss(data["X_train"][chosen], data["y_train"][chosen])
                rule.update(net.params, grads)
            run.loss.append(float(loss))
            yield run
        with running(0):
            run.train.append(accuracy(net, data["X_train"][:500], data["y_train"][:500]))
            run.val.append(accuracy(net, data["X_val"], data["y_val"]))
        yield run


def accuracy(net: Any, X: Array, y: Array) -> float:
    """Share of images that a net labels right."""
    return float(np.mean(np.argmax(net.loss(X), axis=1) == y))
