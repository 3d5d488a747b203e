"""Do the pages say what there is to say, and nothing that a submission smuggled in?"""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from reports import COURSE, HINTS, a_class, everything, report

from grader import feedback
from grader.gradebook.rows import Row, WrittenGrade
from grader.submission.similarity import Pair
from grader.wording import WORDING
from utils.checks.case import Finding

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}\u202e\x1b[2J'


class Page(HTMLParser):
    """The tags, attributes and text of a page; checks that tags are closed."""

    VOID = frozenset({"meta", "br", "rect", "line", "wbr"})

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = set(), [], "", []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def pages():
    """Every kind of page, with every kind of text in it made evil."""
    evil = replace(report(EVIL), remarks=(EVIL,))
    verdicts = tuple(
        replace(v, verdict="fail", score=0.0, findings=(Finding(EVIL, "fail", EVIL, EVIL, EVIL),))
        for v in evil.exercises
    )
    evil = replace(evil, exercises=verdicts)
    links = {EVIL: feedback.page_name(EVIL)}
    answers = [WrittenGrade("why", 1.0, 2.0, EVIL)]
    return {
        "student": feedback.student_page(evil, COURSE, answers),
        "class": feedback.class_page([evil, replace(evil, student="b")], COURSE, links, [Pair(EVIL, "b", 0.9)]),
    }


@pytest.mark.parametrize("name", ["student", "class"])
def test_nothing_of_a_submission_becomes_markup(name):
    page = Page(pages()[name])
    assert not page.tags & {"script", "img", "iframe", "object", "link"}
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\\u202e" in page.text
    assert not {"\u202e", "\x1b"} & set(pages()[name])


@pytest.mark.parametrize(
    "html", [feedback.class_page(a_class(), COURSE, {}), feedback.student_page(a_class()[8], COURSE)]
)
def test_pages_need_nothing_from_elsewhere(html):
    page = Page(html)
    links = [value for key, value in page.attributes if key in ("href", "src", "data", "action")]
    assert all(link.startswith("#") for link in links)
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
    for html in (feedback.student_page(bare, COURSE), feedback.class_page([bare], COURSE, {})):
        assert ("Graded without a sandbox." in Page(html).text) == (sandbox == "none")


def test_written_answers_and_lateness_are_told():
    answers = [WrittenGrade("why", None, 3.0, ""), WrittenGrade("how", 2.5, 4.0, "Say more\nabout the width.")]
    text = Page(feedback.student_page(report("ada"), COURSE, answers, penalty=7.6)).text
    for words in ("not graded yet", "2.5 of 4", "Say more\nabout the width.", "7.6 points"):
        assert words in text


def test_the_class_page_has_a_cell_for_every_verdict():
    html = feedback.class_page(a_class(), COURSE, {"ada": "ada.html"})
    page = Page(html)
    assert ("href", "ada.html") in page.attributes
    for wording in WORDING.values():
        assert f'aria-label="{wording.words}">{wording.symbol}<' in html
    assert "14 submissions" in " ".join(page.text.split())


@pytest.mark.parametrize("student", ["index", "..", ".hidden", "a/b", "Ada", "نور", "a" * 300, "x\nx", "\udcff", ""])
def test_unusual_names_get_plain_unique_files(student, tmp_path):
    name = feedback.page_name(student)
    assert name != feedback.page_name(student + "x")
    assert name not in ("index.html", "ada.html")
    (tmp_path / name).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_write_replaces_only_what_changed(tmp_path):
    reports = [report("ada"), report("bob", everything("missing"))]
    index = feedback.write(reports, COURSE, tmp_path)
    assert index == tmp_path / "hw3" / "index.html"
    assert sorted(path.name for path in index.parent.iterdir()) == ["ada.html", "bob.html", "index.html"]
    before = {path: path.stat().st_ino for path in index.parent.iterdir()}
    reports[1] = report("bob")
    feedback.write(reports, COURSE, tmp_path, [Row("ada", 76.0, 76.0, penalty=3.0)])
    changed = {path.name for path, inode in before.items() if path.stat().st_ino != inode}
    assert changed == {"ada.html", "bob.html", "index.html"}
    feedback.write(reports, COURSE, tmp_path)
    before = {path: path.stat().st_ino for path in index.parent.iterdir()}
    feedback.write(reports, COURSE, tmp_path)
    assert before == {path: path.stat().st_ino for path in index.parent.iterdir()}
    assert "3 points" not in (index.parent / "ada.html").read_text()
