"""Rules for the minibatches that a training draws, whatever generator draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from .chance import unlikely_count
from .rule import Fault, FaultKind, RandomRule, in_words
from .tolerance import Array, as_array


@dataclass(frozen=True)
class Minibatches(RandomRule):
    """Minibatches drawn from the training set: right size, rows with their own labels, not always the same.

    The output is an array of shape (steps, batch_size, 2): for each drawn row its index in the training set, as the
    features tell it and as the labels tell it; see `utils.checks.watched_loss`. Where minibatches differ in size it is
    one of shape (steps,), with their sizes.

    Parameters
    ----------
    rows : str
        Name of the input that holds the number of training rows.
    iterations, batch_size : str
        Names of the inputs that hold the expected counts.
    """

    rows: str = "num_train"
    iterations: str = "num_iters"
    batch_size: str = "batch_size"

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        shape = (int(str(inputs[self.iterations])), int(str(inputs[self.batch_size])), 2)
        rows = int(str(inputs[self.rows]))
        drawn = as_array(got)
        if drawn is None or drawn.shape != shape:
            reason: tuple[object, ...] = ("shape", None if drawn is None else drawn.shape[:2])
            due = f"there should be {shape[0]}, each with a minibatch of {shape[1]} rows drawn at random"
            said = f"{_counted(drawn)}; {due}"
        elif not (drawn[..., 0] == drawn[..., 1]).all():
            reason = ("labels of other rows",)
            said = "X_batch and y_batch do not belong together: draw the indices once and use them for both"
        elif not ((drawn >= 0) & (drawn < rows)).all():
            reason = ("rows that are not there",)
            said = "the minibatch holds rows that are not in X"
        elif shape[0] > 1 and (drawn == drawn[0]).all():
            reason = ("always the same rows",)
            said = "every minibatch holds the same rows; draw new ones at random in each iteration"
        elif np.unique(drawn[..., 0]).size <= rows // 2:
            reason = ("rows never drawn",)
            said = "most training rows are never drawn; every minibatch should be a fresh random sample of all rows"
        elif all((drawn[i, :, 0] == np.arange(i, i + shape[1]) % rows).all() for i in range(shape[0])):
            reason = ("in order",)
            said = "minibatches are taken in order; draw them at random"
        else:
            return []
        return [Fault(path, FaultKind.VALUE, said, expected, got, reason)]


def _counted(drawn: Array | None) -> str:
    """Say how many steps there were, and with how many rows each."""
    if drawn is None or not drawn.size:
        return "no step was taken"
    drawn = np.atleast_1d(drawn)
    rows = f"{drawn.shape[1]} rows" if drawn.ndim > 1 else f"{drawn.min():g} to {drawn.max():g} rows"
    return f"{len(drawn)} steps were taken, with minibatches of {rows}"


@dataclass(frozen=True)
class MinibatchesAnew(RandomRule):
    """The rows drawn by two trainings, one after the other: uniform, at random, and not the same ones twice.

    The output is an array of shape (2, iterations, batch_size) of row numbers; there have to be several times as many
    rows as a minibatch holds. The order within a minibatch says nothing, so draws with replacement, draws without and a
    new permutation for each epoch pass alike, sorted or not.

    Parameters
    ----------
    rows : str
        Name of the input that holds the number of training rows.
    """

    rows: str = "num_train"

    MOST: ClassVar[int] = 1_000_000
    """Most row numbers that are looked at; more are not compared, because a submission may answer with any number."""

    SHIFTED: ClassVar[float] = 0.1
    """An upper bound of the probability that a random minibatch is another one, or is it with a number added to each
    of its rows."""

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        drawn, rows = as_array(got), int(str(inputs[self.rows]))
        if drawn is None or not self._fits(drawn, rows) or not ((drawn >= 0) & (drawn < rows)).all():
            said = "the minibatches of two trainings should all be rows of X, and as many as batch_size says"
            return [Fault(path, FaultKind.TYPE, said, expected, got, ("type", in_words(got)))]
        one, other = np.sort(drawn.astype(int), axis=2)
        counts = np.bincount(one.ravel(), minlength=rows)
        patterns = [self._pattern(batch, rows) for batch in one]
        moved_on = sum(before == after for before, after in pairwise(patterns))
        if unlikely_count(int((one == other).all(axis=1).sum()), len(one), self.SHIFTED):
            reason: tuple[object, ...] = ("the same in each training",)
            said = "two trainings draw the same minibatches; draw new ones at random in each"
        elif any(unlikely_count(int(count), one.size, 1 / rows, rows) for count in (counts.min(), counts.max())):
            reason = ("not uniform", *self._never_drawn(counts))
            said = "some training rows are drawn far more often than others; all should be equally likely"
        elif unlikely_count(moved_on, len(one) - 1, self.SHIFTED):
            reason = ("moved on",)
            said = "each minibatch is the one before it moved on by some rows; draw the rows at random"
        else:
            return []
        return [Fault(path, FaultKind.VALUE, said, expected, got, reason)]

    @staticmethod
    def _never_drawn(counts: Array) -> tuple[object, ...]:
        """Return the first and the last of the rows that are never drawn; where others lie between them, only that.

        What leaves out the last row draws all others; who draws a few rows once and keeps them has another fault.
        """
        never = np.flatnonzero(counts == 0)
        if not never.size:
            return ()
        first, last = int(never[0]), int(never[-1])
        return (first, last) if last - first + 1 == never.size else ("here and there",)

    def _fits(self, drawn: Array, rows: int) -> bool:
        if drawn.ndim != 3 or drawn.size > self.MOST:
            return False
        trainings, iterations, batch_size = drawn.shape
        return bool(trainings == 2 and iterations > 1 and 0 < batch_size <= rows)

    @staticmethod
    def _pattern(batch: Array, rows: int) -> list[int]:
        """Return what a minibatch has in common with each that comes of adding one number to all its rows."""
        from_each: list[list[int]] = np.sort((batch - batch[:, np.newaxis]) % rows, axis=1).tolist()
        return min(from_each)
