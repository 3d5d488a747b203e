"""What a run says of changed totals: what many share is said once, and nothing is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.gradebook.changes import Change
from grader.show import MANY, changed

REASONS = st.sampled_from(["No longer a bonus.", "relu counts 3.", "Due later: ill.", "Handed in late."])
CHANGES = st.lists(st.sets(REASONS, min_size=1), max_size=12).map(
    lambda whys: [Change("hw1", f"s{k:02}", 1.0, 2.0, tuple(sorted(why))) for k, why in enumerate(whys)]
)


@given(CHANGES)
def test_every_student_and_every_reason_is_named(changes: list[Change]) -> None:
    said = changed(changes)
    shared = [line for line in said.splitlines() if " students: " in line]
    for change in changes:
        (own,) = [line for line in said.splitlines() if f", {change.student}:" in line]
        assert all(reason in own or any(reason in line for line in shared) for reason in change.why)


@given(CHANGES)
def test_a_reason_that_most_share_is_said_once(changes: list[Change]) -> None:
    said = changed(changes)
    for reason in {reason for change in changes for reason in change.why}:
        count = sum(reason in change.why for change in changes)
        expected = 1 if count >= MANY and 2 * count > len(changes) else count
        assert said.count(reason) == expected
        assert (f"{count} students: {reason}" in said) == (expected < count)
