"""Whether a gradient was computed, or measured.

A numeric derivative runs the forward pass once or twice for every number that has a gradient, and is right to more
digits than any tolerance asks for. What gives it away is what it costs. So a gradient that is right is asked for once
more, with inputs so large that a numeric derivative does not end in its time, while the slowest loops that follow the
chain rule take a small part of it (docs/grading.md has the figures).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from utils.checks.case import Case, Finding
from utils.checks.diagnose import CaseResult, Judgement
from utils.checks.diagnose.derivative import is_derivative
from utils.checks.program import Answer, Crash

from .trial import Trial

CHAIN_RULE = (
    "A backward pass should take about as long as a forward pass, as the chain rule does; "
    "the cost of a numeric derivative grows with the number of inputs"
)

Attempt = Callable[[Case], Answer | None]
Run = Callable[[str, Mapping[str, object], Sequence[str]], Answer | None]


@dataclass(frozen=True)
class Missed:
    """Gradients that are not there, or not right, where the inputs are large.

    Attributes
    ----------
    outputs : frozenset of str
    finding : Finding
        What to tell the student.
    """

    outputs: frozenset[str]
    finding: Finding

    def taken_from(self, judgement: Judgement, trial: Trial) -> Judgement:
        """The judgement without what these gradients have earned."""
        outputs = {name for case in trial.cases for name in case.aspects}
        right = tuple(name for name in judgement.right if name not in self.outputs)
        share = max(0.0, judgement.share - (len(judgement.right) - len(right)) / len(outputs))
        kept = [one for one in judgement.findings if one.verdict != "pass"]
        findings = (self.finding, *kept, *(Finding(name, "pass") for name in right))
        return replace(judgement, share=share, findings=findings, right=right)


def missed(judgement: Judgement, trial: Trial, attempt: Attempt, run: Run, seconds: float) -> Missed | None:
    """Look whether what gradients have earned in the other cases holds in the large one.

    Parameters
    ----------
    judgement : Judgement
        By the other cases.
    trial : Trial
    attempt : callable
        What the code under test answers to a case; None where it did not end in its time.
    run : callable
        The same for a program: ``run(program, inputs, fetch)``.
    seconds : float
        That time, for the hint.

    Returns
    -------
    Missed or None
        None where all holds, where no gradient has earned anything, and where the exercise has no large case.
    """
    earning = {*judgement.right, *judgement.followed_outputs}
    case = trial.large if earning else None
    if case is None or not earning & case.aspects.keys():
        return None
    answer = attempt(case)
    asked = frozenset(earning & case.aspects.keys())
    title, names = case.title, ", ".join(name for name in case.aspects if name in asked)
    if answer is None:
        said = f"With {case.size:,} numbers as inputs this did not end within {seconds:g} seconds. {CHAIN_RULE}."
        return Missed(asked, Finding(names, "timeout", said, None, title))
    if isinstance(answer, Crash):
        said = f"With {case.size:,} numbers as inputs: {answer}. {CHAIN_RULE}, and so does its need of memory."
        return Missed(asked, Finding(names, "error", said, None, title))
    faults = {
        fault.output: fault.sentence for fault in CaseResult(case, trial.expected_large().values, answer).faults()
    }
    for name in judgement.followed_outputs:  # these are compared with what the submission's own forward pass gives
        given = answer.values.get(name)
        if is_derivative(case, name, given, lambda inputs, fetch: run(case.program, inputs, fetch)) is False:
            faults[name] = f"{name} is not the derivative of what the forward pass computes"
        else:
            faults.pop(name, None)
    wrong = asked & faults.keys()
    if not wrong:
        return None
    said = f"This is right for small inputs, and wrong for {case.size:,} numbers: {faults[min(wrong)]}."
    return Missed(wrong, Finding(", ".join(sorted(wrong)), "fail", said, None, title))
