"""Run the code under test again, and never twice on the same inputs.

Follow-through and the hints look at a wrong answer from several sides, output by output, and need many of the same
runs.
"""

from __future__ import annotations

import pickle
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from ..case import Case
from ..program import Answer, Ran, Run
from ..values import count_numbers

MAX_NUMBERS = 4_000_000  # kept in memory; whoever answers with huge arrays is run again instead


class AnswerCache:
    """A `Run` that keeps its answers.

    Parameters
    ----------
    run : callable
        ``run(program, inputs, fetch)``; the same inputs have to give the same answer.
    cases : sequence of Case
        Whichever output of a case's program is asked for, all outputs that the case compares or differentiates are
        fetched with it, because they will be asked for next.
    """

    def __init__(self, run: Run, cases: Sequence[Case]) -> None:
        self._run = run
        self._room = MAX_NUMBERS
        self._answers: dict[Hashable, Answer] = {}
        self._outputs: dict[str, dict[str, None]] = {}
        for case in cases:
            outputs = [*case.aspects, case.objective[0]]
            self._outputs.setdefault(case.program, {}).update(dict.fromkeys(filter(None, outputs)))

    def __call__(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program, or return what it gave before."""
        key = program, _key(inputs)
        known = self._answers.get(key)
        if known is None or (isinstance(known, Ran) and not set(fetch) <= set(known.values)):
            names = {**self._outputs.get(program, {}), **dict.fromkeys(fetch)}
            known = self._run(program, inputs, tuple(names))
            self._room -= count_numbers(known.values) if isinstance(known, Ran) else 1
            if self._room > 0:
                self._answers[key] = known
        return known


def _key(value: object) -> Hashable:
    """Return what two values have in common only if they are the same to the bit, memory order included.

    Arrays have no hash, and the inputs that are asked for differ in their last digits only.
    """
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return value.dtype.str, value.shape, value.strides, value.tobytes()
    if isinstance(value, dict):
        return dict, tuple((name, _key(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return type(value), tuple(map(_key, value))
    return pickle.dumps(value)
