"""The explorers as a student meets them: opened, moved, stopped, restored, broken, mended, and closed."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import psutil
import pytest
from explorer_pages import PATIENCE, begin, done_of, explorer_of, go, picture_of, state_of, until
from playwright.sync_api import Browser, Locator, Page, expect
from servers import jupyter, notebook, server

from grader.course import Course
from utils.explorers.app import EXPLORERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GOLDEN = Path(__file__).with_name("explorers.json")
WORKING = ("Weight scale", "Batch norm", "Dropout", "Optimisers")  # those with long work


def _structure(explorer: Locator) -> dict[str, list[str]]:
    """What an explorer is made of, in the words that a reader or a screen reader meets."""
    return {
        "heading": explorer.locator("h3").all_inner_texts(),
        "controls": [
            text for text in explorer.locator(".widget-label:not(.jupyter-widgets):visible").all_inner_texts() if text
        ],
        "buttons": [text.strip() for text in explorer.locator("button:visible").all_inner_texts() if text.strip()],
        "picture": [explorer.locator("svg").first.get_attribute("aria-label").split(":")[0]],
        "axes": [
            text
            for text in explorer.locator("svg").first.locator("text").all_text_contents()
            if re.fullmatch(r"[A-Za-z][A-Za-z |,₁₂]{3,}", text)
        ],
    }


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_is_made_of_what_it_was(opened: Page, name: str) -> None:
    explorer, wanted = explorer_of(opened, name), json.loads(GOLDEN.read_text())[name]
    with contextlib.suppress(AssertionError):
        until(lambda: _structure(explorer) == wanted, 10)  # the last of it is put in its place after the picture
    assert _structure(explorer) == wanted


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_slider_moves_the_picture_and_a_state_brings_it_back(opened: Page, name: str) -> None:
    explorer = explorer_of(opened, name)
    before, state = picture_of(explorer), state_of(explorer).input_value()
    explorer.get_by_role("slider").first.press("ArrowRight")
    expect(state_of(explorer)).not_to_have_value(state, timeout=PATIENCE)
    until(lambda: picture_of(explorer) != before)
    state_of(explorer).fill(state)
    state_of(explorer).press("Enter")
    until(lambda: picture_of(explorer) == before)


@pytest.mark.parametrize("name", WORKING)
def test_long_work_can_be_paused_and_stopped(opened: Page, name: str) -> None:
    explorer = explorer_of(opened, name)
    pause, stop = (explorer.get_by_role("button", name=name) for name in ("Pause", "Stop"))
    begin(explorer)
    pause.dispatch_event("click")  # at once: on a busy machine the work may be done before a mouse is there
    expect(explorer.get_by_text("paused", exact=True)).to_be_visible(timeout=PATIENCE)
    stop.click()  # while it rests, it cannot end by itself
    expect(explorer.get_by_text("stopped", exact=True)).to_be_visible(timeout=PATIENCE)
    assert 0 < done_of(explorer) < 1
    expect(explorer.locator("svg")).to_have_count(2)  # what was found stays
    begin(explorer)
    pause.dispatch_event("click")
    expect(explorer.get_by_text("paused", exact=True)).to_be_visible(timeout=PATIENCE)
    paused = done_of(explorer)
    explorer.get_by_role("button", name="Go on").click()
    until(lambda: done_of(explorer) > paused)


def test_two_explorers_do_not_starve_each_other(opened: Page) -> None:
    begin(explorer_of(opened, "Weight scale"))
    begin(explorer_of(opened, "Optimisers"))
    share = done_of(opened.locator(".nndl-explorer:visible"))
    first = explorer_of(opened, "Weight scale")
    before = done_of(first)
    until(lambda: done_of(first) > before)  # beside the other
    second = explorer_of(opened, "Optimisers")
    until(lambda: done_of(second) > share)


def test_broken_code_is_shown_and_mended_without_a_new_page(opened: Page, package: Path) -> None:
    explorer = explorer_of(opened, "Weight scale")
    layers, whole = package / "layers.py", (package / "layers.py").read_text()
    try:
        layers.write_text(whole.replace("    out = np.maximum(0, x)\n", "    out = np.maximum(0, x[:, :3]) + x\n"))
        explorer.get_by_role("button", name="Run again").click()
        alert = explorer.get_by_role("alert")
        expect(alert).to_contain_text("np.maximum(0, x[:, :3]) + x", timeout=PATIENCE)  # the student's own line
        expect(explorer.get_by_role("slider").first).to_be_visible()
    finally:
        layers.write_text(whole)
    explorer.get_by_role("button", name="Run again").click()
    expect(explorer.get_by_role("alert")).to_have_count(0, timeout=PATIENCE)
    expect(explorer.locator("svg").first).to_be_visible(timeout=PATIENCE)


def test_what_is_not_written_yet_is_named(opened: Page, package: Path, course: Course) -> None:
    optim, whole = package / "optim.py", (package / "optim.py").read_text()
    explorer = explorer_of(opened, "Optimisers")
    try:
        optim.write_text((course.root / "nndl" / "optim.py").read_text())
        explorer.get_by_role("button", name="Run again").click()
        expect(explorer).to_contain_text("adam", timeout=PATIENCE)
        expect(explorer.get_by_text(re.compile("YOUR CODE|your code|not written|missing")).first).to_be_visible(
            timeout=PATIENCE
        )
    finally:
        optim.write_text(whole)


def test_closing_the_page_ends_its_work(voila: tuple[str, int], browser: Browser) -> None:
    url, server_id = voila
    others = set(psutil.Process(server_id).children(recursive=True))
    page = browser.new_page()
    go(page, url)
    explorer = explorer_of(page, "Weight scale")
    state_of(explorer).fill("weight-scale?depth=10&width=200&activation=relu&norm=none&scale=0.01&seed=0")  # minutes
    state_of(explorer).press("Enter")
    until(lambda: done_of(explorer) > 0)
    (kernel,) = (
        process
        for process in set(psutil.Process(server_id).children(recursive=True)) - others
        if "ipykernel" in " ".join(process.cmdline())
    )
    assert _share_of_a_processor(kernel) > 0.1
    page.close()
    until(lambda: not kernel.is_running() or _share_of_a_processor(kernel) < 0.05)


def test_a_server_that_is_ended_takes_its_kernels_along(package: Path, browser: Browser, tmp_path: Path) -> None:
    with server(tmp_path, "utils.cli", "explore", "--package", str(package), "--no-browser") as (url, number):
        page = browser.new_page()
        go(page, url)
        family = psutil.Process(number).children(recursive=True)
        assert len(family) >= 2  # Voila and a kernel
        page.close()
    until(lambda: not [process for process in family if process.is_running() and process.status() != "zombie"])


@pytest.mark.parametrize("kind", ["jupyterlab", pytest.param("notebook", marks=pytest.mark.slow)])
def test_explorers_in_a_notebook(kind: str, package: Path, page: Page, tmp_path: Path) -> None:
    folder, lab = package.parent, kind == "jupyterlab"
    notebook(
        folder / "play.ipynb",
        "from nndl.fc_net import FullyConnectedNet\nfrom utils.explorers import WeightScaleExplorer\n"
        "WeightScaleExplorer(FullyConnectedNet)",
    )
    with jupyter(kind, folder, tmp_path) as (url, _):
        page.goto(f"{url}/{'lab/tree/play.ipynb?reset' if lab else 'notebooks/play.ipynb'}")
        page.locator(".jp-CodeCell").first.click(timeout=PATIENCE)
        page.wait_for_selector("text=(ipykernel) | Idle" if lab else ".jp-NotebookKernelLogo", timeout=PATIENCE)
        page.keyboard.press("Shift+Enter")
        explorer = page.locator(".nndl-explorer")
        expect(explorer.locator("svg").first).to_be_visible(timeout=PATIENCE)
        before = picture_of(explorer)
        if lab:
            explorer.get_by_role("slider").first.press("ArrowRight")
        else:  # Notebook keeps the arrow keys to itself; the number beside a slider can be typed over
            explorer.locator(".widget-readout").first.fill("0.05")
            explorer.locator(".widget-readout").first.press("Enter")
        until(lambda: picture_of(explorer) != before)
        until(lambda: done_of(explorer) > 0)
        explorer.get_by_role("button", name="Stop").click()
        expect(explorer.get_by_text("stopped", exact=True)).to_be_visible(timeout=PATIENCE)


def _share_of_a_processor(process: psutil.Process) -> float:
    try:
        return process.cpu_percent(interval=1.0) / 100
    except psutil.NoSuchProcess:
        return 0.0
