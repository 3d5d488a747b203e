"""Grade a class a second time: only what an outcome depends on makes it judged again, and nothing else does."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_judge import Judge

from grader.classrun import cache, collect, grading, keys, record, sources
from grader.classrun.cache import Cache
from grader.classrun.collect import HandIn
from grader.classrun.grading import count_selected
from grader.classrun.selection import Selection
from grader.course import Assignment, Course, Exercise, ScoreRange
from grader.errors import UnusableInput
from grader.host import sealed_store
from grader.judging.models import measured
from grader.judging.outcome import Outcome, verdict
from grader.reference import Reference
from grader.sandbox import choose_confinement
from grader.submission import Submission, file_states, folder
from utils.checks.case import Finding

EVERY = {"layers.affine_forward", "layers.relu_forward", "layers.affine_backward", "optim.sgd_momentum"}
LAYERS = EVERY - {"optim.sgd_momentum"}


def edit(path: Path, old: str, new: str, count: int = -1) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def test_what_has_not_changed_is_judged_once(judge: Judge) -> None:
    first = judge.run()
    assert judge.exercises == EVERY
    second = judge.run()
    assert judge.judged == []
    assert {student: one.report for student, one in second.items()} == {s: one.report for s, one in first.items()}
    assert [one.kept for one in second.values()] == [True, True]
    judge.run(again=True)
    assert judge.exercises == EVERY


# What of course.toml only turns outcomes into points, and what enters judging.


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"layers.relu_forward", points = 2', '"layers.relu_forward", points = 3'),
        ('title = "A quick course"', 'title = "Another title"'),
        ("due = 2027-02-05T12:00:00Z", "due = 2027-02-06T12:00:00Z"),
        ("[limits]", "[late]\nper_day = 0.5\n\n[limits]"),
        ("[limits]", "[checks]\nhint_level = 1\n\n[limits]"),
        ('written = [{ name = "why", points = 4 }]', 'written = [{ name = "why", points = 7 }]'),
    ],
)
def test_points_titles_and_dates_run_no_code(judge: Judge, old: str, new: str) -> None:
    judge.run()
    edit(judge.course.root / "course.toml", old, new)
    judge.run()
    assert judge.judged == []


def test_changed_points_change_the_score(judge: Judge) -> None:
    judge.found["s00", "layers.affine_backward"] = Outcome(0.25, (Finding("dx", "fail", "no"),))
    assert judge.run()["s00"].report.score == 3 + 2 + 1 + 5
    edit(
        judge.course.root / "course.toml",
        '"layers.affine_backward", points = 4',
        '"layers.affine_backward", points = 8',
    )
    report = judge.run()["s00"].report
    assert (report.score, report.max_score) == (3 + 2 + 2 + 5, 3 + 2 + 8 + 5)


@pytest.mark.parametrize(
    ("old", "new", "judged"),
    [
        ("seconds = 5", "seconds = 6", EVERY),
        ("[limits]", "[grading]\ncore = 0.5\n\n[limits]", EVERY),
        ('points = 4, requires = ["layers.affine_forward"]', "points = 4", {"layers.affine_backward"}),
        ('"layers.relu_forward", points = 2', '"layers.relu_forward", points = 2, core = 0.5', {"layers.relu_forward"}),
        ("points = 5 }", "points = 5, follow_through = 0.1 }", {"optim.sgd_momentum"}),
    ],
)
def test_what_enters_judging_is_judged_again(judge: Judge, old: str, new: str, judged: set[str]) -> None:
    judge.run()
    edit(judge.course.root / "course.toml", old, new)
    judge.run()
    assert judge.exercises == judged


# The files of the course.


@pytest.mark.parametrize(
    ("file", "old", "new", "judged"),
    [
        ("exercises/layers/affine.wrong", "", "", None),
        (
            "exercises/layers/affine.py",
            "def affine_backward_cases",
            "# a comment\n\n\ndef affine_backward_cases",
            set(),
        ),
        ("exercises/layers/affine.py", '"""Define', '"""Say', set()),
        (
            "exercises/optim/_steps.py",
            "import numpy as np",
            "import numpy as np\n\nnp.seterr(all='ignore')",
            {"optim.sgd_momentum"},
        ),
        ("exercises/optim/adam.py", "RECIPES", "OTHER = 3\nRECIPES", set()),
        ("exercises/layers/dropout.wrong", "===", "# a comment\n===", set()),
        ("nndl/layers.py", "import numpy as np", "import numpy as np  # the array library", LAYERS),
        ("nndl/optim.py", "import numpy as np", "import numpy as np  # the array library", {"optim.sgd_momentum"}),
        ("nndl/cnn.py", "import numpy as np", "import numpy as np  # the array library", set()),
    ],
)
def test_a_file_of_the_course_concerns_the_exercises_that_use_it(
    judge: Judge, file: str, old: str, new: str, judged: set[str] | None
) -> None:
    judge.run()
    path = judge.course.root / "solutions" / file
    if judged is None:  # a hint of one exercise
        lines = path.read_text().splitlines(keepends=True)
        index = next(i for i, line in enumerate(lines) if line.startswith("===") and "affine_backward" in line)
        following = next(i for i in range(index + 1, len(lines)) if lines[i].strip())
        lines[following] = lines[following].replace(".", ", and that is so.", 1)
        path.write_text("".join(lines))
        judged = {"layers.affine_backward"}
    else:
        edit(path, old, new, 1)
    judge.run()
    assert judge.exercises == judged


def test_what_sources_use_is_looked_up_again_only_when_a_file_has_changed(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looked_up: list[str] = []
    original = sources.recipe_digest.__wrapped__

    def noted(reference: Reference, exercise: str) -> bytes:
        looked_up.append(exercise)
        return original(reference, exercise)

    noted.cache_clear = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setattr(sources, "recipe_digest", noted)
    (tmp_path / "more").mkdir()
    monkeypatch.setattr(sources, "_OWN", {**sources._OWN, "more": tmp_path / "more"})
    solutions = judge.course.root / "solutions"
    judge.run()
    assert set(looked_up) == EVERY
    for path in (
        None,
        tmp_path / "more" / "compiled.pyx",
        solutions / "nndl" / "cnn.py",
        solutions / "exercises" / "optim" / "numbers.txt",
        solutions / "exercises" / "layers" / "dropout.wrong",
    ):
        looked_up.clear()
        if path is not None:
            path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n")
        judge.run()
        assert set(looked_up) == (EVERY if path else set()), path
    assert judge.judged == []


def test_the_cases_of_one_exercise_concern_it_alone(judge: Judge) -> None:
    judge.run()
    path = judge.course.root / "solutions" / "exercises" / "layers" / "affine.py"
    text = path.read_text()
    head, name, tail = text.partition("def affine_forward_cases")
    assert name
    path.write_text(head + name + tail.replace('"""\n', '"""\n    rng.random()\n', 1))
    judge.run()
    assert judge.exercises == {"layers.affine_forward"}


def test_recipes_that_a_program_puts_together_count_as_a_whole(judge: Judge) -> None:
    folder = judge.course.root / "solutions" / "exercises" / "layers"
    path = folder / "affine.py"
    path.write_text(path.read_text().replace("RECIPES = (", "RECIPES = tuple([", 1).rstrip().removesuffix(")") + "])\n")
    judge.run()
    edit(folder / "affine.py", '"""Define', '"""Say', 1)
    judge.run()
    assert judge.exercises == {"layers.affine_forward", "layers.affine_backward"}


def test_code_that_does_not_judge_is_no_part_of_the_key() -> None:
    kit = Path(sources.__file__).parents[2]
    names = {path.relative_to(kit).as_posix() for path in sources._engine_files()}
    assert {"grader/judging/oracle.py", "grader/sandbox/inside/main.py", "utils/checks/check.py"} <= names
    assert {"grader/submission/source.py", "grader/recipes/book.py", "utils/checks/diagnose/points.py"} <= names
    others = ("grader/classrun/", "grader/feedback/", "grader/gradebook/", "grader/release/", "grader/cli/")
    assert [name for name in names if name.startswith(others)] == []


def test_all_code_that_judging_imports_is_part_of_the_key() -> None:
    judging = [path for name in ("judging", "sandbox", "recipes") for path in (sources._GRADER / name).rglob("*.py")]
    imported = sources._imported([*judging, *(sources._UTILS / "checks").rglob("*.py")], sources._OWN)
    assert imported <= sources._engine_files()
    assert sources._GRADER / "host" / "bounded_process.py" in imported  # what is looked for is found


@pytest.mark.parametrize(
    "attribute", [("engine_digest", lambda: b"other code"), ("_installed", lambda name: "another version")]
)
def test_code_and_versions_are_part_of_the_key(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, attribute: tuple[str, Callable[..., object]]
) -> None:
    judge.run()
    monkeypatch.setattr(keys, *attribute)
    judge.run()
    assert judge.exercises == EVERY


def test_secret_and_student_are_part_of_the_key(judge: Judge) -> None:
    judge.run()
    (judge.course.root / ".course-secret").write_text("another secret for the tests, as long as that")
    judge.run()
    assert judge.exercises == EVERY
    (judge.course.root / "submitted" / "s01").rename(judge.course.root / "submitted" / "s02")
    judge.run()
    assert {student for student, _ in judge.judged} == {"s02"}


# The student's own files.


def test_a_changed_file_concerns_the_exercises_that_can_use_it(judge: Judge) -> None:
    folder = judge.course.root / "submitted" / "s00" / "a1" / "nndl"
    judge.run()
    (folder / "optim.py").write_text((folder / "optim.py").read_text() + "\n")
    judge.run()
    assert judge.judged == [("s00", "optim.sgd_momentum")]
    (folder / "optim.py").write_text((folder / "optim.py").read_text() + "\nfrom .layers import relu_forward\n")
    judge.run()
    (folder / "layers.py").write_text((folder / "layers.py").read_text() + "\n")
    judge.run()
    assert judge.judged == [("s00", name) for name in ("layers.affine_forward", "layers.relu_forward",
                                                       "layers.affine_backward", "optim.sgd_momentum")]  # fmt: skip
    (folder / "optim.py").unlink()
    judge.run()
    assert judge.judged == [("s00", "optim.sgd_momentum")]


# What is kept.


@pytest.mark.parametrize("what", ["timeout", "killed"])
def test_what_was_not_judged_to_its_end_is_judged_again(judge: Judge, what: str) -> None:
    judge.found["s01", "layers.relu_forward"] = Outcome(0.5, (Finding("out", "fail"), Finding("", what, "lost")))
    judge.run()
    judge.found["s01", "layers.relu_forward"] = Outcome(0.5, (Finding("out", "fail"), Finding("", what, "and again")))
    again = judge.run()
    assert judge.judged == [("s01", "layers.relu_forward")]
    assert not again["s01"].kept
    judge.found.clear()
    judge.run()
    assert judge.judged == [("s01", "layers.relu_forward")]
    assert judge.run()["s01"].kept


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(0.5, (Finding("out", "fail"), Finding("", "timeout", "lost"))),
        Outcome.nothing("killed", "lost"),
        Outcome(0.5, (Finding("out", "fail"),), provisional=True),
    ],
)
def test_what_two_runs_did_not_judge_to_its_end_is_kept(judge: Judge, outcome: Outcome) -> None:
    late = "s01", "layers.relu_forward"
    judge.found[late] = outcome
    judge.run()
    judge.run()
    assert judge.judged == [late]
    third = judge.run()
    assert judge.judged == []
    assert third["s01"].kept
    judge.run(selection=Selection(failed=True))
    assert judge.judged == [late]  # on demand, it is judged again
    assert judge.run()["s01"].kept
    edit(judge.course.root / "course.toml", "seconds = 5", "seconds = 6")  # concerns all exercises
    judge.run()
    judge.run()
    assert judge.judged == [late]  # with that limit it was found once


def test_what_was_not_graded_is_never_kept(judge: Judge) -> None:
    judge.found["s01", "layers.relu_forward"] = Outcome.nothing("error", "Not graded yet", ungraded=True)
    for _ in range(4):
        judge.run()
        assert ("s01", "layers.relu_forward") in judge.judged


def test_an_exercise_is_judged_with_the_ones_it_needs_that_may_be_lost(judge: Judge) -> None:
    judge.found["s00", "layers.affine_forward"] = Outcome.nothing("timeout", "is there a loop that never stops?")
    judge.run()
    report = judge.run(selection=Selection(exercises=frozenset({"layers.affine_backward"})), again=True)["s00"].report
    assert [name for student, name in judge.judged if student == "s00"] == [
        "layers.affine_forward",
        "layers.affine_backward",
    ]
    assert report.exercises[0].verdict == "timeout"  # that outcome is not the run's business
    assert [name for student, name in judge.judged if student == "s01"] == ["layers.affine_backward"]


def test_an_accuracy_is_kept_and_not_its_points() -> None:
    found = measured(np.arange(8) < 4, "offline")
    for stop, points in ((0.5, 10.0), (0.75, 5.0)):
        net = Exercise("models.net", 10.0, score=ScoreRange(0.25, stop))
        assert verdict(net, found).score == points


def values(root: Path) -> list[tuple[int, bytes]]:
    """Read the records of all students."""
    with sqlite3.connect(root / cache.FOLDER / "cache.db") as database:
        found = database.execute("select rowid, key, value from Cache").fetchall()
    return [(row, bytes(value)) for row, key, value in found if bytes(key).startswith(b"record ")]


def test_a_damaged_value_is_never_served(judge: Judge) -> None:
    root = judge.course.root
    right = judge.run()
    for row, value in values(root):
        for place in range(0, len(value), max(1, len(value) // 40)):
            damaged = bytearray(value)
            damaged[place] ^= 1 << (place % 8)
            with sqlite3.connect(root / cache.FOLDER / "cache.db") as database:
                database.execute("update Cache set value = ? where rowid = ?", (bytes(damaged), row))
            with Cache(judge.course) as opened:
                found = [record.read(opened, "a1", student) for student in ("s00", "s01")]
            assert sum(one == record.Record() for one in found) == 1, place
        assert {student: one.report for student, one in judge.run().items()} == {s: o.report for s, o in right.items()}
        assert len({student for student, _ in judge.judged}) == 1


def test_without_its_seal_a_damaged_value_would_be_served(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_store, "_seal", lambda key, value: bytes(sealed_store._SEAL_BYTES))
    judge.run()
    root = judge.course.root
    ((row, value), *_) = values(root)
    with sqlite3.connect(root / cache.FOLDER / "cache.db") as database:
        changed = value.replace(b"layers.relu_forward", b"layers.relu_f0rward", 1)
        database.execute("update Cache set value = ? where rowid = ?", (changed, row))
    with Cache(judge.course) as opened:
        found = [record.read(opened, "a1", student) for student in ("s00", "s01")]
    assert all(one != record.Record() for one in found)


def test_a_value_under_another_key_is_not_served(judge: Judge) -> None:
    judge.run()
    with sqlite3.connect(judge.course.root / cache.FOLDER / "cache.db") as database:
        database.execute("update Cache set key = 'gone' || rowid where key = ?", (b"record class a1 s01",))
        database.execute("update Cache set key = ? where key = ?", (b"record class a1 s01", b"record class a1 s00"))
    judge.run()
    assert {student for student, _ in judge.judged} == {"s00", "s01"}


def test_a_damaged_database_is_not_read(judge: Judge) -> None:
    judge.run()
    path = judge.course.root / cache.FOLDER / "cache.db"
    path.write_bytes(b"no database" * 1000)
    with Cache(judge.course) as opened:
        assert record.read(opened, "a1", "s00") == record.Record()


# What is not even read.


@pytest.fixture
def read(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students whose files were read, in a class that was graded once; files count as settled, however new."""
    monkeypatch.setattr(file_states, "SETTLED", -1000.0)
    students: list[str] = []
    original = grading.read_submission

    def noted(course: Course, assignment: Assignment, path: Path) -> Submission:
        students.append(path.parent.name)
        return original(course, assignment, path)

    monkeypatch.setattr(grading, "read_submission", noted)
    judge.run()
    assert students == ["s00", "s01"]
    students.clear()
    time.sleep(0.02)  # more than a tick of the clock of the file system
    return students


