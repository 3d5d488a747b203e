"""Find out which inputs an output depends on, by running code again with other inputs.

What the code under test depends on is compared with what the right code depends on. So a forgotten bias, an upstream
gradient that is not used, or running statistics that enter in training are named, however the code is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..case import Case
from ..compare import Array, as_array, close
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at
from .beside_unused import wrong_without
from .describe.input_names import input_name, is_hidden

MAX_CASES = 4  # in which many changes are tried before an input is called needless
MAX_INPUTS, MAX_NUMBERS = 8, 4  # arrays, and single numbers beside them; each takes a run of the code under test
TINY = 1e-6


def dependence(
    case: Case, path: str, run: Run, reference: Run, others: Sequence[Case] = (), *, every: Sequence[Case] = ()
) -> str:
    """Say on which inputs an output should depend and does not, or depends and should not.

    Parameters
    ----------
    case : Case
    path : str
        The output.
    run, reference : callable
        Run the code under test, and the right code.
    others : sequence of Case, optional
        More cases. What an output does not depend on in one of them may matter in another, as behind a ReLU.
    every : sequence of Case, optional
        All cases, also those in which the output is right or the code crashes: what the right answer depends on in any
        of them is not needless, as a filter where all windows lie in the padding.

    Returns
    -------
    str
        A clause; ``""`` where the output depends on what it should, or where that cannot be found out.
    """
    before, right_before = (_output(one, case, case.inputs, path) for one in (run, reference))
    if before is None or right_before is None:
        return ""
    if right_before.dtype.kind in "iu" and before.shape == right_before.shape:
        return _of_labels([case, *others], path, run, reference)
    if right_before.dtype.kind != "f":
        return ""
    if is_counted(case, path, right_before, reference):
        return ""  # so does the share of what was counted
    missing, needless, moving = _dependence(case, path, run, reference, before, right_before)
    if missing:
        missing = [source for source in missing if not any(_depends(one, path, source, run) for one in others)]
        # Behind a ReLU, a small change may move nothing by chance.
        missing = [source for source in missing if not _may_depend([case], path, source, run)]
    if missing and (before.any() or not moving):
        seen = (case, *others)
        rest = [one for one in every if not any(one is other for other in seen)][:MAX_CASES]
        if any(_depends(one, path, source, run) for one in rest for source in missing):
            return f'in the case "{case.title}" it stays the same when {_listed(missing, case)} changes, and should not'
        # Where nothing moves it, as where all is 0, what is used cannot be told.
        asked = ": is that used?" if moving else ""
        said = f"it stays the same when {_listed(missing, case)} changes, on which it should depend{asked}"
        if needless or not (asked and case.is_core and len(missing) == 1):
            return said  # what stands there in its place may be the whole mistake
        more = wrong_without(case, path, missing[0], run, reference)
        also = f" Where {_listed(missing, case)} is 0 it is wrong as well, so look at the rest of it, too"
        return f"{said}{also}" if more else said
    # What the right answer does not depend on in one case, as behind a ReLU, may matter in another one.
    # And what decides between few possibilities, as a score does, may not do so for a change of one size.
    if case.is_core:  # at an edge, as with one example, the right answer may depend on less than usual
        cases = [case, *others][:MAX_CASES]
        cases += [one for one in every if not any(one is other for other in cases)][:MAX_CASES]
        needless = [source for source in needless if not _may_depend(cases, path, source, reference)]
    if needless and case.is_core:
        return f"it changes when {_listed(needless, case)} changes, on which it should not depend"
    return _linear_in_upstream(case, path, before, run)


def _of_labels(cases: Sequence[Case], path: str, run: Run, reference: Run) -> str:
    """Say on which inputs labels should depend and do not, by many changes: most of them leave each label as it is."""
    moving: dict[str, bool] = {}
    for source, value in walk(cases[0].inputs):
        array = as_array(value)
        if not isinstance(value, np.ndarray) or array is None or array.dtype.kind != "f" or len(moving) == MAX_INPUTS:
            continue
        if _may_depend(cases[:1], path, source, reference):
            moving[source] = _may_depend(cases[:MAX_CASES], path, source, run)
    missing = [source for source, moves in moving.items() if not moves]
    # Where nothing moves them, as where all are 0, what is used cannot be told.
    if not missing or len(missing) == len(moving):
        return ""
    return f"it stays the same when {_listed(missing, cases[0])} changes, on which it should depend: is that used?"


def is_counted(case: Case, path: str, before: Array, reference: Run) -> bool:
    """Whether an output stays the very same when all inputs change by very little, as a count does, and its share.

    Parameters
    ----------
    case : Case
    path : str
        The output.
    before : ndarray
        What the reference gives in this case.
    reference : callable
        Runs the right code.
    """
    inputs: Mapping[str, object] = case.inputs
    for source, value in walk(case.inputs):
        array = as_array(value)
        if isinstance(value, np.ndarray) and array is not None and array.dtype == np.float64:
            inputs = with_value_at(inputs, source, array * (1 + TINY))
    after = _output(reference, case, inputs, path)
    return inputs is not case.inputs and after is not None and np.array_equal(before, after)


def _dependence(
    case: Case, path: str, run: Run, reference: Run, before: Array, right_before: Array
) -> tuple[list[str], list[str], bool]:
    """List the inputs that should move an output and do not, and those that do and should not; whether any does."""
    missing, needless, moving = [], [], False
    for source, changes in _changed_inputs(case):
        moves, should_move = (
            [_moves(one, case, path, start, source, change) for change in changes]
            for one, start in ((run, before), (reference, right_before))
        )
        if None in moves or None in should_move:
            continue
        moving = moving or any(moves)
        if any(should_move) and not any(moves):
            missing.append(source)
        if any(moves) and not any(should_move):
            needless.append(source)
    return missing, needless, moving


def _depends(case: Case, path: str, source: str, run: Run) -> bool:
    """Whether an output depends on an input in a case."""
    before = _output(run, case, case.inputs, path)
    changes = dict(_changed_inputs(case)).get(source, [])
    return before is not None and any(_moves(run, case, path, before, source, change) for change in changes)


def _may_depend(cases: Sequence[Case], path: str, source: str, reference: Run) -> bool:
    """Whether the right answer changes with an input in any of some cases, for changes of any size."""
    rng = np.random.default_rng(1)
    for case in cases:
        before, array = _output(reference, case, case.inputs, path), as_array(value_at(case.inputs, source))
        if before is None or array is None:
            continue
        for change in _of_many_sizes(array, rng):
            if _moves(reference, case, path, before, source, change):
                return True
    return False


def _of_many_sizes(array: Array, rng: np.random.Generator) -> Iterator[object]:
    """Yield other numbers in place of real ones: nearly the same, much larger ones, and others altogether.

    What is never negative, such as a variance, stays so; a single number stays on its side of 1, as a rate does.
    """
    if not array.ndim:
        number = float(array)
        yield from (number * factor for factor in (0.999, 0.5, 0.1))
        if not 0 < number < 1:
            yield from (number * factor for factor in (3.0, 30.0))
        return
    signed = bool((array < 0).any())
    drawn = np.abs(array).max() * rng.uniform(-1 if signed else 0, 1, (3, *array.shape))
    scaled = [array * factor for factor in (0.999, 1.001, 0.1, 3.0, 30.0, *((-1.0,) if signed else ()))]
    for changed in (*scaled, np.flip(array, 0), *drawn, 30 * drawn[0]):
        yield changed.astype(array.dtype)


def _linear_in_upstream(case: Case, path: str, before: Array, run: Run) -> str:
    """Say that a gradient is not proportional to the upstream gradient; ``""`` where it is."""
    upstream = case.objective[1]
    weight = as_array(case.inputs.get(upstream))
    if path not in case.gradients or weight is None or weight.dtype.kind != "f":
        return ""
    after = _output(run, case, {**case.inputs, upstream: 2 * weight}, path)
    if after is None or not before.any() or _same(2 * before, after, case):
        return ""
    return f"it does not double when {upstream} does, as each gradient should: {upstream} should enter as one factor"


def _moves(run: Run, case: Case, path: str, before: Array, source: str, change: object) -> bool | None:
    """Whether an output changes when an input does; None where it cannot be compared."""
    after = _output(run, case, with_value_at(case.inputs, source, change), path)
    return None if after is None else not _same(before, after, case)


def _changed_inputs(case: Case) -> Iterator[tuple[str, list[object]]]:
    """Yield the inputs that hold real numbers, each with other numbers of about the same size.

    The signs of an array stay once and change once: what depends on the signs alone, such as the first step of Adam,
    depends on the input, too.
    """
    rng = np.random.default_rng(0)
    floats = ((path, as_array(value)) for path, value in walk(case.inputs) if not isinstance(value, bool | int))
    real = [(path, array) for path, array in floats if array is not None and array.dtype.kind == "f" and array.size]
    paths = [path for path, _ in walk(case.inputs)]
    real = [(path, array) for path, array in real if input_name(path, paths) and not is_hidden(path, case.program)]
    numbers, arrays = ([pair for pair in real if (pair[1].ndim > 0) is of_many] for of_many in (False, True))
    chosen = {path for path, _ in (*arrays[:MAX_INPUTS], *numbers[:MAX_NUMBERS])}
    for path, array in real:
        if path not in chosen:
            continue
        scaled = array * rng.uniform(0.7, 0.9, array.shape)
        if not array.ndim:
            yield path, [float(scaled)]
        elif (array < 0).any():
            yield path, [scaled.astype(array.dtype), (scaled * rng.choice([-1, 1], array.shape)).astype(array.dtype)]
        else:  # what is never negative, such as a variance, stays so
            yield path, [scaled.astype(array.dtype)]


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    value = as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
    return value if value is not None and value.size and np.isfinite(value).all() else None


def _same(one: Array, other: Array, case: Case) -> bool:
    return one.shape == other.shape and bool(close(one, other, case.inputs).all())


def _listed(sources: list[str], case: Case) -> str:
    paths = [path for path, _ in walk(case.inputs)]
    short = [input_name(source, paths) for source in sources]
    return short[0] if len(short) == 1 else f"any of {', '.join(short)}"
