"""What batch normalisation does to statistics, to one unit's pre-activations, and to training."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..mirror import mirrored
from ..sources import beside
from ..state import State
from ..student import running
from ..training import Run, small_data, train

Array = NDArray[Any]
STEPS = 120  # minibatches that the single layer sees
EPOCHS = 12
WATCH = 4  # iterations from one look at the unit to the next


@dataclass(frozen=True)
class BatchNorm(State):
    """The state of the batch-norm explorer.

    Attributes
    ----------
    rate : float
        Learning rate of the two nets.
    batch : int
        Examples in a minibatch.
    momentum : float
        Share of the running statistics that stays.
    depth : int
        Hidden layers of 50 units.
    seed : int
    step : int
        Minibatches that the statistics have seen.
    """

    rate: float = 0.00316228
    batch: int = 50
    momentum: float = 0.9
    depth: int = 5
    seed: int = 0
    step: int = STEPS

    name: ClassVar[str] = "batch-norm"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "rate": (1e-5, 1.0), "batch": (2, 200), "momentum": (0.0, 0.999), "depth": (1, 8), "seed": (0, 999),
        "step": (1, STEPS),
    }  # fmt: skip


@dataclass(frozen=True)
class Statistics:
    """One normalised unit over many minibatches.

    Attributes
    ----------
    batch_mean, batch_var, running_mean, running_var : ndarray of shape (step,)
        After each minibatch.
    mean, var : float
        Of all that the minibatches are drawn from.
    train, test : ndarray of shape (batch,)
        The output of the last minibatch in training and in test mode.
    """

    batch_mean: Array
    batch_var: Array
    running_mean: Array
    running_var: Array
    mean: float
    var: float
    train: Array
    test: Array


def statistics_of(net_class: type, state: BatchNorm) -> Statistics:
    """Feed minibatches to the student's batch normalisation and watch its statistics.

    The unit's pre-activations are those of a random first layer on images, moved and stretched so that they have mean
    2 and standard deviation 3.
    """
    pre, rng = _unit(state.seed)
    rng = copy.deepcopy(rng)
    forward = beside(net_class, "normalization_forward")
    settings: dict[str, Any] = {"mode": "train", "momentum": state.momentum}
    gamma, beta = np.ones(1), np.zeros(1)
    seen: dict[str, list[float]] = {"batch_mean": [], "batch_var": [], "running_mean": [], "running_var": []}
    with running(state.seed):
        for _ in range(state.step):
            x = rng.choice(pre, state.batch, replace=False)[:, None]
            out, _ = forward(x, gamma, beta, settings, "batchnorm")
            seen["batch_mean"].append(float(x.mean()))
            seen["batch_var"].append(float(x.var()))
            for name in ("running_mean", "running_var"):
                seen[name].append(float(np.ravel(settings[name])[0]))
        test, _ = forward(x, gamma, beta, {**settings, "mode": "test"}, "batchnorm")
    arrays = {name: np.array(values) for name, values in seen.items()}
    return Statistics(**arrays, mean=float(pre.mean()), var=float(pre.var()), train=np.ravel(out), test=np.ravel(test))


@lru_cache(maxsize=8)
def _unit(seed: int) -> tuple[Array, np.random.Generator]:
    """The pre-activations of the unit on all images, and the generator that goes on to draw the minibatches."""
    data = small_data(1000, 200)
    rng = np.random.default_rng(seed)
    X = data["X_train"].reshape(len(data["X_train"]), -1).astype(np.float64)
    pre = X @ rng.standard_normal(X.shape[1])
    return 2 + 3 * (pre - pre.mean()) / pre.std(), rng


@dataclass
class Race:
    """The two nets while they train.

    Attributes
    ----------
    runs : dict of str to Run
        ``"none"`` and ``"batchnorm"``.
    unit : dict of str to list of ndarray
        5 %, 25 %, 50 %, 75 % and 95 % quantiles of what one unit of the last hidden layer hands to its ReLU, every
        `WATCH` iterations.
    """

    runs: dict[str, Run] = field(default_factory=lambda: {"none": Run(), "batchnorm": Run()})
    unit: dict[str, list[Array]] = field(default_factory=lambda: {"none": [], "batchnorm": []})


def race(net_class: type, state: BatchNorm) -> Iterator[tuple[float, Race]]:
    """Train a net with and one without batch normalisation, step by step beside each other."""
    data = small_data(1000, 200)
    found = Race()
    nets, courses = {}, {}
    for norm in found.runs:
        with running(state.seed):
            nets[norm] = _watched(net_class)(
                hidden_dims=[50] * state.depth, normalization=None if norm == "none" else norm,
                weight_scale=0.05, dtype=np.float32,
            )  # fmt: skip
        courses[norm] = train(nets[norm], data, epochs=EPOCHS, batch=state.batch, rate=state.rate, seed=state.seed)
    total = EPOCHS * (len(data["X_train"]) // state.batch + 1)
    for step in range(total):
        for norm, course in courses.items():
            nets[norm].look = step % WATCH == 0
            run = next(course, None)
            if run is None:
                continue
            found.runs[norm] = run
            if nets[norm].seen is not None:
                found.unit[norm].append(np.quantile(nets[norm].seen, (0.05, 0.25, 0.5, 0.75, 0.95)))
                nets[norm].seen = None
        yield (step + 1) / total, found


def _watched(net_class: type) -> Any:
    """The student's net, keeping what the first unit of its last hidden layer hands to the ReLU."""

    class Watched(net_class):  # type: ignore[misc]  # a class that is only known when it is handed in
        look = False
        seen: Array | None = None

        def hidden_forward(self, layer: int, x: Array) -> Any:
            looked_at = self.look and layer == self.num_layers - 1
            twin = mirrored(self, layer) if looked_at else None
            out, cache = super().hidden_forward(layer, x)
            if looked_at:
                below, _ = net_class.hidden_forward(twin, layer, x)  # type: ignore[attr-defined]  # see above
                self.seen = np.array((out - below)[:, 0], dtype=np.float64)
                self.look = False  # once in an iteration, before the accuracies are taken
            return out, cache

    Watched.__module__ = net_class.__module__
    return Watched
