"""Compare an answer with what was expected.

Each rule looks at one output and returns what is wrong with it, as a list of `Fault`; an empty list is a pass. `Equal`
is the rule for most outputs. `kinks` holds the rules for places where several gradients are right; `initial_weights`,
`dropout` and `minibatches` those for random draws, with the statistics in `chance`; `pairs` the one for two answers
that have to agree. `tolerance` says which numbers count as equal. All rules are imported here, so that
`Rule.from_dict` finds each by its name.
"""

from .dropout import Dropped, DroppedCounts
from .equality import Equal
from .initial_weights import DrawnAnew, Initialised
from .kinks import SharedMaximum, Subgradient
from .minibatches import Minibatches, MinibatchesAnew
from .pairs import Paired
from .rule import Fault, FaultKind, RandomRule, Rule
from .tolerance import Array, as_array, both_vanish, close

__all__ = [
    "Array",
    "DrawnAnew",
    "Dropped",
    "DroppedCounts",
    "Equal",
    "Fault",
    "FaultKind",
    "Initialised",
    "Minibatches",
    "MinibatchesAnew",
    "Paired",
    "RandomRule",
    "Rule",
    "SharedMaximum",
    "Subgradient",
    "as_array",
    "both_vanish",
    "close",
]
