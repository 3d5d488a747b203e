"""Is what students wrote, text, formulas and code, shown as what it is, and as nothing more?"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.desk.formulas import mathml
from grader.desk.markdown import page_html
from grader.desk.own_code import function_text
from grader.gradebook.markdown import MARKS, to_safe_html

HARMLESS = re.compile(r"a|b|br|code|del|em|blockquote|h[1-6r]|i|img|li|ol|p|pre|span|strong|ul|table|t\w+|div|m\w+")


class Seen(HTMLParser):
    """Every tag and attribute of a fragment, and whether each tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= dict(attrs)
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


PIECES = st.sampled_from(
    [
        r"\frac",
        r"\sqrt",
        r"\left",
        r"\right",
        r"\begin{split}",
        r"\end{split}",
        r"\\",
        r"\text{",
        r"\href{",
        *"&{} ^_<>\"'",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3)).map("".join), st.booleans())
def test_any_formula_becomes_mathml_without_anything_else(formula, block):
    seen = Seen(mathml(formula, block=block))
    assert seen.open == []
    assert all(re.fullmatch(r"m\w+|code", tag) for tag in seen.tags)
    assert not {"href", "style", "id", "onclick"} & set(seen.attributes)


@pytest.mark.parametrize(
    "formula",
    [r"\frac{1}{2", "{" * 5000, r"\left( x", "x" * 5000, r"\begin{aligned} x", r"\text{<img src=x onerror=y>}"],
)
def test_what_is_no_formula_is_shown_as_it_is(formula):
    html = mathml(formula, block=True)
    assert "<img" not in html
    assert "code" in html or "math" in html


@pytest.mark.parametrize("name", ["aligned", "align*", "pmatrix", "cases", "gathered", "equation*"])
def test_formulas_in_environments_are_laid_out(name):
    html = page_html(f"\\begin{{{name}}} a &= b \\\\ c &= d \\end{{{name}}}", {})
    assert ("<mtable" in html) is (name != "equation*")
    assert "<math" in html
    assert "aligned" not in html


HOSTILE = [
    "<script>alert(1)</script>",
    "a <b onclick=alert(1)>b</b>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/seen.png)",
    "![x](/grade/a1/why)",
    '![$\\text{" onerror=alert(1) x="}$](plot.png)',
    "[x](javascript:alert(1)) [y](data:text/html,x)",
    "<style>*{display:none}</style><form action=/><button>x</button></form>",
    "```mermaid\ngraph TD\n```",
    "$<script>alert(1)</script>$",
    "$$\\href{javascript:alert(1)}{x}$$",
    f"{MARKS[0]}0{MARKS[1]} and $x$ and {MARKS[0]}99{MARKS[1]}",
    "&#xE000;7&#xE001; &#57344;0&#57345;",
    '[a](https://example.org/"onmouseover="alert(1) "title")',
    "| a |\n|---|\n| <script> |",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_no_html_of_a_student_comes_through_and_nothing_is_loaded(source):
    seen = Seen(page_html(source, {"plot.png": "aGVsbG8="}))
    assert all(HARMLESS.fullmatch(tag) for tag in seen.tags)
    assert not any(name.startswith("on") or name in ("style", "class", "id") for name in seen.attributes) or (
        seen.attributes.get("class") == "formula"
    )
    assert (seen.attributes.get("src") or "data:image/png").startswith("data:image/png")
    assert not (seen.attributes.get("href") or "https:").startswith(("javascript", "data"))


@given(st.lists(st.sampled_from([*"$<>\"'`*_[]()!&#|\n", "$$", *MARKS, "\\begin{a}", "<b ", "onx=1"])).map("".join))
def test_any_markdown_is_closed_and_plain(source):
    seen = Seen(page_html(source, {}))
    assert all(HARMLESS.fullmatch(tag) for tag in seen.tags)


def test_html_is_shown_as_text():
    assert page_html("<b>x</b>", {}) == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"
    assert to_safe_html("<b>x</b>", {}) == "<p><b>x</b></p>\n"  # what formgrader shows


CODE = '''
import numpy as np


def helper(x):
    return x


class Net:
    """A net."""

    def loss(self, X,
             y=None):
        """Text
at the margin.
        """
        if y is None:
            return 1

        return 2

    @property
    def other(self):
        return 3


def loss(x):
    # a comment
# and one at the margin
    return 4
def helper(x):
    return 5
'''


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("helper", "def helper(x):", "return 5"),
        ("Net.loss", "def loss(self, X,", "return 2"),
        ("Net.other", "def other(self):", "return 3"),
        ("loss", "def loss(x):", "return 4"),
        ("Net", "class Net:", "return 3"),
    ],
)
def test_a_function_is_found_from_its_first_line_to_its_last(name, first, last):
    lines = function_text(CODE, name).split("\n")
    assert (lines[0].strip(), lines[-1].strip()) == (first, last)


@pytest.mark.parametrize("name", ["nothing", "Net.nothing", "loss.x", "hel"])
def test_a_function_that_is_not_there_is_empty(name):
    assert function_text(CODE, name) == ""


@given(st.text(st.sampled_from("def class f():\n \"'#\t\\")), st.sampled_from(["f", "f.f"]))
def test_any_text_is_searched(text, name):
    assert function_text(text, name) in text.expandtabs(4) or function_text(text, name)
