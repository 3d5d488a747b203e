"""Grade one submission of a class, or bring back the report that an earlier run has kept.

A report is kept on disk under a key made of everything it depends on: the submission's bytes, the student, the
exercises and their points, the course's secret, the confinement, and the code of the grader and of the reference. What
has not changed is not graded again, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

import diskcache
import msgspec

from utils.checks.case import Finding

from ..course import Assignment, Course
from ..host.interruptions import interruption
from ..judging import oracle
from ..judging.secret import course_secret
from ..reference import Reference
from ..report import Report, Verdict
from ..sandbox import Confinement, SandboxUnavailable, choose_confinement
from ..submission import NotASubmission, Submission
from . import self_test
from .cache import code_digest, digest, keep, kept_results
from .collect import HandIn, read_submission


@dataclass(frozen=True)
class Graded:
    """A submission with its report.

    Attributes
    ----------
    hand_in : HandIn
    report : Report
    kept : bool
        Whether the report is one that was kept, rather than made now.
    """

    hand_in: HandIn
    report: Report
    kept: bool


def ready(course: Course, assignment: Assignment, sandbox: str = "auto") -> Confinement:
    """Choose the sandbox, and try once whether the reference passes in it; see `self_test.require`.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : str
        A name for `grader.sandbox.choose_confinement`.

    Returns
    -------
    Confinement
        What submissions are to run in.

    Raises
    ------
    CourseError, SandboxUnavailable, SelfTestFailed
        When nothing that is handed in can be graded here.
    """
    oracle.require_packages(course, assignment)
    confinement = choose_confinement(sandbox)
    self_test.require(course, assignment, confinement)
    return confinement


def report_for(
    course: Course, assignment: Assignment, hand_in: HandIn, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    """Grade one submission, or bring back the report that was kept.

    Whatever is wrong with the submission ends up in the report.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed.
    SandboxUnavailable, SelfTestFailed
        When there is nothing to run it in, or the reference does not pass in it.
    Interrupted
        When the machine gets in the way: that is never held against a submission.
    """
    confinement = ready(course, assignment, sandbox)
    kept = None if again else kept_report(course, assignment, hand_in, confinement)
    if kept:
        return kept
    try:
        submission = read_submission(course, assignment, hand_in.path)
        secret = course_secret(course.root)
        report = oracle.grade(submission, course, assignment, hand_in.student, confinement=confinement, secret=secret)
    except SandboxUnavailable:
        raise
    except NotASubmission as error:
        return Graded(hand_in, no_report(assignment, hand_in, str(error)), False)
    except Exception as error:  # a fault of the grader's own must not stop the class, nor give points
        if stopped := interruption(error, course.root):
            raise stopped from error
        return Graded(
            hand_in,
            no_report(assignment, hand_in, f"the grader failed on it: {type(error).__name__}: {error}"[:500]),
            False,
        )
    key = _cache_key(course, assignment, hand_in.student, submission, confinement)
    keep(course, {key: msgspec.json.encode(report)})
    return Graded(hand_in, report, False)


def kept_report(course: Course, assignment: Assignment, hand_in: HandIn, confinement: Confinement) -> Graded | None:
    """The report of an earlier run, where nothing it depends on has changed."""
    try:
        submission = read_submission(course, assignment, hand_in.path)
        with kept_results(course) as store:
            found = store.get(_cache_key(course, assignment, hand_in.student, submission, confinement))
        return Graded(hand_in, msgspec.json.decode(found, type=Report), True) if isinstance(found, bytes) else None
    except (NotASubmission, msgspec.DecodeError, OSError, sqlite3.Error, diskcache.Timeout):
        return None  # grading it anew says what is wrong


def no_report(assignment: Assignment, hand_in: HandIn, why: str) -> Report:
    """A report that gives nothing and says why."""
    hint = f"Not graded: {why.replace(f'{hand_in.path.parent}/', '')}."  # the way to it is the instructor's own
    verdicts = tuple(
        Verdict(exercise.name, 0.0, exercise.points, "error", (Finding("", "error", hint),))
        for exercise in assignment.exercises
    )
    return Report(assignment.name, hand_in.student, "not run", verdicts, (f"{hint} Look at it by hand.",))


def _cache_key(
    course: Course, assignment: Assignment, student: str, submission: Submission, confinement: Confinement
) -> str:
    parts = (
        submission.digest.encode(),
        "\n".join(submission.remarks).encode(errors="surrogatepass"),
        student.encode(errors="surrogatepass"),
        msgspec.json.encode([assignment.name, assignment.exercises, course.limits, course.grading]),
        hashlib.sha256(course_secret(course.root)).digest(),
        confinement.name.encode(),
        code_digest(Reference.of(course)),
    )
    return digest(parts)
