"""The feedback pages as a browser shows them: on a phone, in the dark, and with a hostile name in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from grader import feedback
from grader.course import Course
from grader.report import Report, Verdict
from grader.submission.similarity import Pair
from utils.checks.case import Finding

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title = "owned"</script>\u202edrawkcab'


@pytest.fixture
def pages(course: Course, tmp_path: Path) -> Path:
    finding = Finding("dx", "fail", f"{HOSTILE} " * 3, "dx-not-reshaped", "one row")
    verdicts = tuple(
        Verdict(exercise.name, 0.0, exercise.points, "fail", (finding,)) for exercise in course["hw3"].exercises
    )
    reports = [Report("hw3", name, "landlock", verdicts, (HOSTILE,)) for name in ("ana", HOSTILE)]
    pairs = [Pair("ana", HOSTILE, 0.9)]
    return feedback.write(reports, course, tmp_path, (), pairs).parent


def test_no_script_of_a_submission_runs(pages: Path, page: Page) -> None:
    for path in sorted(pages.glob("*.html")):
        page.goto(path.as_uri())
        assert page.title() not in ("1", "owned")
        assert page.locator("img, script").count() == 0
        assert "<script>" in page.content().replace("&lt;", "<").replace("&gt;", ">")  # shown as text


def test_nothing_is_wider_than_a_phone(pages: Path, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for path in sorted(pages.glob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_example_leads_to_the_exercise_on_the_students_page(pages: Path, page: Page) -> None:
    page.goto((pages / "index.html").as_uri())
    page.get_by_role("link", name="An example").first.click()
    assert page.locator("article:target").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(pages: Path, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto((pages / "index.html").as_uri())
    text, background = (
        page.evaluate(f"getComputedStyle(document.body).{name}.match(/[0-9.]+/g).map(Number).slice(0, 3)")
        for name in ("color", "backgroundColor")
    )
    assert (sum(background) < sum(text)) is (scheme == "dark")
    assert contrast(text, background) >= 7


def contrast(one: list[float], other: list[float]) -> float:
    """WCAG 2.1, contrast ratio."""

    def luminance(colour: list[float]) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
