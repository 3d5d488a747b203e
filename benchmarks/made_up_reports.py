"""Reports that are made up, without grading anything, to try the pages of a class of any size."""

from __future__ import annotations

import random
from collections.abc import Iterator

from grader.course import Assignment, Course, Exercise
from grader.recipes import Misconception, recipe
from grader.reference import Reference
from grader.report import Report, Verdict
from grader.wording import VerdictName
from utils.checks.case import Finding

_SHARES: dict[VerdictName, float] = {
    "pass": 0.6,
    "partial": 0.1,
    "fail": 0.2,
    "missing": 0.06,
    "error": 0.025,
    "timeout": 0.01,
    "killed": 0.005,
}
_GIVEN = ("Ada", "Björn", "Chloé", "Dào", "Eero", "Fatma", "José", "Kübra", "Łukasz", "Nour", "Σοφία", "نور")
_FAMILY = ("Åkesson", "Brown", "Đặng", "Ek", "Ferreira", "García", "Ito", "Müller", "O'Neill", "Zhang")


def made_up_reports(course: Course, assignment: Assignment, count: int, seed: int = 0) -> Iterator[Report]:
    """Make reports up: some of good students, some of others, with the hints of the course's own misconceptions.

    Parameters
    ----------
    course, assignment : Course, Assignment
    count : int
        How many; no two are of the same student.
    seed : int, default 0

    Yields
    ------
    Report
    """
    rng = random.Random(seed)
    reference = Reference.of(course)
    known = {
        exercise.name: () if exercise.score else recipe(reference, exercise.name).misconceptions
        for exercise in assignment.exercises
    }
    for number in range(count):
        skill = rng.random()
        verdicts = tuple(_verdict(exercise, known[exercise.name], skill, rng) for exercise in assignment.exercises)
        remarks = ("numpy.py is not one of the files; it was ignored.",) if rng.random() < 0.02 else ()
        name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)} {number:05}"
        yield Report(assignment.name, name, "landlock", verdicts, remarks)


def _verdict(exercise: Exercise, known: tuple[Misconception, ...], skill: float, rng: random.Random) -> Verdict:
    """Make the verdict on one exercise up; the better the student, the likelier it is right."""
    right = rng.random() < skill
    verdict = "pass" if right else rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    share = {"pass": 1.0, "partial": rng.choice((0.25, 0.5, 0.75))}.get(verdict, 0.0)
    findings: tuple[Finding, ...] = ()
    if verdict in ("partial", "fail"):
        mistake = rng.choice(known) if known and rng.random() < 0.7 else None
        hint = mistake.hint if mistake else "The numbers differ; look at the smallest case first."
        findings = (Finding("out", "fail", hint, mistake.id if mistake else None, "one row", ("core",)),)
    elif verdict != "pass":
        findings = (Finding("", verdict, "It raises ValueError: operands could not be broadcast.", None, "one row"),)
    return Verdict(
        exercise.name, round(share * exercise.points, 2), exercise.points, verdict, findings, rng.expovariate(4)
    )
