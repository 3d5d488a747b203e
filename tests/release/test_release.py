"""A release writes what changed, removes what is left over, spares what is somebody's own, or writes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.course import load
from grader.errors import CourseError, ReleaseRefused
from grader.release import build, release
from grader.release.edition import given_files
from grader.release.gate import rebuild

ROOT = Path(__file__).parents[2]


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def template(copy, tmp_path_factory, once):
    """A course that was released once; not to be changed."""
    course = copy(tmp_path_factory.mktemp("template") / "course")
    with once.used(), pytest.MonkeyPatch.context() as patch:
        gate_is_open(patch)
        release(course, ["hw3"])
    return course


def gate_is_open(patch):
    """Do without the gate, and without looking whether the sources fit each other, where what is found is not asked."""
    patch.setattr("grader.release.inspect", lambda tree, course, reference: [])
    patch.setattr("grader.release.consistency.require", lambda course: ())


@pytest.fixture
def released(template, tmp_path, release_once):
    """A copy of it that a test may change."""
    shutil.copytree(template.root, tmp_path / "course")
    return load(tmp_path / "course")


@pytest.fixture
def built(course, tree):
    """What all tests share that is built from the sources."""
    given = given_files(course)
    return {path: data for path, data in tree.items() if path not in given}


def test_are_the_committed_trees_what_the_sources_give(built, once, monkeypatch):
    """When this fails, run `grader release` and commit what it writes.

    Both builds that a release compares are the one that all tests share; so is what the gate finds. That a build gives
    the same each time is seen all the same: the committed files were built by another process, at another time.
    """
    monkeypatch.setattr("grader.release.build", lambda *_: built)
    monkeypatch.setattr("grader.release.inspect", once.inspect)
    release(load(ROOT), check=True)


def test_is_a_release_refused_whose_second_build_differs(built, monkeypatch):
    gate_is_open(monkeypatch)
    builds = iter((built, {**built, "nndl/stamp.py": b"x = 2\n"}))
    monkeypatch.setattr("grader.release.build", lambda *_: next(builds))
    with pytest.raises(ReleaseRefused, match=r"nndl/stamp\.py: a second build gives other bytes"):
        release(load(ROOT), check=True)


@pytest.mark.slow
def test_is_a_second_build_the_same_here(course, built):
    assert list(rebuild(built, build(course))) == []


@pytest.mark.slow
def test_does_a_release_write_all_there_is(released):
    on_disk = files_in(released.root)
    generated = build(released, ["hw3"])
    assert {path for path, data in generated.items() if on_disk.get(path) != data} == set()
    assert (released.root / "gradebook.db").is_file()
    assert (released.root / "build/source/hw3/FC_nets.ipynb").is_file()


def test_does_a_second_release_change_nothing(clusters_released, tmp_path, monkeypatch):
    """Of the second course, which is small."""
    gate_is_open(monkeypatch)
    course = load(shutil.copytree(clusters_released, tmp_path / "course"))
    before = {path: path.stat().st_mtime_ns for path in (course.root / "clusters").iterdir()}
    assert before
    again = release(course)
    assert (again.written, again.removed) == ((), ())
    assert again.unchanged == len(again.tree)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.slow
def test_does_a_check_refuse_what_is_stale_and_write_nothing(released):
    root = released.root
    edit(root / "nndl/fc_net.py", "The network only answers `loss`", "The network answers `loss`")
    edit(root / "solutions/nndl/layers.py", "At exactly 0 the function has a kink", "At 0 the function has a kink")
    edit(root / "course.toml", '"layers.relu_forward", points = 2', '"layers.relu_forward", points = 1')
    (root / "assignments/hw3/backprop.ipynb").unlink()
    (root / "nndl/old.py").write_text("x = 1\n")
    (root / "goldens/layers.relu_forward.npz").write_bytes(b"")
    before = files_in(root)
    with pytest.raises(ReleaseRefused) as refused:
        release(load(root), ["hw3"], check=True)
    assert files_in(root) == before
    assert str(refused.value).splitlines() == [
        "7 files out of date; run `grader release hw3` and commit what it writes:",
        "  - assignments/hw3/FC_nets.ipynb is not what the sources give",
        "  - assignments/hw3/backprop.ipynb is missing",
        "  - goldens/course.json is not what the sources give",
        "  - goldens/layers.relu_forward.npz is not what the sources give",
        "  - nndl/fc_net.py is not what the sources give",
        "  - nndl/layers.py is not what the sources give",
        "  - nndl/old.py comes from no source any more",
    ]
    result = release(load(root), ["hw3"])
    assert (len(result.written), result.removed) == (6, ("nndl/old.py",))
    assert release(load(root), ["hw3"], check=True).written == ()


@pytest.mark.slow
def test_is_what_is_left_over_removed_and_what_is_somebody_s_own_spared(released):
    left_over = ["nndl/old.py", "assignments/hw3/old.ipynb", "goldens/layers.old.npz"]
    own = ["nndl/notes.txt", "assignments/hw3/models/two_layer_best.npz", "assignments/hw3/notes.md"]
    for path in left_over + own:
        (released.root / path).parent.mkdir(exist_ok=True)
        (released.root / path).write_bytes(b"mine")
    result = release(released, ["hw3"])
    assert result.removed == tuple(sorted(left_over))
    assert all((released.root / path).read_bytes() == b"mine" for path in own)
    assert not any((released.root / path).exists() for path in left_over)


@pytest.mark.slow
def test_does_a_refused_release_write_nothing(released):
    """The last statement of a solution is left outside its region, in another file's docstring."""
    leak = '"""Update rules.\n\n    dw = x.reshape(x.shape[0], -1).T @ dout\n"""\n'
    path = released.root / "solutions/nndl/optim.py"
    path.write_text(leak + path.read_text("utf-8").split('"""', 2)[2], "utf-8")
    edit(released.root / "solutions/nndl/layers.py", "kink", "corner")
    before = files_in(released.root)
    with pytest.raises(ReleaseRefused) as refused:
        release(released, ["hw3"])
    assert str(refused.value).startswith("Nothing is released, because the gate found 1 leak:")
    assert (
        "nndl/optim.py, line 3: 'x.reshape(x.shape[0], -1).T @ dout' is in the solution of layers.affine_backward"
        in str(refused.value)
    )
    assert files_in(released.root) == before


