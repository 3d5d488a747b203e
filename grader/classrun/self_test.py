"""Grade the reference before any submission, and refuse to grade a class on a machine on which the reference fails.

A limit may be too small for a package that is installed, a library may need a system call that the filter refuses, or a
machine may be too slow. Each of these would cost every student points without any mistake of theirs. A successful
self-test is kept in the cache under a key of everything it depends on, so later runs need not repeat it.
"""

from __future__ import annotations

import os
import resource
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

import msgspec

from ..course import Assignment, Course, Exercise
from ..errors import GraderError, SelfTestFailed
from ..host.interruptions import interruption
from ..judging import models, oracle
from ..recipes import OwnNet, RecipeBook, trained_net
from ..reference import Reference
from ..report import Report, Verdict
from ..sandbox import Confinement
from ..sandbox.privileges import capabilities
from ..submission import Submission
from .cache import Cache, digest
from .keys import Keys

_STUDENT, _SECRET = "the reference", b"what the self-test's cases are drawn from"
_PASSED = b"passed"
# An untrained net earns few points or none, so for a trained net it is enough that its accuracy could be measured.
_JUDGED = ("pass", "partial", "fail")
_passed_here: set[str] = set()  # keys of self-tests known to be successful, so that a process reads the cache once


def require(course: Course, assignment: Assignment, confinement: Confinement, *, again: bool = False) -> None:
    """Raise an error unless the reference gets full marks for an assignment in the sandbox on this machine.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    confinement : Confinement
        The confinement that submissions will run in.
    again : bool, default False
        Grade the reference even if the cache says that it has passed.

    Raises
    ------
    SelfTestFailed
        When it does not; the message says which exercise fails, what happened, and what to do.
    CourseError
        When the assignment needs a package that is not installed, or a file of the course cannot be used.
    SandboxUnavailable
        When no worker can be started.
    Interrupted
        When the machine fails, such as with a full disk.
    """
    oracle.require_packages(course, assignment)
    key = _key(course, assignment, confinement)
    if not again and (key in _passed_here or _is_kept(course, key)):
        _passed_here.add(key)
        return
    run(course, assignment, confinement)
    with Cache(course) as cache:
        cache.put({key: _PASSED})
    _passed_here.add(key)


def run(course: Course, assignment: Assignment, confinement: Confinement) -> None:
    """Grade the reference, and keep no result; it raises the same errors as `require`."""
    report = _grade_reference(course, assignment, confinement)
    failed = [
        verdict
        for exercise, verdict in zip(assignment.exercises, report.exercises, strict=True)
        if verdict.verdict not in (_JUDGED if exercise.score else ("pass",))
    ]
    if failed:
        raise SelfTestFailed(_refusal(assignment, confinement, failed))
    solved = [exercise.name for exercise in assignment.exercises if not exercise.score]
    # Grading a right answer never reads the misconceptions. So look here whether they can be used, not in the middle of
    # a class.
    RecipeBook(Reference.of(course)).require(course, solved)


def reference_submission(course: Course, assignment: Assignment) -> Submission:
    """Return the reference as a submission: its modules, and an untrained net for each trained net that is graded."""
    reference = Reference.of(course)
    files = {f"{course.package}/{module}.py": reference.source(module).encode() for module in reference.modules}
    for exercise in assignment.exercises:
        if exercise.score:
            files[exercise.file] = _untrained(reference, exercise)
    return Submission({name: data for name, data in files.items() if name in assignment.files}, ())


def _untrained(reference: Reference, exercise: Exercise) -> bytes:
    """Return the file of a net that nobody has trained."""
    net = trained_net(reference, exercise.name)
    if isinstance(net, OwnNet):
        module, function = exercise.written_in
        return net.untrained(getattr(reference.module(module), function))
    return models.untrained(models.given_net(reference, exercise))


def _grade_reference(course: Course, assignment: Assignment, confinement: Confinement) -> Report:
    """Grade the reference as a submission is graded; raise SelfTestFailed if the grader itself fails."""
    try:
        submission = reference_submission(course, assignment)
        return oracle.grade(submission, course, assignment, _STUDENT, confinement=confinement, secret=_SECRET)
    except GraderError:
        raise
    except Exception as error:
        if stopped := interruption(error, course.root):
            raise stopped from error
        raise SelfTestFailed(
            f"{assignment.name} is not graded, because the grader itself fails on the reference "
            f"({type(error).__name__}: {error}); repair that and run the same command again."
        ) from error


def _refusal(assignment: Assignment, confinement: Confinement, failed: list[Verdict]) -> str:
    """Return the error message: the first exercise that failed with its hint, and how many others in which file."""
    first, *others = failed
    hint = next((finding.hint for finding in first.findings if finding.hint), first.verdict).rstrip(".")
    modules = Counter(verdict.name.partition(".")[0] for verdict in others)
    also = "".join(f", and {count} more of {module}" for module, count in modules.items())
    return (
        f"{assignment.name} is not graded, because on this machine the reference itself does not pass in the sandbox "
        f"({confinement.name}): {first.name} ({hint}){also}; raise seconds or memory under [limits] in course.toml, or "
        "repair what is named here, and run the same command again."
    )


def _is_kept(course: Course, key: str) -> bool:
    """Return whether the cache says that this self-test was successful."""
    with Cache(course) as cache:
        return cache.get(key) == _PASSED


def _key(course: Course, assignment: Assignment, confinement: Confinement) -> str:
    """Return the key of a self-test in the cache, made of everything that its result depends on."""
    return digest(
        (
            b"self-test",
            msgspec.json.encode([assignment.name, assignment.exercises, course.limits, course.grading]),
            confinement.name.encode(),
            *Keys(course, assignment, confinement).common.values(),
            *_machine(course),
        )
    ).hex()


def _machine(course: Course) -> Iterator[bytes]:
    """Yield what else can decide whether a worker succeeds: the kernel, the user, resource limits and packages."""
    yield repr((tuple(os.uname()), os.getuid(), capabilities(), _resource_limits())).encode()
    for package in ("numpy", *sorted(set(course.packages.values()))):
        yield _installed(package)


def _resource_limits() -> list[tuple[int, int]]:
    """Return the resource limits of this process, soft and hard, which its workers cannot exceed."""
    names = sorted(name for name in vars(resource) if name.startswith("RLIMIT_"))
    return [resource.getrlimit(getattr(resource, name)) for name in names]


@cache
def _installed(package: str) -> bytes:
    """Return a package's list of files and checksums; empty if it is not installed.

    A version number would not do, since builds of the same version differ, such as with CUDA and without.
    """
    try:
        return (distribution(package).read_text("RECORD") or "").encode()
    except PackageNotFoundError:
        return b""
