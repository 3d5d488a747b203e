"""Dropping, renaming, re-pointing and re-dating is editing course.toml; what is left over is remarked on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tomlkit
from msgspec.structs import replace
from sampling import sampled

from grader import course as courses
from grader.course import Assignment, Course, Notebook
from grader.errors import UnusableCourseFiles
from grader.recipes import book
from grader.release import consistency, strip
from grader.release.consistency import examine
from grader.release.percent_scripts import source_notebook

NAME = '"layers.relu_forward"'
SCRIPT, RELU = "solutions/hw3/FC_nets.py", "solutions/exercises/layers/relu.py"
HERE = courses.load(Path(__file__).parents[2])
NOTEBOOKS = [(assignment, notebook) for assignment in HERE.assignment for notebook in assignment.notebook]


@pytest.fixture
def without_diffs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether diffs fit the reference does not depend on course.toml, and is looked at by tests/recipes."""
    monkeypatch.setattr(book, "_misfits", lambda reference, recipe: iter(()))


def line(file: str, text: str) -> int:
    """The number of the line of a file that says this."""
    lines = (HERE.root / file).read_text("utf-8").splitlines()
    (found,) = (number for number, line in enumerate(lines, 1) if text in line)
    return found


def with_notebook(assignment: Assignment, old: Notebook, new: Notebook | None) -> Course:
    """The course with another notebook in place of one, or with none."""
    kept = [new if one is old else one for one in assignment.notebook if one is not old or new]
    changed = replace(assignment, notebook=tuple(kept))
    return replace(HERE, assignment=tuple(changed if one is assignment else one for one in HERE.assignment))


def said(course: Course) -> str:
    found = examine(course)
    assert found.errors == ()
    return "\n".join(map(str, found.remarks))


@pytest.mark.usefixtures("without_diffs")
def test_the_course_fits_itself() -> None:
    assert said(HERE) == ""


@pytest.mark.usefixtures("without_diffs")
@pytest.mark.parametrize("assignment", sampled(HERE.assignment, every=2), ids=lambda one: one.name)
def test_an_assignment_is_dropped(assignment: Assignment) -> None:
    remarks = said(replace(HERE, assignment=tuple(one for one in HERE.assignment if one is not assignment)))
    for notebook in assignment.notebook:
        assert (
            f"solutions/{assignment.name}/{notebook.name}.py: no notebook of course.toml is made from this" in remarks
        )
        assert f"assignments/{assignment.name}/{notebook.name}.ipynb: made for nothing" in remarks
    for exercise in assignment.exercises:
        if exercise.score is None:
            assert f"solutions/exercises/{exercise.module}" in remarks
            assert f"goldens/{exercise.name}.npz: made for nothing" in remarks


@pytest.mark.usefixtures("without_diffs")
@pytest.mark.parametrize(("assignment", "notebook"), sampled(NOTEBOOKS, every=4), ids=lambda one: one.name)
def test_a_notebook_is_dropped(assignment: Assignment, notebook: Notebook) -> None:
    remarks = said(with_notebook(assignment, notebook, None))
    assert f"solutions/{assignment.name}/{notebook.name}.py: no notebook of course.toml" in remarks


@pytest.mark.parametrize(("assignment", "notebook"), sampled(NOTEBOOKS, every=4, first=2), ids=lambda one: one.name)
def test_each_exercise_and_each_question_is_dropped(assignment: Assignment, notebook: Notebook) -> None:
    """Its cell is left out and its function a stub, whatever else the notebook and the file hold."""
    path = HERE.script(assignment, notebook)
    count = len(source_notebook(path, assignment, notebook).cells)
    shorter = [
        (dropped.name, replace(notebook, **{kind: tuple(one for one in getattr(notebook, kind) if one is not dropped)}))
        for kind in ("exercises", "written")
        for dropped in getattr(notebook, kind)
    ]
    for name, without in shorter:
        assert len(source_notebook(path, assignment, without).cells) == count - 1, name
        (cell,) = consistency.unlisted(path, assignment, without)
        assert f'"{name}"' in cell.sentence
    for dropped in notebook.exercises:
        course = with_notebook(assignment, notebook, dict(shorter)[dropped.name])
        module, function = dropped.written_in
        if module in ("models", *strip.left_out(course)):
            continue
        stub = strip.strip((HERE.root / HERE.reference_file(module)).read_text("utf-8"), module, course)
        assert f'raise NotImplementedError("{function}: not part of this course")' in stub


