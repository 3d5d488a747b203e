"""A walk through a challenge of each explorer: bet, see both pictures, start, reach the goal, read why."""

from __future__ import annotations

import pytest
from explorer_pages import PATIENCE, explorer_of, state_of
from playwright.sync_api import Page, expect

from utils.explorers.app import state_kinds
from utils.explorers.challenge_panel import LETTERS, shuffled
from utils.explorers.challenges import CHALLENGES, Prediction

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TABS = {name.lower().replace(" ", "-"): name for name in
        ("Decision boundary", "Gradient flow", "Weight scale",
         "Batch norm", "Dropout", "Optimisers", "Convolution", "Gradient check")}  # fmt: skip


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_walk_through_a_challenge(opened: Page, name: str) -> None:
    explorer = explorer_of(opened, TABS[name])
    challenge = next(one for one in CHALLENGES[name] if isinstance(one.predict, Prediction))
    assert isinstance(challenge.predict, Prediction)
    explorer.get_by_label("challenge").select_option(challenge.title)
    expect(explorer.get_by_text(challenge.predict.question)).to_be_visible(timeout=PATIENCE)
    pictures = explorer.locator("figure svg")
    expect(pictures).to_have_count(1 + len(challenge.predict.others), timeout=PATIENCE)

    order = shuffled(challenge.predict)
    wrong = LETTERS[order.index(challenge.predict.others[0])]
    explorer.get_by_role("button", name=wrong, exact=True).click()
    expect(explorer.get_by_text(f"You bet on {wrong}")).to_be_visible(timeout=PATIENCE)
    expect(explorer.get_by_text("Beside:")).to_be_visible(timeout=PATIENCE)
    expect(pictures.first).to_be_hidden()
    expect(explorer.get_by_text("Solved.")).to_have_count(0)

    explorer.get_by_role("button", name="Start", exact=True).click()
    expect(explorer.get_by_text("○ ")).to_be_visible(timeout=PATIENCE)
    start = str(state_kinds()[name].parse(challenge.start))
    expect(state_of(explorer)).to_have_value(start, timeout=PATIENCE)
    state_of(explorer).fill(challenge.solution)
    state_of(explorer).press("Enter")
    expect(explorer.get_by_text("✓ Solved.")).to_be_visible(timeout=PATIENCE)
    expect(explorer.get_by_text("Go on:")).to_be_visible(timeout=PATIENCE)
    expect(explorer.get_by_label("challenge")).to_contain_text(f"✓ {challenge.title}")
    explorer.get_by_label("challenge").select_option("–")
