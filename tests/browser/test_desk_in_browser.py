"""Grading by hand in a browser: what is typed at the desk is in the gradebook, where formgrader reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_course import desk_course, picture
from nbgrader import api
from playwright.sync_api import Browser, Page
from servers import server
from test_feedback_in_browser import CONTRASTS, contrast

from grader.course import Course
from grader.desk.server import _link_file

pytestmark = pytest.mark.browser
HOSTILE = """
<img src=x onerror="document.title = 'owned'"><script>document.title = "owned"</script>
<style>main { display: none }</style><a href="javascript:document.title = 'owned'">x</a>
![seen](https://evil.example/seen.png) ![local](/grade/a1/why) $\\href{javascript:alert(1)}{x}$
<form action="/grade/a1/why" method="post"><button autofocus>y</button></form> \u202edrawkcab
"""
SHOWN: list[object] = [
    {"output_type": "stream", "name": "stdout", "text": "loss 0.25\n<script>document.title = 'owned'</script>\n"},
    {"output_type": "display_data", "data": {"image/png": picture()}, "metadata": {}},
    {"output_type": "display_data", "data": {"text/html": "<script>document.title = 'owned'</script>"}, "metadata": {}},
    {"output_type": "display_data", "data": {"application/javascript": "document.title = 'owned'"}, "metadata": {}},
]
ANSWERS = {
    "ada": "Because $x < 0$ becomes **0**.",
    "bob": "It is what it is. " + "A long answer. " * 300,
    "cy": "See [here](https://example.org) and `relu`: " + "x" * 500,
    HOSTILE[1:60].strip().replace("/", "|"): HOSTILE,
}

PLACES: dict[tuple[str, str], str] = {}  # where the answer of a student has been found at a desk


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return desk_course(tmp_path_factory.mktemp("desk"), ANSWERS, SHOWN)


@pytest.fixture(scope="module")
def address(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address with the token, as the command prints it."""
    home = tmp_path_factory.mktemp("home")
    with server(home, "grader.cli", "desk", "--no-browser", "--name", "Grace", "--course", str(course.root)):
        found = re.search(r"http://\S+token=\S+", (home / "server.log").read_text())
        assert found
        yield found[0]


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains about, such as what the page's policy forbids."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def in_formgrader(course: Course, student: str) -> tuple[float | None, bool, str | None]:
    """The grade as nbgrader's own tables have it."""
    with api.Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        names = ("why", "warmup", "a1", student)
        grade, comment = book.find_grade(*names), book.find_comment(*names)
        return grade.manual_score, grade.needs_manual_grade, comment.manual_comment


def log_in(page: Page, address: str) -> None:
    """Open the address with the token, and wait for the page that it leads to."""
    page.goto(address)
    page.wait_for_url(lambda url: url.startswith("http") and "token" not in url)


def open_answer(page: Page, address: str, student: str, *, take_over: bool = True) -> None:
    """Open the answer of a student, and take it over from the window of another test."""
    root = address.partition("?")[0].rstrip("/")
    assert page.request.get(address).ok  # the cookie, without drawing the page that the address leads to
    page.goto(PLACES.get((root, student), f"{root}/grade/a1/why"))
    for direction in ("prev", "next"):
        link = page.locator(f"nav a[rel={direction}]")
        while link.count() and page.locator("nav strong").inner_text() != student:
            page.goto(root + (link.get_attribute("href") or ""))
    assert page.locator("nav strong").inner_text() == student
    PLACES[root, student] = page.url
    button = page.get_by_role("button", name="take it over")
    if take_over and button.count():
        button.click()
        page.locator("fieldset:enabled").wait_for()


@pytest.mark.slow
def test_the_file_that_a_browser_is_given_leads_to_the_desk(address: str, page: Page, tmp_path: Path) -> None:
    """The cookie is for the desk's own pages alone; a redirect that begins in a file would come without it."""
    log_in(page, _link_file(tmp_path, address).as_uri())
    assert page.get_by_role("link", name="why", exact=True).is_visible()
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_a_question_is_graded_by_keys_alone(course: Course, address: str, page: Page, complaints: list[str]) -> None:
    open_answer(page, address, "ada")
    assert "token" not in page.url
    assert page.locator(".answer math").count() == 1
    assert page.locator(".left img").evaluate("image => image.naturalWidth") == 40
    for words in ("loss 0.25", "return abs(x), x", "layers.relu_forward is wrong.", "is cut off"):
        assert words in page.locator(".left").inner_text()
    page.keyboard.press("1")
    assert page.locator("#total").inner_text() == "2"
    page.keyboard.press("2")
    page.keyboard.press("p")
    page.keyboard.type("-0.5")
    assert page.locator("#total").inner_text() == "3"
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.type("Nicely put: 1 s j k")  # keys are text in a field
    page.keyboard.press("Control+Enter")
    page.get_by_text("1 of 4 graded,").wait_for()
    assert page.locator("nav strong").inner_text() == "bob"
    page.wait_for_load_state()
    score, waits, comment = in_formgrader(course, "ada")
    assert (score, waits) == (3.0, False)
    assert comment == (
        "+2: Says that negative numbers are cut off\n+1.5: Says what that means for the gradient\n"
        "-0.5 besides\nNicely put: 1 s j k"
    )
    page.keyboard.press("1")
    page.keyboard.press("s")
    page.get_by_text("2 of 4 graded,").wait_for()
    assert in_formgrader(course, "bob")[0] == 2.0
    for key, title in (("j", "cy"), ("k", "bob"), ("u", "onerror")):
        page.wait_for_load_state()  # the script listens to keys from then on
        page.keyboard.press(key)
        page.locator("nav strong", has_text=title).wait_for()
    page.wait_for_load_state()
    page.keyboard.press("o")
    page.get_by_role("heading", name="Answers to grade by hand").wait_for()
    assert complaints == []


def test_changing_the_rubric_changes_what_is_graded_already(course: Course, address: str, page: Page) -> None:
    open_answer(page, address, "bob")
    if page.locator("[name=item]:checked").count() == 0:
        page.keyboard.press("1")
    page.keyboard.press("s")
    page.get_by_text("graded by Grace").wait_for()
    before = in_formgrader(course, "bob")[0]
    page.wait_for_load_state()
    for key, title in (("m", "Model answer"), ("q", "The question")):
        details = page.locator("details", has=page.locator("summary", has_text=title))
        was = details.get_attribute("open") is not None
        page.keyboard.press(key)
        assert (details.get_attribute("open") is not None) is not was
    page.keyboard.press("e")
    page.get_by_label("Points of item 1").fill("1.25")
    page.get_by_label("Text of a new item").fill("Too long")
    page.get_by_label("Points of a new item").fill("-0.25")
    page.get_by_role("button", name="Change the rubric").click()
    page.get_by_text("The rubric is changed").wait_for()
    assert page.locator("[name=item]").count() == 3
    assert before == 2.0
    assert in_formgrader(course, "bob")[0] == 1.25
    page.wait_for_load_state()
    page.keyboard.press("e")
    page.get_by_label("Points of item 1").fill("2")
    page.get_by_label("Text of item 3").fill("")
    page.get_by_label("To the student").fill("Not entered yet.")
    page.get_by_role("button", name="Change the rubric").click()
    page.get_by_text("follows").or_(page.get_by_text("follow")).first.wait_for()
    assert in_formgrader(course, "bob")[0] == 2.0
    page.wait_for_load_state()
    assert page.get_by_label("To the student").input_value() == "Not entered yet."
    assert page.locator("[name=item]:checked").count() == 1
    with page.expect_navigation():
        page.keyboard.press("s")
    assert (in_formgrader(course, "bob")[2] or "").endswith("Not entered yet.")


def test_nothing_of_a_submission_runs_or_is_loaded(address: str, page: Page, complaints: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_answer(page, address, next(name for name in ANSWERS if name.startswith("<")))
    assert "drawkcab" in page.locator(".answer").inner_text()
    assert "onerror" in page.locator(".answer").inner_text()  # shown as text
    page.wait_for_timeout(200)
    assert "owned" not in page.title()
    assert page.locator("main").is_visible()
    assert page.locator(".left :is(script, style, form, button, [onerror], [href^=javascript])").count() == 0
    origin = address.partition("?")[0]
    assert all(url.startswith((origin, "data:image/png;base64,")) for url in asked)
    assert complaints == []


@pytest.mark.slow
def test_another_window_cannot_grade_the_same_answer(address: str, page: Page, browser: Browser) -> None:
    open_answer(page, address, "cy")
    context = browser.new_context()
    other = context.new_page()
    open_answer(other, address, "cy", take_over=False)
    assert other.locator("fieldset :enabled").count() == 0
    other.keyboard.press("1")
    assert other.locator("[name=item]:checked").count() == 0
    other.get_by_role("button", name="take it over").click()
    other.locator("fieldset:enabled").wait_for()
    page.keyboard.press("c")
    page.keyboard.type("Well.")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.get_by_text("Grace is at this answer now").wait_for()
    page.wait_for_load_state()
    assert page.locator("textarea").input_value() == "Well."
    page.keyboard.press("s")
    page.get_by_text("graded by Grace").wait_for()
    context.close()


def test_a_closed_window_lets_go_of_its_answer(address: str, page: Page, browser: Browser) -> None:
    context = browser.new_context()
    other = context.new_page()
    open_answer(other, address, "ada")
    other.goto("about:blank")
    for _ in range(100):  # a page says that it is closed while it closes, and nobody waits until that has arrived
        open_answer(page, address, "ada", take_over=False)
        if page.locator("fieldset:enabled").count():
            break
        page.wait_for_timeout(100)
    assert page.locator("fieldset:enabled").count() == 1
    context.close()


def test_a_grade_that_is_not_entered_is_not_lost_by_a_slip(address: str, page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    open_answer(page, address, "bob")
    page.keyboard.press("2")
    page.keyboard.press("o")
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    assert "grade" in page.url
    page.keyboard.press("2")


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("dark", 1280),
        ("light", 360),
        pytest.param("light", 1280, marks=pytest.mark.slow),
        pytest.param("dark", 360, marks=pytest.mark.slow),
        pytest.param("light", 800, marks=pytest.mark.slow),
        pytest.param("dark", 800, marks=pytest.mark.slow),
    ],
)
def test_the_pages_fit_and_text_stands_out(
    course: Course, address: str, browser: Browser, scheme: str, width: int
) -> None:
    dark = scheme == "dark"
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    log_in(page, address)
    pages = [page.url]
    open_answer(page, address, "ada")
    pages.append(page.url)
    open_answer(page, address, next(name for name in ANSWERS if name.startswith("<")))
    for path in (*pages, page.url, f"{page.url}x"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = page.evaluate(CONTRASTS)
        assert len(found) >= 2
        for text, background, words in found:
            assert contrast(text, background) >= 4.5, words
    context.close()


def test_every_field_and_button_has_a_name(address: str, page: Page) -> None:
    open_answer(page, address, "ada")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    controls = page.locator("input:not([type=hidden]), textarea, select, button, summary, progress")
    assert controls.count() > 10
    named = "one.ariaLabel || one.textContent.trim() || [...one.labels].map((each) => each.textContent).join()"
    names = controls.evaluate_all(f"all => all.map((one) => [{named}, one.outerHTML])")
    assert len(names) == controls.count()
    for name, control in names:
        assert name.strip(), control


@pytest.mark.slow
def test_without_javascript_the_desk_grades_as_well(course: Course, address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, address)
    page.get_by_role("link", name="how", exact=True).click()
    page.get_by_label("Points besides").fill("0.5")
    page.get_by_role("button", name="Enter", exact=True).click()
    assert "0.5 of 1" in page.locator(".total").inner_text()
    context.close()
