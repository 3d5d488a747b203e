"""What two machines have to have in common: every file and version that verdicts depend on, and no secret in clear."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

import numpy as np
import pytest

from grader import course as courses
from grader.classrun.cluster import identity as module
from grader.classrun.cluster.identity import Identity, difference, identity, summary
from grader.course import Course
from grader.errors import CourseError
from grader.judging.secret import FILE, VARIABLE

NONCE = b"one run"


@pytest.fixture
def copy(small: Course, tmp_path: Path) -> Path:
    """A copy of the course, as it is on another machine."""
    shutil.copytree(small.root, tmp_path / "there")
    return tmp_path / "there"


def described(root: Path, nonce: bytes = NONCE) -> Identity:
    course = courses.load(root)
    return identity(course, course["a1"], nonce)


def test_a_copy_of_the_course_differs_in_nothing(small: Course, copy: Path) -> None:
    assert difference(described(small.root), described(copy)) == ""


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("course.toml", "course.toml differs"),
        ("solutions/nndl/layers.py", "the reference or how exercises are judged differs"),
        ("solutions/exercises/layers/affine.py", "the reference or how exercises are judged differs"),
        ("solutions/exercises/layers/affine.wrong", "the reference or how exercises are judged differs"),
        (FILE, "the course's secret differs"),
    ],
)
def test_a_changed_file_is_named(file: str, what: str, small: Course, copy: Path) -> None:
    path = copy / file
    path.write_text(f"{path.read_text()}\n# changed" if file != FILE else "another secret, as long as it has to be")
    assert difference(described(small.root), described(copy)).startswith(f"{what} from what is here; copy ")


def test_a_package_and_python_are_named_with_both_versions(small: Course) -> None:
    here = described(small.root)
    assert (here["Python"], here["numpy"]) == (platform.python_version(), np.__version__)
    for name in ("Python", "numpy", "distributed"):
        assert difference(here, {**here, name: "0.1"}).startswith(f"{name} is {here[name]} here and 0.1 there; ")
    without = {name: value for name, value in here.items() if name != "numpy"}
    assert "and not installed there" in difference(here, without)


def test_the_grader_is_part_of_it(small: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = described(small.root)
    kit = Path(module.__file__).parents[3]
    for name in ("grader", "utils"):
        shutil.copytree(kit / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "grader" / "classrun" / "cluster" / "identity.py"
    monkeypatch.setattr(module, "__file__", str(file))
    assert described(small.root) == here
    (tmp_path / "utils" / "errors.py").write_text("")
    assert difference(here, described(small.root)).startswith("the grader's code differs")


def test_packages_that_the_assignment_needs_are_part_of_it(course: Course) -> None:
    needing = set(course.packages.values())
    found = {name for each in course.assignment for name in identity(course, each, NONCE)}
    assert needing
    assert needing <= found
    assert not needing & identity(course, course["hw3"], NONCE).keys()


def test_the_secret_is_in_no_description_and_looks_different_in_each_run(copy: Path) -> None:
    first, second = described(copy), described(copy, b"another run")
    secret = (copy / FILE).read_text()
    assert first["secret"] != second["secret"]
    assert {name for name in first if first[name] != second[name]} == {"secret"}
    assert not [value for value in first.values() if secret in value or value in secret]


def test_a_missing_secret_is_named_and_none_is_made(small: Course, copy: Path) -> None:
    (copy / FILE).unlink()
    assert difference(described(small.root), described(copy)).startswith("the course's secret is missing there; copy ")
    assert not (copy / FILE).exists()


def test_the_secret_may_be_a_variable(small: Course, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = described(small.root)
    (copy / FILE).unlink()
    monkeypatch.setenv(VARIABLE, (small.root / FILE).read_text())
    assert difference(here, described(copy)) == ""


def test_without_solutions_there_is_a_sentence(copy: Path) -> None:
    shutil.rmtree(copy / "solutions" / "exercises")
    with pytest.raises(CourseError, match="exercises is missing"):
        described(copy)


def test_a_summary_depends_on_every_name_and_value() -> None:
    assert summary({"a": "b"}) != summary({"a": "c"}) != summary({"b": "a"})
    assert summary({"a": "b", "c": "d"}) == summary({"c": "d", "a": "b"})
    assert summary({"a": "bc"}) != summary({"ab": "c"})
