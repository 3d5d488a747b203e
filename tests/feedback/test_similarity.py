"""Are two submissions found that share more than the course does?"""

from __future__ import annotations

import numpy as np

from grader.course import Course
from grader.reference import Reference
from grader.similarity import passages, similar, submission_passages


def program(seed: int, name: str = "x") -> str:
    """Forty lines that nobody else would write."""
    rng = np.random.default_rng(seed)
    lines = [
        f"    {name}{k} = ({name} {rng.choice(list('+-*/'))} {rng.integers(100)}) {rng.choice(list('+-*@'))} "
        f"{name}.{rng.choice(['T', 'sum()', 'mean()', 'copy()'])}"
        for k in range(40)
    ]
    return f"def f({name}):\n" + "\n".join(lines) + f"\n    return {name}1\n"


def test_other_names_comments_and_layout_hide_nothing() -> None:
    text = program(1)
    disguised = program(1, "other").replace("\n    ", "\n\n      ").replace(") ", ")  ").replace("1\n", "1  # mine\n")
    assert passages(disguised) == passages(text) != passages(program(2))
    found = similar({"ana": passages(text), "bo": passages(disguised), "cy": passages(program(2))})
    assert [(pair.one, pair.other, pair.share) for pair in found] == [("ana", "bo", 1.0)]


def test_what_everybody_was_given_and_what_many_have_says_nothing(course: Course, reference: Reference) -> None:
    stubs = {path.name: path.read_bytes() for path in (course.root / "nndl").glob("*.py")}
    given = submission_passages(stubs)
    assert similar({name: submission_passages(stubs, given) for name in ("ana", "bo")}) == []
    solved = {"layers.py": reference.source("layers").encode()}
    everyone = {f"s{k}": submission_passages(solved, given) for k in range(10)}
    assert similar(everyone) == []
    two = dict(list(everyone.items())[:2])
    assert [pair.share for pair in similar(two)] == [1.0]  # of two, the same text is odd


def test_a_file_that_is_no_python_is_no_trouble() -> None:
    assert passages("\0 (((") == frozenset()
    assert submission_passages({"nndl/layers.py": b"\xff\xfe", "a.ipynb": b"{}"}) == frozenset()
