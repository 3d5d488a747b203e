"""Say in words how a wrong answer came about, where no known misconception gives it.

A *look* is a function that is shown one failing case and gives everything it can claim about it. What holds for all
failing cases is said, the most telling claim first: a factor of 4 may be chance in one case, but when it is the number
of examples in each, it is a mean that was taken for a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from . import factors, order, places, shapes, terms
from .others import leaks
from .scene import Claim, Scene
from .show import numbers
from .when import when

LOOKS: tuple[Callable[[Scene], Iterator[Claim]], ...] = (
    factors.zero,
    factors.sign,
    factors.factor,
    terms.copied,
    terms.term,
    factors.offset,
    order.transposed,
    order.reshaped,
    order.repeated,
    order.reordered,
    order.averaged,
    order.scattered,
    places.border,
    places.slices,
)
SHAPE_LOOKS: tuple[Callable[[Scene], Iterator[Claim]], ...] = (
    shapes.transposed,
    shapes.unsummed,
    shapes.flattened,
    shapes.summed,
    shapes.cropped,
)


def explain(scenes: Sequence[Scene]) -> str:
    """Describe how the answers differ from the right ones, where there is a simple form.

    Parameters
    ----------
    scenes : sequence of Scene
        The failing cases of one output, the one that will be shown first.

    Returns
    -------
    str
        A clause such as ``"every entry has the opposite sign"``; ``""`` when nothing simple is seen.
    """
    shown = scenes[0]
    with np.errstate(all="ignore"):  # what is wrong may be of any size
        if shown.misshapen:
            return _common(SHAPE_LOOKS, [scene for scene in scenes if scene.misshapen])
        if shown.comparable:
            whole = [scene for scene in scenes if scene.comparable]
            return _common(LOOKS, [scene for scene in whole if not scene.vague] or whole)
    return places.not_finite(shown)


def _common(looks: Sequence[Callable[[Scene], Iterator[Claim]]], scenes: Sequence[Scene]) -> str:
    """The first claim about the first scene that is true of all, in the words of the first that has words for it."""
    for look in looks:
        first, *others = ({claim.key: claim.words for claim in look(scene)} for scene in scenes)
        for key in first:
            if all(key in other for other in others):
                words = next((said[key] for said in (first, *others) if said[key]), "")
                if words:
                    return words
    return ""


__all__ = ["Claim", "Scene", "explain", "leaks", "numbers", "when"]
