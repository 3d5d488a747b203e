"""Is nothing hidden in what a person reads?"""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.wording import WORDING, VerdictName, one_line, points, visible


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
        ("a" + "\u0301" * 6 + "b", "a" + "\u0301" * 4 + "\\u0301\\u0301b"),
        ("a" + "\u0489\u0300" * 3, "a" + "\u0489\u0300" * 2 + "\\u0489\\u0300"),
        ("hangul\u3164filler", "hangul\\u3164filler"),
        ("new\u0378character", "new\\u0378character"),
        ("tiếng Việt ภาษาไทย बिन्दु שָׁלוֹם 👍️", "tiếng Việt ภาษาไทย बिन्दु שָׁלוֹם 👍️"),
    ],
)
def test_visible(text, shown):
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_visible_text_hides_nothing_and_can_be_written(text):
    shown = visible(text)
    shown.encode("utf-8")
    unseen = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    assert unseen <= {"\n", "\t"}


def test_long_text_is_cut():
    assert visible("a" * 5000) == "a" * 2000 + "…"
    assert len(visible("\0" * 5000)) == 2001


@given(st.text(st.characters(categories=["Mn", "Me", "Mc", "Lu"]), max_size=40))
def test_no_pile_of_marks_covers_its_neighbours(text):
    marks = visible("\u0301" * 400 + text + "\u0301" * 400)
    runs = "".join("m" if unicodedata.category(character)[0] == "M" else " " for character in marks).split()
    assert max(map(len, runs)) <= 4


LINE_ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_no_character_begins_another_line(end):
    assert len(one_line(f"no{end}✓ 76 of 76 points").splitlines()) == 1
    assert len(f"no{end}yes".splitlines()) == 2


@given(st.lists(st.sampled_from([*LINE_ENDS, "\t", " ", "\u00a0", "\u3000", "a", "\u0301", "\x1b[2J"]), max_size=30))
def test_one_line_is_one_and_without_a_row_of_spaces(pieces):
    shown = one_line("".join(pieces))
    assert len(shown.splitlines()) <= 1
    assert "\t" not in shown
    assert not re.search(r"\s\s", shown)


def test_a_name_stays_on_one_line():
    assert one_line("ada\nbob\t1") == "ada\\nbob\\t1"


@pytest.mark.parametrize(("number", "shown"), [(6.0, "6"), (4.5, "4.5"), (1 / 3, "0.33"), (0.0, "0"), (100.0, "100")])
def test_points(number, shown):
    assert points(number) == shown


def test_every_verdict_has_its_own_symbol_and_words():
    assert set(WORDING) == set(VerdictName.__args__)
    assert len({wording.symbol for wording in WORDING.values()}) == len(WORDING)
    assert len({wording.words for wording in WORDING.values()}) == len(WORDING)
