"""Find out how an output grows with an input, by running code again with a multiple of it.

A gradient that should be halved when x doubles and is doubled is multiplied by what it should be divided by, whatever
else is wrong with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..case import Case
from ..compare import Array, as_array
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at
from .describe.input_names import input_name, is_hidden

LARGE = 2.0**12  # beside inputs so large, what is added to a variance or a root to keep it from 0 is nothing
TOLERANCE = 1e-3
OF_ENTRY, NOISE = 0.1, 1e-9  # by how much each entry may be off: of itself, or of the largest one where numbers cancel
MAX_INPUTS = 4  # each takes four runs
MAX_CASES = 4  # in which it is tried whether the right answer grows alike
WORDS = {-2: "a quarter", -1: "half", 0: "the same", 1: "twice", 2: "4 times", 3: "8 times"}


def scaling(
    cases: Sequence[Case],
    path: str,
    run: Run,
    reference: Run,
    *,
    depends: bool = True,
    every: Sequence[Case] = (),
) -> str:
    """Say of which input an output is a wrong power.

    Parameters
    ----------
    cases : sequence of Case
        What is said holds for the first one, and none of the others says otherwise.
    path : str
        The output.
    run, reference : callable
        Run the code under test, and the right code.
    depends : bool, default True
        Whether the output depends on each input that it should depend on. If it does not, this is said elsewhere, and
        nothing is said here of an output that stays the same.
    every : sequence of Case, optional
        All cases. What the right answer is proportional to in other ones is not peculiar to the first.

    Returns
    -------
    str
        A clause such as ``"it becomes twice as large when x does, and should become half as large"``; ``""`` where each
        input enters by the right power, or by none.
    """
    powers = _powers(cases[0], path, run, reference, depends=depends)
    wrong = {source: found for source, found in powers.items() if found.given != found.right}
    for case in cases[1:]:
        if wrong:
            other = _powers(case, path, run, reference, depends=depends, sources=tuple(wrong))
            wrong = {source: found for source, found in wrong.items() if other.get(source, found) == found}
    for case in [one for one in every if not any(one is other for other in cases)][:MAX_CASES] if wrong else ():
        wrong = {source: found for source, found in wrong.items() if _power_at(case, path, source, reference, found)}
    paths = [path for path, _ in walk(cases[0].inputs)]
    named = {input_name(source, paths): found for source, found in wrong.items()}
    return "; ".join([_said(name, *found) for name, found in named.items() if name][:2])


class Powers(NamedTuple):
    """By which power of an input an output grows: in the code under test, and in the right code."""

    given: int
    right: int


def _powers(
    case: Case, path: str, run: Run, reference: Run, *, depends: bool, sources: Collection[str] = ()
) -> dict[str, Powers]:
    """Find the powers of each input, or of some, in one case; an input of which either is unknown is left out."""
    found = {}
    expected = _output(reference, case, case.inputs, path)
    for source, array in _arrays(case):
        if sources and source not in sources:
            continue
        right = _power(reference, case, path, source, array)
        if right is None or expected is None or (right == 0 and expected.size == 1):
            continue  # a loss may stay the same for large inputs because it is saturated
        given = _power(run, case, path, source, array)
        if given == 0 and not (depends and _comparable(case, path, source, array, run, reference)):
            continue
        if given is not None:
            found[source] = Powers(given, right)
    return found


def _power_at(case: Case, path: str, source: str, reference: Run, found: Powers) -> bool:
    """Whether the right answer grows with the same power of an input in another case, as far as can be told."""
    array = as_array(value_at(case.inputs, source))
    power = _power(reference, case, path, source, array) if array is not None and array.size else None
    return power in (None, found.right)


def _said(name: str, given: int, right: int) -> str:
    becomes = "stays the same" if given == 0 else f"becomes {WORDS[given]} as large"
    become = "stay the same" if right == 0 else f"become {WORDS[right]} as large"
    return f"when a large {name} becomes twice as large, it {becomes}, and should {become}"


def _arrays(case: Case) -> list[tuple[str, Array]]:
    """List the arrays among the inputs that hold real numbers of both signs or more than one size."""
    found = [
        (path, value)
        for path, value in walk(case.inputs)
        if isinstance(value, np.ndarray) and value.dtype == np.float64 and value.size > 1 and np.ptp(value)
        if not is_hidden(path, case.program)
    ]
    return found[:MAX_INPUTS]


def _comparable(case: Case, path: str, source: str, array: Array, run: Run, reference: Run) -> bool:
    """Whether what comes for a large input is about as large as it should be, so that its share in it would be seen."""
    inputs = with_value_at(case.inputs, source, LARGE * array)
    given, right = (_output(one, case, inputs, path) for one in (run, reference))
    return given is not None and right is not None and bool(abs(given).max() < LARGE**2 * abs(right).max())


def _power(run: Run, case: Case, path: str, source: str, array: Array) -> int | None:
    """Return the power of an input that an output is proportional to; None where it is none of a few whole powers.

    Each entry has to grow with that power: beside large entries, those that do not grow at all are small.
    """
    one, two = (
        _output(run, case, with_value_at(case.inputs, source, times * array), path) for times in (LARGE, 2 * LARGE)
    )
    if one is None or two is None or one.shape != two.shape or not one.any():
        return None
    largest = float(abs(two).max())
    for power in WORDS:
        due = 2.0**power * one
        if np.allclose(two, due, rtol=0, atol=TOLERANCE * largest) and np.allclose(
            two, due, rtol=OF_ENTRY, atol=NOISE * largest
        ):
            return power
    return None


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    value = as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
    return value.astype(np.float64) if value is not None and value.size and np.isfinite(value).all() else None
