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

    Where it gives what many mistakes give, a misconception has to be right about more. Where it gives random draws,
    which agree roughly, it has to give all of them that it changes; where it gives draws of a wrong shape, which shows
    as little, those of a wrong shape, too. Where the output is all zeros or a copy of an
    input, it may break nothing that is right. Where it leaves out entries of a dict, it has to leave out all that are
    missing.
    """
    plain = is_plain(path, evidence)
    return [name for name in names if _may_be_named(name, evidence.of(path), evidence, plain)]


def _may_be_named(name: str, places: Places, evidence: Evidence, plain: bool) -> bool:
    given = evidence.explained(name, places)
    if plain and not evidence.shows(name) <= evidence.wrong:
        return False
    if given & evidence.draws and not evidence.shows(name) & evidence.draws <= evidence.gives(name):
        return False
    shapes = evidence.misshapen_draws
    if given & shapes and not evidence.shows(name) & (evidence.draws | shapes) <= evidence.gives(name):
        return False
    lacking = given & evidence.missing
    return not lacking or evidence.beside(lacking) & evidence.missing <= evidence.left_out(name)


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
        run, the first is taken to be contradicted.

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
