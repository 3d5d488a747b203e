"""Each promise of the sandbox is kept by every confinement, and each probe can tell when it is not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.errors import UnusableInput
from grader.sandbox import Confinement, SandboxUnavailable, Worker, choice, choose_confinement
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.doctor import run_all_probes, run_quick_probes
from grader.sandbox.landlock import Landlock
from grader.sandbox.other_user import OtherUser
from grader.sandbox.privileges import closed_to_others
from grader.sandbox.unconfined import Unconfined

from . import promises
from .conftest import needs_landlock, processes_of

# What the grader ensures itself, whichever confinement is used.
BY_THE_GRADER = {"time asleep is limited"}
# What holds by accident on some machines.
BY_CIRCUMSTANCE = {
    "password hashes are not readable",  # the grader is not root
    "dropped privileges cannot be taken back",  # there were none
    "the home folder is not listed",  # there is nothing in it
    "no other process is traced",  # a kernel that lets nobody trace
    "the process cannot escape the grader's kill",  # its session starts with it
    "nothing is written to shared memory",  # there is no /dev/shm
}


def test_what_one_confinement_does_not_promise_is_a_promise_of_another(confinement):
    promises = {probe.promise for probe in run_quick_probes(confinement)}
    assert confinement.not_promised.keys() <= promises
    assert not (isinstance(confinement, Bubblewrap) and confinement.not_promised)


@pytest.mark.parametrize(
    "user", ["ordinary user", *(pytest.param(name, marks=pytest.mark.slow) for name in ("root", "container's root"))]
)
def test_every_promise_is_kept_for_every_user_as_documented(confinement, user):
    if user != "ordinary user" and os.geteuid() != 0:
        pytest.skip("the tests do not run as root")
    found = promises.found(user, confinement.name)
    assert [(promise, seen) for promise, (kept, promised, seen) in found.items() if promised and not kept] == []
    written = {promise: marks[user, confinement.name] for promise, marks in promises.documented().items()}
    assert {promise: "✓" if promised else "○" for promise, (_, promised, _) in found.items()} == written


@pytest.mark.slow
def test_every_probe_can_fail():
    kept = {probe.promise for probe in run_all_probes(Unconfined()) if probe.kept}
    assert kept <= BY_THE_GRADER | BY_CIRCUMSTANCE


@needs_landlock
def test_the_worker_drops_its_privileges_for_a_reason():
    """Landlock leaves these open."""

    class Wide(Landlock):
        drops_privileges = False

    broken = {probe.promise for probe in run_quick_probes(Wide()) if not probe.kept}
    assert {
        "no TCP socket",
        "memory is limited",
        "no memory escapes the limit",
        "the process does not outlive the grader",
    } <= broken


def test_auto_takes_the_first_confinement_that_works(monkeypatch):
    class Absent(Unconfined):
        name = "absent"

        def spawn(self, *_: object) -> None:
            raise SandboxUnavailable("there is no such thing here")

    class Leaky(Unconfined):
        name = "leaky"

    class Tight(Leaky):
        name = "tight"

    monkeypatch.setattr(choice, "confinements", lambda: [Absent(), Leaky(), Tight()])
    monkeypatch.setattr(
        "grader.sandbox.choice.run_quick_probes",
        lambda confinement: [] if isinstance(confinement, Tight) else run_quick_probes(confinement),
    )
    choice._tested.cache_clear()
    try:
        assert choose_confinement().name == "tight"
        with pytest.raises(SandboxUnavailable, match=r"absent: there is no such thing.*To confine it:.*--sandbox none"):
            choose_confinement("absent")
        with pytest.raises(SandboxUnavailable, match=r"leaky: it breaks promises: no TCP socket: a socket was opened"):
            choose_confinement("leaky")
        with pytest.raises(UnusableInput, match="there are: auto, absent, leaky, tight, other-user, none"):
            choose_confinement("docker")
    finally:
        choice._tested.cache_clear()


def test_auto_refuses_where_no_confinement_works(monkeypatch):
    class Leaky(Unconfined):
        name = "leaky"

    monkeypatch.setattr(choice, "confinements", lambda: [Leaky()])
    choice._tested.cache_clear()
    try:
        with pytest.raises(SandboxUnavailable, match=r"cannot be confined on this machine.*To confine it") as refused:
            choose_confinement("auto")
        assert refused.value.exit_code == 3
    finally:
        choice._tested.cache_clear()


def test_a_missing_program_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(choice, "_tested_elsewhere", set())  # a test before may have judged in this process
    choice._tested.cache_clear()
    # In a thread of its own, which has no fork server yet: one that runs already does not need the program.
    with ThreadPoolExecutor(1) as pool, pytest.raises(SandboxUnavailable, match="bwrap is not installed"):
        pool.submit(choose_confinement, "bubblewrap").result()


GRADER = """
import sys
from grader.sandbox import Worker
from grader.sandbox.{module} import {name}

worker = Worker({name}(), {{"layers": "import time"}}, "layers", {{}}, None)
print(worker.scratch, flush=True)
worker.run("while True: pass", {{}}, ())
"""


def test_a_grader_that_is_killed_leaves_no_process(confinement: Confinement):
    kind = type(confinement)
    program = GRADER.format(module=kind.__module__.rpartition(".")[2], name=kind.__name__)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as grader:
        scratch = grader.stdout.readline().strip()
        try:
            assert wait_until(lambda: len(processes_of(scratch)) >= 1)
            grader.send_signal(signal.SIGKILL)
            grader.wait()
            assert wait_until(lambda: not processes_of(scratch))
        finally:
            grader.kill()
            shutil.rmtree(scratch, ignore_errors=True)


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether something becomes true before long; how long it takes is not judged."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_workers_of_several_threads_do_not_disturb_each_other(confinement: Confinement):
    def one(number: int) -> object:
        with Worker(confinement, {"layers": f"def f():\n    return {number}"}, "layers", {}, None) as worker:
            return worker.run("out = layers.f()", {}, ("out",)).values["out"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(8))) == list(range(8))


def test_another_user_is_chosen_only_by_name():
    assert not any(isinstance(each, OtherUser) for each in choice.confinements())


@pytest.mark.slow
def test_what_another_user_does_not_promise_is_a_promise():
    assert set(OtherUser.not_promised) <= {probe.promise for probe in run_all_probes(Unconfined())}


def test_a_folder_that_others_may_not_enter_is_named():
    with tempfile.TemporaryDirectory() as private:  # only its owner may enter it
        assert closed_to_others([f"{tempfile.gettempdir()}/python", f"{private}/python"]) == private
