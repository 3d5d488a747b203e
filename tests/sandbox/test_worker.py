"""What a worker does with a submission that does not attack, and how it reports one that fails.

None of this depends on how the worker is confined, so it is not.
"""

from __future__ import annotations

import linecache
import os
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from answering import Here

from grader.sandbox import Limits, Opaque, SandboxUnavailable, Worker, WorkerLost, choose_confinement, readable
from grader.sandbox import worker as pool
from grader.sandbox.fork_server import close_idle_servers
from grader.sandbox.kept_inputs import KeptInputs
from grader.sandbox.unconfined import Unconfined
from utils.checks.program import Crash, Ran, run_program

LAYERS = {"layers": ("affine_forward", "relu_forward")}


def reference(module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """Stands for the reference: the affine layer, and a function that refuses everything."""
    if (module, function) == ("layers", "affine_forward"):
        x, w, b = args
        return x.reshape(len(x), -1) @ w + b, (x, w, b)
    raise ValueError(f"{function} got {len(args)} and {sorted(kwargs)}")


def worker(
    source: str,
    proxies: Mapping[str, Sequence[str]] | None = None,
    module: str = "fc_net",
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    **others: str,
) -> Worker:
    proxies = LAYERS if proxies is None else proxies
    files = {module: textwrap.dedent(source), **{name: textwrap.dedent(text) for name, text in others.items()}}
    return Worker(Unconfined(), files, module, proxies, Here(reference, proxies), limits, package="nndl")


def run(source: str, program: str, **inputs: object) -> Ran | Crash:
    with worker(source) as held:
        return held.run(program, inputs, ("out",))


X, W, B = np.linspace(-1, 1, 24).reshape(3, 2, 4), np.linspace(0, 1, 40).reshape(8, 5), np.linspace(3, 4, 5)


def test_inputs_go_in_and_values_come_out():
    source = "def affine(x, w, b):\n    return x.reshape(len(x), -1) @ w + b"
    outcome = run(source, "out = fc_net.affine(x, w, b)", x=X, w=W, b=B)
    np.testing.assert_allclose(outcome.values["out"], X.reshape(3, 8) @ W + B)
    assert outcome.mutated == ()


def test_what_was_changed_in_place_is_named():
    outcome = run("def f(x, w):\n    x *= 2", "out = fc_net.f(x, w)", x=X, w=W)
    assert outcome == Ran({"out": None}, ("x",))


def test_a_non_contiguous_input_arrives_as_one():
    outcome = run("def f(x):\n    return x.flags.c_contiguous", "out = fc_net.f(x)", x=W.T)
    assert outcome.values["out"] is False


@pytest.mark.parametrize(
    "source",
    [
        "from nndl.layers import affine_forward",
        "from .layers import affine_forward",
        "from .layers import *",
        "from nndl.layers import *",
        "from . import layers\naffine_forward = layers.affine_forward",
        "import nndl.layers\naffine_forward = nndl.layers.affine_forward",
        "import nndl\naffine_forward = nndl.layers.affine_forward",
    ],
)
def test_every_way_of_importing_a_prerequisite_reaches_the_reference(source):
    outcome = run(source, "out, cache = fc_net.affine_forward(x, w, b)", x=X, w=W, b=B)
    np.testing.assert_allclose(outcome.values["out"], X.reshape(3, 8) @ W + B)


def test_what_the_reference_raises_is_raised_in_the_submission():
    source = """
        from .layers import relu_forward
        def f(x):
            try:
                relu_forward(x, inplace=True)
            except ValueError as error:
                return str(error)
    """
    outcome = run(source, "out = fc_net.f(x)", x=X)
    assert outcome.values["out"] == "nndl.layers.relu_forward: relu_forward got 1 and ['inplace']"


def test_shapes_that_do_not_fit_in_the_reference_are_named_in_plain_words():
    source = "from .layers import affine_forward\ndef f(x, w, b):\n    return affine_forward(x, w, b)"
    outcome = run(source, "out = fc_net.f(x, w, b)", x=X, w=W.T, b=B)
    shapes = "(3, 2, 4), (5, 8), (5,)"
    assert outcome.message == f"affine_forward: arrays of these shapes do not fit each other: {shapes}"


def test_a_stand_in_says_what_the_function_takes_and_returns():
    source = "from .layers import affine_forward\ndef f(x):\n    out, cache, more = affine_forward(x, x, x)"
    signatures = {"layers.affine_forward": "(x, w, b): out, cache"}
    given = Here(reference, LAYERS)
    with Worker(Unconfined(), {"net": source}, "net", LAYERS, given, package="nndl", signatures=signatures) as held:
        outcome = held.run("out = net.f(x)", {"x": np.ones((3, 3))}, ("out",))
    assert outcome.functions == ("affine_forward(x, w, b): out, cache",)


MANY = "\n".join(f"    number_{k} = array_{k} = np.zeros({k + 1})" for k in range(30))


def test_a_crash_is_described_as_it_is_outside_of_the_sandbox():
    """Else hints would be measured that no student gets."""
    source = f"import numpy as np\ndef f(x):\n{MANY}\n    for a, b in [(array_3, array_4)]:\n        out = a + b + x"
    module, name = ModuleType("nndl.fc_net"), "nndl/fc_net.py"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), vars(module))
    here = run_program("out = fc_net.f(x)", {"fc_net": module}, {"x": X}, ("out",))
    assert len(here.scope) > 30
    assert run(source, "out = fc_net.f(x)", x=X) == here


