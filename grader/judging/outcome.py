"""Hold what judging one exercise has found, and turn it into a verdict with points.

An outcome holds shares, findings and accuracies, and no points. So a verdict can be made anew when the points of an
exercise, or the score range of a trained net, have changed, and no student's code has to run for that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from utils.checks.case import Finding, FindingVerdict
from utils.checks.diagnose import Judgement, Loss
from utils.checks.models import share_of_points

from ..course import Exercise
from ..report import Verdict
from ..wording import VerdictName
from .rounding import in_points


@dataclass(frozen=True)
class Accuracy:
    """How well a trained net classifies examples that no student has.

    Attributes
    ----------
    share : float
        The part of the examples that it classifies correctly, from 0 to 1.
    count : int
        The number of examples.
    dataset : str
        The data set that they are from, for the hint.
    taken_off : float, default 0
        The part of the accuracy, from 0 to 1, that earns nothing.
    remark : str, default ""
        A sentence that says why; it begins with a space, because it is appended to the hint.
    """

    share: float
    count: int
    dataset: str
    taken_off: float = 0.0
    remark: str = ""


@dataclass(frozen=True)
class Outcome:
    """What judging one exercise of one submission has found.

    Attributes
    ----------
    share : float
        The part of the points that is earned, from 0 to 1. For a net whose accuracy is known it is not used.
    findings : tuple of Finding, default ()
        What to tell the student, most important first.
    followed : float, default 0
        The part of `share` that right derivatives of a wrong forward pass have earned.
    lost : tuple of Loss, default ()
        What is missing to all points, as shares of them; empty if nothing could be compared.
    seconds : float, default 0
        Wall-clock seconds that judging took.
    accuracy : Accuracy, optional
        What a trained net reached; the exercise's score range turns it into points.
    provisional : bool, default False
        Whether the outcome may be another one the next time, because something that the exercise builds on ran out of
        time.
    ungraded : bool, default False
        Whether the exercise was not judged; the finding says why.
    """

    share: float
    findings: tuple[Finding, ...] = ()
    followed: float = 0.0
    lost: tuple[Loss, ...] = ()
    seconds: float = 0.0
    accuracy: Accuracy | None = None
    provisional: bool = False
    ungraded: bool = False

    @classmethod
    def of(cls, judgement: Judgement, seconds: float = 0.0, provisional: bool = False) -> Outcome:
        """Make an outcome of what the checks have found."""
        lost = judgement.score.lost
        return cls(judgement.share, judgement.findings, judgement.followed, lost, seconds, None, provisional)

    @classmethod
    def nothing(cls, verdict: FindingVerdict, hint: str, aspect: str = "", ungraded: bool = False) -> Outcome:
        """Make an outcome without points, with one finding: about an output, or about the whole exercise."""
        return cls(0.0, (Finding(aspect, verdict, hint),), ungraded=ungraded)

    @property
    def lasting(self) -> bool:
        """Whether it would be the same on any machine at any time, so that it may be kept.

        It is not where a program ran out of time or was killed: the machine may have had a part in that.
        """
        lost = {finding.verdict for finding in self.findings} & {"timeout", "killed"}
        return not (self.provisional or self.ungraded or lost)

    def confirms(self, earlier: Outcome | None) -> bool:
        """Whether it says what an earlier outcome says, so that the machine had no part in either."""
        return earlier is not None and not self.ungraded and replace(self, seconds=earlier.seconds) == earlier


def verdict(exercise: Exercise, outcome: Outcome) -> Verdict:
    """Return the verdict of an outcome, with the points that the exercise is worth now."""
    if outcome.accuracy is not None:
        return _by_accuracy(exercise, outcome.accuracy, outcome.seconds)
    score, losses = in_points(outcome.share, outcome.lost, exercise.points)
    name, followed = verdict_name(outcome), round(exercise.points * outcome.followed, 2)
    seconds = round(outcome.seconds, 3)
    return Verdict(exercise.name, score, exercise.points, name, outcome.findings, seconds, followed, losses)


def verdict_name(outcome: Outcome) -> VerdictName:
    """Return the verdict of an exercise that is no trained net; where nothing is earned, that of its first finding."""
    if outcome.share >= 1:
        return "pass"
    if outcome.share > 0:
        return "partial"
    return next((finding.verdict for finding in outcome.findings if finding.verdict != "pass"), "fail")


def _by_accuracy(exercise: Exercise, accuracy: Accuracy, seconds: float) -> Verdict:
    """Return the verdict on a trained net, by the exercise's score range."""
    assert exercise.score is not None
    start, stop = exercise.score.start, exercise.score.stop
    hint = (
        f"{accuracy.share:.1%} of {accuracy.count} unseen examples ({accuracy.dataset}) are classified right; "
        f"points start at {start:.0%} and all are earned at {stop:.0%}.{accuracy.remark}"
    )
    share = share_of_points(accuracy.share - accuracy.taken_off, start, stop)
    name: VerdictName = "pass" if share == 1 else "partial" if share else "fail"
    # A finding is about one output, and so it is never partial.
    finding = Finding("accuracy", "pass" if share == 1 else "fail", hint)
    score = round(exercise.points * share, 2)
    return Verdict(exercise.name, score, exercise.points, name, (finding,), round(seconds, 3))
