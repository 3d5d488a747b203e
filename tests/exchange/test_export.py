"""Exporting grades and feedback: the columns and names that each system reads, and no formula among them."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from exchange.downloads import submission, write
from gradebook import small_course
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Course
from grader.errors import UnusableInput
from grader.exchange.collecting import collect
from grader.exchange.exporting import Exported, export
from grader.exchange.roster import Roster
from grader.exchange.tables import harmless
from grader.feedback.writing import page_name
from grader.gradebook import Gradebook
from grader.judging.secret import course_secret

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz 1 (70),A1 (77),Final Score
    Points Possible,,,,,10,15.5,(read only)
"Hopper, Grace",4799,u9,grace,Two,,,
"=1+1, Ada",4711,u1,ada,One,3,,90
"Müller, Jörg",4712,u2,joerg,One,,12,
"Student, Test",4800,,,One,,,
"""
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 801,Ada Lovelace,ada@x.edu,Submitted,-,20.00,Yes,"Friday, 5 February 2027, 11:00 AM",-,\n'
    "Participant 802,Jörg Müller,joerg@x.edu,Submitted,3.00,20.00,Yes,-,-,keep this\n"
)
ROSTER = 'student,name,email\nada,"Lovelace, Ada",ada@x.edu\njoerg,"Müller, Jörg",joerg@x.edu\n'


def run(course: Course, system: str, template: Path | None = None, column: str | None = None) -> Exported:
    roster = course.root / "roster.csv"
    roster.write_text(ROSTER)
    with Gradebook(course) as book:
        return export(
            course, course["a1"], system, gradebook=book, submitted=course.root / "submitted",
            feedback=course.root / "pages", out=course.root / "out", roster=[roster], template=template, column=column,
        )  # fmt: skip


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))


def totals(course: Course) -> dict[str, float]:
    with Gradebook(course) as book:
        return {total.student: total.score for total in book.totals("a1")}


def test_canvas_gets_its_own_rows_back_with_the_grades(graded: Course, tmp_path: Path) -> None:
    (tmp_path / "canvas.csv").write_text(CANVAS)
    done = run(graded, "canvas", tmp_path / "canvas.csv")
    header, possible, *rows = table(done.grades)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "A1 (77)"]
    assert "Points Possible" in possible[0]
    assert possible[-1] == "15.5"
    scores = totals(graded)
    assert {row[1]: float(row[-1]) for row in rows} == {
        "4711": pytest.approx(scores["ada"]), "4712": pytest.approx(scores["joerg"], abs=0.005),
    }  # fmt: skip
    assert rows[0][0] == "'=1+1, Ada"
    assert scores["joerg"] < scores["ada"]  # lateness and the partial answer are in it
    assert done.table.left_out == []
    assert done.by_hand == ["ada", "joerg"]


def test_canvas_with_first_and_last_names_and_semicolons(graded: Course, tmp_path: Path) -> None:
    text = "LastName;FirstName;ID;SIS Login ID;Section;A1 (77)\n;;;;;Manual Posting\n"
    text += "    Points Possible;;;;;15,5\nLovelace;Ada;4711;x1;One;\nMüller;Jörg;4712;x2;One;\n"
    (tmp_path / "canvas.csv").write_text(text)
    done = run(graded, "canvas", tmp_path / "canvas.csv")
    header, possible, *rows = table(done.grades)
    assert header == ["LastName", "FirstName", "ID", "SIS Login ID", "Section", "A1 (77)"]
    assert [row[2] for row in rows] == ["4711", "4712"]
    assert possible[0].strip() == "Points Possible"
    assert (done.table.left_out, done.table.remarks) == ([], [])


def test_a_column_of_canvas_that_is_not_there_is_asked_for(graded: Course, tmp_path: Path) -> None:
    (tmp_path / "canvas.csv").write_text(CANVAS.replace("A1 (77)", "First homework (77)"))
    with pytest.raises(UnusableInput, match=r"--column: Quiz 1 \(70\), First homework \(77\)"):
        run(graded, "canvas", tmp_path / "canvas.csv")
    done = run(graded, "canvas", tmp_path / "canvas.csv", "First homework")
    assert table(done.grades)[0][-1] == "First homework (77)"


def test_who_is_not_in_canvas_is_named(graded: Course, tmp_path: Path) -> None:
    (tmp_path / "canvas.csv").write_text("\n".join(line for line in CANVAS.splitlines() if "4712" not in line))
    assert run(graded, "canvas", tmp_path / "canvas.csv").table.left_out == ["joerg"]


