"""From the results of all cases to a share of the points and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, Judgement, judge
from utils.checks.program import PROGRAM_FILE, Answer, Crash, Ran


def result_of(case: Case, got: dict[str, object], doubled: dict[str, object]) -> CaseResult:
    """One case in which 1 is right, with a misconception called "twice"."""
    return CaseResult(case, dict.fromkeys(case.aspects, 1.0), Ran(got), {"twice": Ran(doubled)})


def test_a_case_says_nothing_about_an_output_that_it_does_not_compare() -> None:
    plain = Case("plain", "", {}, {"out": Equal()})
    more = Case("more", "", {}, {"out": Equal(), "running": Equal()})
    hints = {"twice": "It is doubled."}
    seen = {"out": 3.0}, {"out": 3.0, "running": 2.0}
    doubled = {"out": 2.0}, {"out": 2.0, "running": 2.0}
    judgement = judge([result_of(plain, seen[0], doubled[0]), result_of(more, seen[1], doubled[1])], hints)
    assert {finding.aspect: finding.misconception for finding in judgement.findings} == {
        "out": None,
        "running": "twice",
    }


def named_in(judgement: Judgement) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for finding in judgement.findings:
        for aspect in finding.aspect.split(", "):
            found.setdefault(aspect, set()).add(finding.misconception)
    return found


def both(cases: list[tuple[float, dict[str, float]]]) -> list[CaseResult]:
    """For each case an answer, and what the misconceptions that show there give; 1 is right."""
    case = Case("plain", "", {"x": np.ones(3)}, {"out": Equal()})
    misconceptions = [{name: Ran({"out": value}) for name, value in given.items()} for _, given in cases]
    return [
        CaseResult(case, {"out": 1.0}, Ran({"out": got}), known)
        for (got, _), known in zip(cases, misconceptions, strict=True)
    ]


@pytest.mark.parametrize(
    ("cases", "named"),
    [
        ([(2.0, {"a": 2.0}), (5.0, {"b": 5.0})], {"a", "b"}),  # one in each case
        ([(3.5, {"a": 3.0, "b": 1.5, "c": 9.0})], {"a", "b"}),  # their effects add up: 1 + 2 + 0.5
        ([(4.5, {"a": 3.0, "b": 1.5, "c": 9.0})], {"a", "b"}),  # they multiply: 1 · 3 · 1.5
        ([(3.5, {"a": 3.0, "b": 1.5, "c": 3.0})], {"b", None}),  # two pairs fit: what both have is claimed
        ([(3.5, {"a": 3.0, "b": 1.5, "c": 2.5, "d": 2.0})], {None}),  # two pairs with nothing in common
        ([(2.0, {"a": 2.0}), (5.0, {"b": 5.0}), (7.7, {"a": 2.0, "b": 5.0})], {"a", "b"}),  # and in one both at once
        ([(2.0, {"a": 2.0}), (7.7, {"a": 2.0, "b": 5.0})], {None}),  # the second is never seen alone
        ([(2.0, {"a": 2.0}), (1.0, {"a": 2.0, "b": 5.0})], {None}),  # the first should show in the last, too
        ([(2.0, {"a": 2.0}), (6.0, {"b": 5.0})], {None}),
    ],
)
def test_two_misconceptions_are_told_apart_where_the_numbers_allow_it(
    cases: list[tuple[float, dict[str, float]]], named: set[str | None]
) -> None:
    judgement = judge(both(cases), {"a": "A.", "b": "B.", "c": "C.", "d": "D."})
    assert named_in(judgement) == {"out": named}
    assert judgement.share == 0


def test_the_smallest_failing_case_is_shown_with_its_numbers() -> None:
    results = []
    for size, title in ((40, "large"), (4, "small"), (400, "right")):
        want = np.arange(float(size)) % 7  # small numbers in all: no trait but the size
        case = Case(title, "", {"x": want})
        results.append(CaseResult(case, {"out": want}, Ran({"out": want if title == "right" else want + 1})))
    (finding,) = judge(results, {}).findings
    assert finding.case == "small"
    assert finding.hint.startswith(
        "expected [0, 1, 2, 3], got [→1←, 2, 3, 4]; every entry is off by the same amount, 1"
    )
    assert 'right in 1 of 3 cases, as in "right"' in finding.hint


def test_the_code_is_run_again_to_see_whether_examples_meet() -> None:
    x = np.random.default_rng(0).standard_normal((4, 3))
    case = Case("plain", "", {"x": x}, separate={"out": "x"})

    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Ran:
        rows = np.asarray(inputs["x"])
        return Ran({"out": rows - rows.mean(axis=0)})

    result = CaseResult(case, {"out": x}, run("", case.inputs, ()))
    assert "when another example of the minibatch does" in judge([result], {}, run).findings[0].hint
    assert "another example" not in judge([result], {}).findings[0].hint


def answers(got: dict[str, float], known: dict[str, dict[str, float]]) -> CaseResult:
    """One case with several outputs, of which 1 is right."""
    case = Case("plain", "", {"x": np.ones(3)}, dict.fromkeys(got, Equal()))
    right = dict.fromkeys(got, 1.0)
    return CaseResult(case, right, Ran(dict(got)), {name: Ran(right | given) for name, given in known.items()})


def test_of_several_that_fit_the_one_that_spoils_nothing_else_is_named() -> None:
    known: dict[str, dict[str, float]] = {"wide": {"dx": 2.0, "dw": 2.0}, "narrow": {"dx": 2.0}, "db": {"db": 5.0}}
    result = answers({"dx": 2.0, "dw": 1.0, "db": 5.0}, known)
    assert named_in(judge([result], dict.fromkeys(known, "Hint."))) == {"dx": {"narrow"}, "db": {"db"}, "dw": {None}}


def test_of_several_that_are_as_likely_the_one_that_shows_elsewhere_is_named_or_none() -> None:
    """`a` and `b` both give dx, and each would spoil one output that is not as it leaves it."""
    known: dict[str, dict[str, float]] = {"a": {"dx": 2.0, "dw": 2.0}, "b": {"dx": 2.0, "db": 2.0}, "c": {"dw": 3.5}}
    hints = dict.fromkeys(known, "Hint.")
    assert named_in(judge([answers({"dx": 2.0, "dw": 1.0, "db": 1.0}, known)], hints))["dx"] == {None}
    adding_up = answers({"dx": 2.0, "dw": 4.5, "db": 1.0}, known | {"b": {"dx": 2.0}})
    assert named_in(judge([adding_up], hints)) == {"dx": {"a"}, "dw": {"a", "c"}, "db": {None}}


def test_a_sentence_follows_a_question() -> None:
    x = np.random.default_rng(0).standard_normal((4, 3))
    sizes = (("many", x), ("fewer", x[:3]), ("two", x[:2]), ("one", x[:1]))
    cases = [Case(title, "", {"x": rows}) for title, rows in sizes]
    results = [CaseResult(case, {"out": x}, Ran({"out": x / len(np.asarray(case.inputs["x"]))})) for case in cases]
    hint = judge(results, {}).findings[0].hint
    assert hint.endswith(
        "2 being N, the number of examples: a mean where a sum is due? In the cases tried it is right only when N = 1."
    )


CRASH = Crash(False, "ValueError", "operands could not be broadcast")
STUB = Crash(True, "NotImplementedError", "net: your code here", entered="net")


def in_cases(**answers: tuple[Answer, set[Trait]]) -> list[CaseResult]:
    """For each case, by its title, an answer and the case's traits; `out` and `state` should both be 1."""
    right: dict[str, object] = {"out": 1.0, "state": 1.0}
    return [
        CaseResult(Case(title, "", {"x": np.ones(3)}, dict.fromkeys(right, Equal()), traits=traits), right, answer)
        for title, (answer, traits) in answers.items()
    ]


