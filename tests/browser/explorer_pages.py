"""What the browser tests of the explorers share: finding things on the page, and waiting for them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

PATIENCE = 60_000  # milliseconds; a busy machine is slow, and that is no fault


def go(page: Page, url: str) -> None:
    page.goto(url, timeout=PATIENCE)
    page.get_by_role("tab", name="Start").wait_for(timeout=PATIENCE)


def explorer_of(page: Page, name: str) -> Locator:
    """The explorer of a tab, once its picture is there."""
    page.get_by_role("tab", name=name, exact=True).click()
    explorer = page.locator(".nndl-explorer:visible")
    expect(explorer).to_have_count(1, timeout=PATIENCE)
    expect(explorer.locator("svg").first).to_be_visible(timeout=PATIENCE)
    return explorer


def picture_of(explorer: Locator) -> str:
    """The picture that follows the sliders."""
    return str(explorer.locator("svg").first.evaluate("svg => svg.outerHTML"))


def state_of(explorer: Locator) -> Locator:
    return explorer.get_by_label("State").or_(explorer.locator(".widget-text:has-text('State') input")).first


def begin(explorer: Locator) -> None:
    """Begin the long work anew, and wait for its first result."""
    over = explorer.get_by_text(re.compile(r"^(done|stopped|ended)$"))
    explorer.get_by_role("button", name="Stop").dispatch_event("click")  # no matter whether there is something to stop
    expect(over).to_have_count(1, timeout=PATIENCE)
    explorer.get_by_role("button", name="Run again").click()
    expect(over).to_have_count(0, timeout=PATIENCE)  # from here on, the progress is that of the new work
    until(lambda: done_of(explorer) > 0)


def done_of(explorer: Locator) -> float:
    """The share of the long work that is done, 0 to 1."""
    style = explorer.locator(".progress-bar").get_attribute("style") or ""
    found = re.search(r"width:\s*([\d.]+)%", style)
    return float(found.group(1)) / 100 if found else 0.0


def until(condition: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
