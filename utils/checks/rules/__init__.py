"""How an answer is compared with what was expected.

Each rule looks at one output and returns what is wrong with it, as a list of `Fault`; an empty list is a pass.
`equal` is the rule for most outputs, `kinks` holds those for which several gradients are right, `draws` those for
what is drawn at random, and `tolerance` the error model that all of them share. All are imported here, so that
`Rule.from_dict` finds each by its name.
"""

from .draws import DrawnAnew, Dropped, Initialised, Minibatches, MinibatchesAnew, Paired
from .equal import Equal
from .kinks import SharedMaximum, Subgradient
from .rule import Fault, Rule
from .tolerance import Array, as_array, close

__all__ = [
    "Array",
    "DrawnAnew",
    "Dropped",
    "Equal",
    "Fault",
    "Initialised",
    "Minibatches",
    "MinibatchesAnew",
    "Paired",
    "Rule",
    "SharedMaximum",
    "Subgradient",
    "as_array",
    "close",
]
