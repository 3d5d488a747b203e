"""The status at the head of a notebook: what it shows, and that it follows the checks."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from student_commands.student_folder import TABLE, first_notebook, solve
from typer.testing import Result

from utils.checks import CheckFailed, check
from utils.checks.course import Course, find
from utils.workspace import widget
from utils.workspace.progress import progress


class Texts(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\u200b", "")


class Handle:
    """Stands for a display of IPython."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def update(self, shown: object) -> None:
        self.pages.append(str(getattr(shown, "data", "")))


@pytest.fixture
def handle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """The display of a notebook of the first assignment."""
    made = Handle()

    def display(shown: object, display_id: bool) -> Handle:
        made.update(shown)
        return made

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.chdir(folder / "assignments/a1")
    yield made
    widget._shown.clear()


def test_it_shows_marks_points_and_what_is_next(folder: Path, course: Course, run: Callable[..., Result]) -> None:
    solve(folder)
    run("check", "layers.double")
    found = Texts(widget.page(course, progress(course, course.assignments[0])))
    assert found.open == []
    for words in ("a1 Layers", "2 of 5 points", "✓ double", "? triple", "Next: layers.triple (3 points)", "✓ right"):
        assert words in " ".join(found.text.split())
    assert "1 to be answered in words" in found.text


def test_it_has_no_script_and_escapes_what_it_shows(folder: Path) -> None:
    table = json.loads(json.dumps(TABLE))
    table["assignments"][0]["title"] = "<script>alert(1)</script>"
    (folder / "goldens/course.json").write_text(json.dumps(table))
    course = find(folder)
    assert set(Texts(widget.page(course, progress(course, course.assignments[0]))).tags) <= {"div", "span", "b", "code"}


def test_it_follows_the_checks_of_the_notebook(folder: Path, handle: Handle, run: Callable[..., Result]) -> None:
    import sys

    sys.path.insert(0, str(folder))
    solve(folder, layers="def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return x\n")
    layers = importlib.import_module("pkg.layers")
    widget.show_status()
    check(layers.double)
    with pytest.raises(CheckFailed):
        check(layers.triple)
    texts = [" ".join(Texts(page).text.split()) for page in handle.pages]
    assert len(texts) == 3
    assert "0 of 5 points" in texts[0]
    assert "2 of 5 points" in texts[1]
    assert "✓ double" in texts[1]
    assert "✗ triple" in texts[2]


def test_nothing_is_shown_outside_of_an_assignment(
    folder: Path, handle: Handle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    widget.show_status()
    assert handle.pages == []
    widget.refresh()
    assert capsys.readouterr().out == ""


def test_all_done_is_said(folder: Path, course: Course, run: Callable[..., Result]) -> None:
    solve(folder)
    first_notebook(folder / "assignments/a1/first.ipynb", "Because.")
    run("check", "a1")
    page = widget.page(course, progress(course, course.assignments[0]))
    assert "Everything that can be checked is right." in page
    assert "to be answered in words" not in page
