"""Telling whether two crashes have the same reason."""

from __future__ import annotations

import pytest

from utils.checks.diagnose.crash_kind import same_kind
from utils.checks.program import Crash

DOT = "shapes (5,6) and (7,6) not aligned: 6 (dim 1) != 7 (dim 0)"
MATMUL = (
    "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) "
    "(size {} is different from {})"
)
BROADCAST = "operands could not be broadcast together with shapes {} "


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (DOT, DOT, True),
        (DOT, MATMUL.format(7, 6), True),  # the same sizes, in np.dot and in the operator @
        (DOT, MATMUL.format(3, 6), False),
        (BROADCAST.format("(4,6) (5,1)"), BROADCAST.format("(5,1) (4,6)"), True),
        (BROADCAST.format("(4,6) (5,1)"), BROADCAST.format("(4,6) (5,)"), False),
        (DOT, "setting an array element with a sequence.", False),
        ("mat1 and mat2 shapes cannot be multiplied (7x96 and 48x8)", "mat1 and mat2 shapes (5x9 and 4x8)", False),
        ("'NoneType' and 'float'", "'float' and 'NoneType'", True),
        ("'W0'", "'W3'", False),
        ("", DOT, True),  # an older golden pack has no messages
    ],
)
def test_sizes_that_do_not_fit_are_compared_and_spelling_is_not(one: str, other: str, same: bool) -> None:
    assert same_kind(Crash(False, "ValueError", one), Crash(False, "ValueError", other)) is same
    assert not same_kind(Crash(False, "ValueError", one), Crash(False, "TypeError", other))
