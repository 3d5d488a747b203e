"""Tasks on a cluster: each comes back once with the outcomes of this machine, whatever happens to workers."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import odd_grading
import pytest
from dask_processes import Processes, until
from distributed import Client
from outcomes_by_student import by_student

from grader.classrun.cluster import grading_process, worker
from grader.classrun.cluster import runner as module
from grader.classrun.cluster.admission import Admission
from grader.classrun.cluster.connection import cluster_runner, local_cluster
from grader.classrun.cluster.identity import identity, summary
from grader.classrun.cluster.plain_data import Refused
from grader.classrun.cluster.runner import ClusterRunner
from grader.classrun.cluster.worker import Run
from grader.classrun.task import Failure, Runner, Task
from grader.classrun.workers import DIED, out_of_time
from grader.course import Course
from grader.errors import Interrupted, NoUsableWorker, UnusableInput
from grader.judging.secret import FILE

InThisProcess = Callable[..., Runner]
SLOW_WORKER = str(Path(__file__).with_name("slow_worker.py"))


@pytest.fixture(autouse=True)
def no_marks(small: Course) -> Iterator[None]:
    """Have what `odd_grading` has left in the course folder removed."""
    yield
    for path in [*small.root.glob("looping *"), small.root / "died", small.root / "refused"]:
        path.unlink(missing_ok=True)


@pytest.fixture
def in_this_process(small: Course) -> Iterator[InThisProcess]:
    """Makes a runner whose workers are threads of this process; closes what it made."""
    opened = []

    def make(workers: int = 1, **options: object) -> Runner:
        cluster = local_cluster(workers, threads=1)
        client = Client(cluster, set_as_default=False)
        opened.extend([cluster, client])
        return ClusterRunner(client, folder=str(small.root), **{"wait": 60.0, **options})

    yield make
    for each in reversed(opened):
        each.close()


@pytest.mark.slow
def test_a_killed_worker_costs_nobody_a_result(
    small: Course, tasks: list[Task], expected: dict[str, object], logs: Path
) -> None:
    with Processes(logs) as processes:
        processes.start_worker("left", small.root, "--no-nanny")
        # It begins with a submission, and would never end.
        processes.start_worker("killed", small.root, "--no-nanny", "--preload", SLOW_WORKER, SLOW_SECONDS="1000")
        processes.wait_for(2)
        with (
            cluster_runner(small, processes.address) as runner,
            ThreadPoolExecutor(1) as thread,
        ):
            killed = thread.submit(lambda: processes.until_at_work("killed") or processes.kill("killed") or True)
            assert by_student(runner(small, tasks)) == expected
            assert killed.result()


def test_a_worker_that_differs_is_refused_by_name(small: Course, logs: Path) -> None:
    other = logs / "other"
    shutil.copytree(small.root, other)
    (other / FILE).write_text("another secret, as long as it has to be")
    lacking = logs / "lacking"
    lacking.mkdir()
    (lacking / "grader.py").write_text("raise ModuleNotFoundError(\"No module named 'grader'\")")
    said: list[str] = []
    with Processes(logs) as processes:
        processes.start_worker("differs", other, "--no-nanny")
        processes.start_worker("lacks", small.root, "--no-nanny", PYTHONPATH=str(lacking))
        processes.wait_for(2)
        with Client(processes.address, set_as_default=False) as client:
            here = identity(small, small["a1"], b"nonce")
            run = Run("", "a1", "auto", b"nonce", summary(here), 10)
            admission = Admission(client, run, here, said.append)
            until(lambda: admission.look() or len(said) == 2)
            assert (admission.slots, len(admission.refusals)) == ({}, 2)
    differs, lacks = sorted(said, key=lambda sentence: "not installed" in sentence)
    assert re.fullmatch(
        r"Not used: worker differs on \S+: the course's secret differs from what is here; copy \.course-secret there, "
        r"or set the same variable\.",
        differs,
    )
    assert re.fullmatch(
        r"Not used: the worker at tcp://\S+: the grader is not installed there, or not in this version "
        r"\(.*No module named 'grader'.*\); install the same version\.",
        lacks,
    )


@pytest.mark.slow
def test_a_process_that_dies_is_tried_once_more(
    small: Course,
    tasks: list[Task],
    expected: dict[str, object],
    in_this_process: InThisProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grading_process, "judge", odd_grading.dies)
    found = by_student(in_this_process()(small, tasks))
    assert found == {**expected, "s01": DIED}


@pytest.mark.slow
def test_a_mistake_of_the_grader_costs_one_submission(
    small: Course,
    tasks: list[Task],
    expected: dict[str, object],
    in_this_process: InThisProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grading_process, "judge", odd_grading.is_wrong)
    found = by_student(in_this_process()(small, tasks))
    assert found == {**expected, "s01": Failure("the grader failed on it: ZeroDivisionError: of the grader's own")}


@pytest.mark.slow
def test_a_submission_that_takes_too_long_is_ended(
    small: Course, tasks: list[Task], in_this_process: InThisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading_process, "judge", odd_grading.loops)
    monkeypatch.setattr(module, "seconds_for", lambda course: 0.1)
    assert by_student(in_this_process()(small, tasks[:1])) == {"s00": out_of_time(0.1)}


@pytest.mark.slow
def test_a_worker_that_fails_later_gets_no_more(
    small: Course,
    tasks: list[Task],
    expected: dict[str, object],
    in_this_process: InThisProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grading_process, "judge", odd_grading.refuses_once)
    said: list[str] = []
    assert by_student(in_this_process(2, say=said.append)(small, tasks)) == expected
    (sentence,) = said
    assert re.fullmatch(r"Not used: worker \d on \S+: disk full\.", sentence)


def test_if_no_worker_can_be_used_one_sentence_says_why(
    small: Course, tasks: list[Task], in_this_process: InThisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading_process, "try_reference", odd_grading.fails)
    monkeypatch.setattr(worker, "_passed", set())
    with pytest.raises(NoUsableWorker, match=r"^No worker of inproc://\S+ can be used: worker 0 on \S+: no sandbox "):
        list(in_this_process(wait=0.1)(small, tasks))


def test_a_worker_that_is_older_than_its_grader_is_not_used(
    small: Course, tasks: list[Task], in_this_process: InThisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LOADED", "the digest of what it has imported")
    with pytest.raises(NoUsableWorker, match="its grader was changed after it was started; start the worker again"):
        list(in_this_process(wait=0.1)(small, tasks))


def test_a_machine_that_has_changed_since_it_was_admitted_judges_nothing(small: Course, tasks: list[Task]) -> None:
    now = summary(identity(small, small["a1"], b"nonce"))
    assert not isinstance(grading_process.judge(str(small.root), b"nonce", now, tasks[2]), Refused)
    reply = grading_process.judge(str(small.root), b"nonce", "as it was", tasks[2])
    assert reply == Refused("its course, grader or packages were changed during the run; start the command again")


def test_if_no_worker_comes_one_sentence_says_so(
    small: Course, tasks: list[Task], in_this_process: InThisProcess
) -> None:
    with pytest.raises(Interrupted, match=r"has had no worker for 0\.1 seconds: start workers, or wait"):
        list(in_this_process(workers=0, wait=0.1)(small, tasks))


def test_where_nothing_is_to_be_judged_no_worker_is_needed(
    small: Course, tasks: list[Task], in_this_process: InThisProcess
) -> None:
    nothing = [replace(task, exercises=()) for task in tasks]
    assert list(in_this_process(workers=0, wait=0.1)(small, nothing)) == [(task, {}) for task in nothing]


@pytest.mark.slow
def test_a_stopped_run_leaves_nothing_running(
    small: Course,
    tasks: list[Task],
    expected: dict[str, object],
    in_this_process: InThisProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = in_this_process()
    with monkeypatch.context() as patch:
        patch.setattr(grading_process, "judge", odd_grading.loops)
        waiting = threading.Thread(target=lambda: until(lambda: list(small.root.glob("looping *"))))
        waiting.start()
        results = runner(small, _stopped_at(tasks, waiting))
        with pytest.raises(KeyboardInterrupt):
            next(results)
    (mark,) = small.root.glob("looping *")
    until(lambda: not Path("/proc", mark.name.split()[1]).exists(), seconds=20)
    assert by_student(runner(small, tasks)) == expected  # the same worker goes on with the next run


def test_tasks_are_taken_only_when_they_can_be_judged_soon(
    small: Course, tasks: list[Task], expected: dict[str, object], in_this_process: InThisProcess
) -> None:
    taken, most, done = 0, 0, 0

    def counted() -> Iterator[Task]:
        nonlocal taken, most
        for task in tasks:
            taken += 1
            most = max(most, taken - done)
            yield task

    for _ in in_this_process()(small, counted()):
        done += 1
    assert (taken, done) == (len(tasks), len(tasks))
    assert most <= 3  # one that is judged, one that waits for it, and one that waits here


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tcp://127.0.0.1:9", "no Dask scheduler answers at tcp://127.0.0.1:9"),
        ("nonsense://here", "no Dask scheduler answers at nonsense://here"),
        ("local:none", "--dask local:none is no number of submissions at a time"),
        ("local:0", "--dask local:0 is no number"),
    ],
)
def test_a_cluster_that_is_none_is_said(small: Course, where: str, said: str) -> None:
    with pytest.raises(UnusableInput, match=re.escape(said)), cluster_runner(small, where, wait=0.5):
        pass


def _stopped_at(tasks: list[Task], moment: threading.Thread) -> Iterator[Task]:
    """Tasks, and Ctrl-C when a thread has ended."""
    yield tasks[0]
    moment.join()
    raise KeyboardInterrupt
