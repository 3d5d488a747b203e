"""A check that fails, and the feedback, point to a section of a notebook and to an explorer; every link has its end."""

from __future__ import annotations

import json
import re
from collections import Counter
from urllib.parse import unquote

import msgspec
import pytest

from grader.course import Explorer
from grader.release.percent_scripts import headings, source_notebook
from grader.release.places import places, places_table, unused
from utils import explorers
from utils.checks.places import Place, Places, read_places
from utils.explorers.app import EXPLORERS

CLASSES = {getattr(explorers, name).first.name: name for name in explorers.__all__}


def scripts(course):
    """The percent scripts by the paths of the notebooks that students get."""
    return {
        f"assignments/{a.name}/{n.name}.ipynb": (course.script(a, n), a, n)
        for a in course.assignment
        for n in a.notebook
    }


@pytest.fixture(scope="module")
def known(course):
    return places(course)


def test_has_every_exercise_its_section(course, known):
    assert known.keys() == {exercise.name for _, exercise in course.exercises(further=True)}


def test_is_every_section_in_its_notebook_and_there_only_once(course, known):
    files = scripts(course)
    for where in known.values():
        for place in filter(None, (where.section, where.playground)):
            assert Counter(headings(files[place.notebook][0]))[place.section] == 1, place


def test_do_no_two_headings_of_a_notebook_share_an_anchor(course):
    for script, *_ in scripts(course).values():
        anchors = Counter(Place("", heading).anchor for heading in headings(script))
        assert set(anchors.values()) == {1}, script


def test_does_the_check_of_an_exercise_stand_in_the_section_that_is_named(course, known):
    script, assignment, notebook = scripts(course)["assignments/hw3/FC_nets.ipynb"]
    section = None
    for cell in source_notebook(script, assignment, notebook).cells:
        found = re.findall(r"^#+ (.*)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
        section = found[-1] if found else section
        if cell.cell_type == "code" and cell.source == "check(affine_backward)":
            assert known["layers.affine_backward"].section.section == section == "The affine layer, backward"
            return
    raise AssertionError("the notebook has no such check")


def test_is_there_an_explorer_where_one_is_promised(course):
    assert {explorer.name for explorer in course.explorer} == set(EXPLORERS)
    for explorer in course.explorer:
        script, assignment, notebook = scripts(course)[f"assignments/{explorer.notebook}.ipynb"]
        section, stands, made = None, set(), CLASSES[explorer.name.lower().replace(" ", "-")]
        for cell in source_notebook(script, assignment, notebook).cells:
            if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata:
                section = next(reversed(re.findall(r"^#+ (.*)$", cell.source, re.MULTILINE)), section)
            elif f"{made}(" in cell.source:
                stands.add(section)
        assert explorer.section in stands, explorer.name


def test_is_an_explorer_that_names_what_is_not_there_left_out_with_a_remark(course):
    wrong = Explorer("Weights", "hw3/FC_nets", "4. No depth", ("layers.affine_sideways",))
    nowhere = Explorer("Weights", "hw3/CNN", "4. No depth", ("layers.relu_forward",))
    changed = msgspec.structs.replace(course, explorer=(wrong, nowhere))
    told = [p.sentence for p in unused(changed)]
    no_link = "No check points to it."
    assert told == [
        f'the explorer "Weights" names the section "4. No depth", which hw3/FC_nets does not have. {no_link}',
        'the explorer "Weights" names layers.affine_sideways, which is no exercise of this course.',
        f'the explorer "Weights" names the notebook hw3/CNN, which this course does not have. {no_link}',
    ]
    assert not any(where.playground for where in places(changed).values())
    assert list(unused(course)) == []


def test_do_students_read_what_was_released(course, known, tmp_path):
    (tmp_path / "goldens").mkdir()
    (tmp_path / "goldens" / "places.json").write_bytes(places_table(course))
    assert read_places(tmp_path) == known
    (tmp_path / "goldens" / "places.json").write_text(json.dumps({"layers.affine_forward": []}))
    assert read_places(tmp_path) == {}


def test_do_links_lead_from_the_notebook_that_shows_them(tmp_path):
    here = tmp_path / "assignments" / "hw4"
    for file in (tmp_path / "assignments/hw3/FC nets.ipynb", here / "Dropout.ipynb"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    where = Places(
        Place("assignments/hw3/FC nets.ipynb", "Any <depth>, twice"),
        "Dropout",
        Place("assignments/hw4/Dropout.ipynb", "A"),
    )
    shown = where.as_html(tmp_path, here)
    first, second = re.findall(r'href="(.*?)"', shown)
    file, _, anchor = unquote(first).partition("#")
    assert (here / file).resolve() == (tmp_path / "assignments/hw3/FC nets.ipynb").resolve()
    assert anchor == "Any-<depth>,-twice"
    assert second == "Dropout.ipynb#A"
    assert "Any &lt;depth&gt;, twice" in shown


def test_is_a_notebook_that_comes_later_named_without_a_link(tmp_path):
    where = Places(Place("assignments/hw3/FC_nets.ipynb", "Any depth"))
    assert where.as_html(tmp_path, tmp_path) == "Read again: Any depth (FC_nets, which comes later)"
    assert where.as_text() == "  Read again: “Any depth” in assignments/hw3/FC_nets.ipynb"
