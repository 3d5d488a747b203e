"""Are the passages marked that two programs have in common, and nothing that everybody was given?"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import feedback
from grader.course import Course
from grader.feedback.side_by_side import side_by_side_page
from grader.report import Report, Verdict
from grader.submission.common_passages import common_passages, grams
from grader.submission.similarity import GRAM_TOKENS, Pair, located_tokens

OWN = "def f(x):\n    y = np.maximum(x, 0) * 3 + x.sum(axis=1, keepdims=True) - 2 ** x\n    return y @ x.T\n"
GIVEN = "def g(a, b, c):\n    raise NotImplementedError('g: your code here', a, b, c, 1, 2, 3, 4)\n"
RENAMED = OWN.replace("y", "result").replace("(x", "( value").replace(" x", " value")
HOSTILE = "</pre><script>alert(1)</script>\u202e"


def words(text: str) -> list[str]:
    return [word for word, _, _ in located_tokens(text)]


def test_a_passage_is_found_under_other_names_and_in_another_place() -> None:
    other = f"import os\n\n\n# mine\n{GIVEN}\n{RENAMED}\nprint(1)\n"
    (passage,) = common_passages(OWN, other)
    assert OWN[passage.start : passage.end].startswith("def f")
    assert other[passage.other_start : passage.other_end].startswith("def f")
    assert OWN[passage.start : passage.end].endswith(".T")


def test_what_everybody_was_given_is_no_common_passage() -> None:
    one, other = GIVEN + OWN, "x = 1\n" + GIVEN
    assert len(common_passages(one, other)) == 1
    assert common_passages(one, other, grams(GIVEN)) == []


TEXTS = st.lists(st.sampled_from([OWN, GIVEN, RENAMED, "x", " = 1\n", "'", '"""', "(", "\n"]), max_size=6).map("".join)


@given(TEXTS, TEXTS)
def test_passages_hold_the_same_tokens_and_do_not_overlap(one: str, other: str) -> None:
    found = common_passages(one, other)
    for passage in found:
        here, there = one[passage.start : passage.end], other[passage.other_start : passage.other_end]
        inside = [word for word, start, end in located_tokens(one) if passage.start <= start and end <= passage.end]
        across = [
            word
            for word, start, end in located_tokens(other)
            if passage.other_start <= start and end <= passage.other_end
        ]
        assert inside == across
        assert len(inside) >= GRAM_TOKENS
        assert here
        assert there
    assert all(first.end <= second.start for first, second in itertools.pairwise(found))


def test_a_text_that_repeats_itself_takes_no_longer_than_it_is_long() -> None:
    text = "x = x + 1\n" * 20_000
    assert common_passages(text, text)[0].end == len(text) - 1


def test_each_passage_leads_to_the_same_one_on_the_other_side(course: Course) -> None:
    one = {"nndl/a.py": (OWN + GIVEN).encode(), "nndl/b.py": HOSTILE.encode(), "notes.txt": OWN.encode()}
    other = {"nndl/a.py": RENAMED.encode(), "nndl/b.py": b"x = 1"}
    page = side_by_side_page(Pair("ana", HOSTILE, 0.9), one, other, {}, course, course["hw3"])
    assert "script>" not in page
    assert "notes.txt" not in page
    links, places = re.findall(r'href="#([^"]+)"', page), re.findall(r'id="([^"]+)"', page)
    assert sorted(links) == sorted(places) == ["one-1", "other-1"]
    assert page.index("nndl/a.py") < page.index("nndl/b.py")  # what has something in common comes first


def test_the_class_page_leads_to_the_pairs_and_old_ones_are_removed(course: Course, tmp_path: Path) -> None:
    verdicts = tuple(Verdict(each.name, 0.0, each.points, "fail", ()) for each in course["hw3"].exercises)
    reports = [Report("hw3", name, "landlock", verdicts) for name in ("ana", "bo", "cy")]
    asked: list[str] = []

    def files_of(student: str) -> dict[str, bytes]:
        asked.append(student)
        return {"nndl/layers.py": OWN.encode()}

    def write(*pairs: Pair) -> set[str]:
        page = feedback.write(
            reports, course, course["hw3"], tmp_path, secret=b"secret of it", pairs=pairs, files_of=files_of
        )
        links = set(re.findall(r'href="(similar/[^"]+)"', page.read_text()))
        assert links == {f"similar/{path.name}" for path in (page.parent / "similar").glob("*")}
        return links

    first = write(Pair("ana", "bo", 0.9))
    assert len(first) == 1
    assert asked == ["ana", "bo"]
    both = write(Pair("ana", "bo", 0.9), Pair("bo", "cy", 0.8))
    assert first < both
    assert write() == set()


@pytest.mark.parametrize("text", ["'" * 50_000, '"\\"' * 30_000, "(" * 50_000, "x" * 100_000])
def test_odd_texts_are_compared_too(text: str) -> None:
    assert isinstance(common_passages(text, text + OWN), list)
