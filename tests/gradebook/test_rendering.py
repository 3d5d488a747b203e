"""Is untrusted text rendered within limits, and shown as plain text where it cannot be rendered?"""

from __future__ import annotations

import html
import re

import pytest
from renderers import dies, fails, for_ever, hungry, large

from grader.gradebook import rendering
from grader.gradebook.markdown import highlight, to_safe_html
from grader.gradebook.rendering import LIMIT, PageBudget, bounded_html, boxed
from grader.nbgrader_plugin import safe_code, safe_markdown

PLAIN = "Shown as plain text, because"


@pytest.fixture
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(rendering, "_CELL_SECONDS", 0.2)


def text_of(page: str) -> str:
    found = re.search(r"<pre[^>]*>(.*)</pre>", page, re.DOTALL)
    assert found
    return html.unescape(found.group(1))


def test_a_text_that_can_be_rendered_is_rendered():
    budget = PageBudget()
    assert bounded_html(to_safe_html, "**a**", {}, budget=budget) == "<p><strong>a</strong></p>\n"
    assert "<span" in bounded_html(highlight, "import numpy as np", budget=budget)
    assert 0 < budget.seconds < 10


@pytest.mark.parametrize("render", [for_ever, hungry, fails, dies])
def test_what_does_not_end_in_time_fails_or_dies_is_shown_as_it_is(impatient, render):
    source = "my <script>answer</script>\n| in two lines"
    page = bounded_html(render, source, budget=PageBudget())
    assert PLAIN in page
    assert "<script" not in page
    assert text_of(page) == source
    assert "<em>fine</em>" in bounded_html(to_safe_html, "*fine*", {}, budget=PageBudget(100))


@pytest.mark.slow
def test_all_cells_of_a_page_share_one_budget(impatient):
    budget = PageBudget(seconds=0.5)
    for _ in range(3):
        assert "too long" in bounded_html(for_ever, "x", budget=budget)
    assert budget.seconds <= 0
    assert "no time left" in bounded_html(to_safe_html, "**a**", {}, budget=budget)


@pytest.mark.slow
def test_a_page_is_not_longer_than_a_browser_shows():
    budget = PageBudget()
    pages = [bounded_html(large, "y" * LIMIT, budget=budget) for _ in range(40)]
    assert "no room left" in pages[1]
    assert sum(map(len, pages)) < 4_000_000 + 40 * 1000


def test_endless_text_is_cut():
    page = bounded_html(to_safe_html, "word " * LIMIT, {}, budget=PageBudget())
    assert len(page) < 2 * LIMIT
    assert "not shown" in page


@pytest.mark.slow
@pytest.mark.parametrize("source", ["|\n" * 100_000, "\t\n" * 100_000, "<div>" * 40_000], ids=lambda text: text[:5])
def test_texts_that_libraries_take_minutes_for(impatient, source):
    resources: dict[str, object] = {}
    for page in (safe_markdown({"resources": resources}, source), safe_code({"resources": resources}, source)):
        assert page.startswith("<div")
        assert page.endswith("</div>")


def test_a_box_says_whose_words_are_in_it():
    ours = {"resources": {}, "cell": {"metadata": {"nbgrader": {"locked": True}}}}
    assert "as handed in" not in safe_markdown(ours, "# Exercise")
    assert "as handed in" in safe_markdown({"resources": {}, "cell": {"metadata": {}}}, "# Right: 76 of 76")
    assert boxed("x", 'a"b').count('"') == 4
