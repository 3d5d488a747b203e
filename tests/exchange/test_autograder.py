"""The Gradescope autograder, run as they run it: results by their specification, and no answer within reach."""

from __future__ import annotations

import io
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from exchange.container import Container, lacking

from grader import cli
from grader import course as courses
from grader.course import Course
from grader.demo import MARKERS
from grader.errors import UnusableInput
from grader.exchange.autograder_bundle import write_bundle
from grader.exchange.autograder_results import results_json
from grader.judging.secret import course_secret
from grader.reference import Reference
from grader.report import Report, Verdict
from grader.sandbox.inside.landlock import version

COURSE = Path(__file__).parents[1] / "courses" / "clusters"
METADATA = json.dumps(
    {
        "id": 123456,
        "created_at": "2027-01-14T14:22:32.365935-07:00",
        "assignment": {"due_date": "2027-01-15T23:00:00.000000-07:00", "title": "K-means", "total_points": "10.0"},
        "submission_method": "upload",
        "users": [{"email": "ada@example.edu", "id": 1234, "name": "Ada"}],
        "previous_submissions": [],
    }
)
SECRETS = (
    "course/solutions/clusters/kmeans.py",
    "course/.course-secret",
    "engine/grader/cli/__init__.py",
    "autograder.json",
)
# A module that looks for everything that could answer for it, and puts the reference into its own place if it can.
THIEF = f"""
import os
found = []
for path in {[f"/autograder/source/{name}" for name in SECRETS]!r} + ["/autograder/submission_metadata.json"]:
    try:
        found.append(open(path).read())
    except OSError:
        pass
for folder in ("/autograder", "/autograder/source", "/autograder/results", "/autograder/submission"):
    try:
        found.append(os.listdir(folder))
    except OSError:
        pass
for path in ("/autograder/results/results.json", "/autograder/source/python", "/autograder/run_autograder"):
    try:
        open(path, "a").write("x")
        found.append(path)
    except OSError:
        pass
try:
    exec(open("/autograder/source/course/solutions/clusters/kmeans.py").read())
except OSError:
    pass
"""
NOT_REQUIRED = [
    "alembic", "bleach", "dask", "dateutil", "distributed", "IPython", "jinja2", "jupyter_core", "matplotlib",
    "nbconvert", "nbformat", "nbgrader", "sqlalchemy", "tomlkit", "yaml",
]  # fmt: skip
needs_root = pytest.mark.skipif(bool(lacking()), reason=lacking())
needs_landlock = pytest.mark.skipif(not version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("autograder") / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return courses.load(root)


@pytest.fixture(scope="module")
def bundle(course: Course, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("bundle") / "autograder.zip"
    write_bundle(course, course["groups"], path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def container(bundle: bytes, tmp_path_factory: pytest.TempPathFactory) -> Container:
    """A container in which setup.sh has only found a Python, and that lacks what is not in requirements.txt."""
    made = Container(tmp_path_factory.mktemp("root"), bundle)
    lacking = f"import sys\nsys.modules.update(dict.fromkeys({NOT_REQUIRED}))\n"
    (made.autograder / "source" / "engine" / "sitecustomize.py").write_text(lacking)
    (made.autograder / "source" / "python").write_text(sys.executable)
    return made


@pytest.fixture(scope="module")
def right(course: Course) -> str:
    lines = Reference(course.root, "clusters").source("kmeans").splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in MARKERS)


def results(container: Container) -> dict[str, object]:
    found: dict[str, object] = json.loads((container.autograder / "results" / "results.json").read_text())
    return found


@needs_root
@needs_landlock
def test_a_right_answer_gets_all_points(container: Container, right: str) -> None:
    container.hand_in({"kmeans.py": right.encode()}, METADATA)  # a single file, as it is often uploaded
    done = container.run("/autograder/run_autograder")
    assert done.returncode == 0, done.stdout + done.stderr
    tests = results(container)["tests"]
    assert [(test["name"], test["number"], test["score"], test["max_score"], test["status"]) for test in tests] == [
        ("kmeans.assign", "1.1", 3.0, 3.0, "passed"),
        ("kmeans.update", "1.2", 4.0, 4.0, "passed"),
        ("kmeans.inertia", "1.3", 2.0, 2.0, "passed"),
    ]


@pytest.mark.slow
@needs_root
@needs_landlock
def test_results_follow_the_specification(container: Container, right: str) -> None:
    wrong = right.replace("min(", "max(", 1)
    assert wrong != right
    container.hand_in({"clusters/kmeans.py": wrong.encode(), "notes.txt": b"\x00"}, METADATA)
    assert container.run("/autograder/run_autograder").returncode == 0
    found = results(container)
    assert found.keys() <= {
        "score", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "extra_data", "tests",
        "leaderboard",
    }  # fmt: skip
    assert found["visibility"] in ("hidden", "after_due_date", "after_published", "visible")
    assert found["stdout_visibility"] == "hidden"
    assert isinstance(found["execution_time"], int)
    for test in found["tests"]:
        assert test.keys() <= {
            "score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
            "visibility", "extra_data",
        }  # fmt: skip
        assert 0 <= test["score"] <= test["max_score"]
        assert test["status"] in ("passed", "failed")
    assert any(test["status"] == "failed" and len(test["output"].splitlines()) > 1 for test in found["tests"])


@needs_root
@needs_landlock
def test_a_submission_reaches_neither_reference_nor_secret_nor_results(container: Container) -> None:
    container.hand_in({"clusters/kmeans.py": THIEF.encode() + b"raise RuntimeError(repr(found))\n"}, METADATA)
    assert container.run("/autograder/run_autograder").returncode == 0
    found = results(container)
    assert [test["score"] for test in found["tests"]] == [0.0, 0.0, 0.0]
    assert "RuntimeError: []" in json.dumps(found)


@needs_root
@pytest.mark.slow
def test_the_thief_is_one_where_nothing_confines_it(
    container: Container, bundle: bytes, tmp_path: Path, right: str
) -> None:
    bare = Container(tmp_path / "root", bundle)
    (bare.autograder / "source" / "python").write_text(sys.executable)
    (bare.autograder / "source" / "autograder.json").write_text('{"assignment": "groups", "sandbox": ["none"]}')
    bare.hand_in({"clusters/kmeans.py": THIEF.encode()}, METADATA)
    assert bare.run("/autograder/run_autograder").returncode == 0
    assert [test["status"] for test in results(bare)["tests"]] == ["passed", "passed", "passed"]


@pytest.mark.slow
@needs_root
def test_without_a_sandbox_nothing_is_graded(bundle: bytes, tmp_path: Path, right: str) -> None:
    made = Container(tmp_path / "root", bundle)
    (made.autograder / "source" / "python").write_text(sys.executable)
    (made.autograder / "source" / "autograder.json").write_text('{"assignment": "groups", "sandbox": ["bubblewrap"]}')
    made.hand_in({"kmeans.py": right.encode()}, METADATA)
    done = made.run("/autograder/run_autograder")
    assert done.returncode == 3
    assert "bwrap is not installed" in done.stdout
    assert not (made.autograder / "results" / "results.json").exists()


@pytest.mark.slow
@needs_root
def test_file_permissions_alone_keep_a_submission_from_the_answers(bundle: bytes, tmp_path: Path, right: str) -> None:
    """On a kernel without Landlock: here, bubblewrap is not there, and Landlock is not tried."""
    made = Container(tmp_path / "root", bundle)
    source = made.autograder / "source"
    (source / "python").write_text(sys.executable)
    (source / "autograder.json").write_text('{"assignment": "groups", "sandbox": ["bubblewrap", "other-user"]}')
    made.hand_in({"kmeans.py": right.encode()}, METADATA)
    done = made.run("/autograder/run_autograder")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [test["status"] for test in results(made)["tests"]] == ["passed", "passed", "passed"]
    made.hand_in({"kmeans.py": THIEF.encode() + b"raise RuntimeError(repr(found))\n"}, METADATA)
    assert made.run("/autograder/run_autograder").returncode == 0
    assert [test["score"] for test in results(made)["tests"]] == [0.0, 0.0, 0.0]
    seen = next(line for line in results(made)["tests"][0]["output"].splitlines() if "RuntimeError" in line)
    assert not any(word in seen for word in ("def assign", "import", "groups", "ada@", "results.json"))


@needs_root
@needs_landlock
@pytest.mark.slow
@pytest.mark.parametrize("metadata", ["", '{"users": [3]}'])
def test_odd_metadata_costs_nobody_anything(container: Container, right: str, metadata: str) -> None:
    container.hand_in({"kmeans.py": right.encode()}, metadata)
    assert container.run("/autograder/run_autograder").returncode == 0
    assert all(test["status"] == "passed" for test in results(container)["tests"])


@needs_root
@needs_landlock
@pytest.mark.slow
def test_the_setup_says_which_sandbox_holds(course: Course, tmp_path: Path, right: str) -> None:
    script = 'python -c \'import utils.data_utils, numpy; open("/autograder/source/fetched", "w")\'\n'
    (tmp_path / "fetch.sh").write_text(script)
    arguments = ["export", "gradescope-autograder", "groups", "--out", str(tmp_path), "--other-user"]
    with pytest.raises(SystemExit) as caught:
        cli.main([*arguments, "--setup", str(tmp_path / "fetch.sh"), "--course", str(course.root)])
    assert not caught.value.code
    made = Container(tmp_path / "root", (tmp_path / "gradescope-autograder.zip").read_bytes())
    done = made.run("/autograder/source/setup.sh", GRADER_PYTHON=sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Submissions are run in: landlock" in done.stdout
    assert "groups: the reference passes in the sandbox" in done.stdout
    assert "BROKEN" not in done.stdout
    assert "Sandbox: other-user" not in done.stdout  # it is tried only where no other one works
    assert (made.autograder / "source" / "fetched").exists()
    made.hand_in({"kmeans.py": right.encode()}, METADATA)
    assert made.run("/autograder/run_autograder").returncode == 0
    assert all(test["status"] == "passed" for test in results(made)["tests"])


def test_nothing_is_required_that_is_taken_for_absent(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        lines = archive.read("requirements.txt").decode().splitlines()
    assert {line.partition("==")[0] for line in lines} & set(NOT_REQUIRED) == set()
    assert all("==" in line for line in lines)


def test_what_belongs_to_nobody_else_is_not_in_the_bundle(course: Course, bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        names = archive.namelist()
        everything = b"".join(archive.read(name) for name in names)
        modes = {name: archive.getinfo(name).external_attr >> 16 & 0o777 for name in names}
        own = archive.read("course/.course-secret")
    assert {"setup.sh", "run_autograder"} <= set(names)
    assert {name for name, mode in modes.items() if mode != 0o600} == {"setup.sh", "run_autograder"}
    assert course_secret(course.root) not in everything
    assert len(own) == 64
    assert b"No step makes the inertia larger" not in everything  # the model answer of a written question


def test_the_same_course_gives_the_same_bundle(course: Course, bundle: bytes, tmp_path: Path) -> None:
    write_bundle(course, course["groups"], tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle


def test_an_unknown_visibility_is_refused(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="after_published"):
        write_bundle(course, course["groups"], tmp_path / "a.zip", visibility="secret")


def test_nets_are_on_the_leaderboard(course: Course) -> None:
    report = Report("groups", "ada", "landlock", (Verdict("kmeans.update", 4.0, 4.0, "pass"),), ("a\x1b[1m remark",))
    found = json.loads(results_json(report, course["groups"], visibility="hidden", accuracies={"models.best": 0.52345}))
    assert found["leaderboard"] == [{"name": "best", "value": 0.5234, "order": "desc"}]
    assert (found["visibility"], found["output"]) == ("hidden", "a remark")
    assert [test["number"] for test in found["tests"]] == ["1.2"]
