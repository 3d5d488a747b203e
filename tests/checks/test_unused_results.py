"""What a function computes and never uses is found, whatever else it is made of."""

from __future__ import annotations

import ast
import textwrap

import pytest

from utils.checks.diagnose.changes import Source
from utils.checks.diagnose.unused_results import unused_results


def unused(body: str) -> list[str]:
    function = ast.parse("def f(self, x, w):\n" + textwrap.indent(textwrap.dedent(body), "    ")).body[0]
    assert isinstance(function, ast.FunctionDef)
    return [name for name, _ in unused_results(function)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("a = x @ w\nbn, cache = batchnorm_forward(a)\nreturn a, cache", ["bn"]),
        ("a = x @ w\nh = np.maximum(0, a)\nreturn a", ["h"]),
        ("a = x @ w\na = relu(x)\nreturn x", ["a"]),
        ("h = 2 * x\nh = 3 * w\nreturn x", ["h"]),
        ("a = x @ w\nreturn a", []),
        ("out, cache = relu(x)\nreturn out", []),  # only the first value
        ("dx, dw = affine_backward(x, w)\nreturn dw", []),
        ("n, d = x.shape\nh = 0\nc = w\nreturn x", []),  # nothing is computed
        ("_ = relu(x)\nreturn x", []),
        ("h = relu(x)\nreturn (lambda: h)()", []),
        ("h = relu(x)\nh += 1\nreturn x", []),
        ("h = relu(x)\ndel h\nreturn x", []),
        ("global h\nh = relu(x)\nreturn x", []),
        ("h = relu(x)\nreturn locals()", []),
        ("self.h = relu(x)\nparams['h'] = relu(x)\nreturn x", []),
        ("for h in relu(x):\n    g = h * 2\nreturn x", ["g"]),
    ],
)
def test_results_that_nothing_reads_are_found(body: str, found: list[str]) -> None:
    assert unused(body) == found


def test_a_clause_names_the_first_with_its_line() -> None:
    text = "import numpy as np\n\n\ndef f(x):\n    a = x + 1\n    b = a * 2\n    c = x * 3\n    return a\n"
    assert Source("file", "f", text).unused == "`b`, which line 6 computes, is not used"
    assert Source("file", "f", "def f(x):\n    return 2 * x\n").unused == ""
    assert Source("file", "g", text).unused == ""
