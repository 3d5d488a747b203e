"""A state in the address, on the clipboard, beside another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from explorer_pages import PATIENCE, explorer_of, go, picture_of, state_of, until
from playwright.sync_api import Browser, Page, expect
from servers import server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STATE = "gradient-check?function=%7Cx%7C&x=0.25&h=0.001"


def address(page: Page) -> str:
    """What the address bar shows; `Page.url` follows later."""
    return str(page.evaluate("location.href"))


def test_a_link_opens_the_explorer_in_its_state(voila: tuple[str, int], browser: Browser) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    go(page, f"{voila[0]}/#{STATE}")
    explorer = page.locator(".nndl-explorer:visible")
    expect(state_of(explorer)).to_have_value(STATE, timeout=PATIENCE)
    explorer.get_by_role("slider", name="x", exact=True).press("ArrowRight")
    until(lambda: "x=0.26" in address(page))
    page.get_by_role("tab", name="Start").click()
    until(lambda: "#" not in address(page))

    explorer = explorer_of(page, "Gradient check")
    until(lambda: address(page).endswith(state_of(explorer).input_value()))
    explorer.get_by_role("button", name="Copy link").click()
    expect(explorer.get_by_text("Copied.")).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("navigator.clipboard.readText()") == address(page)
    explorer.get_by_role("button", name="Copy as a cell").click()
    until(lambda: "GradientExplorer(layers, state=" in page.evaluate("navigator.clipboard.readText()"))

    page.evaluate("location.hash = '#dropout?p=0.25&units=10&images=50~dropout?p=0.75&units=10&images=50'")
    explorer = page.locator(".nndl-explorer:visible")
    expect(explorer.get_by_text("p 0.75 (here 0.25)")).to_be_visible(timeout=PATIENCE)
    expect(explorer.locator("svg")).to_have_count(4, timeout=PATIENCE)  # both have trained
    page.evaluate("location.hash = '#dropout?p=7'")
    expect(explorer.get_by_role("alert")).to_contain_text("between 0 and 0.95", timeout=PATIENCE)
    context.close()


def test_the_command_begins_in_a_state(package: Path, browser: Browser, tmp_path: Path) -> None:
    command = ("utils.cli", "explore", "--package", str(package), "--no-browser", "--state", STATE)
    with server(tmp_path, *command) as (url, _):
        page = browser.new_page()
        go(page, url)
        expect(state_of(page.locator(".nndl-explorer:visible"))).to_have_value(STATE, timeout=PATIENCE)
        page.close()


def test_two_states_stand_side_by_side_or_below_each_other(opened: Page) -> None:
    explorer = explorer_of(opened, "Gradient check")
    explorer.get_by_role("button", name="Compare with this").click()
    explorer.get_by_role("slider", name="x", exact=True).press("ArrowRight")
    expect(explorer.get_by_text("Beside: x")).to_be_visible(timeout=PATIENCE)
    until(lambda: "ghost-" in picture_of(explorer))
    places = "svgs => svgs.map(svg => svg.getBoundingClientRect().toJSON())"
    first, second = explorer.locator("svg").evaluate_all(places)
    assert second["left"] >= first["right"]
    opened.set_viewport_size({"width": 700, "height": 900})
    until(
        lambda: (
            explorer.locator("svg").nth(1).bounding_box()["y"] > explorer.locator("svg").first.bounding_box()["y"] + 99
        )
    )
    opened.set_viewport_size({"width": 1280, "height": 1000})
    explorer.get_by_label("compare with").select_option("–")
    expect(explorer.locator("svg")).to_have_count(1, timeout=PATIENCE)
