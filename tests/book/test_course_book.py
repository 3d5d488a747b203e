"""A course's book shows what students get, and nothing that they should find out for themselves."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from grader import course as courses
from grader.authoring.course_toml import drop_book
from grader.book import Book, make_book
from grader.book.docstrings import escaped
from grader.book.leaks import leaks, pages
from grader.book.sources import sources
from grader.book.sphinx_extension import SearchBothSpellings, other_spellings
from grader.book.task_box import also_checked
from grader.course import Course
from grader.errors import CourseError, ReleaseRefused, UnusableInput
from grader.feedback.book_links import in_book
from grader.release.strip import strip
from utils.checks.places import read_places

ROOT = Path(__file__).parents[2]
NEAREST = "nearest = (differences**2).sum(axis=2).argmin(axis=1)"
INERTIA = "squares = ((points[:, None, :] - centres) ** 2).sum(axis=2)"
DRAWN = {"docs/play.js", "docs/play.numbers.js"}  # what moves an explorer, and its numbers
DOCUMENTS = {"docs/guide.html", "docs/formulas.html"}


@pytest.fixture
def made(clusters_with_book: tuple[Course, Book]) -> tuple[Course, Book]:
    return clusters_with_book


@pytest.fixture
def course(made: tuple[Course, Book], tmp_path: Path) -> Course:
    """A copy of the course, to spoil."""
    shutil.copytree(made[0].root, tmp_path / "course")
    return courses.load(tmp_path / "course")


def write_zip(path: Path, name: str) -> None:
    """Write an archive with one file of this name."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "# Read me\n")


def page(book: Book, name: str) -> Tag:
    """What a reader sees of a page."""
    found = BeautifulSoup((book.folder / name).read_text("utf-8"), "html.parser").find("article")
    assert isinstance(found, Tag)
    return found


def test_an_exercise_is_a_box_with_signature_docstring_and_traits(made: tuple[Course, Book]) -> None:
    text = page(made[1], "assignments/groups/k-means.html")
    (box,) = [box for box in text.select(".admonition.task") if "kmeans.assign" in box.get_text()]
    words = " ".join(box.get_text(" ").split())
    assert "3 points" in words
    assert "Write it in clusters/kmeans.py" in words
    assert re.search(r"assign *\( *points *, *centres *\)", words)
    assert "Find the nearest centre of each point." in words
    assert "Also checked, for 40 % of the points:" in words
    assert "tie: a centre that is there twice" in [item.get_text().strip() for item in box.select("li")]
    assert box.find_next("pre").get_text().strip() == "check(assign)"


def test_the_assignment_s_page_leads_to_each_box(made: tuple[Course, Book]) -> None:
    table = page(made[1], "assignments/groups/index.html")
    notebook = page(made[1], "assignments/groups/k-means.html")
    links = {link.get_text(): link["href"] for link in table.select("td a")}
    assert set(links) == {"kmeans.assign", "kmeans.update", "kmeans.inertia"}
    for link in links.values():
        file, _, place = str(link).partition("#")
        assert file == "k-means.html"
        assert notebook.find(id=place) is not None


def test_a_question_in_writing_is_a_box_without_its_answer(made: tuple[Course, Book]) -> None:
    boxes = page(made[1], "assignments/groups/k-means.html").select(".admonition.task")
    (box,) = [box for box in boxes if "Your answer" in box.get_text()]
    assert "1 point" in box.get_text()
    assert "YOUR ANSWER HERE" not in box.get_text()


def test_what_a_notebook_calls_has_its_picture_and_leads_to_the_page_about_it(made: tuple[Course, Book]) -> None:
    picture = page(made[1], "assignments/groups/k-means.html").find("img")
    assert isinstance(picture, Tag)
    assert picture["alt"] == "Two groups of points, and a centre in each"
    about = picture.find_next("a", class_="reference")
    assert isinstance(about, Tag)
    assert str(about["href"]).endswith("docs/guide.html#pictures")


def test_the_book_runs_no_code_and_has_no_word_of_the_solutions(made: tuple[Course, Book]) -> None:
    texts = [path.read_text("utf-8") for path in made[1].folder.rglob("*.html")]
    assert not any("BEGIN SOLUTION" in text or NEAREST in text for text in texts)
    assert not list(made[1].folder.rglob("*.ipynb"))
    assert leaks(made[1].folder, made[0], DOCUMENTS) == []


