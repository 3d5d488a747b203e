"""Find simpler inputs with which a wrong output is right, by running code again with them.

An output that is right as soon as ``stride`` is 1, or as soon as ``t`` is 0 and ``epsilon`` is 0, goes wrong where
these enter, however the code is written. That is said of code of which nothing else is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..case import Case, Trait
from ..compare import Array, Paired, as_array
from ..program import Ran, Run
from ..values import value_at, walk, with_value_at
from .describe.input_names import input_name, is_hidden
from .describe.terms import is_copied
from .describe.wrong_output import MIN_NUMBERS, WrongOutput, distinct
from .wrong_outputs import WrongAnswer

MAX_CASES = 3
"""Failing cases in which simpler inputs are tried, the smallest ones."""

MAX_CHANGES, MAX_RUNS = 14, 120
"""Changes of the inputs that are tried for one output, alone and two at a time, and runs that this may take.

They are counted, not timed, so that a hint does not depend on the machine.
"""

MAX_SAID = 2
LARGEST = 20_000  # numbers in the inputs of a case that is run so often


LARGE_T = 10**6  # steps, after which nothing is left of where an average started
Meaning = str | Callable[[str], str]
"""What is so with a simpler input; where that depends on the code under test, a function of its text that says it."""


class Simpler(NamedTuple):
    """One input made simpler.

    Attributes
    ----------
    path : str
        Where it stands: ``"conv_param.stride"``.
    words : str
        What holds of it then: ``"stride is 1"``.
    value : object
        A number; the path of the number that it becomes equal to; or what is done with an array.
    name : str
        What the input is called: ``"stride"``.
    """

    path: str
    words: str
    value: object
    name: str

    def applied(self, inputs: Mapping[str, object], original: Mapping[str, object]) -> Mapping[str, object] | None:
        """Return inputs with this change; None where there is no such input."""
        before = value_at(original, self.path)
        if before is None:
            return None
        if isinstance(before, np.ndarray):
            return with_value_at(inputs, self.path, _ARRAYS[str(self.value)](before))
        after = value_at(original, self.value) if isinstance(self.value, str) else self.value
        return None if after is None else with_value_at(inputs, self.path, after)


_ARRAYS: Mapping[str, Callable[[Array], Array]] = {"0": np.zeros_like, "1": np.ones_like, "positive": np.abs}
"""What is done with an array, in the order in which it is tried; see `Simpler.value`."""


def right_with_simpler_inputs(
    answers: Sequence[WrongAnswer],
    code: Run | None,
    reference: Run | None,
    text: str = "",
    meanings: Mapping[str, Meaning] | None = None,
) -> str:
    """Say as soon as what a wrong output is right.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        The output in all cases in which it is wrong.
    code, reference : callable or None
        Run the code under test, and the right code, where they can be run.
    text : str, default ""
        The text of the function under test.
    meanings : mapping of str to Meaning, optional
        What is so with a simpler input that makes an output right by itself, by what holds of it then, such as
        ``"stride is 1"``, where that tells more than its name.

    Returns
    -------
    str
        A clause such as ``"it is right as soon as stride is 1: look at where stride enters, or should enter"``;
        ``""`` where no such change of the inputs makes it right, or where what is right then is nothing but zeros or a
        copy of an input.
    """
    if code is None or reference is None:
        return ""
    path, rule = answers[0].fault.path, answers[0].result.case.aspects[answers[0].fault.output]
    if isinstance(rule, Paired):
        return ""
    cases = sorted((one.result.case for one in answers if _is_plain(one.result.case)), key=lambda case: case.size)
    cases = [case for case in cases if case.size <= LARGEST]
    if not cases:
        return ""
    known = {(change.path, change.words): change for case in cases[:MAX_CASES] for change in _changes(case)}
    changes = sorted(known.values(), key=_order)[:MAX_CHANGES]
    trial = _Trial(cases, [one.result.case for one in answers], path, code, reference)
    alone = [(change,) for change in changes if trial.is_right((change,))]
    if alone or "params" in cases[0].inputs:  # a net takes long to run, and has too many inputs to try two of them
        return _said(alone, text, meanings or {})
    pairs = (pair for pair in combinations(changes, 2) if _leaves_enough(*pair))
    return _said([pair for pair in pairs if trial.is_right(pair)][:1], text, {})


def simplifications(case: Case) -> list[Simpler]:
    """List the ways in which inputs of a case can be made simpler, the plainest first."""
    return sorted(_changes(case), key=_order)


def _leaves_enough(one: Simpler, other: Simpler) -> bool:
    """Whether two changes are of different inputs, and not both of arrays, without which much code is right."""
    return one.path != other.path and not (one.value in ("0", "1") and other.value in ("0", "1"))


def _order(change: Simpler) -> int:
    """Order changes: numbers first, then arrays by what is done with them, then numbers made equal to others."""
    if not isinstance(change.value, str):
        return -1
    return list(_ARRAYS).index(change.value) if change.value in _ARRAYS else len(_ARRAYS)


def _said(found: Sequence[Sequence[Simpler]], text: str, meanings: Mapping[str, Meaning]) -> str:
    if not found:
        return ""
    meaning = meanings.get(found[0][0].words) if len(found) == len(found[0]) == 1 else None
    if meaning is not None:
        return f"it is right as soon as {found[0][0].words}: {meaning if isinstance(meaning, str) else meaning(text)}"
    found = found[:MAX_SAID]
    ways = ", or as soon as ".join(" and ".join(change.words for change in one) for one in found)
    names = list(dict.fromkeys(change.name for one in found for change in one))
    enters = "enters" if len(names) == 1 else "enter"
    return f"it is right as soon as {ways}: look at where {' and '.join(names)} {enters}, or should enter"


def _is_plain(case: Case) -> bool:
    return case.is_core and Trait.SEVERAL_STEPS not in case.traits


def _changes(case: Case) -> Iterator[Simpler]:
    """Yield the ways in which inputs of a case can be made simpler.

    A step that is very far from the first shows what is corrected for the first ones alone.

    A whole number beside the dicts is a size or a label, which nothing makes simpler. Of an array of 0 or 1 in a net,
    whatever stands before it comes to nothing, right or wrong; and the sign of what is multiplied with a weight is that
    of both.
    """
    numbers = {}
    of_a_net = "params" in case.inputs
    has_weights = of_a_net or any(path.rpartition(".")[2][0] in "wW" for path, _ in walk(case.inputs))
    paths = [path for path, _ in walk(case.inputs)]
    for path, value in walk(case.inputs):
        name, said = path.rpartition(".")[2], input_name(path, paths)
        is_size_or_label = isinstance(value, int) and "." not in path and path != "G"
        hidden = not said or is_hidden(path, case.program)
        if isinstance(value, bool) or name == "seed" or is_size_or_label or hidden:
            continue
        if isinstance(value, int | float):
            numbers[path] = value
            for number in (0, 1):
                yield Simpler(path, f"{said} is {number}", type(value)(number), said)
            if name == "t" and value_at(case.inputs, f"{path.rpartition('.')[0]}.beta1") is not None:
                yield Simpler(path, f"{said} is very large", LARGE_T, said)
            if path == "G" and isinstance(images := case.inputs.get("x"), np.ndarray):
                yield Simpler(path, "G is the number of channels", images.shape[1], said)
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1:
            if name not in ("x", "X", case.objective[1]) and name[0] not in "wW" and not of_a_net:
                yield Simpler(path, f"{said} is 0", "0", said)
                yield Simpler(path, f"every entry of {said} is 1", "1", said)
            if (value < 0).any() and not has_weights:
                yield Simpler(path, f"{said} has no negative entries", "positive", said)
    for one, other in combinations(numbers, 2):
        beside = one.rpartition(".")[0] == other.rpartition(".")[0] != ""
        if beside and isinstance(numbers[one], int) and isinstance(numbers[other], int):
            name, same = (input_name(path, paths) for path in (other, one))
            yield Simpler(other, f"{name} is as large as {same}", one, name)


class _Trial:
    """Tries changes of inputs in some cases, with a limit on the runs that this may take."""

    def __init__(self, cases: Sequence[Case], every: Sequence[Case], path: str, code: Run, reference: Run) -> None:
        self._cases, self._path, self._code, self._reference = cases, path, code, reference
        self._others = [case for case in every if not any(case is one for one in cases[:MAX_CASES])]
        self._runs = 0

    def is_right(self, changes: Sequence[Simpler]) -> bool:
        """Whether an output is right with some changes in all cases in which it was wrong.

        The first of them have to show it; the others, which may hold special inputs, only refute it.
        """
        numbers = 0
        for case in self._cases[:MAX_CASES]:
            inputs = _changed(case, changes)
            if inputs is None:
                continue
            shown = 0 if _is_so(case, inputs, changes) else self._numbers(case, inputs)
            if not shown:
                return False
            numbers += shown
        return numbers >= MIN_NUMBERS and not any(self._refutes(case, changes) for case in self._others)

    def _refutes(self, case: Case, changes: Sequence[Simpler]) -> bool:
        """Whether an output is still wrong in a case with some changes, or is so as it stands."""
        inputs = _changed(case, changes)
        if inputs is None:
            return False
        if _is_so(case, inputs, changes):
            return True
        output = self._path.partition(".")[0]
        right = self._reference(case.program, inputs, (output,))
        due = value_at(right.values, self._path) if isinstance(right, Ran) else None
        if due is None or case.aspects[output].is_drawn(due):
            return False
        came = self._code(case.program, inputs, (output,))
        got = value_at(came.values, self._path) if isinstance(came, Ran) else None
        return got is None or not case.aspects[output].agree(due, got, inputs)

    def _numbers(self, case: Case, inputs: Mapping[str, object]) -> int:
        """Count the numbers that might have shown that an output is wrong with other inputs; 0 where it is wrong."""
        if self._runs >= MAX_RUNS:
            return 0
        self._runs += 1
        output = self._path.partition(".")[0]
        right = self._reference(case.program, inputs, (output,))
        due = as_array(value_at(right.values, self._path)) if isinstance(right, Ran) else None
        if due is None or not due.size or not np.isfinite(due).all():
            return 0
        came = self._code(case.program, inputs, (output,))
        got = as_array(value_at(came.values, self._path)) if isinstance(came, Ran) else None
        compared = WrongOutput(due, got, inputs)
        if got is None or is_copied(compared):
            return 0
        rule = case.aspects[output]
        return compared.weight * distinct(due.astype(np.float64)) if rule.agree(due, got, inputs) else 0


def _changed(case: Case, changes: Sequence[Simpler]) -> Mapping[str, object] | None:
    """The inputs of a case with some changes; None where one of them does not apply to it."""
    inputs: Mapping[str, object] | None = case.inputs
    for change in changes:
        inputs = change.applied(inputs, case.inputs) if inputs is not None else None
    return inputs


def _is_so(case: Case, inputs: Mapping[str, object], changes: Sequence[Simpler]) -> bool:
    """Whether some changes change nothing in a case: what they say is so there, and it is wrong all the same."""
    return all(_alike(value_at(inputs, change.path), value_at(case.inputs, change.path)) for change in changes)


def _alike(one: object, other: object) -> bool:
    return np.array_equal(one, np.asarray(other)) if isinstance(one, np.ndarray) else one == other
