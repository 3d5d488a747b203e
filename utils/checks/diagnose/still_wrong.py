"""Say what can be made simple without making a wrong output right: the simplest inputs at which it is wrong.

It is true of any wrong answer, and keeps a student who knows nothing else from looking in the wrong place: what is
wrong with ``reg`` 0 is wrong without the penalty. So it is said where nothing else is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..case import Case
from ..compare import Paired, as_array
from ..program import Ran, Run
from ..values import value_at, walk
from .describe import describe, locate
from .describe.factors import EVERY_ENTRY_ZERO
from .describe.input_names import input_name, is_behind_stand_in
from .describe.terms import is_copied
from .describe.wrong_output import MIN_NUMBERS, WrongOutput, distinct
from .other_outputs import enumerated
from .simpler_inputs import LARGEST, Simpler, simplifications

MAX_SAID = 3
MAX_RUNS = 24
MAX_CASES = 3  # in which simpler inputs are looked for


def still_wrong(cases: Sequence[Case], path: str, code: Run, reference: Run) -> str:
    """Say with which simpler inputs, all of them at once, an output is still wrong.

    Parameters
    ----------
    cases : sequence of Case
        In which it is wrong; the first that can be made simpler tells.
    path : str
        The output.
    code, reference : callable
        Run the code under test, and the right code.

    Returns
    -------
    str
        A clause such as ``"it is wrong even when epsilon is 0 and t is 0"``; ``""`` where nothing can be simpler.
    """
    output = path.partition(".")[0]
    plain = (case for case in cases if case.size <= LARGEST and not isinstance(case.aspects[output], Paired))
    cases = list(plain)
    for case in cases[:MAX_CASES]:
        done = _simplest(case, path, code, reference)
        if done:
            form = _form([case, *(one for one in cases if one is not case)], done, path, code, reference)
            said = f"it is wrong even when {enumerated([one.words for one in done])}"
            return f"{said}: then {form}" if form else said
    return ""


def _form(cases: Sequence[Case], done: Sequence[Simpler], path: str, code: Run, reference: Run) -> str:
    """Describe what comes with simpler inputs: of two mistakes these may have left a single one."""
    outputs = []
    for case in cases:
        inputs: Mapping[str, object] | None = case.inputs
        for change in done:
            inputs = change.applied(inputs, case.inputs) if inputs is not None else None
        wrong = _is_wrong(case, inputs, path, code, reference) if inputs is not None else None
        if inputs is None or wrong is None:
            continue
        if not wrong:
            return ""
        output = path.partition(".")[0]
        with np.errstate(all="ignore"):
            due, got = (run(case.program, inputs, (output,)) for run in (reference, code))
        assert isinstance(due, Ran)
        assert isinstance(got, Ran)
        outputs.append(WrongOutput(value_at(due.values, path), value_at(got.values, path), inputs))
    # Of a single case, much may be peculiar.
    said = describe(outputs) if len(outputs) > 1 else ""
    if not said and len(outputs) > 1 and not any(_is_table_of_ones(change, cases[0]) for change in done):
        said = locate(outputs)
    if said.startswith(EVERY_ENTRY_ZERO):  # what comes with other inputs is filled in and returned
        return EVERY_ENTRY_ZERO
    # What a form asks about sums and means is meant for inputs as they come: of weights that are all 1, a sum over
    # other entries is a multiple, too.
    return re.sub(r": [^:]*\?$", "", said) if any(change.value == "1" for change in done) else said


def _is_table_of_ones(change: Simpler, case: Case) -> bool:
    """Whether an array with several rows and columns is made 1: then much is the same in each row, right or wrong."""
    array = as_array(value_at(case.inputs, change.path)) if change.value == "1" else None
    return array is not None and array.size > max(array.shape, default=1)


def _simplest(case: Case, path: str, code: Run, reference: Run) -> list[Simpler]:
    inputs: Mapping[str, object] = case.inputs
    done: list[Simpler] = []
    tried = set[str]()
    for change in [*simplifications(case), *_of_ones(case)][:MAX_RUNS]:
        simpler = change.applied(inputs, case.inputs)
        alone = change.applied(case.inputs, case.inputs)
        if change.path in tried or len(done) == MAX_SAID or simpler is None or alone is None:
            continue
        if not _matters(case, alone, path, reference):
            continue
        # Of what a stand-in would have returned, code that does not call it knows nothing.
        if is_behind_stand_in(change.path, case.program) and not _matters(case, alone, path, code):
            continue
        wrong = _is_wrong(case, simpler, path, code, reference)
        if wrong:
            inputs, done = simpler, [*done, change]
        if wrong is not None:  # what is right with 0 is not tried with 1, which is no simpler than any other number
            tried.add(change.path)
    return done


def _of_ones(case: Case) -> Iterator[Simpler]:
    """Yield the changes of arrays that show too little to say with them that code is right, as those of weights."""
    paths = [path for path, _ in walk(case.inputs)]
    for path, value in walk(case.inputs):
        name = input_name(path, paths)
        if name and isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1:
            yield Simpler(path, f"every entry of {name} is 1", "1", name)


def _matters(case: Case, inputs: Mapping[str, object], path: str, run: Run) -> bool:
    """Whether an output is another one with other inputs: of what does not enter the right one nothing is said."""
    answers = [run(case.program, one, (path.partition(".")[0],)) for one in (case.inputs, inputs)]
    due, other = (as_array(value_at(one.values, path)) if isinstance(one, Ran) else None for one in answers)
    return due is not None and other is not None and not np.array_equal(due, other)


def _is_wrong(case: Case, inputs: Mapping[str, object], path: str, code: Run, reference: Run) -> bool | None:
    """Whether an output is wrong with other inputs; None where it should be zeros or a copy of one of them."""
    output = path.partition(".")[0]
    with np.errstate(all="ignore"):
        right, came = (run(case.program, inputs, (output,)) for run in (reference, code))
        if not isinstance(right, Ran) or not isinstance(came, Ran):
            return None
        due, got = (as_array(value_at(one.values, path)) for one in (right, came))
        if due is None or got is None or not due.size or not np.isfinite(due).all() or not np.isfinite(got).all():
            return None
        if due.size > 1 and distinct(due.astype(np.float64)) < min(MIN_NUMBERS, due.size):
            return None
        return None if is_copied(WrongOutput(due, due, inputs)) else not case.aspects[output].agree(due, got, inputs)
