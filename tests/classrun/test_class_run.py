"""A run over a class with its gradebook and pages: a submission is read once, and entered where it has changed."""

from __future__ import annotations

import csv
import json
import os
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from crash import small_class
from grading_here import forget_sources
from made_up_judge import Judge

from grader.classrun import collect, grading, workers
from grader.classrun.grading import Graded, grade_class
from grader.classrun.receipts import Receipts
from grader.classrun.run import ClassRun, run
from grader.classrun.selection import EVERYTHING, Selection
from grader.classrun.task import Result, Runner, Task
from grader.course import Course
from grader.course.decision_file import decided
from grader.errors import GradebookError
from grader.gradebook import Entry, Gradebook
from grader.gradebook.by_hand import HandGrades
from grader.gradebook.hand_grade import Key, Mark
from grader.judging.outcome import Outcome
from grader.submission import Submission, file_states
from utils.checks.case import Finding

STUDENTS = ["s00", "s01", "s02"]
Run = Callable[..., ClassRun]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr("grader.classrun.self_test.require", lambda *_, **__: None)
    forget_sources()
    return small_class.make(tmp_path / "course", 3)


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students whose results were entered into the gradebook."""
    students: list[str] = []
    record_all = Gradebook.record_all

    def noted(book: Gradebook, entries: Sequence[Entry]) -> None:
        students.extend(entry.report.student for entry in entries)
        record_all(book, entries)

    monkeypatch.setattr(Gradebook, "record_all", noted)
    return students


@pytest.fixture
def graded(small: Course) -> Run:
    def grade(runner: Runner, selection: Selection = EVERYTHING, **how: object) -> ClassRun:
        hand_ins = collect.collect(small.root / "submitted", small["a1"])
        with Gradebook(small) as book:
            pages = small.root / "feedback"
            how = {"sandbox": "none", "selection": selection, "runner": runner, **how}
            return run(small, small["a1"], hand_ins, book, pages, **how)

    return grade


def rows(course: Course) -> dict[str, object]:
    with Gradebook(course) as book:
        return {row.student: row for row in book.scores("a1")}


def test_each_submission_is_read_once_for_grading(small: Course, graded: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = Submission.read

    def noted(path: Path, *rest: object) -> Submission:
        read.append(Path(path).parent.name)
        return original(path, *rest)

    monkeypatch.setattr(Submission, "read", noted)
    monkeypatch.setattr(file_states, "SETTLED", 1e6)  # as if all had been handed in just now
    for again in (False, False, True):
        graded(Judge(small), again=again)
        assert read == [*STUDENTS, "s00", "s01"]  # these two are similar, and are shown side by side
        read.clear()


def test_what_is_entered_comes_from_the_bytes_that_were_judged(small: Course, graded: Run) -> None:
    judged: dict[str, Submission] = {}

    def runner(course: Course, tasks: Iterable[Task]) -> Generator[tuple[Task, Result], None, None]:
        for task in tasks:
            judged[task.student] = task.submission
            path = small.root / "submitted" / task.student / "a1" / "layers.ipynb"
            path.write_text(path.read_text().replace("Because of reason", "While it was judged I wrote"))
            yield task, {name: Outcome(1.0) for name in task.exercises}

    graded(runner)
    for student in STUDENTS:
        written = (small.root / "autograded" / student / "a1" / "layers.ipynb").read_text()
        assert "Because of reason" in written
        cells = json.loads(judged[student].files["layers.ipynb"])["cells"]
        assert "".join(cells[2]["source"]) in written


def test_an_unchanged_result_is_not_entered_again(small: Course, graded: Run, entered: list[str]) -> None:
    judge = Judge(small)
    graded(judge)
    assert sorted(entered) == STUDENTS
    entered.clear()
    graded(judge)
    graded(judge, again=True)  # judged again, with the same result
    assert entered == []
    judge.found["s01", "layers.relu_forward"] = Outcome(0.5, (Finding("out", "fail", "no"),))
    graded(judge, again=True)
    assert entered == ["s01"]
    entered.clear()
    notebook = small.root / "submitted" / "s02" / "a1" / "layers.ipynb"
    notebook.write_text(notebook.read_text().replace("Because", "Just because"))
    judge.judged.clear()
    graded(judge)
    assert (entered, judge.judged) == (["s02"], [])  # no code has changed, but the answer in writing has


def _settled(small: Course, graded: Run, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Grade a class until nothing of it is new any more: files count as settled, however new."""
    monkeypatch.setattr(file_states, "SETTLED", -1000.0)
    judge = Judge(small)
    graded(judge)
    time.sleep(0.02)  # more than a tick of the clock of the file system
    return judge


