"""Refute misconceptions: what gives exactly what came in one output may be impossible by what came in others.

Of each misconception more is known than the one answer that it explains. What it would leave out cannot be there, and
what another mistake gives exactly leaves no room for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..program import Crash
from ..values import value_at
from .evidence import Evidence, Places, Together
from .misconception_effects import is_plain


def possible(names: Sequence[str], evidence: Evidence) -> list[str]:
    """List the misconceptions that leave out nothing that came: no other mistake brings back what one leaves out."""
    came = frozenset(range(len(evidence.places))) - evidence.missing
    return [name for name in names if not evidence.left_out(name) & came - evidence.crashes]


def plausible(names: Sequence[str], path: str, evidence: Evidence) -> list[str]:
    """List the misconceptions that may be named for one output.

    Where little came that could refute a misconception, all that it breaks has to be wrong in its way: where random
    draws are compared, which agree roughly, and where an output is all zeros or a copy of an input. Where entries of a
    dict are missing, it has to leave out all of them.
    """
    places = evidence.of(path) & evidence.wrong
    drawn = frozenset(index for index, place in enumerate(evidence.places) if place.is_drawn) - evidence.edges
    if places & drawn:
        names = [name for name in names if evidence.shows(name) & drawn <= evidence.gives(name)]
    if places & evidence.missing:
        beside = evidence.beside(places) & evidence.missing
        names = [name for name in names if beside <= evidence.left_out(name)]
    elif is_plain(path, evidence):
        names = [name for name in names if evidence.shows(name) <= evidence.wrong]
    return list(names)


def contradicted(name: str, exact: Mapping[str, Places], evidence: Evidence, together: Together | None) -> bool:
    """Whether a misconception would change what others give exactly.

    Parameters
    ----------
    name : str
    exact : mapping of str to frozenset of int
        For each misconception that explains outputs alone, their places.
    evidence : Evidence
    together : callable or None
        Runs code with two misconceptions. It tells whether the one still shows beside the other; where it cannot be
        run, the one that explains less is taken to be contradicted.

    Returns
    -------
    bool
    """
    for other, places in exact.items():
        disputed = places & evidence.wrong & evidence.shows(name) - evidence.gives(name) - evidence.crashes
        if other == name or not disputed:
            continue
        place = evidence.places[min(disputed)]  # of the smallest case
        answer = together(name, other, place.result.case) if together else None
        if answer is None or isinstance(answer, Crash) or not place.agrees(value_at(answer.values, place.path)):
            return True
    return False
