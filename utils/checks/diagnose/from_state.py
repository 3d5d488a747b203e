"""Judge an output by the wrong state that the code under test has computed before it.

The running mean of squared gradients is wrong, and so is the step: is the step right but for that? The reference is run
from such an old state that its new one is the wrong one that came; then only what else is wrong is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..case import Case, Trait
from ..compare import Array, as_array
from ..program import Crash, Ran, Run
from ..values import value_at, walk, with_value_at
from .combination import wrong_step
from .describe import WrongOutput, describe
from .wrong_outputs import WrongAnswer

FOLLOWS = "it follows rightly from"


def beside_state(answers: Sequence[WrongAnswer], reference: Run | None) -> str:
    """Say what is wrong with an output beside what follows from a wrong state.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    reference : callable or None
        Runs the right code.

    Returns
    -------
    str
        A clause; ``""`` where no state is wrong, or where no case shows what follows from it.
    """
    path, outputs, names = answers[0].fault.path, [], set[str]()
    for answer in answers:
        case, came = answer.result.case, answer.result.answer
        sources = _wrong_state(answer)
        if path in sources or Trait.SEVERAL_STEPS in case.traits or isinstance(came, Crash) or reference is None:
            continue
        inputs = _inputs_for(case, sources, came, reference) if sources else None
        values = _run(reference, case, inputs, [path]) if inputs else None
        if inputs and values and np.isfinite(values[path]).all():
            outputs.append(WrongOutput(values[path], answer.fault.got, case.inputs))
            names.update(sources)
    if not outputs or not all(output.comparable for output in outputs):
        return ""
    if any(not names & set(answer.result.wrong_paths()) for answer in answers):
        return ""  # where it is wrong although the state is right, it does not follow from that
    state = " and ".join(sorted(names))
    if all(output.same(*output.arrays) for output in outputs):
        return f"{FOLLOWS} {state}, which is wrong: correct that first"
    more = wrong_step(outputs) or describe(outputs)
    # One mistake may make both wrong, such as a gradient that is changed before either is computed.
    beside = f"it is not what the right formula gives with your {state}"
    are_wrong = f"which {'is' if len(names) == 1 else 'are'} wrong, too"
    return f"{beside}, beside which {more}" if more else f"{beside}, {are_wrong}"


def _wrong_state(answer: WrongAnswer) -> dict[str, str]:
    """Return the wrong outputs that a case has as inputs, too, with the paths of these; a count is not among them."""
    wrong = answer.result.wrong_paths()
    found = {path.rpartition(".")[2]: (path, value) for path, value in walk(answer.result.case.inputs)}
    state = {name: pair for name, pair in found.items() if name in wrong}
    if not all(isinstance(value, np.ndarray) for _, value in state.values()):
        return {}
    return {name: path for name, (path, _) in state.items()}


def _inputs_for(case: Case, sources: Mapping[str, str], came: Ran, reference: Run) -> Mapping[str, object] | None:
    """Find the inputs from which the reference computes the state that came, entry by entry a linear equation."""
    inputs: Mapping[str, object] = case.inputs
    for name, source in sources.items():
        start, wanted = as_array(value_at(case.inputs, source)), as_array(value_at(came.values, name))
        if start is None or wanted is None or start.shape != wanted.shape:
            return None
        here = _run(reference, case, case.inputs, [name])
        there = _run(reference, case, with_value_at(case.inputs, source, start + 1), [name])
        if here is None or there is None:
            return None
        slope = there[name] - here[name]
        if not (abs(slope) > 1e-6).all():
            return None
        inputs = with_value_at(inputs, source, start + (wanted - here[name]) / slope)
    found = _run(reference, case, inputs, list(sources))
    if found is None or not all(np.allclose(found[name], np.asarray(came.values[name])) for name in sources):
        return None
    return inputs


def _run(run: Run, case: Case, inputs: Mapping[str, object], names: Sequence[str]) -> dict[str, Array] | None:
    with np.errstate(all="ignore"):
        answer = run(case.program, inputs, tuple(names))
    if isinstance(answer, Crash):
        return None
    values = {name: as_array(value_at(answer.values, name)) for name in names}
    found = {name: value for name, value in values.items() if value is not None}
    return found if len(found) == len(values) else None
