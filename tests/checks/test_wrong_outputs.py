"""What is shown of a wrong output beside a mistake is from a case that the mistake has a part in."""

from __future__ import annotations

import numpy as np

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult
from utils.checks.diagnose.wrong_outputs import WrongOutputs
from utils.checks.program import Ran


def result(title: str, numbers: int, came: float, mistake: float | None) -> CaseResult:
    """A case in which 1 is right; with what comes of the code under test, and of the mistake where it shows."""
    due, got = (np.full(numbers, each) for each in (1.0, came))
    case = Case(title, "", {"x": np.zeros(numbers)}, {"out": Equal()})
    known = {} if mistake is None else {"exchanged": Ran({"out": np.full(numbers, mistake)})}
    return CaseResult(case, {"out": due}, Ran({"out": got}), known)


def shown(*results: CaseResult) -> str:
    return WrongOutputs(results).clearest("out", "exchanged").result.case.title


def test_beside_another_mistake_a_case_is_shown_in_which_the_mistake_makes_the_output_wrong() -> None:
    without, beside = result("training", 2, 3.0, None), result("test mode", 5, 3.0, 2.0)
    assert shown(without, beside) == "test mode"
    assert shown(without, beside, result("alone", 7, 2.0, 2.0)) == "alone"
    assert shown(without) == "training"
