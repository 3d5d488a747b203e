"""The book's pages of the explorers, in a real browser: sliders move by keyboard and say what the reference says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course_with_book import ROOT
from playwright.sync_api import Browser, Page
from sampling import sampled
from test_book_in_browser import elsewhere, faults, opened, serve, too_wide

from grader import course as courses
from grader.book import make_book
from grader.reference import Reference
from utils.explorers.batch_norm.compute import BatchNorm, statistics_of
from utils.explorers.boundary.compute import Boundary
from utils.explorers.boundary.compute import see as look
from utils.explorers.convolution.compute import Convolution, see
from utils.explorers.dropout.compute import Dropout, layer_of
from utils.explorers.gradient.compute import KINDS, GradientCheck, errors, numeric, pair
from utils.explorers.gradient_flow.compute import GradientFlow, flow_of
from utils.explorers.grids.__main__ import GRIDS
from utils.explorers.grids.grid import COMMAND
from utils.explorers.optimisers.compute import Optimisers, walks
from utils.explorers.state import State
from utils.explorers.weight_scale.compute import WeightScale, layers_of

pytestmark = pytest.mark.browser
PAGES = ROOT / "docs" / "explorers"
TABLE = """
[[explorer]]
name = "{name}"
notebook = "groups/k-means"
section = "{section}"
exercises = ["kmeans.assign"]
page = "docs/explorers/{name}.md"
"""


@pytest.fixture(scope="module")
def folder(clusters_released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book that has the pages of this course's explorers."""
    root = tmp_path_factory.mktemp("course") / "clusters"
    shutil.copytree(clusters_released, root)
    shutil.copytree(PAGES, root / "docs" / "explorers")
    toml = root / "course.toml"
    listed = ", ".join(f'"docs/explorers/{name}.md"' for name in GRIDS)
    text = toml.read_text("utf-8").replace('"docs/formulas.md"]', f'"docs/formulas.md", {listed}]')
    tables = "".join(TABLE.format(name=name, section="K-means") for name in GRIDS)
    toml.write_text(text + tables, "utf-8")
    return make_book(courses.load(root)).folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    yield from serve(folder)


def address(site: str, name: str) -> str:
    return f"{site}docs/explorers/{name}.html"


def said(page: Page) -> str:
    return page.locator(".explorer-said").inner_text()


