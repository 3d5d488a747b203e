"""Recognise outputs that have changed places: what came as one of them is what another one should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..compare import as_array
from ..program import Ran
from ..values import value_at, walk
from .case_result import CaseResult


def say_exchanged(path: str, results: Sequence[CaseResult]) -> str:
    """Say which output has come in the place of `path`; ``""`` where none has."""
    other = exchanged_with(path, results)
    if other is None:
        return ""
    if exchanged_with(other, results) == path:
        return f"{path} is what {other} should be, and {other} what {path} should be; they should change places."
    return f"{path} is what {other} should be; look at which of the two is stored or returned there."


def exchanged_with(path: str, results: Sequence[CaseResult]) -> str | None:
    """Return the output whose right value came as another one, in every case in which both are there.

    Parameters
    ----------
    path : str
        The wrong output, as ``"dx"``.
    results : sequence of CaseResult

    Returns
    -------
    str or None
        Never an output that is right in its own place, nor one that only zeros or single numbers speak for.
    """
    candidates = dict.fromkeys(other for result in results for other, _ in walk(result.expected) if other != path)
    return next((other for other in candidates if _holds(path, other, results)), None)


def _holds(path: str, other: str, results: Sequence[CaseResult]) -> bool:
    evidence = False
    for result in results:
        if not isinstance(result.answer, Ran):
            continue
        got, wanted = value_at(result.answer.values, path), as_array(value_at(result.expected, other))
        own, rule = value_at(result.expected, path), result.case.aspects.get(other.partition(".")[0])
        if rule is None or wanted is None or own is None:
            continue
        if not rule.agree(wanted, got, result.case.inputs):
            return False
        tells = wanted.size > 1 and np.any(wanted != wanted.flat[0])
        in_its_place = rule.agree(wanted, value_at(result.answer.values, other), result.case.inputs)
        if in_its_place:
            return False
        evidence = evidence or bool(tells and not rule.agree(own, got, result.case.inputs))
    return evidence
