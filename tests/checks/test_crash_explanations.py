"""A crash is explained in the terms of its exercise."""

from __future__ import annotations

import linecache
import textwrap
from types import ModuleType

import numpy as np
import pytest
from crash_examples import DEVELOPMENT, HELD_BACK

from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import Crash, run_program

DOC = '''
    """A layer.

    x : ndarray of shape (N, D)
    w : ndarray of shape (D, M)
    b : ndarray of shape (M,)
    dout : ndarray of shape (N, M)
    image : ndarray of shape (N, C, H, W)
    """
'''
INPUTS: dict[str, object] = {
    "x": np.linspace(-1, 1, 28).reshape(4, 7),
    "w": np.ones((7, 5)),
    "b": np.ones(5),
    "dout": np.ones((4, 5)),
    "image": np.ones((4, 3, 8, 6)),
    "param": {"stride": 2, "pad": 1},
}
EXPECTED: dict[str, object] = {"dx": np.ones((4, 7)), "dw": np.ones((7, 5)), "db": np.ones(5)}


def explained(name: str, body: str, call: str = "out = layers.f(x, w, b, dout, image, param)") -> str:
    file = f"nndl/{name}.py"
    code = textwrap.indent(body, "    ")
    source = f"import numpy as np\n\n\ndef f(x, w, b, dout, image, param):{DOC}{code}\n"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("nndl.layers")
    exec(compile(source, file, "exec"), vars(module))
    answer = run_program(call, {"layers": module}, INPUTS, ("out",))
    assert isinstance(answer, Crash), answer
    return explain_crash(answer, INPUTS, EXPECTED) or f"UNEXPLAINED {answer}"


@pytest.mark.parametrize(
    ("name", "body", "phrases"), DEVELOPMENT + HELD_BACK, ids=[one[0] for one in DEVELOPMENT + HELD_BACK]
)
def test_a_crash_is_explained(name: str, body: str, phrases: tuple[str, ...]) -> None:
    said = explained(name, body)
    print(said)
    assert all(phrase in said for phrase in phrases), said
