"""Code for Python 2 is told what to write today; code that is wrong for another reason is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from utils.checks.diagnose.old_python import explain_old_python
from utils.checks.program import Crash, describe_crash, run_program


def crash_of(source: str) -> Crash:
    """How a student's module with this text crashes: as it is imported, or when its function f is called."""
    module: dict[str, object] = {}
    try:
        exec(compile(source, "nndl/of_a_student.py", "exec"), module)
    except Exception as error:
        return describe_crash(error, "nndl")
    answer = run_program("out = layers.f(3)", {"layers": SimpleNamespace(**module)}, {}, ("out",))
    assert isinstance(answer, Crash)
    return answer


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def f(x):\n    print 'x', x", "print is a function: print(...)"),
        ("def f(x):\n    print x.shape", "print is a function: print(...)"),
        (
            "def f(x):\n    try:\n        pass\n    except ValueError, error:\n        pass",
            "except ValueError as error:",
        ),
        ("def f(x):\n    raise ValueError, 'no'", "raise ValueError('...')"),
        ("def f(x):\n    return x <> 1", "write != in place of <>"),
        ("def f(x):\n    return `x`", "repr(...)"),
        ("def f(x):\n    return 10L", "without the L"),
        ("def f(x):\n    return [k for k in xrange(x)]", "`xrange` is called `range`"),
        ("def f(x):\n    return reduce(max, [x])", "`reduce` is called `functools.reduce`"),
        ("def f(x):\n    return [k for k in {x: x}.iteritems()]", "`iteritems` is called `items()`"),
        ("def f(x):\n    return {x: x}.has_key(x)", "`has_key` is called `in`"),
        ("def f(x):\n    return zip([x], [x])[0]", "zip gives no list; write list(...) around it"),
        ("def f(x):\n    return {x: x}.keys()[0]", "keys gives no list"),
        ("def f(x):\n    return len(map(abs, [x]))", "map gives no list"),
        ("import cPickle as pickle", "`cPickle` is called `pickle`"),
        ("from itertools import izip", "`izip` is called `zip`"),
        ("from collections import Iterable", "from collections.abc import Iterable"),
    ],
)
def test_old_code_is_told_what_to_write(source: str, words: str) -> None:
    said = explain_old_python(crash_of(source))
    assert said.startswith("In Python 3, ")
    assert said.endswith(".")
    assert words in said


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x +",
        "def f(x):\n    raise ValueError('a, b')",
        "def f(x):\n    return y",
        "def f(x):\n    return {x: x}.item()",
        "def f(x):\n    return x[0]",
        "def f(x):\n    return (x).keys()",
        "import numpy_is_not_here",
        "from collections.abc import Iterables",
        "def f(x):\n    return range(x / 2)",  # perhaps, and perhaps a slip in today's Python
    ],
)
def test_other_crashes_are_left_to_others(source: str) -> None:
    assert explain_old_python(crash_of(source)) == ""
