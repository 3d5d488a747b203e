"""Walking through nested values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.checks.values import count_numbers, parts, value_at, walk, with_value_at

NAMES = st.text("abc", min_size=1, max_size=3)
LEAVES = st.integers() | st.text("xyz", max_size=2) | st.lists(st.integers(), max_size=3)
NESTED = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)
TABLES = st.dictionaries(NAMES, NESTED, max_size=4)


@given(TABLES)
def test_every_path_of_a_walk_leads_to_its_value(values: dict[str, object]) -> None:
    for path, value in walk(values):
        assert value_at(values, path) is value


@given(TABLES, st.integers())
def test_another_value_at_a_path_leaves_all_others_as_they_are(values: dict[str, object], number: int) -> None:
    before = dict(walk(values))
    for path in before:
        changed = with_value_at(values, path, number)
        assert dict(walk(changed)) == before | {path: number}
        assert dict(walk(values)) == before


@pytest.mark.parametrize("path", ["y", "x.y", "params.W2", "params.W1.b"])
def test_where_nothing_is_there_is_none(path: str) -> None:
    assert value_at({"x": 1, "params": {"W1": 2}}, path) is None


def test_numbers_are_counted_in_every_part() -> None:
    value = {"x": np.ones((2, 3)), "steps": [np.ones(4), (1, {"p": 0.5})], "mode": "train"}
    assert len(parts(value)) == 5
    assert count_numbers(value) == 6 + 4 + 1 + 1 + 1
