"""Grading by hand in a browser: what is typed at the desk is in the gradebook, where formgrader reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from desk_course import desk_course
from nbgrader import api
from playwright.sync_api import Page
from servers import server

from grader.course import Course

pytestmark = pytest.mark.browser
ANSWERS = {
    "ada": "Because $x < 0$ becomes **0**.",
    "bob": "It is what it is.",
    "cy": "See [here](https://example.org) and `relu`.",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk_course(tmp_path_factory.mktemp("desk"), ANSWERS)


@pytest.fixture(scope="module")
def address(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address with the token, as the command prints it."""
    home = tmp_path_factory.mktemp("home")
    with server(home, "grader.cli", "desk", "--no-browser", "--name", "Grace", "--course", str(course.root)):
        found = re.search(r"http://\S+token=\S+", (home / "server.log").read_text())
        assert found
        yield found[0]


def in_formgrader(course: Course, student: str) -> tuple[float | None, bool, str | None]:
    """The grade as nbgrader's own tables have it."""
    with api.Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        names = ("why", "warmup", "a1", student)
        grade, comment = book.find_grade(*names), book.find_comment(*names)
        return grade.manual_score, grade.needs_manual_grade, comment.manual_comment


def test_a_question_is_graded_by_keys_alone(course: Course, address: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    assert "token" not in page.url
    page.get_by_role("link", name="why", exact=True).click()
    assert page.locator(".answer math").count() == 1
    assert page.locator(".left img").count() == 1
    assert "loss 0.25" in page.locator(".left").inner_text()
    assert "return abs(x), x" in page.locator(".left").inner_text()
    assert "layers.relu_forward is wrong." in page.locator(".left").inner_text()
    assert "cut off" in page.locator(".model").inner_text()
    page.keyboard.press("1")
    assert page.locator("#total").inner_text() == "2"
    page.keyboard.press("2")
    page.keyboard.press("p")
    page.keyboard.type("-0.5")
    assert page.locator("#total").inner_text() == "3"
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.type("Nicely put.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: True)
    page.get_by_text("1 of 3 graded").wait_for()
    assert "bob" in page.locator("nav").inner_text()
    score, waits, comment = in_formgrader(course, "ada")
    assert (score, waits) == (3.0, False)
    assert comment is not None
    assert comment.splitlines() == [
        "+2: Says that negative numbers are cut off",
        "+1.5: Says what that means for the gradient",
        "-0.5 besides",
        "Nicely put.",
    ]
    assert complaints == []
