"""The student's own check, from the golden packs of the release, with no reference in sight."""

from __future__ import annotations

import linecache
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from here import ALL_RECIPES, RECIPES
from hypothesis import given
from hypothesis import strategies as st
from sampling import sampled

from grader.recipes import Misconception
from grader.reference import Reference
from grader.release import goldens
from utils.checks import CheckFailed, check, check_inputs
from utils.checks.case import Case, Trait
from utils.checks.check import examine, find_packs
from utils.checks.compare import close
from utils.checks.course import find
from utils.checks.pack import GoldenCase, Pack, PackError, load, names

COURSE = find(Path(__file__))
BANK = [(recipe.name, misconception) for recipe in RECIPES.values() for misconception in recipe.misconceptions]


@pytest.fixture(scope="session")
def packs() -> dict[str, Pack]:
    return {name: load(name, COURSE.goldens) for name in RECIPES}  # `tests/release` holds them to the recipes


def as_student(module: str, text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A text as a module of the student's package, where `check` looks for it."""
    made = ModuleType(f"nndl.{module}")
    made.__package__ = "solutions.nndl"  # its relative imports find the reference's other modules
    run_as_file(text, f"nndl/{module}.py", made)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def run_as_file(text: str, path: str, module: ModuleType) -> None:
    """Run a text as the file of a module; messages quote its lines, not those of a file that is there by this name."""
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    exec(compile(text, path, "exec"), vars(module))


@pytest.fixture
def student(reference: Reference, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module nndl.layers that can be changed: the reference's layers, as a student would have written them."""
    return as_student("layers", reference.source("layers"), monkeypatch)


def change(module: ModuleType, old: str, new: str, reference: Reference) -> ModuleType:
    text = reference.source("layers")
    assert old in text
    run_as_file(text.replace(old, new), "nndl/layers.py", module)
    return module


def test_the_committed_packs_are_the_courses_exercises() -> None:
    assert set(names(COURSE.goldens)) == set(ALL_RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_right_answers_pass(name: str, packs: dict[str, Pack], reference: Reference) -> None:
    module = name.split(".")[0]
    result = examine(packs[name], {module: reference.module(module)})
    assert result.passed, str(result)


@pytest.mark.parametrize(
    ("name", "misconception"), sampled(BANK, [f"{name}-{m.id}" for name, m in BANK], every=6, first=2)
)
def test_the_pack_alone_names_every_misconception(
    name: str, misconception: Misconception, packs: dict[str, Pack], reference: Reference
) -> None:
    module = name.split(".")[0]
    result = examine(packs[name], {module: reference.variant(module, misconception.hunks)})
    assert not result.passed
    assert {finding.misconception for finding in result.findings if finding.verdict != "pass"} == {misconception.id}
    assert misconception.hint in " ".join(str(result).split())


def test_a_pass_is_said_in_one_line(student: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    check(student.affine_forward)
    assert capsys.readouterr().out == "✓ layers.affine_forward: right in all 8 cases\n"


def test_a_failure_shows_case_sentence_and_how_to_look_into_it(student: ModuleType, reference: Reference) -> None:
    change(student, "db = dout.sum(axis=0)", "db = dout.sum(axis=0, keepdims=True)", reference)
    with pytest.raises(CheckFailed) as caught:
        check(student.affine_backward)
    said = str(caught.value)
    assert "db keeps the axis it was summed over" in said
    assert "right in the core; wrong in: shape" in said
    assert "✓ dx is right" in said
    assert "dx, dw, db = layers.affine_backward(dout, cache)" in said
    title = said.split("seen with: ")[1].splitlines()[0]
    assert f'check_inputs("layers.affine_backward", "{title}")' in said
    assert set(check_inputs("layers.affine_backward", title)) == {"x", "w", "b", "dout"}


def test_a_right_backward_of_a_wrong_forward_is_told_so(student: ModuleType, reference: Reference) -> None:
    text = reference.source("layers").replace("@ w + b", "@ (2 * w) + b").replace("(dout @ w.T)", "(dout @ (2 * w).T)")
    exec(compile(text, "nndl/layers.py", "exec"), vars(student))
    with pytest.raises(
        CheckFailed, match=r"it\s+is\s+the\s+right\s+derivative\s+of\s+what\s+your\s+forward\s+pass\s+computes"
    ):
        check(student.affine_backward)


def test_a_wrong_backward_of_a_wrong_forward_is_not_told_so(student: ModuleType, reference: Reference) -> None:
    text = reference.source("layers").replace("@ w + b", "@ (2 * w) + b").replace("(dout @ w.T)", "(dout @ (3 * w).T)")
    exec(compile(text, "nndl/layers.py", "exec"), vars(student))
    with pytest.raises(CheckFailed) as caught:
        check(student.affine_backward)
    assert "right derivative" not in str(caught.value)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("x[x < 0] = 0\n    out = x", "    wrong in: side effect"),
        (
            "out = x * (x / np.maximum(np.abs(x), 1e-300) > 0) + (len(x) == 1)",
            "right in the core; wrong in: edge shape",
        ),
        ("assert len(x) > 1\n    out = np.maximum(0, x)", "    wrong in: edge shape"),
    ],
    ids=["a changed argument", "one example", "a crash with one example"],
)
def test_what_is_right_in_the_core_alone_does_not_pass(
    new: str, said: str, student: ModuleType, reference: Reference
) -> None:
    change(student, "out = np.maximum(0, x)", new, reference)
    with pytest.raises(CheckFailed) as caught:
        check(student.relu_forward)
    assert said in str(caught.value)


def test_a_stub_is_still_to_be_written(student: ModuleType, reference: Reference) -> None:
    change(student, "out = np.maximum(0, x)", 'raise NotImplementedError("relu_forward: your code here")', reference)
    with pytest.raises(CheckFailed, match=r"○ layers\.relu_forward: relu_forward is not written yet"):
        check(student.relu_forward)


def test_a_backward_is_judged_although_its_forward_is_a_stub(
    student: ModuleType, reference: Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    change(student, "out = np.maximum(0, x)", 'raise NotImplementedError("relu_forward: your code here")', reference)
    check(student.relu_backward)
    assert "✓ layers.relu_backward" in capsys.readouterr().out


def test_a_class_checks_all_of_its_exercises(reference: Reference, capsys: pytest.CaptureFixture[str]) -> None:
    check(reference.module("neural_net").TwoLayerNet)
    assert capsys.readouterr().out.count("✓ neural_net.TwoLayerNet.") == 3


def test_a_check_leaves_the_random_numbers_of_the_notebook_alone(student: ModuleType) -> None:
    np.random.seed(7)
    before = np.random.rand()
    np.random.seed(7)
    check(student.relu_forward)
    assert np.random.rand() == before


def test_what_is_no_exercise_is_refused_with_the_names_there_are() -> None:
    def affine_forward() -> None: ...

    affine_forward.__qualname__ = "affine_forward"
    with pytest.raises(TypeError, match=r"write it into nndl/layers\.py"):
        check(affine_forward)
    with pytest.raises(TypeError, match="is not an exercise; nndl status --all lists the exercises"):
        check(np.dot)
    with pytest.raises(PackError, match="There is no exercise"):
        find_packs(["layers.nothing"], COURSE)


def test_names_may_be_short() -> None:
    assert [pack.exercise for pack in find_packs(["relu_forward"], COURSE)] == ["layers.relu_forward"]
    of_a_file = [pack.exercise for pack in find_packs(["layers.py"], COURSE)]
    assert sorted(of_a_file) == [name for name in sorted(RECIPES) if name.startswith("layers.")]
    assert len(find_packs([], COURSE)) == sum(not name.startswith("further.") for name in ALL_RECIPES)
    assert {pack.exercise.split(".")[0] for pack in find_packs(["further"], COURSE)} == {"further"}


def test_a_pack_is_the_same_bytes_each_time_and_names_a_change(reference: Reference) -> None:
    for name in ("layers.relu_backward", "fc_net.TwoLayerNet.__init__"):
        data = goldens.build_pack(name, reference).to_bytes()
        assert data == goldens.build_pack(name, reference).to_bytes()
        assert data == Pack.from_bytes(data).to_bytes()
        assert goldens.same(data, data)
    other = goldens.build_pack("layers.relu_forward", reference).to_bytes()
    assert not goldens.same(data, other)


def test_what_a_pack_says_twice_is_written_once_and_read_twice() -> None:
    numbers: dict[str, object] = {"x": np.arange(2000.0), "z": np.arange(2000)}
    once, twice = (
        Pack("layers.f", {}, (GoldenCase(Case("", "", inputs), {}),))
        for inputs in (numbers, {**numbers, "y": np.arange(2000.0)})
    )
    assert len(twice.to_bytes()) < len(once.to_bytes()) + 200
    back = Pack.from_bytes(twice.to_bytes()).cases[0].case.inputs
    assert back["z"].dtype == np.int64
    back["x"][0] = 5
    assert back["y"][0] == 0


def test_packs_that_differ_in_one_number_are_not_the_same(reference: Reference) -> None:
    pack = goldens.build_pack("layers.relu_forward", reference)
    changed = Pack.from_bytes(pack.to_bytes())
    out = changed.cases[0].expected["out"]
    assert isinstance(out, np.ndarray)
    rounded, wrong = out * (1 + 1e-13), out + 1e-3
    for array, equal in ((rounded, True), (wrong, False)):
        changed.cases[0].expected["out"] = array
        assert goldens.same(pack.to_bytes(), changed.to_bytes()) is equal
    assert close(out, rounded).all()


OTHER = {
    "title": "another", "program": "pass", "inputs": {}, "aspects": {}, "fallback": "pass", "writable": ("y",),
    "gradients": {"a": "b"}, "objective": ("a", "b"), "separate": {"a": "b"}, "traits": frozenset({Trait.TIE}),
    "effects": frozenset({"out"}),
}  # fmt: skip


@pytest.mark.parametrize("name", [field.name for field in fields(Case)])
def test_a_pack_that_differs_in_anything_about_a_case_is_not_the_same(name: str, reference: Reference) -> None:
    pack = goldens.build_pack("layers.relu_forward", reference)
    first, *rest = pack.cases
    other = replace(first, case=replace(first.case, **{name: OTHER[name]}))
    changed = replace(pack, cases=(other, *rest)).to_bytes()
    assert not goldens.same(pack.to_bytes(), changed)
    assert getattr(Pack.from_bytes(changed).cases[0].case, name) == OTHER[name]


@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_pack_is_a_pack_error(junk: bytes, where: int, byte: int) -> None:
    for data in (junk, _flipped(where, byte)):
        with suppress(PackError):  # anything else is a failure
            Pack.from_bytes(data)


def _flipped(where: int, byte: int) -> bytes:
    data = bytearray(COURSE.goldens.joinpath("layers.relu_forward.npz").read_bytes())
    data[where % len(data)] = byte
    return bytes(data)


def test_a_missing_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"no visible checks for .layers\.nothing."):
        load("layers.nothing", tmp_path)
    (tmp_path / "layers.relu_forward.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(PackError, match="restore it from the course's files"):
        load("layers.relu_forward", tmp_path)


def run_cli(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "utils.cli", *args],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{root}", "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def optional(reference: Reference, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module nndl.further as a student gets it."""
    text = re.sub(
        r"### BEGIN SOLUTION(?s:.*?)### END SOLUTION", "raise NotImplementedError", reference.source("further")
    )
    return as_student("further", text, monkeypatch)


def test_an_optional_exercise_that_nobody_has_begun_is_not_called_missing(optional: ModuleType) -> None:
    with pytest.raises(CheckFailed) as caught:
        check(optional.adamw)
    assert str(caught.value) == "○ further.adamw: optional, and not begun; it is not graded."


def test_an_optional_exercise_that_is_begun_is_checked_like_any_other(
    optional: ModuleType, reference: Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    right = reference.module("further").max_norm
    optional.max_norm = lambda w, limit: right(w.T, limit).T
    optional.max_norm.__name__ = optional.max_norm.__qualname__ = "max_norm"
    optional.max_norm.__module__ = "nndl.further"
    with pytest.raises(CheckFailed, match=r"✗ further\.max_norm\n  ✗ out: Rows are brought to the limit"):
        check(optional.max_norm)
    check(reference.module("further").adamw)
    assert capsys.readouterr().out == "✓ further.adamw: right in all 8 cases\n"


@pytest.mark.slow
def test_the_command_leaves_out_what_is_optional_and_does_not_count_a_stub_of_it(
    tmp_path: Path, reference: Reference
) -> None:
    package = tmp_path / "nndl"
    package.mkdir()
    (package / "__init__.py").write_text("")
    text = reference.source("further")
    stubs = re.sub(r"### BEGIN SOLUTION(?s:.*?)### END SOLUTION", "raise NotImplementedError", text)
    (package / "further.py").write_text(stubs)
    untouched = run_cli(tmp_path, "check", "further")
    assert untouched.returncode == 0
    assert "written" not in untouched.stdout
    assert "exercises" not in untouched.stdout
    start, end = text.index("def max_norm"), text.index("def smoothed_softmax_loss")
    (package / "further.py").write_text(
        stubs.replace(stubs[: stubs.index("def smoothed")], text[:start] + text[start:end])
    )
    two = run_cli(tmp_path, "check", "further")
    assert (two.returncode, two.stdout.splitlines()[-1]) == (0, "2 of 2 exercises pass."), two.stderr
    (package / "further.py").write_text("def broken(\n")
    (package / "layers.py").write_text(reference.source("layers"))
    everything = run_cli(tmp_path, "check")
    assert "further" not in everything.stdout


LEVELS = {  # what each level of help says of an affine layer whose dw is doubled and whose db is a mean
    1: ("✗ dw: it is not right.", "✗ db: it is not right."),
    2: ("✗ dw: all entries differ;", "✗ db: expected ["),
    3: ("2 times too large", "db is the mean over the minibatch; it should be the sum"),
}


@pytest.mark.parametrize("level", LEVELS)
def test_a_check_says_as_much_as_it_is_asked_for(level: int, student: ModuleType, reference: Reference) -> None:
    text = reference.source("layers").replace("dw = x", "dw = 2 * x").replace("db = dout.sum", "db = dout.mean")
    exec(compile(text, "nndl/layers.py", "exec"), vars(student))
    with pytest.raises(CheckFailed) as caught:
        check(student.affine_backward, hint=level)
    said = " ".join(str(caught.value).split())
    assert all(words in said for words in LEVELS[level])
    assert not [words for above in range(level + 1, 4) for words in LEVELS[above] if words in said]
    assert "seen with:" in said


def test_the_course_says_how_much_a_check_says(
    student: ModuleType, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(student, "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", reference)
    monkeypatch.setattr(sys.modules[check.__module__], "course_of", lambda target: replace(COURSE, hint_level=1))
    with pytest.raises(CheckFailed) as caught:
        check(student.affine_backward)
    assert "✗ db: it is not right." in str(caught.value)
    with pytest.raises(CheckFailed, match="it should be the sum"):
        check(student.affine_backward, hint=3)


def test_the_command_says_what_passes_and_what_does_not(tmp_path: Path, reference: Reference) -> None:
    package = tmp_path / "nndl"
    package.mkdir()
    (package / "__init__.py").write_text("")
    text = reference.source("layers")
    (package / "layers.py").write_text(text)
    right = run_cli(tmp_path, "check", "layers")
    count = sum(name.startswith("layers.") for name in RECIPES)
    assert (right.returncode, right.stdout.splitlines()[-1]) == (0, f"{count} of {count} exercises pass."), right.stderr
    (package / "layers.py").write_text(text.replace("dw = x", "dw = = x"))
    broken = run_cli(tmp_path, "check", "layers")
    assert broken.returncode == 1
    assert "nndl/layers.py cannot be imported: SyntaxError" in broken.stdout
    (package / "layers.py").write_text(text.replace("db = dout.sum", "db = dout.mean"))
    for level, words in (("1", "✗ db: it is not right."), ("3", "db is the mean over the minibatch;")):
        assert words in run_cli(tmp_path, "check", "affine_backward", "--hint", level).stdout
