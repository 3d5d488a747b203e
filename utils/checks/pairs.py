"""Two misconceptions in one output, where the arrays tell them apart.

Alone, neither gives the answer in every case. Together they do when each case shows one of them or, where a case shows
both, when their effects add up or multiply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .case import value_at
from .hearing import Hearing
from .program import Crash
from .rules import Array, Rule, as_array

LIMIT = 60  # misconceptions looked at: the pairs are the square of it, and a check answers within a second


@dataclass(frozen=True)
class _View:
    """One output in one case: what is right, what came, and what each misconception that shows there gives."""

    rule: Rule
    want: object
    got: object
    suspects: Mapping[str, object]
    inputs: Mapping[str, object]

    def match(self, value: object) -> bool:
        return self.rule.agree(value, self.got, self.inputs)

    def alone(self, name: str) -> bool:
        """Whether a misconception by itself gives this answer; one that does not show here gives the right one."""
        return self.match(self.suspects.get(name, self.want))

    def fits(self, one: str, other: str) -> bool | None:
        """Whether a pair gives this answer; None where both show and what they give together is not known."""
        shown = [name for name in (one, other) if name in self.suspects]
        if len(shown) < 2:
            return self.alone(shown[0] if shown else one)
        together = _together(*(as_array(value) for value in (self.want, self.suspects[one], self.suspects[other])))
        return True if any(map(self.match, together)) else None


def pair(path: str, hearings: Sequence[Hearing], names: Sequence[str]) -> tuple[str, ...]:
    """The two misconceptions that together give an output in every case.

    Parameters
    ----------
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    hearings : sequence of Hearing
        All cases.
    names : sequence of str
        The misconceptions, most telling first.

    Returns
    -------
    tuple of str
        Both, or nothing where no pair does or several do.
    """
    views = list(_views(path, hearings))
    live = [name for name in names if any(name in view.suspects for view in views)][:LIMIT]
    certain: list[tuple[str, str]] = []
    likely: list[tuple[str, str]] = []
    for one, other in combinations(live, 2):
        verdicts = []
        for view in views:
            verdicts.append(view.fits(one, other))
            if verdicts[-1] is False:
                break
        if False in verdicts:
            continue
        if None not in verdicts:
            certain.append((one, other))
        elif _each_seen_alone(one, other, views):
            likely.append((one, other))
    found = certain or likely
    return found[0] if len(found) == 1 else ()


def _each_seen_alone(one: str, other: str, views: Sequence[_View]) -> bool:
    """Whether some case shows the first without the second, and some case the second without the first."""
    return all(
        any(here in view.suspects and there not in view.suspects for view in views)
        for here, there in ((one, other), (other, one))
    )


def _views(path: str, hearings: Sequence[Hearing]) -> Iterator[_View]:
    for hearing in hearings:
        rule = hearing.case.aspects.get(path.split(".")[0])
        want = value_at(hearing.want, path)
        if rule is None or want is None or isinstance(hearing.answer, Crash):
            continue
        given = {
            name: value_at(answer.values, path)
            for name, answer in hearing.suspects.items()
            if not isinstance(answer, Crash)
        }
        shown = {name: value for name, value in given.items() if not rule.agree(value, want, hearing.case.inputs)}
        yield _View(rule, want, value_at(hearing.answer.values, path), shown, hearing.case.inputs)


def _together(want: Array | None, one: Array | None, other: Array | None) -> list[Array]:
    """What two wrong answers come to when their effects add up, and when they multiply."""
    if want is None or one is None or other is None or not want.shape == one.shape == other.shape:
        return []
    with np.errstate(all="ignore"):
        return [one + other - want, np.where(want == 0, 0, one * other / np.where(want == 0, 1, want))]
