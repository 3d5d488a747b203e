"""Do the notebooks run from top to bottom with the reference, on the offline set, and reach their targets?"""

from __future__ import annotations

import pytest

from grader.release.execute import run_notebook
from tests.notebooks.targets import TARGETS


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", TARGETS)
def test_notebook_reaches_its_targets(path, course, tmp_path):
    if path.startswith("hw6/"):
        pytest.importorskip("torch", reason="HW6 needs PyTorch: pip install torch")
    in_assignment, name = path.split("/")
    notebook = next(notebook for notebook in course[in_assignment].notebook if notebook.name == name)
    # One thread: several lose on a busy machine.
    ran = run_notebook(
        course,
        course[in_assignment],
        notebook,
        tmp_path,
        environment={"NNDL_DATA": "offline"},
        threads=1,
        afterwards="if True:" + TARGETS[path],
    )
    print(f"{ran.seconds:.0f} s, processor {ran.processor_seconds:.0f} s")

    errors = [out for cell in ran.node.cells for out in cell.get("outputs", []) if out.get("name") == "stderr"]
    assert not [out.text for out in errors if "Warning" in out.text]
    if name == "two_layer_nn":
        assert (tmp_path / "models" / "two_layer_best.npz").is_file()
