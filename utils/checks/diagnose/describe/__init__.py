"""Describe how a wrong output differs from the right one, where no known misconception gives it.

A *detector* is a function that is shown one wrong output and yields every *observation* it can make of it. What is
observed in all failing cases is said, the most telling observation first: a factor of 4 may be chance in one case, but
when in each case the factor is the number of examples, then a mean was taken for a sum. Nothing is inferred from
nothing: an observation counts the numbers that might have refuted it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from . import axes, extent, factors, order, places, scales, shapes, terms
from .conditions import when_it_is_wrong
from .mixed_examples import mixed_examples
from .shown_numbers import shown_numbers
from .sizes import sizes_by_name
from .wrong_output import MIN_NUMBERS, Observation, WrongOutput

Detector = Callable[[WrongOutput], Iterator[Observation]]

VALUE_DETECTORS: tuple[Detector, ...] = (
    factors.zero,
    factors.sign,
    factors.factor,
    places.whole_numbers,
    terms.copied,
    terms.term,
    terms.multiplied,
    factors.offset,
    order.transposed,
    order.reshaped,
    order.repeated,
    order.reordered,
    order.accumulated,
    order.scattered,
)
"""For outputs of the right shape that have a simple form, most telling first."""

PLACE_DETECTORS: tuple[Detector, ...] = (
    order.equal,
    places.border,
    places.slices,
    places.empty,
    scales.scaled_slices,
    scales.shifted_slices,
    scales.scaled_and_shifted_slices,
    scales.multiples_of_slices,
    scales.multiples_of_a_row,
    places.signs,
    places.cut_off,
    places.zeroed,
    places.misplaced,
    places.nearly,
)
"""For outputs of the right shape and of no simple form: where, or in what, they are wrong; most telling first."""

EFFECT_DETECTORS: tuple[Detector, ...] = (factors.plain_factor,)
"""For what is wrong beside a misconception: what is so simple that it can be told from what the misconception gives."""

PLAIN_DETECTORS: tuple[Detector, ...] = (factors.zero, terms.whole_copy)
"""For what is not finished: so plain that nothing else has to be known of it."""

DIRECTION_DETECTORS: tuple[Detector, ...] = (extent.direction, extent.distance)
"""For outputs of the right shape of which nothing else is known."""

SHAPE_DETECTORS: tuple[Detector, ...] = (
    shapes.allocated,
    shapes.reshaped,
    shapes.transposed,
    shapes.unsummed,
    shapes.flattened,
    shapes.summed,
    shapes.single,
    axes.like_an_input,
    axes.reduced,
    axes.reduced_to,
    shapes.cropped,
    axes.reordered,
    shapes.plainly,
)
"""For outputs of the wrong shape, most telling first."""


def describe(outputs: Sequence[WrongOutput]) -> str:
    """Describe how wrong outputs differ from the right ones, where there is a simple form.

    Parameters
    ----------
    outputs : sequence of WrongOutput
        One output in all cases in which it is wrong; first the case that will be shown.

    Returns
    -------
    str
        A clause such as ``"every entry has the opposite sign"``; ``""`` when nothing simple is seen.
    """
    first = outputs[0]
    with np.errstate(all="ignore"):  # a wrong answer may hold numbers of any size
        if first.misshapen:
            return common_observation(SHAPE_DETECTORS, [output for output in outputs if output.misshapen])
        if first.comparable:
            return common_observation(VALUE_DETECTORS, _comparable(outputs))
    return places.not_finite(first, outputs)


def locate(outputs: Sequence[WrongOutput]) -> str:
    """Say where outputs are wrong, or in what, where `describe` sees no simple form.

    Parameters
    ----------
    outputs : sequence of WrongOutput
        As for `describe`.

    Returns
    -------
    str
        A clause such as ``"only the last row is wrong"``; ``""`` when there is no such place.
    """
    with np.errstate(all="ignore"):
        # What is NaN, infinite or of another shape in some cases is not nearly right.
        every = all(output.comparable for output in outputs)
        detectors = [one for one in PLACE_DETECTORS if every or one is not places.nearly]
        return common_observation(detectors, _comparable(outputs)) if outputs[0].comparable else ""


def how_far_off(outputs: Sequence[WrongOutput]) -> str:
    """Say in which direction outputs are wrong, where neither a form nor a place is seen.

    Parameters
    ----------
    outputs : sequence of WrongOutput
        As for `describe`.

    Returns
    -------
    str
        A clause such as ``"each wrong entry is too large"``; ``""`` where some are too large and others too small.
    """
    with np.errstate(all="ignore"):
        every = all(output.comparable for output in outputs)
        return common_observation(DIRECTION_DETECTORS, outputs) if every else ""


def _comparable(outputs: Sequence[WrongOutput]) -> list[WrongOutput]:
    """Return the outputs whose numbers can be compared, without those that are vague if there are others."""
    comparable = [output for output in outputs if output.comparable]
    return [output for output in comparable if not output.vague] or comparable


def common_observation(detectors: Sequence[Detector], outputs: Sequence[WrongOutput], least: int = MIN_NUMBERS) -> str:
    """Return the first observation that holds in every case, in the words of the first case that has words for it.

    A claim needs evidence: at least so many numbers that might have refuted it.
    """
    for detector in detectors:
        first, *others = ({seen.key: seen for seen in detector(output)} for output in outputs)
        for key in first:
            if not all(key in other for other in others):
                continue
            seen = [first[key], *(other[key] for other in others)]
            words = next((one.words for one in seen if one.words), "")
            if words and sum(one.numbers for one in seen) >= least:
                return words
    return ""


__all__ = [
    "EFFECT_DETECTORS",
    "PLAIN_DETECTORS",
    "Observation",
    "WrongOutput",
    "common_observation",
    "describe",
    "how_far_off",
    "locate",
    "mixed_examples",
    "shown_numbers",
    "sizes_by_name",
    "when_it_is_wrong",
]
