"""A crash over windows, loops and shapes of outputs says which limit, which loop or which shape should be another."""

from __future__ import annotations

import numpy as np
import pytest
from test_crash_explanations import crash_of

from utils.checks.diagnose.crashes import explain_crash

IMAGES = np.ones((4, 3, 8, 6))
INPUTS: dict[str, object] = {
    "x": np.linspace(-1, 1, 28).reshape(4, 7),
    "w": np.ones((7, 5)),
    "b": np.ones(5),
    "dout": np.ones((4, 5)),
    "image": IMAGES,
    "param": {"stride": 2, "pad": 1},
}
EXPECTED: dict[str, object] = {
    "out": np.ones((4, 3, 4, 3)),
    "dw": np.ones((7, 5)),
    "maps": IMAGES,
    "grads": {"W1": np.ones((7, 5))},
}

LOOPS = (
    "out = np.zeros((4, 3, 4, 3))\nfor i in range(4):\n    for j in range(3):\n        r, c = 2 * i, 2 * j\n        "
)

SWAPPED = """wide = np.ones((4, 3, 12, 6))
out = np.zeros((4, 3, 4, 3))
for j in range(3):
    for i in range(4):
        """

WINDOWS: list[tuple[str, tuple[str, ...]]] = [
    (
        f"{LOOPS}win = image[:, :, r:r + 3, c:j + 3]\n        out[:, :, i, j] = (win * np.ones((3, 3))).sum()",
        ("sets `win`. The slice `c:j + 3` is 2:4 there", "holds 2 entries where 3 are due", "`c + …`"),
    ),
    (
        f"{LOOPS}out[:, :, i, j] = image[:, :, r:3, c:3].max(axis=(2, 3))",
        ("is empty there", "The slice `c:3` is 4:3 there and holds no entries", "`c + …`"),
    ),
    (
        f"{LOOPS}win = image[:, :, r:r + 3, c:c + 3]\n        out[:, :, i, j] = (win * np.ones((3, 3))).sum()",
        (
            "`c:c + 3` is 4:7 there, but axis 3 of `image` has 6 entries",
            "as large there as an image without padding; with 1 zero on each side",
        ),
    ),
    (
        f"{LOOPS}image[:, :, r - 1:r + 2, c - 1:c + 2] += np.ones((3, 3))",
        ("`r - 1` is -1 there", "counts from the end of the axis", "needs `image` with the zeros of the padding"),
    ),
    (
        f"{SWAPPED}out[:, :, j, i] = (wide[:, :, :2, i * 2:i * 2 + 2] * np.ones((2, 2))).sum()",
        ("`i` is 3 there, and axis 3 of `out` has only 3 entries", "`i` and `j` have changed places"),
    ),
    (
        "sums = np.zeros((4, 2))\nfor c in range(0, 6, 2):\n    sums[0, c // 2] = image[0, 0, 0, c:c + 3].sum()",
        ("`c // 2` is 2 there", "The slice `c:c + 3` is 4:7 there and hangs over the end of `image`"),
    ),
    (
        "for k in range(5):\n    for n in range(7):\n        x[k, n] += b[n]",
        ("`n` is 5 there", "`k` stays below it, by line", '"for k in range(5):": was `b[k]` meant?'),
    ),
    (
        "dw = np.zeros_like(x)\ndw[1:5] += w[1:5]",
        (
            "`dw` should have shape (7, 5), but line",
            '"dw = np.zeros_like(x)", gives it (4, 7)',
        ),
    ),
    (
        "flat = image.reshape(4, 3, -1)\nmaps = flat * np.ones((1, 3, 1, 1))",
        ("`flat` holds as many numbers as `maps`", "(4, 3, 8, 6): it should be brought to that shape"),
    ),
    ("x[0, 0] = max(image[0, 0])", ("compares the rows of an array", "`np.max(image[0, 0])` is the largest entry")),
    (
        f"k = np.ones(27)\n{LOOPS}part = image[:, :, r:r + 3, c:c + 3]\n        x[:, j] = part.reshape(4, -1) @ k",
        ("is 4:7 there, but axis 3 of `image` has 6 entries", "without padding"),
    ),
    (
        f"{LOOPS}image[:, :, :3, :3] += 2 * image[:, :, r:i + 3, :3]",
        ("The slice `r:i + 3` is 2:4 there and holds 2 entries where 3 are due", "`r + …`"),
    ),
    (
        "table = np.zeros((4, 2))\nloss = (table * dout).sum()",
        ('"table = np.zeros((4, 2))", gives `table` 2 entries along axis 1, where `dout` has 5.',),
    ),
    (
        "params = {'W1': w}\nfor k, name in enumerate(params):\n    v = params[k]",
        ("`k` is a number, which line", "was `name` meant as the key?"),
    ),
    (
        "scores = x[0]\nbest = scores.argmax(axis=1)",
        ("so there is no axis 1. Line", '"scores = x[0]", sets it.'),
    ),
    (
        "params = {'W1': w}\nfor k, v in params:\n    v = params[k]",
        ("takes each key apart: 'W1' into 'W' and '1'", "`for k, v in params.items():`"),
    ),
    (
        "params = {'gamma': w}\nfor k, v in params:\n    params[k] = v",
        ("A loop over a dict gives its keys alone: `for k, v in params.items():`",),
    ),
    (
        "params = {'W1': w}\nfor p in params:\n    p -= 0.1 * params[p]",
        ("`p` is a key, a text", "`params[p]`: that should stand in place of `p`"),
    ),
    (
        "grads = {}\ngrads['W1'] = w.T\nloss = reg * 2",
        ("Beside that, `grads['W1']` has shape (5, 7) at that point, and should have (7, 5) in the end.",),
    ),
]


@pytest.mark.parametrize(("body", "phrases"), WINDOWS)
def test_a_crash_over_windows_and_loops_is_explained(body: str, phrases: tuple[str, ...]) -> None:
    said = explain_crash(crash_of("windows", f"{body}\nreturn x"), INPUTS, EXPECTED)
    assert all(phrase in said for phrase in phrases), said


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        # A larger array may be meant, with its padding; and nothing says that a window of constants moves.
        ("dw = np.zeros((9, 7))\ndw[1:3] += image[0, 0]", "should have shape"),
        ("out = image[0, 0, 1:3, 1:3] * np.ones((3, 3))", "its own start"),
        # The limits of two loops are exchanged only where each would fit the other's axis.
        ("out = np.zeros((4, 3))\nfor i in range(3):\n    for j in range(7):\n        out[i, j] = 1", "changed places"),
    ],
)
def test_nothing_is_said_of_windows_without_evidence(body: str, phrase: str) -> None:
    assert phrase not in explain_crash(crash_of("windows", f"{body}\nreturn x"), INPUTS, EXPECTED)
