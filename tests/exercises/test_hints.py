"""The form of every hint: what the answer does, then what it should do, in words that nobody can read the wrong way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set

import pytest
from here import ALL_RECIPES

from grader.recipes import Recipe
from grader.reference import Reference

MOST_CHARACTERS = 300


def departures(hint: str, names: Set[str]) -> Iterator[str]:
    """Yield each rule that a hint breaks, where `names` are the arguments and variables of the exercise."""
    if "should" not in hint:
        yield 'say what "should" be'
    if not all("should" in clause for clause in hint.split(";")[1:]):
        yield 'after a semicolon, say what "should" be: a mistake and its correction in one tense are confused'
    if re.search(r"other way (a)?round", hint):
        yield "say which way, not that it is the other way round"
    if len(hint) > MOST_CHARACTERS:
        yield f"use at most {MOST_CHARACTERS} characters"
    if not hint.endswith("."):
        yield "end with a full stop"
    if not (hint[:1].isupper() or re.split(r"\W", hint)[0] in names):
        yield "begin with a capital letter or the name of an argument or a variable"


@pytest.mark.parametrize("recipe", ALL_RECIPES.values(), ids=list(ALL_RECIPES))
def test_every_hint_says_what_should_be(recipe: Recipe, reference: Reference) -> None:
    names = arguments_and_variables(reference.source(recipe.module), recipe.name.partition(".")[2])
    broken = {name: list(departures(hint, names)) for name, hint in recipe.hints.items()}
    assert {name: rules for name, rules in broken.items() if rules} == {}


@pytest.mark.parametrize(
    ("hint", "rule"),
    [
        ("The biases begin at 1; they begin at 0.", 'say what "should" be'),
        ("The biases begin at 1; they begin at 0.", "after a semicolon"),
        ("The path through the variance is added; it has a minus.", "after a semicolon"),
        ("The biases, which should be 0, begin at 1; they begin at 0.", "after a semicolon"),
        ("The mask keeps what it should drop: it is the other way round.", "say which way"),
        (f"The biases start at {'1' * MOST_CHARACTERS}; they should start at 0.", "use at most"),
        ("The biases start at 1; they should start at 0", "end with a full stop"),
        ("biases start at 1; they should start at 0.", "begin with a capital letter"),
    ],
)
def test_a_hint_of_another_form_is_found(hint: str, rule: str) -> None:
    assert any(broken.startswith(rule) for broken in departures(hint, {"b"}))


@pytest.mark.parametrize("hint", ["The biases start at 1; they should start at 0.", "b starts at 1; it should not."])
def test_a_hint_of_the_right_form_breaks_no_rule(hint: str) -> None:
    assert list(departures(hint, {"b"})) == []


def test_a_hint_may_begin_with_an_argument_or_a_variable_of_its_own_exercise() -> None:
    text = "def f(x):\n    y = x\n    return y\n\n\nclass Net:\n    def f(self, X):\n        loss, (a, b) = g(X)\n"
    assert arguments_and_variables(text, "f") == {"x", "y"}
    assert arguments_and_variables(text, "Net.f") == {"self", "X", "loss", "a", "b"}


def arguments_and_variables(text: str, function: str) -> set[str]:
    """Return the names of the arguments of a function or method of a module, and of the variables that it sets."""
    found: ast.AST = ast.parse(text)
    for name in function.split("."):
        found = next(node for node in ast.walk(found) if getattr(node, "name", "") == name)
    nodes = list(ast.walk(found))
    variables = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return variables | {node.arg for node in nodes if isinstance(node, ast.arg)}
