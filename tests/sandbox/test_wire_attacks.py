"""Submissions that attack the wire or the worker: the grader receives the same value, another one, or nothing.

How the worker is confined makes no difference here, so it is not.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from answering import Here

from grader.sandbox import Limits, Opaque, Worker, WorkerLost
from grader.sandbox.unconfined import Unconfined
from utils.checks.program import Crash, Ran

PATIENT, IMPATIENT = Limits(seconds=30.0), Limits(seconds=0.5)

# What an attacker finds out soon: which fds are the wire, and how a frame is built.
TOOLS = """
import fcntl, gc, os, stat, struct, sys, threading, time
import numpy as np

def pipes(mode):
    for fd in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode) and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == mode:
                yield fd
        except OSError:
            pass

def wire():
    return next(pipes(os.O_WRONLY))

def frame(message, value=None):
    from inside.wire import dump
    tree, blobs = dump(message, value)
    return struct.pack(">II", len(tree), sum(map(len, blobs))) + tree + b"".join(blobs)

def forged(value):
    import msgspec
    done = {"type": "Done", "number": 1, "mutated": []}
    values = {"type": "d", "items": {"out": value}}
    tree = msgspec.msgpack.encode({"message": done, "value": values})
    return struct.pack(">II", len(tree), 0) + tree
