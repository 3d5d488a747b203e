"""A student in JupyterLab: the edition opens, a check that fails says why, and nothing but its own words is shown."""

from __future__ import annotations

import json
import time
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
    assert "✓ layers.affine_forward: right in all 8 cases" in outputs[0]
    assert "✗ layers.affine_backward" in outputs[1]
    assert "Traceback" not in outputs[1]
    assert "utils/checks" not in outputs[1]


ENDLESS = "print('rows', len(x))\n    while x is not None:\n        open('begun', 'w').close()"
DEBUGGED = "breakpoint()\n    out = np.maximum(0, x)"


def run_next_cell(page: Page) -> None:
    page.keyboard.press("Shift+Enter")


def limit(edition: Path, seconds: float) -> None:
    """Write into the course's table how long a case may take."""
    table = edition / "goldens" / "course.json"
    limits = {"seconds": seconds, "exercise_seconds": max(20.0, seconds)}
    table.write_text(json.dumps({**json.loads(table.read_text()), "limits": limits}))


@pytest.mark.slow
def test_code_that_never_ends_is_interrupted_and_debugged_in_jupyterlab(
    edition: Path, reference: Reference, lab: str, page: Page
) -> None:
    layers, text = edition / "nndl" / "layers.py", reference.source("layers")
    layers.write_text(text.replace("out = np.maximum(0, x)", ENDLESS))
    limit(edition, 500)
    imports = (
        "%load_ext autoreload\n%autoreload 2\nfrom nndl.layers import relu_forward\nfrom utils.checks import check"
    )
    again = ("check(relu_forward)",) * 3
    notebook(edition / "never.ipynb", imports, *again, "check(relu_forward, here=True)")
    page.goto(f"{lab}/lab/tree/never.ipynb?reset", timeout=120_000)
    page.wait_for_selector("text=(ipykernel) | Idle", timeout=120_000)
    page.locator(".jp-CodeCell .cm-content").first.click()
    run_next_cell(page)
    run_next_cell(page)
    while not (edition / "begun").exists():
        time.sleep(0.1)
    page.locator('[data-command="notebook:interrupt-kernel"], jp-button[title*="Interrupt"]').first.click()
    page.wait_for_selector("text=■ layers.relu_forward: interrupted at nndl/layers.py, line", timeout=60_000)
    limit(edition, 1)
    run_next_cell(page)
    page.wait_for_selector("text=relu_forward did not end within 1 seconds", timeout=60_000)
    assert "| rows" in page.locator(".jp-OutputArea").nth(2).inner_text()
    layers.write_text(text.replace("out = np.maximum(0, x)", DEBUGGED))
    run_next_cell(page)
    page.wait_for_selector("text=Breakpoint() cannot stop the code", timeout=60_000)
    run_next_cell(page)
    box = page.locator(".jp-Stdin-input").last
    box.wait_for(timeout=60_000)
    box.fill("p x.shape")
    box.press("Enter")
    page.wait_for_selector("text=(2, 4)", timeout=60_000)
    box = page.locator(".jp-Stdin-input").last
    box.wait_for(timeout=60_000)
    box.fill("q")
    box.press("Enter")
    page.wait_for_selector("text=■ The check has ended, because you left the debugger.", timeout=60_000)
    outputs = page.locator(".jp-OutputArea").all_inner_texts()
    assert not any("utils/checks" in one or "Traceback" in one for one in outputs)