def seen_in(judgement: Judgement) -> list[tuple[str, str, str]]:
    return [(finding.aspect, finding.verdict, finding.case) for finding in judgement.findings]


def test_a_crash_in_the_core_is_said_first_and_hides_no_wrong_output() -> None:
    wrong = Ran({"out": 2.0, "state": 1.0})
    judgement = judge(in_cases(one=(wrong, set()), two=(CRASH, set())), {})
    assert seen_in(judgement) == [("", "error", "two"), ("out", "fail", "one")]
    assert judgement.right == ()  # in the case that crashed, no output is right


def test_a_crash_elsewhere_is_said_after_what_is_wrong_in_the_core() -> None:
    wrong = Ran({"out": 2.0, "state": 1.0})
    judgement = judge(in_cases(edge=(CRASH, {Trait.EDGE_SHAPE}), plain=(wrong, set())), {})
    assert seen_in(judgement) == [("out", "fail", "plain"), ("", "error", "edge")]


def test_of_several_crashes_the_one_in_the_core_is_said() -> None:
    judgement = judge(in_cases(edge=(CRASH, {Trait.EDGE_SHAPE}), plain=(CRASH, set())), {})
    assert seen_in(judgement) == [("", "error", "plain")]
    assert judgement.share == 0


def test_an_output_that_the_crashed_case_does_not_compare_keeps_its_points() -> None:
    right = {"out": 1.0, "state": 1.0}
    both_outputs = CaseResult(Case("both", "", {}, dict.fromkeys(right, Equal())), right, Ran(dict(right)))
    one_output = CaseResult(Case("one", "", {}, {"state": Equal()}), {"state": 1.0}, CRASH)
    judgement = judge([both_outputs, one_output], {})
    assert judgement.right == ("out",)
    assert judgement.share == 0.5