def test_an_argument_that_cannot_cross_is_a_type_error():
    outcome = run("from .layers import *", "out = fc_net.relu_forward({1, 2})")
    assert (outcome.error, outcome.message) == (
        "TypeError",
        "nndl.layers.relu_forward: an argument is a set, not an array or a number",
    )


@pytest.mark.parametrize("name", ["nndl.optim", "nndl.fc_net.deeper", "nndl.neural_net"])
def test_no_other_module_of_the_package_can_be_imported(name):
    outcome = run(f"import {name}", "pass")
    assert outcome.error in ("ImportError", "ModuleNotFoundError")
    assert "while nndl.fc_net is checked, only nndl.layers can" in outcome.message or "not a package" in outcome.message


@pytest.mark.parametrize("name", ["grader", "solutions", "solutions.nndl.layers", "tests"])
def test_the_course_cannot_be_imported(name):
    outcome = run(f"import {name}", "pass")
    assert outcome.error == "ModuleNotFoundError"


def test_utils_can_be_imported():
    outcome = run("from utils.checks.program import PROGRAM_FILE", "out = fc_net.PROGRAM_FILE")
    assert outcome.values["out"] == "<check>"


def test_a_students_own_helper_can_be_imported_from_a_prerequisite():
    layers = """
        import numpy as np
        def affine_forward(x, w, b):
            raise NotImplementedError
        def twice(x, w, b):
            return 2 * affine_forward(x, w, b)[0]
    """
    for line in ("from .layers import twice", "from .layers import *"):
        with worker(f"{line}\ndef f(x, w, b):\n    return twice(x, w, b)", layers=layers) as held:
            outcome = held.run("out = fc_net.f(x, w, b)", {"x": X, "w": W, "b": B}, ("out",))
        np.testing.assert_allclose(outcome.values["out"], 2 * (X.reshape(3, 8) @ W + B))


@pytest.mark.parametrize("layers", ["raise SystemExit", "while True: pass", "def broken(:", "import os; os._exit(1)"])
@pytest.mark.parametrize("line", ["from .layers import affine_forward", "from .layers import *"])
def test_a_prerequisite_whose_helpers_are_not_used_cannot_break_a_module(line, layers):
    with worker(line, layers=layers) as held:
        assert isinstance(held.run("out = fc_net.affine_forward(x, w, b)", {"x": X, "w": W, "b": B}, ("out",)), Ran)


