"""From answers to findings."""

from __future__ import annotations

from utils.checks.case import Case
from utils.checks.judge import Hearing, judge
from utils.checks.program import Ran
from utils.checks.rules import Equal


def hear(case: Case, got: dict[str, object], suspect: dict[str, object] | None) -> Hearing:
    want = dict.fromkeys(case.aspects, 1.0)
    return Hearing(case, want, Ran(got), {} if suspect is None else {"twice": Ran(suspect)})


def test_a_case_says_nothing_about_an_output_that_it_does_not_compare() -> None:
    plain = Case("plain", "", {}, {"out": Equal()})
    more = Case("more", "", {}, {"out": Equal(), "running": Equal()})
    hints = {"twice": "It is doubled."}
    seen = {"out": 3.0}, {"out": 3.0, "running": 2.0}
    doubled = {"out": 2.0}, {"out": 2.0, "running": 2.0}
    judgement = judge([hear(plain, seen[0], doubled[0]), hear(more, seen[1], doubled[1])], hints)
    assert {finding.aspect: finding.misconception for finding in judgement.findings} == {
        "out": None,
        "running": "twice",
    }
