"""The explorers for people who do not see the page, do not use a mouse, or do not want things to move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from explorer_pages import PATIENCE, explorer_of, go, state_of
from playwright.sync_api import Browser, Page, expect
from servers import server

from utils.explorers.app import EXPLORERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLIDERS = ".noUi-handle"


def faults(page: Page) -> list[str]:
    """What axe finds serious, and everything that stands outside of a landmark."""
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical") or fault["id"] == "region"
        for node in fault["nodes"]
    ]


@pytest.fixture(scope="module", params=["light", "dark"])
def asked_of(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory,
             browser: Browser) -> Iterator[tuple[Page, list[str]]]:  # fmt: skip
    """A page in one theme, and the addresses of other hosts that it asked for."""
    options = ["--dark"] if request.param == "dark" else []
    home = tmp_path_factory.mktemp(request.param)
    with server(home, "utils.cli", "explore", "--package", str(package), "--no-browser", *options) as (url, _):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        elsewhere: list[str] = []
        page.on("request", lambda asked: asked.url.startswith((url, "data:", "blob:")) or elsewhere.append(asked.url))
        go(page, url)
        yield page, elsewhere
        page.close()


@pytest.mark.parametrize("name", ["Start", *EXPLORERS])
def test_axe_finds_nothing_serious(asked_of: tuple[Page, list[str]], name: str) -> None:
    page, elsewhere = asked_of
    if name == "Start":
        page.get_by_role("tab", name=name).click()
    else:
        explorer = explorer_of(page, name)
        expect(explorer.get_by_role("status").first).not_to_be_empty(timeout=PATIENCE)
    assert faults(page) == []
    assert elsewhere == []


def test_axe_finds_nothing_serious_in_a_comparison_and_a_curve_to_draw(asked_of: tuple[Page, list[str]]) -> None:
    page, elsewhere = asked_of
    explorer = explorer_of(page, "Gradient flow")
    explorer.get_by_label("compare with").select_option("the gradient vanishes")
    expect(explorer.get_by_text("Beside:")).to_be_visible(timeout=PATIENCE)
    explorer.get_by_label("challenge").select_option("The same size at both ends")
    expect(explorer.locator("[data-stroke]")).to_have_count(1, timeout=PATIENCE)
    assert faults(page) == []
    assert elsewhere == []


def test_would_axe_see_a_slider_without_a_name(opened: Page) -> None:
    explorer = explorer_of(opened, "Gradient check")
    expect(explorer.get_by_text("4 of the 4 functions")).to_be_visible(timeout=PATIENCE)  # no more lines will come
    explorer.locator(SLIDERS).locator("visible=true").first.evaluate("handle => handle.removeAttribute('aria-label')")
    assert [fault.partition(":")[0] for fault in faults(opened)] == ["aria-input-field-name"]
    explorer.locator(SLIDERS).last.press("ArrowRight")  # what moves is named anew
    assert faults(opened) == []


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_slider_says_its_label_and_the_number_that_is_seen(opened: Page, name: str) -> None:
    explorer = explorer_of(opened, name)
    for row in explorer.locator(".widget-inline-hbox", has=opened.locator(SLIDERS)).all():
        handle = row.locator(SLIDERS)
        expect(handle).to_have_attribute("aria-label", row.locator(".widget-label").inner_text(), timeout=PATIENCE)
        handle.press("ArrowRight")
        seen = row.locator(".widget-readout").inner_text()
        expect(handle).to_have_attribute("aria-valuetext", seen, timeout=PATIENCE)
        handle.press("ArrowLeft")


def test_what_the_picture_shows_is_said_when_the_slider_rests(opened: Page) -> None:
    explorer = explorer_of(opened, "Gradient check")
    said = explorer.get_by_role("status").first
    opened.wait_for_timeout(1000)  # what the last test has asked for with keys has come by then
    state_of(explorer).fill("gradient-check?h=1e-05")
    state_of(explorer).press("Enter")
    expect(said).to_contain_text("h = 1e-05", timeout=PATIENCE)
    handle = explorer.get_by_role("slider", name="step h")
    for _ in range(4):
        handle.press("ArrowRight")
    expect(said).to_contain_text("h = 1e-04", timeout=PATIENCE)


def test_who_asks_for_less_motion_gets_none(voila: tuple[str, int], browser: Browser) -> None:
    page = browser.new_page(reduced_motion="reduce")
    go(page, voila[0])
    explorer = explorer_of(page, "Gradient check")
    picture = explorer.locator("svg").first
    picture.evaluate("svg => svg.style.transition = 'opacity 3s'")
    assert picture.evaluate("svg => getComputedStyle(svg).transitionDuration") == "0s"
    page.close()
