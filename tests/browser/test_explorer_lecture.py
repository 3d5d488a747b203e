"""A lecture: large type, no chrome, one slide after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from explorer_pages import PATIENCE
from playwright.sync_api import Browser, expect
from servers import server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLIDES = """gradient-check?h=1e-05
Why is this a good step?

convolution?pad=6
What is orange at the rim?
"""


def test_keys_turn_slides_and_end_the_lecture(package: Path, browser: Browser, tmp_path: Path) -> None:
    lecture = tmp_path / "lecture.txt"
    lecture.write_text(SLIDES)
    command = ("utils.cli", "explore", "--package", str(package), "--no-browser", "--slides", str(lecture))
    with server(tmp_path, *command) as (url, _):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url, timeout=PATIENCE)
        tabs = page.get_by_role("tab", name="Start")
        expect(page.get_by_text("1/2 Why is this a good step?")).to_be_visible(timeout=PATIENCE)
        expect(tabs).to_be_hidden()
        explorer = page.locator(".nndl-explorer:visible")
        state = explorer.get_by_label("State")
        expect(state).to_be_hidden()
        slider = explorer.get_by_role("slider", name="step h")
        expect(slider).to_be_visible(timeout=PATIENCE)
        picture = explorer.locator("svg").first.bounding_box()
        assert picture is not None
        assert picture["width"] > 1100

        slider.focus()
        at = slider.get_attribute("aria-valuenow")
        page.keyboard.press("PageDown")
        expect(page.get_by_text("2/2 What is orange at the rim?")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("slider", name="pad", exact=True)).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("PageUp")
        expect(page.get_by_text("1/2")).to_be_visible(timeout=PATIENCE)
        assert slider.get_attribute("aria-valuenow") == at  # the keys were for the slides alone

        page.keyboard.press("Escape")
        expect(tabs).to_be_visible()
        expect(state).to_be_visible()
        page.keyboard.press("l")
        expect(tabs).to_be_hidden()
        page.keyboard.press("l")
        state.fill("l")  # a letter that is typed is a letter
        expect(tabs).to_be_visible()

        tabs.click()
        key = page.get_by_label("the key L begins and ends a lecture")
        key.uncheck()
        page.get_by_role("button", name="Gradient check").focus()
        page.keyboard.press("l")
        page.get_by_role("button", name="Begin a lecture").click()
        expect(tabs).to_be_hidden()
        page.keyboard.press("l")
        expect(tabs).to_be_hidden()  # the letter neither began nor ends it
        page.keyboard.press("Escape")
        expect(tabs).to_be_visible()
        page.keyboard.press("l")
        page.reload()  # the lecture begins again
        expect(page.get_by_text("1/2")).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("Escape")
        tabs.click(timeout=PATIENCE)
        expect(key).not_to_be_checked(timeout=PATIENCE)  # the browser remembers it
        page.close()
