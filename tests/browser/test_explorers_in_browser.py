"""The explorers as a student meets them: opened, moved, stopped, restored, broken, mended, and closed."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from servers import jupyter, notebook, server

from grader.course import Course
from utils.explorers.app import EXPLORERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GOLDEN = Path(__file__).with_name("explorers.json")
PATIENCE = 60_000  # milliseconds; a busy machine is slow, and that is no fault
WORKING = ("Weight scale", "Batch norm", "Dropout", "Optimisers")  # those with long work


@pytest.fixture(scope="module")
def package(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's package with everything solved; a test that breaks it mends it."""
    folder = tmp_path_factory.mktemp("student") / "nndl"
    shutil.copytree(course.root / "solutions" / "nndl", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def voila(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    home = tmp_path_factory.mktemp("voila")
    with server(home, "utils.cli", "explore", "--package", str(package), "--no-browser") as found:
        yield found


@pytest.fixture(scope="module")
def opened(voila: tuple[str, int], browser: Browser) -> Iterator[Page]:
    """One page for the tests that leave it as they find it: each page has a kernel, which takes seconds to start."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    _go(page, voila[0])
    yield page
    page.close()


def _go(page: Page, url: str) -> None:
    page.goto(url, timeout=PATIENCE)
    page.get_by_role("tab", name="Start").wait_for(timeout=PATIENCE)


def _explorer(page: Page, name: str) -> Locator:
    """The explorer of a tab, once its picture is there."""
    page.get_by_role("tab", name=name, exact=True).click()
    explorer = page.locator(".nndl-explorer:visible")
    expect(explorer).to_have_count(1, timeout=PATIENCE)
    expect(explorer.locator("svg").first).to_be_visible(timeout=PATIENCE)
    return explorer


def _picture(explorer: Locator) -> str:
    """The picture that follows the sliders; matplotlib numbers its clips anew each time."""
    drawn = str(explorer.locator("svg").first.evaluate("svg => svg.outerHTML"))
    return re.sub(r"\b[pm][0-9a-f]{10}\b|image[0-9a-f]{10}", "", drawn)


def _state(explorer: Locator) -> Locator:
    return explorer.get_by_label("State").or_(explorer.locator(".widget-text:has-text('State') input")).first


def _structure(explorer: Locator) -> dict[str, list[str]]:
    """What an explorer is made of, in the words that a reader or a screen reader meets."""
    return {
        "heading": explorer.locator("h3").all_inner_texts(),
        "controls": [
            text for text in explorer.locator(".widget-label:not(.jupyter-widgets):visible").all_inner_texts() if text
        ],
        "buttons": [text.strip() for text in explorer.get_by_role("button").all_inner_texts() if text.strip()],
        "picture": [explorer.locator("svg").first.get_attribute("aria-label").split(":")[0]],
        "axes": [
            text
            for text in explorer.locator("svg").first.locator("text").all_text_contents()
            if re.fullmatch(r"[A-Za-z][A-Za-z |,₁₂]{3,}", text)
        ],
    }


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_is_made_of_what_it_was(opened: Page, name: str) -> None:
    found = _structure(_explorer(opened, name))
    assert found == json.loads(GOLDEN.read_text())[name]


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_slider_moves_the_picture_and_a_state_brings_it_back(opened: Page, name: str) -> None:
    explorer = _explorer(opened, name)
    before, state = _picture(explorer), _state(explorer).input_value()
    explorer.get_by_role("slider").first.press("ArrowRight")
    expect(_state(explorer)).not_to_have_value(state, timeout=PATIENCE)
    _until(lambda: _picture(explorer) != before)
    _state(explorer).fill(state)
    _state(explorer).press("Enter")
    _until(lambda: _picture(explorer) == before)


@pytest.mark.parametrize("name", WORKING)
def test_long_work_can_be_paused_and_stopped(opened: Page, name: str) -> None:
    explorer = _explorer(opened, name)
    pause, stop = (explorer.get_by_role("button", name=name) for name in ("Pause", "Stop"))
    _begin(explorer)
    pause.dispatch_event("click")  # at once: on a busy machine the work may be done before a mouse is there
    expect(explorer.get_by_text("paused", exact=True)).to_be_visible(timeout=PATIENCE)
    stop.click()  # while it rests, it cannot end by itself
    expect(explorer.get_by_text("stopped", exact=True)).to_be_visible(timeout=PATIENCE)
    assert 0 < _done(explorer) < 1
    expect(explorer.locator("svg")).to_have_count(2)  # what was found stays
    _begin(explorer)
    pause.dispatch_event("click")
    expect(explorer.get_by_text("paused", exact=True)).to_be_visible(timeout=PATIENCE)
    paused = _done(explorer)
    explorer.get_by_role("button", name="Go on").click()
    _until(lambda: _done(explorer) > paused)


def test_two_explorers_do_not_starve_each_other(opened: Page) -> None:
    _begin(_explorer(opened, "Weight scale"))
    _begin(_explorer(opened, "Optimisers"))
    share = _done(opened.locator(".nndl-explorer:visible"))
    first = _explorer(opened, "Weight scale")
    before = _done(first)
    _until(lambda: _done(first) > before)  # beside the other
    second = _explorer(opened, "Optimisers")
    _until(lambda: _done(second) > share)


def test_broken_code_is_shown_and_mended_without_a_new_page(opened: Page, package: Path) -> None:
    explorer = _explorer(opened, "Weight scale")
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
    explorer = _explorer(opened, "Optimisers")
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
    _go(page, url)
    explorer = _explorer(page, "Weight scale")
    _state(explorer).fill("weight-scale?depth=10&width=200&activation=relu&norm=none&scale=0.01&seed=0")  # minutes
    _state(explorer).press("Enter")
    _until(lambda: _done(explorer) > 0)
    (kernel,) = (
        process
        for process in set(psutil.Process(server_id).children(recursive=True)) - others
        if "ipykernel" in " ".join(process.cmdline())
    )
    assert _share_of_a_processor(kernel) > 0.1
    page.close()
    _until(lambda: not kernel.is_running() or _share_of_a_processor(kernel) < 0.05)


def test_a_server_that_is_ended_takes_its_kernels_along(package: Path, browser: Browser, tmp_path: Path) -> None:
    with server(tmp_path, "utils.cli", "explore", "--package", str(package), "--no-browser") as (url, number):
        page = browser.new_page()
        _go(page, url)
        family = psutil.Process(number).children(recursive=True)
        assert len(family) >= 2  # Voila and a kernel
        page.close()
    _until(lambda: not [process for process in family if process.is_running() and process.status() != "zombie"])


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
        before = _picture(explorer)
        if lab:
            explorer.get_by_role("slider").first.press("ArrowRight")
        else:  # Notebook keeps the arrow keys to itself; the number beside a slider can be typed over
            explorer.locator(".widget-readout").first.fill("0.05")
            explorer.locator(".widget-readout").first.press("Enter")
        _until(lambda: _picture(explorer) != before)
        _until(lambda: _done(explorer) > 0)
        explorer.get_by_role("button", name="Stop").click()
        expect(explorer.get_by_text("stopped", exact=True)).to_be_visible(timeout=PATIENCE)


def _begin(explorer: Locator) -> None:
    """Begin the long work anew, and wait for its first result."""
    over = explorer.get_by_text(re.compile(r"^(done|stopped|ended)$"))
    explorer.get_by_role("button", name="Stop").dispatch_event("click")  # no matter whether there is something to stop
    expect(over).to_have_count(1, timeout=PATIENCE)
    explorer.get_by_role("button", name="Run again").click()
    expect(over).to_have_count(0, timeout=PATIENCE)  # from here on, the progress is that of the new work
    _until(lambda: _done(explorer) > 0)


def _done(explorer: Locator) -> float:
    """The share of the long work that is done, 0 to 1."""
    style = explorer.locator(".progress-bar").get_attribute("style") or ""
    found = re.search(r"width:\s*([\d.]+)%", style)
    return float(found.group(1)) / 100 if found else 0.0


def _share_of_a_processor(process: psutil.Process) -> float:
    try:
        return process.cpu_percent(interval=1.0) / 100
    except psutil.NoSuchProcess:
        return 0.0


def _until(condition: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
