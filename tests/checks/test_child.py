"""A function in a child process: it is stopped in time, its prints are kept, and whatever it does costs one answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from utils.checks.child import CallFailed, CallLost, Child, ChildNotStarted, process
from utils.checks.child import limits as limits_module
from utils.checks.child.limits import Clock
from utils.checks.child.memory import _SIZES
from utils.checks.child.place import place_in
from utils.checks.child.prints import MAX_LINES, KeptPrints
from utils.checks.child.programs import Other, Source, plain

ROOT = Path(__file__).parents[2]
ENDLESS = "while True: pass"


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


def test_a_call_is_answered_by_another_process_that_stays(child: Child) -> None:
    assert child.call("math.hypot", 3.0, 4.0).value == 5.0
    first, second = child.call("os.getpid").value, child.call("os.getpid").value
    assert first == second != os.getpid()


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        ("builtins.exec", ENDLESS),
        ("builtins.exec", "while True:\n    try: int('x')\n    except BaseException: pass"),
        ("builtins.eval", "10 ** 10 ** 10"),  # within C, where no other thread of the process runs
        ("time.sleep", 1000),
    ],
    ids=["a loop", "a loop that catches everything", "one long operation in C", "sleep"],
)
def test_what_never_ends_is_stopped_and_the_next_call_is_answered(
    child: Child, function: str, argument: object
) -> None:
    with pytest.raises(CallLost) as lost:
        child.call(function, argument, seconds=0.3)
    assert lost.value.reason == "timeout"
    assert child.call("math.hypot", 3.0, 4.0).value == 5.0


@pytest.mark.parametrize(
    ("code", "said"),
    [("import os; os._exit(3)", "exit code 3"), ("import ctypes; ctypes.string_at(0)", "signal 11")],
)
def test_a_process_that_ends_is_one_lost_call(child: Child, code: str, said: str) -> None:
    with pytest.raises(CallLost) as lost:
        child.call("builtins.exec", code)
    assert lost.value.reason == "killed"
    assert said in lost.value.said
    assert child.call("math.hypot", 3.0, 4.0).value == 5.0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise SystemExit", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("input()", "NoInputHere"),
        ("import sys; sys.stdin.read()", "NoInputHere"),
        ("breakpoint()", "NoInputHere"),
        ("import pdb; pdb.set_trace(); x = 1", "NoInputHere"),
    ],
)
def test_what_would_end_or_hang_a_console_is_an_error_of_the_call(child: Child, code: str, error: str) -> None:
    before = child.call("os.getpid").value
    with pytest.raises(CallFailed) as failed:
        child.call("builtins.exec", code)
    assert failed.value.crash.error == error
    assert child.call("os.getpid").value == before


def test_a_value_that_cannot_be_sent_is_an_error_of_the_call(child: Child) -> None:
    with pytest.raises(CallFailed, match="pickle"):
        child.call("builtins.eval", "lambda: 0")


@pytest.mark.skipif(not _SIZES.is_file(), reason="this system does not limit memory")
def test_too_much_memory_is_a_memory_error_and_the_limit_ends_with_the_call(child: Child) -> None:
    needs = "len(bytearray(2 ** 28))"
    assert child.call("builtins.eval", needs).value == 2**28
    with pytest.raises(CallFailed) as failed:
        child.call("builtins.eval", needs, memory=2**26)
    assert failed.value.crash.error == "MemoryError"
    assert child.call("builtins.eval", needs).value == 2**28


def test_the_first_prints_are_kept_and_the_others_counted(child: Child) -> None:
    seen: list[str] = []
    code = "import sys\nfor k in range(100): print('line', k, file=sys.stderr if k % 2 else sys.stdout)"
    reply = child.call("builtins.exec", code, on_print=seen.append)
    assert reply.prints.text == "".join(f"line {k}\n" for k in range(MAX_LINES)) == "".join(seen)
    assert reply.prints.more == 100 - MAX_LINES
    assert child.call("math.hypot", 3.0, 4.0).prints.text == ""


def test_what_was_printed_is_known_of_a_call_that_never_ends(child: Child) -> None:
    with pytest.raises(CallLost) as lost:
        child.call("builtins.exec", "while True: print('again')", seconds=0.3)
    assert lost.value.prints.text == "again\n" * MAX_LINES
    assert lost.value.prints.more > 100


def test_a_long_line_is_cut() -> None:
    seen: list[str] = []
    prints = KeptPrints(seen.append)
    print("x" * 100_000, "end", sep="\n", file=prints)
    assert len("".join(seen)) < 2000
    assert prints.more == 1


def test_what_is_written_past_python_disturbs_nothing(child: Child) -> None:
    assert child.call("os.write", 1, b"\x00" * 100).value == 100
    assert child.call("os.write", 2, b"junk").value == 4
    assert child.call("os.read", 0, 10).value == b""
    assert child.call("math.hypot", 3.0, 4.0).value == 5.0


def test_a_call_runs_in_the_folder_of_the_caller(child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child.call("os.getcwd")
    monkeypatch.chdir(tmp_path)
    assert child.call("os.getcwd").value == str(tmp_path)


def test_closing_twice_does_nothing() -> None:
    child = Child()
    child.close()
    child.call("os.getpid")
    child.close()
    child.close()


PARENT = "from utils.checks.child import Child\nchild = Child()\n"


def test_the_process_ends_with_the_one_that_started_it() -> None:
    code = f"{PARENT}import os, signal\nprint(child.call('os.getpid').value, flush=True)\nos.kill(os.getpid(), 9)"
    parent = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    for _ in range(300):
        if not Path(f"/proc/{int(parent.stdout)}/cmdline").exists() and not _is_there(int(parent.stdout)):
            return
        time.sleep(0.1)
    raise AssertionError("the child is still there")


def _is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("code", [ENDLESS, "10 ** 10 ** 10"])
def test_ctrl_c_says_where_the_code_was_and_leaves_the_caller_alive(tmp_path: Path, code: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "module.py").write_text(f"def f():\n    print('begun')\n    {code}\n")
    script = f"""{PARENT}