def test_what_has_not_changed_is_not_read(judge: Judge, read: list[str]) -> None:
    first = judge.run()
    assert (judge.judged, read) == ([], [])
    judge.run(again=True)
    assert read == ["s00", "s01"]
    assert first == {student: replace(one, judged=()) for student, one in judge.run().items()}


def test_a_change_with_the_old_length_and_time_is_read(judge: Judge, read: list[str]) -> None:
    file = judge.course.root / "submitted" / "s01" / "a1" / "nndl" / "optim.py"
    before = file.stat()
    text = file.read_text()
    file.write_text(text.replace("velocity", "velocitz"))
    assert file.read_text() != text
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    judge.run()
    assert (judge.judged, read) == ([("s01", "optim.sgd_momentum")], ["s01"])


@pytest.mark.parametrize(
    ("file", "new"),
    [
        ("nndl/layers.py", "\n"),  # what students were given
        ("solutions/nndl/optim.py", "\n# the reference"),
        (".course-secret", "more of it"),
    ],
)
def test_when_something_else_changes_that_counts_all_are_read(
    judge: Judge, read: list[str], file: str, new: str
) -> None:
    path = judge.course.root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + new)
    collect._given_files.cache_clear()
    judge.run()
    assert read == ["s00", "s01"]


def test_what_the_machine_could_not_read_is_read_again(
    judge: Judge, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = folder._read_whole

    def failing(fd: int, cap: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folder, "_read_whole", failing)
    found = judge.run(again=True)
    assert any("cannot be read (Input/output error)" in remark for remark in found["s01"].report.remarks)
    monkeypatch.setattr(folder, "_read_whole", original)
    read.clear()
    assert judge.run()["s01"].report.remarks == ("not handed in: more.ipynb",)
    assert read == ["s00", "s01"]
    assert judge.run()["s01"].kept
    assert read == ["s00", "s01"]


def test_what_was_not_judged_to_its_end_is_read_again(judge: Judge, read: list[str]) -> None:
    judge.found["s01", "layers.relu_forward"] = Outcome(0.5, (Finding("", "timeout", "lost"),))
    judge.run(again=True)
    read.clear()
    judge.run()
    assert (judge.judged, read) == ([("s01", "layers.relu_forward")], ["s01"])


def test_outcomes_of_another_key_are_not_taken_for_current(judge: Judge, read: list[str]) -> None:
    edit(judge.course.root / "course.toml", "seconds = 5", "seconds = 6")  # concerns all exercises
    judge.run(selection=Selection(exercises=frozenset({"optim.sgd_momentum"})))
    judge.run()
    assert judge.exercises == LAYERS


# A part of the class.


def test_a_student_alone_is_graded(judge: Judge) -> None:
    judge.run()
    found = judge.run(again=True, selection=Selection(students=frozenset({"s01"})))
    assert set(found) == {"s01"}
    assert {student for student, _ in judge.judged} == {"s01"}


def test_an_exercise_alone_is_judged_and_the_others_stay(judge: Judge) -> None:
    judge.found["s00", "layers.relu_forward"] = Outcome(0.0, (Finding("out", "fail", "before"),))
    judge.run()
    judge.found["s00", "layers.relu_forward"] = Outcome(1.0)
    edit(judge.course.root / "course.toml", "seconds = 5", "seconds = 6")  # concerns all of them
    one = Selection(exercises=frozenset({"optim.sgd_momentum"}))
    report = judge.run(selection=one)["s00"].report
    assert judge.exercises == {"optim.sgd_momentum"}
    assert report.score == 3 + 4 + 5
    assert judge.run(selection=one)["s00"].kept
    judge.run()
    assert judge.exercises == LAYERS  # these are still to be judged under the new limit


def test_what_has_no_outcome_is_judged_whatever_is_selected(judge: Judge) -> None:
    judge.run(selection=Selection(exercises=frozenset({"optim.sgd_momentum"})))
    assert judge.exercises == EVERY


def test_failed_means_not_judged_to_the_end(judge: Judge) -> None:
    judge.found = {
        ("s00", "layers.affine_forward"): Outcome(0.0, (Finding("out", "fail"),)),
        ("s00", "layers.relu_forward"): Outcome.nothing("missing", "it is not written yet"),
        ("s01", "layers.relu_forward"): Outcome.nothing("error", "it raises"),
        ("s01", "optim.sgd_momentum"): Outcome(0.5, (Finding("w", "timeout"),)),
    }
    judge.run()
    hand_ins = [HandIn(student, Path()) for student in ("s00", "s01")]
    assert count_selected(judge.course, judge.course["a1"], hand_ins, Selection(failed=True)) == 1
    judge.run(selection=Selection(failed=True))
    assert judge.judged == [("s01", "layers.relu_forward"), ("s01", "optim.sgd_momentum")]
    judge.run(selection=Selection(failed=True, exercises=frozenset({"optim.sgd_momentum"})))
    assert judge.judged == [("s01", "optim.sgd_momentum")]


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (
            Selection(exercises=frozenset({"layers.relu"})),
            'a1 has no exercise "layers.relu"; it has layers.affine_forward',
        ),
        (Selection(students=frozenset({"s07"})), 'no submission of a1 by "s07"'),
    ],
)
def test_a_name_that_is_not_there_is_refused(judge: Judge, selection: Selection, words: str) -> None:
    with pytest.raises(UnusableInput, match=words):
        selection.require(judge.course["a1"], ["s00", "s01"])


