"""A small net on points in the plane, trained minibatch by minibatch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..state import State, StateError
from ..student import Trouble, running
from ..watched import watched
from .sets import COUNT, SETS, points_of

Array = NDArray[Any]
EDGE = 1.2  # the plane goes from −EDGE to EDGE
FINE = 45  # rows and columns of points at which the net is asked
LAST = 500  # minibatches
AT_ONCE = 100  # minibatches that have the time limit of one run


@dataclass(frozen=True)
class Boundary(State):
    """The state of the decision-boundary explorer.

    Attributes
    ----------
    set : str
        One of `SETS`.
    noise : float
        Standard deviation of what is added to each coordinate.
    depth, units : int
        Hidden layers, and units in each of them.
    scale : float
        Standard deviation of the initial weights.
    rate : float
        Learning rate of stochastic gradient descent.
    batch : int
        Points in a minibatch.
    step : int
        Minibatches so far.
    moved : tuple of float
        For each point that was moved three numbers: which one, and its coordinates.
    seed : int
        Of the points, the weights and the minibatches.
    """

    set: str = "moons"
    noise: float = 0.08
    depth: int = 2
    units: int = 6
    scale: float = 0.630957
    rate: float = 0.316228
    batch: int = 20
    step: int = 60
    moved: tuple[float, ...] = ()
    seed: int = 0

    name: ClassVar[str] = "decision-boundary"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "set": tuple(SETS), "noise": (0.0, 0.4), "depth": (1, 3), "units": (1, 8), "scale": (0.001, 10.0),
        "rate": (0.001, 10.0), "batch": (1, COUNT), "step": (0, LAST), "moved": (-EDGE, COUNT), "seed": (0, 999),
    }  # fmt: skip

    def __post_init__(self) -> None:
        thirds = self.moved[::3], self.moved[1::3], self.moved[2::3]
        known = all(number in range(COUNT) for number in thirds[0])
        if len({len(third) for third in thirds}) > 1 or not known or max((*thirds[1], *thirds[2], 0)) > EDGE:
            raise StateError(
                f"moved has to be three numbers for each point: which one, 0 to {COUNT - 1}, and two coordinates up to "
                f"{EDGE:g}."
            )

    def with_point(self, number: int, x: float, y: float) -> Boundary:
        """This state with one point somewhere else."""
        places = {int(self.moved[i]): self.moved[i + 1 : i + 3] for i in range(0, len(self.moved), 3)}
        places[number] = (x, y)
        return self.but(moved=tuple(value for key in sorted(places) for value in (float(key), *places[key])))

    def points(self) -> tuple[Array, Array]:
        """Coordinates (COUNT, 2) and classes (COUNT,) of all points, those that were moved included."""
        X, y = points_of(self.set, self.noise, self.seed)
        for i in range(0, len(self.moved), 3):
            X[int(self.moved[i])] = self.moved[i + 1 : i + 3]
        return X, y


class Training:
    """A net after each of its minibatches, as far as it was asked for.

    Parameters
    ----------
    net_class : type
        The student's ``FullyConnectedNet``.
    state : Boundary
        Its `step` does not matter.

    Attributes
    ----------
    losses : list of float
        Of each minibatch, before the step that it leads to.
    batches : list of ndarray of int
        Which points are in each minibatch; always one more than steps were taken.
    """

    def __init__(self, net_class: type, state: Boundary) -> None:
        self.X, self.y = state.points()
        self._rate, self._size = state.rate, state.batch
        self._rng = np.random.default_rng(state.seed)
        with running(state.seed):
            self._net = watched(net_class)(
                hidden_dims=[state.units] * state.depth, input_dim=2, num_classes=2, weight_scale=state.scale
            )
        self.losses: list[float] = []
        self.batches = [self._draw()]
        self._params = [dict(self._net.params)]

    def at(self, step: int) -> Any:
        """The net after `step` minibatches; its ``outs`` are of what it was last asked."""
        while len(self.losses) < step:
            with running(0):
                for _ in range(min(AT_ONCE, step - len(self.losses))):
                    self._step()
        self._net.params = dict(self._params[step])
        return self._net

    def _step(self) -> None:
        chosen, params = self.batches[-1], self._params[-1]
        self._net.params = dict(params)
        loss, grads = self._net.loss(self.X[chosen], self.y[chosen])
        for name, value in params.items():
            if np.shape(grads.get(name)) != value.shape:
                raise Trouble(f"<b>Your loss returned no gradient {name}</b> of the shape of that parameter.")
        self._params.append(
            {name: value - value.dtype.type(self._rate) * grads[name] for name, value in params.items()}
        )
        self.losses.append(float(loss))
        self.batches.append(self._draw())

    def _draw(self) -> Array:
        return np.sort(self._rng.choice(COUNT, self._size, replace=False))


@lru_cache(maxsize=4)
def training(net_class: type, state: Boundary) -> Training:
    """The training of a state, kept for its other steps; `state.step` has to be 0."""
    return Training(net_class, state)


@dataclass(frozen=True)
class Seen:
    """A net in the middle of its training.

    Attributes
    ----------
    X, y : ndarray of shape (COUNT, 2) and (COUNT,)
        The points.
    batch : ndarray of int
        The points of the minibatch that comes next.
    share : ndarray of shape (FINE, FINE)
        How sure the net is of class 1, 0 to 1, over the plane; the first row has the greatest y.
    hidden : list of ndarray of shape (units, FINE, FINE)
        What the units of each hidden layer put out there.
    active : list of ndarray of shape (units,)
        The share of the points for which each unit puts out more than 0.
    params : dict of ndarray
    right : ndarray of bool, shape (COUNT,)
        Which points the net labels right.
    losses : list of float
        Of the minibatches up to this step.
    loss : float
        Over all points.
    """

    X: Array
    y: Array
    batch: Array
    share: Array
    hidden: list[Array]
    active: list[Array]
    params: dict[str, Array]
    right: Array
    losses: list[float]
    loss: float

    @property
    def accuracy(self) -> float:
        """The share of points that the net labels right."""
        return float(np.mean(self.right))

    def half_plane(self, unit: int) -> tuple[Array, float]:
        """w, shape (2,), and b of a unit of the first layer, which is active where w · x + b > 0."""
        return self.params["W1"][:, unit], float(self.params["b1"][unit])


def see(net_class: type, state: Boundary) -> Seen:
    """Train the student's net up to a step and ask it all over the plane.

    Raises
    ------
    Trouble
        What the student's code raised, or which shape is wrong.
    """
    course = training(net_class, state.but(step=0))
    net = course.at(state.step)
    with running(0):
        scores = _scores(net, course.X)
        active = [np.mean(out > 0, axis=0) for out in _outs(net)]
        share = _share(_scores(net, _grid())).reshape(FINE, FINE)
        hidden = [out.T.reshape(-1, FINE, FINE) for out in _outs(net)]
    margin = scores[np.arange(COUNT), course.y] - scores[np.arange(COUNT), 1 - course.y]
    loss = float(np.mean(np.logaddexp(0, -margin)))
    batch, losses = course.batches[state.step], course.losses[: state.step]
    return Seen(course.X, course.y, batch, share, hidden, active, dict(net.params), margin > 0, losses, loss)


def _outs(net: Any) -> Iterable[Array]:
    return [np.asarray(net.outs[layer]) for layer in sorted(net.outs)]


def _scores(net: Any, X: Array) -> Array:
    scores = np.asarray(net.loss(X))
    if scores.shape != (len(X), 2):
        raise Trouble(f"<b>Your loss returned scores of shape {scores.shape}</b> where {(len(X), 2)} is expected.")
    return scores


def _share(scores: Array) -> Array:
    """The softmax of two scores, as the share of class 1."""
    share: Array = 1 / (1 + np.exp(np.clip(scores[:, 0] - scores[:, 1], -60, 60)))
    return share


def _grid() -> Array:
    axis = np.linspace(-EDGE, EDGE, FINE)
    return np.stack(np.meshgrid(axis, axis[::-1]), axis=-1).reshape(-1, 2)
