"""Draws that are rightly made are never called strange, and tables, formulas and repetitions are."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from utils.checks.compare import Array, DrawnAnew, DroppedCounts, MinibatchesAnew, chance

SHAPE = (20, 21)
ROWS, STEPS, BATCH = 41, 200, 6
GRID = np.arange(420).reshape(SHAPE)
TABLE = np.array([NormalDist().inv_cdf((k + 0.5) / 420) for k in range(420)])

NO_DRAWS: dict[str, Array] = {
    "linspace": np.linspace(-1.73, 1.73, 420).reshape(SHAPE),
    "a formula": (((7 * np.arange(20)[:, None] + 5 * np.arange(21)) % 97) / 97 - 0.5) * 3.46,
    "a sine": 1.414 * np.sin(12.9898 * GRID),
    "two values": np.random.default_rng(0).choice([-1.0, 1.0], SHAPE),
    "uniform": np.random.default_rng(0).uniform(-1.732, 1.732, SHAPE),
    "a table of the normal distribution, shuffled": np.random.default_rng(0).permutation(TABLE).reshape(SHAPE),
    "rows that repeat": np.tile(np.random.default_rng(0).standard_normal((5, 21)), (4, 1)),
    "columns that repeat": np.tile(np.random.default_rng(0).standard_normal((20, 7)), (1, 3)),
    "a product of two vectors": np.outer(*np.random.default_rng(0).standard_normal((2, 21))),
}


def strange(array: Array) -> bool:
    return chance.not_normal(array) or chance.too_even(array) or chance.repeats_itself(array)


@pytest.mark.parametrize("name", NO_DRAWS)
def test_what_was_not_drawn_from_a_normal_distribution_is_seen(name: str) -> None:
    assert strange(NO_DRAWS[name])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_draws_are_never_strange(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        one, other = rng.standard_normal((2, *SHAPE)).astype(dtype)
        assert not strange(one)
        assert not chance.correlated(one, other)


def test_the_bound_holds_where_it_can_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a thousand million times as many false alarms allowed, there are fewer than that."""
    monkeypatch.setattr(chance, "ALARM", 0.02)
    rng = np.random.default_rng(2)
    alarms = sum(chance.unlikely_count(int(count), 200, 0.1) for count in rng.binomial(200, 0.1, 20_000))
    assert 0 < alarms < 0.02 * 20_000
    assert sum(chance.not_normal(rng.standard_normal(SHAPE)) for _ in range(2000)) < 0.02 * 2000
    assert sum(chance.not_uniform(rng.uniform(-(3**0.5), 3**0.5, SHAPE)) for _ in range(2000)) < 0.02 * 2000
    monkeypatch.setattr("utils.checks.compare.dropout.ALARM", 0.02)
    alarms = sum(bool(dropped_counts(rng.binomial(25, 0.86, 400), 0.86)) for _ in range(2000))
    assert alarms < 2 * 0.02 * 2000  # two tests


@pytest.mark.parametrize("name", ["a sine", "two values", "a table of the normal distribution, shuffled"])
def test_what_was_not_drawn_from_a_uniform_distribution_is_seen(name: str) -> None:
    assert chance.not_uniform(NO_DRAWS[name])


def test_uniform_draws_are_never_strange() -> None:
    rng = np.random.default_rng(1)
    assert not any(chance.not_uniform(rng.uniform(-(3**0.5), 3**0.5, SHAPE).astype("float32")) for _ in range(300))


def dropped_counts(counts: Array, p: float) -> str:
    inputs = {"calls": 400, "size": 25, "p": p}
    return " ".join(fault.sentence for fault in DroppedCounts().faults("counts", None, counts, inputs))


@pytest.mark.parametrize("p", [0.07, 0.35, 0.86])
def test_the_number_of_dropped_entries_varies_as_it_does_by_chance(p: float) -> None:
    rng = np.random.default_rng(1)
    right = rng.binomial(25, p, (300, 400))
    assert not any(dropped_counts(counts, p) for counts in right)
    assert "in every call" in dropped_counts(np.full(400, int(25 * p)), p)
    assert "too little" in dropped_counts(rng.permutation(np.repeat([int(25 * p), int(25 * p) + 1], 200)), p) or p < 0.1
    assert "where p =" in dropped_counts(rng.binomial(25, p + 0.05, 400), p)
    assert "too much" in dropped_counts(25 * rng.binomial(1, p, 400), p) or p < 0.1
    assert "cannot be compared" in dropped_counts(np.zeros(3), p)


