"""course.toml: what is read from it, and how what is wrong in it is said."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import course as courses
from grader.course import Course, find_root, load, seconds, size
from grader.errors import CourseError, UnusableCourseFiles
from utils.checks.diagnose import CORE_SHARE

TEXT = """\
[course]
title = "A course"
package = "nndl"

[late]
grace = "90min"
per_day = 0.25

[[assignment]]
name = "hw1"
title = "First"
due = 2027-01-31T12:00:00Z

[[assignment.notebook]]
name = "layers"
exercises = [
    { name = "layers.forward", points = 3 },
    { name = "layers.backward", points = 5, requires = ["layers.forward"] },
    { name = "models.best", points = 2, score = { from = 0.2, to = 0.5 } },
]
written = [{ name = "why", points = 1 }]
further = ["fun.double", "fun.triple"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "course.toml").write_text(text, "utf-8")
    return folder


def test_what_is_read(tmp_path: Path) -> None:
    course = load(write(tmp_path, TEXT))
    assignment = course["hw1"]
    assert assignment.due == datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert assignment.files == ("layers.ipynb", "nndl/layers.py", "models/best.npz")
    assert [exercise.grade_id for exercise in assignment.exercises] == [
        "layers-forward",
        "layers-backward",
        "models-best",
    ]
    assert course.late.grace_seconds == 5400
    assert [exercise.name for exercise in assignment.further] == ["fun.double", "fun.triple"]
    assert course.root == tmp_path


def test_a_net_of_ones_own_design_is_handed_in_with_its_constructor(tmp_path: Path) -> None:
    text = TEXT.replace("points = 2, s", 'points = 2, constructor = "nets.build", s')
    assignment = load(write(tmp_path, text))["hw1"]
    assert assignment.files == ("layers.ipynb", "nndl/layers.py", "models/best.safetensors", "nndl/nets.py")
    assert [exercise.written_in for exercise in assignment.exercises] == [
        ("layers", "forward"),
        ("layers", "backward"),
        ("nets", "build"),
    ]


def test_what_is_not_graded_is_an_exercise_and_counts_for_nothing(tmp_path: Path) -> None:
    course = load(write(tmp_path, TEXT))
    with_it, without = course["hw1"], load(write(tmp_path, TEXT.replace("further = ", "# ")))["hw1"]
    assert with_it.exercises == without.exercises
    assert with_it.files == without.files
    assert "nndl/fun.py" not in with_it.files
    names = [exercise.name for _, exercise in course.exercises()]
    assert [exercise.name for _, exercise in course.exercises(further=True)] == [*names, "fun.double", "fun.triple"]
    assert all(exercise.graded for exercise in with_it.exercises)
    assert not any(exercise.graded or exercise.points for exercise in with_it.further)


