"""What ``doctor`` finds wrong, one thing at a time, and what it then says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

from utils import data_command, fast_layers_command
from utils.checks.course import Course
from utils.workspace import doctor
from utils.workspace.doctor import Finding

Run = Callable[..., Result]
PROJECT = '[project]\nname = "pkg"\nrequires-python = ">=3.11"\ndependencies = ["numpy>=2.0", "rich"]\n'


@pytest.fixture(autouse=True)
def healthy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which all is well, and neither Jupyter nor another Python is started."""
    (folder / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: kernels(sys.executable))
    monkeypatch.setattr(doctor, "elsewhere_in_notebooks", lambda *_: "")
    monkeypatch.setattr(doctor, "_of_the_course", tuple)
    monkeypatch.syspath_prepend(str(folder))


def kernels(python: str) -> SimpleNamespace:
    """What Jupyter says of its kernels."""
    return SimpleNamespace(stdout=json.dumps({"kernelspecs": {"python3": {"spec": {"argv": [python, "-m"]}}}}))


def bad(course: Course) -> list[str]:
    return [finding.text for finding in doctor.examine(course) if finding.mark == "✗"]


def test_where_all_is_well_it_says_so(course: Course, run: Run) -> None:
    assert bad(course) == []
    done = run("doctor")
    assert done.exit_code == 0
    assert all(line[0] in "✓○" for line in done.output.splitlines())
    assert "The checks of 3 exercises can be read." in done.output


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (">=3.11", ">=3.99", "too old; make an environment with Python 3.99 or newer."),
        ('"rich"', '"no-such-package>=1"', "Not installed: no-such-package>=1."),
    ],
)
def test_python_and_packages(folder: Path, course: Course, run: Run, old: str, new: str, said: str) -> None:
    (folder / "pyproject.toml").write_text(PROJECT.replace(old, new))
    (found,) = bad(course)
    assert said in found
    done = run("doctor")
    assert done.exit_code == 1
    assert "1 thing has to be mended." in done.output


@pytest.mark.parametrize(
    ("stdout", "said"),
    [
        (kernels("/elsewhere/python").stdout, "Notebooks run with another Python, /elsewhere/python."),
        ("", "Jupyter has no Python kernel here."),
        ('{"kernelspecs": {}}', "Jupyter has no Python kernel here."),
    ],
)
def test_the_kernel(course: Course, monkeypatch: pytest.MonkeyPatch, stdout: str, said: str) -> None:
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=stdout))
    assert [found for found in bad(course) if said in found]


def test_damaged_checks_are_named(folder: Path, course: Course) -> None:
    (folder / "goldens/layers.double.npz").write_bytes(b"PK")
    assert bad(course) == ["Damaged checks: layers.double. Get the course's files again."]


def test_a_full_disk_is_said(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))
    assert bad(course) == ["0.0 GiB of disk are free. Make room: at least 500 MiB."]


def test_a_folder_that_cannot_be_written_to_is_said(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    assert [found for found in bad(course) if "cannot be written to (Permission denied)" in found]


def test_a_look_that_fails_hides_no_other(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_at_the_moon(course: Course) -> Iterator[Finding]:
        raise ValueError("no telescope")

    monkeypatch.setattr(doctor, "_of_the_course", lambda: (look_at_the_moon,))
    assert bad(course) == ["look_at_the_moon cannot be looked at: ValueError: no telescope"]


@pytest.mark.parametrize(
    ("backend", "mark", "said"),
    [
        ("cython", "✓", "are compiled"),
        ("torch", "○", "PyTorch computes them"),
        ("none", "○", "cannot be called"),  # HW5 is not in this folder yet
    ],
)
def test_fast_layers(course: Course, monkeypatch: pytest.MonkeyPatch, backend: str, mark: str, said: str) -> None:
    monkeypatch.setattr(fast_layers_command.importlib, "import_module", lambda _: SimpleNamespace(BACKEND=backend))
    monkeypatch.setattr(fast_layers_command.shutil, "which", lambda _: None)
    found = list(fast_layers_command.examine_fast_layers(course))
    assert (found[-1].mark, said in found[-1].text) == (mark, True)
    assert any("No C compiler" in one.text for one in found) == (backend != "cython")


@pytest.mark.parametrize(
    ("asked", "mark", "said"), [("offline", "✓", "drawn pictures"), ("/no/where", "✗", "There is no folder /no/where")]
)
def test_data(course: Course, monkeypatch: pytest.MonkeyPatch, asked: str, mark: str, said: str) -> None:
    monkeypatch.setenv("NNDL_DATA", asked)
    (found,) = data_command.examine_data(course)
    assert (found.mark, said in found.text) == (mark, True)


def test_the_command_data_downloads_only_what_is_not_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []
    monkeypatch.setattr("utils.download.download_CIFAR10", lambda folder: asked.append(folder) or tmp_path)
    monkeypatch.setattr(data_command, "_find", lambda: tmp_path / "there")
    assert f"CIFAR-10 is in {tmp_path / 'there'}." in run("data").output
    assert asked == []
    monkeypatch.setattr(data_command, "_find", lambda: None)
    assert f"CIFAR-10 is in {tmp_path}." in run("data").output
    assert asked == [None]
    assert "NNDL_DATA" in run("data", "--folder", str(tmp_path)).output
    assert "drawn pictures" in run("data", "--offline").output or "draw pictures" in run("data", "--offline").output
    assert asked == [None, tmp_path]


def test_a_download_that_fails_says_how_to_go_on_without(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: object) -> None:
        raise data_command.DataError("CIFAR-10 did not arrive: check the network.")

    monkeypatch.setattr(data_command, "_find", lambda: None)
    monkeypatch.setattr("utils.download.download_CIFAR10", fail)
    done = run("data")
    assert done.exit_code == 2
    assert "did not arrive" in done.output
    assert "nothing has to be downloaded" in done.output
