"""The student edition works where it is unpacked, and holds nothing of the instructor's."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from grader.errors import ReleaseRefused, UnusableInput
from grader.release import gate
from grader.release.edition import student_edition
from grader.release.front import front_matter
from utils.workspace.updating.release import INVENTORY, read_release

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def published(course, tree, tmp_path_factory, once):
    """The folder and the archive."""
    out = tmp_path_factory.mktemp("out")
    with once.used():
        return out / "nndl-course", student_edition(course, out, tree)


def run(folder: Path, program: str) -> str:
    """What a program prints that runs in a folder and sees no other copy of the course."""
    places = f"{folder}{os.pathsep}{sysconfig.get_path('purelib')}"  # with -S no installed copy is found
    environment = {**os.environ, "PYTHONPATH": places, "PYTHONPYCACHEPREFIX": f"{folder}-bytecode"}
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_do_stubs_import_and_raise(published):
    said = run(
        published[0],
        "import nndl.layers as layers, numpy as np\n"
        "import nndl.backprop, nndl.fc_net, nndl.layer_tests, nndl.layer_utils, nndl.neural_net, nndl.optim\n"
        "import utils.solver, utils.data_utils, utils.vis_utils\n"
        "print(layers.__file__)\n"
        "try:\n    layers.affine_forward(np.ones((2, 3)), np.ones((3, 4)), np.ones(4))\n"
        "except NotImplementedError as error:\n    print(error)\n",
    )
    assert said == f"{published[0] / 'nndl/layers.py'}\naffine_forward: your code here\n"


def test_does_the_student_s_check_work_without_the_reference(published, tmp_path):
    said = run(
        shutil.copytree(published[0], tmp_path / "own"),  # a check writes down what it said
        "import importlib.util\n"
        "import numpy as np\n"
        "from utils.checks import check\n"
        "import nndl.layers as layers\n"
        "try:\n    check(layers.relu_forward)\nexcept AssertionError as failed:\n    print(failed)\n"
        "layers.relu_forward = lambda x: (np.where(x > 0, x, 0), x)\n"
        "layers.relu_forward.__name__ = layers.relu_forward.__qualname__ = 'relu_forward'\n"
        "layers.relu_forward.__module__ = 'nndl.layers'\n"
        "check(layers.relu_forward)\n"
        "print([name for name in ('grader', 'solutions') if importlib.util.find_spec(name)])\n",
    )
    first, *_, last = said.splitlines()
    assert "relu_forward" in first
    assert last == "[]"


def test_does_the_archive_hold_the_folder_and_nothing_else(published, course):
    folder, archive = published
    with zipfile.ZipFile(archive) as file:
        assert file.testzip() is None
        inside = file.namelist()
        assert inside == sorted(inside)
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert len({name.split("/")[0] for name in inside}) == 1
        names = [f"{folder.name}/{name.split('/', 1)[1]}" for name in inside]
        for name, entry in zip(names, inside, strict=True):
            assert file.read(entry) == (folder.parent / name).read_bytes()
    on_disk = {path.relative_to(folder.parent).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {path for path in on_disk if "__pycache__" not in path} == set(names)
    tops = {name.split("/")[1] for name in names}
    assert {"nndl", "utils", "assignments", "README.md", "pyproject.toml", "setup.py", "environment.yml"} <= tops
    kernels = {f"utils/_kernels/{path.name}" for path in (course.root / "utils" / "_kernels").iterdir()}
    assert {name.split("/", 1)[1] for name in names} >= kernels  # what setup.py compiles at the student's
    photographs = {f"utils/photographs/{path.name}" for path in (course.root / "utils/photographs").glob("[!_]*.*")}
    assert {"utils/photographs/cat.jpg", "utils/photographs/ATTRIBUTION.md"} <= photographs
    assert {name.split("/", 1)[1] for name in names} >= photographs
    assert not tops & {"solutions", "grader", "tests", "course.toml", "gradebook.db", "build"}


@pytest.mark.slow
@pytest.mark.usefixtures("release_once")
def test_is_an_archive_unpacked_beside_earlier_ones_and_not_over_them(published, course, tree, tmp_path):
    names = set()
    for changed in (tree, {**tree, "README.md": tree["README.md"] + b"\nMore.\n"}):
        with zipfile.ZipFile(student_edition(course, tmp_path, changed)) as file:
            names |= {name.split("/")[0] for name in file.namelist()}
    assert len(names) == 2
    assert all(name.startswith("nndl-course-hw3-hw6-") for name in names)


def test_has_an_edition_an_inventory_of_itself(published, course):
    folder, archive = published
    made = read_release(archive)
    assert made == read_release(folder)
    assert made.inventory.title == course.course.title
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix != ".pyc"}
    assert {path for path in on_disk if (folder / path).is_file()} == {*made.files, INVENTORY}


@pytest.mark.usefixtures("release_once")
def test_has_the_archive_the_same_bytes_when_made_again(published, course, tree):
    folder, archive = published
    before = archive.read_bytes()
    archive.unlink()
    assert student_edition(course, folder.parent, tree) == archive
    assert archive.read_bytes() == before


@pytest.mark.slow
@pytest.mark.usefixtures("release_once")
def test_does_an_edition_replace_an_earlier_one(course, tree, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    student_edition(course, tmp_path, tree)
    (tmp_path / "nndl-course" / "nndl" / "old.py").write_text("x = 1\n")
    student_edition(course, tmp_path, tree)
    assert not (tmp_path / "nndl-course" / "nndl" / "old.py").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("there", ["thesis.tex", "course.toml"])
def test_is_somebody_s_folder_spared(course, tree, tmp_path, there):
    folder = tmp_path / "nndl-course"
    folder.mkdir()
    (folder / there).write_text("mine")
    if there == "course.toml":  # a course looks much like an edition
        for name in ("nndl", "utils", "pyproject.toml"):
            (folder / name).mkdir()
    with pytest.raises(UnusableInput, match="is no earlier student edition"):
        student_edition(course, tmp_path, tree)
    assert (folder / there).read_text() == "mine"


@pytest.fixture
def one_clause(monkeypatch):
    """A gate that asks for unlisted files alone: that it asks every clause is shown in test_gate.py."""
    monkeypatch.setattr(gate, "CLAUSES", [clause for clause in gate.CLAUSES if clause.__name__ == "unlisted_files"])


@pytest.mark.usefixtures("one_clause")
def test_does_nothing_leave_that_the_gate_refuses(course, tree, tmp_path):
    with pytest.raises(ReleaseRefused, match=r"1 leak:\n.*grader/judging/oracle\.py"):
        student_edition(course, tmp_path / "out", {**tree, "grader/judging/oracle.py": b""})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("one_clause")
def test_is_what_lies_about_in_utils_refused(copied, tree):
    (copied.root / "utils" / "answers.txt").write_text("42")
    with pytest.raises(ReleaseRefused, match=r"utils/answers\.txt"):
        student_edition(copied, copied.root / "out", tree)


@pytest.fixture(scope="module")
def front(course) -> dict[str, str]:
    """What stands at the top of the edition."""
    return {name: data.decode() for name, data in front_matter(course).items()}


@pytest.fixture(scope="module")
def kit() -> dict[str, str]:
    """The same of this repository."""
    return {name: (ROOT / name).read_text("utf-8") for name in ("pyproject.toml", "environment.yml")}


def dependencies(project: str) -> dict[str, Requirement]:
    """The dependencies of a pyproject.toml by name."""
    listed = tomllib.loads(project)["project"]["dependencies"]
    return {Requirement(text).name: Requirement(text) for text in listed}


def test_does_the_edition_ask_for_the_same_versions_as_the_kit(front, kit):
    students, known = dependencies(front["pyproject.toml"]), dependencies(kit["pyproject.toml"])
    assert students == {name: known[name] for name in students}
    fields = [tomllib.loads(files["pyproject.toml"]) for files in (front, kit)]
    assert fields[0]["build-system"] == fields[1]["build-system"]
    for field in ("name", "version", "requires-python"):
        assert fields[0]["project"][field] == fields[1]["project"][field]
    assert fields[0]["project"]["scripts"]["nndl"] == fields[1]["project"]["scripts"]["nndl"]
    assert (
        fields[0]["tool"]["setuptools"]["package-data"]["utils"]
        == fields[1]["tool"]["setuptools"]["package-data"]["utils"]
    )


def test_does_the_edition_ask_for_all_that_its_code_imports(tree, front):
    imported = set()
    for path, data in tree.items():
        if path.endswith(".py") and path != "setup.py":  # what that one needs stands in [build-system]
            for node in ast.walk(ast.parse(data)):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add(str(node.module).split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"nndl", "utils"}
    comes_with = {
        "IPython": "ipywidgets",
        "ipykernel": "ipywidgets",
        "traitlets": "ipywidgets",
        "cycler": "matplotlib",
        "PIL": "matplotlib",
        "contourpy": "matplotlib",
        "requests": "pooch",
    }
    project = tomllib.loads(front["pyproject.toml"])["project"]
    extras = {Requirement(need).name for needs in project["optional-dependencies"].values() for need in needs}
    asked = dependencies(front["pyproject.toml"]).keys() | extras
    assert {comes_with.get(name, name) for name in foreign} <= asked


@pytest.mark.parametrize("which", ["kit", "front"])
def test_does_conda_get_what_pip_gets(which, request):
    """Every dependency of pyproject.toml."""
    files = request.getfixturevalue(which)
    environment = yaml.safe_load(files["environment.yml"])
    *packages, pip = environment["dependencies"]
    assert pip == {"pip": ["-e ."]}
    listed = {Requirement(text).name: Requirement(text) for text in packages if not text.startswith("python=")}
    listed.pop("pip")
    assert listed == dependencies(files["pyproject.toml"])
    python = next(text for text in packages if text.startswith("python="))
    needs = tomllib.loads(files["pyproject.toml"])["project"]["requires-python"]
    assert Requirement(f"python{needs}").specifier.contains(python.removeprefix("python="))
