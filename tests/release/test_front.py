"""The front matter of the student edition is filled from course.toml; a course may have templates of its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from grader.course import Course
from grader.errors import CourseError
from grader.release.front import front_matter


@pytest.fixture
def small(course: Course, tmp_path: Path) -> Course:
    """A course that has no templates of its own; its title has quotes."""
    (tmp_path / "solutions" / course.package).mkdir(parents=True)
    (tmp_path / "solutions" / course.package / "__init__.py").write_text("")
    table = msgspec.structs.replace(course.course, title='Nets "from scratch"')
    return msgspec.structs.replace(course, root=tmp_path, course=table)


def test_what_a_course_has_not_is_not_spoken_of(small: Course) -> None:
    without = msgspec.structs.replace(small, assignment=tuple(a for a in small.assignment if a.name != "hw6"))
    for course, torch in ((small, True), (without, False)):
        made = {name: data.decode() for name, data in front_matter(course).items()}
        assert set(made) == {
            *("README.md", "pyproject.toml", "environment.yml"),
            *(".devcontainer/devcontainer.json", ".binder/environment.yml", ".binder/postBuild"),
        }
        project = tomllib.loads(made["pyproject.toml"])["project"]
        assert project["description"].startswith('Nets "from scratch": ')
        assert ("optional-dependencies" in project) is torch
        assert ("hw6 needs torch as well: `pip install torch`" in made["README.md"]) is torch
        assert "{" not in "".join(made["README.md"].split("{}"))


def test_a_template_of_the_course_comes_first(small: Course) -> None:
    own = small.root / "solutions" / "edition"
    own.mkdir()
    (own / "README.md.j2").write_text('{% extends "default/README.md.j2" %}{% block about %}Mine.\n{% endblock %}')
    (own / "HELP.md.j2").write_text("Ask about {{ package }}.\n")
    made = front_matter(small)
    assert b"\nMine.\n" in made["README.md"]
    assert b"## Set up, once" in made["README.md"]
    assert made["HELP.md"] == b"Ask about nndl.\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("README.md.j2", "{{ tittle }}", "'tittle' is undefined"),
        ("README.md.j2", "{% block %}", "TemplateSyntaxError"),
        ("README.md.j2", '{% extends "default/README.txt.j2" %}', "TemplateNotFound"),
        ("pyproject.toml.j2", "[project", "TOMLDecodeError"),
        ("pyproject.toml.j2", "[project]\n", "dependencies"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(small: Course, name: str, text: str, words: str) -> None:
    own = small.root / "solutions" / "edition"
    own.mkdir()
    (own / name).write_text(text)
    with pytest.raises(CourseError, match=r"solutions/edition cannot be used \(") as caught:
        front_matter(small)
    assert words in str(caught.value)
