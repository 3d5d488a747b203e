"""Submissions that attack: each ends with a reason, quickly, and leaves nothing behind."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from grader.sandbox import Confinement, Limits, Worker, WorkerLost
from grader.sandbox.fork_server import close_idle_servers
from utils.checks.program import Crash, Ran

from .conftest import processes_of

LIMITS = Limits(seconds=30.0, memory=768 << 20, scratch=4 << 20)
IMPATIENT = replace(LIMITS, seconds=0.5)
IMPORTS = "import fcntl, os, select, sys, threading, time\nimport numpy as np\n"


@pytest.fixture
def submit(confinement: Confinement) -> Iterator[object]:
    """Hands in a source; afterwards the scratch folder is gone and no process of this test is left."""
    workers: list[Worker] = []

    def hand_in(source: str, limits: Limits = LIMITS) -> Worker:
        files = {"layers": IMPORTS + textwrap.dedent(source)}
        workers.append(Worker(confinement, files, "layers", {}, None, limits))
        return workers[-1]

    yield hand_in
    for worker in workers:
        worker.close()
        assert not os.listdir(worker.scratch)
    close_idle_servers()
    for worker in workers:
        assert not os.path.exists(worker.scratch)
        assert not processes_of(worker.scratch)


def lost(worker: Worker, program: str = "layers.f()") -> WorkerLost:
    with pytest.raises(WorkerLost) as caught:
        worker.run(program, {}, ())
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "time.sleep(600)",
        "threading.Event().wait()",
        "select.select([3], [], [])",
        "sum(range(10 ** 15))",
        "np.random.rand(3000, 3000) @ np.random.rand(3000, 3000); f()",
    ],
)
def test_a_program_that_never_ends_is_killed(submit, body):
    assert lost(submit(f"def f():\n    {body}", IMPATIENT)).reason == "timeout"


def test_a_loop_that_catches_everything_is_ended(submit):
    source = """
        def f():
            while True:
                try:
                    time.sleep(600)
                except BaseException:
                    pass
    """
    assert lost(submit(source, IMPATIENT)).reason == "timeout"


def test_a_loop_at_import_is_ended(submit):
    assert lost(submit("while True: pass", IMPATIENT)).reason == "timeout"


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("os._exit(0)", "exit status 0"),
        ("os.kill(os.getpid(), 9)", ""),
        ("import ctypes; ctypes.string_at(0)", ""),
        ("os.abort()", ""),
        ("os.close(4)", ""),
        ("os.closerange(0, 256)", ""),
    ],
)
def test_a_process_that_ends_itself_is_lost(submit, body, ending):
    caught = lost(submit(f"def f():\n    {body}"))
    assert caught.reason == "killed"
    assert ending in caught.message


def test_a_process_that_closes_the_wire_and_stays_is_ended(submit):
    worker = submit("def f():\n    os.closerange(0, 256); time.sleep(600)", IMPATIENT)
    # bwrap keeps an end of the wire of its own, so that only the clock tells.
    assert lost(worker).reason in ("killed", "timeout")


@pytest.mark.parametrize("exit_call", ["sys.exit(0)", "raise GeneratorExit", "raise KeyboardInterrupt"])
def test_an_exit_is_a_crash_like_any_other(submit, exit_call):
    outcome = submit(f"def f():\n    {exit_call}").run("layers.f()", {}, ())
    assert isinstance(outcome, Crash)


@pytest.mark.parametrize(
    "body", ["return np.ones(2 ** 27)", "return [bytearray(2 ** 20) for _ in range(1024)]", "return 'x' * 2 ** 30"]
)
def test_memory_ends_in_a_memory_error(submit, body):
    worker = submit(f"def f():\n    {body}")
    assert "MemoryError" in worker.run("layers.f()", {}, ()).error
    assert isinstance(worker.run("out = 1", {}, ("out",)), Ran)


@pytest.mark.parametrize(
    "body",
    [
        "while True: os.fork()",
        "import subprocess; subprocess.Popen(['/bin/sh', '-c', 'sleep 600'])",
        "import multiprocessing; multiprocessing.Process(target=f).start()",
        "os.execv(sys.executable or '/bin/sh', ['sh'])",
        "os.posix_spawn('/bin/sh', ['sh'], {})",
        "import ctypes; ctypes.CDLL(None).syscall(435, 0, 0) and 1 / 0",
        "os.setsid()",
        "import socket; socket.socket()",
        "os.mkdir('folder')",
        "os.symlink('/etc', 'link')",
        "os.listdir('/var')",
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "open(__import__('utils').__path__[0] + '/../course.toml')",
        "open('../outside', 'w')",
        "os.kill(os.getppid(), 0)",
        "os.kill(-1, 0)",
        "os.killpg(0, 0)",
        "os.kill(1, 0)",
        "open('sparse', 'wb').truncate(2 ** 30)",
        "fcntl.fcntl(4, fcntl.F_SETOWN, os.getppid())",
    ],
)
def test_what_is_forbidden_is_an_error(submit, body):
    outcome = submit(f"def f():\n    {body}").run("layers.f()", {}, ())
    assert isinstance(outcome, Crash)
    assert outcome.error not in ("NameError", "AttributeError", "SyntaxError", "TypeError"), outcome


def test_the_number_of_threads_is_limited(submit):
    source = """
        def f():
            threading.stack_size(65536)
            for _ in range(10_000):
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    """
    outcome = submit(source).run("layers.f()", {}, ())
    assert (outcome.error, outcome.message) == ("RuntimeError", "can't start new thread")


def test_files_that_fill_the_disk_are_noticed(submit):
    source = """
        def f():
            for number in range(900):
                with open(str(number), "wb") as file:
                    file.write(bytes(1 << 20))
                time.sleep(0.01)
            time.sleep(600)
    """
    caught = lost(submit(source))
    assert (caught.reason, caught.message) == ("killed", "the code wrote more than 4 MiB of files")


def test_too_many_files_end_the_worker(submit):
    source = """
        def f():
            for number in range(10 ** 9):
                open(str(number), "wb").close()
    """
    assert lost(submit(source)).reason == "killed"


def test_files_are_counted_that_threads_write_between_two_programs(submit):
    source = """
        def fill():
            for number in range(900):
                with open(str(number), "wb") as file:
                    file.write(bytes(1 << 20))
                time.sleep(0.01)

        def f():
            threading.Thread(target=fill).start()
    """
    worker = submit(source)
    worker.run("layers.f()", {}, ())
    while not worker._scratch.exceeded:  # nobody waits for the worker meanwhile
        time.sleep(0.05)
    assert lost(worker).message == "the code wrote more than 4 MiB of files"


@pytest.mark.parametrize(
    "hide", ["os.unlink('x')", "os.rename('x', 'y')", "os.remove('x')", "os.open('.', os.O_TMPFILE | os.O_RDWR)"]
)
def test_a_file_cannot_escape_the_size_count(submit, hide):
    outcome = submit(f"def f():\n    open('x', 'w').close(); {hide}").run("layers.f()", {}, ())
    assert (outcome.error, "not permitted" in outcome.message) == ("PermissionError", True)
