"""Stand in for the loss of a net that is trained, and find out which minibatches its steps were taken with.

Programs of cases import it; so does the sandbox's worker, which runs them.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Gradients(UserDict[str, Any]):
    """Gradients that remember whether anybody has looked at one of them.

    Attributes
    ----------
    read : bool
    """

    read = False

    def __getitem__(self, name: str) -> Any:
        self.read = True
        return super().__getitem__(name)


class WatchedLoss:
    """A loss function for a net, to be put in place of its own: ``net.loss = WatchedLoss(...)``.

    A training may call it as often as it likes, for instance to print the loss after a step or that of the validation
    set. Only the calls whose gradients the parameters were moved by count as steps. The loss is always 1.

    Parameters
    ----------
    net : object
        The net under test; its ``params`` are read at each call.
    scores : callable
        ``scores(X)``, returned where there are no labels.
    gradients : callable
        ``gradients(params, reg)``, a new dict of arrays.
    row_numbers : callable
        ``row_numbers(X)``, which tells from a minibatch which rows of the training set it holds. The labels of the
        training set have to be the same numbers.
    """

    def __init__(
        self,
        net: Any,
        scores: Callable[[Array], Array],
        gradients: Callable[[Mapping[str, Array], float], Mapping[str, Array]],
        row_numbers: Callable[[Array], Array],
    ) -> None:
        self._net, self._scores, self._gradients, self._row_numbers = net, scores, gradients, row_numbers
        self._calls: list[tuple[Array, dict[str, Array], Gradients]] = []

    def __call__(self, X: Array, y: Array | None = None, reg: float = 0.0) -> Any:
        if y is None:
            return self._scores(X)
        grads = Gradients(self._gradients(self._net.params, reg))
        self._calls.append((np.stack([self._row_numbers(X), y], axis=1), self._params(), grads))
        return 1.0, grads

    def minibatches(self) -> Array:
        """Return the rows of each minibatch that a step was taken with, as the features and as the labels tell them.

        Returns
        -------
        ndarray of shape (steps, batch_size, 2)
            Or of shape (steps,), with the number of rows of each, where these are not all equal.
        """
        # A step needs gradients, so what was called and not looked at was for something else. Where nobody looks at
        # gradients at all, every call is shown.
        used = [call for call in self._calls if call[2].read] or self._calls
        after = [call[1] for call in used[1:]] + [self._params()]
        moved = [not _equal(call[1], now) for call, now in zip(used, after, strict=True)]
        # A rate that shrinks to nothing makes steps too short for a float, which are steps all the same.
        with np.errstate(invalid="ignore"):
            close = [_close(call[1], now) for call, now in zip(used, after, strict=True)]
        short = [is_close and has_moved for is_close, has_moved in zip(close, moved, strict=True)]
        first_short = short.index(True) if any(short) else len(used)
        steps = [call[0] for n, call in enumerate(used) if moved[n] or n > first_short or not any(moved)]
        sizes = [len(rows) for rows in steps]
        return np.array(steps if len(set(sizes)) < 2 else sizes)

    def _params(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._net.params.items()}


def beside(one: Array, other: Array) -> Array:
    """Put the minibatches of two trainings side by side, to compare which rows they were taken from.

    Parameters
    ----------
    one, other : ndarray
        From `WatchedLoss.minibatches`.

    Returns
    -------
    ndarray of shape (2, steps, batch_size)
        The row numbers, for as many steps as the shorter training took. Of shape (2,), with the numbers of steps, where
        the minibatches are not all of one size.
    """
    if one.shape[1:] != other.shape[1:] or one.ndim != 3:
        return np.array([len(one), len(other)])
    steps = min(len(one), len(other))
    return np.stack([one[:steps, :, 0], other[:steps, :, 0]])


def _equal(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(value, other[name]) for name, value in one.items())


def _close(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """Whether parameters differ by little more than what a float can hold."""
    # Most of a training's steps are compared here, and np.allclose takes five times as long.
    return one.keys() == other.keys() and all(
        value.shape == other[name].shape and (np.abs(value - other[name]) <= 1e-10 * np.abs(other[name])).all()
        for name, value in one.items()
    )
