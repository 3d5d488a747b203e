"""Say with which parts of the inputs one wrong entry changes, and with which it should, by running code again.

A window that begins one too late, a loop that ends after the first example and a bias that is not added all show in
this, also together. It is said where nothing simpler is known, of the very entry that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..case import Case
from ..compare import Array, as_array, close
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at
from .dependence import is_counted
from .describe.input_names import input_name, is_hidden

NAMES = {1: ("entry",), 2: ("row", "column"), 4: ("example", "channel", "row", "column")}
MANY = {"entry": "entries"}
MAX_RUNS = 120  # of the code under test, two for each slice; counted, so that a hint does not depend on the machine
FEW = 3
FAR = 10.0  # times the largest entry: what is changed so much becomes the largest, or the smallest, of a window
OTHER_SIZES = (0.01, 0.3, 300.0, 1e4)  # of such a change: behind a ReLU, a small one shows more, or a much larger one


def reach(case: Case, path: str, expected: object, got: object, code: Run, reference: Run) -> str:
    """Say with which slices of the inputs the first wrong entry of an output changes, and with which it should.

    Parameters
    ----------
    case : Case
    path : str
        The output.
    expected, got : object
        What it should be, and what came.
    code, reference : callable
        Run the code under test, and the right code.

    Returns
    -------
    str
        A clause; ``""`` where the entry changes with the same slices as it should, or where that cannot be told.
    """
    right, came = as_array(expected), as_array(got)
    if right is None or came is None or right.shape != came.shape or not right.size:
        return ""
    wrong = np.argwhere(~np.atleast_1d(np.asarray(close(right, came, case.inputs))))
    again, due = (_output(run, case, case.inputs, path) for run in (code, reference))
    if not len(wrong) or again is None or due is None or not np.array_equal(again, came) or due.shape != came.shape:
        return ""
    index = tuple(wrong[0].tolist()) if right.ndim else ()
    entry = f"{path}[{', '.join(map(str, index))}]" if index else "it"
    counted, left = right.dtype.kind in "iu" or is_counted(case, path, due, reference), MAX_RUNS
    paths = [source for source, _ in walk(case.inputs)]
    for source, array in _arrays(case):
        name = input_name(source, paths)
        if not name:
            continue
        left -= 2 * sum(array.shape)
        if left < 0:
            break
        given, wanted = (
            [
                [slot for slot in range(size) if _moves(run, case, path, before, index, source, axis, slot)]
                for axis, size in enumerate(array.shape)
            ]
            for run, before in ((code, again), (reference, due))
        )
        if counted and any(given):
            continue  # what a label or a count changes with is chance; that it changes with nothing is not
        if _is_net(case) and not (source in ("x", "X") and _is_first_alone(given[0], wanted[0], len(array))):
            continue  # behind a ReLU, it is chance with what a single entry changes
        clause = _said(entry, name, array.ndim, given, wanted)
        if (
            clause
            and _unmoved(code, case, path, again, index, source, given, wanted)
            and _unmoved(reference, case, path, due, index, source, wanted, given)
        ):
            return clause
    return ""


def _unmoved(
    run: Run,
    case: Case,
    path: str,
    before: Array,
    index: tuple[int, ...],
    source: str,
    moving: list[list[int]],
    others: list[list[int]],
) -> bool:
    """Whether an entry stays the same, by changes of other sizes, with the slices that only move it in other code."""
    return not any(
        _moves(run, case, path, before, index, source, axis, slot, size)
        for axis, (some, more) in enumerate(zip(moving, others, strict=True))
        for slot in sorted(set(more) - set(some))
        for size in OTHER_SIZES
    )


def _said(entry: str, source: str, ndim: int, given: list[list[int]], wanted: list[list[int]]) -> str:
    if given == wanted:
        return ""
    if not any(given):
        return f"here {entry} does not change with {source}, and should"
    if not any(wanted):
        return f"here {entry} changes with {source}, and should not"
    differ = (k for k, (one, other) in enumerate(zip(given, wanted, strict=True)) if one != other and one and other)
    axis = next(differ, None)
    if axis is None or not all(_is_plain(one[axis]) for one in (given, wanted)):
        return ""
    name = "filter" if source == "w" and ndim == 4 and not axis else NAMES[ndim][axis]
    return f"here {entry} should change with {_slices(name, wanted[axis])} of {source}, and changes with " + (
        _slices(name, given[axis]) if set(given[axis]) - set(wanted[axis]) else f"{_slices(name, given[axis])} alone"
    )


def _is_net(case: Case) -> bool:
    """Whether a case is about several layers."""
    return sum(path.rpartition(".")[2][0] in "wW" or "_w" in path for path, _ in walk(case.inputs)) > 1


def _is_first_alone(given: list[int], wanted: list[int], size: int) -> bool:
    """Whether an entry changes with one slice where it should with all of them, as where a loop returns too early."""
    return len(given) == 1 and wanted == list(range(size)) and size > 2


def _is_plain(slots: list[int]) -> bool:
    """Whether slices stand side by side, or are few; else it is by a kink, as of a ReLU, that some are left out."""
    return len(slots) <= FEW or slots == list(range(slots[0], slots[-1] + 1))


def _slices(name: str, slots: list[int]) -> str:
    if len(slots) == 1:
        return f"{name} {slots[0]}"
    whole = slots == list(range(slots[0], slots[-1] + 1))
    listed = f"{slots[0]} to {slots[-1]}" if whole and len(slots) > 2 else ", ".join(map(str, slots[:-1]))
    listed = listed if whole and len(slots) > 2 else f"{listed} and {slots[-1]}"
    return f"{MANY.get(name, f'{name}s')} {listed}"


def _arrays(case: Case) -> Iterator[tuple[str, Array]]:
    """Yield the inputs whose slices have names, the smallest first but for the upstream gradient and the minibatch."""
    found = [(path, value) for path, value in walk(case.inputs) if isinstance(value, np.ndarray)]
    found = [pair for pair in found if not is_hidden(pair[0], case.program)]
    found = [pair for pair in found if pair[1].dtype == np.float64 and pair[1].ndim in NAMES and pair[1].size]
    telling = [case.objective[1], "x", "X"]
    yield from sorted(found, key=lambda pair: (pair[0] not in telling, pair[0] != telling[0], sum(pair[1].shape)))


def _moves(
    run: Run,
    case: Case,
    path: str,
    before: Array,
    index: tuple[int, ...],
    source: str,
    axis: int,
    slot: int,
    size: float = 1.0,
) -> bool:
    """Whether an entry changes when all numbers of a slice become large, or when they become very negative."""
    array = as_array(value_at(case.inputs, source))
    assert array is not None
    where = (slice(None),) * axis + (slot,)
    # Numbers that differ, so that a mean that is subtracted does not take all of the change away.
    largest = size * FAR * float(np.abs(array).max() or 1.0)
    by = largest * np.random.default_rng(slot).uniform(0.5, 1.5, array[where].shape)
    for sign in (1, -1):
        changed = array.copy()
        changed[where] += sign * by
        after = _output(run, case, with_value_at(case.inputs, source, changed), path)
        if (
            after is not None
            and after.shape == before.shape
            and not np.asarray(close(before, after, case.inputs))[index]
        ):
            return True
    return False


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    value = as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
    return value if value is not None and value.size and np.isfinite(value).all() else None
