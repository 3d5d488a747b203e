"""A prediction as a curve: drawn with the mouse in one stroke, mended with keys, and revealed beside the right one."""

from __future__ import annotations

import json

import pytest
from explorer_pages import PATIENCE, explorer_of, state_of, until
from playwright.sync_api import Locator, Page, expect

from utils.explorers.challenges import CHALLENGES, CurvePrediction

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHALLENGE = next(one for one in CHALLENGES["batch-norm"] if isinstance(one.predict, CurvePrediction))


def heights(curve: Locator) -> list[float]:
    """The drawn values, as Python has drawn them: the line lags behind the points until it has answered."""
    told = curve.locator("[data-handle]").evaluate_all("nodes => nodes.map((node) => node.dataset.handle)")
    return [json.loads(one)["y"]["value"] for one in told]


def test_a_curve_is_drawn_in_one_stroke_and_mended_with_keys(opened: Page) -> None:
    predict = CHALLENGE.predict
    assert isinstance(predict, CurvePrediction)
    explorer = explorer_of(opened, "Batch norm")
    before = state_of(explorer).input_value()
    explorer.get_by_label("challenge").select_option(CHALLENGE.title)
    expect(explorer.get_by_text(predict.question)).to_be_visible(timeout=PATIENCE)
    curve = explorer.locator(".nndl-challenge .nndl-picture")
    points = curve.get_by_role("slider")
    expect(points).to_have_count(len(predict.points), timeout=PATIENCE)
    expect(curve.get_by_role("slider", name="running mean at minibatch 20", exact=True)).to_be_visible()

    box = curve.locator("[data-stroke]").bounding_box()
    assert box is not None
    opened.mouse.move(box["x"] + 16, box["y"] + box["height"] * 0.95)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.48, steps=3)
    opened.mouse.move(box["x"] + box["width"] - 12, box["y"] + 10, steps=2)
    opened.mouse.up()
    until(lambda: heights(curve)[-1] > 2.2 and heights(curve) == sorted(heights(curve)))
    drawn = heights(curve)
    assert len(set(drawn)) == len(drawn), "the stroke has taken every point to its own height"
    line = curve.locator("#drawn")
    until(lambda: (line.get_attribute("d") or "").count("L") == len(drawn) - 1)

    points.last.focus()
    for key in ("ArrowDown", "ArrowDown", "Home", "ArrowUp"):
        opened.keyboard.press(key)
    until(lambda: 0 < heights(curve)[-1] < 0.1)
    assert heights(curve)[:-1] == drawn[:-1]
    assert state_of(explorer).input_value() == before, "the explorer shows nothing of it yet"

    explorer.get_by_role("button", name="Reveal", exact=True).click()
    said = explorer.locator(".nndl-challenge").get_by_role("status").first
    expect(said).to_contain_text("On average, your curve is off by", timeout=PATIENCE)
    expect(said).to_contain_text("farthest at minibatch 120")
    expect(curve.locator("#right")).to_have_count(1, timeout=PATIENCE)
    expect(points).to_have_count(0, timeout=PATIENCE)
    explorer.get_by_role("button", name="Start", exact=True).click()
    expect(explorer.get_by_text("○ ")).to_be_visible(timeout=PATIENCE)
    explorer.get_by_label("challenge").select_option("–")
    expect(curve).to_have_count(0, timeout=PATIENCE)
