"""Find out which slices of an output depend on which slices of an input, by running code again.

A sum or a mean over a wrong axis shows in this, whatever else is wrong: a row of the output changes when another row of
the input does, or does not although it should.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..case import Case
from ..compare import Array, as_array, close
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at

NAMES = {2: ("row", "column"), 4: ("example", "channel", "row", "column")}
MAX_INPUTS = 2  # each takes two runs for each axis
CHANGE = 0.5


def mixing(case: Case, path: str, run: Run, reference: Run) -> str | None:
    """Say along which axis an output mixes slices of an input that should stay apart, or keeps apart what should mix.

    Parameters
    ----------
    case : Case
    path : str
        The output.
    run, reference : callable
        Run the code under test, and the right code.

    Returns
    -------
    str or None
        A clause; ``""`` where the right slices are mixed; None where that cannot be told, such as where the output has
        the shape of no input.
    """
    given, right = (_output(one, case, case.inputs, path) for one in (run, reference))
    if given is None or right is None or given.shape != right.shape:
        return None
    known = False
    for source, array in _alike(case, right.shape):
        mixed = _moved(run, case, path, source, array, given)
        should_mix = _moved(reference, case, path, source, array, right)
        if mixed is None or should_mix is None:
            continue
        known = True
        said = _said(source.rpartition(".")[2], mixed, should_mix, windows="stride" in _names(case))
        if said:
            return said
    return "" if known else None


def _names(case: Case) -> set[str]:
    return {path.rpartition(".")[2] for path, _ in walk(case.inputs)}


def _said(source: str, mixed: Sequence[Moved], should_mix: Sequence[Moved], *, windows: bool = False) -> str:
    """Say which slices depend on each other and should not, or do not and should.

    Of rows and columns under a window nothing is said: those of one window depend on each other, and only on those.
    """
    clauses, found = [], set()
    for name, given, right in zip(NAMES[len(mixed)], mixed, should_mix, strict=True):
        if windows and name in ("row", "column"):
            continue
        if given.others and not right.others:
            found.add("mixed")
            clauses.append(f"{_a(name)} of it changes when another {name} of {source} does, and should not")
        # What stays the same for any change depends on nothing of the input, not on the same slice alone.
        if right.others == 1 and given.same and not given.others:
            found.add("kept apart")
            clauses.append(
                f"{_a(name)} of it depends on the same {name} of {source} alone, and should depend on the others, too"
            )
    # One axis for another is what is left where one of them is mixed in its place.
    asked = ": over which axis is each sum or mean taken?" if len(found) > 1 else ""
    return "; ".join(clauses) + asked


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _alike(case: Case, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """Yield the minibatch and the upstream gradient, where they have the shape of the output and several slices."""
    if len(shape) not in NAMES or min(shape) < 2:
        return
    found = (
        (path, value)
        for path, value in walk(case.inputs)
        if path in ("x", "X", case.objective[1])
        and isinstance(value, np.ndarray)
        and value.dtype == np.float64
        and value.shape == shape
    )
    for _, pair in zip(range(MAX_INPUTS), found, strict=False):
        yield pair


class Moved(NamedTuple):
    """What changes in an output with the last slice of an input.

    Attributes
    ----------
    same : bool
        Whether the last slice of the output does.
    others : float
        Which share of its other slices does.
    """

    same: bool
    others: float


def _moved(run: Run, case: Case, path: str, source: str, array: Array, before: Array) -> list[Moved] | None:
    """For each axis, change the last slice of the input, and see which slices of the output change."""
    found = []
    for axis, size in enumerate(array.shape):
        factors = 1 + CHANGE * np.random.default_rng(axis).uniform(0.5, 1, array.shape)
        changed, last = array.copy(), (slice(None),) * axis + (-1,)
        changed[last] = (array * factors)[last]
        after = _output(run, case, with_value_at(case.inputs, source, changed), path)
        if after is None or after.shape != before.shape:
            return None
        others = tuple(other for other in range(array.ndim) if other != axis)
        moved = np.logical_not(np.all(close(before, after, case.inputs), axis=others))
        found.append(Moved(bool(moved[-1]), float(moved[:-1].sum()) / (size - 1)))
    return found


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    value = as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
    return value.astype(np.float64) if value is not None and value.size and np.isfinite(value).all() else None
