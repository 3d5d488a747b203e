"""Say what the other outputs tell of a wrong one of which nothing else is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..case import Case, Trait
from ..compare import as_array
from ..program import Crash, Ran, Run
from ..values import value_at, walk, with_value_at
from .case_result import CaseResult
from .derivative import is_derivative, with_program
from .wrong_outputs import WrongAnswer


def from_other_outputs(
    answers: Sequence[WrongAnswer], results: Sequence[CaseResult], run: Run | None, *, everywhere: bool = True
) -> str:
    """Say what is true where nothing else is known: what has to be right before, and which other outputs are.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        An output in all cases in which it is wrong.
    results : sequence of CaseResult
        All cases. Where another output is wrong in any of them, none is called right: of what the wrong one shows, a
        right one may show another part.
    run : callable or None
        Runs the code under test.
    everywhere : bool, default True
        Whether the output is wrong in all cases that run.

    Returns
    -------
    str
        A clause; ``""`` where nothing is known.
    """
    result, fault = answers[0]
    objective = result.case.objective[0]
    # After several calls, an output may be wrong for what the first of them has left.
    later = {Trait.SEVERAL_STEPS, Trait.SIDE_EFFECT}
    plain = [one for one in answers if not later & one.result.case.traits] or answers
    right = set.intersection(*(_right_outputs(answer.result) for answer in plain))
    if fault.path in result.case.gradients and objective in result.case.aspects and objective not in right:
        if run and is_derivative(result.case, fault.path, fault.got, with_program(run, result.case)) is False:
            # Which of them has to change cannot be told: of a forward pass that is corrected, it may be the derivative.
            return (
                f"it is not the derivative of your {objective} as it is: correct {objective}, which is wrong, too, "
                "and then look at this gradient again"
            )
        return f"{objective}, of which it should be the gradient, is wrong, too: correct {objective} first"
    state = set().union(*(_wrong_state(answer.result) for answer in answers))
    before = [name for name in sorted(state) if run and changes_with(result.case, fault.path, name, run)]
    if before and fault.path not in state:
        verb = "is" if len(before) == 1 else "are"
        return f"it changes with {enumerated(before)}, which {verb} wrong, too: correct that as well"
    if any(other != fault.output for one in results for other in _wrong_outputs(one)):
        right = set()
    crashes = any(isinstance(one.answer, Crash) for one in results)
    where = " where the code runs" if crashes else ""
    beside = f"{enumerated(sorted(right))} {'is' if len(right) == 1 else 'are'} right{where}" if right else ""
    every = "every case that runs" if crashes else "every case"
    said = f"it is wrong in {every}" if everywhere and len(answers) > 2 else ""
    return ", while ".join(filter(None, (said, beside)))


def changes_with(case: Case, path: str, name: str, run: Run) -> bool:
    """Whether an output changes with the number, or the array, of this name among the inputs.

    Parameters
    ----------
    case : Case
    path : str
        The output.
    name : str
        Of an input, such as what an update rule remembers.
    run : callable
        Runs the code under test.

    Returns
    -------
    bool
    """
    output = path.partition(".")[0]
    for source, value in walk(case.inputs):
        array = as_array(value) if source.rpartition(".")[2] == name else None
        if array is None:
            continue
        other = value + 1 if isinstance(value, int) else np.asarray(array + 0.1 * (1 + np.abs(array)), array.dtype)
        answers = [
            run(case.program, inputs, (output,)) for inputs in (case.inputs, with_value_at(case.inputs, source, other))
        ]
        here, there = (as_array(value_at(one.values, path)) if isinstance(one, Ran) else None for one in answers)
        if here is not None and there is not None and not np.array_equal(here, there):
            return True
    return False


def _right_outputs(result: CaseResult) -> set[str]:
    return set(result.case.aspects) - _wrong_outputs(result)


def _wrong_outputs(result: CaseResult) -> set[str]:
    return {fault.output for fault in result.faults()}


def _wrong_state(result: CaseResult) -> set[str]:
    """Return the wrong outputs that are inputs, too, as what an update rule remembers is: they are computed first."""
    names = {path.rpartition(".")[2] for path, _ in walk(result.case.inputs)}
    return names.intersection(result.wrong_paths())


def enumerated(names: Sequence[str]) -> str:
    """Write a list of names: ``"a, b and c"``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
