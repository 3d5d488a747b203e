"""How an answer is compared with what was expected.

Each rule looks at one output and returns what is wrong with it, as a list of `Fault`; an empty list is a pass.

The tolerance is an error model, not a matter of taste: two right implementations differ by the order in which
they sum, which costs about ``eps * sqrt(terms)`` relative to the largest entry, times the condition of the
computation. `rtol` grants half of the dtype's digits, ``sqrt(eps)``: 1.5e-8 for float64 and 3.5e-4 for float32.
That leaves more than a thousand-fold room for rounding and is far below what a mistake in a formula changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with one output.

    Attributes
    ----------
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    kind : str
        ``"type"``, ``"key"``, ``"shape"``, ``"dtype"``, ``"nan"`` or ``"value"``.
    sentence : str
        What is seen and what was expected.
    want, got : object
        The values that were compared, for the diagnosis.
    """

    path: str
    kind: str
    sentence: str
    want: object = None
    got: object = None


@dataclass(frozen=True)
class Rule:
    """Base of all rules; a subclass decides what a right answer is."""

    REGISTRY: ClassVar[dict[str, type[Rule]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        Rule.REGISTRY[cls.__name__] = cls

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        """What is wrong with `got`.

        Parameters
        ----------
        path : str
            The output's name.
        want : object
            The reference's answer.
        got : object
            The answer under test.
        inputs : mapping of str to object
            The case's inputs.

        Returns
        -------
        list of Fault
        """
        raise NotImplementedError

    def agree(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether `got` is the answer `other`, which a misconception gives.

        Parameters
        ----------
        other, got : object
            The misconception's answer and the one under test.
        inputs : mapping of str to object
            The case's inputs.

        Returns
        -------
        bool
        """
        if isinstance(other, Mapping) and isinstance(got, Mapping):
            keys = other.keys() == got.keys()
            return keys and all(self.agree(other[key], got[key], inputs) for key in other)
        if other is None or got is None:
            return other is got
        return self.same(other, got, inputs)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """`agree` for one array or number."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, object]:
        """The rule as plain data, for the golden pack."""
        return {"rule": type(self).__name__, **asdict(self)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Rule:
        """The rule that `to_dict` described."""
        settings = dict(data)
        return Rule.REGISTRY[settings.pop("rule")](**settings)


@dataclass(frozen=True)
class Equal(Rule):
    """Equal to the reference's answer up to rounding, with exactly its shape.

    Parameters
    ----------
    dtype : bool, default False
        Whether the reference's dtype is part of the contract.
    scale : str, default ""
        Name of an input whose largest entry sets the size of the numbers that were summed, for answers in which
        everything may cancel: the gradient of a bias before batch normalisation is 0 but for rounding.
    """

    dtype: bool = False
    scale: str = ""

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if isinstance(want, Mapping):
            if not isinstance(got, Mapping):
                return [Fault(path, "type", f"{path} should be a dict but is {_a(got)}", want, got)]
            found = []
            for key, part in want.items():
                inner = f"{path}.{key}"
                if key not in got:
                    present = ", ".join(map(str, got)) or "nothing"
                    found.append(Fault(inner, "key", f'{path} lacks "{key}"; it holds {present}', part, None))
                else:
                    found += self.faults(inner, part, got[key], inputs)
            return found
        return self.array_faults(path, np.asarray(want), got, inputs)

    def array_faults(self, path: str, want: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        """Compare one array (or number)."""
        array = as_array(got)
        if array is None:
            return [Fault(path, "type", f"{path} should be {_a(want)} but is {_a(got)}", want, got)]
        if array.shape != want.shape:
            return [Fault(path, "shape", shape_sentence(path, want, array), want, array)]
        if self.dtype and array.dtype != want.dtype:
            said = f"{path} has dtype {array.dtype} where {want.dtype} is expected"
            return [Fault(path, "dtype", said, want, array)]
        if want.dtype.kind in "fc" and not np.isfinite(array).all() and np.isfinite(want).all():
            bad = int((~np.isfinite(array)).sum())
            said = f"{path} holds {bad} NaN or infinite of {array.size} entries"
            return [Fault(path, "nan", said, want, array)]
        summed = float(np.max(np.abs(np.asarray(inputs[self.scale])))) if self.scale else 0.0
        wrong = ~close(want, array, inputs, summed)
        if wrong.any():
            wrong &= ~self.excused(want, array, inputs)
        if not wrong.any():
            return []
        return [Fault(path, "value", value_sentence(path, want, array, wrong), want, array)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        return not Equal(self.dtype, self.scale).faults("", other, got, inputs)

    def excused(self, want: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        """Entries where another answer is as right as the reference's."""
        return np.zeros(want.shape, bool)


@dataclass(frozen=True)
class Subgradient(Equal):
    """Equal, except at a kink: where ``inputs[at] == 0``, all between 0 and the upstream gradient is right.

    Parameters
    ----------
    at : str
        Name of the input whose zeros are the kinks.
    upstream : str
        Name of the upstream gradient.
    """

    at: str = "x"
    upstream: str = "dout"

    def excused(self, want: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        kink = np.asarray(inputs[self.at]) == 0
        upstream = np.asarray(inputs[self.upstream])
        inside = (got >= np.minimum(0, upstream)) & (got <= np.maximum(0, upstream))
        return np.asarray(kink & inside, bool)


@dataclass(frozen=True)
class SharedMaximum(Equal):
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

    at: str = "x"
    upstream: str = "dout"
    settings: str = "pool_param"

    def excused(self, want: Array, got: Array, inputs: Mapping[str, object]) -> npt.NDArray[np.bool_]:
        x, dout, settings = np.asarray(inputs[self.at]), np.asarray(inputs[self.upstream]), inputs[self.settings]
        assert isinstance(settings, Mapping)
        height, width, stride = (settings[name] for name in ("pool_height", "pool_width", "stride"))
        found = np.zeros(want.shape, bool)
        windows = np.zeros(want.shape, int)  # in how many windows an entry stands
        for n, c, i, j in np.ndindex(*dout.shape):
            top, left = i * stride, j * stride
            place = np.s_[n, c, top : top + height, left : left + width]
            tied = x[place] == x[place].max()
            parts = got[place][tied]
            whole = float(dout[n, c, i, j])
            slack = rtol(want, got) * abs(whole)
            between = (parts >= min(0, whole) - slack) & (parts <= max(0, whole) + slack)
            fair = bool(between.all()) and abs(parts.sum() - whole) <= slack
            found[place] |= tied & (tied.sum() > 1) & fair
            windows[place] += 1
        return np.asarray(found & (windows == 1), bool)


@dataclass(frozen=True)
class Initialised(Equal):
    """Fresh parameters: matrices drawn from N(0, std²), everything else equal to the reference's.

    The mean and the standard deviation of n draws lie within six standard errors (``std / sqrt(n)`` and
    ``std / sqrt(2 n)``) of their true values in all but two of a thousand million right answers.

    Parameters
    ----------
    std : str
        Name of the input that holds the standard deviation.
    """

    std: str = "weight_scale"

    def array_faults(self, path: str, want: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        array = as_array(got)
        if want.ndim < 2 or array is None or array.shape != want.shape or array.dtype.kind != "f":
            return super().array_faults(path, want, got, inputs)
        if self.dtype and array.dtype != want.dtype:
            return super().array_faults(path, want, got, inputs)
        std = float(np.asarray(inputs[self.std]))
        n = array.size
        mean, spread = float(array.mean()), float(array.std())
        if not abs(mean) <= 6 * std / np.sqrt(n):
            said = f"{path} has mean {mean:.3g} where a normal draw around 0 is expected"
        elif not abs(spread - std) <= 6 * std / np.sqrt(2 * n):
            said = f"{path} has standard deviation {spread:.3g} where {std:.3g} ({self.std}) is expected"
        elif np.unique(array).size < n // 2:
            said = f"{path} repeats its entries; each weight is drawn by itself"
        else:
            return []
        return [Fault(path, "value", said, want, array)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Random draws agree in distribution: their means and spreads differ by chance only."""
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or theirs.ndim < 2:
            return super().same(other, got, inputs)
        if theirs.shape != ours.shape or (self.dtype and theirs.dtype != ours.dtype):
            return False
        if theirs.size == 0:  # no weights at all have no spread
            return True
        chance = 9 * max(float(theirs.std()), 1e-300) / np.sqrt(theirs.size)
        return bool(abs(theirs.mean() - ours.mean()) <= chance and abs(theirs.std() - ours.std()) <= chance)


@dataclass(frozen=True)
class Dropped(Equal):
    """An input after inverted dropout: each entry 0 with probability p, by itself, and divided by 1 − p otherwise.

    Any generator may have drawn. The share of zeros among n entries lies within six standard errors,
    ``sqrt(p (1 − p) / n)``, of p in all but two of a thousand million right answers.

    Parameters
    ----------
    of : str
        Name of the input that entries are dropped from; its own zeros say nothing.
    p : str
        Name of the input that holds the probability of dropping.
    """

    of: str = "x"
    p: str = "p"

    def array_faults(self, path: str, want: Array, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        malformed = [fault for fault in super().array_faults(path, want, got, inputs) if fault.kind != "value"]
        array = as_array(got)
        if malformed or array is None:
            return malformed
        x, p = np.asarray(inputs[self.of]), float(str(inputs[self.p]))
        live, gone = x != 0, array == 0
        strange = ~gone & ~close(x / (1 - p), array, inputs)
        count, share = int(live.sum()), float(gone[live].mean())
        if strange.any():
            where = tuple(int(i) for i in np.argwhere(strange)[0])
            index, kept = ", ".join(map(str, where)), x[where] / (1 - p)
            said = f"{path}[{index}] is {array[where]:.6g} where an entry is either dropped, 0, or kept, {kept:.6g}"
        elif not abs(share - p) <= 6 * np.sqrt(p * (1 - p) / count):
            said = f"{share:.0%} of the entries of {path} are dropped where p = {p:.3g} is expected"
        elif live.all() and _shared(gone, p):
            said = f"{path} has the same entries dropped at every index of axis {_shared(gone, p)[0]}; each has its own"
        else:
            return []
        return [Fault(path, "value", said, None, array)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Random masks agree in distribution: in the share of zeros, in the factors, and in what is shared."""
        x, p = np.asarray(inputs[self.of]), float(str(inputs[self.p]))
        theirs, ours = as_array(other), as_array(got)
        if theirs is None or ours is None or not theirs.shape == ours.shape == x.shape:
            return super().same(other, got, inputs)
        if (self.dtype and theirs.dtype != ours.dtype) or _shared(theirs == 0, p) != _shared(ours == 0, p):
            return False
        factors = [array[x != 0] / x[x != 0] for array in (theirs, ours)]
        kept = [factor[factor != 0] for factor in factors]
        chance = 9 / np.sqrt(factors[0].size)
        if min(map(len, kept)) == 0 or not all(np.isfinite(factor).all() for factor in factors):
            return max(map(len, kept)) == 0
        share = abs(np.mean(factors[0] == 0) - np.mean(factors[1] == 0))
        mean, spread = (abs(measure(kept[0]) - measure(kept[1])) for measure in (np.mean, np.std))
        allowed = chance * float(np.std(kept[0])) + rtol(theirs, *_leaves(inputs)) * float(np.abs(kept[0]).max())
        return bool(share <= chance / 2 and mean <= allowed and spread <= allowed)


def _shared(gone: npt.NDArray[np.bool_], p: float) -> list[int]:
    """The axes along which a mask repeats itself, those left out along which a right one might by chance."""
    axes = []
    for axis, size in enumerate(gone.shape):
        by_chance = (p**size + (1 - p) ** size) ** (gone.size / max(size, 1))
        if by_chance < 1e-9 and (gone == gone.take([0], axis)).all():
            axes.append(axis)
    return axes


@dataclass(frozen=True)
class Paired(Equal):
    """A pair of answers of the code under test, of which the first has to equal the second.

    For answers that depend on what the code itself has drawn, so that the reference's own say nothing. In a dict each
    entry is such a pair.
    """

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if isinstance(want, Mapping) and isinstance(got, Mapping):
            pairs = [(f"{path}.{key}", part, got.get(key)) for key, part in want.items()]
            return [fault for inner, part, pair in pairs for fault in self.faults(inner, part, pair, inputs)]
        if not (isinstance(got, list | tuple) and len(got) == 2 and as_array(got[1]) is not None):
            return [Fault(path, "type", f"{path} cannot be compared: it is {_a(got)}", None, got)]
        return Equal(self.dtype, self.scale).faults(path, got[1], got[0], inputs)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """After one and the same draw the same numbers; after different ones the same factors, in the same places."""
        theirs, ours = (self.faults("", None, pair, inputs) for pair in (other, got))
        kinds = [[fault.kind for fault in faults] for faults in (theirs, ours)]
        if kinds[0] != kinds[1] or "type" in kinds[0]:
            return [fault.sentence for fault in theirs] == [fault.sentence for fault in ours]
        return all(self._alike(one, two, inputs) for one, two in zip(theirs, ours, strict=True))

    def _alike(self, one: Fault, two: Fault, inputs: Mapping[str, object]) -> bool:
        same = Equal(self.dtype, self.scale).same
        if same(one.want, two.want, inputs):
            return same(one.got, two.got, inputs)
        found = _factors(one), _factors(two)
        return found[0] == found[1] and found[0] is not None


def _factors(fault: Fault) -> tuple[bool, bool, list[float]] | None:
    """What a wrong array holds where the right one is 0, and the factors by which it is off; None for many factors."""
    want, got = as_array(fault.want), as_array(fault.got)
    if want is None or got is None or want.shape != got.shape:
        return None
    there = want != 0
    factors = np.unique((got[there] / want[there]).round(3)).tolist()
    return (bool(got[~there].any()), bool(got[~there].all()), factors) if len(factors) <= 2 else None


@dataclass(frozen=True)
class Minibatches(Rule):
    """Minibatches drawn from the training set: right size, rows with their own labels, not always the same.

    The output is an array of shape (iterations, batch_size, 2): for each drawn row its index in the training
    set, as the features tell it and as the labels tell it.

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

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        shape = (int(str(inputs[self.iterations])), int(str(inputs[self.batch_size])), 2)
        rows = int(str(inputs[self.rows]))
        drawn = as_array(got)
        if drawn is None or drawn.shape != shape:
            seen = "nothing" if drawn is None else f"shapes that stack to {drawn.shape[:2]}"
            said = f"loss was called with {seen}; {shape[0]} minibatches of {shape[1]} rows are expected"
        elif not (drawn[..., 0] == drawn[..., 1]).all():
            said = "X_batch and y_batch do not belong together: draw the indices once and use them for both"
        elif not ((drawn >= 0) & (drawn < rows)).all():
            said = "the minibatch holds rows that are not in X"
        elif shape[0] > 1 and (drawn == drawn[0]).all():
            said = "every minibatch holds the same rows; draw new ones at random in each iteration"
        elif np.unique(drawn[..., 0]).size <= rows // 2:
            said = "most training rows are never drawn: every minibatch is a fresh random sample of all rows"
        elif all((drawn[i, :, 0] == np.arange(i, i + shape[1]) % rows).all() for i in range(shape[0])):
            said = "minibatches are taken in order; draw them at random"
        else:
            return []
        return [Fault(path, "value", said, want, got)]

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Draws agree when the same is wrong with them."""
        theirs, ours = (self.faults("", None, value, inputs) for value in (other, got))
        return [fault.sentence for fault in theirs] == [fault.sentence for fault in ours]


def as_array(value: object) -> Array | None:
    """The value as a numeric array, or None where it is not one."""
    if isinstance(value, str | bytes | dict | set) or value is None:
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in "biuf" else None


def rtol(*values: object) -> float:
    """The relative tolerance for the coarsest floating dtype among `values`; see the head of this file."""
    coarse = 0.0
    for value in values:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            coarse = max(coarse, float(np.finfo(value.dtype).eps))
    return float(np.sqrt(coarse or np.finfo(np.float64).eps))


def close(
    want: Array, got: Array, inputs: Mapping[str, object] | None = None, summed: float = 0.0
) -> npt.NDArray[np.bool_]:
    """Entry by entry, whether two arrays of one shape agree up to rounding.

    Integers and booleans are compared exactly; infinities agree when they are equal, and NaN with NaN.

    Parameters
    ----------
    want, got : ndarray
        Arrays of the same shape.
    inputs : mapping, optional
        The case's inputs; float32 among them widens the tolerance to float32's.
    summed : float, default 0
        Size of the numbers that were summed, where it may be larger than that of the result.

    Returns
    -------
    ndarray of bool
    """
    if want.dtype.kind in "biu" and got.dtype.kind in "biu":
        return np.asarray(want == got, bool)
    tolerance = rtol(want, *_leaves(inputs or {}))
    wide_want, wide_got = want.astype(np.float64), got.astype(np.float64)
    largest = float(np.max(np.abs(wide_want[np.isfinite(wide_want)]), initial=summed))
    with np.errstate(invalid="ignore"):
        near = np.abs(wide_want - wide_got) <= tolerance * largest
    equal = (wide_want == wide_got) | (np.isnan(wide_want) & np.isnan(wide_got))
    return np.asarray((near & np.isfinite(wide_want)) | equal, bool)


def shape_sentence(path: str, want: Array, got: Array) -> str:
    """Say that the shape is wrong, and whether only the shape is."""
    said = f"{path} has shape {got.shape} where {want.shape} is expected"
    if got.size == want.size and close(want.ravel(), got.ravel()).all():
        return f"{said}: the numbers are right, only the shape is not"
    if got.ndim == 2 == want.ndim and got.T.shape == want.shape and close(want, got.T).all():
        return f"{said}: it is the transpose of the right answer"
    return said


def value_sentence(path: str, want: Array, got: Array, wrong: npt.NDArray[np.bool_]) -> str:
    """Say how many entries differ, and show the first."""
    if want.ndim == 0:
        return f"{path} is {float(got):.6g} where {float(want):.6g} is expected"
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    index = ", ".join(map(str, where))
    number = "all" if wrong.all() else f"{int(wrong.sum())} of {wrong.size}"
    first = f"{path}[{index}] is {got[where]:.6g} where {want[where]:.6g} is expected"
    return f"{path}: {number} entries differ; {first}"


def _leaves(inputs: Mapping[str, object]) -> list[object]:
    leaves: list[object] = []
    for value in inputs.values():
        leaves += _leaves(value) if isinstance(value, Mapping) else [value]
    return leaves


def _a(value: object) -> str:
    """A value's type in words."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    name = getattr(value, "type_name", type(value).__name__)
    return {"int": "a number", "float": "a number", "str": "a string"}.get(name, f"an object of type {name}")
