"""What is not graded is released like everything else: a stub, a check, and nothing of its answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import Course, load
from grader.errors import CourseError
from grader.recipes import RecipeBook
from grader.reference import Reference
from grader.release import build
from grader.release.consistency import examine
from grader.release.gate import inspect
from grader.release.gate.behaviour import checks, stubs
from grader.release.gate.copies import near_copies
from grader.release.gate.released import Released
from grader.release.gate.solution_lines import surviving_lines
from utils.checks.pack import Pack

PACK = "goldens/further.max_norm.npz"
STUB = b'raise NotImplementedError("max_norm: your code here")'


@pytest.fixture(scope="module")
def names(course: Course) -> list[str]:
    found = [exercise.name for assignment in course.assignment for exercise in assignment.further]
    assert len(found) >= 5
    return found


def test_has_each_a_stub_for_fun_and_an_optional_pack(names, tree):
    text = tree["nndl/further.py"].decode()
    assert "SOLUTION" not in text
    assert text.count("NotImplementedError") == text.count(", for fun) ========") == len(names)
    assert all(Pack.from_bytes(tree[f"goldens/{name}.npz"]).optional for name in names)
    others = [path for path in tree if path.endswith(".npz") and "further." not in path]
    assert not any(Pack.from_bytes(tree[path]).optional for path in others)


def test_has_each_an_ordinary_cell_that_says_it_earns_nothing(course, tree):
    for assignment in course.assignment:
        for notebook in assignment.notebook:
            cells = json.loads(tree[f"assignments/{assignment.name}/{notebook.name}.ipynb"])["cells"]
            sources = ["".join(cell["source"]) for cell in cells]
            for name in notebook.further:
                function = name.split(".")[1]
                (cell,) = (cell for cell in cells if f"check({function})" in "".join(cell["source"]))
                assert "nbgrader" not in cell["metadata"]
                assert any(f"`{function}`" in source and "for the fun of it" in source for source in sources)
            assert not any("further" in cell["metadata"].get("nbgrader", {}).get("grade_id", "") for cell in cells)


def edited(tree, old, new):
    assert tree["nndl/further.py"].count(old) == 1
    return {**tree, "nndl/further.py": tree["nndl/further.py"].replace(old, new)}


@pytest.mark.slow
def test_does_the_gate_look_at_them(course, reference, tree):
    solved = edited(tree, STUB, b"out = w * min(1.0, limit)")
    assert any("further.max_norm does not raise" in str(leak) for leak in stubs(Released(solved, course, reference)))
    told = edited(tree, STUB, b"# v = w * (limit / np.maximum(norms, limit))\n    " + STUB)
    assert any(
        "the solution of further.max_norm" in str(leak) for leak in surviving_lines(Released(told, course, reference))
    )
    copied = {**tree, "utils/own.py": COPY}
    found = near_copies(Released(copied, course, reference))
    assert any("solution of further.adamw" in str(leak) for leak in found)
    pack = Pack.from_bytes(tree[PACK])
    other = replace(pack.cases[0], expected={**pack.cases[0].expected, "out": 7.0})
    wrong = {**tree, PACK: Pack(pack.exercise, {}, (other,), optional=True).to_bytes()}
    assert any("the solution of further.max_norm fails" in str(x) for x in checks(Released(wrong, course, reference)))
    easy = type(pack.cases[0])(type(other.case)("easy", "out = 1", {}), {"out": 1})
    passed = {**tree, PACK: Pack(pack.exercise, {}, (easy,), optional=True).to_bytes()}
    assert any("the stub of further.max_norm passes" in str(x) for x in checks(Released(passed, course, reference)))
    unlisted = {**tree, "goldens/further.secret.npz": tree[PACK]}
    assert [leak.path for leak in inspect(unlisted, course, reference)] == ["goldens/further.secret.npz"]


COPY = b"""
def improve(p, g, m, s, n, rate, b, c, tiny, shrink):
    n = n + 1
    m = b * m + (1 - b) * g
    s = c * s + (1 - c) * g**2
    first, second = m / (1 - b**n), s / (1 - c**n)
    m_hat = m / (1 - b**n)
    s_hat = s / (1 - c**n)
    return p - rate * (m_hat / (np.sqrt(s_hat) + tiny) + shrink * p)
"""


def relisted(course: Course, old: str, new: str) -> Course:
    path = course.root / "course.toml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    return load(course.root)


def line_of(course: Course, text: str) -> int:
    lines = (course.root / "course.toml").read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("further.adamax", 'nothing in solutions/exercises/further says how to judge "further.adamax"'),
        ("further.adamax", "lists further.adamax, but no solution region stands in that function; put"),
        ("more.adamax", "more.adamax is listed for hw4, but there is no solutions/nndl/more.py; write it or correct"),
    ],
)
def test_is_an_unknown_name_told_with_its_line(copied, name, said):
    course = relisted(copied, '["further.adamw"]', f'["further.adamw", "{name}"]')
    told = "\n".join(map(str, examine(course, [name]).errors))
    assert said in told
    assert f"course.toml, line {line_of(course, name)}: " in told


def test_is_a_name_without_a_recipe_told_with_its_line(copied):
    course = relisted(copied, '["further.adamw"]', '["further.adamw", "further.halved"]')
    path = copied.root / "solutions/nndl/further.py"
    region = "    ### BEGIN SOLUTION\n    y = x / 2\n    ### END SOLUTION\n"
    path.write_text(f"{path.read_text('utf-8')}\n\ndef halved(x):\n{region}    return y\n", "utf-8")
    (error,) = RecipeBook(Reference.of(course)).problems(course, ["further.halved"])
    line = line_of(course, "further.halved")
    assert str(error).startswith(f"course.toml, line {line}: nothing in solutions/exercises/further says how to judge")


def test_is_a_missing_cell_told_with_its_line(copied):
    script = Path(copied.root, "solutions/hw4/Dropout.py")
    text = script.read_text("utf-8")
    script.write_text(text.replace('# %% further="further.max_norm"', "# %%"), "utf-8")
    with pytest.raises(CourseError) as refused:
        build(copied, ["hw4"])
    line = line_of(copied, '"further.max_norm"')
    assert f'Dropout.py: course.toml (line {line}) lists "further.max_norm" for this notebook' in str(refused.value)


def test_is_what_is_not_listed_any_more_remarked_on(copied):
    course = relisted(copied, 'further = ["further.max_norm"]', "")
    remarks = "\n".join(map(str, examine(course).remarks))
    assert "solutions/nndl/further.py" in remarks
    assert "max_norm" in remarks