import signal
import sys
import threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
sys.path.insert(0, {str(tmp_path)!r})
from utils.checks.child import CallInterrupted
try:
    child.call("own.module.f", package="own", on_print=lambda text: print(text, flush=True))
except CallInterrupted as stopped:
    print(stopped.place.file, stopped.place.line, stopped.place.source)
    print(child.call("math.hypot", 3.0, 4.0).value)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout
    assert parent.stdout.readline() == "begun\n"
    os.killpg(parent.pid, signal.SIGINT)  # to the child, too, as a terminal does
    said = parent.communicate()[0].split("\n")
    place, *others = [line for line in said if line]
    # What is printed is told at once, so that the interruption may find the code still there.
    assert place in (f"own/module.py 3 {code}", "own/module.py 2 print('begun')")
    assert others == ["5.0"]


class FakeTime:
    """A clock that a test moves by hand."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    hand = FakeTime()
    monkeypatch.setattr(limits_module, "time", hand)
    return hand


@pytest.mark.parametrize(
    ("computed", "over"),
    [(5.1, True), (4.0, False), (0.3, False), (0.0, True)],
    ids=["it computes", "it has waited a little", "it waits for a busy machine", "it sleeps"],
)
def test_only_time_in_which_code_computes_or_sleeps_counts(hand: FakeTime, computed: float, over: bool) -> None:
    clock = Clock(5.0)
    hand.now = 4.9
    assert not clock.should_ask()
    hand.now = 5.2
    assert clock.should_ask()
    assert not clock.should_ask()
    clock.note(computed)
    assert clock.is_over() is over


def test_code_that_computes_and_then_sleeps_is_stopped(hand: FakeTime) -> None:
    clock = Clock(5.0)
    hand.now = 5.0
    clock.note(3.0)
    hand.now = 6.9
    clock.note(3.0)
    assert not clock.is_over()
    hand.now = 7.1
    clock.note(3.0)
    assert clock.is_over()


def test_a_process_that_cannot_answer_is_stopped(hand: FakeTime) -> None:
    clock = Clock(5.0)
    hand.now = 5.0
    assert clock.should_ask()
    hand.now = 7.0
    assert not clock.is_over()
    hand.now = 7.6
    assert clock.is_over()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path


@pytest.fixture
def writing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    """A child that keeps what it has compiled, as a student's does, whatever is set where these tests run."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    child = Child()
    yield child
    child.close()


def run(child: Child, folder: Path, version: int) -> object:
    source = Source(str(folder), "own", "module", version)
    name = "utils.checks.child.programs.run"
    return child.call(name, source, "out = module.f()", {}, ("out",)).value.values["out"]


