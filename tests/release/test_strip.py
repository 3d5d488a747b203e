"""Solution regions become banners; nothing else changes, and nothing doubtful passes."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Assignment, Course, CourseTable, Exercise, Notebook
from grader.errors import CourseError
from grader.release.gate import behaviour
from grader.release.regions import regions
from grader.release.strip import strip
from utils.checks.pack import Pack


def course_of(*functions: str, points: float = 3) -> Course:
    """A course whose exercises are these functions of layers.py."""
    exercises = tuple(Exercise(f"layers.{function}", points) for function in functions)
    notebook = Notebook("layers", exercises)
    assignment = Assignment("hw1", "One", datetime(2027, 1, 1, tzinfo=UTC), (notebook,))
    return Course(CourseTable("Test", "nndl"), (assignment,), root=Path("nowhere"))


SOLVED = '''\
"""A module."""


def double(x):
    """Twice x."""
    # Use one operation.
    ### BEGIN SOLUTION
    two = 2
    out = two * x
    ### END SOLUTION
    return out
'''


def test_what_does_a_stub_look_like():
    assert (
        strip(SOLVED, "layers", course_of("double"))
        == '''\
"""A module."""


def double(x):
    """Twice x."""
    # Use one operation.
    # ======== YOUR CODE HERE: layers.double (hw1, 3 points) ========
    raise NotImplementedError("double: your code here")
    # ======== END OF YOUR CODE ========
    return out
'''
    )


def test_does_a_banner_say_that_an_exercise_earns_nothing():
    notebook = Notebook("layers", further=("layers.double",))
    assignment = Assignment("hw1", "One", datetime(2027, 1, 1, tzinfo=UTC), (notebook,))
    stub = strip(SOLVED, "layers", Course(CourseTable("Test", "nndl"), (assignment,), root=Path("nowhere")))
    assert "# ======== YOUR CODE HERE: layers.double (hw1, for fun) ========\n    raise NotImplementedError(" in stub


def test_does_a_banner_number_the_parts_and_count_one_point_as_one():
    source = SOLVED.replace(
        "    return out", "    ### BEGIN SOLUTION\n    out += 1\n    ### END SOLUTION\n    return out"
    )
    stub = strip(source, "layers", course_of("double", points=1))
    assert "YOUR CODE HERE: layers.double, part 1 of 2 (hw1, 1 point)" in stub
    assert "YOUR CODE HERE: layers.double, part 2 of 2 (hw1, 1 point)" in stub


def test_is_a_method_named_with_its_class():
    source = "class Net:\n    def loss(self):\n        ### BEGIN SOLUTION\n        return 1\n        ### END SOLUTION\n"
    stub = strip(source, "layers", course_of("Net.loss"))
    assert 'raise NotImplementedError("Net.loss: your code here")' in stub


def test_is_what_no_exercise_asks_for_a_stub_all_the_same():
    source = SOLVED + SOLVED.replace("double", "triple")
    stub = strip(source, "layers", course_of("double"))
    assert "# ======== layers.triple is not part of this course ========" in stub
    assert 'raise NotImplementedError("triple: not part of this course")' in stub
    assert "out = two * x" not in stub


comments = st.lists(st.text(" #'\"\\\t¬λé𝔁{}()=", max_size=12).map(lambda text: f"    #{text}"), max_size=3)


@given(before=comments, between=comments, after=comments, line_end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_is_everything_outside_the_regions_kept_byte_for_byte(before, between, after, line_end, last):
    def file(first, second):
        lines = ["def f(x):", *before, *first, *between, "    y = x", *second, *after, "    return y"]
        return line_end.join(lines) + line_end * last

    region = ["    ### BEGIN SOLUTION", "    x = x * 3", "    ### END SOLUTION"]
    first, second = (
        [
            f"    # ======== YOUR CODE HERE: layers.f, part {part} of 2 (hw1, 3 points) ========",
            '    raise NotImplementedError("f: your code here")',
            "    # ======== END OF YOUR CODE ========",
        ]
        for part in (1, 2)
    )
    assert strip(file(region, region), "layers", course_of("f")) == file(first, second)


BODY = "def double(x):\n{}    return x\n"
BEGIN, END = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"
DAMAGED = {
    "no end": (BODY.format(BEGIN + "    x = 2 * x\n"), "line 2: this ### BEGIN SOLUTION has no ### END SOLUTION"),
    "no beginning": (BODY.format("    x = 2 * x\n" + END), "line 3: ### END SOLUTION without a beginning"),
    "nested": (
        BODY.format(BEGIN + "    x = 1\n" + BEGIN + "    x = 2\n" + END + END),
        "line 4: ### BEGIN SOLUTION inside the region that begins on line 2",
    ),
    "empty": (BODY.format(BEGIN + "    # later\n" + END), "line 2: this solution region is empty"),
    "outside a function": (
        "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n",
        "line 1: this solution region is not inside",
    ),
    "around a function": (
        "### BEGIN SOLUTION\ndef double(x):\n    return 2 * x\n### END SOLUTION\n",
        "line 1: this solution region is not inside one function",
    ),
    "across two functions": (
        BODY.format(BEGIN + "    x = 2 * x\n") + "\n\ndef other(x):\n    x = 1\n" + END + "    return x\n",
        "line 2: this solution region is not inside one function",
    ),
    "no region": (BODY.format("    x = 2 * x\n"), "course.toml lists layers.double, but no solution region stands"),
    "no Python": ("def double(x:\n    return x\n", "line 1: this is not valid Python"),
    "cuts a statement": (
        BODY.format("    x = (2 *\n" + BEGIN + "         x)\n    y = 1\n" + END),
        "without its solution regions this is not valid Python",
    ),
    "indented elsewhere": (
        "def double(x):\n    for _ in x:\n" + BEGIN + "        x = 1\n" + END + "    return x\n",
        "without its solution regions this is not valid Python",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_is_a_damaged_source_refused_with_its_line(case):
    source, sentence = DAMAGED[case]
    with pytest.raises(CourseError) as refused:
        strip(source, "layers", course_of("double"))
    assert str(refused.value).startswith("solutions/nndl/layers.py")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


MISSPELT = [
    "### BEGIN  SOLUTION",
    "###BEGIN SOLUTION",
    "### Begin solution",
    "# BEGIN SOLUTION",
    "#### BEGIN SOLUTION",
    "### begin_solution",
    "### END SOLUTIONS",
    "### BEGIN HIDDEN TESTS",
    "### END MARK SCHEME",
    "### start of the solution",
    "### stop-answer",
    "# SOLUTION",
]


@pytest.mark.parametrize("marker", MISSPELT)
def test_is_a_misspelt_marker_refused_and_not_passed_over(marker):
    source = BODY.format(f"    {marker}\n    x = 2 * x\n" + END)
    with pytest.raises(CourseError, match=r"line 2: .* looks like a marker but is none"):
        strip(source, "layers", course_of("double"))


def test_is_a_marker_behind_code_refused():
    source = BODY.format("    x = 2 * x  ### BEGIN SOLUTION\n" + END)
    with pytest.raises(CourseError, match="on a line of its own"):
        strip(source, "layers", course_of("double"))


def test_is_a_marker_in_a_string_no_marker():
    source = 'def double(x):\n    """\n    ### BEGIN SOLUTION\n    """\n    return x\n'
    assert regions(source, "here") == []


def test_does_every_stub_of_the_course_raise(course, tree):
    with behaviour.importable(tree, "nndl/") as name:
        for _, exercise in course.exercises(further=True):
            if exercise.score is not None or course.absent(exercise.module):
                continue
            module = importlib.import_module(f"{name}.{exercise.module}")
            pack = Pack.from_bytes(tree[f"goldens/{exercise.name}.npz"])
            judgement = behaviour.judgement(pack, exercise, module)
            assert judgement.share == 0
            assert [finding.verdict for finding in judgement.findings] == ["missing"], exercise.name
