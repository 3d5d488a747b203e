"""Lines of a function are found by what they say, and nothing is replaced where that is not clear."""

from __future__ import annotations

import pytest

from grader.errors import UnusableCourseFiles
from grader.patch import MODULE, Hunk, apply, changed_functions

FILE, WRONG = "solutions/nndl/means.py", "solutions/exercises/means/means.wrong"
TEXT = '''\
"""Means."""

import math


def mean(x):
    """Their sum, divided."""
    total = 0
    for one in x:
        total += one
    total = total + 0
    total = total + 0
    return total / len(x)


class Spread:
    """How far numbers are from their mean."""

    def variance(self, x):
        total = 0
        return mean([(one - mean(x)) ** 2 for one in x])

    @property
    def deviation(self):
        return math.sqrt(self.variance(self.x))
'''


def hunk(function: str, old: str, new: str, line: int = 7) -> Hunk:
    return Hunk(function, tuple(old.split("\n")), tuple(new.split("\n")) if new else (), WRONG, line)


def refused(*hunks: Hunk) -> str:
    with pytest.raises(UnusableCourseFiles) as refusal:
        apply(TEXT, hunks, FILE)
    assert str(refusal.value).startswith(f"{WRONG}, line 7: ")
    return str(refusal.value).removeprefix(f"{WRONG}, line 7: ")


def test_a_line_is_replaced_in_its_function_and_nowhere_else() -> None:
    text = apply(TEXT, [hunk("Spread.variance", "        total = 0", "        total = 1")], FILE)
    assert text == TEXT.replace("        total = 0\n", "        total = 1\n")


def test_nothing_to_replace_leaves_the_text_as_it_is() -> None:
    assert apply(TEXT, [], FILE) == TEXT


def test_lines_may_be_taken_away_and_put_beside_one_that_stays() -> None:
    assert "Their" not in apply(TEXT, [hunk("mean", '    """Their sum, divided."""', "")], FILE)
    beside = apply(TEXT, [hunk("mean", "    return total / len(x)", "    total += 1\n    return total / len(x)")], FILE)
    assert beside == TEXT.replace("    return total / len(x)", "    total += 1\n    return total / len(x)")


def test_all_hunks_apply_to_the_text_as_it_is_and_may_share_a_line_that_stays() -> None:
    after = hunk(
        "mean", "        total += one\n    total = total + 0", "        total += one + 1\n    total = total + 0"
    )
    before = hunk("mean", "    for one in x:\n        total += one", "    for one in x[1:]:\n        total += one")
    text = apply(TEXT, [hunk("mean", "    total = 0", "    total = one = 0"), after], FILE)
    assert "total = one = 0" in text
    assert "one + 1" in text
    changed = TEXT.replace("x:\n        total += one", "x[1:]:\n        total += one")
    assert apply(TEXT, [before], FILE) == changed


def test_decorators_and_the_class_belong_to_what_they_stand_at() -> None:
    assert "@property" not in apply(TEXT, [hunk("Spread.deviation", "    @property", "")], FILE)
    said = '    """How far numbers are from their mean."""'
    assert "How far" not in apply(TEXT, [hunk("Spread", said, "    pass")], FILE)


def test_what_is_in_no_function_has_a_place_of_its_own() -> None:
    assert "import cmath" in apply(TEXT, [hunk(MODULE, "import math", "import math\nimport cmath")], FILE)
    assert "outside all functions" in refused(hunk(MODULE, "    total = 0", "    total = 1"))


def test_an_unknown_function_is_named_with_those_there_are() -> None:
    assert refused(hunk("men", "    total = 0", "")) == f"{FILE} has no function men; is it mean?"
    assert refused(hunk("zzz", "", "")).endswith("there are mean, Spread, Spread.variance, Spread.deviation.")


def test_a_line_that_is_not_there_is_shown_beside_the_nearest() -> None:
    said = refused(hunk("mean", "    return total / len(y)", ""))
    nearest = 'the nearest is "    return total / len(x)"; bring this up to date.'
    assert said == f'there is no line "    return total / len(y)" in mean of {FILE}; {nearest}'
    assert "nearest" not in refused(hunk("mean", "@@@", ""))


def test_lines_that_are_there_in_another_order_are_no_match() -> None:
    said = refused(hunk("mean", "    return total / len(x)\n    total = 0", ""))
    assert said == f"these lines do not follow each other in mean of {FILE}; bring them up to date."


def test_lines_that_stand_there_twice_need_context() -> None:
    said = refused(hunk("mean", "    total = total + 0", ""))
    assert said == f"these lines stand 2 times in mean of {FILE}; add a line of context to say which."
    last = hunk("mean", "    total = total + 0\n    return total / len(x)", "    return total / len(x)")
    assert apply(TEXT, [last], FILE).count("total = total + 0") == 1


def test_two_hunks_may_not_change_the_same_lines() -> None:
    one, other = hunk("mean", "    total = 0", "    total = 1", 3), hunk("mean", "    total = 0", "    total = 2")
    assert refused(one, other) == f"this changes lines that are changed by {WRONG}, line 3, too; join them."
    line = "    return total / len(x)"
    twice = [hunk("mean", line, f"    total {sign}= 1\n{line}", at) for sign, at in (("+", 3), ("-", 7))]
    assert "join them" in refused(*twice)


def test_the_functions_that_are_changed_are_given_as_they_are_afterwards() -> None:
    hunks = [
        hunk("mean", "    total = 0", "    total = 0\n    count = 0"),
        hunk("Spread.variance", "        total = 0", ""),
    ]
    changed = changed_functions(TEXT, hunks, FILE)
    assert list(changed) == ["Spread.variance", "mean"]
    assert changed["Spread.variance"] == (
        "    def variance(self, x):\n        return mean([(one - mean(x)) ** 2 for one in x])"
    )
    assert changed["mean"].startswith("def mean(x):\n")
    assert changed["mean"].endswith("\n    return total / len(x)")
    assert "count" in changed["mean"]