def test_each_page_says_how_to_work_on_it(made: tuple[Course, Book]) -> None:
    folder = made[1].folder
    of_the_book = [folder / name for name in pages(folder) if name not in ("live.html", "search.html")]
    assert len(of_the_book) > 10
    for path in of_the_book:
        said = BeautifulSoup(path.read_text("utf-8"), "html.parser").select_one(".work-yourself")
        assert said is not None, path
        assert path.name == "start.html" or said.select_one("a[href$='start.html']"), path
    start = page(made[1], "start.html")
    assert "pip install -e ." in start.get_text()
    assert (folder / str(start.select("a[href$='.zip']")[0]["href"])).read_bytes() == (
        made[0].root / "clusters-course.zip"
    ).read_bytes()


def test_formulas_need_no_script(made: tuple[Course, Book]) -> None:
    formulas = page(made[1], "docs/formulas.html")
    assert len(formulas.find_all("math")) == 2
    assert "\\sum" not in formulas.get_text()


def test_sphinx_finds_nothing_to_correct_and_the_files_are_there(made: tuple[Course, Book]) -> None:
    assert made[1].warnings == ()
    assert (made[1].folder / "live.html").is_file()
    assert made[1].pages == len(list(pages(made[1].folder))) > 12


def spoil(course: Course, name: str, text: str) -> None:
    path = course.root / name
    path.write_text(f"{path.read_text('utf-8')}\n{text}\n", "utf-8")


def in_a_notebook(course: Course) -> None:
    path = course.root / "assignments" / "groups" / "k-means.ipynb"
    path.write_text(path.read_text("utf-8").replace("Two steps, one", f"`{INERTIA}`. Two steps, one"), "utf-8")


def in_a_docstring(course: Course) -> None:
    path = course.root / "clusters" / "kmeans.py"
    docstring = '"""Find the nearest centre of each point.'
    path.write_text(path.read_text("utf-8").replace(docstring, f"{docstring}\n\n    ``{NEAREST}``\n"), "utf-8")


def test_a_solution_is_refused_wherever_it_stands(playing: Course) -> None:
    course, out = playing, playing.root / "build" / "book"
    before = {path: path.read_bytes() for path in out.rglob("*.html")}
    in_a_notebook(course)
    in_a_docstring(course)
    spoil(course, "docs/guide.md", f"    {NEAREST}")
    spoil(course, "live/live.html", f"<script>\n{NEAREST}\n</script>")
    spoil(course, "docs/play.js", f"// {NEAREST}\n{NEAREST}")
    said = {"parts": {"means": {"controls": ["k"], "numbers": [[1, 2.5, None], [{"deep": NEAREST}, "0a9"]]}}}
    (course.root / "docs" / "play.json").write_text(json.dumps(said), "utf-8")
    with pytest.raises(ReleaseRefused) as refused:
        make_book(course)
    head, *leaking = str(refused.value).splitlines()
    pages = ["groups/k-means.html", "groups/k-means.html", "docs/guide.html", "live.html"]
    assert head.startswith("There is no book, because the gate found ")
    assert all("is in the solution of kmeans." in line for line in leaking)
    found = [where for line in leaking for where in {*pages, *DRAWN} if f"{where}: " in line]
    assert [where for where in found if where not in DRAWN] == pages
    assert {where for where in found if where in DRAWN} == DRAWN
    assert len(found) == len(leaking)
    assert {path: path.read_bytes() for path in out.rglob("*.html")} == before


