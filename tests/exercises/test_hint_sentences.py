"""The form of every hint: what the answer does, then what it should do, in words that nobody can read the wrong way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path

import pytest

from grader.recipes.diffs import read

ROOT = Path(__file__).parents[2]
WRONG_FILES = sorted(path for folder in ("solutions", "grader", "tests") for path in (ROOT / folder).rglob("*.wrong"))
MOST_CHARACTERS = 300
UNSEEN = re.compile(
    r"\b(?:[Tt]here (?:is|are) no |is (?:never added|never updated|not used|missing)|(?:is|are) left out[;,])"
)
"""What says of the code that something does not stand in it, while only its outputs are known."""


def departures(hint: str, names: Set[str]) -> Iterator[str]:
    """Yield each rule that a hint breaks, where `names` are the names that the reference uses."""
    if "should" not in hint:
        yield 'say what "should" be'
    if not all("should" in clause for clause in hint.split(";")[1:]):
        yield 'after a semicolon, say what "should" be: a mistake and its correction in one tense are confused'
    if re.search(r"other way (a)?round", hint):
        yield "say which way, not that it is the other way round"
    if re.search(r"\bonly .* ha(s|ve) an influence", hint):
        yield "say what has no influence: an answer with the same outputs may have hidden the rest in another way"
    if UNSEEN.search(hint):
        yield "say what the result is like, as without it: the code may hold what has no effect on the result"
    if len(hint) > MOST_CHARACTERS:
        yield f"use at most {MOST_CHARACTERS} characters"
    if not hint.endswith("."):
        yield "end with a full stop"
    if not (hint[:1].isupper() or re.split(r"\W", hint)[0] in names):
        yield "begin with a capital letter or a name that the reference uses"


@pytest.mark.parametrize("path", WRONG_FILES, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_hint_says_what_should_be(path: Path) -> None:
    misconceptions, problems = read(path.read_text("utf-8"), str(path), sentences=True)
    assert misconceptions
    assert problems == []
    broken = {
        f"{one.exercise}: {one.name}": list(departures(one.sentence, names_in(path.parents[2], path.parent.name)))
        for one in misconceptions
    }
    assert {name: rules for name, rules in broken.items() if rules} == {}


@pytest.mark.parametrize(
    ("hint", "rule"),
    [
        ("The biases begin at 1; they begin at 0.", 'say what "should" be'),
        ("The biases begin at 1; they begin at 0.", "after a semicolon"),
        ("The path through the variance is added; it has a minus.", "after a semicolon"),
        ("The biases, which should be 0, begin at 1; they begin at 0.", "after a semicolon"),
        ("The mask keeps what it should drop: it is the other way round.", "say which way"),
        ("Of the settings only the mode has an influence; all of them should.", "say what has no influence"),
        (f"The biases start at {'1' * MOST_CHARACTERS}; they should start at 0.", "use at most"),
        ("There is no ReLU between the layers; there should be one.", "say what the result is like"),
        ("b is never added; it should be added to every row.", "say what the result is like"),
        ("The ReLU is left out; it should be the last step.", "say what the result is like"),
        ("The biases start at 1; they should start at 0", "end with a full stop"),
        ("biases start at 1; they should start at 0.", "begin with a capital letter"),
    ],
)
def test_a_hint_of_another_form_is_found(hint: str, rule: str) -> None:
    assert any(broken.startswith(rule) for broken in departures(hint, {"b"}))


@pytest.mark.parametrize("hint", ["The biases start at 1; they should start at 0.", "b starts at 1; it should not."])
def test_a_hint_of_the_right_form_breaks_no_rule(hint: str) -> None:
    assert list(departures(hint, {"b"})) == []


def test_a_hint_may_begin_with_a_name_that_the_reference_uses_or_explains(tmp_path: Path) -> None:
    text = 'def f(x, *, size=1):\n    """Take `eps` and ``b1``, not more."""\n    y = x.size\n    return {"gamma": y}\n'
    (tmp_path / "mycourse").mkdir()
    (tmp_path / "mycourse/__init__.py").touch()
    (tmp_path / "mycourse/means.py").write_text(text)
    assert names_in(tmp_path, "means") == {"f", "x", "size", "eps", "b1", "y", "gamma"}


@cache
def names_in(solutions: Path, module: str) -> frozenset[str]:
    """Return the names in a module of the reference: those of its code, its keys, and in backticks what it explains."""
    (package,) = solutions.glob("*/__init__.py")
    found: set[str] = set()
    for node in ast.walk(ast.parse(package.with_name(f"{module}.py").read_text("utf-8"))):
        found.update(value for _, value in ast.iter_fields(node) if isinstance(value, str) and value.isidentifier())
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(re.findall(r"`(\w+)`", node.value))
    return frozenset(found)
