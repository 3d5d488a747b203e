"""nbgrader's GenerateAssignment makes the student's notebooks, and the gradebook knows their cells."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.errors import CourseError
from grader.nbgrader_plugin import configure
from grader.release.notebooks import generate, write_sources
from grader.release.percent_scripts import FOLDED


@pytest.fixture(scope="module")
def made(course):
    """What students get of hw3, by path."""
    return generate(course, course["hw3"])


@pytest.fixture(scope="module")
def notebooks(made):
    """The released notebooks of hw3 by name."""
    return {path.rpartition("/")[2]: json.loads(data) for path, data in made.items() if path.endswith(".ipynb")}


def cells_of(notebooks, **wanted):
    """The cells whose nbgrader metadata says this."""
    return [
        cell
        for notebook in notebooks.values()
        for cell in notebook["cells"]
        if wanted.items() <= cell["metadata"].get("nbgrader", {}).items()
    ]


def test_does_each_exercise_have_a_locked_cell_with_its_points(course, notebooks):
    cells = cells_of(notebooks, grade=True, solution=False, locked=True)
    worth = {cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"] for cell in cells}
    assert worth == {exercise.grade_id: exercise.points for exercise in course["hw3"].exercises}
    assert all(cell["metadata"]["editable"] is False and cell["metadata"]["deletable"] is False for cell in cells)


def test_are_model_answers_gone(course, notebooks):
    cells = cells_of(notebooks, grade=True, solution=True)
    assert len(cells) == sum(len(notebook.written) for notebook in course["hw3"].notebook) > 0
    assert all("YOUR ANSWER HERE" in "".join(cell["source"]) for cell in cells)


def test_are_ungraded_solutions_stubs(notebooks):
    cells = cells_of(notebooks, grade=False, solution=True)
    assert cells
    assert all("# YOUR CODE HERE\nraise NotImplementedError()" in "".join(cell["source"]) for cell in cells)


def test_is_a_notebook_fresh(notebooks):
    for notebook in notebooks.values():
        assert list(notebook["metadata"]) == ["kernelspec"]
        for cell in notebook["cells"]:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None
            folded = FOLDED if "jupyter" in cell["metadata"] else {}
            assert folded.items() <= cell["metadata"].items()
            assert cell["metadata"].keys() - folded.keys() <= {"nbgrader", "deletable", "editable"}


def test_does_a_second_build_give_the_same_bytes(made, tree):
    assert made == {path: tree[path] for path in made}


def test_do_the_stock_directories_give_the_same_bytes(copied, made):
    """What ``nbgrader generate_assignment`` does, with the configuration that nbgrader_config.py sets."""
    config = Config()
    configure(config, copied)
    config.CourseDirectory.assignment_id = "hw3"
    write_sources(copied)
    GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    for path, data in made.items():
        assert (copied.root / path).read_bytes() == data, path


def test_do_pictures_travel_with_the_notebooks(copied):
    (copied.root / "solutions/hw3/edge.png").write_bytes(b"picture")
    assert generate(copied, copied["hw3"])["assignments/hw3/edge.png"] == b"picture"


def test_are_sources_written_only_where_they_changed(copied):
    folder = write_sources(copied)
    stale = folder / "hw3" / "gone.ipynb"
    stale.write_text("{}")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*") if path != stale}
    script = copied.root / "solutions/hw3/backprop.py"
    script.write_text(script.read_text("utf-8") + "\n# %% [markdown]\n# The end.\n", "utf-8")
    assert write_sources(copied) == folder == copied.root / "build" / "source"
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    assert [path.name for path in before if after[path] != before[path]] == ["backprop.ipynb"]


@pytest.fixture
def db(copied):
    """The URL of a gradebook that knows hw3."""
    url = f"sqlite:///{copied.root / 'gradebook.db'}"
    generate(copied, copied["hw3"], url)
    return url


def test_does_the_gradebook_know_all_points(copied, db):
    with Gradebook(db) as gradebook:
        cells = {
            cell.name: cell.max_score for n in gradebook.find_assignment("hw3").notebooks for cell in n.grade_cells
        }
    hw3 = copied["hw3"]
    assert cells == {exercise.grade_id: exercise.points for exercise in hw3.exercises} | {
        written.name: written.points for notebook in hw3.notebook for written in notebook.written
    }


def test_is_the_gradebook_untouched_unless_asked(copied):
    generate(copied, copied["hw3"])
    assert not list(copied.root.glob("*.db"))


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own, when a submission is added
def test_does_nbgrader_s_refusal_become_one_sentence(copied, db):
    """Cells cannot come and go once there are submissions."""
    with Gradebook(db) as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("hw3", "ada", timestamp=datetime(2027, 1, 1))
    script = copied.root / "solutions/hw3/backprop.py"
    text = script.read_text("utf-8")
    region = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n"
    script.write_text(f'{text}\n# %% solution="more"\n{region}', "utf-8")
    with pytest.raises(CourseError) as refused:
        generate(copied, copied["hw3"], db)
    assert "Cannot add or remove cells" in str(refused.value)
    assert "gradebook" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_is_every_name_in_a_released_notebook_defined_there_or_by_the_student(course):
    """A cell that draws a stored picture is not run, so nothing that it imports is there."""
    command = ["check", "--isolated", "--select", "F821", "--output-format", "json", str(course.root / "assignments")]
    said = subprocess.run([sys.executable, "-m", "ruff", *command], capture_output=True, text=True, check=False)
    found = [(Path(problem["filename"]), problem["message"].split("`")[1]) for problem in json.loads(said.stdout)]
    assert found  # what students are to write is not defined yet
    for assignment in course.assignment:
        for notebook in assignment.notebook:
            released = course.root / "assignments" / assignment.name / f"{notebook.name}.ipynb"
            undefined = {name for path, name in found if path == released}
            script = (course.root / "solutions" / assignment.name / f"{notebook.name}.py").read_text("utf-8")
            answers = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", script, re.DOTALL)
            assigned = set(re.findall(r"^(\w+)(?:, \w+)* = ", "\n".join(answers), re.MULTILINE))
            assigned |= set(re.findall(r"^\w+, (\w+) = ", "\n".join(answers), re.MULTILINE))
            assert undefined <= assigned, released
