"""Students are told when Python imports their package from another folder than the one they work in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from sampling import sampled
from small_releases import FEEDING, PACKAGE, archive, files, release, unpack

from utils.workspace.imported import elsewhere, elsewhere_in_notebooks

ROOT = Path(__file__).parents[2]
HALF = ("__init__.py", "errors.py", "cli", "checks", "workspace")
PACKAGES = Path(str(__import__("numpy").__file__)).parents[1]  # where the packages are that the command needs


def given_utils() -> dict[str, bytes]:
    """The part of `utils` that students of any course get."""
    found = [path for name in HALF for path in ((ROOT / "utils" / name), *(ROOT / "utils" / name).rglob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in found if path.is_file()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of the same course: one that an environment was made in, and a copy."""
    places = tmp_path_factory.mktemp("places")
    made = release({**files(), **given_utils()})
    first, second = (unpack(made, places / name) for name in ("first", "second"))
    (first / "pets/feeding.py").write_text(FEEDING + "\n\nWHERE = 'first'\n")
    return first, second


def run(folder: Path, *command: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, with an environment that imports the course from `path`."""
    places = [str(place) for place in (path, PACKAGES, sysconfig.get_path("purelib")) if place]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COURSE_")}
    environment |= {"PYTHONPATH": os.pathsep.join(places), "PYTHONPYCACHEPREFIX": f"{path or folder}-bytecode"}
    return subprocess.run(
        [sys.executable, "-S", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_command_runs_the_code_of_the_folder_it_is_run_in(folders: tuple[Path, Path]) -> None:
    first, second = folders
    (second / "utils/cli/pack.py").write_text(
        '"""Another version."""\n\n\ndef pack(what: str) -> None:\n    """Pack."""\n    print("the second", what)\n'
    )
    for folder in (second, second / "assignments/hw1"):
        done = run(folder, "-c", "from utils.cli import main; main()", "pack", "hw1", path=first)
        assert done.stdout == "the second hw1\n", done.stderr
    assert run(first, "-m", "utils.cli", "nothing", path=first).returncode == 2


def test_it_is_said_where_a_package_comes_from(folders: tuple[Path, Path]) -> None:
    first, second = folders
    program = (
        "import sys\nfrom pathlib import Path\nfrom utils.workspace.imported import elsewhere, elsewhere_in_notebooks\n"
        f"for say in (elsewhere, elsewhere_in_notebooks):\n    print(say(Path(sys.argv[1]), '{PACKAGE}'))\n"
    )
    said = run(second / "assignments/hw1", "-c", program, str(second), path=first).stdout.splitlines()
    assert len(said) == 2
    for line in said:
        assert line.startswith(f"{PACKAGE} comes from {first} and not from {second}: ")
        assert "python -m pip install -e ." in line
    assert run(first, "-c", program, str(first), path=first).stdout.split() == []


def test_a_package_that_is_a_link_is_the_folders_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "utils" / "workspace", tmp_path / "real" / PACKAGE)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / PACKAGE).symlink_to(tmp_path / "real" / PACKAGE)
    monkeypatch.syspath_prepend(str(tmp_path / "real"))
    assert elsewhere(tmp_path / "work", PACKAGE) == ""
    assert elsewhere(tmp_path / "real", PACKAGE) == ""


def test_nothing_is_said_of_a_package_that_the_folder_does_not_have(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, PACKAGE) == ""
    assert elsewhere_in_notebooks(tmp_path, PACKAGE) == ""


def test_a_notebook_of_this_folder_would_not_find_the_package(folders: tuple[Path, Path]) -> None:
    assert "does not find pets" in elsewhere_in_notebooks(folders[0], PACKAGE)


@pytest.mark.slow
def test_the_command_updates_and_takes_back(folders: tuple[Path, Path], tmp_path: Path) -> None:
    root = tmp_path / "work"
    shutil.copytree(folders[0], root)
    new = tmp_path / "new release.zip"
    new.write_bytes(archive(release({**files(feeding=FEEDING + "\n\ndef groom(pet):\n    pass\n"), **given_utils()})))
    done = run(root / "assignments", "-m", "utils.cli", "update", str(new), path=root)
    assert done.returncode == 0, done.stderr
    assert "pets/feeding.py: new in it are groom; what you wrote is as it was" in done.stdout
    assert "pets update --undo" in done.stdout
    assert "WHERE = 'first'" in (root / "pets/feeding.py").read_text()
    done = run(root, "-m", "utils.cli", "update", "--undo", path=root)
    assert done.stdout.startswith("Taken back: update to the release ")
    assert "pets/feeding.py: as before" in done.stdout
    assert "groom" not in (root / "pets/feeding.py").read_text()
    (root / "pets/feeding.py").write_text(FEEDING)  # as if it was unpacked over
    done = run(root, "-m", "utils.cli", "check", "nothing", path=root)
    assert "pets/feeding.py was overwritten" in done.stderr
    assert "WHERE = 'first'" in (root / "pets/feeding.py").read_text()


@pytest.mark.parametrize(
    "wrong",
    sampled([(one,) for one in ((), ("gone.zip",), ("http://example.org/x.zip",), ("new.zip", "--undo"))], every=3),
)
def test_a_wrong_command_says_what_to_do(folders: tuple[Path, Path], wrong: tuple[str, ...]) -> None:
    done = run(folders[0], "-m", "utils.cli", "update", *wrong, path=folders[0])
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
