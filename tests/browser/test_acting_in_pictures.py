"""Handles that are dragged and moved with keys, units that light up, training that plays: in a real browser."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from servers import jupyter, notebook, server

from grader.course import Course

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 60_000  # milliseconds; a busy machine is slow, and that is no fault


@pytest.fixture(scope="module")
def package(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student") / "nndl"
    shutil.copytree(course.root / "solutions" / "nndl", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def opened(package: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all tests that leave it as they find it."""
    home = tmp_path_factory.mktemp("voila")
    with server(home, "utils.cli", "explore", "--package", str(package), "--no-browser") as (url, _):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(url, timeout=PATIENCE)
        page.get_by_role("tab", name="Start").wait_for(timeout=PATIENCE)
        yield page
        page.close()


def explorer(page: Page, name: str) -> Locator:
    page.get_by_role("tab", name=name, exact=True).click()
    found = page.locator(".nndl-explorer:visible")
    expect(found).to_have_count(1, timeout=PATIENCE)
    expect(found.locator("svg").first).to_be_visible(timeout=PATIENCE)
    return found


def state(found: Locator) -> str:
    return found.get_by_label("State").or_(found.locator(".widget-text:has-text('State') input")).first.input_value()


def setting(found: Locator, name: str) -> str:
    match = re.search(rf"[?&]{name}=([^&]*)", state(found))
    assert match is not None
    return match.group(1)


def go(found: Locator, text: str) -> None:
    field = found.get_by_label("State").or_(found.locator(".widget-text:has-text('State') input")).first
    field.fill(text)
    field.press("Enter")
    until(lambda: field.input_value() != text)  # it is completed
    rest(found)


def rest(found: Locator) -> None:
    """Wait until the picture has not changed for half a second."""
    last, since = picture(found), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.1)
        if (now := picture(found)) != last:
            last, since = now, time.monotonic()


def picture(found: Locator) -> str:
    return str(found.locator("svg").first.evaluate("svg => svg.outerHTML"))


def until(condition: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def drag(page: Page, handle: Locator, by: tuple[float, float]) -> None:
    """Take a handle by its middle and let it go somewhere else."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=8)
    page.mouse.up()


def value(handle: Locator) -> str:
    return handle.get_attribute("aria-valuetext") or ""


def test_a_point_is_dragged_and_put_back(opened: Page) -> None:
    found = explorer(opened, "Decision boundary")
    go(found, "boundary?set=two clouds&seed=3")
    before = state(found)
    point = found.get_by_role("slider", name="point 80 of 80, class orange")  # on top
    drag(opened, point, (150, -90))
    until(lambda: setting(found, "moved").startswith("79,"))
    _, x, y = map(float, setting(found, "moved").split(","))
    until(lambda: value(point) == f"x {x:.3g}, y {y:.3g}".replace("-", "−"))
    found.get_by_role("button", name="Put points back").click()
    until(lambda: state(found) == before)


def test_a_point_is_moved_with_keys_and_keeps_the_focus(opened: Page) -> None:
    found = explorer(opened, "Decision boundary")
    go(found, "boundary?")
    points = found.locator("[data-group=points]")
    assert [node.get_attribute("tabindex") for node in points.all()].count("0") == 1  # one stop of the Tab key
    points.nth(0).focus()
    opened.keyboard.press("PageDown")
    focused = found.locator("[data-group=points]:focus")
    expect(focused).to_have_attribute("aria-label", re.compile("^point 2 of 80"))
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        opened.keyboard.press(key)
    until(lambda: setting(found, "moved").startswith("1,"))
    expect(focused).to_have_attribute("aria-label", re.compile("^point 2 of 80"))
    found.get_by_role("button", name="Put points back").click()
    until(lambda: setting(found, "moved") == "")


def test_a_unit_lights_up_in_all_panels(opened: Page) -> None:
    found = explorer(opened, "Decision boundary")
    go(found, "boundary?units=4&depth=2")
    unit = found.locator("[role=button][data-link=unit-1-2]")
    unit.hover()
    lit = found.locator(".linked")
    expect(lit).to_have_count(1 + 1 + 1 + 2 + 4)  # itself, line, map in the plane, weights in, weights out
    expect(found.locator(".nndl-picture p").first).to_contain_text("Unit 2 of layer 1, where")
    opened.mouse.move(2, 2)
    expect(lit).to_have_count(0)
    unit.focus()  # the same with keys alone
    expect(lit).to_have_count(9)
    opened.keyboard.press("Enter")
    expect(unit).to_have_attribute("aria-pressed", "true")
    found.get_by_role("button", name="Step", exact=True).click()
    until(lambda: setting(found, "step") == "61")
    expect(lit).to_have_count(9)  # in the next picture, too
    unit.press("Enter")
    expect(unit).to_have_attribute("aria-pressed", "false")


def test_training_plays_pauses_and_goes_back(opened: Page) -> None:
    found = explorer(opened, "Decision boundary")
    go(found, "boundary?step=0")
    before = picture(found)
    found.get_by_role("button", name="Play", exact=True).click()
    until(lambda: int(setting(found, "step")) > 5)
    found.get_by_role("button", name="Pause", exact=True).click()
    expect(found.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=PATIENCE)
    opened.wait_for_timeout(500)
    step = int(setting(found, "step"))
    opened.wait_for_timeout(500)
    assert int(setting(found, "step")) == step
    found.get_by_role("button", name="Back", exact=True).click()
    until(lambda: int(setting(found, "step")) == step - 1)
    found.get_by_role("button", name="To the start").click()
    until(lambda: setting(found, "step") == "0")
    until(lambda: picture(found) == before)


@pytest.mark.parametrize("kind", ["jupyterlab", "notebook"])
def test_pictures_are_acted_in_in_a_notebook(kind: str, package: Path, page: Page, tmp_path: Path) -> None:
    """The arrow keys, too, which Notebook takes for its own in other places; and nobody else's server is asked."""
    folder, lab = package.parent, kind == "jupyterlab"
    notebook(
        folder / "act.ipynb",
        "from nndl.fc_net import FullyConnectedNet\nfrom utils.explorers import BoundaryExplorer\n"
        "BoundaryExplorer(FullyConnectedNet)",
    )
    asked: list[str] = []
    with jupyter(kind, folder, tmp_path) as (url, _):
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/{'lab/tree/act.ipynb?reset' if lab else 'notebooks/act.ipynb'}")
        page.locator(".jp-CodeCell").first.click(timeout=PATIENCE)
        page.wait_for_selector("text=(ipykernel) | Idle" if lab else ".jp-NotebookKernelLogo", timeout=PATIENCE)
        page.keyboard.press("Shift+Enter")
        found = page.locator(".nndl-explorer")
        expect(found.locator("svg").first).to_be_visible(timeout=PATIENCE)
        drag(page, found.get_by_role("slider", name="point 80 of 80, class orange"), (40, 30))
        until(lambda: setting(found, "moved").startswith("79,"))
        found.get_by_role("slider", name="minibatches so far").press("ArrowRight")
        until(lambda: setting(found, "step") == "61")
    hosts = {urlparse(address).hostname for address in asked if address.startswith(("http", "ws"))}
    assert hosts <= {"127.0.0.1", "localhost"}
