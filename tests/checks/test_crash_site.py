"""Describing a crash: the student's own line, and the operands on it."""

from __future__ import annotations

import linecache
from types import ModuleType

import numpy as np
import pytest

from utils.checks.program import Crash, run_program

SOURCE = """
import numpy as np

scale = np.ones((7, 8))


class Net:
    def __init__(self, w):
        self.params = {"W1": w}

    @property
    def trap(self):
        raise SystemExit("a property ran")

    def loss(self, x):
        return x.dot(self.params["W1"])

    def lacks(self, x):
        return x @ self.params["W2"]

    def guarded(self, x):
        return x @ self.params["W1"] @ [self, self.trap][0]


def item_of_an_attribute(x, w):
    return Net(w).loss(x)


def no_such_key(x, w):
    return Net(w).lacks(x)


def over_rows(x, w):
    total = (
        x
        @ w
    )
    return total


def comprehension(x, w):
    return [row @ w for row in x]


def by_lambda(x, w):
    return (lambda rows: rows @ w)(x)


def inside_numpy(x, w):
    return np.einsum("ij,jk->ik", x, w)


def too_far(x, w):
    i, j = 7, 0
    return x[i, j]


def a_part_of_a_line(x, w):
    return x.T @ x + x @ w


def of_nothing(x, w):
    cache = None
    return cache["x"] + x


def unpacks(x, w):
    cache = (x, w)
    a, b, c = cache
    return a


def items(x, w):
    cache = (x, w)
    return cache[0] @ cache[1]


def adds_to(x, w):
    x += w
    return x


def assigns(x, w):
    out = np.zeros((2, 2))
    out[0] = x
    return out


def of_the_module(x, w):
    return x @ scale


def a_condition(x, w):
    if x:
        return w
    return x


def a_shape(x, w):
    shape = (5, 7)
    return x.reshape(shape)


def accents(x, w):
    größe = "é"; return größe, x @ w


def deep(x, w):
    def inner(rows):
        return rows @ w

    return inner(x)
"""

CRASHES = [
    ("item_of_an_attribute", "x (2, 3), self.params['W1'] (4, 5)", 'return x.dot(self.params["W1"])'),
    ("no_such_key", "self.params with W1", 'return x @ self.params["W2"]'),
    ("over_rows", "x (2, 3), w (4, 5)", "x @ w"),
    ("comprehension", "row (3,), w (4, 5)", "return [row @ w for row in x]"),
    ("by_lambda", "rows (2, 3), w (4, 5)", "return (lambda rows: rows @ w)(x)"),
    ("inside_numpy", "x (2, 3), w (4, 5)", 'return np.einsum("ij,jk->ik", x, w)'),
    ("too_far", "x (2, 3), i = 7, j = 0", "return x[i, j]"),
    ("a_part_of_a_line", "x (2, 3), w (4, 5)", "return x.T @ x + x @ w"),
    ("of_nothing", "cache None", 'return cache["x"] + x'),
    ("unpacks", "cache of 2 items", "a, b, c = cache"),
    ("items", "cache[0] (2, 3), cache[1] (4, 5)", "return cache[0] @ cache[1]"),
    ("adds_to", "x (2, 3), w (4, 5)", "x += w"),
    ("assigns", "x (2, 3)", "out[0] = x"),
    ("of_the_module", "x (2, 3), scale (7, 8)", "return x @ scale"),
    ("a_condition", "x (2, 3)", "if x:"),
    ("a_shape", "x (2, 3), shape = (5, 7)", "return x.reshape(shape)"),
    ("accents", "x (2, 3), w (4, 5)", 'größe = "é"; return größe, x @ w'),
    ("deep", "rows (2, 3), w (4, 5)", "return rows @ w"),
]


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    module = ModuleType("nndl.layers")
    file = "nndl/met_layers.py"
    linecache.cache[file] = (len(SOURCE), None, SOURCE.splitlines(keepends=True), file)
    exec(compile(SOURCE, file, "exec"), vars(module))
    return module


def crash(layers: ModuleType, function: str) -> Crash:
    inputs = {"x": np.ones((2, 3)), "w": np.ones((4, 5))}
    answer = run_program(f"out = layers.{function}(x, w)", {"layers": layers}, inputs, ("out",))
    assert isinstance(answer, Crash)
    return answer


@pytest.mark.parametrize(("function", "shapes", "source"), CRASHES, ids=[one[0] for one in CRASHES])
def test_a_crash_shows_the_line_and_what_met_there(layers: ModuleType, function: str, shapes: str, source: str) -> None:
    answer = crash(layers, function)
    assert answer.entered == function
    assert source in answer.source
    assert shapes in answer.shapes


def test_what_is_beside_the_failing_part_is_left_out(layers: ModuleType) -> None:
    assert crash(layers, "a_part_of_a_line").shapes == "x (2, 3), w (4, 5)"


def test_a_comprehension_and_a_lambda_stand_in_their_function(layers: ModuleType) -> None:
    assert crash(layers, "comprehension").function == "comprehension"
    assert crash(layers, "by_lambda").function == "by_lambda"
    assert crash(layers, "deep").function == "deep.<locals>.inner"


def test_a_property_is_not_run_to_be_shown(layers: ModuleType) -> None:
    net = layers.Net(np.ones((4, 5)))
    program = "out = net.guarded(x)"
    answer = run_program(program, {"net": net}, {"x": np.ones((2, 3))}, ("out",))
    assert isinstance(answer, Crash)
    assert "trap" not in answer.shapes
