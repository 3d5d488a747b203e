"""Find out with which factors known arrays enter an output that is a linear combination of them.

Update rules and running means are such combinations. Where the right output and the one that came are combinations of a
few arrays of the exercise, the factors that differ are what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..case import Trait
from ..compare import Array, as_array
from ..program import Crash
from ..values import value_at
from .case_result import CaseResult
from .describe.wrong_output import WrongOutput
from .wrong_outputs import WrongAnswer

MAX_TERMS = 3
MAX_NUMBERS = 500  # of an output, which are enough to fit a few factors
MULTIPLES = (("2", 2.0), ("½", 0.5))
EXACT = 1e-6
ROUND = 3e-4  # so near to a round number, a multiple is one, even in float32
NOTHING = 1e-9  # a factor as small is 0
SPARE = 4
"""Numbers beyond those that are fitted, which might have refuted that an output is a combination."""


class _Term(NamedTuple):
    """An array that may enter an output: its name, and its values in the right answer and in the one that came."""

    name: str
    right: Array
    given: Array


@dataclass(frozen=True)
class _Fit:
    """The factors of some terms in the right output and in the one that came, by the names of the terms."""

    right: Mapping[str, float]
    given: Mapping[str, float]

    @property
    def differing(self) -> list[str]:
        """The terms whose factors differ."""
        return [name for name, value in self.right.items() if not np.isclose(value, self.given[name], 1e-6, 1e-9)]


class _Known(NamedTuple):
    """The factors in one case, with the settings that they may be."""

    fit: _Fit
    settings: Mapping[str, float]


class _Factor(NamedTuple):
    """A factor in one case, with the settings that it may be, and how exactly it is known."""

    value: float
    settings: Mapping[str, float]
    rtol: float = EXACT


def combination(answers: Sequence[WrongAnswer]) -> str:
    """Say which arrays enter an output with a wrong factor.

    Parameters
    ----------
    answers : sequence of WrongAnswer
        One output, in all cases in which it is wrong. Cases of several steps are left out.

    Returns
    -------
    str
        A clause such as ``"dw enters it with the factor 1; that factor should be 1 − beta1"``; ``""`` where the output
        is no such combination in one of the cases, or where the right one is none.
    """
    single = [one for one in answers if Trait.SEVERAL_STEPS not in one.result.case.traits]
    outputs = [(WrongOutput(one.fault.expected, one.fault.got, one.result.case.inputs), one) for one in single]
    if not all(output.comparable for output, _ in outputs):
        return ""
    outputs = [(output, one) for output, one in outputs if output.arrays[0].size > 1]
    if not outputs:
        return ""
    named = {name.rpartition(".")[2] for output, _ in outputs for name in output.inputs_by_path}
    terms = [list(_terms(output, one.result, one.fault.path, named)) for output, one in outputs]
    # The case with most arrays tells most: in a first step some of them are 0, or multiples of each other.
    index = max(range(len(outputs)), key=lambda index: len(terms[index]))
    output, fit = outputs[index][0], _fit(outputs[index][0], terms[index])
    if fit and sum(abs(factor) > NOTHING for factor in fit.right.values()) < 2:
        return ""  # the right answer is no combination but one array: what became of it is said in other words
    if not fit:
        return wrong_step([other for other, _ in outputs])
    fits = [_Known(fit, output.settings)]
    for (other, _), known in zip(outputs, terms, strict=True):
        chosen = [term for term in known if term.name in fit.right]
        if other is output:
            continue
        if not _is_spanned(other, chosen):
            return ""
        # In float32 factors are known roughly; where terms are 0 or multiples of each other, they are not known at all.
        again = None if other.coarse else _fit_of(other, chosen)
        fits += [_Known(again, other.settings)] if again else []
    differing = [name for name in fit.right if any(name in one.fit.differing for one in fits)]
    if not differing:
        wrong = [name for name in fit.right if name.removeprefix("the new ") in outputs[index][1].result.wrong_paths()]
        return f"it follows rightly from {wrong[0]}, which is wrong: correct that first" if wrong else ""
    factors = [by_name[name] for name in differing for by_name in (fit.right, fit.given)]
    if not all(abs(factor) < NOTHING or _is_natural(factor, output.settings) for factor in factors):
        return ""  # such factors come of a fit to what is no combination of these arrays
    said = "; ".join(_said(name, fits) for name in differing)
    # The same output is another combination of the arrays from which that state should have come.
    paths = outputs[index][1].result.wrong_paths()
    state = [name for name in fit.right if name.startswith("the new ") and name.removeprefix("the new ") in paths]
    return f"taken with your {state[0].removeprefix('the ')}, which is wrong itself, {said}" if state else said


def wrong_step(outputs: Sequence[WrongOutput]) -> str:
    """Say that outputs move away from an input as they should, but by a wrong multiple of the right step.

    Parameters
    ----------
    outputs : sequence of WrongOutput
        One output in several cases, with the right value, or what a misconception gives, as what is expected.

    Returns
    -------
    str
        A clause; ``""`` where there is no such input.
    """
    if sum(output.arrays[0].size for output in outputs) < 1 + SPARE:
        return ""
    for name, start in outputs[0].inputs_by_path.items():
        found = [_multiple_of_step(output, name) for output in outputs]
        multiples = [multiple for multiple in found if multiple is not None]
        if len(multiples) == len(found) and start.any():
            known = [
                _Factor(multiple, one.settings, ROUND if one.coarse else EXACT)
                for multiple, one in zip(multiples, outputs, strict=True)
            ]
            said, short = _named(known), name.rpartition(".")[2]
            if set(multiples) == {-1.0}:
                return f"the step from {short} has the opposite sign"
            is_setting = any(letter.isalpha() for letter in said)
            if not said or not (is_setting or np.allclose(multiples, round(multiples[0], 2), rtol=ROUND)):
                return ""  # a number that is neither a setting nor round is no mistake that anybody makes
            return f"the step from {short} is the right one times {said}"
    return ""


def _multiple_of_step(output: WrongOutput, name: str) -> float | None:
    """Return how many times the right step from an input what came is; None where it is none of this direction."""
    start = output.inputs_by_path.get(name)
    right, given = output.arrays
    if start is None or start.shape != right.shape or start.dtype.kind != "f" or right.size < 2:
        return None
    step = right - start
    multiple = float((step * (given - start)).sum() / max(float((step * step).sum()), np.finfo(float).tiny))
    if not multiple or not output.same(multiple * step, given - start):
        return None
    return round(multiple, 9)


def _is_spanned(output: WrongOutput, terms: Sequence[_Term]) -> bool:
    """Whether some terms give what came with any factors."""
    if not terms:
        return False
    matrix = np.stack([_flat(term.given) for term in terms], axis=1)
    values = _flat(output.arrays[1])
    return bool(np.isfinite(matrix).all()) and output.same(matrix @ np.linalg.lstsq(matrix, values)[0], values)


def _fit(output: WrongOutput, terms: Sequence[_Term]) -> _Fit | None:
    """Find the fewest terms that give both outputs; of several such choices, the one that comes first."""
    for count in range(1, MAX_TERMS + 1):
        if output.arrays[0].size < count + SPARE:
            break
        for chosen in combinations(terms, count):
            found = _fit_of(output, chosen)
            if found:
                return found
    return None


def _fit_of(output: WrongOutput, terms: Sequence[_Term]) -> _Fit | None:
    """Fit the factors of some terms to both outputs; None where these are no combinations of them, or of several."""
    right, given = (_flat(array) for array in output.arrays)
    if len(right) < len(terms) + SPARE:
        return None
    wanted = _factors([_flat(term.right) for term in terms], right, output)
    came = _factors([_flat(term.given) for term in terms], given, output) if wanted else None
    if not wanted or not came:
        return None
    names = [term.name for term in terms]
    return _Fit(dict(zip(names, wanted, strict=True)), dict(zip(names, came, strict=True)))


def _factors(columns: Sequence[Array], values: Array, output: WrongOutput) -> list[float] | None:
    """Fit the factors of a combination; None where it is none, or where several choices of them give it."""
    matrix = np.stack(columns, axis=1)
    if not np.isfinite(matrix).all():
        return None
    factors, _, rank, _ = np.linalg.lstsq(matrix, values, rcond=1e-9)
    if rank < len(columns) or not output.same(matrix @ factors, values):
        return None
    return [float(factor) for factor in factors]


def _flat(array: Array) -> Array:
    return np.asarray(array, np.float64).ravel()[:MAX_NUMBERS]


def _terms(output: WrongOutput, result: CaseResult, path: str, named: Set[str]) -> Iterator[_Term]:
    """Yield the arrays that may enter an output: inputs, their squares, statistics, other outputs, the number 1."""
    shape = output.arrays[0].shape
    inputs = {
        name.rpartition(".")[2]: array for name, array in output.inputs_by_path.items() if array.dtype.kind == "f"
    }
    same = {name: array.astype(np.float64) for name, array in inputs.items() if array.shape == shape and array.any()}
    # What an update rule remembers comes first: its old and its new value stand in the formulas for the next step.
    state = [name for name in same if name in result.case.aspects]
    for name in state:
        yield _Term(name, same[name], same[name])
    yield from _other_outputs(result, path, named, shape)
    for name in (name for name in same if name not in state):
        yield _Term(name, same[name], same[name])
    for name, values in same.items():
        if np.unique(abs(values)).size > 1:
            yield _Term(f"the square of {name}", values**2, values**2)
    for name, array in inputs.items():
        if array.ndim == 2 and len(shape) == 1 and array.shape[1] == shape[0] and len(array):
            mean, variance = array.mean(axis=0), array.var(axis=0)  # 0 for a single row, which is no term
            yield _Term(f"the mean of {name}", mean, mean)
            if variance.any():
                yield _Term(f"the variance of {name}", variance, variance)
                yield _Term(f"the standard deviation of {name}", np.sqrt(variance), np.sqrt(variance))
    yield _Term("the number 1", np.ones(shape), np.ones(shape))


def _other_outputs(result: CaseResult, path: str, named: Set[str], shape: tuple[int, ...]) -> Iterator[_Term]:
    """Yield the other outputs of the same shape, each as it should be and as it came.

    One that is wrong itself may be the reason, if it is what is remembered from step to step, and computed first.
    """
    if isinstance(result.answer, Crash):
        return
    wrong = result.wrong_paths()
    for other in result.case.aspects:
        if other in wrong and (other not in named or path in named):
            continue
        right, given = as_array(value_at(result.expected, other)), as_array(value_at(result.answer.values, other))
        if other != path and right is not None and given is not None and right.shape == given.shape == shape:
            yield _Term(f"the new {other}" if other in named else other, right, given)


def _said(name: str, fits: Sequence[_Known]) -> str:
    """Say with which factor a term enters an output, and with which it should.

    A number that differs from case to case is left out.
    """
    fits = [one for one in fits if name in one.fit.right]  # in a first step, what is remembered is not there yet
    right = [_Factor(one.fit.right[name], one.settings) for one in fits]
    given = [_Factor(one.fit.given[name], one.settings) for one in fits]
    wanted, came = _named(right), _named(given)
    if all(abs(factor.value) < NOTHING for factor in given):
        return (
            f"{name} enters it with the factor 0{f'; that factor should be {wanted}' if wanted else ', and should not'}"
        )
    if all(abs(factor.value) < NOTHING for factor in right):
        return f"{name} enters it{f' with the factor {came}' if came else ''}; it should not be part of it"
    if not wanted:
        return f"{name} enters it with a wrong factor{f', {came}' if came else ''}"
    return f"{name} enters it with {f'the factor {came}' if came else 'another factor'}; that factor should be {wanted}"


def _named(factors: Sequence[_Factor]) -> str:
    """Write a factor as what it is in all cases: a function of settings, or a number; ``""`` where it is neither."""
    names = [list(_settings(one)) for one in factors]
    # A setting that a case leaves at its default is not known there, and says nothing against a name.
    common = [
        name
        for name in names[0]
        if all(
            name in found or name.removeprefix("−").strip("()") not in _values(one.settings)
            for one, found in zip(factors, names, strict=True)
        )
    ]
    if common:
        return common[0]
    first = factors[0].value
    alike = all(np.isclose(one.value, first, rtol=one.rtol, atol=NOTHING) for one in factors)
    return f"{first:.4g}".replace("-", "−") if alike else ""


def _is_natural(factor: float, settings: Mapping[str, float]) -> bool:
    """Whether a factor is a simple function of the settings, or a number of two digits, as people write it."""
    is_round = bool(np.isclose(factor, float(f"{factor:.2g}"), rtol=1e-6, atol=0))
    return is_round or any(_settings(_Factor(factor, settings)))


def _settings(factor: _Factor) -> Iterator[str]:
    """Yield the simple functions of the settings that a factor may be."""
    for name, value in _values(factor.settings).items():
        if np.isclose(abs(factor.value), value, rtol=factor.rtol, atol=NOTHING):
            sign = "−" if factor.value < 0 else ""
            yield f"{sign}({name})" if sign and " " in name else f"{sign}{name}"


def _values(settings: Mapping[str, float]) -> dict[str, float]:
    """Return the simple functions of the settings, by name."""
    known = dict(settings)
    known |= {f"1 + {name}": 1 + value for name, value in settings.items() if "−" not in name}
    known |= {
        f"{one} · {other}": a * b
        for (one, a), (other, b) in combinations(list(settings.items()), 2)
        if "−" not in one + other
    }
    known |= {
        f"{words} · {name}": times * value
        for name, value in settings.items()
        for words, times in MULTIPLES
        if "−" not in name
    }
    known |= {f"{name}²": value**2 for name, value in settings.items() if "−" not in name}
    return known
