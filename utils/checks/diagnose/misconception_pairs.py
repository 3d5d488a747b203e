"""Recognise two misconceptions at once.

Alone, neither gives the answer at every place. Together they do when each place holds what the one gives that shows
there or, where both show or one changes what the other works on, what code with both of them gives. The grader runs
such code; the student's own check cannot, and sees whether their effects add up or multiply.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from ..compare import as_array
from ..program import Crash, Ran
from ..values import value_at
from .evidence import Evidence, Place, Places, Together
from .joint_effects import JointEffects

MAX_MISCONCEPTIONS = 60  # the pairs are the square of it, and a check should answer within a second
PAIR = 2
MIN_LABELS = 3  # different ones that came, where a second mistake is to be told from them


def find_pair(
    evidence: Evidence,
    within: Places,
    names: Sequence[str],
    together: Together | None = None,
    named: Collection[str] = (),
    *,
    interacting: bool = False,
    ignored: Places = frozenset(),
) -> tuple[str, ...]:
    """Find the two misconceptions that together give what came.

    Parameters
    ----------
    evidence : Evidence
    within : frozenset of int
        The places to explain: those of one output, or all.
    names : sequence of str
        The misconceptions, most telling first.
    together : callable, optional
        Runs code with two misconceptions.
    named : collection of str, optional
        Misconceptions that explain other outputs. A pair with one of them is preferred.
    interacting : bool, default False
        Look for pairs of which one changes what the other works on; only where no others are found, because each such
        pair has to be run.
    ignored : frozenset of int, optional
        Places that contradict nothing, whatever the misconceptions do there.

    Returns
    -------
    tuple of str
        Both; one where several pairs fit that have it in common; nothing where no pair does, or pairs that have nothing
        in common.
    """
    visible = [name for name in names if evidence.shows(name) & within]
    certain: list[tuple[str, str]] = []
    likely: list[tuple[str, str]] = []
    pairs = combinations(visible[:MAX_MISCONCEPTIONS], 2)
    possible = [pair for pair in pairs if _is_possible(evidence, within, *pair, ignored)]
    possible = [pair for pair in possible if bool(_interacting(evidence, within, *pair)) == interacting]
    effects = JointEffects(evidence)
    # The time for running pairs is limited, so the likely ones come first.
    for one, other in sorted(possible, key=lambda pair: not set(pair) & set(named)):
        joint = _explain_jointly(evidence, effects, within, one, other, together)
        if joint:
            certain.append((one, other))
        elif joint is None and _each_shows_alone(evidence, within, one, other):
            likely.append((one, other))
    known = [
        [pair for pair in found if len(set(pair) & set(named)) == n] for n in (2, 1) for found in (certain, likely)
    ]
    found = next(filter(None, (*known, certain, likely)), [])
    found = _least_contradicted(found, evidence, within, together)
    # Several pairs that fit are no knowledge but for what they have in common: naming one of them would be guessing.
    common = [name for name in names if found and all(name in pair for pair in found)]
    return found[0] if len(found) == 1 else tuple(common)


def _is_possible(evidence: Evidence, within: Places, one: str, other: str, ignored: Places) -> bool:
    """Whether every wrong place shows one of two misconceptions, and every right one shows neither."""
    first, second = evidence.shows(one) & within, evidence.shows(other) & within
    unshown = (evidence.wrong & within) - first - second
    return (
        not unshown
        and first | second <= evidence.wrong
        # Where one explains everything by itself, the other adds nothing.
        and not within <= evidence.gives(one)
        and not within <= evidence.gives(other)
        and not any(_says_little(evidence, within - evidence.gives(name)) for name in (one, other))
        # Of one misconception, what it would break elsewhere may be written in another way; of two, that is unlikely.
        and (evidence.shows(one) | evidence.shows(other)) - within - ignored <= evidence.wrong
    )


def _says_little(evidence: Evidence, beyond: Places) -> bool:
    """Whether what one misconception leaves to another is a few labels, which many mistakes give."""
    places = [evidence.places[index] for index in beyond & evidence.wrong]
    labels = [array for array in (as_array(place.got) for place in places) if array is not None]
    return (
        bool(labels)
        and len(labels) == len(places)
        and all(array.dtype.kind in "iu" for array in labels)
        and evidence.numbers(beyond) < MIN_LABELS
    )


def _interacting(evidence: Evidence, within: Places, one: str, other: str) -> Places:
    """Return the places that show one of two misconceptions alone and do not hold what that one gives.

    The other may matter there all the same, once the first has changed what it works on.
    """
    first, second = evidence.shows(one) & within, evidence.shows(other) & within
    return (first - second - evidence.gives(one)) | (second - first - evidence.gives(other))


def _least_contradicted(
    pairs: Sequence[tuple[str, str]], evidence: Evidence, within: Places, together: Together | None
) -> list[tuple[str, str]]:
    """Keep the pairs that would break fewest of the other places in another way than they are wrong.

    Of those, keep the pairs that give most of the other outputs that are wrong.
    """
    if len(pairs) < 2:
        return list(pairs)

    def contradicted(pair: tuple[str, str]) -> int:
        one, other = pair
        shown = (evidence.shows(one) | evidence.shows(other)) - within
        return len(shown - evidence.gives(one) - evidence.gives(other) - jointly[pair])

    jointly = {pair: _given_jointly(evidence, within, *pair, together) for pair in pairs}
    fewest = min(map(contradicted, pairs))
    pairs = [pair for pair in pairs if contradicted(pair) == fewest]
    most = max(len(jointly[pair]) for pair in pairs)
    return [pair for pair in pairs if len(jointly[pair]) == most]


def _given_jointly(evidence: Evidence, within: Places, one: str, other: str, together: Together | None) -> Places:
    """Return the places of other outputs that two misconceptions give together, and neither of them alone.

    The smallest case in which an output shows both is run; what it is there, it is taken to be in all cases.
    """
    both = evidence.shows(one) & evidence.shows(other) & evidence.wrong - within - evidence.crashes
    open_places = both - evidence.gives(one) - evidence.gives(other)
    found: set[int] = set()
    for path in {evidence.places[index].path: None for index in sorted(open_places)} if together else ():
        places = evidence.of(path) & open_places
        place = evidence.places[min(places)]
        answer = together(one, other, place.result.case) if together else None
        if isinstance(answer, Ran) and _is_given(place, answer.values):
            found |= places
    return frozenset(found)


def _each_shows_alone(evidence: Evidence, within: Places, one: str, other: str) -> bool:
    """Whether some place shows the first without the second, and some place the second without the first."""
    first, second = evidence.shows(one) & within, evidence.shows(other) & within
    return bool(first - second) and bool(second - first)


def _explain_jointly(
    evidence: Evidence, effects: JointEffects, within: Places, one: str, other: str, together: Together | None
) -> bool | None:
    """Whether two misconceptions give what came where both show; None where their joint effect is not known."""
    known, confirmed = True, together is None
    interacting = _interacting(evidence, within, one, other)
    both = evidence.shows(one) & evidence.shows(other) & within
    if together and not both and not _stand_together(evidence, within, one, other, together):
        return False
    for index in sorted(both | interacting):  # the smallest case first
        place = evidence.places[index]
        # That effects add up may be chance, as where a wrong sign and a factor of 2 give 0: one place is run as well.
        if index in both and effects.give(index, one, other) and (confirmed or not _tells(place)):
            continue
        answer = together(one, other, place.result.case) if together else None
        if answer is None and index in both and effects.give(index, one, other):
            continue
        if answer is None and index in interacting:
            return False
        if answer is None:
            known = False
        elif isinstance(answer, Crash) or not _is_given(place, answer.values):
            return False
        confirmed = True
    return True if known else None


def _stand_together(evidence: Evidence, within: Places, one: str, other: str, together: Together) -> bool:
    """Whether two misconceptions that never show at one place can both be in one piece of code.

    Where they change the same words, as two wrong axes of one sum do, each may explain a case in which sizes happen to
    fit, and neither be there; so there have to be more cases than mistakes.
    """
    cases = {id(evidence.places[index].result) for index in evidence.wrong & within}
    for name in (one, other):
        shown = evidence.shows(name) & evidence.wrong & within
        place = evidence.places[min(shown)] if shown else None
        answer = together(one, other, place.result.case) if place else None
        if place is not None and answer is None and len(cases) <= PAIR:
            return False
        if place is not None and answer and (isinstance(answer, Crash) or not _is_given(place, answer.values)):
            return False
    return True


def _is_given(place: Place, values: Mapping[str, object]) -> bool:
    """Whether a place holds what stands there in other outputs, or misses it in the same way."""
    return place.agrees(value_at(values, place.path)) and place.result.is_missing_alike(values, place.path)


def _tells(place: Place) -> bool:
    """Whether what came holds numbers that are not 0."""
    got = as_array(place.got)
    return got is not None and bool(got.any())
