"""An index that is an input of the exercise, as a label is, is right: its axis is not."""

from __future__ import annotations

import linecache
import textwrap
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import Crash, run_program

INPUTS: dict[str, object] = {"x": np.ones((5, 8)), "y": np.array([6, 0, 4, 1, 5])}
RIGHT = "`y` is given and right, so axis 0 of `q` has the wrong size, or is not the axis that this index belongs to."


def explained(body: str, inputs: dict[str, object] = INPUTS, modules: tuple[str, ...] = ("np",)) -> str:
    file = "nndl/given.py"
    source = f"import numpy as np\n\n\ndef f(x, y):\n{textwrap.indent(body, '    ')}\n"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("nndl.given")
    exec(compile(source, file, "exec"), vars(module))
    crash = run_program("out = given.f(x, y)", {"given": module}, inputs, ("out",))
    assert isinstance(crash, Crash), crash
    return explain_crash(replace(crash, modules=modules), inputs, {"out": np.ones((5, 8))})


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("q = x * 2\nq[y] += 1\nreturn q", "was `q[np.arange(q.shape[0]), y]` meant, an entry of each row?"),
        ("y = np.asarray(y)\nq = x * 2\nreturn q[y]", "It would be one along axis 1, of size 8: was `q["),
        ("q = x * 2\nfor label in y:\n    q[label] -= 1\nreturn q", "It would be one along axis 1, of size 8."),
        ("q = x * 2\nfor i, c in enumerate(y):\n    q[c, i] -= 1\nreturn q", "It would be one along axis 1"),
        ("q = x * 2\nfor i in range(5):\n    c = int(y[i])\n    q[c, i] -= 1\nreturn q", "It would be one along"),
        ("q = np.zeros((5, 3))\nq[y] += 1\nreturn q", ""),
        ("q = np.zeros(5)\nq[y] += 1\nreturn q", ""),
    ],
)
def test_an_input_is_right_and_its_axis_is_not(body: str, meant: str) -> None:
    said = explained(body)
    assert RIGHT in said
    assert meant in said
    assert ("It would be" in said) == bool(meant)
    assert "should stay below" not in said


@pytest.mark.parametrize("body", ["q = x * 2\nq[y] += 1\nreturn q", "return x - y"])
def test_an_entry_of_each_row_is_written_with_a_module_that_the_file_imports(body: str) -> None:
    assert "[np.arange(" in explained(body)
    assert "[torch.arange(" in explained(body, modules=("torch",))
    said = explained(body, modules=())
    assert said.endswith(".")
    assert "arange" not in said


@pytest.mark.parametrize(
    "body",
    [
        "q = x * 2\nc = y + 1\nreturn q[c]",
        "y = y + 2\nq = x * 2\nreturn q[y]",
        "q = x * 2\ny += 1\nreturn q[y]",
        "q = x * 2\nk = np.argmax(x - np.arange(8)[::-1])\nreturn q[k]",
    ],
)
def test_what_is_computed_is_not_called_right(body: str) -> None:
    inputs = {"x": np.ones((5, 8)), "y": np.array([6, 0, 4, 1, 5])}
    assert "given and right" not in explained(body, inputs)