# The keys themselves, for what the quick course does not have.

NETS = {
    "models/two_layer_best.npz": b"weights",
    "models/open_ended.safetensors": b"weights",
    "nndl/layers.py": b"",
    "nndl/neural_net.py": b"",
    "nndl/torch_models.py": b"from .helper import x\n",
    "nndl/net_visualization.py": b"",
    "PyTorch.ipynb": b"{}",
}


@pytest.mark.parametrize(
    ("assignment", "file", "concerned"),
    [
        ("hw3", "models/two_layer_best.npz", {"models.two_layer_best"}),
        ("hw3", "nndl/neural_net.py", {"neural_net"}),
        ("hw6", "models/open_ended.safetensors", {"models.open_ended"}),
        ("hw6", "nndl/torch_models.py", {"torch_models", "models.open_ended"}),
        ("hw6", "nndl/helper.py", {"torch_models", "models.open_ended"}),
        ("hw6", "PyTorch.ipynb", set()),
    ],
)
@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_file_concerns_its_exercises_and_nets(
    course: Course, assignment: str, file: str, concerned: set[str], how: str
) -> None:
    made = keys.Keys(course, course[assignment], choose_confinement("none"))
    beside = {"nndl/helper.py": b"x = 1\n"}

    def keys_of(change: dict[str, bytes]) -> dict[str, bytes]:
        files, others = ({**data, **{k: v for k, v in change.items() if k in data}} for data in (NETS, beside))
        present = [{k: v for k, v in data.items() if v != b"removed"} for data in (files, others)]
        return made.of("ana", Submission(present[0], (), present[1]))

    before, after = keys_of({}), keys_of({file: how.encode()})
    different = {name for name in before if before[name] != after[name]}
    assert different == {name for name in before if name in concerned or name.partition(".")[0] in concerned}


