"""Do the commands `grader decide …` write what they are told, and take it back without a trace?"""

import shutil
from pathlib import Path

import pytest
from nbgrader import api

from grader import cli
from grader import course as courses
from grader.course.decision_file import FILE
from grader.gradebook import Gradebook
from grader.release.edition import given_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path):
    shutil.copy(ROOT / "course.toml", tmp_path)
    for student in ("ada", "bob"):
        (tmp_path / "submitted" / student).mkdir(parents=True)
    return tmp_path


def decide(place, *words):
    with pytest.raises(SystemExit) as caught:
        cli.main(["decide", *words, "--course", str(place)])
    return int(caught.value.code or 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "extension hw4 ada bob --days 2 --reason ill",
            "extension: assignment hw4, students ada and bob, days 2 (ill)",
        ),
        (
            "extension hw4 --all --until 2027-03-01T12:00+01:00",
            "extension: assignment hw4, students all, until 2027-03-01 11:00:00+00:00",
        ),
        ("late-days 5 --most 2", "late_days: days 5, students all, most 2"),
        ("late-days 7 ada", "late_days: days 7, students ada"),
        ("void optim.adam --give", "void: question optim.adam, points given"),
        ("void why-inverted --redistribute", "void: question why-inverted, points redistributed"),
        ("bonus hw4 2.5 ada", "bonus: assignment hw4, students ada, points 2.5"),
        ("override ada optim.adam 0 --reason copied", "override: student ada, points 0, question optim.adam (copied)"),
        ("override ada hw4 50 --reason oral", "override: student ada, points 50, assignment hw4 (oral)"),
        ("weight optim.adam 0", "weight: question optim.adam, points 0"),
    ],
)
def test_what_is_written_is_what_was_said_and_can_be_taken_back(place, capsys, words, said):
    before = '# ours\n\n[[bonus]]\nassignment = "hw3"  # the race\nstudents = "all"\npoints = 1\n'
    (place / FILE).write_text(before)
    assert decide(place, *words.split()) == 0
    assert f"decisions.toml, line 8: {said}\n" in capsys.readouterr().out
    assert (place / FILE).read_text().startswith(before)
    assert decide(place, "list") == 0
    assert f"2. line 8, {said}\n" in capsys.readouterr().out
    assert decide(place, "remove", "2") == 0
    assert (place / FILE).read_text() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "extension hw4 adda --days 2",
            'No student "adda" has handed in anything; did you mean "ada"? If not, say --anyw',
        ),
        (
            "override xyz optim.adam 1 --reason x",
            'No student "xyz" has handed in anything; if it is right, say --anyway.',
        ),
        ("extension hw4 --days 2", "Say for whom: either names of students, or --all."),
        ("bonus hw4 2 ada --all", "Say for whom: either names of students, or --all."),
        ("extension hw4 ada", "an extension has either until or days"),
        ("extension hw4 ada --until tomorrow", '"tomorrow" is no time; write it as 2027-02-08T12:00'),
        ("extension hw4 ada --until 2027-03-01", '"2027-03-01" is no time'),
        ("extension hw9 --all --days 2", 'there is no assignment "hw9"'),
        ("void optim.adam", "either --give or --redistribute"),
        ("weight optim.adm 3", '"optim.adm"; did you mean "optim.adam"'),
        ("remove 1", "There is no decision 1; `grader decide list` shows the 0 that there are."),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(place, capsys, words, sentence):
    assert decide(place, *words.split()) == 2
    assert sentence in capsys.readouterr().err
    assert not (place / FILE).exists()


def test_a_student_who_has_handed_in_nothing_yet_is_taken_anyway(place):
    assert decide(place, "extension", "hw4", "zoe", "--days", "1", "--anyway") == 0
    assert courses.load(place).decisions.extension[0].students == ("zoe",)


def test_comments_of_other_decisions_stay_when_one_is_taken_back(place):
    text = "# one\n[[late_days]]\ndays = 1\n\n# two\n[[void]]\nquestion = 'why-inverted'\npoints = [\n]\n".replace(
        "[\n]", "'given'"
    )
    (place / FILE).write_text(text)
    assert decide(place, "remove", "1") == 0
    assert (place / FILE).read_text() == "# one\n\n# two\n[[void]]\nquestion = 'why-inverted'\npoints = 'given'\n"


def test_what_cannot_be_taken_back_by_program_stays(place, capsys):
    text = "late_days = [{ days = 3 }]\n"
    (place / FILE).write_text(text)
    assert decide(place, "remove", "1") == 2
    assert "line 1, cannot be taken away by program" in capsys.readouterr().err
    assert (place / FILE).read_text() == text


def test_a_broken_file_is_not_written_to(place, capsys):
    (place / FILE).write_text("[[bonus]\n")
    assert decide(place, "late-days", "3") == 2
    assert "decisions.toml is not valid TOML" in capsys.readouterr().err
    assert (place / FILE).read_text() == "[[bonus]\n"


def test_students_of_the_gradebook_are_known(place, capsys):
    with Gradebook(courses.load(place)) as book, api.Gradebook(book.url) as gb:
        gb.add_student("cora")
    assert decide(place, "bonus", "hw3", "1", "cora") == 0
    assert decide(place, "bonus", "hw3", "1", "corra") == 2
    assert 'did you mean "cora"?' in capsys.readouterr().err


def test_students_are_never_given_the_decisions(tmp_path):
    """They name others, with reasons such as an illness."""
    (tmp_path / FILE).write_text("[[late_days]]\ndays = 3\n")
    for name in ("course.toml", "solutions", "nndl", "utils", "goldens", "assignments", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    given = given_files(courses.load(tmp_path))
    assert given
    assert not [path for path, data in given.items() if FILE in path or b"late_days" in data]
