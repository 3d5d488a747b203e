"""Naming what is wrong with random masks and with the spread of weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from utils.checks.compare import Array, Dropped, Initialised
from utils.checks.diagnose.describe.draws import draw_clauses, mask_clauses, masks, spread_clause, uniform_clause

Draw = Callable[[np.random.Generator, float, tuple[int, int]], Array]


def said_of(draw: Draw) -> list[str]:
    values, inputs = [], []
    for p, shape in ((0.2, (40, 30)), (0.7, (30, 50))):
        x = np.random.default_rng(0).uniform(1, 2, shape)
        values.append(x * draw(np.random.default_rng(1), p, shape))
        inputs.append({"x": x, "p": p})
    return mask_clauses(masks([Dropped()] * 2, values, inputs))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda rng, p, shape: (rng.random(shape) >= p) / (1 - p), []),
        (lambda rng, p, shape: (rng.random(shape) >= p) / p, ["what is kept is multiplied by 1 / p;"]),
        (lambda rng, p, shape: (rng.random(shape) >= p) * 2, ["what is kept is multiplied by 2;"]),
        (
            lambda rng, p, shape: (rng.random(shape) < p) * (1 - p),
            ["what is kept is multiplied by 1 − p;", "the share of entries that are dropped is 1 − p"],
        ),
        (
            lambda rng, p, shape: (rng.random((shape[0], 1)) >= p) * np.ones(shape),
            ["what is kept is multiplied by 1: it is not scaled up;", "all entries of a row are dropped or kept"],
        ),
        (
            lambda rng, p, shape: (rng.random(shape) >= p) * float(int(1 / (1 - p))),
            ["what is kept is multiplied by 1 / (1 − p) cut off to a whole number"],
        ),
        (
            lambda rng, p, shape: (rng.random(shape) >= p) * (5 - p),
            ["what is kept is multiplied by 4.8 where p is 0.2;"],
        ),
        (lambda rng, p, shape: np.ones(shape) / (1 - p), ["nothing is dropped;"]),
        (lambda rng, p, shape: (rng.random(shape) >= p) * rng.random(shape), []),
    ],
)
def test_each_property_of_a_mask_that_is_wrong_is_named(draw: Draw, words: list[str]) -> None:
    said = said_of(draw)
    assert len(said) == len(words)
    assert all(one.startswith(start) for one, start in zip(said, words, strict=True))


@pytest.mark.parametrize(
    ("std", "words"),
    [
        (lambda shape: (2 / shape[0]) ** 0.5, "√(2 / n) with n as the first size of the shape"),
        (lambda shape: 1.0, "1"),
        (lambda shape: 0.37, ""),
    ],
)
def test_the_size_that_a_spread_goes_by_is_named(std: Callable[[tuple[int, int]], float], words: str) -> None:
    rng, shapes = np.random.default_rng(0), [(20, 300), (250, 31)]
    values = [std(shape) * rng.standard_normal(shape) for shape in shapes]
    rules, inputs = [Initialised(std="std")] * 2, [{"std": (2 / shape[1]) ** 0.5} for shape in shapes]
    said = spread_clause(rules, values, inputs)
    assert said == (f"its standard deviation is about {words}" if words else "")
    relative = [Initialised(std="std", is_relative=True)] * 2
    assert spread_clause(relative, values, inputs) == ""  # these are not the weights themselves
    uniform, of_one = [Initialised(std="std", is_relative=True, is_uniform=True)] * 2, [{"std": 1.0}] * 2
    halved = [value / 2 for value in values]
    assert spread_clause(uniform, halved, of_one) == ""  # the right spread of these goes by another formula
    assert spread_clause(rules[:1], values[:1], inputs[:1]) == ""  # one shape fits too many
    assert draw_clauses(rules, values, inputs, "it has standard deviation 3") == ([said] if said else [])
    assert draw_clauses(rules, values, inputs, "it has mean 3") == ([f"{said}, and should be std"] if said else [])


@pytest.mark.parametrize(
    ("is_relative", "words"),
    [(True, "w has 3.01 times the standard deviation that it should have"), (False, "w has standard deviation 3.01")],
)
def test_of_weights_that_are_scaled_no_standard_deviation_is_told(is_relative: bool, words: str) -> None:
    values = np.random.default_rng(0).standard_normal((60, 50))
    (fault,) = Initialised(std="std", is_relative=is_relative).faults(
        "w", values, 3.01 * values / values.std(), {"std": 1.0}
    )
    assert fault.sentence.startswith(words)


def test_that_nothing_is_dropped_is_not_said_where_it_may_be_chance() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (8, 10))
    for p, count in ((0.01, 0), (0.5, 1)):
        assert len(mask_clauses(masks([Dropped()], [x / (1 - p)], [{"x": x, "p": p}]))) == count


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda rng, shape: rng.random(shape) * 0.1, "uniform between 0 and that standard deviation;"),
        (lambda rng, shape: rng.random(shape), "uniform between 0 and 1;"),
        (lambda rng, shape: rng.random(shape) * 2 / shape[0], "uniform between 0 and 2 / n with n as the first size"),
        (lambda rng, shape: rng.uniform(-0.1, 0.1, shape), "uniform between − and + that standard deviation;"),
        (lambda rng, shape: rng.uniform(3, 4, shape), "uniform between two numbers;"),
        (lambda rng, shape: rng.standard_normal(shape) * 0.3, ""),
        (lambda rng, shape: rng.choice([-0.1, 0.1], shape), ""),
        (lambda rng, shape: rng.exponential(0.1, shape), ""),
    ],
)
def test_weights_that_are_uniform_are_told_from_others(
    draw: Callable[[np.random.Generator, tuple[int, int]], Array], words: str
) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values: list[object] = [draw(rng, shape) for shape in ((30, 20), (17, 40))]
        said = uniform_clause([Initialised()] * 2, values, [{"weight_scale": 0.1}] * 2)
        assert words in said
        assert words or not said
        assert not said or said.endswith("should be normal, with mean 0 and standard deviation weight_scale")


def test_weights_that_should_be_uniform_are_not_said_to_be_so() -> None:
    values: list[object] = [np.random.default_rng(seed).uniform(-1, 1, (40, 50)) for seed in (0, 1)]
    inputs = [{"weight_scale": 0.1}] * 2
    assert uniform_clause([Initialised()] * 2, values, inputs)
    assert uniform_clause([Initialised(is_uniform=True)] * 2, values, inputs) == ""


def test_too_few_weights_are_not_called_uniform() -> None:
    values: list[object] = [np.random.default_rng(0).random((4, 5))]
    assert uniform_clause([Initialised()], values, [{"weight_scale": 0.1}]) == ""


def test_of_weights_that_come_divided_by_the_right_deviation_the_fan_is_named() -> None:
    values: list[object] = []
    for shape in ((20, 4, 5, 5), (30, 7, 3, 3)):
        fan_in, fan_out = np.prod(shape[1:]), shape[0] * np.prod(shape[2:])
        drawn = np.random.default_rng(0).standard_normal(shape)
        values.append(drawn * np.sqrt(2 / fan_out) / np.sqrt(2 / fan_in))
    rules = [Initialised(std="one", is_relative=True)] * 2
    (said,) = draw_clauses(rules, values, [{"one": 1.0}] * 2, "the standard deviation is wrong")
    assert said.startswith("its standard deviation is about √(2 / n) with n as the fan-out")
    assert said.endswith("and should be √(2 / n) with n as the fan-in")
