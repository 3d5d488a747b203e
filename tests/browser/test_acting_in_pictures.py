"""Handles that are dragged and moved with keys, units that light up, training that plays: in a real browser."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import urlparse

import pytest
from explorer_pages import PATIENCE, explorer_of, picture_of, state_of, until
from playwright.sync_api import Locator, Page, expect
from servers import jupyter, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def show(found: Locator, state: str) -> None:
    """Go to a state, and wait until the picture has not changed for half a second."""
    field = state_of(found)
    field.fill(state)
    field.press("Enter")
    until(lambda: field.input_value() != state)  # it is completed
    last, since = picture_of(found), time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.1)
        if (now := picture_of(found)) != last:
            last, since = now, time.monotonic()


def setting(found: Locator, name: str) -> str:
    """A setting, as the state says it."""
    match = re.search(rf"[?&]{name}=([^&]*)", state_of(found).input_value())
    assert match is not None
    return match.group(1)


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
    found = explorer_of(opened, "Decision boundary")
    show(found, "decision-boundary?set=two clouds&seed=3")
    before = state_of(found).input_value()
    point = found.get_by_role("slider", name="point 80 of 80, class orange")  # on top
    drag(opened, point, (150, -90))
    until(lambda: setting(found, "moved").startswith("79,"))
    _, x, y = map(float, setting(found, "moved").split(","))
    until(lambda: value(point) == f"x {x:.3g}, y {y:.3g}".replace("-", "−"))
    found.get_by_role("button", name="Put points back").click()
    until(lambda: state_of(found).input_value() == before)


def test_a_point_is_moved_with_keys_and_keeps_the_focus(opened: Page) -> None:
    found = explorer_of(opened, "Decision boundary")
    show(found, "decision-boundary?")
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
    found = explorer_of(opened, "Decision boundary")
    show(found, "decision-boundary?units=4&depth=2")
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
    found = explorer_of(opened, "Decision boundary")
    ghost = found.get_by_label("last setting as a ghost")
    ghost.uncheck()  # it would stand in the last picture, and not in the first one
    show(found, "decision-boundary?step=0")
    before = picture_of(found)
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
    until(lambda: picture_of(found) == before)
    ghost.check()


@pytest.mark.parametrize(
    ("name", "handle", "by", "field"),
    [
        ("Convolution", "window in the photograph", (40, -30), "row"),
        ("Convolution", "pixel of the output", (-40, 0), "column"),
        ("Convolution", "kernel, row 2, column 2", (0, -40), "kernel"),
        ("Gradient check", "h in the picture", (60, 0), "h"),
        ("Gradient check", "x in the picture", (-30, 0), "x"),
        ("Weight scale", "scale, on the first ridge", (40, 0), "scale"),
        ("Optimisers", "where the walks begin", (50, 20), "start"),
        ("Gradient flow", "weight scale", (0, 30), "scale"),
    ],
)
def test_what_can_be_dragged_moves_its_setting(
    opened: Page, name: str, handle: str, by: tuple[float, float], field: str
) -> None:
    found = explorer_of(opened, name)
    if found.get_by_role("button", name="Stop").count():
        found.get_by_role("button", name="Stop").dispatch_event("click")  # no long work meanwhile
    grip = found.locator(f'g[data-handle][aria-label="{handle}"]')
    before = setting(found, field)
    drag(opened, grip, by)
    until(lambda: setting(found, field) != before)
    dragged = setting(found, field)
    grip.press("ArrowLeft" if by[0] else "ArrowDown")
    until(lambda: setting(found, field) != dragged)


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
