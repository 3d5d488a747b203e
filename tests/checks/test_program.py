"""Running a check's program: results, mutations, and crashes told in the student's own lines."""

from __future__ import annotations

import linecache
import random
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from utils.checks import crash
from utils.checks.program import Crash, Ran, run_program, seeded, seeded_runner

SOURCE = """
import numpy as np


def product(x, w):
    return x @ w


def helper(x, w):
    scaled = 2 * x
    return scaled @ w


def through_a_helper(x, w):
    return helper(x, w)


def in_place(x, w):
    x[0] = 0
    w["deep"]["est"] += 1


def stub(x, w):
    raise NotImplementedError("stub: your code here")


def leaves(x, w):
    raise SystemExit(0)


def endless(x, w):
    return endless(x, w)
"""


@pytest.fixture
def layers() -> ModuleType:
    module = ModuleType("nndl.layers")
    linecache.cache["nndl/layers.py"] = (len(SOURCE), None, SOURCE.splitlines(keepends=True), "nndl/layers.py")
    exec(compile(SOURCE, "nndl/layers.py", "exec"), vars(module))
    return module


def run(layers: ModuleType, function: str, x: object, w: object) -> Ran | Crash:
    return run_program(f"out = layers.{function}(x, w)", {"layers": layers}, {"x": x, "w": w}, ("out",))


def test_values_are_brought_back(layers: ModuleType) -> None:
    answer = run(layers, "product", np.ones((2, 3)), np.ones((3, 5)))
    assert isinstance(answer, Ran)
    assert np.array_equal(np.asarray(answer.values["out"]), np.full((2, 5), 3.0))
    assert answer.mutated == ()


def test_a_change_in_place_is_seen_and_the_caller_keeps_the_original(layers: ModuleType) -> None:
    x, w = np.ones(3), {"deep": {"est": np.zeros(2)}}
    answer = run(layers, "in_place", x, w)
    assert isinstance(answer, Ran)
    assert answer.mutated == ("x", "w")
    assert x.all()
    assert not w["deep"]["est"].any()


@pytest.mark.parametrize(
    ("before", "change", "is_seen"),
    [
        ([0.0, np.nan], "x[0] = -0.0", False),  # the same number
        ([0.0, np.nan], "x[1] = -x[1]", False),
        ([0.0, np.nan], "x[1] = 1.0", True),
        ([0.0, 1.0], "x[1] = np.nextafter(1.0, 2.0)", True),
        ([0.0, 1.0], "x[:] = x[:]", False),
    ],
)
@pytest.mark.parametrize("layout", [np.ascontiguousarray, lambda x: np.repeat(x, 2)[::2]])
def test_a_change_is_one_of_numbers(before: list[float], change: str, is_seen: bool, layout) -> None:
    answer = run_program(change, {}, {"x": layout(np.array(before))}, ())
    assert isinstance(answer, Ran)
    assert answer.mutated == (("x",) if is_seen else ())


@pytest.mark.parametrize("change", ["x.append(4)", "x.insert(0, 4)", "x.pop()", "x[1] = 4", "x.clear()"])
def test_a_change_of_a_list_is_seen(layers: ModuleType, change: str) -> None:
    answer = run_program(f"{change}\nout = 1", {"layers": layers}, {"x": [1, 2, 3]}, ("out",))
    assert isinstance(answer, Ran)
    assert answer.mutated == ("x",)


def test_a_crash_names_the_students_line_and_the_shapes_that_met_there(layers: ModuleType) -> None:
    answer = run(layers, "through_a_helper", np.ones((2, 3)), np.ones((4, 5)))
    assert isinstance(answer, Crash)
    assert (answer.error, answer.file, answer.function, answer.entered) == (
        "ValueError",
        "nndl/layers.py",
        "helper",
        "through_a_helper",
    )
    assert answer.source == "return scaled @ w"
    assert answer.shapes == "scaled (2, 3), w (4, 5)"
    assert "line 11" in str(answer)


def test_a_stub_and_a_name_that_is_not_there_are_missing(layers: ModuleType) -> None:
    for function in ("stub", "nowhere"):
        answer = run(layers, function, 1, 2)
        assert isinstance(answer, Crash)
        assert answer.missing


def test_an_attribute_error_inside_the_students_code_is_an_error(layers: ModuleType) -> None:
    answer = run(layers, "product", None, None)
    assert isinstance(answer, Crash)
    assert not answer.missing
    answer = run(layers, "in_place", np.ones(2), {})
    assert isinstance(answer, Crash)
    assert not answer.missing


@pytest.mark.parametrize(("function", "error"), [("leaves", "SystemExit"), ("endless", "RecursionError")])
def test_what_is_no_exception_of_the_ordinary_kind_is_a_crash_too(
    layers: ModuleType, function: str, error: str
) -> None:
    answer = run(layers, function, 1, 2)
    assert isinstance(answer, Crash)
    assert answer.error == error


def test_the_users_interrupt_passes_through(layers: ModuleType) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    layers.product = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(layers, "product", 1, 2)


def test_a_course_folder_called_nndl_makes_nobody_a_student() -> None:
    assert crash._is_students("/home/ana/nndl/nndl/layers.py", "nndl")
    assert not crash._is_students("/home/ana/nndl/utils/solver.py", "nndl")
    assert not crash._is_students("/home/ana/nndl/.venv/lib/numpy/core.py", "nndl")


def test_every_run_begins_with_the_same_random_numbers_and_puts_the_callers_back() -> None:
    def drawn() -> tuple[float, float]:
        return random.random(), float(np.random.random())

    module = SimpleNamespace(draw=drawn)
    run = seeded_runner({"m": module})
    random.seed(5)
    np.random.seed(5)
    first = drawn()
    random.seed(5)
    np.random.seed(5)
    one, other = (run("out = m.draw()", {}, ("out",)) for _ in range(2))
    unrestored = seeded_runner({"m": module}, restore=False)
    assert one == other
    assert drawn() == first  # as if nothing had been run
    assert unrestored("out = m.draw()", {}, ("out",)) == one
    with pytest.raises(ZeroDivisionError), seeded(2**40):
        1 / 0  # noqa: B018  # it is here to raise


def test_nothing_that_a_program_changes_is_the_callers() -> None:
    class Own:
        def __init__(self) -> None:
            self.numbers = [1]

    inputs = {"x": np.arange(6.0).reshape(2, 3).T, "nested": {"w": (np.ones(2), [np.ones(3)])}, "own": Own()}
    program = "x += 1; nested['w'][0][0] = 5; nested['w'][1][0][0] = 5; nested['new'] = 1; own.numbers.append(2)"
    given = run_program(program, {}, inputs, ("x",))
    assert isinstance(given, Ran)
    assert given.values["x"].flags.f_contiguous  # the order in memory is kept
    np.testing.assert_array_equal(inputs["x"], np.arange(6.0).reshape(2, 3).T)
    assert inputs["nested"]["w"][0][0] == inputs["nested"]["w"][1][0][0] == 1
    assert "new" not in inputs["nested"]
    assert inputs["own"].numbers == [1]
