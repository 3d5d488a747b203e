"""A student in JupyterLab: the edition opens, a check that fails says why, and nothing but its own words is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from servers import jupyter, notebook

from grader.course import Course
from grader.reference import Reference
from grader.release.edition import student_edition

pytestmark = pytest.mark.browser


@pytest.fixture
def edition(course: Course, reference: Reference, tree: dict[str, bytes], tmp_path: Path) -> Path:
    """The student edition with a mistake in layers.py and a notebook of two cells."""
    student_edition(course, tmp_path, tree)
    folder = tmp_path / "nndl-course"
    wrong = reference.source("layers").replace("db = dout.sum(axis=0)", "db = dout.sum(axis=0, keepdims=True)")
    (folder / "nndl" / "layers.py").write_text(wrong)
    imports = "from nndl.layers import affine_backward, affine_forward\nfrom utils.checks import check"
    notebook(folder / "try.ipynb", f"{imports}\ncheck(affine_forward)", "check(affine_backward)")
    return folder


@pytest.fixture
def lab(edition: Path, tmp_path: Path) -> Iterator[str]:
    with jupyter("jupyterlab", edition, tmp_path) as (url, _):
        yield url


@pytest.mark.slow
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
