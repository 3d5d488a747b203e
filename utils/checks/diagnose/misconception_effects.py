"""Recognise a misconception together with a generic mistake, and outputs that are not finished."""

from __future__ import annotations

from collections.abc import Sequence

from ..program import Crash
from .combination import wrong_step
from .describe import EFFECT_DETECTORS, PLAIN_DETECTORS, WrongOutput, common_observation, describe
from .evidence import Evidence, Place

MIN_CASES = 2
"""Cases that have to show both: with one, every misconception of a single number would fit."""


def find_with_effect(path: str, evidence: Evidence, names: Sequence[str]) -> tuple[str, str]:
    """Find the misconception that gives an output but for a sign or a factor.

    Parameters
    ----------
    path : str
        The output, which no misconception gives as it is.
    evidence : Evidence
    names : sequence of str
        The misconceptions.

    Returns
    -------
    name, effect : str
        The misconception, and a clause for what is wrong beside it; ``""`` where there is none, where there are
        several, or where the output is simply described without any.
    """
    wrong = evidence.of(path) & evidence.wrong
    places = [evidence.places[index] for index in sorted(wrong)]
    if len(places) < MIN_CASES or any(place.crashed for place in places):
        return "", ""
    found: list[tuple[str, str]] = []
    for name in names:
        # It has to show wherever the output is wrong, and may break nothing that is right.
        if wrong <= evidence.shows(name) <= evidence.wrong:
            effect = _effect(places, name)
            if effect:
                found.append((name, effect))
    if len(found) != 1 or describe([_wrong_output(place, place.expected) for place in places]):
        return "", ""
    return found[0]


def is_plain(path: str, evidence: Evidence) -> bool:
    """Whether an output is all zeros or a copy of an input wherever it is wrong, as in an answer that is not finished.

    Parameters
    ----------
    path : str
        The output, which no misconception gives.
    evidence : Evidence

    Returns
    -------
    bool
    """
    places = [evidence.places[index] for index in sorted(evidence.of(path) & evidence.wrong)]
    outputs = [_wrong_output(place, place.expected) for place in places if not place.crashed]
    if not outputs or not all(output.comparable for output in outputs):
        return False
    return bool(common_observation(PLAIN_DETECTORS, outputs))


def is_plain_at(place: Place) -> bool:
    """Whether an output is all zeros or a copy of an input in one case."""
    output = _wrong_output(place, place.expected)
    return not place.crashed and output.comparable and bool(common_observation(PLAIN_DETECTORS, [output], least=0))


def _effect(places: Sequence[Place], name: str) -> str:
    """Describe what came as a sign or a factor of what a misconception gives; ``""`` where it is not."""
    if any(isinstance(place.result.misconceptions[name], Crash) for place in places):
        return ""
    outputs = [_wrong_output(place, place.given_by(name)) for place in places]
    if not all(output.comparable for output in outputs):
        return ""
    if all(common_observation(EFFECT_DETECTORS, [output], least=0) for output in outputs):
        return common_observation(EFFECT_DETECTORS, outputs)
    return wrong_step(outputs)


def _wrong_output(place: Place, expected: object) -> WrongOutput:
    return WrongOutput(expected, place.got, place.result.case.inputs)
