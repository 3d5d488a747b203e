"""The class of every kind that `benchmarks.scale` grades, what it checks, and the simulation of many cores."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from here import COURSE
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import class_pages, scale
from benchmarks.cluster_simulation import CORES, COUNT, FASTER, MESSAGE, Outcome, Work, draw, results, simulate, table
from benchmarks.made_up_class import EVERY_KIND, every_kind
from benchmarks.scale_plots import cores, growth
from benchmarks.sections import put, section
from benchmarks.stage_times import STAGES
from grader.classrun.collect import collect, read_submission
from grader.submission import NotASubmission

HW4 = COURSE["hw4"]
TIMES = json.loads((scale.ROOT / "benchmarks" / "stage_times.json").read_text("utf-8"))
MEASURED = TIMES["seconds"]


def test_every_kind_occurs_and_no_two_are_alike() -> None:
    first, second = (list(every_kind(COURSE, HW4, 60)) for _ in range(2))
    assert first == second
    assert {one.kind for one in first} == {*EVERY_KIND}
    assert len({one.student for one in first}) == 60
    programs = Counter(tuple(sorted(one.files.items())) for one in first if one.kind != "empty")
    assert max(programs.values()) == 1
    assert sum(EVERY_KIND.values()) == 100


def test_each_misconception_comes_in_its_turn() -> None:
    wrong = [one for one in every_kind(COURSE, HW4, 100) if one.kind == "wrong"]
    texts = [b"".join(data.partition(b"\n# submission")[0] for data in one.files.values()) for one in wrong]
    assert len(set(texts)) == len(texts) > 20


def test_what_is_handed_in_is_found_and_only_what_is_broken_cannot_be_read(tmp_path: Path) -> None:
    for one in every_kind(COURSE, HW4, 100):
        one.hand_in(tmp_path, "hw4")
    unreadable = Counter()
    for hand_in in collect(tmp_path, HW4):
        kind = hand_in.student.partition("-")[2]
        try:
            files = read_submission(COURSE, HW4, hand_in.path).files
        except NotASubmission:
            unreadable[kind] += 1
        else:
            assert bool(files) is (kind not in ("empty", "broken")), kind
    assert unreadable.keys() <= {"empty", "broken"}
    assert unreadable["broken"]
    archived = [one.archive for one in every_kind(COURSE, HW4, 100) if one.archive and one.kind == "right"]
    assert all(zipfile.ZipFile(io.BytesIO(data)).testzip() is None for data in archived)
    assert archived


def test_a_wrong_result_of_a_class_is_seen(tmp_path: Path) -> None:
    course, assignment = scale.make(tmp_path / "course", "hw4", len(EVERY_KIND))
    full = sum(exercise.points for exercise in assignment.exercises)
    scores = {kind: [full if kind == "right" else 0.0] for kind in EVERY_KIND}
    assert list(scale.mistakes(course, assignment, scores)) == []
    for spoilt in (
        {**scores, "right": [full - 0.5]},
        {**scores, "wrong": [1.0, 1.0]},
        {**scores, "broken": [0.25]},
        {kind: found for kind, found in scores.items() if kind != "loop"},
    ):
        assert len(list(scale.mistakes(course, assignment, spoilt))) == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_class_is_graded_killed_and_resumed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("scale")
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)  # workers run as another user
    found, wrong = scale.measure(folder / "course", "hw4", 12, 2)
    assert wrong == []
    first, *others = found["runs"]
    assert first["code"] == -9
    assert [run["code"] for run in others] == [0, 0, 0]
    assert min(run["peak"] for run in found["runs"]) > 10
    assert all(size > 0 for size in found["sizes"].values())
    assert "| 12 |" in scale.table(found)


SECONDS = st.floats(0.001, 10.0)
WORKS = st.lists(st.builds(Work, SECONDS, SECONDS, SECONDS, SECONDS), min_size=1, max_size=30)


@settings(deadline=None)
@given(WORKS, st.integers(1, 40))
def test_no_run_is_shorter_than_the_work_or_longer_than_on_one_core(works: list[Work], cores: int) -> None:
    found = simulate(works, cores)
    parent = sum(work.give + work.enter for work in works)
    everything = parent + sum(work.grade for work in works)
    longest = max(work.give + work.grade + work.enter for work in works)
    assert max(parent, everything / cores, longest) <= found.graded * (1 + 1e-9)
    assert found.graded <= everything * (1 + 1e-9)
    assert found.seconds == pytest.approx(found.graded + sum(work.page for work in works))
    assert 0 < found.cores_busy <= 1 + 1e-9
    assert 0 < found.parent_busy <= 1 + 1e-9
    assert simulate(works, 1).graded == pytest.approx(everything)


def test_what_limits_a_run_is_said() -> None:
    slow_cores = [Work(0.01, 10.0, 0.01, 0.0)] * 200
    slow_parent = [Work(0.01, 10.0, 5.0, 0.0)] * 200
    one_slow = [Work(0.01, 0.1, 0.01, 0.0)] * 20 + [Work(0.01, 1000.0, 0.01, 0.0)]
    assert [simulate(works, 10).limit for works in (slow_cores, slow_parent, one_slow)] == [
        "cores",
        "parent",
        "the slowest submissions",
    ]
    # 10 cores with 10 s of grading and 0.02 s of the parent each: 200 of them take just over 200 s.
    assert simulate(slow_cores, 10).graded == pytest.approx(200.4, abs=10)
    assert simulate(slow_parent, 10).graded == pytest.approx(200 * 5.01, rel=0.02)


def test_work_is_drawn_from_what_was_measured() -> None:
    assert MEASURED.keys() == {"grade", *STAGES}
    assert all(times.keys() == EVERY_KIND.keys() for times in MEASURED.values())
    works, faster = draw(MEASURED, 500), draw(MEASURED, 500, faster=10.0)
    grades = {seconds for times in MEASURED["grade"].values() for seconds in times}
    assert {work.grade for work in works} <= grades
    assert [work.grade for work in works] == [work.grade for work in faster]
    assert all(MESSAGE < one.enter < other.enter for one, other in zip(faster, works, strict=True))
    shares = draw({stage: {kind: [float(k)] for k, kind in enumerate(EVERY_KIND)} for stage in MEASURED}, 5000)
    found = Counter(work.grade for work in shares)
    for k, share in enumerate(EVERY_KIND.values()):
        assert found[float(k)] / 50 == pytest.approx(share, abs=2.5)


def test_the_table_has_a_line_for_each_outcome() -> None:
    outcomes = [Outcome(1024, 10_000, 100.0, 120.0, 0.012, 1.0, 9000), Outcome(2, 10, 5.0, 6.0, 1.0, 0.5, 0)]
    assert table(outcomes).splitlines()[2:] == [
        "| 1,024 | 2.0 | 5,000 | 1.2% | 100% | 9,000 | parent |",
        "| 2 | 0.1 | 100 | 100.0% | 50% | 0 | cores |",
    ]


@pytest.mark.slow
def test_the_page_has_what_the_simulation_says_now() -> None:
    assert section(scale.ROOT / "docs" / "scale.md", "simulation") == results(TIMES, COUNT, CORES, FASTER)


def test_a_section_of_a_page_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("A\n\n<!-- one: written by x -->\nold\n<!-- end of one -->\n\nB\n", "utf-8")
    for text in ("new", "| newer |"):
        put(page, "one", text)
        assert section(page, "one") == text
    assert page.read_text("utf-8") == ("A\n\n<!-- one: written by x -->\n\n| newer |\n\n<!-- end of one -->\n\nB\n")
    with pytest.raises(SystemExit, match="lost its marks"):
        put(page, "two", "new")


def test_the_plots_have_no_background_and_are_the_same_every_time(tmp_path: Path) -> None:
    outcomes = [Outcome(count, 10, 5.0, 6.0, 1 / count, 0.5, 0) for count in (1, 2, 4)]
    looks = [{"entered": k, "seconds": 2.0 * k, "peak": 100.0} for k in (1, 2, 4)]
    found = {"runs": [{"looks": looks[:2], "seconds": 5.0}, {"looks": looks, "seconds": 7.0}], "kill at": 2}
    for name in ("first", "second"):
        cores({1.0: outcomes, 10.0: outcomes}, tmp_path / f"cores-{name}.svg")
        growth(found, tmp_path / f"growth-{name}.svg")
    for what in ("cores", "growth"):
        first, second = ((tmp_path / f"{what}-{name}.svg").read_bytes() for name in ("first", "second"))
        assert first == second
        assert b"fill: #ffffff" not in first.lower()


def test_pages_and_similar_programs_of_a_made_up_class_are_measured(tmp_path: Path) -> None:
    found = class_pages.pages(20, tmp_path) | class_pages.similar(20)
    assert found["students"] == "20"
    assert len(list((tmp_path / "hw4" / "students").iterdir())) == 21
    assert all(float(value) >= 0 for value in found.values())
