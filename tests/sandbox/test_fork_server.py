"""Workers are forked from a process that knows nothing of any submission, and nothing passes from one to the next."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.sandbox import Confinement, SandboxUnavailable, Worker, WorkerLost, fork_server
from grader.sandbox.fork_server import MAX_IDLE, close_idle_servers
from grader.sandbox.inside import landlock
from grader.sandbox.inside.channel import Channel
from grader.sandbox.kept_inputs import LARGE, KeptInputs
from grader.sandbox.unconfined import Unconfined
from utils.checks.program import Crash, Ran

from .conftest import needs_landlock

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="reading another process's memory takes root")


@pytest.fixture(autouse=True)
def no_idle_servers() -> Iterator[None]:
    close_idle_servers()
    yield
    close_idle_servers()


def worker(confinement: Confinement, source: str = "", **named: object) -> Worker:
    return Worker(confinement, {"layers": textwrap.dedent(source)}, "layers", {}, None, **named)


def process_of(held: Worker) -> int:
    assert held._process.pid
    return held._process.pid


def server_of(held: Worker) -> int:
    status = Path(f"/proc/{process_of(held)}/status").read_text()
    return int(re.search(r"^PPid:\s*(\d+)$", status, re.MULTILINE)[1])


def holds(process: int, marker: bytes) -> bool:
    """Whether a process has some bytes anywhere in its own memory."""
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("rw") or "[v" in line:
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            memory.seek(start)
            try:
                if marker in memory.read(end - start):
                    return True
            except OSError:
                continue
    return False


@needs_root
def test_no_byte_of_a_submission_reaches_the_server(confinement: Confinement) -> None:
    marker = os.urandom(12).hex()
    with worker(confinement, f"text = '{marker}'") as held:
        held.run("out = layers.text", {"given": marker}, ("out",))
        assert holds(process_of(held), marker.encode())
        server = server_of(held)
        assert not holds(server, marker.encode())
    with worker(confinement) as held:
        assert server_of(held) == server
        assert not holds(process_of(held), marker.encode())


def test_programs_of_the_course_are_compiled_once_for_all_workers(confinement: Confinement) -> None:
    asks = "from utils.checks.program import compiled\nout = compiled.cache_info().misses"

    def compiled_anew() -> object:
        with worker(confinement) as held:
            first = held.run(asks, {}, ("out",)).values["out"]
            held.keep_programs([asks])
            return first, held.run("pass", {}, ())

    first, _ = compiled_anew()
    assert compiled_anew()[0] == first  # the server's one, in place of the worker's
    with worker(confinement) as held:
        program = f"{asks}  # another one"
        assert held.run(program, {}, ("out",)).values["out"] == first + 1


def test_a_program_that_is_no_python_does_not_end_the_server(confinement: Confinement) -> None:
    with worker(confinement) as held:
        held.keep_programs(["x = = 1"])
    with worker(confinement) as held:
        answer = held.run("x = = 1", {}, ())
        assert isinstance(answer, Crash)
        assert answer.error == "SyntaxError"


LEAVES = """
import os, sys
sys.secret = "of another submission"
open("left", "w").write("of another submission")
sys.modules["numpy"].left = True
"""
LOOKS = """
import os, sys
import numpy as np

def found():
    return [os.listdir(), hasattr(sys, "secret"), hasattr(np, "left"), "submitted.other" in sys.modules]
