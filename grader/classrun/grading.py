"""Grade one submission of a class, or return the report of it that is in the cache.

The key of a report in the cache is made of everything that the report depends on: the submission's bytes, the student,
the exercises and their points, the course's secret, the confinement, and the code of the grader and of the reference.
So a submission is graded again only if one of these has changed, and a run that was stopped continues where it was.
A report in which a program ran out of time, or was killed, is not kept: the next run grades that submission again.
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
from .cache import code_digest, digest, keep, open_cache
from .collect import HandIn, read_submission


@dataclass(frozen=True)
class Graded:
    """A submission with its report.

    Attributes
    ----------
    hand_in : HandIn
    report : Report
    kept : bool
        Whether the report comes from the cache; otherwise it was made now.
    """

    hand_in: HandIn
    report: Report
    kept: bool


def ready(course: Course, assignment: Assignment, sandbox: str = "auto") -> Confinement:
    """Choose the confinement, and make sure that the reference passes in it; see `self_test.require`.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : str, default "auto"
        The name of a confinement, as for `grader.sandbox.choose_confinement`.

    Returns
    -------
    Confinement
        The confinement that submissions are to run in.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed, or the course cannot be used.
    SandboxUnavailable
        When this confinement does not work on this machine.
    SelfTestFailed
        When the reference does not pass in it.
    Interrupted
        When the machine fails, such as with a full disk.
    """
    oracle.require_packages(course, assignment)
    confinement = choose_confinement(sandbox)
    self_test.require(course, assignment, confinement)
    return confinement


def report_for(
    course: Course, assignment: Assignment, hand_in: HandIn, *, sandbox: str = "auto", again: bool = False
) -> Graded:
    """Grade one submission, or return its report from the cache.

    Whatever is wrong with the submission is said in the report, and raises nothing.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_in : HandIn
    sandbox : str, default "auto"
        As for `ready`.
    again : bool, default False
        Grade the submission even if its report is in the cache.

    Raises
    ------
    CourseError
        When the assignment needs a package that is not installed.
    SandboxUnavailable
        When there is no confinement to run it in.
    SelfTestFailed
        When the reference does not pass in the confinement.
    Interrupted
        When the machine fails, such as with a full disk; this never lowers the score of a submission.
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
        return Graded(hand_in, ungraded_report(assignment, hand_in, str(error)), False)
    except Exception as error:  # a mistake in the grader itself must not stop the whole class, nor give points
        if stopped := interruption(error, course.root):
            raise stopped from error
        return Graded(
            hand_in,
            ungraded_report(assignment, hand_in, f"the grader failed on it: {type(error).__name__}: {error}"[:500]),
            False,
        )
    if is_lasting(report):
        key = _cache_key(course, assignment, hand_in.student, submission, confinement)
        keep(course, {key: msgspec.json.encode(report)})
    return Graded(hand_in, report, False)


def kept_report(course: Course, assignment: Assignment, hand_in: HandIn, confinement: Confinement) -> Graded | None:
    """Return the report that an earlier run has kept; None if there is none, or what it depends on has changed."""
    try:
        submission = read_submission(course, assignment, hand_in.path)
        with open_cache(course) as store:
            value = store.get(_cache_key(course, assignment, hand_in.student, submission, confinement))
        report = msgspec.json.decode(value, type=Report) if isinstance(value, bytes) else None
        return Graded(hand_in, report, True) if report and is_lasting(report) else None
    except (NotASubmission, msgspec.DecodeError, OSError, sqlite3.Error, diskcache.Timeout):
        return None  # then the submission is graded now, and that says what is wrong


def is_lasting(report: Report) -> bool:
    """Whether a report would be the same on any machine at any time, so that it may be kept.

    It is not where a program ran out of time or was killed: the machine may have had a part in that.
    """
    said = {finding.verdict for verdict in report.exercises for finding in verdict.findings}
    return not said & {"timeout", "killed"}


def ungraded_report(assignment: Assignment, hand_in: HandIn, why: str) -> Report:
    """Return a report without points that says why the submission could not be graded.

    Parameters
    ----------
    assignment : Assignment
    hand_in : HandIn
    why : str
        The reason, without a full stop.
    """
    # Students read this: the folders on the instructor's machine are left out.
    hint = f"Not graded: {why.replace(f'{hand_in.path.parent}/', '')}."
    verdicts = tuple(
        Verdict(exercise.name, 0.0, exercise.points, "error", (Finding("", "error", hint),))
        for exercise in assignment.exercises
    )
    return Report(assignment.name, hand_in.student, "not run", verdicts, (f"{hint} Look at it by hand.",))


def _cache_key(
    course: Course, assignment: Assignment, student: str, submission: Submission, confinement: Confinement
) -> str:
    """Return the key of a report in the cache, made of everything that the report depends on."""
    parts = (
        submission.digest.encode(),
        # Names of files and folders may not be valid UTF-8; Python holds them with surrogates.
        "\n".join(submission.remarks).encode(errors="surrogatepass"),
        student.encode(errors="surrogatepass"),
        msgspec.json.encode([assignment.name, assignment.exercises, course.limits, course.grading]),
        hashlib.sha256(course_secret(course.root)).digest(),
        confinement.name.encode(),
        code_digest(Reference.of(course)),
    )
    return digest(parts)