def test_the_kits_own_course_is_valid(course: Course) -> None:
    assert course["hw3"].exercises
    assert all(exercise.points > 0 for _, exercise in course.exercises())


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("points = 3", 'points = "three"', 17, "Expected `float`, got `str`"),
        ("points = 5", "points = -5", 18, "positive number"),
        ("points = 5", "points = inf", 18, "positive number"),
        ("points = 5", "points = nan", 18, "positive number"),
        ('"layers.backward"', '"layers.forward"', 17, "stands there twice"),
        ('name = "why"', 'name = "layers.forward"', 17, "stands there twice"),
        ("from = 0.2", "from = 0.7", 19, "0 <= from < to <= 1"),
        (", score = { from = 0.2, to = 0.5 }", "", 19, "a score range belongs to models.* and to them only"),
        ("points = 2, s", 'points = 2, constructor = "build", s', 19, 'write constructor = "module.function"'),
        ("points = 5", 'points = 5, constructor = "layers.build"', 18, "builds a trained net, with a score range"),
        ('"layers.forward", points = 3', '"forward", points = 3', 17, 'write "module.function"'),
        ("[late]", '[book]\naddress = "file:///home/me"\n\n[late]', 6, "write it like https://"),
        ('grace = "90min"', 'grace = "soon"', 6, "is not a duration; write it like"),
        ("per_day = 0.25", "per_day = 25", 5, "a share between 0 and 1"),
        ("points = 5", "points = 5, follow_through = 2", 18, "follow_through is a share between 0 and 1"),
        ("points = 2, s", "points = 2, follow_through = 0.5, s", 19, "follow_through is not for trained nets"),
        ("[late]", "[grading]\nfollow_through = -1\n[late]", 6, "a share between 0 and 1"),
        ("points = 5", "points = 5, core = 1.5", 18, "core is a share above 0 and up to 1"),
        ("points = 5", "points = 5, core = 0", 18, "core is a share above 0 and up to 1"),
        ("points = 2, s", "points = 2, core = 0.5, s", 19, "core is not for trained nets"),
        ("[late]", "[grading]\ncore = 0\n[late]", 6, "a share above 0 and up to 1"),
        ("[late]", "[grading]\ncore = 75\n[late]", 6, "a share above 0 and up to 1"),
        ('name = "hw1"', 'name = "../hw1"', 10, "no assignment name"),
        ("points = 3", "point = 3", 17, "unknown field `point`"),
        ('"fun.triple"', '"fun.double"', 22, "stands there twice"),
        ('"fun.triple"', '"layers.forward"', 17, "stands there twice"),
        ('"fun.triple"', '"triple"', 22, 'write "module.function"'),
        ('"fun.triple"', '"fun."', 22, 'write "module.function"'),
        ('"fun.triple"', '"models.triple"', 22, "a further exercise is a function"),
        ('"fun.triple"', '"layers.triple"', 22, "layers.py is; write it in a file of its own, such as further.py"),
        ('"fun.triple"', "3", 15, "Expected `str`, got `int`"),
        ("due = 2027-01-31T12:00:00Z", "", 10, "missing required field `due`"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in TEXT
    with pytest.raises(CourseError) as caught:
        load(write(tmp_path, TEXT.replace(old, new, 1)))
    said = str(caught.value)
    assert words in said
    assert said.startswith(f"course.toml, line {line}:")
    assert caught.value.exit_code == 2


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("points = 3", "points = -3").replace("per_day = 0.25", "per_day = 25").replace("90min", "soon")
    with pytest.raises(UnusableCourseFiles) as caught:
        load(write(tmp_path, text))
    assert [problem.line for problem in caught.value.problems] == [5, 6, 17]
    assert str(caught.value).startswith("3 things to put right:")


def test_two_of_one_name(tmp_path: Path) -> None:
    again = TEXT[TEXT.index("[[assignment]]") : TEXT.index("exercises")]
    with pytest.raises(UnusableCourseFiles) as caught:
        load(write(tmp_path, TEXT + again + again[again.index("[[assignment.notebook]]") :]))
    said = [problem.sentence for problem in caught.value.problems]
    assert said == [
        '"hw1" stands there twice; give one of the assignments another name.',
        '"layers" stands there twice in hw1; rename one of them.',
    ]


def test_where_the_sources_of_a_renamed_assignment_and_notebook_stand(tmp_path: Path) -> None:
    text = TEXT.replace('name = "hw1"', 'name = "week1"\nsource = "hw1"')
    text = text.replace('name = "layers"', 'name = "first"\nsource = "layers"')
    course = load(write(tmp_path, text))
    assignment = course["week1"]
    assert course.script(assignment, assignment.notebook[0]) == tmp_path / "solutions" / "hw1" / "layers.py"
    assert assignment.files[0] == "first.ipynb"


def test_broken_toml_and_broken_bytes(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="is not valid TOML"):
        load(write(tmp_path, TEXT.replace("[late]", "[late")))
    (tmp_path / "course.toml").write_bytes(b"\xff\xfe title")
    with pytest.raises(CourseError, match="restore it from the course's repository"):
        load(tmp_path)


def test_an_unknown_assignment_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r'no assignment "hw9".*it has hw1'):
        load(write(tmp_path, TEXT))["hw9"]


def test_the_root_is_found_upwards(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_root(inner) == tmp_path
    (tmp_path / "course.toml").unlink()
    with pytest.raises(CourseError, match="give --course"):
        find_root(inner)


@pytest.mark.parametrize(("text", "number"), [("90s", 90), ("1.5h", 5400), ("2d", 172800)])
def test_durations(text: str, number: float) -> None:
    assert seconds(text) == number


@pytest.mark.parametrize(("text", "number"), [("1 KiB", 1024), ("1.5GiB", 1610612736)])
def test_sizes(text: str, number: int) -> None:
    assert size(text) == number


@given(st.text(max_size=300))
def test_any_text_is_a_course_or_a_course_error(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "course.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
        with suppress(CourseError):  # anything else is a failure
            assert isinstance(courses.load(path), Course)


def test_the_core_carries_what_it_carries_in_the_students_own_checks() -> None:
    assert courses.Grading().core == CORE_SHARE
