"""Divide the points of an exercise among its outputs, and those of each output among the core and the traits.

An exercise's cases decide this alone, so what a trait is worth is known before anybody answers:

- Every output carries an equal share. Outputs that only cases of a trait compare, and *effects*, are no outputs of
  their own: they belong to a trait of the outputs beside them.
- Of an output, the core carries a share that the course sets, and the traits that are tested divide the rest equally.
- A part is right when it is right in all of its cases. Where the core is wrong, the traits earn nothing.
- The right numbers in another dtype are wrong in the trait dtype alone. The right numbers in another shape are right in
  the core, and earn nothing of the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from ..case import SITUATIONS, Case, Trait
from ..compare import Equal, Fault, FaultKind
from .case_result import CaseResult

CORE_SHARE = 0.75
"""What the core of an output carries, unless the course says otherwise."""

CORE = "core"
SHAPE = "shape"
LARGE = "large inputs"

Part = str
"""What points are lost by: `CORE`, `SHAPE`, `LARGE`, or the value of a `Trait`."""


@dataclass(frozen=True)
class Loss:
    """Points that one output has not earned.

    Attributes
    ----------
    output : str
    part : str
        What they are lost by: ``"core"``, which is all points of the output; a trait, as ``"dtype"``; ``"shape"``; or
        ``"large inputs"``, in which a gradient took too long or was wrong.
    share : float
        Of the exercise's points, above 0 and up to 1.
    """

    output: str
    part: Part
    share: float


@dataclass(frozen=True)
class Score:
    """What the answers to one exercise earn; all numbers are shares of its points.

    Attributes
    ----------
    earned : dict of str to float
        By output.
    lost : tuple of Loss
        What is missing to 1.
    by_following : dict of str to float
        By output, the part of what it has earned that right derivatives of a wrong forward pass have earned.
    """

    earned: Mapping[str, float]
    lost: tuple[Loss, ...] = ()
    by_following: Mapping[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The part of the points that is earned: exactly 1 where nothing is lost, and 0 where no output earns."""
        return fsum(self.earned.values()) if self.lost else 1.0

    @property
    def followed(self) -> float:
        """The part of the points that right derivatives of a wrong forward pass have earned."""
        return fsum(self.by_following.values())

    def without(self, outputs: Collection[str]) -> Score:
        """Return the score of an answer whose large case is wrong in some outputs: these earn nothing."""
        kept = [loss for loss in self.lost if loss.output not in outputs]
        unit = 1 / len(self.earned)
        lost = [Loss(output, LARGE, unit) for output in self.earned if output in outputs]
        earned = {output: 0.0 if output in outputs else share for output, share in self.earned.items()}
        by_following = {output: share for output, share in self.by_following.items() if output not in outputs}
        return Score(earned, (*kept, *lost), by_following)


