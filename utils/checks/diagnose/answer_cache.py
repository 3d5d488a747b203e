"""Run the code under test again, and never twice on the same inputs.

Follow-through and the hints look at a wrong answer from several sides, output by output, and need many of the same
runs.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence

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
        self._answers: dict[bytes, Answer] = {}
        self._outputs: dict[str, dict[str, None]] = {}
        for case in cases:
            outputs = [*case.aspects, case.objective[0]]
            self._outputs.setdefault(case.program, {}).update(dict.fromkeys(filter(None, outputs)))

    def __call__(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program, or return what it gave before."""
        # The bytes of all inputs are the key: arrays have no hash, and the numbers differ in their last digits only.
        key = pickle.dumps((program, dict(inputs)))
        known = self._answers.get(key)
        if known is None or (isinstance(known, Ran) and not set(fetch) <= set(known.values)):
            names = {**self._outputs.get(program, {}), **dict.fromkeys(fetch)}
            known = self._run(program, inputs, tuple(names))
            self._room -= count_numbers(known.values) if isinstance(known, Ran) else 1
            if self._room > 0:
                self._answers[key] = known
        return known
