"""Do formgrader and the desk show the same, and does formgrader show what the cells of a submitted notebook show?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from desk_course import desk_course
from nbgrader import api
from playwright.sync_api import Page, expect
from servers import server

from grader.course import Course
from grader.desk.desk import Desk
from grader.gradebook import Gradebook
from grader.gradebook.by_hand import Key, Mark
from grader.gradebook.outputs import LABEL

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
CONFIG = """\
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from grader.course import load
from grader.nbgrader_plugin import configure

configure(get_config(), load(Path({course!r})))
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = desk_course(tmp_path_factory.mktemp("formgrader"), {"ada": "Because.", "bob": "It is."})
    (made.root / "nbgrader_config.py").write_text(CONFIG.format(root=str(ROOT), course=str(made.root)))
    return made


@pytest.fixture(scope="module")
def address(course: Course) -> Iterator[str]:
    extensions = {"nbgrader.server_extensions.formgrader": True}
    options = ("--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=")
    root = f"--ServerApp.root_dir={course.root}"
    with server(
        course.root, "jupyter", "server", *options, root, f"--ServerApp.jpserver_extensions={extensions}"
    ) as up:
        yield up[0]


def open_submission(page: Page, address: str, course: Course, student: str) -> None:
    with closing(api.Gradebook(f"sqlite:///{course.root / 'gradebook.db'}")) as book:
        notebook = book.find_submission_notebook("warmup", "a1", student).id
    page.goto(f"{address}/formgrader/submissions/{notebook}/?index=0")
    page.locator("input.score").last.wait_for()


def test_plots_and_text_are_shown_and_no_script_runs(course: Course, address: str, page: Page) -> None:
    open_submission(page, address, course, "ada")
    assert page.get_by_text(LABEL).count() == 1
    assert page.get_by_text("loss 0.25").count() == 1
    picture = page.locator("img[src^='data:image/png']")
    assert picture.evaluate("image => image.naturalWidth") == 40


def test_a_grade_goes_from_the_desk_to_formgrader_and_back(course: Course, address: str, page: Page) -> None:
    with Gradebook(course) as book:
        desk = Desk(course, book, course.root / "submitted")
        question = desk.question("a1", "why")
        desk.enter(question, "ada", Mark(("cut",), 0.0, "Fine.", "Grace"))
        open_submission(page, address, course, "ada")
        score, comment = page.locator("input.score").last, page.locator("textarea").last
        expect(score).to_have_value("2", timeout=30_000)
        assert re.fullmatch(r"\+2: Says that negative .*\nFine\.", comment.input_value())
        score.fill("3.25")
        with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
            score.press("Tab")
        found = desk.grades.answer(Key("a1", "why", "ada"))
        assert (found.points, found.elsewhere) == (3.25, True)