def test_of_an_unchanged_class_no_notebook_is_read(
    small: Course, graded: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = _settled(small, graded, monkeypatch)
    entered.clear()
    opened: list[Path] = []
    original = Path.read_bytes

    def noted(path: Path) -> bytes:
        opened.append(path)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    graded(judge)
    assert entered == []
    assert [path for path in opened if "autograded" in path.parts] == []
    assert any("students" in path.parts for path in opened)  # what is looked for would be found


def test_a_notebook_that_was_changed_is_written_anew(
    small: Course, graded: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = _settled(small, graded, monkeypatch)
    entered.clear()
    file = small.root / "autograded" / "s01" / "a1" / "layers.ipynb"
    before, right = file.stat(), file.read_bytes()
    file.write_bytes(right.replace(b"Because", b"Becouse"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as long as before, and as old
    graded(judge)
    assert (entered, file.read_bytes()) == (["s01"], right)
    graded(judge)
    assert entered == ["s01"]


def test_a_notebook_that_was_only_copied_is_read_once(
    small: Course, graded: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = _settled(small, graded, monkeypatch)
    entered.clear()
    file = small.root / "autograded" / "s01" / "a1" / "layers.ipynb"
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    copy.replace(file)
    read: list[str] = []
    written = Gradebook.written

    def noted(book: Gradebook, assignment: str, student: str) -> list[bytes | None]:
        read.append(student)
        return written(book, assignment, student)

    monkeypatch.setattr(Gradebook, "written", noted)
    for _ in range(2):
        graded(judge)
    assert (entered, read) == ([], ["s01"])


def test_a_row_that_was_deleted_is_written_anew_and_grades_by_hand_stay(
    small: Course, graded: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = _settled(small, graded, monkeypatch)
    with Gradebook(small) as book:
        for student in ("s00", "s02"):
            HandGrades(book).enter(Key("a1", "why", student), Mark(grader="eve"), 2.5, "good")
    graded(judge)
    before = rows(small)
    entered.clear()
    with Gradebook(small) as book:
        api = book._api
        api.remove_submission("a1", "s01")
        api.db.commit()
    assert set(rows(small)) == {"s00", "s02"}
    graded(judge)
    assert entered == ["s01"]
    assert rows(small) == before
    assert before["s02"].answers[0].score == 2.5
    page = next((small.root / "feedback" / "a1" / "students").glob("s02-*.html"))
    assert "good" in page.read_text()


def test_files_that_change_while_they_are_graded_are_not_entered_with_an_older_report(
    small: Course, graded: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = _settled(small, graded, monkeypatch)
    entered.clear()
    (small.root / "autograded" / "s01" / "a1" / "layers.ipynb").unlink()
    notebook = small.root / "submitted" / "s01" / "a1" / "layers.ipynb"
    valid = Receipts.still_valid

    def late(receipts: Receipts, one: Graded) -> bool:
        if one.hand_in.student == "s01":
            notebook.write_text(notebook.read_text().replace("Because", "Just because"))
        return valid(receipts, one)

    monkeypatch.setattr(Receipts, "still_valid", late)
    (trouble,) = graded(judge).troubles
    assert trouble == "s01: it was changed while it was being graded, so run the same command again."
    assert entered == []
    monkeypatch.setattr(Receipts, "still_valid", valid)
    assert graded(judge).troubles == ()
    assert entered == ["s01"]


def test_a_part_of_the_class_leaves_the_others_as_they_are(small: Course, graded: Run, entered: list[str]) -> None:
    judge = Judge(small)
    graded(judge)
    before = rows(small)
    entered.clear()
    for student in STUDENTS:
        judge.found[student, "layers.relu_forward"] = Outcome(0.0, (Finding("out", "fail", "no"),))
    page = graded(judge, Selection(students=frozenset({"s01"})), again=True).page
    assert entered == ["s01"]
    after = rows(small)
    assert {student for student in STUDENTS if before[student] != after[student]} == {"s01"}
    assert page is not None
    text = page.read_text()
    assert all(student in text for student in STUDENTS)
    graded(judge, Selection(exercises=frozenset({"layers.affine_forward"})), again=True)
    assert entered == ["s01"]  # of the others, too, relu_forward is as it was


def test_who_was_never_graded_is_named_and_not_on_the_pages(small: Course, graded: Run) -> None:
    done = graded(Judge(small), Selection(students=frozenset({"s01"})))
    assert done.not_shown == ("s00", "s02")
    assert set(rows(small)) == {"s01"}


def test_few_submissions_are_in_memory_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.classrun.self_test.require", lambda *_, **__: None)
    course = small_class.make(tmp_path / "course", 24)
    alive: weakref.WeakSet[Submission] = weakref.WeakSet()
    original = grading.read_submission

    def noted(*arguments: object) -> Submission:
        made = original(*arguments)
        alive.add(made)
        return made

    found = {name: Outcome(1.0) for name in ("layers.affine_forward", "layers.relu_forward")}
    monkeypatch.setattr(grading, "read_submission", noted)
    monkeypatch.setattr(Submission, "__hash__", object.__hash__)
    monkeypatch.setattr(workers, "judge_within_time", lambda *_: found)
    most = 0
    for turn in range(2):
        hand_ins = collect.collect(course.root / "submitted", course["a1"])
        for one in grade_class(course, course["a1"], hand_ins, jobs=2, sandbox="none"):
            assert one.kept == bool(turn)
            most = max(most, len(alive))
    assert 1 <= most <= 2 * workers._AHEAD + 2


def test_decisions_reach_gradebook_and_pages_and_nothing_is_judged_or_entered_again(
    small: Course, graded: Run, entered: list[str]
) -> None:
    judge = Judge(small)
    graded(judge)
    judge.judged.clear()
    entered.clear()
    text = '[[bonus]]\nassignment = "a1"\nstudents = ["s01"]\npoints = 2\nreason = "for the race"\n'
    course = decided(small, text)
    before = {path.name: path.read_bytes() for path in (small.root / "feedback/a1/students").iterdir()}

    def again(course: Course) -> ClassRun:
        hand_ins = collect.collect(course.root / "submitted", course["a1"])
        with Gradebook(course) as book:
            return run(course, course["a1"], hand_ins, book, small.root / "feedback", sandbox="none", runner=judge)

    done = again(course)
    assert (judge.judged, entered) == ([], [])
    (change,) = done.changes
    assert (change.student, change.why) == ("s01", ("Bonus: 2: for the race.",))
    assert change.after == pytest.approx(change.before + 2)
    with Gradebook(course) as book:
        totals = {total.student: total.score for total in book.totals("a1")}
    assert totals == {row.student: row.score - row.penalty for row in rows(course).values()}
    pages = {path.name: path.read_bytes() for path in (small.root / "feedback/a1/students").iterdir()}
    (page,) = [name for name, data in pages.items() if data != before[name]]
    assert page.startswith("s01-")
    assert b"Bonus: 2: for the race." in pages[page]
    with (small.root / "feedback/a1/class/students.csv").open() as file:
        listed = {row["student"]: float(row["points"]) for row in csv.DictReader(file)}
    assert listed == pytest.approx(totals, abs=0.005)
    assert again(course).changes == ()
    assert (judge.judged, entered) == ([], [])  # its rows and notebooks are known to be as they should
    again(small)
    assert {path.name: path.read_bytes() for path in (small.root / "feedback/a1/students").iterdir()} == before


def test_an_archive_beside_a_folder_is_named(small: Course, graded: Run) -> None:
    assert graded(Judge(small)).several_forms == ""
    for ending in ("zip", "tar.gz"):
        (small.root / "submitted" / "s01" / f"a1.{ending}").write_bytes(b"")
    said = graded(Judge(small)).several_forms
    assert said.startswith(
        "More than one submission is there of s01 (a1 counts and not a1.zip or a1.tar.gz); move away"
    )


def test_a_result_that_cannot_be_entered_costs_the_others_nothing(
    small: Course, graded: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are entered together; where one cannot be, each is entered by itself."""
    record_all, groups = Gradebook.record_all, []

    def refused(book: Gradebook, entries: Sequence[Entry]) -> None:
        groups.append(sorted(entry.report.student for entry in entries))
        if "s01" in groups[-1]:
            raise GradebookError("s01 is refused.")
        record_all(book, entries)

    monkeypatch.setattr("grader.classrun.run._SECONDS_TO_WAIT", 60.0)
    monkeypatch.setattr(Gradebook, "record_all", refused)
    done = graded(Judge(small), jobs=8)
    assert done.troubles == ("s01: s01 is refused.",)
    with Gradebook(small) as book:
        assert [row.student for row in book.scores("a1")] == ["s00", "s02"]
    monkeypatch.setattr(Gradebook, "record_all", record_all)
    assert graded(Judge(small)).troubles == ()


def test_pictures_that_take_long_delay_nobody_else(
    small: Course, graded: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first student's pictures are not ready before the second one's result is entered."""
    second, restored, record_all = threading.Event(), Gradebook.restored, Gradebook.record_all
    begun: list[Submission] = []

    def slow(book: Gradebook, assignment: str, submission: Submission) -> dict[str, Any]:
        begun.append(submission)
        if len(begun) == 1:
            assert second.wait(30)
        return restored(book, assignment, submission)

    def noted(book: Gradebook, entries: Sequence[Entry]) -> None:
        record_all(book, entries)
        second.set()

    monkeypatch.setattr(Gradebook, "restored", slow)
    monkeypatch.setattr(Gradebook, "record_all", noted)
    graded(Judge(small), jobs=2)
    assert sorted(entered) == STUDENTS
    assert entered[0] != "s00"
