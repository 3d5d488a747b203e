"""A loop that cannot end is named, and no other."""

from __future__ import annotations

import pytest

from utils.checks.diagnose import endless_loop

BODIES = [
    (
        "i = 0\n    while i < n:\n        j = 0\n        while j < n:\n            j += 1",
        'line 3, "while i < n:", never ends',
    ),
    ("i = 0\n    while i < n:\n        j = 2 * i", "nothing inside of it changes i or n"),
    ("while True:\n        n = 2", "nothing inside of it leaves it"),
    ("i = 0\n    while i < n:\n        i += 1", ""),
    ("while True:\n        break", ""),
    ("while n.any():\n        n[0] = 0", ""),
    ("i, t = 0, 0\n    while i < len(n):\n        t += n[i].sum() + np.sum(n)", "nothing inside of it changes i or n"),
    ("while len(n) > 0:\n        n.pop()", ""),
    ("while len(n) > 0:\n        shorten(n)", ""),
    ("while len(n) > 0:\n        del n[0]", ""),
    ("while len(n) > 0:\n        n = n[1:]", ""),
    ("while len(n) > 0:\n        n[0:1] = []", ""),
    ("m = n\n    while len(n) > 0:\n        other = n\n        other.pop()", ""),
    ("while size(n) > 0:\n        t = 1", ""),
    ("for i in range(n):\n        pass", ""),
]


@pytest.mark.parametrize(("body", "words"), BODIES)
def test_a_loop_that_cannot_end_is_named(body: str, words: str) -> None:
    said = endless_loop(f"def f(n):\n    {body}\n", "f")
    assert words in said
    assert bool(words) == bool(said)


def test_a_loop_of_another_function_is_not_named() -> None:
    assert not endless_loop("def g(n):\n    while n:\n        pass\n", "f")
    assert endless_loop("class Net:\n    def f(self, n):\n        while n:\n            pass\n", "Net.f")
    assert not endless_loop("def f(:", "f")
