"""The feedback pages as a browser shows them: on a phone, in the dark, in a large class, with hostile names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sampling import sampled

from benchmarks.made_up_reports import made_up_reports
from grader import feedback
from grader.course import Course
from grader.report import Report, Verdict
from grader.submission.similarity import Pair
from utils.checks.case import Finding

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title = "owned"</script>\u202edrawkcab'


SECRET = b"the secret of this course"
LARGE = 600


@pytest.fixture(scope="module")
def pages(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of a class of two, of whom one is hostile. Not to be changed."""
    finding = Finding("dx", "fail", f"{HOSTILE} " * 3, "dx-not-reshaped", "one row")
    verdicts = tuple(
        Verdict(exercise.name, 0.0, exercise.points, "fail", (finding,)) for exercise in course["hw3"].exercises
    )
    reports = [Report("hw3", name, "landlock", verdicts, (HOSTILE,)) for name in ("ana", HOSTILE)]
    pairs = [Pair("ana", HOSTILE, 0.9)]
    out = tmp_path_factory.mktemp("pages")
    return feedback.write(reports, course, course["hw3"], out, secret=SECRET, pairs=pairs).parents[1]


@pytest.fixture(scope="module")
def large(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a class of 600, one in three of whom has written an answer that waits for a person."""
    hw3 = course["hw3"]
    reports = enumerate(made_up_reports(course, hw3, LARGE))
    rows = [replace(feedback.student_row(one, hw3), needs_manual_grade=k % 3 == 0) for k, one in reports]
    links = {row.student: f"../students/{k}.html" for k, row in enumerate(rows)}
    path = tmp_path_factory.mktemp("large") / "index.html"
    path.write_text(feedback.class_page(rows, course, hw3, links), "utf-8")
    return path


def found(page: Page) -> int:
    """How many students the page says it has found."""
    return int(page.locator("#found").inner_text().split(" of ")[0].replace(",", ""))


def names(page: Page) -> list[str]:
    """The students whom the table shows."""
    return page.locator("#students tbody th bdi").all_inner_texts()


def test_no_script_of_a_submission_runs(pages: Path, page: Page) -> None:
    paths = sorted(pages.rglob("*.html"))
    assert len(paths) == 4
    for path in paths:
        page.goto(path.as_uri())
        assert page.title() not in ("1", "owned")
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == (2 if path.parent.name == "class" else 0)
        if path != pages / "students" / "index.html" and not path.name.startswith("ana-"):
            assert "<script>" in page.locator("main").inner_text()  # shown as text


def test_a_script_that_gets_into_the_page_is_not_run(pages: Path, tmp_path: Path, page: Page) -> None:
    """Even where escaping fails: the page's policy names its own script and no other."""
    path = tmp_path / "index.html"
    forged = '<script>document.title = "owned"</script><img src="data:," onerror="document.title = 1"><h1>'
    html = (pages / "class" / "index.html").read_text("utf-8").replace("<h1>", forged)
    for header, titles in (("Content-Security-Policy", {"hw3 · class report"}), ("X-None", {"1", "owned"})):
        path.write_text(html.replace("Content-Security-Policy", header), "utf-8")
        page.goto(path.as_uri())
        assert page.locator("img").count() == 1
        page.wait_for_timeout(100)
        assert page.title() in titles
        assert page.locator("#find").is_visible()  # its own script ran


@pytest.mark.parametrize("width", sampled([360, 800], every=2))
def test_nothing_is_wider_than_the_screen(pages: Path, large: Path, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in [*sorted(pages.rglob("*.html")), large]:
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_example_leads_to_the_exercise_on_the_students_page(pages: Path, page: Page) -> None:
    page.goto((pages / "class" / "index.html").as_uri())
    page.get_by_role("link", name="An example").first.click()
    assert page.locator("article:target").count() == 1


def test_students_are_found_by_name_verdict_exercise_and_misconception(large: Path, page: Page) -> None:
    page.goto(large.as_uri())
    everybody = found(page)
    assert everybody == LARGE
    page.get_by_label("Name").fill("jose gar")
    assert 0 < found(page) < everybody
    assert all("José García" in name for name in names(page))
    page.get_by_role("button", name="Clear").click()
    page.locator("[name=exercise]").select_option("layers.relu_forward")
    assert found(page) == everybody
    assert page.locator("#students thead tr:last-child th:visible").count() == 3
    page.locator("[name=verdict]").select_option("fail")
    marks = page.locator("#students tbody td.fail")
    assert 0 < found(page) < everybody
    assert marks.count() == page.locator("#students tbody tr").count()
    page.get_by_role("button", name="Clear").click()
    page.locator("[name=verdict]").select_option("written")
    assert found(page) == LARGE / 3
    page.get_by_role("button", name="Clear").click()
    option = page.locator("[name=misconception]").locator("option").nth(1)
    page.locator("[name=misconception]").select_option(option.get_attribute("value"))
    assert f"({found(page)})" in option.inner_text()


def test_headings_sort_by_keyboard_and_pages_turn(large: Path, page: Page) -> None:
    page.goto(large.as_uri())
    assert page.locator("#students tbody tr small").count() == len(names(page)) == 50  # those to look at come first
    heading = page.get_by_role("button", name="student", exact=True)
    heading.focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("student")
    first = names(page)
    page.get_by_role("button", name="Next").click()
    assert not set(first) & set(names(page))
    assert "page 2 of 12" in page.locator("#turn").inner_text()
    page.get_by_role("button", name="Previous").click()
    assert names(page) == first
    heading.press("Enter")
    assert page.locator("th[aria-sort=descending]").count() == 1
    assert not set(first) & set(names(page))
    page.get_by_role("button", name="points").click()
    points = [float(text) for text in page.locator("#students tbody td.number").all_inner_texts()]
    assert points == sorted(points)


def test_the_address_says_what_is_shown(large: Path, page: Page, browser: Browser) -> None:
    page.goto(large.as_uri())
    page.locator(".rates .tally a").first.click()
    page.get_by_label("Name").fill(names(page)[0][:4])  # of somebody who is among those found
    page.get_by_role("button", name="points").click()
    again = browser.new_page()
    again.goto(page.url)
    assert (found(again), names(again)) == (found(page), names(page))
    assert 0 < found(again) < LARGE
    again.goto(f"{large.as_uri()}#page=9e9&sort=__proto__&exercise=constructor&down=1")  # whoever sends such a link
    assert found(again) == LARGE
    again.goto(f"{large.as_uri()}#verdict=nothing")
    assert found(again) == 0
    again.close()


def test_a_large_class_can_be_read_without_javascript(large: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(large.as_uri())
    assert len(names(page)) == 50
    assert not page.locator("#find").is_visible()
    assert page.locator("#students a", has_text="students.csv").is_visible()
    context.close()


@pytest.mark.slow
def test_the_table_is_the_same_with_and_without_javascript(large: Path, page: Page, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    body = "table.heat tbody"
    shown = []
    for one in (page, plain):
        one.goto(large.as_uri())
        shown.append([" ".join(row.split()) for row in one.locator(f"{body} tr").all_inner_texts()])
        shown.append([cell.get_attribute("title") for cell in one.locator(f"{body} tr:nth-child(3) td").all()])
        shown.append([link.get_attribute("href") for link in one.locator(f"{body} a").all()])
    assert shown[:3] == shown[3:]
    context.close()


@pytest.mark.slow  # tests/feedback/test_pages.py looks for links to elsewhere in every page
def test_the_page_asks_nobody_for_anything(large: Path, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(large.as_uri())
    page.get_by_label("Name").fill("a")
    assert asked == [large.as_uri()]


def test_a_class_of_hostile_names_is_found_and_shown_as_text(course: Course, tmp_path: Path, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    hostile = [
        HOSTILE,
        "</script><b>",
        "<!--<script>",
        "\u2028",
        "\"'`${1}",
        "\udcff",
        "__proto__",
        "&lt;",
        "",
        " ",
        "\0",
    ]
    one = next(made_up_reports(course, course["hw3"], 1))
    reports = [Report("hw3", name, "landlock", one.exercises, (name,)) for name in hostile]
    page.goto(feedback.write(reports, course, course["hw3"], tmp_path, secret=SECRET).as_uri())
    assert page.title() == "hw3 · class report"
    assert found(page) == len(hostile)
    assert page.locator("#students tbody :is(b, img, script)").count() == 0
    for words, count in (("</script><b>", 1), ("__proto__", 1), ("&lt;", 1), ("&", 1), ("<script>", 2), ("\\u2028", 1)):
        page.get_by_label("Name").fill(words)
        assert found(page) == count, words
    assert complaints == []


CONTRASTS = """() => {
    const solid = (element) => {
        for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor.match(/[0-9.]+/g).map(Number);
            if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
        }
    };
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const found = new Map();
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg, option")) continue;
        const colour = getComputedStyle(element).color.match(/[0-9.]+/g).map(Number);
        found.set(JSON.stringify([colour, solid(element)]), texts.currentNode.data.trim());
    }
    return [...found].map(([colours, text]) => [...JSON.parse(colours), text]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(pages: Path, large: Path, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in (large, *sorted(pages.rglob("*.html"))):
        page.goto(path.as_uri())
        pairs = page.evaluate(CONTRASTS)
        assert len(pairs) >= (8 if path == large else 2)
        for text, background, words in pairs:
            assert contrast(text, background) >= 4.5, words
        body = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)")
        assert (sum(body) < 300) is (scheme == "dark")


def contrast(one: list[float], other: list[float]) -> float:
    """WCAG 2.1, contrast ratio."""

    def luminance(colour: list[float]) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("width", sampled([1280, 800], every=2, first=1))
def test_two_programs_are_side_by_side_and_a_click_shows_the_same_passage(
    course: Course, tmp_path: Path, page: Page, width: int
) -> None:
    own = "".join(
        f"def f{k}(x, y):\n    return (x + {k}) * y.sum(axis={k}, keepdims=True) - x @ y.T\n\n" for k in range(30)
    )
    filler = "\n".join(f"# line {k}" for k in range(200))
    verdicts = tuple(Verdict(each.name, 0.0, each.points, "fail", ()) for each in course["hw3"].exercises)
    reports = [Report("hw3", name, "landlock", verdicts) for name in ("ana", HOSTILE)]
    files = {"ana": {"nndl/layers.py": own.encode()}, HOSTILE: {"nndl/layers.py": f"{filler}\n{own}{HOSTILE}".encode()}}
    how = {"secret": SECRET, "pairs": [Pair("ana", HOSTILE, 0.9)], "files_of": files.__getitem__}
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(feedback.write(reports, course, course["hw3"], tmp_path, **how).as_uri())
    page.get_by_role("link", name="side by side").click()
    one, other = page.locator(".files pre").all()
    assert other.evaluate("one => one.scrollTop") == 0
    one.locator("a").first.click()
    page.wait_for_function("document.querySelectorAll('.files pre')[1].scrollTop > 500")
    assert page.locator("script, img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert all(contrast(text, background) >= 4.5 for text, background, _ in page.evaluate(CONTRASTS))
