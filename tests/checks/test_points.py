"""How the points of an exercise are divided, and that no answer gains by being worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.checks.case import Case, Trait
from utils.checks.compare import Equal
from utils.checks.diagnose import CORE_SHARE, CaseResult, Division, FollowThrough, Judgement, Loss, Score, judge
from utils.checks.program import Answer, Crash, Ran

RIGHT = np.arange(1.0, 7.0).reshape(2, 3)
CRASH = Crash(False, "ValueError", "operands could not be broadcast")
WAYS: dict[str, object] = {
    "right": RIGHT,
    "wrong": RIGHT + 1,
    "dtype": RIGHT.astype(np.float32),
    "shape": RIGHT.reshape(3, 2),
    "nothing": None,
}
OUTPUTS = ("dx", "dw", "state")
TRAITS = st.frozensets(st.sampled_from(list(Trait)), max_size=2)
OUTPUTS_OF_A_CASE = st.lists(st.sampled_from(OUTPUTS), min_size=1, unique=True)


def case_of(outputs: Sequence[str], traits: frozenset[Trait] = frozenset(), title: str = "plain") -> Case:
    return Case(title, "", {"x": np.ones(3)}, dict.fromkeys(outputs, Equal(dtype=True)), traits=traits)


def result_of(case: Case, ways: Mapping[str, str], mutated: tuple[str, ...] = ()) -> CaseResult:
    """The result of a case for an answer that is right or wrong in some way, by output."""
    answer: Answer = Ran({name: WAYS[ways[name]] for name in case.aspects}, mutated)
    return CaseResult(case, dict.fromkeys(case.aspects, RIGHT), answer)


@st.composite
def results(draw: st.DrawFn, in_core: Sequence[str] = tuple(WAYS)) -> list[CaseResult]:
    """An exercise of some cases, one of them in the core, and answers; `in_core` says how the core may be answered."""
    cases = [case_of(OUTPUTS[: draw(st.integers(1, 3))])]
    cases += [case_of(draw(OUTPUTS_OF_A_CASE), draw(TRAITS)) for _ in range(draw(st.integers(0, 4)))]
    found = []
    for case in cases:
        allowed = st.sampled_from(list(in_core if case.is_core else WAYS))
        one = result_of(case, {name: draw(allowed) for name in case.aspects}, ("x",) if draw(st.booleans()) else ())
        crashes = "nothing" in in_core or not case.is_core
        found.append(replace(one, answer=CRASH) if crashes and draw(st.integers(0, 5)) == 0 else one)
    return found


def corrected(result: CaseResult) -> CaseResult:
    return replace(result, answer=Ran(dict(result.expected)))


@given(results())
def test_what_is_earned_and_what_is_lost_are_the_whole(answers: list[CaseResult]) -> None:
    judgement = judge(answers, {})
    assert 0 <= judgement.share <= 1
    assert judgement.share == pytest.approx(sum(judgement.score.earned.values()))
    assert judgement.share == pytest.approx(1 - sum(loss.share for loss in judgement.score.lost))
    assert (judgement.share == 1) == (not judgement.findings)
    assert all(finding.parts for finding in judgement.findings if finding.verdict != "pass")


@given(results(), st.data())
def test_correcting_a_case_never_costs_points(answers: list[CaseResult], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(answers) - 1))
    better = [corrected(one) if k == place else one for k, one in enumerate(answers)]
    assert judge(better, {}).share >= judge(answers, {}).share - 1e-12


@given(results())
def test_right_answers_earn_everything(answers: list[CaseResult]) -> None:
    assert judge([corrected(one) for one in answers], {}) == Judgement(1.0, ())


@given(results(in_core=["wrong"]))
def test_without_anything_right_in_the_core_nothing_is_earned(answers: list[CaseResult]) -> None:
    assert judge(answers, {}).share == 0


@given(results(in_core=["right", "dtype", "shape"]))
def test_what_is_right_in_the_core_earns_the_core(answers: list[CaseResult]) -> None:
    assert judge(answers, {}).share >= CORE_SHARE - 1e-12
    assert judge(answers, {}, core=0.4).share >= 0.4 - 1e-12


def lost_in(*answers: CaseResult, core: float = CORE_SHARE) -> dict[tuple[str, str], float]:
    return {(loss.output, loss.part): round(loss.share, 6) for loss in judge(answers, {}, core=core).score.lost}


def test_the_traits_that_are_tested_divide_the_rest() -> None:
    core = result_of(case_of(["dx"]), {"dx": "right"})
    tie, edge = (case_of(["dx"], frozenset({trait})) for trait in (Trait.TIE, Trait.EDGE_SHAPE))
    right, wrong = {"dx": "right"}, {"dx": "wrong"}
    quarter = 0.25 / 4  # edge shape, tie, the dtype that the rule prescribes, and x, which has to stay as it is
    assert lost_in(core, result_of(edge, right), result_of(tie, wrong)) == {("dx", "tie"): quarter}
    both = lost_in(core, result_of(edge, wrong), result_of(tie, wrong))
    assert both == {("dx", "tie"): quarter, ("dx", "edge shape"): quarter}
    assert lost_in(core, result_of(edge, right), result_of(tie, wrong), core=0.6) == {("dx", "tie"): 0.1}


def test_a_case_of_several_traits_counts_for_each() -> None:
    core = result_of(case_of(["dx"]), {"dx": "right"})
    both = case_of(["dx"], frozenset({Trait.TIE, Trait.MEMORY_ORDER, Trait.TEST_MODE}))
    lost = lost_in(core, result_of(both, {"dx": "wrong"}))
    assert lost.keys() == {("dx", "tie"), ("dx", "memory order")}  # a situation is no trait of its own


def test_another_dtype_costs_its_trait_alone_only_if_the_numbers_are_right() -> None:
    case = case_of(["dx", "dw"])
    assert lost_in(result_of(case, {"dx": "dtype", "dw": "right"})) == {("dx", "dtype"): 0.0625}
    numbers, dtype = RIGHT + 1, np.float32
    wrong = CaseResult(case, dict.fromkeys(case.aspects, RIGHT), Ran({"dx": numbers.astype(dtype), "dw": RIGHT}))
    assert lost_in(wrong) == {("dx", "core"): 0.5}


def test_another_shape_costs_the_rest_only_if_the_numbers_are_right() -> None:
    case = case_of(["dx", "dw"])
    assert lost_in(result_of(case, {"dx": "shape", "dw": "right"})) == {("dx", "shape"): 0.125}
    turned = CaseResult(case, dict.fromkeys(case.aspects, RIGHT), Ran({"dx": RIGHT.T, "dw": RIGHT}))
    assert lost_in(turned) == {("dx", "core"): 0.5}


def test_a_changed_argument_costs_the_trait_side_effect() -> None:
    case = case_of(["dx"])
    assert lost_in(result_of(case, {"dx": "right"}, ("x",))) == {("dx", "side effect"): 0.125}
    meant = replace(case, writable=("x",))
    assert Division([meant]).traits == {"dx": ("dtype",)}


def test_an_output_of_a_trait_alone_belongs_to_the_outputs_beside_it() -> None:
    core, two = case_of(["params"]), case_of(["params", "again"], frozenset({Trait.SIDE_EFFECT}))
    division = Division([core, two])
    assert (division.outputs, division.aspects) == (("params",), ("params", "again"))
    expected = dict.fromkeys(two.aspects, RIGHT)
    same_again = CaseResult(two, expected, Ran({"params": RIGHT, "again": RIGHT + 1}))
    assert lost_in(result_of(core, {"params": "right"}), same_again) == {("params", "side effect"): 0.125}


def test_an_effect_carries_no_points_of_its_own() -> None:
    case = replace(case_of(["out", "untouched"]), effects=frozenset({"untouched"}))
    assert lost_in(result_of(case, {"out": "wrong", "untouched": "right"})) == {("out", "core"): 1}
    assert lost_in(result_of(case, {"out": "right", "untouched": "wrong"})) == {("out", "side effect"): 0.125}


def test_where_no_case_is_in_the_core_all_are() -> None:
    cases = [case_of(["dx"], frozenset({trait})) for trait in (Trait.TIE, Trait.EDGE_SHAPE)]
    answers = [result_of(case, {"dx": way}) for case, way in zip(cases, ("right", "wrong"), strict=True)]
    assert lost_in(*answers) == {("dx", "core"): 1}


def test_without_traits_the_core_is_everything() -> None:
    case = Case("plain", "", {"n": 3}, {"dx": Equal()})
    assert Division([case]).traits == {"dx": ()}
    assert lost_in(CaseResult(case, {"dx": RIGHT}, Ran({"dx": RIGHT + 1}))) == {("dx", "core"): 1}
    assert lost_in(CaseResult(case, {"dx": RIGHT}, Ran({"dx": RIGHT.ravel()}))) == {("dx", "shape"): 0.25}


def test_a_core_that_carries_everything_leaves_findings_that_cost_nothing() -> None:
    tie = case_of(["dx"], frozenset({Trait.TIE}))
    judgement = judge([result_of(case_of(["dx"]), {"dx": "right"}), result_of(tie, {"dx": "wrong"})], {}, core=1.0)
    assert judgement.share == 1
    assert [finding.parts for finding in judgement.findings] == [("tie",)]


def test_a_finding_says_in_which_parts_an_output_is_wrong() -> None:
    core, tie = case_of(["dx", "dw"]), case_of(["dx", "dw"], frozenset({Trait.TIE}))
    right, wrong = {"dx": "right", "dw": "wrong"}, {"dx": "wrong", "dw": "wrong"}
    judgement = judge([result_of(core, right), result_of(tie, wrong)], {})
    assert {finding.aspect: finding.parts for finding in judgement.findings} == {"dx": ("tie",), "dw": ("core",)}


def test_follow_through_earns_its_share_of_core_and_traits() -> None:
    division = Division([case_of(["out", "dx"]), case_of(["out", "dx"], frozenset({Trait.TIE}))])
    core = case_of(["out", "dx"])
    from utils.checks.diagnose.points import WrongParts

    wrong = WrongParts(division)
    for part in ("core", "tie"):
        wrong.add(["dx"], [part], result_of(core, {"out": "right", "dx": "wrong"}), None)
    assert wrong.score(0.75, {"dx": {"core", "tie"}}, 0.5).share == pytest.approx(0.75)
    in_core_alone = wrong.score(0.75, {"dx": {"core"}}, 0.5)
    assert in_core_alone.share == pytest.approx(0.5 + 0.5 * 0.5 - 0.5 * 0.5 * 0.25 / 3)
    assert in_core_alone.followed == pytest.approx(in_core_alone.share - 0.5)
    assert {loss.part for loss in in_core_alone.lost} == {"core", "tie"}


def test_what_the_large_case_takes_is_all_that_an_output_has_earned() -> None:
    score = Score({"dx": 0.2, "dw": 0.5}, (Loss("dx", "core", 0.3),), {"dx": 0.2})
    left = score.without({"dx"})
    assert left.earned == {"dx": 0, "dw": 0.5}
    assert (left.followed, left.lost) == (0, (Loss("dx", "large inputs", 0.5),))


def test_no_follow_through_without_a_course_that_gives_it() -> None:
    follow = FollowThrough(0.0, lambda *_: CRASH)
    answers = [result_of(case_of(["dx"]), {"dx": "wrong"})]
    assert judge(answers, {}, lambda *_: CRASH, follow).share == 0
