"""One case that was run: what was expected, what came, and what each known misconception would have given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .case import Case, value_at
from .program import Crash, Ran
from .rules import Fault

Answer = Ran | Crash


@dataclass(frozen=True)
class Hearing:
    """One case with everything needed to judge it.

    Attributes
    ----------
    case : Case
    want : dict of str to object
        The right answers, by aspect.
    answer : Ran or Crash
        What the code under test did.
    suspects : mapping of str to Ran or Crash
        What each known misconception does in this case, by the misconception's id; one that does not show in
        this case is left out.
    """

    case: Case
    want: Mapping[str, object]
    answer: Answer
    suspects: Mapping[str, Answer] = field(default_factory=dict)

    def faults(self) -> list[Fault]:
        """What is wrong with the answer, aspect by aspect; empty for a crash, which has no answer."""
        if isinstance(self.answer, Crash):
            return []
        return [
            fault
            for aspect, rule in self.case.aspects.items()
            for fault in rule.faults(aspect, self.want[aspect], self.answer.values.get(aspect), self.case.inputs)
        ]

    def looks_like(self, suspect: str, path: str) -> bool:
        """Whether the answer for `path` (all of it for ``""``) is the one that the misconception `suspect` gives."""
        other = self.suspects.get(suspect)
        if isinstance(self.answer, Crash) or isinstance(other, Crash):
            both = isinstance(self.answer, Crash) and isinstance(other, Crash)
            return both and self.answer.error == other.error  # type: ignore[union-attr]
        if other is None:  # the misconception does not show in this case
            return not any(fault.path == path or not path for fault in self.faults())
        rules = {one: self.case.aspects.get(one.split(".")[0]) for one in ([path] if path else self.case.aspects)}
        return all(
            rule.agree(value_at(other.values, one), value_at(self.answer.values, one), self.case.inputs)
            for one, rule in rules.items()
            if rule  # an output that this case does not compare says nothing
        )

    @property
    def mutated(self) -> tuple[str, ...]:
        """Inputs that were changed although they are not the function's to change."""
        if isinstance(self.answer, Crash):
            return ()
        return tuple(name for name in self.answer.mutated if name not in self.case.writable)
