"""What the scale of the initial weights does to activations, to gradients, and to training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..state import State
from ..student import running
from ..training import Run, small_data, train
from ..watched import watched

Array = NDArray[Any]
NORMS = ("none", "batchnorm", "layernorm")
SCALES = tuple(float(scale) for scale in np.logspace(-4, 0, num=20))  # the sweep of the course
EPOCHS = 10
BATCH = 50
LAST = 60  # minibatches that can be stepped through: three epochs, in which it is settled whether a scale trains


@dataclass(frozen=True)
class WeightScale(State):
    """The state of the weight-scale explorer.

    Attributes
    ----------
    depth : int
        Hidden layers.
    width : int
        Units in each of them.
    activation : {"relu", "tanh"}
        ``"relu"`` is the student's own.
    norm : {"none", "batchnorm", "layernorm"}
    scale : float
        Standard deviation of the initial weights.
    seed : int
    step : int
        Minibatches that the net was trained with.
    """

    depth: int = 7
    width: int = 50
    activation: str = "relu"
    norm: str = "none"
    scale: float = 0.01
    seed: int = 0
    step: int = 0

    name: ClassVar[str] = "weight-scale"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "depth": (1, 12), "width": (5, 200), "activation": ("relu", "tanh"), "norm": NORMS, "scale": (1e-5, 10.0),
        "seed": (0, 999), "step": (0, LAST),
    }  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One hidden layer in one forward and backward pass.

    Attributes
    ----------
    out, dout : ndarray of shape (N, width)
        Its output, and the upstream gradient that reaches it.
    """

    out: Array
    dout: Array

    @property
    def dead(self) -> float:
        """Share of outputs that are exactly 0."""
        return float(np.mean(self.out == 0))


def layers_of(net_class: type, state: WeightScale) -> list[Layer]:
    """One forward and backward pass of a net on 100 images, layer by layer, after `state.step` minibatches.

    Parameters
    ----------
    net_class : type
        The student's ``FullyConnectedNet``; its own ``hidden_forward`` and ``hidden_backward`` do the work.
    state : WeightScale

    Returns
    -------
    list of Layer
        From the first hidden layer to the last.
    """
    data = small_data(1000, 200)
    with running(state.seed):
        begun = _training(net_class, state.but(step=0)) if state.step else Training(net_class, state)
        net = begun.at(state.step)
        net.loss(data["X_train"][:100], data["y_train"][:100])
    return [Layer(net.outs[layer], net.douts[layer]) for layer in sorted(net.outs)]


class Training:
    """A net after each of its first minibatches, trained as in `sweep`.

    Only the net of one step is kept: with its optimiser it is megabytes. A step back trains it anew.

    Parameters
    ----------
    net_class : type
        The student's ``FullyConnectedNet``.
    state : WeightScale
        Its `step` does not matter.
    """

    def __init__(self, net_class: type, state: WeightScale) -> None:
        self._net_class, self._state = net_class, state
        self._begin()

    def _begin(self) -> None:
        state = self._state
        with running(state.seed):
            self._net = watched(self._net_class, state.activation)(**_settings(state, state.scale, state.norm))
        data = small_data(1000, 200)
        self._runs = train(self._net, data, epochs=EPOCHS, batch=BATCH, rate=1e-3, seed=state.seed)
        self._taken = 0

    def at(self, step: int) -> Any:
        """The net after `step` minibatches."""
        if step < self._taken:
            self._begin()
        while self._taken < step:
            self._taken = len(next(self._runs).loss)
        return self._net


@lru_cache(maxsize=2)
def _training(net_class: type, state: WeightScale) -> Training:
    """The training of a state, kept for its other steps; `state.step` has to be 0."""
    return Training(net_class, state)


@dataclass
class Sweep:
    """Training at each scale of the course's sweep, as far as it has come.

    Attributes
    ----------
    runs : dict of (norm, scale) to Run
        Finished ones.
    """

    runs: dict[tuple[str, float], Run] = field(default_factory=dict)

    def verdict(self, norm: str, scale: float) -> str:
        """Whether a scale trains: ``"trains"``, ``"vanishes"`` (the loss stays where it began) or ``"explodes"``."""
        run = self.runs[norm, scale]
        losses = np.array(run.loss)
        if not np.isfinite(losses).all() or losses[-20:].mean() > 5:
            return "explodes"
        return "vanishes" if losses[-20:].mean() > np.log(10) - 0.15 else "trains"


def sweep(net_class: type, state: WeightScale) -> Iterator[tuple[float, Sweep]]:
    """Train at 20 scales, with and without the normalisation; yields (share done, what is known) after each step.

    The scales are taken from coarse to fine, so that the curves show their form early.
    """
    data = small_data(1000, 200)
    norms = ("none", "batchnorm" if state.norm == "none" else state.norm)
    todo = [(norm, SCALES[index]) for index in _coarse_to_fine(len(SCALES)) for norm in norms]
    found = Sweep()
    steps = EPOCHS * (len(data["X_train"]) // BATCH + 1)
    for number, (norm, scale) in enumerate(todo):
        with running(state.seed):
            net = watched(net_class, state.activation)(**_settings(state, scale, norm))
        run = Run()
        for step, run in enumerate(train(net, data, epochs=EPOCHS, batch=BATCH, rate=1e-3, seed=state.seed)):  # noqa: B007 - the last one is kept
            yield (number + step / steps) / len(todo), found
        found.runs[norm, scale] = run
    yield 1.0, found


def _settings(state: WeightScale, scale: float, norm: str) -> dict[str, Any]:
    return {
        "hidden_dims": [state.width] * state.depth,
        "weight_scale": scale,
        "normalization": None if norm == "none" else norm,
        "dtype": np.float32,
    }


def _coarse_to_fine(count: int) -> list[int]:
    """All indices below `count`, each time halving the gaps."""
    step, found = 1 << (count - 1).bit_length(), []
    while step:
        found += [index for index in range(0, count, step) if index not in found]
        step //= 2
    return found
