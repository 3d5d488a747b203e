"""The status at the head of a notebook, in JupyterLab: it follows the checks below it, in a light and a dark theme."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from servers import jupyter, notebook
from student_commands.student_folder import make, solve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STATUS = "from utils.workspace.widget import show_status\n\nshow_status()"
PICTURES = os.environ.get("STATUS_PICTURES")  # a folder: pictures of the status are put there, to be looked at


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A theme of JupyterLab, as the settings of its user have it."""
    settings = tmp_path / "JUPYTER_CONFIG_DIR/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": request.param}))
    return str(request.param)


@pytest.fixture
def lab(tmp_path: Path, theme: str) -> Iterator[str]:
    root = make(tmp_path / "course")
    solve(root, layers="def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return x\n")
    setup = f"import sys\n\nsys.path.append({str(Path(__file__).parents[2])!r})\n{STATUS}"
    check = "from pkg import layers\nfrom utils.checks import check\n\ncheck(layers.double)"
    notebook(root / "assignments/a1/first.ipynb", setup, check, "check(layers.triple)")
    with jupyter("jupyterlab", root, tmp_path) as (url, _):
        yield url


def test_the_status_follows_the_checks(lab: str, theme: str, page: Page) -> None:
    page.goto(f"{lab}/lab/tree/assignments/a1/first.ipynb?reset", timeout=120_000)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    page.wait_for_selector("text=(ipykernel) | Idle", timeout=120_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_selector("text=✗ layers.triple", timeout=120_000)
    page.wait_for_selector("text=2 of 5 points", timeout=120_000)
    status = page.locator(".jp-OutputArea").first
    shown = " ".join(status.inner_text().replace("\u200b", "").split())
    for words in ("a1 Layers", "✓ double", "✗ triple", "Next: layers.triple (3 points)"):
        assert words in shown
    assert page.evaluate("document.body.dataset.jpThemeName") == theme
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{theme}.png")
    colour = status.locator("code").first.evaluate("node => getComputedStyle(node).color")
    brightness = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
    assert (brightness > 127) == ("Dark" in theme)  # the text takes the theme's colour
