"""Each section of a notebook says how long it takes."""

from __future__ import annotations

import json

import msgspec
import nbformat
import pytest
from nbformat import v4

from benchmarks.running_times import by_section
from grader.release.notebooks import write_sources
from grader.release.pace import MINUTES_PER_TASK, RECORD, WORDS_PER_MINUTE, add_times, measured, rounded, running
from grader.release.percent_scripts import headings
from tests.release.conftest import copy_course


def graded(points, **known):
    return v4.new_code_cell(
        "x = 1", metadata={"nbgrader": {"points": points, "grade": True, "solution": False, **known}}
    )


def ran(seconds):
    moments = {"iopub.execute_input": "2027-01-01T10:00:00Z", "shell.execute_reply": f"2027-01-01T10:00:{seconds:02d}Z"}
    return v4.new_code_cell("x = 1", metadata={"execution": moments})


def notebook():
    words = "word " * (4 * WORDS_PER_MINUTE)
    task = v4.new_code_cell("y = 1", metadata={"nbgrader": {"grade": False, "solution": True}})
    answer = v4.new_markdown_cell("### BEGIN SOLUTION\n" + words, metadata={"nbgrader": {"points": 2, "grade": True}})
    cells = [
        v4.new_markdown_cell("# Title\n\nText."),
        v4.new_markdown_cell(f"## 1. First\n\n{words}"),
        graded(6),
        answer,
    ]
    return v4.new_notebook(cells=[*cells, v4.new_markdown_cell("Text.\n\n## 2. Second\n\nText."), task])


def test_does_a_section_say_how_long_it_takes():
    made = notebook()
    add_times(made, {"1. First": 12.0, "2. Second": 1.0}, per_point=4)
    title, first, *_, second, _ = (cell.source for cell in made.cells)
    assert first.startswith("## 1. First\n\n*Time: 4 min to read, 30 min to write, 10 s to run.*\n\nword")
    assert second == f"Text.\n\n## 2. Second\n\n*Time: 1 min to read, {MINUTES_PER_TASK} min to write.*\n\nText."
    assert title == "# Title\n\n*Time for all of it: about 1 hour.*\n\nText."


@pytest.mark.parametrize(("minutes", "said"), [(0.2, 0), (7.4, 7), (12.6, 15), (61, 60)])
def test_are_minutes_rounded_as_people_say_them(minutes, said):
    assert rounded(minutes) == said


@pytest.mark.parametrize(("seconds", "said"), [(2.4, "2 s"), (23, "20 s"), (54, "50 s"), (56, "1 min"), (150, "2 min")])
def test_is_running_time_said_in_short(seconds, said):
    assert running(seconds) == said


def test_is_what_a_section_runs_added_up():
    cells = [ran(1), v4.new_markdown_cell("## One"), ran(2), v4.new_markdown_cell("### Part"), ran(3)]
    assert by_section([*cells, v4.new_markdown_cell("## Two"), ran(7)]) == {"": 1, "One": 5, "Two": 7}


def test_was_what_is_measured_measured_in_sections_that_are_there(course):
    scripts = {f"{a.name}/{n.name}": course.script(a, n) for a in course.assignment for n in a.notebook}
    for name, sections in measured(course).items():
        assert set(sections) <= set(headings(scripts[name])), f"run: python -m benchmarks.running_times {name}"


def test_does_each_section_of_the_course_say_it(course, tmp_path):
    folder = write_sources(course, folder=tmp_path)
    for path in folder.rglob("*.ipynb"):
        texts = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
        for text in texts:
            if text.startswith("## ") or "\n## " in text:
                assert "\n\n*Time: " in text, text[:60]
        assert texts[0].count("*Time for all of it: about ") == 1


def test_is_nothing_said_where_the_course_does_not_want_it(course, tmp_path):
    silent = msgspec.structs.replace(course, edition=msgspec.structs.replace(course.edition, minutes_per_point=0))
    for path in write_sources(silent, [course["hw3"]], tmp_path).rglob("*.ipynb"):
        assert "*Time" not in path.read_text("utf-8")


def test_does_a_course_without_a_record_speak_of_no_running_time(tmp_path):
    copied = copy_course(tmp_path / "course")
    (copied.secret / RECORD).unlink(missing_ok=True)
    assert measured(copied) == {}
    (copied.secret / RECORD).write_text(json.dumps({"hw3/FC_nets": {"3. A solver": 30.0}}))
    assert measured(copied)["hw3/FC_nets"]["3. A solver"] == 30
