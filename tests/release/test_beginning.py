"""From the student edition to the first notebook: its README names every command, and what it offers is valid."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import PurePosixPath

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from grader.release import front
from grader.release.edition import given_files
from grader.release.front import commands, front_matter
from utils.cli import app

TEXT = {"type": "string"}
COMMAND = {"type": ["string", "array", "object"]}
LIFE_CYCLE = ("initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand")
DEV_CONTAINER = {
    # What https://containers.dev/implementors/json_reference says of the keys that a container of an image may have.
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("name", "image", "remoteUser", "workspaceFolder"), TEXT),
        **dict.fromkeys((*LIFE_CYCLE, "postAttachCommand"), COMMAND),
        "waitFor": {"enum": list(LIFE_CYCLE)},
        "features": {"type": "object"},
        "forwardPorts": {"type": "array", "items": {"type": ["integer", "string"]}},
        "containerEnv": {"type": "object", "additionalProperties": TEXT},
        "remoteEnv": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "customizations": {
            "type": "object",
            "properties": {
                "vscode": {"properties": {"extensions": {"type": "array", "items": {"pattern": r"^[\w-]+\.[\w-]+$"}}}},
                "codespaces": {"properties": {"openFiles": {"type": "array", "items": TEXT}}},
            },
        },
    },
}


@pytest.fixture(scope="module")
def made(course):
    return {name: data.decode() for name, data in front_matter(course).items()}


@pytest.fixture(scope="module")
def given(course):
    return given_files(course)


def named_in(text, package="nndl"):
    """The commands of the student that a text names: in code, at the start of a line or in backticks."""
    return set(re.findall(rf"(?:^|`|uv run |&& |; ){package} ([a-z][\w-]*)\b", text, re.MULTILINE))


def test_does_the_readme_name_every_command_with_what_it_says_of_itself(course, made):
    listed = dict(re.findall(r"^\| `nndl (\S+)` \| (.+) \|$", made["README.md"], re.MULTILINE))
    assert listed == commands(course)
    assert set(listed) == {command.name or command.callback.__name__ for command in app.registered_commands}
    for command in app.registered_commands:
        first = listed[command.name or command.callback.__name__]
        assert " ".join(command.callback.__doc__.split()).startswith(first)


def test_would_a_new_command_be_named(course, monkeypatch):
    def dance() -> None:
        """Dance with the gradients.

        This is only for the fun of it.
        """

    dance.__module__ = "utils.cli.dance"
    monkeypatch.setattr(front.app, "registered_commands", [type("Command", (), {"name": None, "callback": dance})()])
    assert commands(course) == {"dance": "Dance with the gradients."}


def test_has_another_course_only_the_commands_that_all_have(course, tmp_path):
    other = msgspec.structs.replace(course, root=tmp_path)
    assert set(commands(other)) == set(commands(course)) - {"explore", "data"} >= {"check", "pack"}


@pytest.mark.parametrize("page", ["README.md", "docs/student.md", "docs/explorers.md", "docs/data.md"])
def test_are_commands_that_students_read_of_there(course, given, page):
    assert named_in(given[page].decode()) <= set(commands(course)), page


def test_would_a_command_that_is_not_there_be_seen():
    assert named_in("Run `nndl chekc` or\n\n    x\n\nnndl dance hw3\nuv run nndl lab\nin nndl files") == {
        *("chekc", "dance", "lab"),
    }


def test_do_all_links_of_the_edition_lead_to_a_file_in_it(course, given):
    pages = [path for path in given if path.endswith(".md")]
    assert {"README.md", "docs/student.md", "docs/explorers.md", "docs/data.md"} <= set(pages)
    notebooks = {f"assignments/{a.name}/{n.name}.ipynb" for a in course.assignment for n in a.notebook}
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", given[page].decode()):
            if "://" not in link and not link.startswith("#"):
                target = (PurePosixPath(page).parent / link.partition("#")[0]).as_posix()
                assert target in given or target in notebooks, f"{page} links to {link}"


def test_is_the_dev_container_valid(made, course):
    container = json.loads(made[".devcontainer/devcontainer.json"])
    Draft202012Validator(DEV_CONTAINER).validate(container)
    (opened,) = container["customizations"]["codespaces"]["openFiles"]
    first = course.assignment[0]
    assert opened == f"assignments/{first.name}/{first.notebook[0].name}.ipynb"
    assert not Draft202012Validator(DEV_CONTAINER).is_valid({**container, "waitFor": "lunch"})


def test_does_binder_get_what_conda_gets(made):
    binder, conda = (yaml.safe_load(made[name]) for name in (".binder/environment.yml", "environment.yml"))
    assert set(binder) == {"name", "channels", "dependencies"}
    assert binder["channels"] == conda["channels"]
    assert binder["dependencies"] == [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    assert made[".binder/postBuild"].startswith("#!/bin/bash\n")
    assert subprocess.run(["bash", "-n"], input=made[".binder/postBuild"], text=True).returncode == 0


def test_does_one_command_of_uv_find_all_it_needs(made):
    project = tomllib.loads(made["pyproject.toml"])
    assert project["project"]["scripts"]["nndl"] == "utils.cli:main"
    (command,) = re.findall(r"^uv run (\w+) lab$", made["README.md"], re.MULTILINE)
    assert command in {*project["project"]["scripts"], "jupyter"}


def test_are_titles_with_quotes_valid_json(course):
    quoted = msgspec.structs.replace(course, course=msgspec.structs.replace(course.course, title='Nets "from scratch"'))
    container = json.loads(front_matter(quoted)[".devcontainer/devcontainer.json"])
    assert container["name"] == 'Nets "from scratch"'
