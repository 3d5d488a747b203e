"""Do rubrics give the points that they say, and keep what people wrote into their file?"""

from __future__ import annotations

import pytest
from gradebook.small_course import make
from hypothesis import given
from hypothesis import strategies as st

from grader.desk.rubric import Item, Rubric, read_rubrics, rubric_file, write_items
from grader.errors import CourseError
from grader.gradebook.by_hand import Mark

NUMBERS = st.floats(-20, 20)
TWO = Rubric((Item("a", 2, "says so"), Item("b", -0.5, "says too much")))


@pytest.fixture
def course(tmp_path):
    made = make(tmp_path)
    (tmp_path / "solutions").mkdir()
    return made


def write(course, text):
    path = rubric_file(course, "a1")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@given(st.lists(NUMBERS), NUMBERS, st.sampled_from(["zero", "full"]), st.floats(0, 10))
def test_points_are_never_below_zero_or_above_what_the_question_is_worth(numbers, besides, start, worth):
    items = tuple(Item(str(k), number, "") for k, number in enumerate(numbers))
    assert 0 <= Rubric(items, start).points(Mark(tuple("0123"), besides), worth) <= round(worth, 6)


@pytest.mark.parametrize(
    ("start", "items", "besides", "points"),
    [
        ("zero", (), 0, 0),
        ("zero", ("a",), 0, 2),
        ("zero", ("a", "b"), 0, 1.5),
        ("zero", ("a", "gone"), 0.25, 2.25),
        ("full", (), 0, 4),
        ("full", ("b",), -1, 2.5),
    ],
)
def test_points_are_those_of_the_items_that_apply(start, items, besides, points):
    assert Rubric(TWO.items, start).points(Mark(items, besides), 4) == points


def test_the_student_reads_the_items_and_the_graders_own_words():
    assert TWO.comment(Mark(("b", "a"), -0.25, " See me. ")) == (
        "+2: says so\n-0.5: says too much\n-0.25 besides\nSee me."
    )
    assert TWO.comment(Mark()) == ""


def test_what_the_desk_writes_it_reads_and_comments_stay(course):
    path = write(course, "# settled\n[how]\nabout = []  # nothing\n\n[why]\nabout = ['layers.relu_forward'] # this\n")
    write_items(course, "a1", "why", [Item("", 1.5, 'says "so"'), Item("old", -2, "too long")], "full")
    rubric = read_rubrics(course, "a1")["why"]
    assert (rubric.start, rubric.about) == ("full", ("layers.relu_forward",))
    assert [(item.points, item.text) for item in rubric.items] == [(1.5, 'says "so"'), (-2, "too long")]
    new, old = (item.name for item in rubric.items)
    assert old == "old"
    assert new.startswith("item-")
    for comment in ("# settled", "# nothing", "# this"):
        assert comment in path.read_text()
    write_items(course, "a1", "why", rubric.items[::-1], "zero")
    assert [item.name for item in read_rubrics(course, "a1")["why"].items] == ["old", new]


def test_without_a_file_there_are_no_rubrics_and_the_first_one_makes_it(course):
    assert read_rubrics(course, "a1") == {}
    write_items(course, "a1", "how", [Item("", 1, "so")], "zero")
    assert list(read_rubrics(course, "a1")) == ["how"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[why", r"cannot be used"),
        ("[why]\nfrom = 'half'\n", r"half"),
        ("[why]\nitem = []\n", r"item"),
        ("[what]\n", r'no question "what" in a1'),
        ("[[why.items]]\nname='a'\npoints=1\ntext='x'\n" * 2, r"same name"),
        ("[[why.items]]\nname='a'\npoints='1'\ntext='x'\n", r"points"),
        ("[[why.items]]\nname='a'\npoints=nan\ntext='x'\n", r'"why" has other points'),
        ("[[why.items]]\nname='a'\npoints=-1e9\ntext='x'\n", r'"why" has other points'),
    ],
)
def test_a_damaged_file_is_named(course, text, reason):
    path = write(course, text)
    with pytest.raises(CourseError, match=reason) as caught:
        read_rubrics(course, "a1")
    assert str(path) in str(caught.value)
