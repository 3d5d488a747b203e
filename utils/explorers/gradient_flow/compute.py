"""One forward and one backward pass through a net, array by array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..state import State
from ..student import running
from ..training import small_data
from ..watched import watched

Array = NDArray[Any]
NORMS = ("none", "batchnorm", "layernorm")
DEEPEST = 7  # hidden layers
LAST = 2 * DEEPEST + 4  # the greatest step there is


@dataclass(frozen=True)
class GradientFlow(State):
    """The state of the gradient-flow explorer.

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
    batch : int
        Images in the minibatch.
    step : int
        How far the pass has come, as of `stage_of`; the end of it, where the net has fewer steps.
    seed : int
    """

    depth: int = 4
    width: int = 50
    activation: str = "relu"
    norm: str = "none"
    scale: float = 0.1
    batch: int = 100
    step: int = 8
    seed: int = 0

    name: ClassVar[str] = "gradient-flow"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "depth": (1, DEEPEST), "width": (5, 200), "activation": ("relu", "tanh"), "norm": NORMS, "scale": (1e-4, 10.0),
        "batch": (2, 200), "step": (0, LAST), "seed": (0, 999),
    }  # fmt: skip

    @property
    def last(self) -> int:
        """The step at which the backward pass is through."""
        return 2 * self.depth + 4


@dataclass(frozen=True)
class Stage:
    """What has been computed at a step.

    Attributes
    ----------
    forward : int
        How many arrays the forward pass has made: the input is the first one, the scores the last one.
    loss : bool
        Whether there is a loss.
    backward : int
        Down to which array gradients have come: the index of the array, in the order of the forward pass. One more
        than there are arrays before the backward pass.
    """

    forward: int
    loss: bool
    backward: int


def stage_of(state: GradientFlow) -> Stage:
    """Where the pass is: the input, each layer, the loss, the gradient of the scores, and the layers backwards."""
    arrays = state.depth + 2
    step = min(state.step, state.last)
    return Stage(min(step + 1, arrays), step >= arrays, min(arrays, 2 * arrays - step))


@dataclass(frozen=True)
class Numbers:
    """What is shown of an array.

    Attributes
    ----------
    shape : tuple of int
    size : float
        The root of the mean square of its entries.
    zeros : float
        The share of entries that are exactly 0.
    """

    shape: tuple[int, ...]
    size: float
    zeros: float


@dataclass(frozen=True)
class Flow:
    """The arrays of one pass.

    Attributes
    ----------
    outs, douts : list of Numbers
        The input, what each hidden layer puts out, and the scores; and the gradients of all of these.
    params, grads : dict of str to Numbers
        The parameters and their gradients, by the student's names.
    loss : float
    """

    outs: list[Numbers]
    douts: list[Numbers]
    params: dict[str, Numbers]
    grads: dict[str, Numbers]
    loss: float


def flow_of(net_class: type, layers: ModuleType, state: GradientFlow) -> Flow:
    """Send a minibatch through a fresh net of the student's, and its gradient back.

    Parameters
    ----------
    net_class : type
        ``FullyConnectedNet``.
    layers : module
        ``layers``, for the scores and their gradient, which the net keeps to itself.
    state : GradientFlow
    """
    return _flow(net_class, layers, state.but(step=0))


@lru_cache(maxsize=8)
def _flow(net_class: type, layers: ModuleType, state: GradientFlow) -> Flow:
    data = small_data(1000, 200)
    X, y = data["X_train"][: state.batch], data["y_train"][: state.batch]
    with running(state.seed):
        net = watched(net_class, state.activation)(
            hidden_dims=[state.width] * state.depth,
            weight_scale=state.scale,
            normalization=None if state.norm == "none" else state.norm,
            dtype=np.float32,
        )
        loss, grads = net.loss(X, y)
        last = state.depth + 1
        scores, _ = layers.affine_forward(net.outs[state.depth], net.params[f"W{last}"], net.params[f"b{last}"])
        _, dscores = layers.softmax_loss(scores, y)
    hidden = range(1, last)
    return Flow(
        [numbers(array) for array in (X, *(net.outs[layer] for layer in hidden), scores)],
        [numbers(array) for array in (net.dx, *(net.douts[layer] for layer in hidden), dscores)],
        {name: numbers(value) for name, value in net.params.items()},
        {name: numbers(value) for name, value in grads.items()},
        float(loss),
    )


def numbers(array: Any) -> Numbers:
    """What is shown of an array; its `size` is infinite where an entry is not a number."""
    array = np.asarray(array, dtype=float)
    size = float(np.sqrt(np.mean(array * array))) if np.isfinite(array).all() else float("inf")
    return Numbers(array.shape, size, float(np.mean(array == 0)))