@pytest.mark.usefixtures("without_diffs")
def test_a_dropped_exercise_is_remarked_on_wherever_it_stands() -> None:
    assignment, notebook = next(pair for pair in NOTEBOOKS if pair[1].name == "FC_nets")
    kept = tuple(one for one in notebook.exercises if one.name != "layers.relu_forward")
    remarks = said(with_notebook(assignment, notebook, replace(notebook, exercises=kept)))
    text = (HERE.root / "solutions" / "nndl" / "layers.py").read_text("utf-8")
    begin = text[: text.index("### BEGIN", text.index("def relu_forward("))].count("\n") + 1
    for place in (
        f'line {HERE.line_of("layers.relu_backward")}: "layers.relu_backward" requires "layers.relu_forward", which is',
        f"{SCRIPT}, line {line(SCRIPT, NAME)}: course.toml lists no exercise",
        f"{RELU}, line {line(RELU, NAME)}: no exercise in course.toml is called",
        f"solutions/nndl/layers.py, line {begin}: no exercise of this course: relu_forward (line {begin})",
        "goldens/layers.relu_forward.npz: made for nothing",
    ):
        assert place in remarks


@pytest.mark.usefixtures("without_diffs")
def test_a_renamed_assignment_and_notebook_say_where_their_sources_stand(tmp_path: Path) -> None:
    text = (HERE.root / "course.toml").read_text("utf-8")
    text = text.replace('name = "hw5"', 'name = "images"\nsource = "hw5"')
    text = text.replace('name = "CNN"\n', 'name = "Convolution"\nsource = "CNN"\n')
    (tmp_path / "course.toml").write_text(
        text.replace("points = 12,", "points = 14,").replace("2027-03-05", "2028-03-05")
    )
    course = replace(courses.load(tmp_path), root=HERE.root)
    assert course["images"].due.year == 2028
    assert "images/" not in said(course)


@pytest.mark.usefixtures("without_diffs")
def test_names_of_nothing_are_errors_all_at_once() -> None:
    assignment, notebook = next(pair for pair in NOTEBOOKS if pair[1].name == "FC_nets")
    first, second, *others = notebook.exercises
    changed = (replace(first, name="layers.affine_forwrad"), replace(second, requires=("layers.nothing",)), *others)
    course = with_notebook(assignment, notebook, replace(notebook, exercises=changed))
    errors = [str(one) for one in examine(replace(course, packages={"nowhere": "torch"})).errors]
    for words in (
        '"layers.affine_backward" requires "layers.nothing", which does not exist',
        '[packages] names "nowhere"',
        'solutions/exercises/layers says how to judge "layers.affine_forwrad"',
        'lists "layers.affine_forwrad" for this notebook, but no cell carries it',
        "lists layers.affine_forwrad, but no solution region stands in that function",
    ):
        assert any(words in error for error in errors), words


def test_a_course_file_and_the_others_are_wrong_at_once(tmp_path: Path) -> None:
    shutil.copytree(HERE.root / "solutions" / "nndl", tmp_path / "solutions" / "nndl")
    (tmp_path / "solutions" / "__init__.py").touch()
    document = tomlkit.parse((HERE.root / "course.toml").read_text("utf-8"))
    document["late"]["per_day"] = 10
    (tmp_path / "course.toml").write_text(tomlkit.dumps(document))
    with pytest.raises(UnusableCourseFiles) as refused:
        consistency.load_checked(tmp_path)
    files = {problem.file for problem in refused.value.problems}
    assert {"course.toml", "solutions/hw3/FC_nets.py"} <= files
