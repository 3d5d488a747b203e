"""Finding the part of a stub that is not written yet, or whose line that raises is left over."""

from __future__ import annotations

import linecache
from types import ModuleType

import pytest

from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import Crash, run_program

STUB = """
def norm(x, mode):
    if mode == "train":
        # Set out, and the statistics.
        # ======== YOUR CODE HERE: layers.norm, part 1 of 2 (hw1, 3 points) ========
        {first}
        # ======== END OF YOUR CODE ========
    else:
        # Set out.
        # ======== YOUR CODE HERE: layers.norm, part 2 of 2 (hw1, 3 points) ========
        {second}
        # ======== END OF YOUR CODE ========
    return out


def double(x, mode):
    # ======== YOUR CODE HERE: layers.double (hw1, 3 points) ========
    {third}
    # ======== END OF YOUR CODE ========
    return out
"""
RAISES = 'raise NotImplementedError("norm: your code here")'


def crashed(call: str, first: str = RAISES, second: str = RAISES, third: str = RAISES) -> Crash:
    source = STUB.format(first=first, second=second, third=third)
    linecache.cache["nndl/boxes.py"] = (len(source), None, source.splitlines(keepends=True), "nndl/boxes.py")
    module = ModuleType("nndl.layers")
    exec(compile(source, "nndl/boxes.py", "exec"), vars(module))
    answer = run_program(f"out = layers.{call}", {"layers": module}, {"x": 3.0}, ("out",))
    assert isinstance(answer, Crash)
    return answer


@pytest.mark.parametrize("call", ["norm(x, 'train')", "norm(x, 'test')", "double(x, '')"])
def test_a_stub_is_only_not_written_yet(call: str) -> None:
    answer = crashed(call)
    assert answer.missing
    assert answer.unfinished == ""


def test_the_first_unwritten_part_of_several_is_named_with_its_task() -> None:
    answer = crashed("norm(x, 'test')", first="out = x")
    assert answer.missing
    assert answer.unfinished == 'Part 2 of 2 of norm, from line 10, is not written yet. It should do this: "Set out."'
    answer = crashed("norm(x, 'train')", second="out = x")
    assert answer.unfinished.startswith("Part 1 of 2 of norm, from line 5, is not written yet.")
    assert "Set out, and the statistics." in answer.unfinished


@pytest.mark.parametrize(("first", "where"), [("out = x\n        {}", "below"), ("{}\n        out = x", "above")])
def test_a_line_that_is_left_over_is_no_missing_answer(first: str, where: str) -> None:
    answer = crashed("norm(x, 'train')", first=first.format(RAISES))
    assert not answer.missing
    said = explain_crash(answer, {}, {})
    assert f"`raise NotImplementedError(…)`, {where} your code" in said
    assert said.endswith("that line should be removed.")
    assert f"line {answer.line}," in said


def test_comments_alone_are_no_answer() -> None:
    answer = crashed("double(x, '')", third=f"# out = 2 * x\n    {RAISES}")
    assert answer.missing
    assert answer.unfinished == ""


def bare(body: str) -> Crash:
    source = f"def double(x):\n{body}    {RAISES}\n"
    linecache.cache["nndl/bare.py"] = (len(source), None, source.splitlines(keepends=True), "nndl/bare.py")
    module = ModuleType("nndl.layers")
    exec(compile(source, "nndl/bare.py", "exec"), vars(module))
    answer = run_program("out = layers.double(x)", {"layers": module}, {"x": 3.0}, ("out",))
    assert isinstance(answer, Crash)
    return answer


def test_without_the_marked_lines_the_place_is_named_where_the_function_stops() -> None:
    answer = bare("    y = x\n")
    assert answer.missing
    assert "double stops at line 3, " in answer.unfinished
    assert bare("").unfinished == ""
    assert bare('    """Twice x:\n\n    a number.\n    """\n').unfinished == ""
