"""What the book shows of the explorers is what the reference computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.reference import Reference
from utils.explorers.grids.__main__ import GRIDS, TRAINING, written
from utils.explorers.grids.grid import Control, Grid, Part, logarithms, rounded, thinned, whole
from utils.explorers.state import State
from utils.explorers.weight_scale.compute import WeightScale

PAGES = Path(__file__).parents[2] / "docs" / "explorers"
QUICK = [(name, part) for name, grid in GRIDS.items() for part in grid.parts if part.name != TRAINING]
TRAINED = [(name, part) for name, grid in GRIDS.items() for part in grid.parts if part.name == TRAINING]


def stored(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    return read


def numbers(value: Any) -> list[float]:
    """All numbers in a value of JSON, text as the codes of its characters."""
    if isinstance(value, dict):
        return [one for key in sorted(value) for one in numbers(value[key])]
    if isinstance(value, list | tuple):
        return [one for part in value for one in numbers(part)]
    if isinstance(value, str):
        return [float(ord(sign)) for sign in value]
    return [float("nan") if value is None else float(value)]


def agreement(one: Any, other: Any) -> float:
    """The share of numbers that are the same but for the last digit that is stored."""
    first, second = numbers(one), numbers(other)
    if len(first) != len(second):
        return 0.0
    return float(np.mean(np.isclose(first, second, rtol=0.02, atol=1.0, equal_nan=True)))


@pytest.mark.parametrize("name", GRIDS)
def test_each_explorer_s_file_has_its_controls_and_all_states(name: str, reference: Reference) -> None:
    grid, read = GRIDS[name], stored(name)
    head = json.loads(json.dumps({**grid.described(), "always": grid.always(reference.module)}))
    assert {key: read[key] for key in head} == head
    assert set(read["parts"]) == {part.name for part in grid.parts}
    for part in grid.parts:
        assert read["parts"][part.name]["controls"] == list(part.controls)
        assert len(read["parts"][part.name]["numbers"]) == len(list(grid.states(part)))


@pytest.mark.parametrize(("name", "part"), QUICK, ids=lambda one: getattr(one, "name", one))
def test_the_stored_numbers_are_those_of_the_reference(name: str, part: Part, reference: Reference) -> None:
    kept = stored(name)["parts"][part.name]["numbers"]
    states = list(GRIDS[name].states(part))
    rng = np.random.default_rng(len(states))
    for index in rng.choice(len(states), min(6, len(states)), replace=False):
        found = part.numbers(reference.module, states[index])
        # What rounding leaves depends on the processor: of an error near 1e-14, and of values at a bin's edge.
        assert agreement(kept[index], found) > 0.9, states[index]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part"), TRAINED, ids=lambda one: getattr(one, "name", one))
def test_the_stored_results_of_training_are_those_of_the_reference(name: str, part: Part, reference: Reference) -> None:
    kept = stored(name)["parts"][part.name]["numbers"]
    states = list(GRIDS[name].states(part))
    index = len(states) // 2
    assert agreement(kept[index], part.numbers(reference.module, states[index])) > 0.9


def test_short_training_gives_what_is_stored(reference: Reference) -> None:
    part = next(part for part in GRIDS["batch-norm"].parts if part.name == TRAINING)
    *_, state = GRIDS["batch-norm"].states(part)
    kept = stored("batch-norm")["parts"][TRAINING]["numbers"][-1]
    assert agreement(kept, part.numbers(reference.module, state)) > 0.9


def test_would_numbers_of_other_code_be_seen(reference: Reference) -> None:
    grid = GRIDS["weight-scale"]
    (part, *_) = grid.parts
    states = list(grid.states(part))
    kept = stored("weight-scale")["parts"][part.name]["numbers"]
    net: Any = reference.module("fc_net").FullyConnectedNet

    class Wrong(net):
        def hidden_forward(self, layer: int, x: Any) -> Any:
            out, cache = super().hidden_forward(layer, x)
            return 3 * out, cache

    class Modules:
        FullyConnectedNet = Wrong

    found = part.numbers(lambda name: Modules, states[130])
    assert agreement(kept[130], found) < 0.8


def test_a_part_depends_on_nothing_but_its_controls_and_is_stored_in_their_order() -> None:
    grid = Grid(
        WeightScale(seed=7),
        (
            Control("depth", "d", (1, 3), 3),
            Control("width", "w", (5, 10, 15), 10),
            Control("norm", "n", ("none",), "none"),
        ),
        (Part("both", ("width", "depth"), lambda modules, state: [state.width, state.depth, state.seed]),),
    )
    read = json.loads(written(grid, lambda name: None, {}))
    assert read["parts"]["both"]["numbers"] == [[5, 1, 7], [5, 3, 7], [10, 1, 7], [10, 3, 7], [15, 1, 7], [15, 3, 7]]
    assert [control["first"] for control in read["controls"]] == [1, 1, 0]
    assert [control["choice"] for control in read["controls"]] == [False, False, True]


@pytest.mark.parametrize("grid", GRIDS.values(), ids=list(GRIDS))
def test_each_setting_is_a_state_that_can_be_pasted(grid: Grid) -> None:
    described = grid.described()
    for choose in (0, -1):
        settings = described["state"] | {one["field"]: one["values"][choose] for one in described["controls"]}
        text = f"{described['explorer']}?{'&'.join(f'{key}={value}' for key, value in settings.items())}"
        assert isinstance(type(grid.state).parse(text), State)


def test_numbers_are_stored_short() -> None:
    assert whole([0.126, -2.0, float("inf"), float("nan")], 100) == [13, -200, None, None]
    assert rounded(0.0123456) == 0.0123
    assert rounded(float("nan")) is None
    assert logarithms([1e-20, 0.01, float("nan")], 1e-14) == [-1400, -200, None]
    at, values = thinned(np.arange(10) ** 2, 4)
    assert at == [0, 3, 6, 9]
    assert list(values) == [0, 9, 36, 81]
    assert thinned([5, 6], 4)[0] == [0, 1]
