"""A state as a string and back."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.explorers.batch_norm.compute import BatchNorm
from utils.explorers.boundary.compute import Boundary
from utils.explorers.convolution.compute import Convolution
from utils.explorers.dropout.compute import Dropout
from utils.explorers.gradient.compute import GradientCheck
from utils.explorers.gradient_flow.compute import GradientFlow
from utils.explorers.optimisers.compute import Optimisers
from utils.explorers.state import State, StateError
from utils.explorers.weight_scale.compute import WeightScale


@dataclass(frozen=True)
class Small(State):
    count: int = 3
    rate: float = 0.5
    kind: str = "a"
    on: bool = False
    cells: tuple[float, ...] = (1.0, -2.0)

    name: ClassVar[str] = "small"
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {
        "count": (0, 9),
        "rate": (1e-6, 1e6),
        "kind": ("a", "b=&c?", "ü"),
        "cells": (-1000.0, 1000.0),
    }


@given(
    st.integers(0, 9),
    st.floats(1e-6, 1e6),
    st.sampled_from(Small.limits["kind"]),
    st.booleans(),
    st.lists(st.floats(-1000, 1000), min_size=1, max_size=5),
)
def test_a_state_survives_its_string(count: int, rate: float, kind: str, on: bool, cells: list[float]) -> None:
    state = Small(count, rate, kind, on, tuple(cells))
    back = Small.parse(str(state))
    assert (back.count, back.kind, back.on) == (count, kind, on)
    assert back.rate == pytest.approx(rate, rel=1e-5)
    assert back.cells == pytest.approx(state.cells, rel=1e-5, abs=1e-9)
    assert str(back) == str(state)


def test_what_is_left_out_is_as_in_a_new_state() -> None:
    assert Small.parse("small?count=7") == Small(count=7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("other?count=1", "begin with"),
        ("", "begin with"),
        ("small?count=12", "between 0 and 9"),
        ("small?count=x", "no int"),
        ("small?colour=red", "no setting"),
        ("small?kind=z", "one of a"),
        ("small?on=maybe", "no bool"),
        ("small?rate=nan", "between"),
        ("small?cells=1,5000", "between"),
    ],
)
def test_a_wrong_string_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(StateError, match=says) as caught:
        Small.parse(text)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@given(st.text())
def test_no_string_does_worse_than_a_sentence(text: str) -> None:
    for code in (text, "small?" + text):
        with contextlib.suppress(StateError):
            Small.parse(code)


def test_the_states_of_the_documentation_can_be_pasted() -> None:
    text = (Path(__file__).parents[2] / "docs" / "explorers.md").read_text()
    pasted = re.findall(r"`([a-z-]+\?[^`]+)`", text)
    every = (Boundary, GradientFlow, WeightScale, BatchNorm, Dropout, Optimisers, Convolution, GradientCheck)
    kinds = {state.name: state for state in every}
    assert {state.partition("?")[0] for state in pasted} == set(kinds)
    for state in pasted:
        assert str(kinds[state.partition("?")[0]].parse(state)) == state