"""


def test_nothing_of_a_worker_is_found_by_the_next(confinement: Confinement) -> None:
    with worker(confinement, LEAVES) as held:
        assert held.run("import sys; sys.modules['submitted.other'] = 1", {}, ()) == Ran({}, ())
        server = server_of(held)
        assert os.listdir(held.scratch) == ["left"]
    with worker(confinement, LOOKS) as held:
        assert server_of(held) == server
        assert held.run("out = layers.found()", {}, ("out",)) == Ran({"out": [[], False, False, False]})


def test_what_a_worker_writes_is_never_taken_for_an_answer_of_the_next(confinement: Confinement) -> None:
    forged = """
    import os
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"forged" * 1000)
        except OSError:
            pass
    os._exit(0)
    """
    for _ in range(3):
        with worker(confinement, forged) as held, pytest.raises(WorkerLost):
            held.run("pass", {}, ())
        with worker(confinement, "x = 1") as held:
            assert held.run("out = layers.x", {}, ("out",)) == Ran({"out": 1})


def test_a_worker_has_no_way_to_its_server(confinement: Confinement) -> None:
    """Neither the control socket nor any other descriptor but its two pipes and the three standard ones is open."""
    source = """
    import os, stat

    def opened():
        kinds = []
        for descriptor in range(64):
            try:
                kinds.append(stat.S_IFMT(os.fstat(descriptor).st_mode))
            except OSError:
                pass
        return [kinds.count(stat.S_IFIFO), kinds.count(stat.S_IFSOCK), len(kinds)]
    """
    with worker(confinement, source) as held:
        assert held.run("out = layers.opened()", {}, ("out",)) == Ran({"out": [2, 0, 5]})


@pytest.mark.parametrize("how", ["os._exit(1)", "os.abort()", "while True: pass"])
def test_a_server_goes_on_after_a_worker_that_was_lost(confinement: Confinement, how: str) -> None:
    with worker(confinement, f"import os\ndef f():\n    {how}") as held:
        server = server_of(held)
        with pytest.raises(WorkerLost):
            held.run("layers.f()", {}, (), seconds=0.3)
    with worker(confinement) as held:
        assert server_of(held) == server


def test_a_server_that_the_machine_has_killed_is_replaced(confinement: Confinement) -> None:
    with worker(confinement) as held:
        server = server_of(held)
    os.kill(server, signal.SIGKILL)
    with worker(confinement, "x = 1") as held:
        assert held.run("out = layers.x", {}, ("out",)) == Ran({"out": 1})
        assert server_of(held) != server


def test_a_worker_ends_with_its_server(confinement: Confinement) -> None:
    with worker(confinement, "while True: pass") as held:
        os.kill(server_of(held), signal.SIGKILL)
        with pytest.raises(WorkerLost) as lost:
            held.run("pass", {}, ())
    assert lost.value.reason == "killed"


def test_two_workers_at_once_have_two_servers_and_two_folders(confinement: Confinement) -> None:
    with worker(confinement) as one, worker(confinement) as other:
        assert server_of(one) != server_of(other)
        assert one.scratch != other.scratch


def test_only_so_many_idle_servers_are_kept() -> None:
    held = [worker(Unconfined()) for _ in range(MAX_IDLE + 2)]
    folders = [each.scratch for each in held]
    for each in held:
        each.close()
    assert [os.path.exists(folder) for folder in folders].count(True) == MAX_IDLE


def test_a_server_whose_scratch_folder_cannot_be_emptied_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with worker(Unconfined()) as held:
        server = server_of(held)
        monkeypatch.setattr(held._process.server.scratch, "empty", lambda: False)
    with worker(Unconfined()) as held:
        assert server_of(held) != server


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = fork_server.Prepare
    monkeypatch.setattr(fork_server, "Prepare", lambda *given: prepare(*given[:2], ("no_such_package",), ()))
    with pytest.raises(SandboxUnavailable, match="no_such_package"):
        worker(Unconfined())


RESTRICTED = """
import os, sys
from grader.sandbox.inside import landlock
folder, outside = sys.argv[1:]
landlock.restrict(["/usr"], [folder])
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
print(tried(lambda: open(f"{folder}/new", "w").close()), tried(lambda: open(outside).close()),
      tried(lambda: os.listdir(os.path.dirname(outside))), tried(lambda: os.mkdir(f"{folder}/sub")),
      tried(lambda: os.execv("/usr/bin/env", ["env"])), tried(lambda: os.truncate(f"{folder}/own", 0)))
"""


@needs_landlock
def test_landlock_leaves_what_was_named_and_nothing_else(tmp_path: Path) -> None:
    own, outside = tmp_path / "own", tmp_path / "outside"
    own.mkdir()
    (own / "own").write_text("x")
    outside.mkdir()
    (outside / "file").write_text("x")
    command = [sys.executable, "-c", RESTRICTED, str(own), str(outside / "file")]
    said = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True).stdout
    assert said.split() == ["done", "PermissionError", "PermissionError", "PermissionError", "PermissionError", "done"]


@needs_landlock
def test_the_version_of_landlock_is_that_of_the_kernel() -> None:
    assert 1 <= landlock.version() < 100


def test_a_crash_without_a_message_arrives(confinement: Confinement) -> None:
    with worker(confinement, "def f():\n    raise NotImplementedError") as held:
        crash = held.run("layers.f()", {}, ())
    assert isinstance(crash, Crash)
    assert (crash.missing, crash.error, crash.message) == (True, "NotImplementedError", "")


SPOILS = """
def doubled(x):
    out = 2 * x
    x[:] = 0
    return out
"""


def test_large_inputs_are_sent_to_one_worker_and_every_later_one_has_them_as_they_were(
    confinement: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).standard_normal((LARGE // 8, 3))
    inputs, sent = KeptInputs(x=x, flag=np.array([True, False]), names=["a"]), []
    send = Channel._send
    monkeypatch.setattr(
        Channel,
        "_send",
        lambda self, tree, blobs, deadline: sent.append(sum(map(len, blobs))) or send(self, tree, blobs, deadline),
    )
    servers = []
    for _ in range(3):
        with worker(confinement, SPOILS) as held:
            servers.append(server_of(held))
            for _ in range(2):
                before = len(sent)
                answer = held.run("out = layers.doubled(x); flag = flag", inputs, ("out", "flag"))
                assert isinstance(answer, Ran)
                np.testing.assert_array_equal(answer.values["out"], 2 * x)
                assert answer.values["flag"].tolist() == [True, False]
                assert answer.mutated == ("x",)
                is_first = len(servers) == 1
                assert sum(sent[before:]) == (inputs.size if is_first else 0)
    assert len(set(servers)) == 1


def test_a_server_keeps_no_more_inputs_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server, "MOST_KEPT", 3 * LARGE)
    several = [KeptInputs(x=np.full(LARGE // 4, number)) for number in range(4)]
    for _ in range(2):
        with worker(Unconfined(), SPOILS) as held:
            for number, inputs in enumerate(several):
                answer = held.run("out = layers.doubled(x)", inputs, ("out",))
                assert isinstance(answer, Ran)
                assert (answer.values["out"] == 2 * number).all()
            kept = [inputs for inputs in several if held._process.kept(inputs)]
    assert kept == several[:1]
