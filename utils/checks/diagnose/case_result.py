"""The result of one case: what was expected, what the code under test gave, and what known misconceptions give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..case import Case
from ..compare import Fault, Rule, both_vanish
from ..program import Answer, Crash, Ran
from ..values import needless_names, value_at
from .crash_kind import same_kind


@dataclass(frozen=True)
class CaseResult:
    """One case that was run, with everything that is needed to judge it.

    Attributes
    ----------
    case : Case
    expected : mapping of str to object
        The right outputs.
    answer : Ran or Crash
        What the code under test gave.
    misconceptions : mapping of str to (Ran or Crash)
        What each known misconception gives in this case, by its id. One that gives the right answer here is left out.
    wrong_by_misconception : mapping of str to tuple of str
        The outputs that are wrong in those answers, where they are known already; see `wrong_in`.
    """

    case: Case
    expected: Mapping[str, object]
    answer: Answer
    misconceptions: Mapping[str, Answer] = field(default_factory=dict)
    wrong_by_misconception: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def faults(self) -> list[Fault]:
        """List what is wrong with the outputs; empty for a crash, which has none."""
        return list(self._faults)

    @cached_property
    def _faults(self) -> list[Fault]:
        if isinstance(self.answer, Crash):
            return []
        return [
            fault
            for aspect, rule in self.case.aspects.items()
            for fault in rule.faults(aspect, self.expected[aspect], self.answer.values.get(aspect), self.case.inputs)
        ]

    def wrong_in(self, misconception: str) -> tuple[str, ...] | None:
        """List the outputs that a misconception makes wrong in this case; None for all of them, as in a crash."""
        answer = self.misconceptions.get(misconception)
        if answer is None:
            return ()
        if isinstance(answer, Crash):
            return None
        known = self.wrong_by_misconception.get(misconception)
        return CaseResult(self.case, self.expected, answer).wrong_paths() if known is None else known

    def wrong_paths(self) -> tuple[str, ...]:
        """List the outputs in which anything is wrong."""
        return tuple(dict.fromkeys(fault.path for fault in self.faults()))

    def is_given_by(self, misconception: str, path: str = "") -> bool:
        """Whether a misconception gives the very answer that came.

        Parameters
        ----------
        misconception : str
            Its id.
        path : str, default ""
            The output to compare, as ``"grads.W1"``; all outputs by default.
        """
        other = self.misconceptions.get(misconception)
        if isinstance(self.answer, Crash) or isinstance(other, Crash):
            return isinstance(self.answer, Crash) and isinstance(other, Crash) and same_kind(self.answer, other)
        if other is None:  # it gives the right answer in this case
            return not any(fault.path == path or not path for fault in self.faults())
        if not path and not self._drawn(self.wrong_paths()) <= self._drawn(self.wrong_in(misconception)):
            return False  # draws agree roughly; but a mistake that leaves them right has not made them wrong
        rules = {one: self.case.aspects.get(one.partition(".")[0]) for one in ([path] if path else self.case.aspects)}
        return self.is_missing_alike(other.values, path) and all(
            self._agree(rule, one, other)
            for one, rule in rules.items()
            if rule  # an output that this case does not compare cannot tell
        )

    def _drawn(self, paths: Iterable[str] | None) -> set[str]:
        """Keep of some outputs those that are compared as random draws."""
        known = {path: self.case.aspects.get(path.partition(".")[0]) for path in paths or ()}
        return {path for path, rule in known.items() if rule and rule.is_drawn(value_at(self.expected, path))}

    def _agree(self, rule: Rule, path: str, other: Ran) -> bool:
        """Whether another answer has the same value in one output."""
        assert not isinstance(self.answer, Crash)
        right, theirs, came = (value_at(one, path) for one in (self.expected, other.values, self.answer.values))
        return rule.agree(theirs, came, self.case.inputs) or both_vanish(right, theirs, came)

    def is_missing_alike(self, values: Mapping[str, object], path: str) -> bool:
        """Whether other outputs miss a value in the same way as those that came; so they do where none is missing.

        What is stored under another name is missing, too: then both have to use the same names.
        """
        if isinstance(self.answer, Crash) or value_at(self.answer.values, path) is not None:
            return True
        names, others = (needless_names(one, path, self.expected) for one in (self.answer.values, values))
        return names == others

    @property
    def mutated(self) -> tuple[str, ...]:
        """Inputs that were changed in place although the function is not meant to change them."""
        if isinstance(self.answer, Crash):
            return ()
        return tuple(name for name in self.answer.mutated if name not in self.case.writable)