def nets(seed: int | None, other: int | None) -> tuple[dict[str, Array], dict[str, Array]]:
    def net(seed: int | None) -> dict[str, Array]:
        rng = np.random.default_rng(seed)
        return {"W1": rng.standard_normal(SHAPE), "b1": np.zeros(21), "W2": rng.standard_normal((21, 6))}

    return net(seed), net(other)


def said(rule: DrawnAnew | MinibatchesAnew, got: object) -> str:
    return " ".join(fault.sentence for fault in rule.faults("again", None, got, {"num_train": ROWS}))


def test_each_net_draws_its_own_weights() -> None:
    assert said(DrawnAnew(), nets(1, 2)) == ""
    assert "the same numbers in W1" in said(DrawnAnew(), nets(1, 1))
    one, other = nets(1, 2)
    shuffled = {**one, "W1": np.random.default_rng(3).permutation(one["W1"].ravel()).reshape(SHAPE)}
    assert "the same numbers in W1" in said(DrawnAnew(), (one, shuffled))
    assert "depend on each other" in said(DrawnAnew(), (one, {**other, "W1": 0.9 * one["W1"] + 0.1 * other["W1"]}))
    tied = {**one, "W2": one["W1"].ravel()[:126].reshape(21, 6)}
    assert "W1 and W2 depend on each other" in said(DrawnAnew(), (tied, other))


def test_biases_that_were_made_as_matrices_need_not_differ() -> None:
    rows = [{**net, "b1": np.zeros((1, 4))} for net in nets(1, 2)]
    expected = [{**net, "b1": np.zeros(4)} for net in nets(3, 4)]
    assert DrawnAnew().faults("nets", expected, rows, {}) == []
    same = [{**net, "b1": np.zeros((1, 4))} for net in nets(1, 1)]
    assert DrawnAnew().faults("nets", expected, same, {})


def epochs(rng: np.random.Generator) -> Array:
    rows = [rng.permutation(ROWS)[:36].reshape(6, BATCH) for _ in range(STEPS)]
    return np.concatenate(rows)[:STEPS]


DRAWS: dict[str, Callable[[np.random.Generator], Array]] = {
    "with replacement": lambda rng: rng.integers(ROWS, size=(STEPS, BATCH)),
    "without": lambda rng: np.array([rng.choice(ROWS, BATCH, replace=False) for _ in range(STEPS)]),
    "without, unshuffled": lambda rng: np.array([rng.choice(ROWS, BATCH, False, shuffle=False) for _ in range(STEPS)]),
    "sorted": lambda rng: np.sort([rng.choice(ROWS, BATCH, replace=False) for _ in range(STEPS)]),
    "a permutation for each epoch": epochs,
}
k, i = np.arange(STEPS)[:, None], np.arange(BATCH)
RULES: dict[str, Callable[[np.random.Generator], Array]] = {
    "a formula": lambda rng: (7 * k + 5 * i) % ROWS,
    "a formula with a random start": lambda rng: (7 * k + 5 * i + rng.integers(ROWS)) % ROWS,
    "blocks with a random start": lambda rng: (rng.integers(ROWS, size=(STEPS, 1)) + i) % ROWS,
    "a seed of its own": lambda rng: np.random.default_rng(0).integers(ROWS, size=(STEPS, BATCH)),
    "some rows only": lambda rng: rng.integers(ROWS - 8, size=(STEPS, BATCH)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_every_way_to_draw_minibatches_is_right(name: str) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        assert said(MinibatchesAnew(), np.array([DRAWS[name](rng), DRAWS[name](rng)])) == ""


@pytest.mark.parametrize("name", RULES)
def test_minibatches_by_a_rule_are_seen(name: str) -> None:
    rng = np.random.default_rng(4)
    assert said(MinibatchesAnew(), np.array([RULES[name](rng), RULES[name](rng)]))


def test_minibatches_are_alike_only_if_they_leave_out_the_same_rows() -> None:
    """Who keeps the rows that were drawn before the loop leaves out most of them, and not the last one alone."""
    rng = np.random.default_rng(4)
    inputs = {"num_train": ROWS}
    no_last = [rng.integers(ROWS - 1, size=(2, STEPS, BATCH)) for _ in range(2)]
    kept = [np.tile(rng.integers(ROWS, size=(2, 1, BATCH)), (1, STEPS, 1)) for _ in range(2)]
    for drawn in (*no_last, *kept):
        assert "far more often" in said(MinibatchesAnew(), drawn)
    assert MinibatchesAnew().agree(no_last[0], no_last[1], inputs)
    assert MinibatchesAnew().agree(kept[0], kept[1], inputs)
    assert not MinibatchesAnew().agree(no_last[0], kept[0], inputs)