def test_a_marker_of_a_solution_is_refused_where_pages_are_made_but_may_be_explained(
    made: tuple[Course, Book], tmp_path: Path
) -> None:
    for name in ("docs/guide.html", "assignments/groups/k-means.html"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("<article class='bd-article'><p>### BEGIN SOLUTION</p></article>", "utf-8")
    assert [leak.path for leak in leaks(tmp_path, made[0], DOCUMENTS)] == ["assignments/groups/k-means.html"]


def test_a_copy_with_other_names_in_a_block_of_code_is_refused(made: tuple[Course, Book], tmp_path: Path) -> None:
    source = (made[0].secret / "clusters" / "kmeans.py").read_text("utf-8")
    assert "centres" in source
    copied = re.sub(r"\bcentres\b", "middles", re.sub(r"### .*", "", source))
    text = f"<article class='bd-article'><pre>{copied}</pre></article>"
    (tmp_path / "page.html").write_text(text, "utf-8")
    found = leaks(tmp_path, made[0], {"page.html"})
    assert any(
        "page.html, code block 1.py" in leak.path and "much like the solution" in leak.sentence for leak in found
    )


def test_somebody_s_folder_is_spared(course: Course, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    with pytest.raises(UnusableInput, match="is no earlier book"):
        make_book(course, tmp_path / "mine")


def test_an_edition_that_is_none_or_gives_something_away_is_refused(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"no\.zip cannot be read"):
        make_book(course, edition=tmp_path / "no.zip")
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(UnusableInput, match=r"no\.zip cannot be read"):
        make_book(course, edition=tmp_path / "no.zip")
    write_zip(tmp_path / "no.zip", "clusters-course/solutions/kmeans.py")
    with pytest.raises(ReleaseRefused, match=r"(?s)not offered.*solutions/kmeans\.py: this file is not on the list"):
        make_book(course, edition=tmp_path / "no.zip")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("assignments/groups/k-means.ipynb", "run `grader release` first"),
        ("clusters/kmeans.py", r"kmeans\.py has no assign; run `grader release` first"),
        ("docs/formulas.md", r"lists docs/formulas\.md, and there is no such file"),
        ("docs/groups.png", r"docs/guide\.md shows docs/groups\.png, which is not there"),
    ],
)
def test_a_file_that_is_missing_is_named(course: Course, name: str, said: str) -> None:
    (course.root / name).unlink()
    with pytest.raises(CourseError, match=said):
        sources(course)


def test_a_picture_without_words_and_a_figure_without_a_page_are_named(course: Course) -> None:
    guide = course.root / "docs" / "guide.md"
    text = guide.read_text("utf-8")
    guide.write_text(re.sub(r"!\[.*\]", "![]", text), "utf-8")
    with pytest.raises(CourseError, match=r"shows docs/groups\.png without saying what it shows"):
        sources(course)
    guide.write_text(re.sub(r"!\[.*\]\(.*\)", "", text), "utf-8")
    with pytest.raises(CourseError, match=r"name docs/groups\.png, which no page of the book shows"):
        sources(course)


def test_a_page_outside_of_the_course_is_refused(course: Course) -> None:
    (course.root.parent / "letter.md").write_text("# Private\n")
    toml = course.root / "course.toml"
    toml.write_text(toml.read_text("utf-8").replace("docs/formulas.md", "../letter.md"), "utf-8")
    with pytest.raises(CourseError, match=r"lists \.\./letter\.md"):
        sources(courses.load(course.root))


def test_a_copied_course_has_no_table_of_pages_that_were_not_copied(made: tuple[Course, Book]) -> None:
    text = (made[0].root / "course.toml").read_text("utf-8")
    assert drop_book(text) != text
    assert drop_book(text) == (Path(__file__).parents[1] / "courses" / "clusters" / "course.toml").read_text("utf-8")


def test_traits_are_read_from_a_stub_however_long_their_lines_are(course: Course) -> None:
    source = "def assign(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"
    rest = "def update(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"
    rest += "def inertia(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"
    rules = ["Also checked:", f"- shape: {'words and ' * 30}words", "- tie: two"]
    stub = strip(source + rest, "kmeans", course, {"kmeans.assign": rules})
    assert also_checked(stub, "kmeans.assign") == [f"**{rules[0]}**", "", *rules[1:]]
    assert also_checked(stub, "kmeans.update") == []


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("normalisation", ["normalization"]),
        ("normalization", ["normalisation"]),
        ("optimisers", ["optimizers"]),
        ("colours", ["colors"]),
        ("behavior", ["behaviour"]),
        ("layer", []),
        ("size", []),
    ],
)
def test_a_word_is_found_in_both_spellings(word: str, others: list[str]) -> None:
    assert other_spellings(word) == others


def test_the_index_has_both_spellings() -> None:
    assert SearchBothSpellings({}).split("batch normalisation") == ["batch", "normalisation", "normalization"]


def test_bars_are_escaped_but_not_in_code() -> None:
    assert escaped("|x| and ``a | b`` and `c | d`") == r"\|x\| and ``a | b`` and `c | d`"


