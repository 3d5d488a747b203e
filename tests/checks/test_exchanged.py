"""Outputs that have changed places are recognised by their values."""

from __future__ import annotations

import numpy as np

from utils.checks.case import Case
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, judge
from utils.checks.diagnose.exchanged import exchanged_with, say_exchanged
from utils.checks.program import Ran

DX, DW, DB = np.arange(6.0).reshape(2, 3), 1 + np.arange(12.0).reshape(3, 4), np.array([1.0, 5, 2, 7])


def result(**got: object) -> CaseResult:
    case = Case("a case", "", {}, {"dx": Equal(), "dw": Equal(), "db": Equal()})
    return CaseResult(case, {"dx": DX, "dw": DW, "db": DB}, Ran(got))


def test_two_outputs_that_have_changed_places_are_named_in_one_sentence_each() -> None:
    results = [result(dx=DW, dw=DX, db=DB)]
    findings = judge(results, {}).findings
    said = {finding.aspect: finding.hint for finding in findings if finding.verdict == "fail"}
    assert said["dx"] == "dx is what dw should be, and dw what dx should be; they should change places."
    assert "dw is what dx should be" in said["dw"]


def test_an_output_that_holds_another_one_is_named() -> None:
    said = say_exchanged("dw", [result(dx=3 * DX, dw=DB, db=2 * DB)])
    assert said == "dw is what db should be; look at which of the two is stored or returned there."


def test_it_has_to_be_so_in_every_case() -> None:
    results = [result(dx=DW, dw=DX, db=DB), result(dx=DX + 1, dw=DW, db=DB)]
    assert exchanged_with("dx", results) is None


def test_an_output_that_is_right_in_its_own_place_has_not_moved() -> None:
    assert exchanged_with("dx", [result(dx=DW, dw=DW, db=DB)]) is None


def test_zeros_and_single_numbers_tell_nothing() -> None:
    case = Case("a case", "", {}, {"loss": Equal(), "mean": Equal()})
    expected = {"loss": 0.5, "mean": np.zeros(3)}
    results = [CaseResult(case, expected, Ran({"loss": np.zeros(3), "mean": 0.5}))]
    assert exchanged_with("loss", results) is None
    assert exchanged_with("mean", results) is None