"""


PROXIES = {"optim": ("sgd",)}


def answer(*question: object) -> object:
    return 1.0


@pytest.fixture
def submit() -> Iterator[Callable[..., Worker]]:
    """Hands in a source that may ask for one function."""
    with ExitStack() as stack:

        def hand_in(source: str, limits: Limits = PATIENT) -> Worker:
            files = {"layers": TOOLS + textwrap.dedent(source)}
            return stack.enter_context(Worker(Unconfined(), files, "layers", PROXIES, Here(answer, PROXIES), limits))

        yield hand_in


def lost(worker: Worker) -> WorkerLost:
    with pytest.raises(WorkerLost) as caught:
        worker.run("layers.f(); out = 1", {}, ("out",))
    return caught.value


@pytest.mark.parametrize(
    "forged",
    [
        "b'garbage' * 100",
        "bytes(8)",
        "b'\\xff' * 8",
        "struct.pack('>II', 20, 0) + b'\\xc1' * 20",
        "struct.pack('>II', 1 << 20, 64 << 20) + bytes(1 << 16)",
        "frame(w.Done(1, ()), {'out': 1, 'more': 2})",
        "frame(w.Done(1, ()), {})",
        "frame(w.Done(1, ()), [1])",
        "frame(w.Done(7, ()), {'out': 1})",
        "frame(w.Failed(1), {'missing': 'yes', 'error': 'E', 'message': 'm'})",
        "frame(w.Failed(1), {'missing': True})",
        "frame(w.Failed(1), [])",
        "frame(w.Ready())",
        "frame(w.Answer(), 1)",
        "frame(w.Start({}, '', {}, 1, 1))",
        "frame(w.Ask('layers', 'f'), ((), {}))",
        "frame(w.Ask('optim', 'adam'), ((), {}))",
        "frame(w.Ask('optim', 'sgd'), 5)",
        "frame(w.Ask('optim', 'sgd'), (5, {}))",
        "forged({'type': 'a', 'dtype': 'float64', 'shape': [0, 2**31 - 1, 2**31 - 1, 2**31 - 1], 'layout': 'C'})",
        "forged({'type': 'a', 'dtype': 'float64', 'shape': [2**31 - 1, 0], 'layout': 'S'})",
        "forged({'type': 'a', 'dtype': 'float64', 'shape': [True, -1], 'layout': 'C'})",
    ],
)
def test_a_forged_frame_ends_the_worker(submit, forged):
    source = f"""
        def f():
            import inside.wire as w
            os.write(wire(), {forged})
            time.sleep(600)
    """
    # Half a frame is not wrong yet: what never comes to its end is ended by the clock.
    half = "1 << 16" in forged
    worker = submit(source, IMPATIENT if half else PATIENT)
    assert lost(worker).reason == ("timeout" if half else "protocol")


def test_too_much_output_ends_the_worker(submit):
    source = """
        def f():
            while True:
                try:
                    os.write(wire(), bytes(1 << 16))
                except BlockingIOError:
                    pass
    """
    assert lost(submit(source)).reason == "protocol"


def test_a_frame_that_arrives_slowly_ends_at_the_deadline(submit):
    source = """
        def f():
            os.write(wire(), struct.pack(">II", 1000, 0))
            while True:
                os.write(wire(), b"\\x93")
                time.sleep(0.05)
    """
    assert lost(submit(source, IMPATIENT)).reason == "timeout"


def test_an_answer_given_in_advance_gains_nothing(submit):
    source = """
        def f():
            import inside.wire as w
            os.write(wire(), frame(w.Done(1, ()), {"out": 5}) + frame(w.Done(1, ()), {"out": 5}))
    """
    worker = submit(source)
    assert worker.run("layers.f(); out = 1", {}, ("out",)).values == {"out": 5}
    with pytest.raises(WorkerLost) as caught:
        worker.run("out = 1", {}, ("out",))
    assert caught.value.reason == "protocol"


@pytest.mark.parametrize(
    "patch",
    [
        "import msgspec; msgspec.msgpack.Encoder = msgspec.msgpack.encode = lambda *_: b'right'",
        "import inside.wire as w; w._encode = lambda *_: b'right'",
        "import inside.values as v; v.pack = lambda *_: None",
        "import utils.checks.program as p; p.run_program = lambda *_: p.Ran({'out': 'right'})",
        "np.array_equal = np.allclose = lambda *_, **__: True",
        "import builtins; builtins.isinstance = lambda *_: True",
        "import builtins; builtins.len = lambda *_: 0",
        "gc.collect(); sys.modules.clear()",
        "sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)",
        "import inside.session as s; s.Session.run = lambda *_: None",
    ],
)
def test_a_patched_worker_gains_nothing(submit, patch):
    """The grader compares: from a patched worker it gets the same value, another one, or none."""
    worker = submit(f"def f():\n    {patch}\n    return 5", IMPATIENT)
    try:
        worker.run("layers.f()", {}, ())
        outcome = worker.run("out = layers.f()", {}, ("out",))
    except WorkerLost:
        return
    assert isinstance(outcome, Crash) or outcome.values["out"] in (5, None)


def test_an_object_that_is_equal_to_everything_arrives_as_a_name(submit):
    source = """
        class Yes(np.ndarray):
            def __eq__(self, other):
                return True
        def f():
            return np.zeros(3).view(Yes)
    """
    outcome = submit(source).run("out = layers.f()", {}, ("out",))
    assert outcome.values["out"] == Opaque("Yes")


def test_threads_that_ask_at_once_do_not_mix_their_frames(submit):
    source = """
        from .optim import sgd
        def f():
            from concurrent.futures import ThreadPoolExecutor
            with ThreadPoolExecutor(4) as pool:
                return list(pool.map(lambda n: sgd(np.full(100, float(n))), range(200)))
    """
    outcome = submit(source).run("out = layers.f()", {}, ("out",))
    assert outcome == Ran({"out": [1.0] * 200})


def test_the_reference_value_is_not_in_the_worker(submit):
    """What the worker holds is what was sent: the inputs. Nothing else of the grader's process can be found in it."""
    source = """
        def f():
            return [str(o.dtype) for o in gc.get_objects() if isinstance(o, np.ndarray) and o.shape == (3, 11)]
    """
    secret = np.ones((3, 11))
    assert submit(source).run("out = layers.f()", {}, ("out",)).values["out"] == []
    assert secret.shape == (3, 11)
