"""The numbers that the notebooks' texts state: none without a source, and each what the code gives."""

from __future__ import annotations

import ast

import pytest
from nbformat import v4

from grader.release.numbers import WrongNumber, checked, compare, needs_no_run, shown_values, stated, unfounded
from grader.release.percent_scripts import python, source_notebook
from tests.notebooks.targets import TARGETS


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (825_046, "825,046"),
        (825_046, "825 046"),
        (0.5238, "0.52"),
        (52.3, "52.4 ± 1.5"),
        (-1.8213, "-1.82"),
        (-1.8213, "−1.82"),
        (3e-12, "< 1e-10"),
        (4, "> 3"),
        (7.2e-12, "7e-12"),
        (True, "True"),
        ("three", "three"),
    ],
)
def test_a_true_number_passes(value, shown):
    compare(value, shown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (825_046, "825,034"),
        (0.5251, "0.52"),
        (50.8, "52.4 ± 1.5"),
        (1.82, "-1.82"),
        (1e-9, "< 1e-10"),
        (3, "> 3"),
        (8.1e-12, "7e-12"),
        (False, "True"),
        (float("nan"), "0.52"),
    ],
)
def test_an_untrue_number_is_refused(value, shown):
    with pytest.raises(WrongNumber, match="correct the text"):
        compare(value, shown)


def test_a_cell_of_numbers_is_checked_where_it_says_shown():
    source = "total = 3 * 4\ntotal  # shown: 12\nprint(total)\n2 * total + 1  # shown: 24\n"
    assert shown_values(source) == ["12", "24"]
    with pytest.raises(WrongNumber, match=r"24.*25"):
        exec(checked(source), {"compare": compare})  # what this is for
    exec(checked(source.replace("24", "25")), {"compare": compare})


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("825,046 parameters, 99 % of them", ["825,046", "99"]),
        ("49 000 images of CIFAR-10", ["49 000"]),
        ("## 3. Steps of 0.25, conv3 and `x = 77`", ["0.25"]),
        ("$W_{33}$ is at 7e-12 [65](https://x.org/65)", ["7e-12"]),
        ("**Question 13.** In 13 lines", ["13"]),
        ("see section 6.7, or section 14, of 15", ["15"]),
    ],
)
def test_which_numbers_a_text_states(text, numbers):
    assert stated(text) == numbers


def test_a_number_without_a_source_is_found():
    text = v4.new_markdown_cell("It has 825,046 parameters, 49,000 images, 65 % and 17 layers; see Lee et al. (2015).")
    code = v4.new_code_cell("run(images=49_000, goal=0.65)")
    numbers = v4.new_code_cell("count(net)  # shown: 825,046")
    assert [number for number, _ in unfounded([text, code, numbers])] == ["17"]
    assert [number for number, _ in unfounded([text, code])] == ["825,046", "17"]


def test_a_cell_that_needs_the_notebook_is_told_apart():
    assert needs_no_run("x = np.ones(3)\nx.sum()  # shown: 3", {"np"})
    assert not needs_no_run("100 * solver.best_val_acc  # shown: 52", {"np"})


def _source(course, path):
    in_assignment, name = path.split("/")
    notebook = next(notebook for notebook in course[in_assignment].notebook if notebook.name == name)
    return source_notebook(
        course.root / "solutions" / f"{path}.py", course[in_assignment], notebook, with_numbers=True
    ).cells


@pytest.mark.parametrize("path", TARGETS)
def test_every_number_in_a_notebook_has_a_source(path, course):
    lost = list(unfounded(_source(course, path)))
    assert not lost, "give these in a cell of numbers, or take them out of the text"


@pytest.mark.parametrize("path", TARGETS)
def test_the_numbers_that_need_no_training_are_true(path, course):
    if path.startswith("hw6/"):
        pytest.importorskip("torch", reason="HW6 needs PyTorch: pip install torch")
    code = [cell for cell in _source(course, path) if cell.cell_type == "code"]
    imports = [
        statement
        for cell in code
        for statement in python(cell.source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
    ]
    imported = {(name.asname or name.name).partition(".")[0] for line in imports for name in line.names}
    namespace = {"compare": compare}
    for line in imports:
        exec(ast.unparse(line).replace("from nndl", "from solutions.nndl"), namespace)
    for cell in code:
        if "numbers" in cell.metadata.get("tags", ()) and needs_no_run(cell.source, imported):
            exec(checked(cell.source), namespace)