def test_a_misconception_that_crashes_and_gives_the_wrong_outputs_is_named_once() -> None:
    answers = Ran({"out": 2.0, "state": 1.0}), CRASH
    results = [
        CaseResult(one.case, one.expected, one.answer, {"known": given})
        for one, given in zip(in_cases(one=(answers[0], set()), two=(CRASH, set())), answers, strict=True)
    ]
    (finding,) = judge(results, {"known": "A known mistake."}).findings
    assert (finding.misconception, finding.verdict) == ("known", "error")


def test_only_what_is_a_stub_in_every_case_is_missing() -> None:
    whole = judge(in_cases(one=(STUB, set()), two=(STUB, set())), {})
    assert [(finding.verdict, finding.hint) for finding in whole.findings] == [("missing", "net is not written yet.")]
    given = judge(in_cases(one=(Ran({"out": 1.0, "state": 1.0}), set()), two=(STUB, set())), {})
    assert [finding.verdict for finding in given.findings] == ["missing"]  # what ran is given code
    part = judge(in_cases(one=(Ran({"out": 1.0, "state": 2.0}), set()), two=(STUB, {Trait.TEST_MODE})), {})
    assert seen_in(part) == [("", "error", "two"), ("state", "fail", "one")]
    assert part.findings[0].hint == "net is not finished: this case is not written yet."
    edge = judge(in_cases(one=(Ran({"out": 1.0, "state": 1.0}), set()), two=(STUB, {Trait.TIE})), {})
    assert seen_in(edge) == [("", "error", "two")]


def crashed(crash: Crash, given: Crash | None = None) -> list[CaseResult]:
    """One case that crashes, as a misconception does if that is given; 1 is right."""
    case = Case("few rows", "", {}, {"out": Equal()})
    return [CaseResult(case, {"out": 1.0}, crash, {"known": given} if given else {})]


def test_a_record_of_the_check_that_stays_empty_is_told_as_an_object_that_is_not_used() -> None:
    crash = Crash(
        False, "ValueError", "not enough values to unpack (expected 3, got 0)", file=PROGRAM_FILE, line=21,
        source="a, b, c = (max(one) for one in zip(*model.calls))", operands=("model.calls of 0 items",),
    )  # fmt: skip
    said = 'In the case "few rows" the function returns and has not called `model` at all; it should be called'
    (finding,) = judge(crashed(crash), {}).findings
    assert finding.hint.startswith(said)
    assert "model.calls" not in finding.hint
    (finding,) = judge(crashed(crash, crash), {"known": "The last rows are left out."}).findings
    assert finding.hint.startswith(f"The last rows are left out. {said}")
    (finding,) = judge(crashed(replace(crash, file="nndl/m.py", function="f")), {}).findings
    assert "has not called" not in finding.hint


def test_what_a_refusal_asks_for_is_left_out_beside_the_reason() -> None:
    refusal = "f_backward: dout has shape (3,); pass shape (2,), that of the output of f_forward."
    crash = Crash(False, "ValueError", refusal, file="nndl/m.py", line=3, source="f_backward(d, c)", function="f")
    (finding,) = judge(crashed(crash, crash), {"known": "The layers are walked in the wrong order."}).findings
    assert "dout has shape (3,)" in finding.hint
    assert "pass shape" not in finding.hint