def test_a_stub_is_missing_rather_than_wrong():
    source = "def f():\n    raise NotImplementedError('f: your code here')"
    outcome = run(source, "out = fc_net.f()")
    assert outcome.missing
    assert outcome.message == "f: your code here"


@pytest.mark.parametrize(
    ("source", "error", "line"),
    [
        ("import numpy as np\ndef f(:\n    pass", "SyntaxError", 2),
        ("x = 1\n\nraise SystemExit(3)", "SystemExit", 3),
        ("import numpy as np\nimport no_such_package", "ModuleNotFoundError", 2),
        ("\n\n1 / 0", "ZeroDivisionError", 3),
        ("\n\nx = '\\ud800'.encode()", "UnicodeEncodeError", 3),
    ],
)
def test_an_import_that_fails_is_reported_for_every_program(source, error, line):
    with worker(source) as held:
        first, second = (held.run("out = fc_net.f()", {}, ("out",)) for _ in range(2))
    assert (first.error, second.error) == (error, error)
    if line:
        assert (first.file, first.line) == ("nndl/fc_net.py", line)


def test_a_crash_names_the_students_line():
    outcome = run("def f(x, w):\n    return x @ w", "out = fc_net.f(x, w)", x=np.zeros((3, 4)), w=np.zeros((5, 2)))
    assert (outcome.error, outcome.file, outcome.line, outcome.source) == (
        "ValueError",
        "nndl/fc_net.py",
        2,
        "return x @ w",
    )
    assert outcome.shapes == "x (3, 4), w (5, 2)"


def test_a_crash_names_the_operands_even_if_they_are_not_plain_names():
    source = """
import numpy as np

class Net:
    def __init__(self, w):
        self.params = {"W1": w}

    def loss(self, x):
        return [np.einsum("ij,jk->ik",
                          rows,
                          self.params["W1"]) for rows in [x]]

def f(x, w):
    return Net(w).loss(x)
"""
    outcome = run(source, "out = fc_net.f(x, w)", x=np.zeros((3, 4)), w=np.zeros((5, 2)))
    assert (outcome.function, outcome.entered) == ("Net.loss", "f")
    assert outcome.shapes == "rows (3, 4), self.params['W1'] (5, 2)"
    assert outcome.source.endswith('self.params["W1"]) for rows in [x]]')


def test_a_value_or_an_error_that_cannot_be_read_is_a_crash_too():
    source = """
        class Tricky(list):
            def __iter__(self):
                raise ZeroDivisionError
        class Unprintable(Exception):
            def __str__(self):
                raise ValueError
        def raise_it():
            raise Unprintable
    """
    assert run(source, "out = fc_net.Tricky()").error == "ZeroDivisionError"
    assert run(source, "fc_net.raise_it()").error in ("Unprintable", "ValueError")


def test_the_same_seed_draws_the_same_numbers():
    source = "import numpy as np, random\ndef f():\n    return np.random.rand(3), random.random()"
    with worker(source) as held:
        a, b, c = (held.run("out = fc_net.f()", {}, ("out",), seed).values["out"] for seed in (7, 7, 8))
    np.testing.assert_array_equal(a[0], b[0])
    assert a[1] == b[1] != c[1]


@pytest.mark.parametrize(
    "noise",
    [
        "print('x' * 1_000_000)",
        "import sys; sys.stdout.write('{}'); sys.stdout.flush(); sys.stderr.write('no'); sys.__stdout__.write('x')",
        "import os; os.write(1, b'noise'); os.write(2, b'noise')",
        "import io, sys; sys.stdout = io.StringIO(); sys.stdin.close()",
        "import sys; del sys.stdout, sys.stderr",
        "import warnings; warnings.warn('careful')",
        "import sys; assert sys.stdin.read() == ''",
        "import logging; logging.basicConfig(level=0); logging.info('x')",
    ],
)
def test_what_a_submission_prints_disturbs_nothing(noise):
    with worker(f"{noise}\ndef f():\n    {noise.replace('sys.stdin.close()', 'pass')}\n    return 5") as held:
        for _ in range(2):
            outcome = held.run("out = fc_net.f()", {}, ("out",))
            assert isinstance(outcome, Ran) or outcome.error == "AttributeError", outcome
    assert isinstance(outcome, Ran) == ("del sys.stdout" not in noise)


