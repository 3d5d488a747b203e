"""Recognise misconceptions: which of the known ones explain what is wrong with an exercise's outputs.

The majority of cases decides. A misconception that gives exactly what came in most of the cases in which an output is
wrong is named, even if an edge case goes wrong in another way; what it leaves unexplained is kept, to be described.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..compare import as_array
from .case_result import CaseResult
from .evidence import Evidence, Place, Places, Together
from .misconception_effects import find_with_effect, is_plain, is_plain_at
from .misconception_pairs import find_pair
from .refutation import contradicted, plausible, possible

MIN_NUMBERS = 4
"""Different wrong numbers that a misconception has to give, where it does not explain everything."""


@dataclass(frozen=True)
class Explanation:
    """What explains one wrong output.

    Attributes
    ----------
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    names : tuple of str
        Misconceptions: none, one, or two that act together.
    rest : tuple of CaseResult
        The cases in which the output is wrong and none of these misconceptions is the reason.
    effect : str
        A clause for what is wrong beside the misconception, where it gives the output but for that.
    """

    path: str
    names: tuple[str, ...] = ()
    rest: tuple[CaseResult, ...] = ()
    effect: str = ""


def explain(
    paths: Sequence[str],
    results: Sequence[CaseResult],
    hints: Mapping[str, str],
    together: Together | None = None,
) -> list[Explanation]:
    """Explain each wrong output by misconceptions, as far as they are known.

    One misconception that gives the whole answer explains all outputs. Otherwise each output is explained by itself: by
    one misconception that gives it in every case, else by two, else by one that gives it in most of the cases in which
    it is wrong. Of several that explain as much, the one that agrees with most outputs is taken, the right ones
    included: a misconception that would also have broken outputs that are right is unlikely.

    Parameters
    ----------
    paths : sequence of str
        The wrong outputs, as ``"dx"`` or ``"grads.W1"``.
    results : sequence of CaseResult
    hints : mapping of str to str
        The sentence of each misconception, by id, most telling first.
    together : callable, optional
        Runs code with two misconceptions.

    Returns
    -------
    list of Explanation
        One for each path.
    """
    if not paths:
        return []
    of_everything = find_misconception("", results, hints)
    if of_everything:
        return [Explanation(path, (of_everything,)) for path in paths]
    evidence = Evidence(results)
    names = possible(tuple(hints), evidence)
    candidates = {path: _that_give(evidence, evidence.of(path), plausible(names, path, evidence)) for path in paths}
    certain = {path: tuple(found) for path, found in candidates.items() if len(found) == 1}
    plain = {path for path, found in candidates.items() if not found and is_plain(path, evidence)}
    # Where few misconceptions show, there are few pairs to run, and the time for running them is limited.
    open_paths = sorted(
        (path for path, found in candidates.items() if not found and path not in plain),
        key=partial(_visible, evidence, names),
    )
    certain |= _pairs(open_paths, evidence, names, certain, together)
    named = {name for found in certain.values() for name in found}
    found = [_explanation(path, certain.get(path, ()), candidates[path], named, evidence, names) for path in paths]
    return _without_consequences(_without_contradicted(found, evidence, together), evidence)


def _without_consequences(explanations: Sequence[Explanation], evidence: Evidence) -> list[Explanation]:
    """Leave out what explains effects alone, where what the call computes is wrong as well, and for another reason.

    That two calls drop the same units, for instance, is said of a seed only where units are dropped rightly.
    """
    computing = {name for one in explanations for name in one.names if not _is_effect(one.path, evidence)}
    return [
        Explanation(one.path)
        if one.names and computing.isdisjoint(one.names) and _is_effect(one.path, evidence, beside_wrong=True)
        else one
        for one in explanations
    ]


def _is_effect(path: str, evidence: Evidence, *, beside_wrong: bool = False) -> bool:
    """Whether an output tells, wherever it is wrong, what a call leaves behind; if asked for, beside wrong outputs."""
    places = [evidence.places[index] for index in evidence.of(path) & evidence.wrong]
    return all(
        path.partition(".")[0] in place.result.case.effects
        and (
            not beside_wrong
            or {one.partition(".")[0] for one in place.result.wrong_paths()} - place.result.case.effects
        )
        for place in places
    )


def _without_contradicted(
    explanations: Sequence[Explanation], evidence: Evidence, together: Together | None
) -> list[Explanation]:
    """Leave out pairs, and what needs an effect beside it, that cannot be true beside what explains others alone."""
    exact: dict[str, Places] = {}
    for one in explanations:
        if len(one.names) == 1 and not one.rest and not one.effect:
            exact[one.names[0]] = exact.get(one.names[0], frozenset()) | evidence.of(one.path)
    return [
        Explanation(one.path)
        if (one.effect or len(one.names) > 1)
        and any(contradicted(name, exact, evidence, together) for name in one.names)
        else one
        for one in explanations
    ]


def _pairs(
    paths: Sequence[str],
    evidence: Evidence,
    names: Sequence[str],
    certain: Mapping[str, tuple[str, ...]],
    together: Together | None,
) -> dict[str, tuple[str, ...]]:
    """Find the pair for each output that two misconceptions give in every case; or else in every case of the core."""
    named = {name for one in certain.values() for name in one}
    found: dict[str, tuple[str, ...]] = {}
    for ignored in (frozenset[int](), evidence.edges):
        for interacting in (False, True) if together else (False,):
            for path in (path for path in paths if not found.get(path)):
                places = evidence.of(path) - evidence.crashes_at_the_edges - ignored
                if any(evidence.places[index].is_drawn for index in places):
                    continue  # draws agree roughly, and so do many pairs
                if evidence.of(path) & evidence.wrong <= evidence.missing:
                    continue  # of what is missing, many pairs may be the reason
                if not evidence.numbers(places) or (ignored and not ignored & evidence.of(path)):
                    continue  # NaN agrees with many pairs, too; or there are no edges that could be ignored
                if ignored and evidence.numbers(places) < 2 * MIN_NUMBERS:
                    continue
                found[path] = find_pair(
                    evidence, places, names, together, named, interacting=interacting, ignored=ignored
                )
    return found


def _visible(evidence: Evidence, names: Sequence[str], path: str) -> int:
    """Count the misconceptions that show in an output."""
    places = evidence.of(path)
    return sum(not places.isdisjoint(evidence.shows(name)) for name in names)


def _explanation(
    path: str,
    certain: tuple[str, ...],
    candidates: Sequence[str],
    named: set[str],
    evidence: Evidence,
    names: Sequence[str],
) -> Explanation:
    """Choose among the candidates for one output, and keep the cases that they leave unexplained."""
    chosen = certain or _chosen(path, candidates, named, evidence)
    if not chosen and not candidates:
        chosen = _of_most_cases(path, evidence, names, named)
    if not chosen and not candidates:
        name, effect = find_with_effect(path, evidence, names)
        return Explanation(path, (name,), effect=effect) if name else Explanation(path)
    if len(chosen) != 1:
        return Explanation(path, chosen)
    unexplained = [
        evidence.places[index] for index in sorted(evidence.of(path) & evidence.wrong - evidence.gives(chosen[0]))
    ]
    return Explanation(path, chosen, tuple(place.result for place in unexplained if not place.crashed))


def find_misconception(path: str, results: Sequence[CaseResult], hints: Mapping[str, str]) -> str | None:
    """Return the first misconception that gives the output `path` in every case (for ``""`` all outputs)."""
    return next((name for name in hints if all(result.is_given_by(name, path) for result in results)), None)


def _that_give(evidence: Evidence, places: Places, names: Sequence[str]) -> list[str]:
    """List the misconceptions that give what came at some places and, of those, agree with most other places.

    Where only NaN came, one that would have broken something elsewhere in another way is none of them; where only zeros
    came, one that would have broken something that is right.
    """
    found = [name for name in names if places <= evidence.gives(name)]
    if evidence.only_zeros(places & evidence.wrong):
        found = [name for name in found if evidence.shows(name) <= evidence.wrong]
    if any(_has_no_numbers(evidence.places[index]) for index in places):
        found = [name for name in found if evidence.shows(name) <= evidence.gives(name)]
    dicts = {place.path.rpartition(".")[0] for place in map(evidence.places.__getitem__, places) if _is_missing(place)}
    if dicts - {""}:  # one that leaves out more of a dict than is missing is another mistake
        found = [name for name in found if not _of_dicts(evidence, evidence.shows(name) - evidence.wrong, dicts)]
    if places & evidence.wrong <= evidence.missing:  # one that also changes entries which came has to give some of them
        if len(found) > 1:  # of several that leave it out, those are left that give most of what else they change
            more = {name: evidence.shows(name) - places - evidence.missing - evidence.crashes for name in found}
            found = [name for name in found if 2 * len(more[name] & evidence.gives(name)) >= len(more[name])]
        came = {name: evidence.shows(name) & evidence.beside(places) - evidence.missing for name in found}
        found = [name for name in found if not came[name] or came[name] & evidence.gives(name)]
    if not evidence.numbers(places & evidence.wrong):
        found = [name for name in found if evidence.shows(name) <= evidence.wrong & evidence.gives(name)]
    return _most_agreeing(found, evidence)


def _has_no_numbers(place: Place) -> bool:
    """Whether an output is wrong of which only a property is compared, such as that two nets are not the same."""
    return place.wrong and place.is_drawn and place.got is not None and as_array(place.got) is None


def _is_missing(place: Place) -> bool:
    return place.wrong and not place.crashed and place.got is None


def _of_dicts(evidence: Evidence, places: Places, dicts: set[str]) -> bool:
    """Whether some places are entries of some dicts."""
    return any(evidence.places[index].path.rpartition(".")[0] in dicts for index in places)


def _most_agreeing(names: Sequence[str], evidence: Evidence) -> list[str]:
    if len(names) < 2:
        return list(names)
    agreeing = {name: _outputs_given(evidence, name) for name in names}
    return [name for name in names if agreeing[name] == max(agreeing.values())]


def _outputs_given(evidence: Evidence, name: str) -> int:
    """Count the outputs that a misconception gives in every case."""
    paths = {place.path for place in evidence.places}
    return len(
        paths
        - {evidence.places[index].path for index in range(len(evidence.places)) if index not in evidence.gives(name)}
    )


def _chosen(path: str, names: Sequence[str], named: set[str], evidence: Evidence) -> tuple[str, ...]:
    """Choose among misconceptions that are as likely for an output: nothing where none is better than the others.

    One that explains another output, too, is meant; else, of those that give most of the wrong shapes that came, one
    that would spoil fewer outputs than any other does. Draws agree roughly, such as two trainings, which only have to
    differ: nearly every mistake gives the same then, and shapes elsewhere decide nothing.
    """
    elsewhere = [name for name in names if name in named]
    if elsewhere:
        return (elsewhere[0],)
    # A shape tells as much as numbers do, and may be that of a mistake beside which the numbers are wrong, too.
    if not all(evidence.places[index].is_drawn for index in evidence.of(path) & evidence.wrong):
        shapes = {name: len(evidence.misshapen_alike(name)) for name in names}
        names = [name for name in names if shapes[name] == max(shapes.values())]
    spoilt = {name: _outputs_spoilt(evidence, name) for name in names}
    found = [name for name in names if spoilt[name] == min(spoilt.values())]
    return tuple(found) if len(found) == 1 else ()


def _outputs_spoilt(evidence: Evidence, name: str) -> int:
    """Count the outputs that a misconception would break in another way than they are wrong, if they are.

    Where the code crashed, another mistake did, and nobody knows what it would have broken beside that.
    """
    told = evidence.shows(name) - evidence.gives(name) - evidence.crashes
    return len({evidence.places[index].path for index in told})


def _of_most_cases(path: str, evidence: Evidence, names: Sequence[str], named: set[str]) -> tuple[str, ...]:
    """Return the misconception that gives an output in most of the cases in which it is wrong; nothing if none does."""
    places = evidence.of(path)
    scores = {name: _majority(evidence, places, name) for name in plausible(names, path, evidence)}
    best = max(scores.values(), default=0)
    if best <= 0:
        return ()
    found = _most_agreeing([name for name in scores if scores[name] == best], evidence)
    return _chosen(path, found, named, evidence)


def _majority(evidence: Evidence, places: Places, name: str) -> int:
    """Count the cases that a misconception explains exactly, less those that contradict it; 0 for too little evidence.

    It is contradicted by a case in which it would break an output that is right, or in which it gives another wrong
    answer. At the edges of an exercise such a case is outweighed by others; in the core, what is right decides.
    """
    explained = evidence.explained(name, places)
    crashed = evidence.crashes - evidence.crashes_at_the_edges - evidence.gives(name)
    if _explains_all_that_ran(evidence, places, explained):
        crashed = frozenset()
    against = ((evidence.shows(name) - evidence.crashes | crashed) & places) - explained
    cases = {id(evidence.places[index].result) for index in explained}
    # What it would break, in this output or in another one, is right in the core, or in a case that it should explain.
    for place in (evidence.places[index] for index in evidence.shows(name) - evidence.wrong):
        if place.result.case.is_core or id(place.result) in cases:
            return 0
    if any(evidence.places[index].is_drawn for index in explained) and against - evidence.edges:
        return 0  # draws agree roughly, and so no case of the core may contradict them
    if len(cases) == 1 and _says_little(evidence, explained) and len(_left_right(name, evidence, places) - cases) > 1:
        return 0
    telling = [index for index in explained if evidence.numbers(frozenset({index}))]
    if evidence.only_zeros(explained):
        return 0  # what gives them is contradicted by all cases that it does not explain
    if len(telling) <= len(against) or evidence.numbers(explained) < MIN_NUMBERS:
        return 0
    return len(telling) - len(against)


def _says_little(evidence: Evidence, explained: Places) -> bool:
    """Whether many mistakes give what came at some places: draws, which agree roughly, or the copy of an input."""
    return all(evidence.places[index].is_drawn or is_plain_at(evidence.places[index]) for index in explained)


def _left_right(name: str, evidence: Evidence, places: Places) -> set[int]:
    """The cases of the core, by identity, in which an output is wrong that a misconception would leave right."""
    left = (places & evidence.wrong) - evidence.shows(name) - evidence.crashes - evidence.edges
    return {id(evidence.places[index].result) for index in left}


def _explains_all_that_ran(evidence: Evidence, places: Places, explained: Places) -> bool:
    """Whether all that is wrong in the cases of the core that did not crash is explained, by more than chance.

    A crash in the others is another mistake then. Where no case of the core ran, those at the edges have to show it, by
    more numbers, and the crash may not be in the line of this output: where sizes happen to fit, its mistake shows as
    what another one gives.
    """
    ran = (places & evidence.wrong) - evidence.crashes
    core = frozenset(index for index in ran if evidence.places[index].result.case.is_core)
    if core:
        cases = {id(evidence.places[index].result) for index in core}
        least = MIN_NUMBERS if len(cases) > 1 else 2 * MIN_NUMBERS
        return core <= explained and evidence.numbers(explained) >= least
    crashes = [evidence.places[index] for index in places & evidence.crashes]
    if any(
        re.search(rf"\b{re.escape(_name(one))}\b", str(getattr(one.result.answer, "source", "")), re.IGNORECASE)
        for one in crashes
    ):
        return False
    return bool(ran) and ran <= explained and evidence.numbers(explained) >= 2 * MIN_NUMBERS


def _name(place: Place) -> str:
    return place.path.rpartition(".")[2]
