"""A crash by a slip of the language, or of a name, says what should be written."""

from __future__ import annotations

import numpy as np
import pytest
from test_crash_explanations import INPUTS, crash_of

from utils.checks.crash_clues import may_be_misspelt
from utils.checks.diagnose.crashes import explain_crash

EXPECTED: dict[str, object] = {"out": np.ones((4, 5)), "loss": 1.0, "mean": np.ones(7)}
HELPERS = "def layer(v, u, scale):\n    return v\ndef rows(v):\n    v.reshape(4, -1)\n"

SLIPS: list[tuple[str, tuple[str, ...]]] = [
    ("p = 0.5\nout = p^2", ("a power is written with **: `out = p**2`",)),
    ("p = 0.5\nout = x / (1 - p^2)", ("a power is written with **: `out = x / (1 - p**2)`",)),  # ** binds tighter
    (f"{HELPERS}out = layer(x, w)", ("`layer(x, w)` leaves out `scale`",)),
    ("cache = (x, w, b)\nout = cache['x']", ("`cache` is a tuple of 3 values", "no dict")),
    ("size = (4, 7 / 7)\nout = x[:, :1].reshape(size)", ("`size` holds a float", 'Line 13, "size = (4, 7 / 7)"')),
    (f"{HELPERS}v = rows(x)\nout = v @ w", ("`v` is None there", "does the function that is called there end in")),
    ("v = param.get('v')\nout = v @ w", ("`v` is None there", "`get` gives None for a key that is not there.")),
    ("v = [x].append(x)\nout = v @ w", ("`append` changes what stands before it, and gives None",)),
    ("v = (None)\nout = v @ w", ('"v = (None)", sets it.',)),
    ("for w in range(3):\n    out = w[0]", ('"for w in range(3):", gives the name `w` to something else',)),
    ("for i in range(2):\n    image = image[i, :, 1:3, 1:3]", ("gives the name `image` to something else",)),
    ("v = x.ravel()\nout = v @ w", ("holds the whole minibatch in one vector", "(N, D) = (4, 7)")),
    ("rows = x.reshape(4, 28)", ("As a row for each of its 4 entries along axis 0 it would be",)),
    ("caches = [x]\nl = 1\nout = caches[l]", ("Its items are counted from 0",)),
    ("mean = param['mean']", ("At first there is no such key",)),
    (
        "for j in range(8):\n    for c in range(3):\n        out = c * image[0, j, 0, j]",
        ("was `image[0, c, 0, j]` meant?",),  # the other j is as far as it may be
    ),
    ("sizes = {'W1': 1, 'W2': 2}\nout = sizes['W']", ("The number is missing in the key", "`W1`")),
    ("loss = np.ones((4, 5)) + np.ones((7, 5))", ("`loss` should be a single number",)),
    ("g = np.dot(dout, b)\nout = g * dout", ("is a matrix product, which sums over the last axis", "`dout * b`")),
    (
        "out = batchnorm_backwards(x)",
        ("There is no function `batchnorm_backwards` here", "written out, imported, or done by"),
    ),
    ("out = image[:, :, 0:2, 6:8].max(axis=(2, 3))", ("lies behind the end of axis 3",)),
]

NOT_SAID = [
    # The line above sets several names, and `x` is none that a loop has taken.
    ("x, other = x[0], 1\nout = x[0, 0, 0]", "gives the name"),
    # An index that is written out is no count.
    ("caches = [x]\nout = caches[1]", "counted from 0"),
    ("sizes = {'W1': 1}\nout = sizes['V']", "number is missing"),
    ("out = np.ones((4, 5)) + np.ones((7, 5))", "single number"),
]


@pytest.mark.parametrize(("body", "phrases"), SLIPS)
def test_a_slip_is_explained(body: str, phrases: tuple[str, ...]) -> None:
    said = explain_crash(crash_of("slips", f"{body}\nreturn x"), INPUTS, EXPECTED)
    assert all(phrase in said for phrase in phrases), said


@pytest.mark.parametrize(("body", "phrase"), NOT_SAID)
def test_what_has_another_reason_is_not_called_a_slip(body: str, phrase: str) -> None:
    assert phrase not in explain_crash(crash_of("slips", f"{body}\nreturn x"), INPUTS, EXPECTED)


@pytest.mark.parametrize(
    ("name", "other", "alike"),
    [
        ("samplemean", "sample_mean", True),
        ("scroes", "scores", True),
        ("lerning_rate", "learning_rate", True),
        ("batchnorm_backward", "batchnorm_backward_alt", True),
        ("dscores", "scores", False),
        ("x_hat", "dx_hat", False),
        ("a_hat", "v_hat", False),
        ("running_var", "running_mean", False),
        ("out2", "out1", False),
        ("affine_relu_forward", "affine_relu_backward", False),
    ],
)
def test_a_name_for_another_quantity_is_no_slip(name: str, other: str, alike: bool) -> None:
    assert may_be_misspelt(name, other) is alike
