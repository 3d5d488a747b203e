"""Percent scripts become source notebooks; what is damaged is refused in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime

import nbformat
import pytest

from grader.course import Assignment, Exercise, Notebook, Written
from grader.errors import CourseError, UnusableCourseFiles
from grader.release.percent_scripts import source_notebook, unlisted

NOTEBOOK = Notebook("intro", (Exercise("layers.relu_forward", 2.5),), (Written("why", 3),))
WITH_FURTHER = Notebook("intro", NOTEBOOK.exercises, NOTEBOOK.written, ("further.adamw",))
ASSIGNMENT = Assignment("hw1", "One", datetime(2027, 1, 1, tzinfo=UTC), (NOTEBOOK,))
SCRIPT = """\
# %% [markdown]
# # Introduction
#
# Look at $x$.

# %%
# %matplotlib inline
import numpy as np

# %% exercise="layers.relu_forward"
check(relu_forward)

# %% [markdown] written="why"
# **Why?**
#
# ### BEGIN SOLUTION
# Because.
# ### END SOLUTION

# %% solution="try-it"
x = 1
### BEGIN SOLUTION
x = 2
### END SOLUTION
"""


def read(tmp_path, script, notebook=NOTEBOOK):
    path = tmp_path / "intro.py"
    path.write_text(script, "utf-8")
    return source_notebook(path, ASSIGNMENT, notebook)


def test_is_every_kind_of_cell_what_nbgrader_expects(tmp_path):
    notebook = read(tmp_path, SCRIPT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    text, given, exercise, written, solution = notebook.cells
    assert (text.cell_type, text.metadata) == ("markdown", {})
    assert (given.source, given.metadata) == ("%matplotlib inline\nimport numpy as np", {})
    common = {"schema_version": 3, "task": False}
    assert exercise.metadata.nbgrader == common | {
        "grade_id": "layers-relu_forward", "grade": True, "solution": False, "locked": True, "points": 2.5,
    }  # fmt: skip
    assert written.metadata.nbgrader == common | {
        "grade_id": "why", "grade": True, "solution": True, "locked": False, "points": 3,
    }  # fmt: skip
    assert solution.metadata.nbgrader == common | {
        "grade_id": "try-it", "grade": False, "solution": True, "locked": False,
    }  # fmt: skip


FURTHER = """
# %% further="further.adamw"
check(adamw)
"""


def test_is_the_check_of_what_is_not_graded_an_ordinary_cell(tmp_path):
    *before, cell = read(tmp_path, SCRIPT + FURTHER, WITH_FURTHER).cells
    assert (cell.cell_type, cell.source, cell.metadata) == ("code", "check(adamw)", {})
    assert before == read(tmp_path, SCRIPT).cells


FURTHER_DAMAGED = {
    "no cell": (
        SCRIPT,
        'lists "further.adamw" for this notebook, but no cell carries it; add the cell # %% further="further.adamw".',
    ),
    "as if graded": (SCRIPT + FURTHER.replace("further=", "exercise="), 'lists "further.adamw" for this notebook'),
    "as text": (SCRIPT + FURTHER.replace("%% ", "%% [markdown] "), "line 26: further is a markdown cell; make it a"),
    "a region": (
        SCRIPT + FURTHER + "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n",
        "line 26: a solution region stands in a cell that keeps its content",
    ),
}


@pytest.mark.parametrize("case", FURTHER_DAMAGED)
def test_is_a_mistake_about_what_is_not_graded_said_in_one_sentence(tmp_path, case):
    script, sentence = FURTHER_DAMAGED[case]
    with pytest.raises(CourseError) as refused:
        read(tmp_path, script, WITH_FURTHER)
    assert sentence in str(refused.value)
    assert "intro.py" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_do_cell_ids_stay_when_a_cell_is_added(tmp_path):
    before = {cell.source: cell.id for cell in read(tmp_path, SCRIPT).cells}
    after = {cell.source: cell.id for cell in read(tmp_path, "# %% [markdown]\n# New.\n\n" + SCRIPT).cells}
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_do_equal_cells_have_different_ids(tmp_path):
    cells = read(tmp_path, SCRIPT + "\n# %%\n1 + 1\n\n# %%\n1 + 1\n\n# %%\n1 + 1\n").cells
    assert len({cell.id for cell in cells}) == len(cells)


def replaced(old, new):
    assert SCRIPT.count(old) == 1
    return SCRIPT.replace(old, new)


DAMAGED = {
    "exercise unknown": (replaced("layers.relu_forward", "layers.relu_fwd"), 'lists "layers.relu_forward" for this'),
    "written unknown": (replaced('"why"', '"who"'), 'lists "why" for this notebook, but no cell carries it'),
    "exercise missing": (
        replaced('# %% exercise="layers.relu_forward"', "# %%"),
        'course.toml lists "layers.relu_forward" for this notebook, but no cell carries it',
    ),
    "written missing": (SCRIPT[: SCRIPT.index("# %% [markdown] written")], 'lists "why" for this notebook'),
    "twice": (
        SCRIPT + '\n# %% exercise="layers.relu_forward"\ncheck(relu_forward)\n',
        'line 26: "layers.relu_forward" already stands in this notebook',
    ),
    "unknown option": (replaced("exercise=", "exercize="), "line 10: the cell's first line is not understood"),
    "no quotes": (replaced('solution="try-it"', "solution=try-it"), "line 20: the cell's first line is not understood"),
    "title": (replaced("# %%\n# %mat", "# %% Imports\n# %mat"), "line 6: the cell's first line is not understood"),
    "raw": (
        replaced("# %%\n# %mat", "# %% [raw]\n# %mat"),
        "line 6: this is a raw cell; make it a code or markdown cell",
    ),
    "exercise as text": (
        replaced("# %% exercise", "# %% [markdown] exercise"),
        "line 10: exercise is a markdown cell; make it a code cell",
    ),
    "written as code": (replaced("[markdown] written", "written"), "line 13: written is a code cell"),
    "no end": (replaced("# ### END SOLUTION\n", ""), "line 13: the solution markers in this cell do not pair up"),
    "misspelt": (replaced("# ### BEGIN SOLUTION", "# ### BEGIN SOLUTIONS"), "line 13: the solution markers"),
    "no region": (replaced("### BEGIN SOLUTION\nx = 2\n### END SOLUTION\n", ""), "line 20: this solution cell has no"),
    "region in a given cell": (
        SCRIPT + "\n# %%\n### BEGIN SOLUTION\ny = 3\n### END SOLUTION\n",
        "line 26: a solution region stands in a cell that keeps its content",
    ),
    "no Python": (replaced("import numpy as np", "import numpy as"), "line 6: line 2 of this cell is not valid Python"),
    "text before": ("import numpy\n" + SCRIPT, "line 1: something stands before the first cell"),
    "header": (
        "# ---\n# jupyter:\n#   kernelspec:\n#     name: x\n# ---\n\n" + SCRIPT,
        "line 1: the notebook's header is damaged",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_is_a_damaged_script_refused_with_its_line(tmp_path, case):
    script, sentence = DAMAGED[case]
    with pytest.raises(CourseError) as refused:
        read(tmp_path, script)
    assert sentence in str(refused.value)
    assert "intro.py" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_is_what_course_toml_does_not_list_left_out_and_named(tmp_path):
    script = SCRIPT + FURTHER + '\n# %% exercise="layers.dropped"\ncheck(dropped)\n'
    assert read(tmp_path, script).cells == read(tmp_path, SCRIPT).cells
    path = tmp_path / "intro.py"
    path.write_text(script, "utf-8")
    assert [(one.line, one.sentence) for one in unlisted(path, ASSIGNMENT, NOTEBOOK)] == [
        (26, 'course.toml lists no further exercise "further.adamw" for hw1/intro, so this cell is left out.'),
        (29, 'course.toml lists no exercise "layers.dropped" for hw1/intro, so this cell is left out.'),
    ]


def test_is_everything_that_is_damaged_said_at_once(tmp_path):
    script = replaced("import numpy as np", "import numpy as").replace("### BEGIN SOLUTION\nx = 2", "x = 2")
    with pytest.raises(UnusableCourseFiles) as refused:
        read(tmp_path, script.replace('written="why"', 'written="who"'))
    assert [problem.line for problem in refused.value.problems] == [6, 20, 0]


def test_is_a_missing_script_named(tmp_path):
    with pytest.raises(CourseError, match=r"intro\.py: this is missing, and course\.toml lists its notebook"):
        source_notebook(tmp_path / "intro.py", ASSIGNMENT, NOTEBOOK)


def test_is_a_script_that_is_no_utf8_refused(tmp_path):
    (tmp_path / "intro.py").write_bytes("# %%\n# café".encode("cp1252"))
    with pytest.raises(CourseError, match="save it as UTF-8"):
        source_notebook(tmp_path / "intro.py", ASSIGNMENT, NOTEBOOK)
