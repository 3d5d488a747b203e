"""A real headless Chromium, where one is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from explorer_pages import go
from playwright.sync_api import Browser, Page, sync_playwright
from servers import server

from grader.course import Course

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# No sandbox of Chromium's own: it refuses to start as root. No talk with anybody but the page.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.fixture(scope="module")
def package(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's package with everything solved; a test that breaks it mends it."""
    folder = tmp_path_factory.mktemp("student") / "nndl"
    shutil.copytree(course.root / "solutions" / "nndl", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def voila(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    home = tmp_path_factory.mktemp("voila")
    with server(home, "utils.cli", "explore", "--package", str(package), "--no-browser") as found:
        yield found


@pytest.fixture(scope="module")
def opened(voila: tuple[str, int], browser: Browser) -> Iterator[Page]:
    """One page for the tests that leave it as they find it: each page has a kernel, which takes seconds to start."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    go(page, voila[0])
    yield page
    page.close()