EXPLORER = """
[[explorer]]
name = "Groups"
notebook = "groups/k-means"
section = "K-means"
exercises = ["kmeans.assign", "kmeans.gone"]
page = "docs/play.md"
"""
PLAY = "# Play\n\nMove it.\n\n<!-- explorer -->\n"


@pytest.fixture
def playing(course: Course) -> Course:
    """A course whose book has a page on which an explorer moves."""
    files = {
        "docs/play.md": PLAY,
        "docs/play.json": '{"parts": {}}\n',
        "docs/play.js": "explorers.drawings.play = 1;\n",
    }
    for name, text in files.items():
        (course.root / name).write_text(text, "utf-8")
    toml = course.root / "course.toml"
    listed = toml.read_text("utf-8").replace('"docs/formulas.md"]', '"docs/formulas.md", "docs/play.md"]')
    toml.write_text(listed + EXPLORER, "utf-8")
    return courses.load(course.root)


@pytest.mark.slow
def test_an_explorer_s_page_has_its_numbers_and_the_notebook_and_it_lead_to_each_other(playing: Course) -> None:
    made = make_book(playing)
    assert made.warnings == ()
    play = page(made, "docs/play.html")
    (place,) = play.select("div.explorer")
    assert place["data-explorer"] == "play"
    folder = made.folder / "docs"
    assert all((folder / str(script["src"])).is_file() for script in play.select("script"))
    assert (folder / "play.numbers.js").read_text("utf-8") == 'explorers.numbers["play"] = {"parts": {}};\n'
    links = {link.get_text(): str(link["href"]) for link in play.select("p a.reference")}
    assert links["K-means"] == "../assignments/groups/k-means.html#k-means"
    assert "kmeans.assign" in links
    assert "kmeans.gone" not in links
    notebook = page(made, "assignments/groups/k-means.html")
    assert notebook.select("a[href$='docs/play.html']")


def test_a_book_without_explorers_has_no_plotting_library(made: tuple[Course, Book], playing: Course) -> None:
    assert not [name for name in sources(made[0]) if "d3" in name]
    assert [name for name in sources(playing) if "d3" in name]


@pytest.mark.slow
def test_what_draws_an_explorer_is_inspected(playing: Course) -> None:
    spoil(playing, "docs/play.js", f"// {NEAREST}\n{NEAREST}")
    with pytest.raises(ReleaseRefused, match=r"docs/play\.js: .* is in the solution of kmeans\."):
        make_book(playing)


@pytest.mark.slow
def test_what_is_said_among_an_explorer_s_numbers_is_inspected(playing: Course) -> None:
    said = {"parts": {"means": {"controls": ["k"], "numbers": [[1, 2.5, None], [{"deep": NEAREST}, "0a9"]]}}}
    (playing.root / "docs" / "play.json").write_text(json.dumps(said), "utf-8")
    with pytest.raises(ReleaseRefused, match=r"docs/play\.numbers\.js: .* is in the solution of kmeans\."):
        make_book(playing)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("docs/play.json", None, "docs/play.json is not beside it"),
        ("docs/play.js", None, "docs/play.js is not beside it"),
        ("docs/play.md", "# Play\n", "write that line once"),
        ("docs/play.md", f"{PLAY}\n<!-- explorer -->\n", "write that line once"),
    ],
)
def test_an_explorer_s_page_that_lacks_something_is_named(
    playing: Course, name: str, text: str | None, reason: str
) -> None:
    if text is None:
        (playing.root / name).unlink()
    else:
        (playing.root / name).write_text(text, "utf-8")
    with pytest.raises(CourseError, match=reason):
        sources(playing)


def test_an_explorer_s_page_that_no_part_lists_is_named(playing: Course) -> None:
    toml = playing.root / "course.toml"
    toml.write_text(toml.read_text("utf-8").replace(', "docs/play.md"]', "]"), "utf-8")
    with pytest.raises(CourseError, match=r'"Groups" .* docs/play\.md, which no part'):
        sources(courses.load(playing.root))


@pytest.mark.slow
def test_is_the_book_of_this_course_free_of_things_to_correct(tmp_path: Path) -> None:
    made = make_book(courses.load(ROOT), tmp_path / "book")
    assert made.warnings == ()
    assert made.pages > 60
    taught = read_places(ROOT).values()
    for place in filter(None, {place for one in taught for place in (one.section, one.playground)}):
        path, _, name = in_book("", place).lstrip("/").partition("#")
        assert page(made, path).find(id=name), place