def test_the_reference_of_a_file_that_is_named_is_part_of_the_key(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = sources.source_digests(course, course["hw3"])
    changed = replace(known, modules={**known.modules, "optim": b"another"})
    files = {"nndl/layers.py": b"from .optim import adam", "nndl/fc_net.py": b""}
    submission = Submission(files, (), {"nndl/optim.py": b""})
    found = []
    for digests in (known, changed):
        monkeypatch.setattr(keys, "source_digests", lambda *_, digests=digests: digests)
        found.append(keys.Keys(course, course["hw3"], choose_confinement("none")).of("ana", submission))
    different = {name.partition(".")[0] for name in found[0] if found[0][name] != found[1][name]}
    assert "layers" in different
    assert "fc_net" not in different


def test_what_a_program_imports_is_part_of_the_recipe(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of a net of one's own imports utils.torch_nets, and says so in a string."""
    reference = Reference.of(course)
    read: list[set[str]] = []
    imported = sources._imported

    def noted(starts: Iterable[Path], packages: Mapping[str, Path]) -> set[Path]:
        found = imported(starts, packages)
        read.append({path.name for path in found})
        return found

    monkeypatch.setattr(sources, "_imported", noted)
    sources.recipe_digest.__wrapped__(reference, "models.open_ended")
    assert any("torch_nets.py" in names for names in read)
    read.clear()
    sources.recipe_digest.__wrapped__(reference, "models.two_layer_best")
    assert not any("torch_nets.py" in names for names in read)
