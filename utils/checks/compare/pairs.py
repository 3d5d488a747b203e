"""The rule for two outputs of the code under test that have to agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .equality import Equal
from .rule import Fault, FaultKind, in_words, incomparable
from .tolerance import as_array


@dataclass(frozen=True)
class Paired(Equal):
    """A pair of answers of the code under test, of which the first has to equal the second.

    For answers that depend on what the code itself has drawn, so that the reference's own say nothing. In a dict each
    entry is such a pair.

    Parameters
    ----------
    second : str, default ""
        What the second answer is, where it is no right one as long as other things are wrong: ``"your own code
        gives without dropout"``. Nobody is told then that it is expected.
    """

    second: str = ""

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        if isinstance(expected, Mapping) and isinstance(got, Mapping):
            pairs = [(f"{path}.{key}", part, got.get(key)) for key, part in expected.items()]
            return [fault for inner, part, pair in pairs for fault in self.faults(inner, part, pair, inputs)]
        if not (isinstance(got, list | tuple) and len(got) == 2 and as_array(got[1]) is not None):
            return [incomparable(path, None, got)]
        if got[0] is None:  # the program has asked for an entry that need not be there
            said = f"{path} should be {in_words(as_array(got[1]))} but is missing, or None"
            return [Fault(path, FaultKind.TYPE, said, got[1], None)]
        found = Equal(self.dtype, self.scale).faults(path, got[1], got[0], inputs)
        return [self._in_own_words(fault) for fault in found] if self.second else found

    def _in_own_words(self, fault: Fault) -> Fault:
        clause = fault.clause.replace(" is expected", f" is what {self.second}")
        # Without its entries by themselves, because these would be shown as what is expected.
        return replace(fault, clause=f"{fault.path}: {clause}" if fault.by_entry else clause, by_entry=False)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether two pairs are wrong in the same way.

        After equal draws they hold the same numbers; after other draws they are off by the same factors, and hold
        something else than 0 in the same places.
        """
        theirs, ours = (self.faults("", None, pair, inputs) for pair in (other, got))
        if [fault.kind for fault in theirs] != [fault.kind for fault in ours]:
            return False
        return all(self._alike(one, two, inputs) for one, two in zip(theirs, ours, strict=True))

    def _alike(self, one: Fault, two: Fault, inputs: Mapping[str, object]) -> bool:
        if one.kind is FaultKind.TYPE:
            return one.reason == two.reason
        same = Equal(self.dtype, self.scale).same
        if same(one.expected, two.expected, inputs):
            return same(one.got, two.got, inputs)
        found = _factors(one), _factors(two)
        return found[0] == found[1] and found[0] is not None


def _factors(fault: Fault) -> tuple[bool, bool, list[float]] | None:
    """Return whether anything, and whether everything, is not 0 where it should be, and the factors of all else.

    None where there are more than two factors: then it is no mistake in a mask or in its scale.
    """
    expected, got = as_array(fault.expected), as_array(fault.got)
    if expected is None or got is None or expected.shape != got.shape:
        return None
    there = expected != 0
    factors = np.unique((got[there] / expected[there]).round(3)).tolist()
    return (bool(got[~there].any()), bool(got[~there].all()), factors) if len(factors) <= 2 else None
