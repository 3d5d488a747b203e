"""PyTorch inside the sandbox: is its start paid once, and does a right answer to HW6 earn everything?"""

from __future__ import annotations

import pytest

from grader.classrun import self_test
from grader.course import Course
from grader.judging import oracle
from grader.sandbox import Confinement, Limits, Worker, fork_server
from grader.sandbox import worker as worker_module
from utils.checks.program import Ran

pytest.importorskip("torch", reason="PyTorch, which only HW6 needs, is not installed: pip install torch")

# A convolution and its gradient: what needs the most memory, and the thread pools, of all that HW6 judges.
PROGRAM = """\
import torch
x = torch.randn(64, 32, 32, 32, requires_grad=True)
torch.nn.functional.conv2d(x, torch.randn(16, 32, 3, 3), padding=1).relu().sum().backward()
shape, threads = tuple(x.grad.shape), torch.get_num_threads()
"""


def test_a_gradient_fits_the_limits_of_the_course(confinement: Confinement, course: Course) -> None:
    limits = Limits(seconds=course.limits.seconds, memory=course.limits.memory_bytes)
    with Worker(confinement, {"own": "import torch"}, "own", {}, None, limits, packages=("torch",)) as worker:
        assert worker.run(PROGRAM, {}, ("shape", "threads")) == Ran({"shape": (64, 32, 32, 32), "threads": 1})


def test_the_processor_is_used_as_outside_of_the_sandbox(
    confinement: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch reads what the processor can do from a file that no worker may read."""
    import torch

    def capability() -> object:
        with Worker(confinement, {"own": ""}, "own", {}, packages=("torch",)) as worker:
            answer = worker.run("import torch\nfound = torch.backends.cpu.get_cpu_capability()", {}, ("found",))
        assert isinstance(answer, Ran)
        return answer.values["found"]

    outside = torch.backends.cpu.get_cpu_capability()
    assert capability() == outside
    if outside in ("AVX2", "AVX512"):
        fork_server.close_idle_servers()
        monkeypatch.setattr(fork_server, "vector_instructions", dict)
        assert capability() == ("DEFAULT" if confinement.name != "none" else outside)
        fork_server.close_idle_servers()


def test_an_optimiser_can_be_used(confinement: Confinement) -> None:
    """The first one asks for a folder to cache compiled code in, which it could not make."""
    program = "import torch\np = torch.zeros(3, requires_grad=True)\ntorch.optim.SGD([p], lr=0.1).step()"
    with Worker(confinement, {"own": ""}, "own", {}, packages=("torch",)) as worker:
        assert worker.run(program, {}, ()) == Ran({}, ())


def test_torch_is_there_before_the_first_program(confinement: Confinement) -> None:
    def loaded(*packages: str) -> object:
        with Worker(confinement, {"own": ""}, "own", {}, None, packages=packages) as worker:
            answer = worker.run("import sys\nthere = 'torch' in sys.modules", {}, ("there",))
        assert isinstance(answer, Ran)
        return answer.values["there"]

    assert loaded("torch") is True
    assert loaded() is False


def test_the_first_tensor_without_numbers_imports_nothing(
    confinement: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch imports hundreds of modules then, which every submission would pay for."""
    program = """\
import sys, torch
before = set(sys.modules)
torch.randn((2, 3), device="meta") * 2
imported = len(set(sys.modules) - before)
"""

    def imported() -> int:
        with Worker(confinement, {"own": ""}, "own", {}, packages=("torch",)) as worker:
            answer = worker.run(program, {}, ("imported",))
        assert isinstance(answer, Ran)
        return int(str(answer.values["imported"]))

    assert imported() < 10
    monkeypatch.setattr(worker_module, "IMPORTED_LATER", {})
    assert imported() > 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_reference_earns_everything_in_hw6(confinement: Confinement, course: Course) -> None:
    """And its net of an own design, which nobody has trained, is built and run."""
    submission = self_test.reference_submission(course, course["hw6"])
    report = oracle.grade(submission, course, course["hw6"], "somebody", confinement=confinement, secret=b"secret")
    assert {verdict.name: verdict.verdict for verdict in report.exercises} == {
        exercise.name: "fail" if exercise.constructor else "pass" for exercise in course["hw6"].exercises
    }
