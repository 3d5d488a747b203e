"""Is decisions.toml read as strictly as course.toml, and does every message name the line?"""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import course as courses
from grader.course.decision_file import decided, parse
from grader.errors import CourseError

THIS = courses.read(Path(__file__).parents[2])[0]
TOML = """
[course]
title = "A course"
package = "nndl"

[[assignment]]
name = "a1"
title = "Warming up"
due = 2027-02-05T12:00:00Z

[[assignment.notebook]]
name = "warmup"
exercises = [{ name = "layers.affine_forward", points = 3 }, { name = "layers.relu_forward", points = 0 }]
written = [{ name = "why", points = 4 }]
"""
OVERRIDE = '[[override]]\nstudent = "ada"\nquestion = "why"\npoints = 3\n'
EXTENSION = '[[extension]]\nassignment = "a1"\nstudents = ["ada"]\n'


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course.toml").write_text(TOML)
    return courses.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("[[extention]]\n", ["line 1: Object contains unknown field `extention` at the top; there are [[extension]]"]),
        (f"# one\n{EXTENSION}days = 2\nuntill = 3\n", ["line 6: Object contains unknown field `untill`"]),
        (f"{EXTENSION}days = '2'\n", ["line 4: Expected `float"]),
        (
            f"{EXTENSION}days = 1\n\n[[extension]]\nassignment = 'a1'\n",
            ["line 6: Object missing required field `studen"],
        ),
        (f"{EXTENSION}", ["line 1: an extension has either until or days; write one of them."]),
        (f"{EXTENSION}days = 1\nuntil = 2027-03-01T00:00:00Z", ["line 1: an extension has either until or days"]),
        (f"{EXTENSION}days = 0", ["line 1: days is 0; it is a number above 0"]),
        (f"{EXTENSION}until = 2027-02-05T12:00:00", ["line 1: until is not after a1 is due, on 2027-02-05 12:00 UTC;"]),
        (f"\n{EXTENSION.replace('a1', 'a2')}days = 1", ['line 2: there is no assignment "a2"; there are a1.']),
        (EXTENSION.replace('["ada"]', "[]") + "days = 1", ["line 1: it is about nobody"]),
        (
            EXTENSION.replace('["ada"]', '"ada"') + "days = 1",
            ['line 1: students is "ada"; write ["ada"] for one student'],
        ),
        ("[[void]]\nquestion = 'layers.relu'\npoints = 'given'", ['"layers.relu"; did you mean "layers.relu_forward"']),
        ("[[void]]\nquestion = 'why'\npoints = 'gone'", ["line 3: Invalid enum value 'gone'"]),
        (
            "[[void]]\nquestion = 'why'\npoints = 'given'\n" * 2,
            ['line 4: "why" stands there twice; remove one of them.'],
        ),
        (OVERRIDE, ["line 1: an override has a reason, which the student reads; write it."]),
        (f"{OVERRIDE}reason = 'x'\nassignment = 'a1'", ["line 1: an override has either a question or an assignment"]),
        (OVERRIDE.replace("3", "-1") + "reason = 'x'", ["line 1: points is -1; it is a number from 0."]),
        ("[[weight]]\nquestion = 'why'\npoints = nan", ["line 1: points is nan"]),
        (
            "[[bonus]]\nassignment = 'a1'\nstudents = 'all'\npoints = 0",
            ["line 1: points is 0; a bonus is a number above"],
        ),
        ("[[late_days]]\ndays = -1", ["line 1: days is a number of days from 0"]),
        (f"{EXTENSION}days = 1\nline = 4", ['line 5: unknown key "line"; remove it.']),
        (f"{EXTENSION}days = 0\n{OVERRIDE}", ["2 things to put right", "line 1: days", "line 5: an override"]),
        ("[[extension]\n", ["decisions.toml is not valid TOML"]),
        ("extension = 3", ["line 1: Expected `array`, got `int` at extension"]),
    ],
)
def test_each_mistake_is_named_with_its_line(course, text, sentences):
    (course.root / "decisions.toml").write_text(text)
    with pytest.raises(CourseError) as caught:
        courses.load(course.root)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_every_decision_knows_its_line():
    text = f"# heading\n{EXTENSION}days = 1\n\n# another\n{OVERRIDE}\n{EXTENSION}days = 2\n"
    found = parse(text)
    assert [[one.line for one in kind] for kind in (found.extension, found.override)] == [[2, 13], [8]]


def test_a_weight_is_what_the_course_says_afterwards_and_the_release_does_not_follow(course):
    text = "[[weight]]\nquestion = 'layers.affine_forward'\npoints = 5\n[[weight]]\nquestion = 'why'\npoints = 0\n"
    (course.root / "decisions.toml").write_text(text)
    (notebook,) = courses.load(course.root)["a1"].notebook
    assert [question.points for question in notebook.questions] == [5, 0, 0]
    released, _ = courses.read(course.root)
    assert [question.points for question in released["a1"].notebook[0].questions] == [3, 0, 4]


def test_without_the_file_there_are_no_decisions(course):
    assert list(course.decisions) == []


def test_decisions_are_no_key_of_course_toml(course):
    path = course.root / "course.toml"
    path.write_text(path.read_text() + "[decisions]\n")
    with pytest.raises(CourseError, match='unknown key "decisions"'):
        courses.load(course.root)


@given(st.text(max_size=200) | st.text("[]=\"'\n 1aextension#.", max_size=60))
def test_any_text_is_decisions_or_one_typed_error(text):
    with contextlib.suppress(CourseError):  # and nothing else
        parse(text)


@given(st.data())
def test_decisions_never_make_a_course_that_cannot_be_used(data):

    question = data.draw(st.sampled_from(THIS["hw3"].questions))
    points = data.draw(st.floats(0, 1e6))
    weighted = decided(THIS, f"[[weight]]\nquestion = '{question}'\npoints = {points!r}\n")
    worth = {each.name: each.points for notebook in weighted["hw3"].notebook for each in notebook.questions}
    assert worth[question] == points
    assert len(worth) == len(THIS["hw3"].questions)
