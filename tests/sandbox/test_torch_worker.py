"""PyTorch inside the sandbox: is its start paid once, and does a right answer to HW6 earn everything?"""

from __future__ import annotations

import pytest

from grader import oracle
from grader.course import Course
from grader.reference import Reference
from grader.sandbox import Confinement, Limits, Worker
from grader.submission import Submission
from utils.checks.program import Ran

pytest.importorskip("torch", reason="PyTorch, which only HW6 needs, is not installed: pip install torch")

# A convolution and its gradient: what needs the most memory, and the thread pools, of all that HW6 judges.
PROGRAM = """\
import torch
x = torch.randn(64, 32, 32, 32, requires_grad=True)
torch.nn.functional.conv2d(x, torch.randn(16, 32, 3, 3), padding=1).relu().sum().backward()
shape, threads = tuple(x.grad.shape), torch.get_num_threads()
"""


def _no_answer(module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    raise AssertionError("nothing is asked")


def test_a_gradient_fits_the_limits_of_the_course(way: Confinement, course: Course) -> None:
    limits = Limits(seconds=course.limits.seconds, memory=course.limits.memory_bytes)
    with Worker(way, {"own": "import torch"}, "own", {}, _no_answer, limits, packages=("torch",)) as worker:
        assert worker.run(PROGRAM, {}, ("shape", "threads")) == Ran({"shape": (64, 32, 32, 32), "threads": 1})


def test_torch_is_there_before_the_first_program(way: Confinement) -> None:
    def loaded(*packages: str) -> object:
        with Worker(way, {"own": ""}, "own", {}, _no_answer, packages=packages) as worker:
            answer = worker.run("import sys\nthere = 'torch' in sys.modules", {}, ("there",))
        assert isinstance(answer, Ran)
        return answer.values["there"]

    assert loaded("torch") is True
    assert loaded() is False


@pytest.mark.timeout(600)
def test_the_reference_earns_everything_in_hw6(way: Confinement, course: Course, reference: Reference) -> None:
    names = ("torch_models", "net_visualization")
    files = {f"nndl/{name}.py": reference.source(name).encode() for name in names}
    submission = Submission(files=files, remarks=())
    report = oracle.grade(submission, course, course["hw6"], "somebody", confinement=way, secret=b"secret")
    assert {verdict.name: verdict.verdict for verdict in report.exercises} == {
        exercise.name: "missing" if exercise.constructor else "pass" for exercise in course["hw6"].exercises
    }
