"""Carry out tasks on this machine: each comes back once, few are held at a time, and a slow one holds up nobody."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crash import small_class

from grader.classrun import workers
from grader.classrun.task import Failure, Result, Task
from grader.course import Course
from grader.errors import Interrupted
from grader.host.bounded_process import ChildDied
from grader.judging.case_bank import FORMS, case_bank
from grader.judging.outcome import Outcome
from grader.judging.secret import course_secret
from grader.reference import Reference
from grader.submission import Submission

FOUND: Result = {"layers.affine_forward": Outcome(1.0)}


@pytest.fixture
def course(tmp_path) -> Course:
    return small_class.make(tmp_path / "course", 0)


def tasks(count: int, *without: int) -> list[Task]:
    made = [Task(n, "a1", f"s{n}", Submission({}, ()), ("layers.affine_forward",), "none") for n in range(count)]
    return [replace(task, exercises=()) if task.number in without else task for task in made]


def test_each_task_comes_back_once_and_as_itself(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "judge_within_time", lambda *_: FOUND)
    given = tasks(40, 3, 17)
    found = list(workers.LocalProcesses(3)(course, given))
    assert Counter(id(task) for task, _ in found) == Counter(map(id, given))
    assert {task.number for task, result in found if result == {}} == {3, 17}


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_few_tasks_are_held_at_a_time(course: Course, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(workers, "judge_within_time", lambda *_: FOUND)
    taken, back = 0, 0

    def counted() -> Iterator[Task]:
        nonlocal taken
        for task in tasks(60, *range(20, 30)):
            taken += 1
            assert taken - back <= workers._AHEAD * jobs + 1
            yield task

    for _ in workers.LocalProcesses(jobs)(course, counted()):
        back += 1
    assert (taken, back) == (60, 60)


def test_a_slow_submission_delays_its_own_slot_only(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    others_done = threading.Event()

    def judge(course: Course, task: Task, leave: threading.Event) -> Result:
        if task.student == "s0":
            assert others_done.wait(60)  # it would never end if the others waited for it
        return FOUND

    monkeypatch.setattr(workers, "judge_within_time", judge)
    order = []
    for task, _ in workers.LocalProcesses(2)(course, tasks(30)):
        order.append(task.number)
        if len(order) == 29:
            others_done.set()
    assert order[-1] == 0
    assert sorted(order) == list(range(30))


def test_processes_that_die_are_tried_again_alone(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    running: set[int] = set()
    tried: Counter[int] = Counter()
    lock = threading.Lock()

    def judge(course: Course, task: Task, leave: threading.Event) -> Result:
        with lock:
            running.add(task.number)
            tried[task.number] += 1
            alone = running == {task.number}
        try:
            if task.number % 3 == 0 and (tried[task.number] == 1 or task.number == 6):
                raise ChildDied("killed")
            assert tried[task.number] == 1 or alone
            return FOUND
        finally:
            with lock:
                running.discard(task.number)

    monkeypatch.setattr(workers, "judge_within_time", judge)
    found = {task.number: result for task, result in workers.LocalProcesses(3)(course, tasks(20))}
    assert found.pop(6) == workers.DIED
    assert isinstance(workers.DIED, Failure)
    assert all(result == FOUND for result in found.values())
    assert {number for number, times in tried.items() if times == 2} == {0, 3, 6, 9, 12, 15, 18}


def test_a_failing_machine_ends_everything(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    def judge(course: Course, task: Task, leave: threading.Event) -> Result:
        if task.number == 1:
            raise Interrupted("the disk is full")
        ended.append(leave.wait(60))
        return FOUND

    monkeypatch.setattr(workers, "judge_within_time", judge)
    with pytest.raises(Interrupted, match="the disk is full"):
        list(workers.LocalProcesses(2)(course, tasks(9)))
    assert ended
    assert all(ended)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_processes_keep_to_a_processor_each_if_there_are_as_many_of_both(
    course: Course, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4, 6})
    used: list[tuple[int, set[int]]] = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, those: used.append((threading.get_ident(), those)))
    started = threading.Barrier(jobs)

    def judged(course: Course, task: Task, watch: threading.Event | None = None) -> Result:
        if task.number < jobs:
            started.wait(60)  # each of the first tasks has a thread of its own
        return {}

    monkeypatch.setattr(workers, "judge_within_time", judged)
    assert len(list(workers.LocalProcesses(jobs)(course, tasks(6)))) == 6
    assert [those for _, those in used] == ([{4}, {6}] if jobs == 2 else [])
    assert len({thread for thread, _ in used}) == len(used)
    assert os.sched_getaffinity(0) == {4, 6}


def children() -> set[int]:
    """The processes that this one has started."""
    return {
        int(child) for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    }


def test_processes_that_were_started_ahead_carry_out_the_tasks(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[int] = []
    monkeypatch.setattr(workers, "_prepare", lambda *_: prepared.append(threading.get_ident()))
    used: list[int] = []

    def judge(*_: object) -> Result:
        used.append(threading.get_ident())
        return FOUND

    monkeypatch.setattr(workers, "judge_within_time", judge)
    processes = workers.LocalProcesses(1)
    processes.start(course, course["a1"], 5)
    assert len(list(processes(course, tasks(5)))) == 5
    assert set(prepared) == set(used)


def test_what_a_process_was_prepared_with_is_not_loaded_again(course: Course) -> None:
    workers._prepare_in_child(str(course.root), "a1", True)
    prepared = workers._course(str(course.root))
    bank = case_bank(Reference.of(prepared), "layers.affine_forward", course_secret(course.root))
    assert set(bank._forms) == set(range(FORMS))


def test_processes_without_tasks_end(course: Course) -> None:
    before = children()
    with workers.LocalProcesses(2) as processes:
        processes.start(course, course["a1"], 2)
    assert children() <= before


def test_what_cannot_be_prepared_is_said_by_the_first_task(course: Course) -> None:
    (course.root / "solutions" / "nndl" / "layers.py").write_text("def (")
    processes = workers.LocalProcesses(1)
    processes.start(course, course["a1"], 100)
    ((_, result),) = processes(course, tasks(1))
    assert isinstance(result, Failure)
    assert "SyntaxError" in result.why
