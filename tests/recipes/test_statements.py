"""Versions of a module do the same whether all of it is compiled or only what differs."""

from __future__ import annotations

import traceback
from types import CodeType

import pytest

from grader import statements
from grader.course import Course
from grader.recipes import recipe
from grader.reference import Reference
from grader.statements import compiled_statements

BASE = '''"""Words."""

import math


@staticmethod
def first(x):
    """Text with a line
def first(x): of code.
    """
    return 2 * x


ONE = 1; TWO = 2
if ONE:
    def second(x):
        return first(x) + ONE


def third(x):
    return math.sqrt(x) / 0
'''


def executed(parts: tuple[CodeType, ...]) -> dict[str, object]:
    namespace: dict[str, object] = {}
    for part in parts:
        exec(part, namespace)
    return namespace


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("2 * x", "3 * x"),
        ("    return 2 * x\n", "    y = x\n    return 3 * y\n"),
        ("Text with a line\n", ""),
        ("TWO = 2", "TWO = 2; TWO = TWO + ONE"),
        ("\n\nONE = 1", "\n\nZERO = 0\nONE = 1"),
        ("@staticmethod\n", ""),
        ("@staticmethod", "@staticmethod\n@staticmethod"),
        ("if ONE:", "if not ONE:\n    second = None\nelse:"),
        ("import math\n", "from math import *\nimport math\n"),
        ("    return math.sqrt(x) / 0\n", "    return math.sqrt(x) / 0\n\n\nLAST = 3\n"),
        (BASE, "def second(x): return x\ndef third(x): return x / 0\n"),
    ],
)
def test_a_version_does_what_its_text_does(old: str, new: str) -> None:
    text = BASE.replace(old, new, 1) if old else BASE
    found = executed(compiled_statements(text, BASE, "file"))
    whole = executed((compile(text, "file", "exec"),))
    assert found.keys() == whole.keys()
    assert found["second"](5) == whole["second"](5)
    assert _line_of_the_crash(found) == _line_of_the_crash(whole)


def _line_of_the_crash(module: dict[str, object]) -> int | None:
    with pytest.raises(ZeroDivisionError) as raised:
        module["third"](5)
    return traceback.extract_tb(raised.value.__traceback__)[-1].lineno


@pytest.mark.parametrize("broken", [("if ONE:", "else:"), ("2 * x", "2 *"), ('"""Text', '"Text')])
def test_a_text_that_is_no_python_is_refused(broken: tuple[str, str]) -> None:
    with pytest.raises(SyntaxError):
        compiled_statements(BASE.replace(*broken, 1), BASE, "file")


def test_a_statement_that_grows_into_the_next_one_is_compiled_with_it() -> None:
    text = BASE.replace("if ONE:", "if ONE:\n    pass\nelif TWO:", 1)
    base = text.replace("elif TWO:", "if TWO:", 1)  # two statements there, one here
    assert executed(compiled_statements(text, base, "file")).keys() == executed((compile(text, "", "exec"),)).keys()


def test_only_what_differs_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled_statements(BASE, BASE, "elsewhere")
    before = statements._compiled.cache_info().misses
    compiled_statements(BASE.replace("2 * x", "4 * x"), BASE, "elsewhere")
    assert statements._compiled.cache_info().misses == before + 1


@pytest.mark.parametrize("exercise", ["layers.batchnorm_backward", "fc_net.FullyConnectedNet.loss"])
def test_known_mistakes_stand_on_the_lines_on_which_they_are_written(course: Course, exercise: str) -> None:
    reference = Reference.of(course)
    known = recipe(reference, exercise)
    for mistake in known.misconceptions:
        text = reference.changed(known.module, mistake.hunks)
        parts = compiled_statements(text, reference.source(known.module), "file")
        assert [each for part in parts for each in _functions(part)] == _functions(compile(text, "file", "exec"))


def _functions(code: CodeType) -> list[tuple[str, list[int]]]:
    """Return the names and lines of the functions in a compiled text, in their order."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    lines = sorted({line for _, _, line in code.co_lines() if line})
    own = [] if code.co_name == "<module>" else [(code.co_qualname, lines)]
    return own + [each for constant in inner for each in _functions(constant)]