def numbers(text: str) -> list[float]:
    """All numbers in a sentence."""
    return [float(found.replace("−", "-")) for found in re.findall(r"[-−]?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def weight_scale(reference: Reference, state: Any) -> list[float]:
    layers = layers_of(reference.module("fc_net").FullyConnectedNet, state)
    return [float(np.std(getattr(layer, part))) for part in ("out", "dout") for layer in (layers[0], layers[-1])]


def batch_norm(reference: Reference, state: Any) -> list[float]:
    found = statistics_of(reference.module("fc_net").FullyConnectedNet, state)
    apart = float(np.abs(found.train - found.test).mean())
    return [found.running_mean[-1], found.mean, found.running_var[-1], found.var, apart]


def dropout(reference: Reference, state: Any) -> list[float]:
    layer = layer_of(reference.module("fc_net").FullyConnectedNet, state)
    return [100 * float(np.mean(layer.out != 0)), 100 * float(np.abs(layer.means[-1] / layer.x - 1).mean())]


def optimisers(reference: Reference, state: Any) -> list[float]:
    heights = walks(reference.module("optim"), state).heights
    return [float(heights[rule][-1]) for rule in ("sgd", "sgd_momentum", "sgd_nesterov_momentum", "adagrad", "adam")]


def boundary(reference: Reference, state: Any) -> list[float]:
    seen = look(reference.module("fc_net").FullyConnectedNet, state)
    return [100 * seen.accuracy, seen.loss]


def gradient_flow(reference: Reference, state: Any) -> list[float]:
    flow = flow_of(reference.module("fc_net").FullyConnectedNet, reference.module("layers"), state)
    return [array.size for arrays in (flow.outs, flow.douts) for array in (arrays[1], arrays[-2])] + [flow.loss]


def convolution(reference: Reference, state: Any) -> list[float]:
    seen = see(reference.module("conv_layers"), state)
    return [*seen.out.shape, seen.out.min(), seen.out.max(), seen.out[seen.row, seen.column], *seen.corner]


def gradient(reference: Reference, state: Any) -> list[float]:
    layers = reference.module("layers")
    f, _ = pair(state.function, layers)
    slopes = [numeric(f, state.x, state.h, kind, "float64") for kind in KINDS]
    return [state.x, errors(state, layers).slope, state.h, *slopes]


# Each explorer with what its sentence has to say, and which keys are pressed on its first and on its second slider.
SAYS: dict[str, tuple[type[State], Callable[[Reference, Any], list[float]], str, str]] = {
    "weight-scale": (WeightScale, weight_scale, "ArrowRight", "ArrowLeft"),
    "batch-norm": (BatchNorm, batch_norm, "ArrowLeft", "ArrowLeft"),
    "dropout": (Dropout, dropout, "ArrowRight", "ArrowRight"),
    "optimisers": (Optimisers, optimisers, "ArrowLeft", "ArrowLeft"),
    "convolution": (Convolution, convolution, "ArrowUp", "ArrowLeft"),
    "decision-boundary": (Boundary, boundary, "ArrowLeft", "ArrowLeft"),
    "gradient-flow": (GradientFlow, gradient_flow, "ArrowRight", "ArrowLeft"),
    "gradient-check": (GradientCheck, gradient, "ArrowRight", "ArrowLeft"),
}


def test_every_explorer_s_page_is_tried() -> None:
    assert set(SAYS) == set(GRIDS)


@pytest.mark.parametrize("name", sampled(SAYS, every=4, first=1))
def test_both_sliders_move_by_keyboard_and_say_what_the_reference_says(
    browser: Browser, site: str, name: str, reference: Reference
) -> None:
    kind, expected, *keys = SAYS[name]
    atol = 0.006 if name == "convolution" else 0.0  # its pixels are stored with two digits after the point
    page, asked = opened(browser, address(site, name))
    seen = [said(page)]
    for slider, key in zip(page.locator(".explorer input[type=range]").all(), keys, strict=False):
        slider.focus()
        value = slider.get_attribute("aria-valuetext")
        page.keyboard.press(key)
        page.wait_for_function(
            "before => document.querySelector('.explorer-said').textContent !== before", arg=seen[-1]
        )
        assert slider.get_attribute("aria-valuetext") != value
        assert page.evaluate("document.activeElement.type") == "range", "the slider has lost the keyboard"
        seen.append(said(page))
        command, text = page.locator(".explorer-own code").inner_text().split(' "')
        assert command == COMMAND
        state = kind.parse(text.removesuffix('"'))
        there = numbers(seen[-1])
        for number in expected(reference, state):
            assert np.isclose(there, number, rtol=0.06, atol=atol).any(), (number, seen[-1])
    assert len(set(seen)) == 3
    assert elsewhere(asked, site) == []
    page.close()


@pytest.mark.parametrize(
    ("name", "theme", "width"),
    sampled(
        [(name, theme, width) for name in GRIDS for theme in ("light", "dark") for width in (1280, 390)],
        every=17,
        first=1,
    ),
)
def test_each_page_is_accessible_fits_and_asks_nobody_else(
    browser: Browser, site: str, name: str, theme: str, width: int
) -> None:
    page, asked = opened(browser, address(site, name), width, theme)
    pictures = page.locator(".explorer-figure svg[role=img]").all()
    assert len(pictures) >= (1 if name == "decision-boundary" else 2)
    assert all(picture.get_attribute("aria-label") for picture in pictures)
    assert too_wide(page) <= 0
    assert faults(page) == []
    assert elsewhere(asked, site) == []
    ink = page.evaluate("getComputedStyle(document.querySelector('.explorer-figure svg')).color")
    assert (max(map(int, re.findall(r"\d+", ink)[:3])) > 128) == (theme == "dark")
    page.close()


def test_a_link_leads_to_a_setting_and_the_address_follows_the_sliders(browser: Browser, site: str) -> None:
    page, _ = opened(browser, f"{address(site, 'dropout')}?p=0.9&passes=1000&nonsense=3&images=7")
    assert "At p = 0.9" in said(page)
    assert "After 1000 passes" in said(page)
    assert "from 500 images" in said(page)
    page.locator("#dropout-p").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**?p=0.75&passes=1000&images=500")
    page.get_by_role("button", name="Back to the start").click()
    page.wait_for_function("document.querySelector('.explorer-said').textContent.includes('At p = 0.5')")
    page.close()


def test_a_click_into_a_picture_chooses_there(browser: Browser, site: str) -> None:
    page, _ = opened(browser, address(site, "convolution"))
    output = page.locator(".explorer-figure svg").nth(1)
    box = output.bounding_box()
    assert box is not None
    width, height = ((box[side] - 8) / count for side, count in (("width", 44), ("height", 48)))  # 4 are empty around
    output.click(position={"x": 4 + 10.5 * width, "y": 4 + 30.5 * height})
    page.wait_for_function("document.querySelector('.explorer-said').textContent.includes('row 30, column 10')")
    page.close()


def test_on_paper_the_setting_stands_beside_the_pictures(browser: Browser, site: str) -> None:
    page, _ = opened(browser, address(site, "batch-norm"), theme="dark")
    page.emulate_media(media="print")
    assert page.locator(".explorer input:visible").count() == 0
    assert page.locator(".explorer-control output:visible").all_inner_texts() == ["50", "0.9"]
    assert page.locator(".explorer-figure svg:visible").count() >= 2
    ink = page.evaluate("getComputedStyle(document.querySelector('.explorer-figure svg')).color")
    assert ink == "rgb(17, 17, 17)"
    page.close()


def test_the_page_and_the_section_of_the_notebook_lead_to_each_other(browser: Browser, site: str) -> None:
    page, _ = opened(browser, address(site, "dropout"))
    page.locator("article").get_by_role("link", name="K-means", exact=True).click()
    assert page.url.startswith(f"{site}assignments/groups/k-means.html#")
    section = page.locator(page.url.partition("#")[2].join(("#", "")))
    section.wait_for(state="attached")  # the address changes before the page is read to its end
    assert section.count() == 1
    page.get_by_role("link", name="Move its sliders").click()
    page.locator(".explorer-said").wait_for()
    page.close()


def test_without_a_script_the_page_says_why_nothing_moves(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(site, "optimisers"))
    assert "need JavaScript" in page.locator(".explorer").inner_text()
    context.close()


@pytest.mark.slow
def test_the_book_is_opened_without_a_server(browser: Browser, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "docs" / "explorers" / "dropout.html").as_uri())
    page.locator("#dropout-p").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.explorer-said').textContent.includes('At p = 0.6')")
    page.close()
