"""A program that is nested so deeply that nobody could have written it is not looked into."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_changes import results, search, with_
from test_crash_explanations import INPUTS, crash_of
from test_crash_slips import EXPECTED

from utils.checks import python_text
from utils.checks.diagnose.crashes import explain_crash
from utils.checks.python_text import parsed

DEEP = {
    "signs": "- " * 900 + "x",
    "sums": "x" + " + 0 * x" * 900,
    "attributes": "x" + ".real" * 400,
    "items": "x" + "[...]" * 400,
}
deeply = pytest.mark.parametrize("expression", DEEP.values(), ids=DEEP)


@given(st.text() | st.text("()[]-+x= \n:"))
def test_any_text_is_parsed_or_is_none(text: str) -> None:
    tree = parsed(text)
    assert tree is None or ast.dump(tree)


@deeply
def test_what_no_function_can_recurse_into_is_not_returned(expression: str) -> None:
    assert parsed(expression) is None
    with pytest.raises(RecursionError):
        ast.unparse(ast.parse(expression))


@pytest.mark.parametrize("kind", ["attributes", "items"])  # the others have more nodes than an answer may have
def test_changes_of_deep_code_are_not_tried(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = with_("np.sqrt((shifted**2).sum(axis=1) + 1.0)", f"np.sort({DEEP[kind]}, axis=0)[:, 0] * 7")
    wrong = results(text)
    assert search(text).repair(["spread"], wrong) == []
    monkeypatch.setattr(python_text, "_is_deep", lambda _: False)
    parsed.cache_clear()
    with pytest.raises(RecursionError):
        search(text).repair(["spread"], wrong)
    parsed.cache_clear()


@deeply
def test_a_crash_on_a_deep_line_is_explained_or_not(expression: str, request: pytest.FixtureRequest) -> None:
    name = str(request.node.callspec.id)
    assert isinstance(explain_crash(crash_of(name, f"out = ({expression}) @ w.T"), INPUTS, EXPECTED), str)
