"""Rules for kinks and ties, where more than one gradient is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from . import tolerance
from .equality import Equal
from .tolerance import Array, as_array


@dataclass(frozen=True)
class AtKinks(Equal):
    """Base of the rules under which some entries have several right values.

    Parameters
    ----------
    at : str
        Name of the input that has the kinks, of the gradient's shape.
    """

    at: str = "x"

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether `got` is what a misconception gives, but for entries at which both are right."""
        theirs, ours = as_array(other), as_array(got)
        if theirs is not None and ours is not None and theirs.shape == ours.shape == np.asarray(inputs[self.at]).shape:
            free = self.excused(theirs, theirs, inputs) & self.excused(ours, ours, inputs)
            got = np.where(free, theirs, ours).astype(ours.dtype)
        return super().same(other, got, inputs)


@dataclass(frozen=True)
class Subgradient(AtKinks):
    """Equal, except at a kink: where ``inputs[at] == 0``, all between 0 and the upstream gradient is right.

    Parameters
    ----------
    at : str
        Name of the input whose zeros are the kinks.
    upstream : str
        Name of the upstream gradient.
    """

    upstream: str = "dout"

    def excused(self, expected: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        kink = np.asarray(inputs[self.at]) == 0
        upstream = np.asarray(inputs[self.upstream])
        inside = (got >= np.minimum(0, upstream)) & (got <= np.maximum(0, upstream))
        return np.asarray(kink & inside, bool)


@dataclass(frozen=True)
class SharedMaximum(AtKinks):
    """Equal, except where entries tie for the largest of a pooling window: any split of its gradient is right.

    The parts lie between 0 and the window's upstream gradient and add up to it. Where tied windows overlap, the parts
    of each cannot be told apart, and only the reference's split counts; a case with ties keeps its windows apart.

    Parameters
    ----------
    at : str
        Name of the input, of shape (N, C, H, W), that was pooled.
    upstream : str
        Name of the upstream gradient.
    settings : str
        Name of the dict that holds ``pool_height``, ``pool_width`` and ``stride``.
    """

    upstream: str = "dout"
    settings: str = "pool_param"

    def excused(self, expected: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        x, dout, settings = np.asarray(inputs[self.at]), np.asarray(inputs[self.upstream]), inputs[self.settings]
        assert isinstance(settings, Mapping)
        if not (expected.shape == got.shape == x.shape and x.ndim == 4):
            return np.zeros(expected.shape, bool)
        height, width, stride = (settings[name] for name in ("pool_height", "pool_width", "stride"))
        found = np.zeros(expected.shape, bool)
        covering = np.zeros(expected.shape, int)  # how many windows an entry stands in

        def windows_of(array: Array) -> Array:
            """Return each window of an array, as a view that can be written to."""
            views = sliding_window_view(array, (height, width), axis=(2, 3), writeable=array.flags.writeable)
            return np.asarray(views[:, :, ::stride, ::stride])

        maxima = windows_of(x).max(axis=(-2, -1), keepdims=True)
        if ((windows_of(x) == maxima).sum(axis=(-2, -1)) < 2).all():
            return found  # no window has a tie, and the loop below takes a while
        for at in np.ndindex(*dout.shape):
            tied = windows_of(x)[at] == maxima[at]
            parts = windows_of(got)[at][tied]
            upstream = float(dout[at])
            slack = tolerance.rtol(expected, got) * abs(upstream)
            between = (parts >= min(0, upstream) - slack) & (parts <= max(0, upstream) + slack)
            fair = bool(between.all()) and abs(parts.sum() - upstream) <= slack
            windows_of(found)[at][...] |= tied & (tied.sum() > 1) & fair
            windows_of(covering)[at][...] += 1
        return np.asarray(found & (covering == 1), bool)
