"""What dropout does to a layer, to expectations, and to what a net learns by heart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..sources import beside
from ..state import State
from ..student import running
from ..training import Run, small_data, train

Array = NDArray[Any]
SHAPE = (12, 24)  # of the layer whose mask is shown
UNITS = 5  # whose averages are followed
PROBABILITIES = (0.0, 0.9, 0.5, 0.25, 0.75, 0.1, 0.4, 0.6)  # in the order in which they are trained
EPOCHS = 25


@dataclass(frozen=True)
class Dropout(State):
    """The state of the dropout explorer.

    Attributes
    ----------
    p : float
        Probability of dropping a unit.
    passes : int
        Forward passes to average.
    units : int
        Hidden units of the nets that are trained.
    images : int
        Training images.
    seed : int
    """

    p: float = 0.5
    passes: int = 200
    units: int = 200
    images: int = 500
    seed: int = 0

    name: ClassVar[str] = "dropout"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "p": (0.0, 0.95), "passes": (1, 1000), "units": (10, 500), "images": (50, 1000), "seed": (0, 999),
    }  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer under dropout.

    Attributes
    ----------
    out : ndarray of shape SHAPE
        A layer of ones after one pass: 0 where a unit was dropped, the scale elsewhere.
    x : ndarray of shape (UNITS,)
        A few units' values.
    means : ndarray of shape (passes, UNITS)
        The average of their outputs over the first 1, 2, … passes.
    """

    out: Array
    x: Array
    means: Array


def layer_of(net_class: type, state: Dropout) -> Layer:
    """One pass over a layer of ones, and many over a few units, through the student's ``dropout_forward``."""
    forward = beside(net_class, "dropout_forward")
    settings = {"mode": "train", "p": state.p}
    x = np.linspace(1, 3, UNITS)
    with running(state.seed):
        out, _ = forward(np.ones(SHAPE), dict(settings))
        many, _ = forward(np.tile(x, (state.passes, 1)), dict(settings))
    means = np.cumsum(many, axis=0) / np.arange(1, state.passes + 1)[:, None]
    return Layer(np.asarray(out), x, means)


@dataclass
class Gaps:
    """Nets trained with several drop probabilities.

    Attributes
    ----------
    runs : dict of float to Run
        By probability; the last one may still be training.
    """

    runs: dict[float, Run] = field(default_factory=dict)


def gaps(net_class: type, state: Dropout) -> Iterator[tuple[float, Gaps]]:
    """Train a two-layer net on few images with each drop probability."""
    data = small_data(1000, 200)
    few = {**data, "X_train": data["X_train"][: state.images], "y_train": data["y_train"][: state.images]}
    found = Gaps()
    steps = EPOCHS * (max(1, state.images // 100) + 1)
    for number, p in enumerate(PROBABILITIES):
        with running(state.seed):
            net: Any = net_class(hidden_dims=[state.units], dropout=p, dtype=np.float32)
        for step, run in enumerate(train(net, few, epochs=EPOCHS, batch=100, rate=5e-4, seed=state.seed)):
            found.runs[p] = run
            yield (number + step / steps) / len(PROBABILITIES), found
    yield 1.0, found
