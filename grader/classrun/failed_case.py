"""Find a hidden case in which a submission's answer is wrong, for a student who asks why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from utils.checks.case import Case
from utils.checks.compare import Fault
from utils.checks.diagnose import CaseResult
from utils.checks.program import Answer, Crash

from ..course import Course, Exercise
from ..errors import UnusableInput
from ..judging.budget import Budget, OutOfBudget
from ..judging.case_bank import case_bank
from ..judging.own_files import OwnFiles
from ..judging.prerequisites import called_beside
from ..judging.submitted_module import SubmittedModule
from ..reference import Reference
from ..sandbox import Confinement, WorkerLost
from ..submission import Submission


@dataclass(frozen=True)
class FailedCase:
    """A hidden case with what a submission answered.

    Attributes
    ----------
    case : Case
    answer : Ran, Crash or None
        None where the code did not come to an end.
    faults : tuple of Fault
        What is wrong with the outputs.
    seen : tuple of str
        The same in sentences, with what else is wrong; at least one.
    changed : tuple of str, default ()
        Inputs that the code has changed in place and should not.
    """

    case: Case
    answer: Answer | None
    faults: tuple[Fault, ...]
    seen: tuple[str, ...]
    changed: tuple[str, ...] = ()


def find_failed_case(
    submission: Submission,
    course: Course,
    exercise: Exercise,
    student: str,
    *,
    confinement: Confinement,
    secret: bytes,
    title: str = "",
) -> FailedCase:
    """Run a student's hidden cases in the sandbox, and return the first in which the answer is wrong.

    Parameters
    ----------
    submission : Submission
    course : Course
    exercise : Exercise
        No trained net.
    student, confinement, secret
        As for `grader.judging.oracle.judge`, so that the cases are those of the student's grade.
    title : str, default ""
        The title of the case that is preferred, if the answer is wrong in it.

    Raises
    ------
    UnusableInput
        When nothing was handed in, or the answer is right in every case, or the exercise is a trained net.
    CourseError, SandboxUnavailable
        As for `grader.judging.oracle.judge`.
    """
    module = exercise.written_in[0]
    if exercise.score:
        raise UnusableInput(
            f"{exercise.name} is a trained net, which has no cases; the student's page has its accuracy."
        )
    part = OwnFiles(submission, course).part(module)
    if exercise.file not in part.files:
        raise UnusableInput(f"{exercise.file} was not handed in, so there is no case to show.")
    reference = Reference.of(course)
    trial = case_bank(reference, exercise.name, secret).trial(student)
    order = sorted(range(len(trial.cases)), key=lambda index: trial.cases[index].title != title)
    answered = called_beside(course, reference, module, trial.recipe.function)
    judged = SubmittedModule(
        part, course, module, reference, confinement, Budget(course.limits), answered_beside=answered
    )
    with judged as submitted:
        for index in order:
            submitted.budget.begin()
            case, right = trial.cases[index], trial.expected(index)
            try:
                (answer,) = submitted.answer_all([case], trial.recipe.function, ())
            except (WorkerLost, OutOfBudget) as lost:
                why = lost.message if isinstance(lost, WorkerLost) else str(lost)
                return FailedCase(case, None, (), (f"The code did not come to an end: {why}.",))
            finally:
                submitted.budget.end()
            result = CaseResult(case, right.values, answer)
            if seen := tuple(_seen(result)):
                return FailedCase(case, answer, tuple(result.faults()), seen, result.mutated)
    raise UnusableInput(
        f"{exercise.name} of {student} is right in all {len(trial.cases)} hidden cases; "
        "if points are missing, a gradient was numeric, or two functions have the same body."
    )


def _seen(result: CaseResult) -> Iterator[str]:
    """Yield what is wrong in a case, in sentences."""
    if isinstance(result.answer, Crash):
        yield f"{result.answer.error}: {result.answer.message}"
    yield from (fault.sentence for fault in result.faults())
    yield from (f"{name} is changed in place." for name in result.mutated)
