"""A lecture, read from a text file."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.explorers.app import EXPLORERS, state_kinds
from utils.explorers.slides import Slide, SlidesError, parse

LECTURE = """# the first hour
weight-scale?scale=0.01
Which layer
learns first?


dropout?p=0.5~dropout?p=0.9
"""


def test_a_slide_is_a_state_and_the_words_below_it() -> None:
    assert parse(LECTURE, state_kinds()) == (
        Slide("weight-scale?scale=0.01", "Which layer learns first?"),
        Slide("dropout?p=0.5~dropout?p=0.9"),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There is no slide"),
        ("# nothing\n\n", "There is no slide"),
        ("dropout?p=0.5\n\n\nWhich one?\n", 'Line 4 begins with "Which one"'),
        ("dropout?p=7", "Line 1: p is 7"),
        ("# a\ndropout?p=0.5~dropout?q=1", "Line 2: .*no setting"),
    ],
)
def test_a_wrong_lecture_is_one_sentence_with_its_line(text: str, says: str) -> None:
    with pytest.raises(SlidesError, match=says):
        parse(text, state_kinds())


@given(st.text())
def test_any_text_is_a_lecture_or_says_why_not(text: str) -> None:
    with contextlib.suppress(SlidesError):
        assert parse(text, state_kinds())


def test_every_tab_has_its_states() -> None:
    assert {label.lower().replace(" ", "-") for label in EXPLORERS} == set(state_kinds())


def test_the_lecture_of_the_documentation_can_be_given() -> None:
    text = (Path(__file__).parents[2] / "docs" / "explorers.md").read_text("utf-8")
    (lecture,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert len(parse(lecture, state_kinds())) >= 2