class Division:
    """How the points of an exercise are divided among outputs, core and traits.

    Parameters
    ----------
    cases : sequence of Case
        All of the exercise's cases but the large one. If none of them is in the core, all of them are.

    Attributes
    ----------
    aspects : tuple of str
        All outputs that any case compares.
    outputs : tuple of str
        Those of them that carry points.
    traits : dict of str to tuple of Part
        For each of these outputs, the traits that are tested.
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        self.aspects = tuple(dict.fromkeys(name for case in cases for name in case.aspects))
        self._all_core = not any(case.is_core for case in cases)
        core = [case for case in cases if self._all_core or case.is_core]
        compared = dict.fromkeys(name for case in core for name in case.aspects if name not in case.effects)
        self.outputs = tuple(compared or dict.fromkeys(name for case in core for name in case.aspects))
        found: dict[str, set[Part]] = {output: set() for output in self.outputs}
        for case in cases:
            for output, traits in self._tested(case):
                found[output] |= traits
        self.traits = {
            output: tuple(trait.value for trait in Trait if trait.value in found[output]) for output in self.outputs
        }

    def parts(self, case: Case) -> frozenset[Part]:
        """Return what a case belongs to: the core, or its traits, each of which it counts for."""
        traits = frozenset(trait.value for trait in case.traits - SITUATIONS)
        return frozenset({CORE}) if self._all_core or not traits else traits

    def carriers(self, case: Case, output: str = "") -> list[str]:
        """List the outputs whose points depend on what an output is in a case, or on the case as a whole."""
        if output in self.outputs:
            return [output]
        return [name for name in case.aspects if name in self.outputs] or list(self.outputs)

    def wrong_in(self, case: Case, fault: Fault) -> frozenset[Part]:
        """Return the parts that a fault makes wrong, of each of its `carriers`."""
        if fault.output not in self.outputs:
            parts = self.parts(case)
            return parts if CORE not in parts and fault.output not in case.effects else frozenset({Trait.SIDE_EFFECT})
        form = fault.kind if has_right_numbers(case, fault) else None
        if form is FaultKind.DTYPE:
            return frozenset({Trait.DTYPE.value})
        if form is FaultKind.SHAPE and CORE in self.parts(case):
            return frozenset({SHAPE})
        return self.parts(case)

    def _tested(self, case: Case) -> Iterable[tuple[str, set[Part]]]:
        """Yield the outputs that a case says anything about, with the traits of theirs that it tests."""
        for name, rule in case.aspects.items():
            traits = set(self.parts(case)) - {CORE}
            if getattr(rule, "dtype", False):
                traits.add(Trait.DTYPE.value)
            if case.unchanged or name in case.effects:
                traits.add(Trait.SIDE_EFFECT.value)
            for output in self.carriers(case, name):
                yield output, traits


@dataclass
class WrongParts:
    """In which parts each output is wrong, and why.

    Attributes
    ----------
    faults : dict of str to (dict of Part to list of (CaseResult, Fault or None))
        By output, then by part: the cases in which it is wrong, and the fault; None for a crash or a changed input.
    """

    division: Division
    faults: dict[str, dict[Part, list[tuple[CaseResult, Fault | None]]]] = field(default_factory=dict)

    def add(self, outputs: Iterable[str], parts: Iterable[Part], result: CaseResult, fault: Fault | None) -> None:
        """Note that some outputs are wrong in some parts."""
        for output in outputs:
            for part in parts:
                self.faults.setdefault(output, {}).setdefault(part, []).append((result, fault))

    def score(self, core: float, followed: Mapping[str, Collection[Part]], follow_share: float) -> Score:
        """Add up what the answers earn.

        Parameters
        ----------
        core : float
            The share of an output's points that its core carries.
        followed : mapping of str to collection of Part
            For each output, the wrong parts that are right derivatives of a wrong forward pass.
        follow_share : float
            What such a part earns of its points.
        """
        earned: dict[str, float] = {}
        lost: list[Loss] = []
        by_following: dict[str, float] = {}
        for output in self.division.outputs:
            wrong = self.faults.get(output, {})
            level = {part: follow_share if part in followed.get(output, ()) else 0.0 for part in wrong}
            weights = self._weights(output, core)
            top = level.get(CORE, 1.0)
            earned[output] = 0.0
            for part, weight in weights.items():
                reached = min(top, level.get(part, 1.0))
                earned[output] += weight * reached
                # What the core takes from a trait, the core has lost: a trait is named only for what it costs itself.
                lost += [Loss(output, CORE, weight * (1 - top))] * (part == CORE or top < 1)
                lost += [Loss(output, part, weight * (top - reached))]
                if reached < 1:
                    by_following[output] = by_following.get(output, 0.0) + weight * reached
        return Score(earned, _merged(lost), by_following)

    def _weights(self, output: str, core: float) -> dict[Part, float]:
        """Return the share of the exercise's points that each part of an output carries."""
        unit = 1 / len(self.division.outputs)
        wrong = self.faults.get(output, {})
        if SHAPE in wrong:
            return {CORE: core * unit, SHAPE: (1 - core) * unit}
        # A trait that no case tests can be wrong all the same: an input of a type that nobody expected to be changed.
        traits = dict.fromkeys((*self.division.traits[output], *(part for part in wrong if part != CORE)))
        if not traits:
            return {CORE: unit}
        return {CORE: core * unit} | dict.fromkeys(traits, (1 - core) * unit / len(traits))


def in_order(*parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts that are wrong, in a fixed order; the core or the shape alone, which cost what the others do."""
    found = {part for some in parts for part in some}
    alone = next((part for part in (CORE, SHAPE) if part in found), None)
    return (alone,) if alone else tuple(trait.value for trait in Trait if trait in found)


def has_right_numbers(case: Case, fault: Fault) -> bool:
    """Whether only the shape or the dtype of an output is wrong."""
    rule = case.aspects[fault.output]
    return isinstance(rule, Equal) and rule.has_right_numbers(fault, case.inputs)


def _merged(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Add up what is lost by the same part of the same output, and leave out what costs nothing."""
    shares: dict[tuple[str, Part], list[float]] = {}
    for loss in losses:
        shares.setdefault((loss.output, loss.part), []).append(loss.share)
    return tuple(Loss(*key, fsum(parts)) for key, parts in shares.items() if fsum(parts) > 0)