def test_what_cannot_cross_is_named():
    assert run("def f():\n    return {1, 2}, 2 ** 70", "out = fc_net.f()").values["out"] == (
        Opaque("set"),
        Opaque("int of more than 64 bits"),
    )


@pytest.mark.parametrize("result", ["np.zeros(200_000)", "['name'] * 200_000"])
def test_a_result_above_the_limit_is_the_programs_fault_and_not_the_end(result):
    with worker("", limits=Limits(output=1_000_000, structure=100_000)) as held:
        outcome = held.run(f"out = {result}", {}, ("out",))
        assert "cannot be judged" in outcome.message
        assert outcome.error == "TooLarge"
        assert held.run("out = 1", {}, ("out",)) == Ran({"out": 1})


@pytest.mark.parametrize(
    "program",
    [
        "fc_net.relu_forward(np.zeros((1, 8193)))",
        "fc_net.relu_forward(np.zeros((5, 1000, 1000)))",
        "fc_net.affine_forward(np.zeros((8000, 1)), np.zeros((1, 8000)), np.zeros(1))",
        "for _ in range(2): fc_net.relu_forward(np.zeros((2000, 1900)))",
    ],
    ids=["a long side", "many items", "a giant product", "many questions"],
)
def test_questions_with_huge_arrays_are_refused(program):
    def answer(*question: object) -> object:
        return 0.0

    with Worker(
        Unconfined(), {"fc_net": "from .layers import *"}, "fc_net", LAYERS, Here(answer, LAYERS), package="nndl"
    ) as held:
        outcome = held.run(program, {}, ())
    assert outcome.error == "ValueError"
    assert "larger than any check needs" in outcome.message


@pytest.mark.slow
def test_a_question_may_take_the_programs_time_but_no_more():
    def slow(*question: object) -> object:
        end = time.process_time() + 0.6
        while time.process_time() < end:
            pass
        return 0.0

    source = "from .layers import *\ndef f():\n    return [relu_forward(1.0) for _ in range(3)]"
    with (
        Worker(
            Unconfined(), {"fc_net": source}, "fc_net", LAYERS, Here(slow, LAYERS), Limits(seconds=1.0), package="nndl"
        ) as held,
        pytest.raises(WorkerLost) as lost,
    ):
        held.run("out = fc_net.f()", {}, ("out",))
    assert lost.value.reason == "timeout"


SEVERAL = """
    from .layers import affine_forward
    count = 0
    def f(x, w, b):
        global count
        count += 1
        out, _ = affine_forward(x, w, b)
        return out * count
    def end():
        import os
        os._exit(3)
    def fail():
        raise ValueError("no")
    def sleep():
        import time
        time.sleep(60)
"""
ONE_MORE = ("out = fc_net.f(x, w, b)", {"x": X, "w": W, "b": B}, ("out",))


def test_several_programs_give_what_each_gives_alone() -> None:
    large = KeptInputs(x=np.ones((2, 200, 30)), w=np.ones((6_000, 5)), b=B)
    jobs = [
        ONE_MORE,
        ("out = fc_net.fail()", {}, ("out",)),
        (ONE_MORE[0], large, ("out",)),
        ("x *= 2", {"x": X}, ()),
        ONE_MORE,
    ]
    with worker(SEVERAL) as together, worker(SEVERAL) as alone:
        found = list(together.run_several(jobs, 0, lambda: 5.0))
        expected = [alone.run(*job) for job in jobs]
    np.testing.assert_equal([vars(one) for one in found], [vars(one) for one in expected])
    assert [getattr(one, "error", "") for one in found] == ["", "ValueError", "", "", ""]


