"""Detect gradients that were computed by numeric differentiation instead of the chain rule.

A numeric derivative is accurate enough to pass every comparison, so its values do not give it away. Its cost does: it
runs the forward pass once or twice for every number that has a gradient. Therefore the grader asks once more for each
gradient that was right, in a large case. A numeric derivative does not finish that case within the time limit, while
even the slowest loop that follows the chain rule needs a small part of it (docs/grading.md has the figures).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from utils.checks.case import Case, Finding
from utils.checks.diagnose import LARGE, CaseResult, Judgement, has_right_numbers
from utils.checks.diagnose.derivative import is_derivative
from utils.checks.program import Answer, Crash

from .trial import Trial

CHAIN_RULE = (
    "A backward pass should take about as long as a forward pass, as the chain rule does; "
    "the cost of a numeric derivative grows with the number of inputs"
)

# Both return None if the code under test took too long.
Attempt = Callable[[Case], Answer | None]
Run = Callable[[str, Mapping[str, object], Sequence[str]], Answer | None]


@dataclass(frozen=True)
class FailedGradients:
    """Gradients that were right in the small cases and are missing or wrong in the large one.

    Attributes
    ----------
    outputs : frozenset of str
        The outputs that are these gradients.
    finding : Finding
        What to tell the student.
    """

    outputs: frozenset[str]
    finding: Finding

    def subtracted_from(self, judgement: Judgement) -> Judgement:
        """Return the judgement without the share that these gradients have earned.

        Parameters
        ----------
        judgement : Judgement
            The judgement by the small cases.
        """
        right = tuple(name for name in judgement.right if name not in self.outputs)
        score = judgement.score.without(self.outputs)
        kept = [finding for finding in judgement.findings if finding.verdict != "pass"]
        findings = (self.finding, *kept, *(Finding(name, "pass") for name in right))
        return replace(
            judgement, share=score.share, findings=findings, followed=score.followed, right=right, score=score
        )


def failed_gradients(
    judgement: Judgement, trial: Trial, attempt: Attempt, run: Run, seconds: float
) -> FailedGradients | None:
    """Run the large case, and return the gradients that earned points in the small cases and fail in it.

    Parameters
    ----------
    judgement : Judgement
        The judgement by the small cases.
    trial : Trial
        It draws the large case.
    attempt : callable
        ``attempt(case)`` returns the answer of the code under test, or None if that took too long.
    run : callable
        ``run(program, inputs, fetch)`` does the same for a program.
    seconds : float
        The time limit, for the hint.

    Returns
    -------
    FailedGradients or None
        None if all these gradients are right, if no gradient has earned anything, or if the exercise has no large
        case.

    Raises
    ------
    CourseError
        When the reference itself fails in the large case.
    """
    earning = {output for output, share in judgement.score.earned.items() if share}
    case = trial.large if earning else None
    if case is None or not earning & case.aspects.keys():
        return None
    answer = attempt(case)
    asked = frozenset(earning & case.aspects.keys())
    title, names = case.title, ", ".join(name for name in case.aspects if name in asked)
    if answer is None:
        hint = f"With {case.size:,} numbers as inputs this did not end within {seconds:g} seconds. {CHAIN_RULE}."
        return FailedGradients(asked, Finding(names, "timeout", hint, None, title, (LARGE,)))
    if isinstance(answer, Crash):
        hint = f"With {case.size:,} numbers as inputs: {answer}. {CHAIN_RULE}, and so does its need of memory."
        return FailedGradients(asked, Finding(names, "error", hint, None, title, (LARGE,)))
    # Right numbers in another shape or dtype have cost points in the small cases, and were not measured.
    found = CaseResult(case, trial.expected_large().values, answer).faults()
    faults = {fault.output: fault.sentence for fault in found if not has_right_numbers(case, fault)}
    # Outputs that earned follow-through are right derivatives of the submission's own wrong forward pass. So they are
    # compared with that forward pass, not with the reference.
    for name in judgement.followed_outputs:
        given = answer.values.get(name)
        if is_derivative(case, name, given, lambda inputs, fetch: run(case.program, inputs, fetch)) is False:
            faults[name] = f"{name} is not the derivative of what the forward pass computes"
        else:
            faults.pop(name, None)
    wrong = asked & faults.keys()
    if not wrong:
        return None
    hint = f"This is right for small inputs, and wrong for {case.size:,} numbers: {faults[min(wrong)]}."
    return FailedGradients(wrong, Finding(", ".join(sorted(wrong)), "fail", hint, None, title, (LARGE,)))
