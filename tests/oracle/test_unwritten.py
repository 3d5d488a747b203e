"""A file in which nothing is written is run once; who hands in the same program gets the very outcomes of that run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from submissions import solved, submission

from grader.course import Course
from grader.judging import oracle, unwritten
from grader.judging.outcome import Outcome
from grader.judging.submitted_module import SubmittedModule
from grader.reference import Reference
from grader.sandbox import choose_confinement

MODULES = ("layers", "fc_net")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unwritten, "_known", {})


@pytest.fixture
def modules_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The modules that have started a worker."""
    started: list[str] = []
    start = SubmittedModule._imported

    def noted(self: SubmittedModule) -> object:
        started.append(self.module)
        return start(self)

    monkeypatch.setattr(SubmittedModule, "_imported", noted)
    return started


def judge(course: Course, files: dict[str, bytes], student: str) -> dict[str, Outcome]:
    exercises = [one for one in course["hw3"].exercises if one.written_in[0] in MODULES]
    sandbox = choose_confinement("auto")
    return oracle.judge(submission(files), course, exercises, student, confinement=sandbox, secret=b"of the tests")


def stubs(course: Course) -> dict[str, bytes]:
    return {f"nndl/{name}.py": (course.root / "nndl" / f"{name}.py").read_bytes() for name in MODULES}


def without_times(outcomes: dict[str, Outcome]) -> dict[str, tuple[object, ...]]:
    return {name: (one.share, one.findings, one.lost) for name, one in outcomes.items()}


def test_the_second_student_starts_no_worker_and_gets_what_a_run_gives(
    course: Course, modules_run: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commented = {name: b"# handed in late, sorry\n\n" + text for name, text in stubs(course).items()}
    judge(course, stubs(course), "ana")
    assert modules_run == list(MODULES)
    known = judge(course, commented, "ben")
    assert modules_run == list(MODULES)
    monkeypatch.setattr(unwritten, "_known", {})
    run = judge(course, commented, "ben")
    assert modules_run == [*MODULES, *MODULES]
    assert without_times(known) == without_times(run)


def test_a_file_in_which_something_is_written_is_run(
    course: Course, reference: Reference, modules_run: list[str]
) -> None:
    judge(course, stubs(course), "ana")
    modules_run.clear()
    half = stubs(course) | {"nndl/layers.py": solved(reference)["nndl/layers.py"]}
    outcomes = judge(course, half, "ben")
    assert modules_run == list(MODULES)  # the nets, too, because they stand on other layers now
    assert outcomes["layers.affine_forward"].share == 1


def test_code_that_changes_what_a_stub_does_is_run(course: Course, modules_run: list[str]) -> None:
    judge(course, stubs(course), "ana")
    modules_run.clear()
    files = stubs(course)
    files["nndl/layers.py"] += (
        b"\n\ndef affine_forward(x, w, b):\n    return x.reshape(len(x), -1) @ w + b, (x, w, b)\n"
    )
    outcomes = judge(course, files, "ben")
    assert "layers" in modules_run
    assert outcomes["layers.affine_forward"].share > 0.5


@pytest.mark.parametrize("text", [b"def (", b"x = '\\x00'\n" + b"(" * 50_000])
def test_a_file_that_is_no_program_is_never_remembered(course: Course, text: bytes) -> None:
    judge(course, {"nndl/layers.py": text + b"\n# raise NotImplementedError" * 9}, "ana")
    assert not unwritten._known


def test_code_behind_a_comment_that_a_carriage_return_ends_counts(course: Course) -> None:
    files = stubs(course)
    answer = b"def affine_forward(x, w, b):\r    return x.reshape(len(x), -1) @ w + b, (x, w, b)\n"
    changed = files | {"nndl/layers.py": files["nndl/layers.py"] + b"\n# mine\r" + answer}
    exercises = [one for one in course["hw3"].exercises if one.written_in[0] == "layers"]
    keys = {unwritten._key(submission(each), exercises) for each in (files, changed)}
    assert len(keys) == 2


def test_a_points_earning_or_crashing_file_is_never_remembered(course: Course, reference: Reference) -> None:
    judge(course, solved(reference), "ana")
    broken = {
        name: text.replace(b"raise NotImplementedError", b"raise ValueError") for name, text in stubs(course).items()
    }
    judge(course, broken, "ana")
    assert not unwritten._known