def test_without_a_gradebook_of_canvas_the_ids_are_those_of_the_download(graded: Course, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER)
    path = write(tmp_path / "s.zip", {"lovelaceada_4711_90001_hw.zip": submission()})
    collect(graded["a1"], [path], graded.root / "submitted", roster=Roster.read([tmp_path / "roster.csv"]))
    done = run(graded, "canvas")
    assert [row[1] for row in table(done.grades)] == ["ID", "", "4711"]
    assert done.table.left_out == ["joerg"]


def test_moodle_gets_its_worksheet_back_with_the_grades(graded: Course, tmp_path: Path) -> None:
    (tmp_path / "moodle.csv").write_text(MOODLE)
    done = run(graded, "moodle", tmp_path / "moodle.csv")
    rows = table(done.grades)
    assert rows[0] == next(csv.reader(io.StringIO(MOODLE)))
    scores = totals(graded)
    assert {row[0]: float(row[4]) for row in rows[1:]} == {
        "Participant 801": pytest.approx(scores["ada"]),
        "Participant 802": pytest.approx(scores["joerg"], abs=0.005),
    }
    assert rows[1][7:9] == ["Friday, 5 February 2027, 11:00 AM", "-"]
    assert rows[2][9] == "keep this"
    assert "Moodle has 20 points" in done.table.remarks[0]


def test_a_table_of_everything_adds_up(graded: Course) -> None:
    rows = list(csv.DictReader(io.StringIO(run(graded, "csv").grades.read_text(), newline="")))
    assert [row["student"] for row in rows] == ["ada", "joerg"]
    for row in rows:
        questions = sum(float(row[question.name]) for question in [*graded["a1"].exercises])
        assert float(row["total"]) == pytest.approx(questions - float(row["late penalty"]), abs=0.02)


def test_gradescopes_columns(graded: Course) -> None:
    rows = list(csv.DictReader(io.StringIO(run(graded, "gradescope").grades.read_text(), newline="")))
    assert rows[1]["Lateness (H:M:S)"] == "29:00:00"
    assert (rows[1]["First Name"], rows[1]["Last Name"]) == ("Jörg", "Müller")


@pytest.mark.parametrize(
    ("system", "download", "inside"),
    [
        ("canvas", "lovelaceada_4711_90001_hw.zip", "lovelaceada_4711_90001_a1-feedback.html"),
        (
            "moodle",
            "Ada Lovelace_801_assignsubmission_file/hw.zip",
            "Lovelace, Ada_801_assignfeedback_file/a1-feedback.html",
        ),
    ],
)
def test_feedback_is_packed_as_the_system_takes_it(
    graded: Course, tmp_path: Path, system: str, download: str, inside: str
) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER)
    path = write(tmp_path / "s.zip", {download: submission()})
    collect(graded["a1"], [path], graded.root / "submitted", roster=Roster.read([tmp_path / "roster.csv"]))
    for student in ("ada", "joerg"):
        page = graded.root / "pages" / "a1" / "students" / page_name(student, "a1", course_secret(graded.root))
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"<p>{student}</p>")
    done = run(graded, system)
    with zipfile.ZipFile(done.feedback) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {inside: b"<p>ada</p>"}
    assert done.pages.left_out == ("joerg",)


def test_nobody_graded_is_said(graded: Course, tmp_path: Path) -> None:
    (graded.root / "gradebook.db").unlink()
    with pytest.raises(UnusableInput, match="grader grade a1"):
        run(graded, "csv")


@given(st.text(alphabet="=+-@\t\r|%'\"aA1, \n", max_size=8))
def test_no_text_is_a_formula(text: str) -> None:
    made = harmless(text)
    try:
        float(made)
    except ValueError:
        assert not made.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) or not made.strip("+-")
    assert made.removeprefix("'") == text.removeprefix("'")


def test_decisions_reach_what_is_exported(graded: Course, tmp_path: Path) -> None:
    def points(course: Course) -> dict[str, float]:
        rows = list(csv.DictReader(io.StringIO(run(course, "csv").grades.read_text(), newline="")))
        return {row["student"]: float(row["total"]) for row in rows}

    before = points(graded)
    (graded.root / "decisions.toml").write_text(
        '[[extension]]\nassignment = "a1"\nstudents = ["joerg"]\ndays = 3\nreason = "ill"\n\n'
        '[[bonus]]\nassignment = "a1"\nstudents = ["ada"]\npoints = 2\n'
    )
    decided = small_course.courses.load(graded.root)
    after = points(decided)
    assert after["ada"] == before["ada"] + 2
    assert after["joerg"] > before["joerg"]  # late no more
    assert "ill" in run(decided, "csv").grades.read_text()
    late = list(csv.DictReader(io.StringIO(run(decided, "gradescope").grades.read_text(), newline="")))
    assert late[1]["Lateness (H:M:S)"] == "00:00:00"
