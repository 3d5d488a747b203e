"""Do the pages say what there is to say, and nothing that a submission smuggled in?"""

import csv
import errno
import gc
import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import product
from weakref import WeakSet

import msgspec
import pytest
from reports import COURSE, HINTS, a_class, class_page, everything, report, total

from grader import feedback
from grader.errors import Interrupted
from grader.feedback import writing
from grader.feedback.book_links import in_book, section_id
from grader.feedback.pages import student_page
from grader.gradebook.rows import WrittenGrade
from grader.gradebook.totals import Question
from grader.submission.similarity import Pair
from grader.wording import WORDING, one_line
from utils.checks.case import Finding
from utils.checks.places import read_places

SECRET = b"the secret of this course"
EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}\u202e\x1b[2J'


class Page(HTMLParser):
    """The tags, attributes and text of a page; checks that tags are closed."""

    VOID = frozenset({"meta", "br", "rect", "line", "wbr", "input"})

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.scripts, self.open = set(), [], "", [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
        else:
            self.text += data


def pages():
    """Every kind of page, with every kind of text in it made evil."""
    evil = replace(report(EVIL), remarks=(EVIL,))
    verdicts = tuple(
        replace(v, verdict="fail", score=0.0, findings=(Finding(EVIL, "fail", EVIL, EVIL, EVIL),))
        for v in evil.exercises
    )
    evil = replace(evil, exercises=verdicts)
    links = {EVIL: feedback.page_name(EVIL, "hw3", SECRET)}
    answers = [WrittenGrade("why", 1.0, 2.0, EVIL)]
    return {
        "student": feedback.student_page(evil, COURSE, answers),
        "class": class_page([evil, replace(evil, student="b")], COURSE, links, [Pair(EVIL, "b", 0.9)]),
    }


@pytest.mark.parametrize("name", ["student", "class"])
def test_nothing_of_a_submission_becomes_markup(name):
    page = Page(pages()[name])
    assert not page.tags & {"img", "iframe", "object", "link"}
    assert len(page.scripts) == (2 if name == "class" else 0)
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\\u202e" in page.text
    assert not {"\u202e", "\x1b"} & set(pages()[name])


@pytest.mark.parametrize("html", [class_page(a_class()), feedback.student_page(a_class()[8], COURSE)])
def test_pages_need_nothing_from_elsewhere(html):
    page = Page(html)
    links = [value for key, value in page.attributes if key in ("href", "src", "data", "action")]
    assert {link for link in links if not link.startswith("#")} <= {"students.csv"}
    assert "@import" not in html
    assert "url(" not in html
    assert ("http-equiv", "Content-Security-Policy") in page.attributes


@pytest.mark.parametrize("verdict", [name for name in WORDING if name != "pass"])
def test_a_student_reads_verdict_hint_and_place(verdict):
    page = Page(feedback.student_page(report("ada", {"layers.relu_forward": verdict}), COURSE))
    finding = HINTS[verdict]
    for words in (WORDING[verdict].words, WORDING[verdict].symbol, finding.hint, finding.case, finding.aspect, "ada"):
        assert words in page.text
    assert "nndl check layers.relu_forward" in page.text


def test_a_perfect_student_reads_so():
    page = Page(feedback.student_page(report("ada"), COURSE))
    assert "Everything is right" in page.text
    assert "76 of 76 points" in page.text


def test_a_remark_is_no_reason_to_be_told_that_all_is_wrong():
    page = Page(feedback.student_page(replace(report("ada"), remarks=("numpy.py was ignored.",)), COURSE))
    assert "numpy.py was ignored." in page.text


@pytest.mark.parametrize("sandbox", ["none", "landlock"])
def test_a_grade_without_a_sandbox_is_marked_on_both_pages(sandbox):
    bare = report("ada", sandbox=sandbox)
    for html in (feedback.student_page(bare, COURSE), class_page([bare])):
        assert ("Graded without a sandbox." in Page(html).text) == (sandbox == "none")


def test_written_answers_and_lateness_are_told():
    answers = [WrittenGrade("why", None, 3.0, ""), WrittenGrade("how", 2.5, 4.0, "Say more\nabout the width.")]
    final = total("ada", 70.9, penalty=7.6, needs_manual_grade=True)
    text = Page(feedback.student_page(report("ada"), COURSE, answers, final)).text
    for words in (
        "not graded yet",
        "2.5 of 4",
        "Say more\nabout the width.",
        "Handed in late, on 2027-02-07 23:59 UTC; it was due on 2027-02-05 23:59 UTC. This takes 7.6 points off.",
        "70.9 of 100 points",
        "Not all answers in writing are graded yet",
    ):
        assert words in text


def test_a_page_has_the_total_what_it_is_made_of_and_every_decision_about_it():
    questions = (
        Question("layers.relu_forward", "FC_nets", 2.0, 2.0),
        Question("layers.affine_forward", "FC_nets", 1.0, 3.0),
        Question("why", "FC_nets", 3.0, 4.0),
    )
    notes = ("layers.relu_forward was set to 2 of 2: seen in class.", f"Bonus of 5 points: {EVIL}.")
    final = total("ada", 11.0, questions=questions, notes=notes, bonus=5.0)
    page = feedback.student_page(
        report("ada", {"layers.relu_forward": "fail"}), COURSE, [WrittenGrade("why", None, 4.0, "")], final
    )
    text = " ".join(Page(page).text.split())
    for words in (
        "11 of 100 points",
        "exercises 3 · written answers 3 · bonus 5",
        "0 of 2 · counts as 2",
        "3 of 3 · counts as 1",
        "why 3 of 4",
        *(one_line(note) for note in notes),
    ):
        assert words in text
    assert "<script>alert" not in page
    assert "decisions" not in feedback.student_page(report("ada"), COURSE, (), total("ada"))


def test_the_class_page_has_every_decision_with_its_students():
    names = [f"s{k}" for k in range(13)]
    extra = {"s3": ("Bonus: 2: the race.",), "s4": (f"Bonus: 1: {EVIL}.",)}
    class_of = [
        feedback.student_row(
            report(name), COURSE["hw3"], total(name, notes=("why does not count.", *extra.get(name, ())))
        )
        for name in names
    ]
    assert "Decisions" not in Page(class_page(a_class())).text
    page = feedback.class_page(class_of, COURSE, COURSE["hw3"], {"s3": "s3.html"})
    text = " ".join(Page(page).text.split())
    assert "Decisions why does not count. everybody" in text
    assert "Bonus: 2: the race. s3" in text
    assert '<a href="s3.html"><bdi>s3</bdi></a>' in page
    assert "<script>alert" not in page
    some = feedback.class_page([*class_of, *map(replace_name, class_of)], COURSE, COURSE["hw3"], {})
    assert "and 3 more" in " ".join(Page(some).text.split())


def replace_name(row):
    return replace(row, student=f"other {row.student}", decisions=())


def test_the_class_page_has_a_cell_for_every_verdict():
    html = class_page(a_class(), links={"ada": "ada.html"})
    page = Page(html)
    assert ("href", "ada.html") in page.attributes
    for wording in WORDING.values():
        assert f'aria-label="{wording.words}">{wording.symbol}<' in html
    assert "14 submissions" in " ".join(page.text.split())


NAMES = ["index", "..", ".hidden", "a/b", "Ada", "نور", "a" * 300, "x\nx", "\udcff", ""]


@pytest.mark.parametrize("student", NAMES)
def test_unusual_names_get_plain_unique_files(student, tmp_path):
    name = feedback.page_name(student, "hw3", SECRET)
    assert name != feedback.page_name(student + "x", "hw3", SECRET)
    assert name != "index.html"
    (tmp_path / name).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_page_is_found_again_and_never_guessed():
    """Its name depends on the secret and on each of the rest, and 80 bits of it on nothing else."""
    names = {feedback.page_name(*who) for who in product(("ada", "bob"), ("hw3", "hw4"), (SECRET, SECRET + b"!"))}
    assert len(names) == len({name.rpartition("-")[2] for name in names}) == 8
    assert all(len(name.rpartition("-")[2]) == len(".html") + 20 for name in names)
    assert feedback.page_name("ada", "hw3", SECRET) in names


# What ends a script element, a line of JavaScript, a string; what JSON does not have; what a spreadsheet computes.
HOSTILE = ["</script>", "<!--<script>", "]]>", "\u2028\u2029", "\"'\\", "\udcff", "&lt;&amp;", "=1+1", "\0", "${7*7}`"]


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_gets_out_of_the_data_of_the_page(name):
    evil = replace(report(name, everything("fail")), remarks=(name,))
    html = class_page([evil, report("b")], links={name: "a.html"})
    data, script = Page(html).scripts
    assert data.isascii()
    assert not set(data) & set("<>&'\r\n")
    assert one_line(name) in [row[0] for row in json.loads(data)["students"]]
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in html


def test_the_data_of_the_page_is_that_of_the_reports():
    reports = a_class()
    data = json.loads(Page(class_page(reports, links={"dan": "dan.html"})).scripts[0])
    exercises, verdicts = data["exercises"], [verdict for _, _, verdict in data["verdicts"]]
    assert [(one.name, one.points) for one in COURSE["hw3"].exercises] == [tuple(exercise) for exercise in exercises]
    students = {row[0]: row for row in data["students"]}
    for one in reports:
        _, page, points, codes, scores, known, _, written = students[one_line(one.student)]
        assert [verdicts[int(code)] for code in codes] == [verdict.verdict for verdict in one.exercises]
        assert scores == [verdict.score for verdict in one.exercises]
        assert points == one.score
        found = {f"{each.name}/{finding.misconception}" for each in one.exercises for finding in each.findings}
        assert {data["misconceptions"][k] for k in known} == {name for name in found if not name.endswith("/None")}
        assert (page, written) == ("dan.html" if one.student == "dan" else "", 0)
    assert [row[0] for row in data["students"]][:4] == ["dan", "eve", "frank", "grace"]
    assert [row[0] for row in data["students"] if row[6]] == ["dan", "eve", "frank", "grace"]


def test_a_large_class_has_its_first_students_in_a_plain_table():
    reports = [report(f"s{k:03}", {"layers.affine_forward": "timeout"} if k == 150 else {}) for k in range(160)]
    page = Page(class_page(reports))
    assert all(name in page.text for name in ("s150", "s000", "s048"))
    assert "s049" not in page.text
    assert "The first 50 of 160" in page.text
    assert len(json.loads(page.scripts[0])["students"]) == 160


def write(reports, out, **more):
    return feedback.write(iter(reports), COURSE, COURSE["hw3"], out, secret=SECRET, **more)


def test_what_students_get_names_nobody_else(tmp_path):
    reports = a_class()
    index = write(reports, tmp_path)
    assert index == tmp_path / "hw3" / "class" / "index.html"
    # A digest may happen to have "ada" in it.
    digest = re.compile(r"\b[0-9a-f]{20,}\b")
    students = tmp_path / "hw3" / "students"
    pages = {path.name: digest.sub("", path.read_text()) for path in students.iterdir()}
    own = {one.student: feedback.page_name(one.student, "hw3", SECRET) for one in reports}
    assert pages.keys() == {"index.html", *own.values()}
    for student in ("ada", "carol", "grace"):
        assert {name for name, page in pages.items() if student in page} == {own[student]}
    assert not [name for name, page in pages.items() if "href" in page.replace('href="#', "")]


def test_the_list_says_which_page_is_whose(tmp_path):
    names = ["ada", "=HYPERLINK(0)", "nasty\u202e,\n"]
    index = write(map(report, names), tmp_path)
    with (index.parent / "students.csv").open(newline="") as file:
        found = {row["student"]: row for row in csv.DictReader(file)}
    assert found.keys() == {"ada", "'=HYPERLINK(0)", "nasty\\u202e,\\n"}
    assert found["ada"] == {
        "student": "ada",
        "points": "76",
        "of": "76",
        "page": feedback.page_name("ada", "hw3", SECRET),
    }
    for row in found.values():
        assert (index.parents[1] / "students" / row["page"]).exists()


def test_write_replaces_only_what_changed(tmp_path):
    reports = [report("ada"), report("bob", everything("missing"))]
    folder = write(reports, tmp_path).parents[1]
    ada, bob = (f"students/{feedback.page_name(name, 'hw3', SECRET)}" for name in ("ada", "bob"))
    counts = "class/misconceptions.csv"  # the same, with or without a penalty
    own = {"class/index.html", "class/students.csv", counts}

    def inodes():
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.stat().st_ino for path in paths}

    before = inodes()
    assert before.keys() == {ada, bob, "students/index.html", *own}
    reports[1] = report("bob")
    write(reports, tmp_path, totals=[total("ada", penalty=3.0)])
    assert "3 points" in (folder / ada).read_text()
    assert {path for path, inode in inodes().items() if inode != before[path]} == {ada, bob, *own} - {counts}
    write(reports, tmp_path)
    before = inodes()
    write(reports, tmp_path)
    assert before == inodes()
    assert "3 points" not in (folder / ada).read_text()


@pytest.mark.slow
def test_reports_are_read_one_by_one(tmp_path):
    """While a report is read, none of those before is held."""
    alive = WeakSet()

    def reports():
        for k in range(5):
            one = report(f"s{k}")
            alive.add(one.exercises[0])
            yield one
            del one
            gc.collect()
            assert len(alive) <= 2

    write(reports(), tmp_path)


def test_written_answers_that_wait_are_counted(tmp_path):
    totals = [total("ada", needs_manual_grade=True), total("bob")]
    page = Page(write([report("ada"), report("bob")], tmp_path, totals=totals).read_text())
    assert "1 with written answers to grade" in " ".join(page.text.split())
    assert [row[7] for row in json.loads(page.scripts[0])["students"]] == [1, 0]


def test_a_full_disk_says_so(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("grader.feedback.writing.write_if_changed", full)
    with pytest.raises(Interrupted, match="disk full"):
        write([report("ada")], tmp_path)


def test_a_page_is_made_anew_only_when_something_about_it_has_changed(tmp_path, monkeypatch):
    made = []

    def counted(report, *others):
        made.append(report.student)
        return student_page(report, *others)

    monkeypatch.setattr(writing, "student_page", counted)

    def write(report_now, course=COURSE):
        made.clear()
        feedback.write([report_now], course, course["hw3"], tmp_path, secret=SECRET)
        (page,) = (tmp_path / "hw3" / writing.STUDENTS).glob("ada-*.html")
        return page

    page = write(report("ada"))
    first = page.read_bytes()
    assert made == ["ada"]
    write(report("ada"))
    assert made == []
    write(report("ada", {"layers.relu_forward": "fail"}))
    assert made == ["ada"]
    assert page.read_bytes() != first
    write(report("ada"))
    assert page.read_bytes() == first
    page.write_bytes(first.replace(b"relu_forward", b"relu_backward"))  # somebody has edited it
    write(report("ada"))
    assert made == ["ada"]
    assert page.read_bytes() == first
    renamed = msgspec.structs.replace(COURSE.course, title="Another title")
    write(report("ada"), msgspec.structs.replace(COURSE, course=renamed))
    assert made == ["ada"]


def test_an_exercise_that_lost_points_leads_to_its_section_where_the_book_is_online():
    wrong = report("ana", dict.fromkeys([e.name for e in COURSE["hw3"].exercises], "fail"))
    lost = {verdict.name for verdict in wrong.exercises if verdict.score < verdict.max_score}
    places = {name: place for name, place in read_places(COURSE.root).items() if name in lost}
    assert places
    online = msgspec.structs.replace(
        COURSE, book=msgspec.structs.replace(COURSE.book, address="https://example.org/nets/")
    )
    links = {value for name, value in Page(student_page(wrong, online)).attributes if name == "href"}
    assert {in_book("https://example.org/nets", place.section) for place in places.values()} <= links
    assert not any(
        value.startswith("http") for name, value in Page(student_page(wrong, COURSE)).attributes if name == "href"
    )


@pytest.mark.parametrize(
    ("heading", "name"),
    [("2. The tied autoencoder", "the-tied-autoencoder"), ("ReLU, “forward”", "relu-forward"), ("Ça n’a", "ca-na")],
)
def test_the_id_of_a_section_is_that_of_sphinx(heading, name):
    nodes = pytest.importorskip("docutils.nodes", reason="docutils comes with Sphinx")
    assert section_id(heading) == nodes.make_id(heading) == name
