"""Draw the numbers of a case anew, so that what is said of a wrong output holds of more than it was read from.

Of a few numbers much is true by chance: all that are wrong are too small, or stand in two rows. What follows from the
mistake is true of other numbers as well. Sizes, settings and labels stay what they are, and the reference says what is
right then; so no second case has to be at hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..case import Case, Trait
from ..compare import Array, Paired, as_array
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at
from .describe import WrongOutput
from .describe.wrong_output import MAX_ENTRIES
from .wrong_outputs import WrongAnswer

MAX_CASES = 2  # that are drawn anew, the smallest; each takes one run for all its outputs


def redrawn(answers: Sequence[WrongAnswer], code: Run | None, reference: Run | None) -> list[WrongOutput]:
    """Return a wrong output once more, as it comes for other numbers.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    code, reference : callable or None
        Run the code under test, and the right code, where they can be run.

    Returns
    -------
    list of WrongOutput
        Empty where nothing can be run, or where the output is right for the other numbers.
    """
    if code is None or reference is None:
        return []
    path, found = answers[0].fault.path, []
    plain = [one.result.case for one in answers if _is_plain(one, path)]
    for case in sorted(plain, key=lambda case: (not case.is_core, case.size))[:MAX_CASES]:
        inputs, rule = with_other_numbers(case), case.aspects[path.partition(".")[0]]
        due, came = (_output(run, case, inputs, path) for run in (reference, code))
        if due is not None and came is not None and not rule.agree(due, came, inputs):
            found.append(WrongOutput(due, came, inputs))
    return found


def with_other_numbers(case: Case) -> Mapping[str, object]:
    """Return the inputs of a case with other real numbers: each array is shuffled, and multiplied with a number.

    So what is never negative stays so, and numbers that are alike stay alike.
    """
    rng, inputs = np.random.default_rng(0), case.inputs
    for path, value in walk(case.inputs):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1:
            shuffled = rng.permutation(value.ravel()).reshape(value.shape)
            inputs = with_value_at(inputs, path, (shuffled * rng.uniform(0.7, 1.3)).astype(value.dtype))
    return inputs


def _is_plain(answer: WrongAnswer, path: str) -> bool:
    case = answer.result.case
    later = Trait.SEVERAL_STEPS in case.traits
    return not later and case.size <= MAX_ENTRIES and not isinstance(case.aspects[path.partition(".")[0]], Paired)


def _output(run: Run, case: Case, inputs: Mapping[str, object], path: str) -> Array | None:
    answer = run(case.program, inputs, (path.partition(".")[0],))
    return as_array(value_at(answer.values, path)) if isinstance(answer, Ran) else None
