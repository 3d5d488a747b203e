"""Is nothing hidden in what a person reads?"""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.verdict import VerdictName
from grader.wording import WORDING, one_line, points, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, naïve, نور, 数学", "plain, naïve, نور, 数学"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x9b2Jgone", "gone"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("nul\x00 bell\x07 back\x08", "nul\\x00 bell\\x07 back\\x08"),
        ("\udcff", "\\udcff"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_visible(text, shown):
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_visible_text_hides_nothing_and_can_be_written(text):
    shown = visible(text)
    shown.encode("utf-8")
    unseen = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
    assert unseen <= {"\n", "\t"}


def test_long_text_is_cut():
    assert visible("a" * 5000) == "a" * 2000 + "…"


def test_a_name_stays_on_one_line():
    assert one_line("ada\nbob\t1") == "ada\\nbob\\t1"


@pytest.mark.parametrize(("number", "shown"), [(6.0, "6"), (4.5, "4.5"), (1 / 3, "0.33"), (0.0, "0"), (100.0, "100")])
def test_points(number, shown):
    assert points(number) == shown


def test_every_verdict_has_its_own_symbol_and_words():
    assert set(WORDING) == set(VerdictName.__args__)
    assert len({wording.symbol for wording in WORDING.values()}) == len(WORDING)
    assert len({wording.words for wording in WORDING.values()}) == len(WORDING)