@pytest.mark.slow
def test_is_a_build_that_depends_on_chance_refused(copied, monkeypatch):
    from grader.release import building as builder

    package, calls = builder.package, []

    def flaky(course):
        calls.append(course)
        return package(course) | {"nndl/stamp.py": f"x = {len(calls)}\n".encode()}

    monkeypatch.setattr(builder, "package", flaky)
    with pytest.raises(ReleaseRefused, match=r"nndl/stamp\.py: a second build gives other bytes"):
        release(copied, ["hw3"])


@pytest.mark.slow
def test_are_stray_files_beside_the_reference_refused(copied):
    strays = ["layers.cpython-312.pyc", "fast.so", "__MACOSX/._layers.py", "notes.txt", "data.npz"]
    for stray in strays:
        path = copied.root / "solutions/nndl" / stray
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    with pytest.raises(ReleaseRefused) as refused:
        release(copied, ["hw3"])
    assert all(f"  - nndl/{stray}: " in str(refused.value) for stray in strays)


@pytest.mark.slow
def test_is_an_exercise_without_a_file_named(copied):
    path = copied.root / "course.toml"
    path.write_text(path.read_text("utf-8").replace('"layers.relu_', '"norms.relu_'), "utf-8")
    (copied.root / "solutions/nndl/layers.py").unlink()
    with pytest.raises(CourseError, match=r"for hw3, but there is no solutions/nndl/\w+\.py; write it"):
        release(load(copied.root), ["hw3"])


def test_is_an_unknown_assignment_named(course):
    with pytest.raises(CourseError, match='no assignment "hw9"'):
        release(course, ["hw9"], check=True)


@pytest.mark.slow
def test_are_misconceptions_that_do_not_fit_any_more_named(copied):
    edit(copied.root / "solutions/nndl/layers.py", "dx = dout * (x > 0)", "dx = (x > 0) * dout")
    with pytest.raises(
        CourseError, match=r"^\d+ things to put right:\n  - solutions/exercises/layers/relu\.right, line"
    ):
        release(copied)
