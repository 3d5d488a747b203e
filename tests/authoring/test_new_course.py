"""A course from the template, and copies with some assignments: each releases, and its reference earns everything."""

from __future__ import annotations

import fnmatch
import sys
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from grader import cli, version
from grader import course as courses
from grader.authoring import copy_course, new_course
from grader.authoring.new_course import TEMPLATE
from grader.course import Course
from grader.errors import CourseError, UnusableInput
from grader.mutation.operators import mutants
from grader.reference import Reference
from grader.release.consistency import examine
from grader.release.strip import package

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nothing_imported() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "solutions"]:
        del sys.modules[name]


def test_the_template_is_a_course_of_its_own_name(tmp_path: Path) -> None:
    course = new_course(tmp_path / "k", package="clusters", title="Groups in data")
    assert (course.package, course.course.title) == ("clusters", "Groups in data")
    assert examine(course).errors == examine(course).remarks == ()
    files = [path for path in course.root.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    texts = [path.read_text("utf-8") for path in files]
    assert not any("mycourse" in text for text in texts)
    assert (course.root / "README.md").read_text().startswith("# Groups in data\n")
    assert "def centre(x)" in package(course)["clusters/tables.py"].decode()
    assert mutants("tables.centre", Reference(course.root, "clusters"))
    assert {".gitignore", ".gitattributes", ".github"} <= {path.name for path in course.root.iterdir()}


def test_a_folder_that_is_not_empty_and_a_bad_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UnusableInput, match="is not empty"):
        new_course(tmp_path)
    for name in ("My-Course", "utils", ""):
        with pytest.raises(UnusableInput, match="is no name of a package"):
            new_course(tmp_path / "new", package=name)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_copy_has_the_chosen_assignment_and_what_it_needs(course: Course, tmp_path: Path) -> None:
    copy, found = copy_course(course, tmp_path / "c", ["hw3"], package="deep", title="Deep nets")
    assert [assignment.name for assignment in copy.assignment] == ["hw3"]
    assert found.errors == ()
    assert copy["hw3"].exercises[0].file == "deep/backprop.py"
    names = {path.relative_to(copy.root / "solutions").as_posix() for path in (copy.root / "solutions").rglob("*.*")}
    assert {"hw3/FC_nets.py", "deep/layers.py", "exercises/layers/relu.wrong"} <= names
    assert not any(name.startswith(("hw4", "hw5", "hw6", "nndl", "deep/torch", "exercises/cnn")) for name in names)
    assert "exercises/layers/dropout.py" not in names
    of_layers = {f"student_answers/development/layers/{name}.txt" for name in ("affine_backward", "batchnorm_forward")}
    assert names & of_layers == {"student_answers/development/layers/affine_backward.txt"}
    assert any("batchnorm_forward" in remark.sentence for remark in found.remarks)
    assert "not part of this course" in package(copy)["deep/layers.py"].decode()
    assert (copy.root / "course.toml").read_text().startswith("# The course: which exercises exist")


def test_a_copy_of_all_is_the_course(course: Course, tmp_path: Path) -> None:
    copy, found = copy_course(course, tmp_path / "c")
    assert copy.assignment == course.assignment
    assert found.errors == found.remarks == ()


def test_an_unknown_assignment_is_named_before_anything_is_written(course: Course, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match='no assignment "hw9"'):
        copy_course(course, tmp_path / "c", ["hw9"])
    assert not (tmp_path / "c").exists()


def test_the_workflow_is_yaml_and_its_commands_exist(tmp_path: Path) -> None:
    new_course(tmp_path / "c")
    text = (tmp_path / "c" / ".github" / "workflows" / "course.yml").read_text()
    workflow = yaml.safe_load(text)
    commands = set(typer.main.get_command(cli.app).commands)
    lines = [line for step in workflow["jobs"]["course"]["steps"] for line in step.get("run", "").splitlines()]
    called = [line.split() for line in lines if line.startswith("grader")]
    assert {words[1] for words in called} == {"check-course", "release", "prove", "doctor", "demo"}
    assert {words[1] for words in called} <= commands
    assert all(words[2:] in ([], ["--check"]) for words in called)
    assert f"@v{version()}" in workflow["env"]["GRADER"]


def test_every_file_of_the_template_is_installed() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["grader"]
    for path in TEMPLATE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(ROOT / "grader").as_posix()
            assert any(fnmatch.fnmatch(name, pattern.replace("**/*", "*")) for pattern in patterns), name
            assert not any(part.startswith(".") for part in path.relative_to(TEMPLATE).parts), "no pattern finds it"


def test_the_version_stands_once() -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version() == written
    texts = [path for path in (ROOT / "grader").rglob("*.py") if f'"{written}"' in path.read_text("utf-8")]
    assert texts == []
    assert courses.load(ROOT).package
