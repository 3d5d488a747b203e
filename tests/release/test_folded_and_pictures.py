"""Cells that need not be read are folded, and graphs for work on paper are stored pictures with a description."""

from __future__ import annotations

import ast
import re

import pytest

from grader.errors import UnusableCourseFiles
from grader.release.execute import source_notebook
from grader.release.percent_scripts import FOLDED, drawing_cells, python
from grader.release.pictures import draw, problems, shown_pictures, words_in
from tests.release.test_percent_scripts import read

NOTEBOOKS = [
    *("hw3/backprop", "hw3/two_layer_nn", "hw3/FC_nets", "hw4/Optimization", "hw4/Batch-Normalization", "hw4/Dropout"),
    *("hw5/CNN-Layers", "hw5/CNN-BatchNorm", "hw5/CNN", "hw6/PyTorch", "hw6/Network-Visualization"),
]
DRAWING = {"plt.subplots", "plt.figure", "plt.subplot_mosaic", "plt.plot", "plt.axes", "draw_graph"}
CASE = '\n# %% exercise="layers.relu_forward"\ncheck(relu_forward)\n\n# %% [markdown] written="why"\n'
REST = f"{CASE}# ### BEGIN SOLUTION\n# Because.\n# ### END SOLUTION\n"


def script_of(course, path):
    assignment, name = path.split("/")
    notebook = next(notebook for notebook in course[assignment].notebook if notebook.name == name)
    return course.script(course[assignment], notebook), course[assignment], notebook


def cells_of(course, path):
    return source_notebook(*script_of(course, path)).cells


def drawn_in_sight(cells):
    """The calls that draw in cells that are neither folded nor the student's own."""
    for cell in cells:
        if cell.cell_type == "code" and cell.metadata.get("jupyter") != FOLDED["jupyter"]:
            answer = "### BEGIN SOLUTION" in cell.source
            for node in ast.walk(python(cell.source)) if not answer else ():
                if isinstance(node, ast.Call) and ast.unparse(node.func) in DRAWING:
                    yield f"{ast.unparse(node.func)} in a cell that begins with {cell.source[:40]!r}"


def test_is_every_notebook_of_the_course_looked_at(course):
    assert {f"{a.name}/{n.name}" for a in course.assignment for n in a.notebook} == set(NOTEBOOKS)


def test_is_a_folded_cell_hidden_under_its_title(tmp_path):
    cell, *_ = read(tmp_path, f'# %% folded="Draw the loss"\nplt.plot(loss)\n{REST}').cells
    assert cell.metadata == {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    assert cell.source == "# Draw the loss\nplt.plot(loss)"


def test_may_two_folded_cells_not_share_a_title(tmp_path):
    with pytest.raises(UnusableCourseFiles, match="already stands in this notebook"):
        read(tmp_path, f'# %% folded="Draw"\nx = 1\n\n# %% folded="Draw"\ny = 1\n{REST}')


def test_is_a_title_that_does_not_fit_on_a_line_refused(tmp_path):
    with pytest.raises(UnusableCourseFiles, match="longer than 72 characters"):
        read(tmp_path, f'# %% folded="{"long " * 15}"\nx = 1\n{REST}')


def test_is_what_draws_a_picture_not_released(tmp_path):
    cells = read(tmp_path, f'# %% picture="graph"\nsecret_drawing()\n{REST}').cells
    assert not any("secret_drawing" in cell.source for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_is_drawing_out_of_sight(course, path):
    assert list(drawn_in_sight(cells_of(course, path))) == []


def test_would_drawing_in_plain_sight_be_seen(tmp_path):
    cells = read(tmp_path, f"# %%\nfig, ax = plt.subplots()\n{REST}").cells
    assert list(drawn_in_sight(cells)) == ["plt.subplots in a cell that begins with 'fig, ax = plt.subplots()'"]


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_is_the_set_up_folded(course, path):
    first = next(cell for cell in cells_of(course, path) if cell.cell_type == "code")
    assert first.metadata == FOLDED
    assert first.source.startswith("# Set-up: run this cell first\n")


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_has_every_picture_its_place_and_a_description(course, path):
    texts = "\n\n".join(cell.source for cell in cells_of(course, path) if cell.cell_type == "markdown")
    script = script_of(course, path)[0]
    assert list(problems(script, texts)) == []
    assert set(shown_pictures(texts)) >= {f"{name}.svg" for name in drawing_cells(script)}


def test_are_pictures_for_all_graphs_stored(course):
    names = [name for path in NOTEBOOKS for name in drawing_cells(script_of(course, path)[0])]
    assert len(names) == len(set(names)) == 12


def test_is_what_is_wrong_with_a_picture_said(tmp_path):
    script = tmp_path / "solutions" / "hw1" / "intro.py"
    script.parent.mkdir(parents=True)
    script.write_text('# %% picture="graph"\nx = 1\n\n# %% picture="other"\nx = 1\n')
    told = [problem.sentence for problem in problems(script, "![A graph.](graph.svg)")]
    assert told == [
        "no text shows the picture other; write ![what is to be seen](other.svg).",
        "graph.svg is not there; run: grader release --draw",
        "the picture graph.svg needs a description for those who cannot see it.",
    ]


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.startswith(("hw3", "hw6/P"))])
def test_is_a_stored_picture_what_its_cell_draws(course, path):
    """Words and shapes; the outlines of letters differ between versions of matplotlib."""
    script = script_of(course, path)[0]
    for name, code in drawing_cells(script).items():
        stored, drawn = script.with_name(f"{name}.svg").read_bytes(), draw(code, name)
        assert words_in(stored) == words_in(drawn)
        assert re.findall(rb'id="(\w+?)_\d+"', stored) == re.findall(rb'id="(\w+?)_\d+"', drawn)


def test_would_a_picture_of_something_else_be_seen():
    code = 'import matplotlib.pyplot as plt\nplt.figure().text(0, 0, "{}")\n'
    assert words_in(draw(code.format("before"), "a")) == ["before"] != words_in(draw(code.format("after"), "a"))


def test_does_a_picture_depend_on_its_code_alone():
    code = "import matplotlib.pyplot as plt\nplt.subplots()[1].plot([1, 3, 2])\n"
    assert draw(code, "a") == draw(code, "a")