def test_an_edit_counts_although_size_and_time_of_the_file_are_the_same(writing: Child, package: Path) -> None:
    file = package / "own" / "module.py"
    (package / "own" / "helper.py").write_text("NUMBER = 1\n")
    for number in (1, 2, 3):
        file.write_text(f"from own.helper import NUMBER\ndef f():\n    return {number}, NUMBER\n")
        (package / "own" / "helper.py").write_text(f"NUMBER = {number}\n")
        for path in (file, package / "own" / "helper.py"):
            os.utime(path, (1e9, 1e9))
        assert run(writing, package, number) == (number, number)
    file.write_text("def f():\n    return 'not read before the next check'\n")
    assert run(writing, package, 3) == (3, 3)


def test_no_file_is_written_beside_the_students(writing: Child, package: Path) -> None:
    (package / "own" / "module.py").write_text("def f():\n    return 0\n")
    run(writing, package, 10)
    assert [path.name for path in package.rglob("*")] == ["own", "module.py"]


class Own:
    """An object of a class that the parent does not know."""


class Numbers:
    """An object that NumPy can read."""

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return np.arange(3.0)


def test_a_result_holds_nothing_that_runs_code_when_it_is_read() -> None:
    given = {"a": [Own(), (1, 2.5, "x", None)], ("t", 1): np.float32(2), "n": Numbers(), "o": np.array([Own()])}
    got = plain(given)
    assert got["a"] == [Other("Own"), (1, 2.5, "x", None)]
    assert got[("t", 1)].dtype == np.float32
    assert got["n"].tolist() == [0, 1, 2]
    assert got["o"] == Other("object array")
    order = plain(np.ones((3, 4)).T)
    assert order.flags.f_contiguous


def test_the_students_line_is_found_in_what_faulthandler_writes() -> None:
    text = (
        "Fatal Python error: Segmentation fault\n\nCurrent thread 0x1 (most recent call first):\n"
        '  File "/usr/lib/numpy/core.py", line 3 in dot\n'
        '  File "C:\\course\\own\\module.py", line 12 in f\n  File "/x/own/module.py", line 30 in g\n'
    )
    place = place_in(text, "own")
    assert (place.file, place.line, place.function) == ("own/module.py", 12, "f")
    assert place_in("nothing", "own").file == ""


def test_a_call_can_be_ended_from_another_thread() -> None:
    child = Child()
    begun = threading.Event()
    closing = threading.Thread(target=lambda: (begun.wait(), child.close()))
    closing.start()
    with pytest.raises(CallLost):
        child.call("builtins.exec", "print('begun')\nwhile True: pass", on_print=lambda text: begun.set())
    closing.join()
    assert child.call("math.hypot", 3.0, 4.0).value == 5.0
    child.close()


def test_modules_are_found_where_the_caller_finds_them_now(
    child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made_a_moment_ago.py").write_text("def f():\n    return 3\n")
    child.call("os.getpid")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert child.call("made_a_moment_ago.f").value == 3


def test_where_there_is_no_second_process_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ChildNotStarted, match="could not be started once more"):
        Child().call("os.getpid")
    monkeypatch.undo()
    monkeypatch.setattr(process, "_START", "raise RuntimeError('not here')")
    with pytest.raises(ChildNotStarted, match="once more: RuntimeError: not here"):
        Child().call("os.getpid")


def test_a_crash_shows_the_line_as_it_is_in_the_file_now(child: Child, package: Path) -> None:
    for number in (21, 22):
        (package / "own" / "module.py").write_text(f"def f():\n    return [][{number}]\n")
        source = Source(str(package), "own", "module", number)
        crash = child.call("utils.checks.child.programs.run", source, "out = module.f()", {}, ("out",)).value
        assert crash.source == f"return [][{number}]"


@pytest.mark.parametrize("there", [True, False])
def test_what_one_side_cannot_read_is_a_lost_call(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: Child
) -> None:
    """Of a class that only one side can import, an object cannot be sent."""
    (tmp_path / "only_here.py").write_text("class Own:\n    pass\n")
    monkeypatch.setattr(process, "TO_END", 0.5)
    if there:
        code = f"__import__('sys').path.append({str(tmp_path)!r}) or __import__('only_here').Own()"
        arguments = ("builtins.eval", code)
    else:
        made = ModuleType("only_here")
        monkeypatch.setitem(sys.modules, "only_here", made)
        made.Own = type("Own", (), {"__module__": "only_here"})
        arguments = ("builtins.id", made.Own())
    with pytest.raises(CallLost):
        child.call(*arguments)
    assert child.call("math.hypot", 3.0, 4.0).value == 5.0