@pytest.mark.parametrize(("program", "reason"), [("fc_net.end()", "killed"), ("fc_net.sleep()", "timeout")])
def test_a_program_that_loses_the_worker_loses_no_result_that_has_arrived(program: str, reason: str) -> None:
    asks = "out = [fc_net.f(x, w, b) for _ in range(3)]"  # results before a question are sent with it
    jobs = [ONE_MORE, (asks, ONE_MORE[1], ()), (program, {}, ()), ONE_MORE]
    found = []
    with worker(SEVERAL) as held:
        with pytest.raises(WorkerLost) as lost:
            found += held.run_several(jobs, 0, lambda: 0.5)
        assert lost.value.reason == reason
        assert isinstance(found[0], Ran)
        with pytest.raises(WorkerLost):
            held.run("out = 1", {}, ())


def test_each_of_several_programs_has_its_own_seconds() -> None:
    program = "import time; time.sleep(0.3)"
    with worker(SEVERAL) as held:
        assert len(list(held.run_several([(program, {}, ())] * 4, 0, lambda: 1.0))) == 4


def test_a_worker_whose_results_are_not_all_taken_is_closed() -> None:
    with worker(SEVERAL) as held:
        several = held.run_several([ONE_MORE] * 3, 0, lambda: 5.0)
        next(several)
        several.close()
        with pytest.raises(WorkerLost, match="closed"):
            held.run("out = 1", {}, ("out",))


def test_after_a_loss_the_worker_stays_lost():
    with worker("import os") as held:
        for _ in range(2):
            with pytest.raises(WorkerLost) as lost:
                held.run("fc_net.os._exit(3)", {}, ())
            assert lost.value.reason == "killed"


def test_closing_twice_does_nothing_and_leaves_nothing():
    close_idle_servers()
    before = set(os.listdir("/proc/self/fd"))
    held = worker("")
    scratch = held.scratch
    held.run("open('kept', 'w').write('x')", {}, ())
    assert os.listdir(scratch) == ["kept"]
    held.close()
    held.close()
    assert os.listdir(scratch) == []
    close_idle_servers()
    assert not os.path.exists(scratch)
    assert set(os.listdir("/proc/self/fd")) == before


def test_an_exception_of_the_graders_own_ends_the_worker():
    def interrupted(*question: object) -> object:
        raise KeyboardInterrupt

    with Worker(
        Unconfined(), {"fc_net": "from .layers import *"}, "fc_net", LAYERS, Here(interrupted, LAYERS), package="nndl"
    ) as held:
        with pytest.raises(KeyboardInterrupt):
            held.run("fc_net.relu_forward(1.0)", {}, ())
        assert not os.listdir(held.scratch)


def test_nothing_of_the_graders_environment_gets_in(monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "secret")
    outcome = run("import os", "out = dict(fc_net.os.environ)")
    assert "COURSE_SECRET" not in outcome.values["out"]
    assert outcome.values["out"]["OMP_NUM_THREADS"] == "1"


def test_a_worker_that_does_not_come_up_is_not_the_students_fault(monkeypatch, tmp_path):
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit('no numpy here')")
    real = readable.readable_files()
    argv = (*real.argv[:4], str(broken))
    monkeypatch.setattr(pool, "readable_files", lambda *needs: replace(real, argv=argv))
    with pytest.raises(SandboxUnavailable, match="no numpy here"):
        worker("")


def test_a_course_with_two_processes_is_refused():
    with pytest.raises(ValueError, match="one process"):
        Limits(processes=2)


def test_an_unconfined_run_has_to_be_asked_for_by_its_name():
    assert choose_confinement("none").name == "none"
