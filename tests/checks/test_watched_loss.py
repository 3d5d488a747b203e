"""Which calls of loss a training has taken its steps with."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from utils.checks.watched_loss import WatchedLoss, beside

Step = Callable[..., None]


def trained(*steps: Step) -> np.ndarray:
    """Train with these steps, the n-th with rows n and n + 1, and return the rows that are seen."""
    net = SimpleNamespace(params={"w": np.ones(2), "b": np.zeros(3)})
    watched = WatchedLoss(
        net,
        scores=lambda X: X,
        gradients=lambda params, reg: {name: value + 1 for name, value in params.items()},
        row_numbers=lambda X: X[:, 0],
    )
    for n, step in enumerate(steps):
        X = np.array([[n, 0.5], [n + 1, 0.5]])
        step(net, watched, X, X[:, 0])
    found = watched.minibatches()
    return found[..., 0] if found.ndim == 3 else found


def plain(net, loss, X, y):
    _, grads = loss(X, y)
    for name in net.params:
        net.params[name] -= 0.1 * grads[name]


def by_items(net, loss, X, y):
    net.params = {name: net.params[name] - 0.1 * dw for name, dw in loss(X, y)[1].items()}


def by_unpacking(net, loss, X, y):
    grads = {**loss(X, y)[1]}
    net.params["w"] = net.params["w"] - 0.1 * grads["w"]


def logged_before(net, loss, X, y):
    loss(X[:1], y[:1])
    plain(net, loss, X, y)


def logged_after(net, loss, X, y):
    plain(net, loss, X, y)
    loss(X[::-1], y[::-1])


def norms_after(net, loss, X, y):
    plain(net, loss, X, y)
    print({name: np.abs(value).max() for name, value in loss(X[::-1], y[::-1])[1].items()})


def scored(net, loss, X, y):
    assert loss(X) is X
    plain(net, loss, X, y)


@pytest.mark.parametrize("step", [plain, by_items, by_unpacking, logged_before, logged_after, norms_after, scored])
def test_a_step_is_seen_with_its_minibatch_whatever_else_is_called(step: Step) -> None:
    assert trained(step, step, plain, step).tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]


def idle(net, loss, X, y):
    loss(X, y)


def looked_at_only(net, loss, X, y):
    print(loss(X, y)[1]["w"])


@pytest.mark.parametrize("step", [idle, looked_at_only])
def test_where_nothing_ever_moves_every_call_is_seen(step: Step) -> None:
    assert trained(step, step).tolist() == [[0, 1], [1, 2]]


def test_a_call_that_moves_nothing_is_no_step() -> None:
    assert trained(plain, idle, looked_at_only, plain).tolist() == [[0, 1], [3, 4]]


def test_minibatches_of_different_sizes_are_counted() -> None:
    def smaller(net, loss, X, y):
        plain(net, loss, X[:1], y[:1])

    assert trained(plain, smaller).tolist() == [2, 1]


def test_steps_too_short_to_move_anything_are_seen() -> None:
    def fading(net, loss, X, y):
        rate = 0.5 * 0.01 ** X[0, 0]
        _, grads = loss(X, y)
        for name in net.params:
            net.params[name] -= rate * grads[name]

    assert trained(*[fading] * 12).tolist() == [[n, n + 1] for n in range(12)]
    assert trained(fading, idle, *[fading] * 10).tolist() == [[0, 1], *([n, n + 1] for n in range(2, 12))]


def test_two_trainings_are_put_side_by_side_even_if_one_is_shorter() -> None:
    one, other = np.arange(24).reshape(4, 3, 2), np.arange(18).reshape(3, 3, 2)
    assert beside(one, other).tolist() == [one[:3, :, 0].tolist()] * 2
    assert beside(one, other[:, :2]).tolist() == [4, 3]  # minibatches of another size
    assert beside(np.array([3, 2]), other).tolist() == [2, 3]
