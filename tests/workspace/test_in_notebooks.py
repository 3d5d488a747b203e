"""The first cell of a notebook says where its code comes from, and what was overwritten comes back after it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from small_releases import FEEDING, PACKAGE, release, unpack

from utils.workspace.updating.update import look_after

ROOT = Path(__file__).parents[2]
STUB = 'raise NotImplementedError("portions: your code here")'
CELLS = (
    f"%load_ext autoreload\n%autoreload 2\nfrom {PACKAGE}.feeding import portions\nimport utils.checks",
    "print(portions(2, 3))",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A student's folder with work in it, of which there is a copy."""
    folder = unpack(release(), tmp_path / "pets-course")
    shutil.rmtree(folder / "utils")
    shutil.copytree(ROOT / "utils", folder / "utils", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    (folder / PACKAGE / "feeding.py").write_text(FEEDING.replace(STUB, "return weights * share"))
    look_after(folder, PACKAGE)
    return folder


def shown(folder: Path, imported_from: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the cells in a kernel; return what each prints."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(imported_from), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    resources = {"metadata": {"path": str(folder / "assignments" / "hw1")}}
    NotebookClient(notebook, kernel_name="python3", resources=resources, allow_errors=True).execute()
    return ["".join(str(out.get("text", out.get("evalue", ""))) for out in cell.outputs) for cell in notebook.cells]


def test_what_was_overwritten_is_back_in_the_next_cell(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / PACKAGE / "feeding.py").write_text(FEEDING)
    first, second = shown(root, root, monkeypatch)
    assert f"{PACKAGE}/feeding.py was overwritten" in first
    assert second == "6\n"


@pytest.mark.slow
def test_a_copy_of_a_folder_says_where_its_code_comes_from(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(root, root, monkeypatch) == ["", "6\n"]
    shutil.copytree(root, tmp_path / "copy")
    first, _ = shown(tmp_path / "copy", root, monkeypatch)
    assert f"{PACKAGE} comes from {root} and not from {tmp_path / 'copy'}" in first


def test_a_copy_of_the_files_is_kept_after_each_cell(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / PACKAGE / "feeding.py").write_text(FEEDING + "\nLATER = 1\n")
    shown(root, root, monkeypatch)
    assert "LATER" in (root / "backups/latest" / PACKAGE / "feeding.py").read_text()
