"""Two changed versions of a text become one with both changes, or nothing where they contradict each other."""

from __future__ import annotations

import pytest

from grader.judging.merging import merged

SOURCE = "def f(w, dw):\n    step = rate * dw\n    return w - step / (root + eps)\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("rate * dw", "dw"), ("w - step", "w + step")),  # in different lines
        (("w - step", "w + step"), ("step / (root + eps)", "(step / root + eps)")),  # in the same line
        (("    step = rate * dw\n", ""), ("return", "step = dw\n    return")),  # one takes a line away
    ],
)
def test_both_changes_are_made(one: tuple[str, str], other: tuple[str, str]) -> None:
    both = SOURCE.replace(*one).replace(*other)
    versions = SOURCE.replace(*one), SOURCE.replace(*other)
    assert merged(SOURCE, *versions) == merged(SOURCE, *reversed(versions)) == both


def test_changes_of_the_same_word_cannot_be_merged() -> None:
    assert merged(SOURCE, SOURCE.replace("w - step", "w + step"), SOURCE.replace("w - step", "w * step")) is None


def test_a_change_that_both_versions_make_is_made_once() -> None:
    changed = SOURCE.replace("rate * dw", "dw")
    assert merged(SOURCE, changed, changed) == changed
