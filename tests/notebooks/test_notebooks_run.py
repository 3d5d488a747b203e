"""Do the notebooks run from top to bottom with the reference, on the offline set, and reach their targets?"""

from __future__ import annotations

import pytest
from nbclient import NotebookClient
from nbformat import v4

from grader.release.numbers import checked
from grader.release.script import source_notebook
from tests.notebooks.targets import TARGETS


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", TARGETS)
def test_notebook_reaches_its_targets(path, course, tmp_path, monkeypatch):
    if path.startswith("hw6/"):
        pytest.importorskip("torch", reason="HW6 needs PyTorch: pip install torch")
    in_assignment, name = path.split("/")
    assignment = next(a for a in course.assignment if a.name == in_assignment)
    notebook = next(n for n in assignment.notebook if n.name == name)
    node = source_notebook(course.root / "solutions" / f"{path}.py", assignment, notebook, with_numbers=True)
    for cell in node.cells:
        if "numbers" in cell.metadata.get("tags", ()):
            cell.source = "from grader.release.numbers import compare\n" + checked(cell.source)
    node.cells.append(v4.new_code_cell("if True:" + TARGETS[path]))

    # What a student has, the reference in the place of the stubs; the kernel runs in this folder.
    (tmp_path / "nndl").symlink_to(course.root / "solutions" / "nndl")
    (tmp_path / "utils").symlink_to(course.root / "utils")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("NNDL_DATA", "offline")
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # several threads lose on a busy machine
        monkeypatch.setenv(threads, "1")
    client = NotebookClient(node, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()

    errors = [out for cell in node.cells for out in cell.get("outputs", []) if out.get("name") == "stderr"]
    assert not [out.text for out in errors if "Warning" in out.text]
    if name == "two_layer_nn":
        assert (tmp_path / "models" / "two_layer_best.npz").is_file()
