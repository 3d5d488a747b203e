"""Six update rules on a loss of two parameters, and in a net of six layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...checks.program import describe_crash
from ..state import State, StateError
from ..student import PACKAGE, Trouble, running
from ..training import Run, small_data, train
from .landscapes import LANDSCAPES

Array = NDArray[Any]
EPOCHS = 5
HIDDEN = (100,) * 5  # the race of the course: six layers
# The learning rates that people quote for these rules in a net.
RATES = {
    "sgd": 1e-2,
    "sgd_momentum": 1e-2,
    "sgd_nesterov_momentum": 1e-2,
    "adagrad": 1e-2,
    "rmsprop": 1e-4,
    "adam": 1e-3,
}
RULES = tuple(RATES)
ADAPTIVE = ("adagrad", "rmsprop", "adam")  # whose learning rate is a length
FAR = 1e3  # beyond which a walk has left for good


@dataclass(frozen=True)
class Optimisers(State):
    """The state of the optimiser explorer.

    Attributes
    ----------
    loss : {"ravine", "saddle", "plateau"}
    rate : float
        Learning rate of ``sgd`` and the two with momentum, on the landscape.
    length : float
        Learning rate of AdaGrad, RMSProp and Adam there.
    momentum : float
        ``momentum``, and Adam's ``beta1``.
    decay : float
        ``decay_rate`` of RMSProp, and Adam's ``beta2``.
    noise : float
        Standard deviation of what is added to each gradient, as minibatches do.
    steps : int
    factor : float
        What the usual learning rates are multiplied by in the race.
    seed : int
    start : tuple of two floats, or empty
        Where the walks begin, if it lies on the landscape; empty for the landscape's own place.
    """

    loss: str = "ravine"
    rate: float = 0.02
    length: float = 0.1
    momentum: float = 0.9
    decay: float = 0.99
    noise: float = 0.0
    steps: int = 60
    factor: float = 1.0
    seed: int = 0
    start: tuple[float, ...] = ()

    name: ClassVar[str] = "optimisers"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "loss": tuple(LANDSCAPES), "rate": (0.0, 0.5), "length": (0.0, 0.5), "momentum": (0.0, 0.99),
        "decay": (0.0, 0.999), "noise": (0.0, 10.0), "steps": (1, 300), "factor": (0.01, 100.0), "seed": (0, 999),
        "start": (-4.0, 4.0),
    }  # fmt: skip

    def __post_init__(self) -> None:
        if len(self.start) not in (0, 2):
            raise StateError(f"start has {len(self.start)} numbers; a place has two, w₁ and w₂.")

    @property
    def begin(self) -> tuple[float, float]:
        """Where the walks begin."""
        land = LANDSCAPES[self.loss]
        if len(self.start) != 2:
            return land.start
        (x, y), sides = self.start, (land.across, land.along)
        inside = all(low <= value <= high for value, (low, high) in zip((x, y), sides, strict=True))
        return (x, y) if inside else land.start


@dataclass(frozen=True)
class Walks:
    """Where the rules go.

    Attributes
    ----------
    paths : dict of str to ndarray of shape (steps + 1, 2)
        By rule. A walk that explodes ends early.
    heights : dict of str to ndarray of shape (steps + 1,)
        The loss along each.
    missing : tuple of str
        Rules that are not written yet.
    """

    paths: dict[str, Array]
    heights: dict[str, Array]
    missing: tuple[str, ...]


def walks(optim: ModuleType, state: Optimisers) -> Walks:
    """Let each rule of the student's ``optim.py`` walk down a landscape, all with the same noise."""
    land = LANDSCAPES[state.loss]
    noise = state.noise * np.random.default_rng(state.seed).normal(size=(state.steps, 2))
    ready, missing = written(optim)
    paths = {}
    for name in ready:
        with running(state.seed):
            rate = state.length if name in ADAPTIVE else state.rate
            rule, config = getattr(optim, name), _settings(name, rate, state)
            path = [np.array(state.begin)]
            for step in range(state.steps):
                w, config = rule(path[-1].copy(), land.slope(path[-1]) + noise[step], config)
                if np.shape(w) != (2,):
                    raise Trouble(
                        f"<b>Your {name} returned a next_w of shape {np.shape(w)}</b> for a w of shape (2,): "
                        "they are the same."
                    )
                path.append(np.array(w, dtype=float))  # a copy: a rule may go on in the same memory
                if not np.abs(path[-1]).max() < FAR:
                    break
        paths[name] = np.array(path)
    return Walks(paths, {name: land.height(path) for name, path in paths.items()}, missing)


def written(optim: ModuleType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rules that are there, and those that are still to be written.

    Raises
    ------
    Trouble
        Naming all that are missing, where nothing is there.
    """
    missing = []
    for name in RULES:
        with running(0):
            try:
                getattr(optim, name)(np.zeros(2), np.zeros(2), {"learning_rate": 0.0})
            except Exception as error:  # a wrong rule is shown at work; here it only matters whether there is one
                if describe_crash(error, PACKAGE).missing:
                    missing.append(name)
    if len(missing) == len(RULES):
        raise Trouble(f"<b>{', '.join(missing)}: not written yet.</b> Write one, and press <i>Run again</i>.")
    return tuple(name for name in RULES if name not in missing), tuple(missing)


def race(optim: ModuleType, net_class: type, state: Optimisers) -> Iterator[tuple[float, dict[str, Run]]]:
    """Train the net of six layers with each rule, one iteration of each in turn."""
    data = small_data(4000, 500)
    courses, found = {}, {}
    for name in written(optim)[0]:
        with running(state.seed):
            net: Any = net_class(hidden_dims=list(HIDDEN), weight_scale=5e-2, dtype=np.float32)
        rule = StudentsRule(getattr(optim, name), _settings(name, state.factor * RATES[name], state))
        courses[name] = train(net, data, epochs=EPOCHS, batch=100, seed=state.seed, rule=rule)
        found[name] = Run()
    total = EPOCHS * (len(data["X_train"]) // 100 + 1) * len(courses)
    done = 0
    for _ in range(total // max(1, len(courses))):
        for name, course in courses.items():
            found[name] = next(course, found[name])
            done += 1
            yield done / total, found


@dataclass
class StudentsRule:
    """An update rule of the student's, with a config for each parameter.

    Attributes
    ----------
    rule : callable
        ``rule(w, dw, config)`` to ``(next_w, config)``.
    settings : dict
        What each config begins with.
    """

    rule: Callable[..., Any]
    settings: dict[str, float]
    configs: dict[str, Any] = field(default_factory=dict)

    def update(self, params: dict[str, Any], grads: dict[str, Any]) -> None:
        """One step of every parameter."""
        for name, dw in grads.items():
            config = self.configs.get(name) or dict(self.settings)
            params[name], self.configs[name] = self.rule(params[name], dw, config)


def _settings(rule: str, rate: float, state: Optimisers) -> dict[str, float]:
    more: dict[str, dict[str, float]] = {
        "sgd_momentum": {"momentum": state.momentum},
        "sgd_nesterov_momentum": {"momentum": state.momentum},
        "rmsprop": {"decay_rate": state.decay},
        "adam": {"beta1": state.momentum, "beta2": state.decay},
    }
    return {"learning_rate": rate, **more.get(rule, {})}
