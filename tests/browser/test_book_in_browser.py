"""A course's book as a browser shows it: at three widths, in both themes, without a network, for everybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sampling import sampled

from grader import course as courses
from grader.book import Book, make_book
from grader.book.leaks import pages
from grader.course import Course

pytestmark = pytest.mark.browser
SMALL = (
    "index.html",
    "assignments/groups/k-means.html",
    "docs/guide.html",
    "docs/formulas.html",
    "search.html?q=groups",
)


class _Silent(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(folder: Path) -> Iterator[str]:
    """Serve a folder as a website; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def site(clusters_with_book: tuple[Course, Book]) -> Iterator[str]:
    yield from serve(clusters_with_book[1].folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The book of this course, and its pages."""
    made = make_book(courses.load(Path(__file__).parents[2]), tmp_path_factory.mktemp("whole") / "book")
    for address in serve(made.folder):
        yield address, list(pages(made.folder))


def opened(browser: Browser, address: str, width: int = 1280, theme: str = "light") -> tuple[Page, list[str]]:
    """Open a page; return it, and every address that it asks for from then on or has asked for."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: pytest.fail(f"{address}: {error}"))
    page.goto(address)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    return page, asked


def faults(page: Page) -> list[str]:
    """What axe finds serious on a page."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def elsewhere(asked: list[str], address: str) -> list[str]:
    return [url for url in asked if not url.startswith((address, "data:"))]


@pytest.mark.parametrize(
    ("theme", "width", "name"), sampled(product(("light", "dark"), (390, 800, 1280), SMALL), every=11, first=1)
)
def test_each_page_fits_is_accessible_and_asks_nobody_else(
    browser: Browser, site: str, theme: str, width: int, name: str
) -> None:
    page, asked = opened(browser, site + name, width, theme)
    assert too_wide(page) <= 0
    assert faults(page) == []
    assert elsewhere(asked, site) == []
    page.close()


def test_would_a_fault_and_a_page_that_is_too_wide_be_seen(browser: Browser, site: str) -> None:
    page, asked = opened(browser, site, 390)
    page.evaluate(
        'document.body.innerHTML += \'<img src="http://localhost:9/x.png" style="width: 2000px; max-width: none">\''
    )
    assert [fault.partition(":")[0] for fault in faults(page)] == ["image-alt"]
    assert too_wide(page) > 1000
    assert elsewhere(asked, site) == ["http://localhost:9/x.png"]
    page.close()


def test_wide_tables_code_and_formulas_scroll_by_themselves(browser: Browser, site: str) -> None:
    page, _ = opened(browser, f"{site}docs/guide.html", 390)
    for place in (".pst-scrollable-table-container", "div.highlight pre"):
        inside = page.locator(place).first
        assert inside.evaluate("one => one.scrollWidth > one.clientWidth"), place
        assert inside.evaluate("one => one.getBoundingClientRect().right <= innerWidth"), place
        assert inside.evaluate("one => one.scrollLeft = 50") == 50
    page.close()


@pytest.mark.parametrize("words", sampled(["batch normalization", "batch normalisation"], every=2))
def test_the_search_finds_a_word_in_either_spelling(browser: Browser, site: str, words: str) -> None:
    page, asked = opened(browser, site)
    page.locator("button.search-button:visible").first.click()
    page.locator("#pst-search-dialog input").first.fill(words)
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").first.inner_text() == "A guide"
    assert elsewhere(asked, site) == []
    page.close()


@pytest.mark.slow
def test_the_theme_that_is_chosen_stays(browser: Browser, site: str) -> None:
    page, _ = opened(browser, site)
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.evaluate("localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark')")
    page.goto(f"{site}docs/guide.html")
    assert page.evaluate(background) != light
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (800, "dark"), (390, "light"), (390, "dark")])
def test_every_page_of_this_course_fits_and_is_accessible(
    browser: Browser, whole: tuple[str, list[str]], width: int, theme: str
) -> None:
    address, names = whole
    assert len(names) > 60
    wrong = {}
    for name in names:
        page, asked = opened(browser, address + name, width, theme)
        if found := [*faults(page), *elsewhere(asked, address), *(["too wide"] if too_wide(page) > 0 else [])]:
            wrong[name] = found
        page.close()
    assert wrong == {}


@pytest.mark.slow
def test_the_search_of_this_course_leads_to_the_notebook(browser: Browser, whole: tuple[str, list[str]]) -> None:
    page, _ = opened(browser, f"{whole[0]}search.html?q=batch+normalization")
    page.wait_for_selector("#search-results li a")
    titles = page.locator("#search-results li > a").all_inner_texts()
    assert "Keeping activations in shape" in titles
    page.close()
