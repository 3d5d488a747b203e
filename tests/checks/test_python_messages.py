"""A common message of Python or NumPy is followed by what it means."""

from __future__ import annotations

import pytest
from test_crash_explanations import INPUTS, crash_of

from utils.checks.diagnose.crashes import explain_crash, explain_syntax

MESSAGES = [
    ("out = (len(x) + 2)(3)", "a product is written with *: `(len(x) + 2) * (…)`"),
    ("sum = 3\nout = sum(x)", "gives the name of Python's function `sum` to something else"),
    ("sizes = (1, 2)\nout = sizes[2]", "`sizes` is (1, 2), with 2 items: the last index is 1."),
    ("out = np.array([x, w])", "What becomes one array should have one shape, but these differ: `x`"),
    ("out = np.array([[1, 2], [3]])", "The rows of an array should all have the same length"),
    ("out = np.sum(x, axes=0)", "`sum` has no argument `axes`: was `axis` meant?"),
    ("def f(v, u): return v\nout = f(x, w, b)", "`f` is given 3 arguments, but takes 2"),
    ("class A:\n    def f(): return 1\nout = A().f()", "is `self` missing in `def f(self, …)`?"),
    ("class A:\n    def f(v): return 1\nout = A().f(x)", "or one argument too many in the brackets?"),
    ("raise SystemExit", "a function should end with `return`"),
    ("out = np.ones((10 ** 6, 10 ** 7))", "An array of shape (1000000, 10000000) takes"),
    ("import nmpy", "There is no package `nmpy`; was `numpy` meant?"),
    ("import nowhere_to_be_found", "the grader may not have it either"),
    ("assert len(x) == 77", "An `assert` of this file is not true in this case."),
    ("out = x['a']", "`x` is an array: its entries have numbers, no names."),
    ("import math\nout = math.exp(x)", "for each entry of an array there is `np.exp`"),
    ("import math\nout = math.exp(1000)", "A number gets too large for a float"),
    ("x.shape[0] = 3", "The items of a tuple cannot be changed"),
    ("out = x[:0].max()", "The array has no entries"),
]

SYNTAX = [
    ("if 1:\n    a = 1\n      b = 2", "further to the right than the one above it"),
    ("if 1:\n    if 2:\n        a = 1\n      b = 2", "neither where the block above it does"),
    ("for k in range(3):\na = 1", "opens a block, so this one should begin further to the right"),
    ("if 1:\n        a = 1\n\tb = 2", "all should begin with blanks"),
    ("a = (1 + 2\nb = 3", "A bracket is opened here and never closed"),
    ("a = 1)", "A bracket is closed here that was never opened"),
    ("a = (1]", "by one of another kind"),
    ("for k in range(3)\n    a = 1", "should end in a colon"),
    ("if a = 1:\n    b = 2", "two values are compared with =="),
    ("a = 'b", "has none at its end"),
    ("a = [1 2]", "is missing between two expressions"),
    ("return 1", "should stand inside of a function"),
]


@pytest.mark.parametrize(("body", "said"), MESSAGES)
def test_a_message_is_explained(body: str, said: str) -> None:
    assert said in explain_crash(crash_of("messages", f"{body}\nreturn x"), INPUTS, {})


@pytest.mark.parametrize(("text", "said"), SYNTAX)
def test_a_file_that_python_cannot_read_is_explained(text: str, said: str) -> None:
    with pytest.raises(SyntaxError) as error:
        compile(text, "layers.py", "exec")
    assert said in explain_syntax(error.value.msg)


def test_an_unknown_message_is_left_as_it_is() -> None:
    assert explain_syntax("positional argument follows keyword argument") == ""
