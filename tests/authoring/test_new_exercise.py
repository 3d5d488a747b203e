"""The skeleton of an exercise: written where it belongs, never over something, and refused in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.authoring import new_course, new_exercise
from grader.authoring.course_toml import add_exercise
from grader.authoring.skeletons import Skeleton
from grader.course import Course, load
from grader.errors import CourseError, UnusableInput
from grader.release.consistency import examine


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for name in [name for name in sys.modules if name.partition(".")[0] == "solutions"]:
        del sys.modules[name]
    return new_course(tmp_path / "course")


def files(course: Course) -> dict[str, bytes]:
    paths = [path for path in course.root.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(course.root).as_posix(): path.read_bytes() for path in paths}


def test_every_file_that_it_belongs_in_is_written(course: Course) -> None:
    before = files(course)
    made = new_exercise(course, "tables.scale", points=2)
    after = files(course)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {problem.file for problem in made.written}
    assert changed - before.keys() == {f"solutions/exercises/tables/scale.{end}" for end in ("py", "wrong", "right")}
    assert all(before[name].rstrip().split(b"]")[0] in after[name] for name in changed & before.keys())
    assert made.found == []
    (exercise,) = (one for _, one in load(course.root).exercises() if one.name == "tables.scale")
    assert exercise.points == 2


def test_what_is_missing_is_said_at_once_and_with_lines(course: Course) -> None:
    new_exercise(course, "tables.scale")
    again = load(course.root)
    found = examine(again, ["tables.scale"]).errors
    assert {problem.file for problem in found} == {
        "solutions/mycourse/tables.py",
        "solutions/hw1/first_steps.py",
        *(f"solutions/exercises/tables/scale.{end}" for end in ("py", "wrong", "right")),
    }
    assert all(problem.line for problem in found)
    assert examine(again, ["tables.centre"]).errors == ()
    assert examine(again).errors == found


def test_what_is_left_of_a_dropped_exercise_is_remarked_on(course: Course) -> None:
    entries = '["tables.centre", "a", "b"],\n["tables.gone", "a", "b"],\n'
    lists = f'[[because]]\nreason = "equal"\nmutants = [\n{entries}]\n'
    (course.secret / "equivalents.toml").write_text(lists)
    new_exercise(course, "tables.scale")
    text = (course.root / "course.toml").read_text()
    (course.root / "course.toml").write_text(
        "".join(line for line in text.splitlines(True) if "tables.scale" not in line)
    )
    found = examine(load(course.root))
    assert found.errors == ()
    said = "\n".join(map(str, found.remarks))
    assert "solutions/equivalents.toml, line 5: tables.gone: no exercise of this course" in said
    assert "this waits to be written for tables.scale, which is no exercise of this course" in said


def test_twice_says_what_is_there_and_changes_nothing(course: Course) -> None:
    new_exercise(course, "tables.scale")
    before = files(course)
    with pytest.raises(UnusableInput, match=r"tables\.scale is there already: solutions/mycourse/tables\.py, line \d+"):
        new_exercise(load(course.root), "tables.scale")
    assert files(course) == before


def test_a_part_that_is_there_stays_and_the_others_are_written(course: Course) -> None:
    path = course.root / "solutions" / "mycourse" / "tables.py"
    path.write_text(path.read_text() + "\n\ndef scale(x):\n    return x\n")
    made = new_exercise(course, "tables.scale")
    assert [problem.file for problem in made.found] == ["solutions/mycourse/tables.py"]
    assert path.read_text().endswith("def scale(x):\n    return x\n")
    assert len(made.written) == 5


@pytest.mark.parametrize("name", ["nets.Net.loss", "tables.Table.mean"])
def test_a_method_stands_in_its_class(course: Course, name: str) -> None:
    new_exercise(course, name)
    again = load(course.root)
    new_exercise(again, f"{name}_backward")
    text = (course.root / again.reference_file(name.split(".")[0])).read_text()
    assert text.count("\nclass ") == 1
    assert text.count("    def ") == 2
    assert not [
        one
        for one in examine(load(course.root)).errors
        if "not finished" not in one.sentence and "no miscon" not in one.sentence
    ]


@pytest.mark.parametrize(
    "name", ["scale", "Tables.scale", "tables.scale.x", "tables.1st", "tables.for", "../x.y", "models.best", ""]
)
def test_a_name_that_is_none_is_refused(course: Course, name: str) -> None:
    before = files(course)
    with pytest.raises(UnusableInput, match=r"is no name of an exercise|name of a trained net") as refused:
        new_exercise(course, name)
    assert "\n" not in str(refused.value)
    assert files(course) == before


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"assignment": "hw2"}, 'no assignment "hw2"'),
        ({"notebook": "second"}, 'no notebook "second" in hw1; it has first_steps'),
        ({"points": -1.0}, "give it a positive number"),
    ],
)
def test_a_place_that_is_none_is_refused(course: Course, place: dict[str, str], said: str) -> None:
    before = files(course)
    with pytest.raises((UnusableInput, CourseError), match=said):
        new_exercise(course, "tables.scale", **place)
    assert files(course) == before


def test_one_of_many_notebooks_has_to_be_named(course: Course) -> None:
    path = course.root / "course.toml"
    path.write_text(path.read_text() + '\n[[assignment.notebook]]\nname = "second"\n')
    with pytest.raises(UnusableInput, match="--notebook with one of first_steps, second"):
        new_exercise(load(course.root), "tables.scale")


HEAD = '# Mine.\n[[assignment]]\nname = "a"  # first\n[[assignment.notebook]]\nname = "n"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'exercises = [{ name = "x.y", points = 2 }]\n'),
        ('exercises = [{ name = "a.b" }]\n', 'exercises = [{ name = "a.b" }, { name = "x.y", points = 2 }]\n'),
        (
            'exercises = [\n    { name = "a.b" }, # why\n    # end\n]\n',
            'exercises = [\n    { name = "a.b" }, # why\n    # end\n    { name = "x.y", points = 2 },\n]\n',
        ),
        (
            'exercises = [\n    { name = "a.b" }\n]\n',
            'exercises = [\n    { name = "a.b" },\n    { name = "x.y", points = 2 },\n]\n',
        ),
    ],
)
def test_comments_and_layout_of_course_toml_stay(before: str, after: str) -> None:
    assert add_exercise(HEAD + before, "a", "n", "x.y", 2) == HEAD + after


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("layers.leaky_relu_forward", "leaky_relu"),
        ("conv_layers.conv_backward_naive", "conv"),
        ("fc_net.TwoLayerNet.loss", "two_layer_net"),
        ("optim.adam", "adam"),
        ("x._forward", "_forward"),
    ],
)
def test_a_family_is_called_as_the_class_or_the_function(name: str, family: str) -> None:
    assert Skeleton(name, "nndl").family == family
