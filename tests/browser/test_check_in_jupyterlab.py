"""A student in JupyterLab: the edition opens, a check that fails says why, and nothing but its own words is shown."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page

from grader.course import Course
from grader.reference import Reference
from grader.release.edition import student_edition

pytestmark = pytest.mark.browser
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture
def edition(course: Course, reference: Reference, tmp_path: Path) -> Path:
    """The student edition with a mistake in layers.py and a notebook of two cells."""
    student_edition(course, tmp_path)
    folder = tmp_path / "nndl-course"
    wrong = reference.source("layers").replace("db = dout.sum(axis=0)", "db = dout.sum(axis=0, keepdims=True)")
    (folder / "nndl" / "layers.py").write_text(wrong)
    imports = "from nndl.layers import affine_backward, affine_forward\nfrom utils.checks import check"
    cells = [
        nbformat.v4.new_code_cell(f"{imports}\ncheck(affine_forward)"),
        nbformat.v4.new_code_cell("check(affine_backward)"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), folder / "try.ipynb")
    return folder


@pytest.fixture
def lab(edition: Path, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {
        name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    }
    options = (
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={edition}",
    )
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={**os.environ, **home, "PYTHONPATH": str(edition)},
            cwd=edition,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api/status", tmp_path / "lab.log")
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url: str, log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def test_a_check_in_a_notebook_speaks_for_itself(lab: str, page: Page) -> None:
    page.goto(f"{lab}/lab/tree/try.ipynb?reset", timeout=120_000)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    page.wait_for_selector("text=(ipykernel) | Idle", timeout=120_000)  # cells that are run earlier are not run at all
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_selector("text=db keeps the axis it was summed over", timeout=120_000)
    outputs = page.locator(".jp-OutputArea").all_inner_texts()
    assert "✓ layers.affine_forward: right in all 7 cases" in outputs[0]
    assert "✗ layers.affine_backward" in outputs[1]
    assert "Traceback" not in outputs[1]
    assert "utils/checks" not in outputs[1]
