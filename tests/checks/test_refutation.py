"""What other outputs refute is not named, however well it explains one output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Array, Equal
from utils.checks.compare.initial_weights import Initialised
from utils.checks.diagnose import CaseResult, judge
from utils.checks.program import Answer, Crash, Ran

RNG = np.random.default_rng(0)
HINTS = {"known": "A known mistake.", "other": "Another one."}


def array() -> Array:
    return RNG.standard_normal((3, 4))


def named(results: list[CaseResult]) -> dict[str | None, str]:
    """The misconceptions that are named, and the outputs for which they are."""
    found = judge(results, HINTS).findings
    return {one.misconception: one.aspect for one in found if one.verdict != "pass"}


def of_dict(right: dict[str, object], came: dict[str, object], known: dict[str, object]) -> list[CaseResult]:
    case = Case("one", "", {"x": np.ones(3)}, {"grads": Equal()})
    return [CaseResult(case, {"grads": right}, Ran({"grads": came}), {"known": Ran({"grads": known})})]


def test_what_a_mistake_leaves_out_may_not_be_there() -> None:
    right: dict[str, object] = {"a": array(), "b": array(), "c": array()}
    last = {"c": right["c"]}
    assert named(of_dict(right, last, last)) == {"known": "grads.a, grads.b"}
    # One entry that came, however wrong, shows that something else is the reason.
    assert "known" not in named(of_dict(right, {**last, "a": array()}, last))


def test_a_mistake_that_leaves_out_less_than_is_missing_is_another_one() -> None:
    right: dict[str, object] = {"a": array(), "b": array(), "c": array()}
    known = {"b": right["b"], "c": right["c"]}
    assert named(of_dict(right, known, known)) == {"known": "grads.a"}
    assert "known" not in named(of_dict(right, {"c": right["c"]}, known))


@pytest.mark.parametrize("joint", ["as it came", "another", "crash", "not run"])
def test_what_another_mistake_gives_exactly_leaves_no_room_for_one_that_needs_more_to_explain_an_output(
    joint: str,
) -> None:
    """dx is what "known" gives, but for the sign; dw is what "other" gives, and "known" would change it, too."""
    results, answers = [], dict[str, Answer | None]()
    for title in ("one", "three"):
        right, dx, dw = {"dx": array(), "dw": array()}, array(), array()
        known, other = Ran({"dx": dx, "dw": array()}), Ran({"dx": right["dx"], "dw": dw})
        case = Case(title, "", {"x": np.ones(len(title))}, {"dx": Equal(), "dw": Equal()})
        results.append(CaseResult(case, right, Ran({"dx": -dx, "dw": dw}), {"known": known, "other": other}))
        answers[title] = {
            "as it came": Ran({"dx": dx, "dw": dw}),  # the other mistake hides what the first one does there
            "another": Ran({"dx": dx, "dw": array()}),
            "crash": Crash(False, "ValueError", ""),
        }.get(joint)
    found = judge(results, HINTS, together=lambda one, other, case: answers[case.title]).findings
    names = {one.misconception: one.aspect for one in found}
    assert names["other"] == "dw"
    assert ("known" in names) == (joint == "as it came")


def test_a_draw_that_fits_roughly_in_one_output_alone_is_no_evidence() -> None:
    rule = Initialised(std="scale")
    case = Case("one", "", {"scale": 1.0}, {"first": rule, "second": rule})
    small, wide, right = (scale * RNG.standard_normal((60, 50)) for scale in (0.1, 3.0, 1.0))
    expected = {"first": right, "second": right}
    for second, is_named in ((small, True), (wide, False), (right, False)):
        known = Ran({"first": small, "second": small})
        result = CaseResult(case, expected, Ran({"first": small, "second": second}), {"known": known})
        assert ("known" in named([result])) == is_named


def test_a_draw_of_a_wrong_shape_is_no_evidence_where_another_shape_contradicts() -> None:
    rule = Initialised(std="scale")
    case = Case("one", "", {"scale": 1.0}, {"first": rule, "second": rule, "third": rule})
    draw = {size: RNG.standard_normal((60, size)) for size in (30, 40, 50)}
    expected = dict.fromkeys(("first", "second", "third"), draw[50])
    known = Ran({**expected, "first": draw[40], "second": draw[40]})
    for second, third, is_named in (
        (draw[40], draw[50], True),
        (draw[30], draw[50], False),
        (draw[50], draw[50], False),
        (draw[40], 3 * draw[50], True),  # another mistake beside it
    ):
        came = Ran({"first": draw[40], "second": second, "third": third})
        assert ("known" in named([CaseResult(case, expected, came, {"known": known})])) == is_named


def test_a_case_of_fewer_draws_is_not_called_right() -> None:
    rule = Initialised(std="scale")
    for size, is_told in ((2, False), (60, True)):
        results = []
        for title, rows in (("one", 40), ("three", 40), ("second", 40), ("a third", size)):
            traits = set[Trait]() if title == "a third" else {Trait.DTYPE}
            case = Case(title, "", {"scale": 1.0}, {"out": rule}, traits=traits)
            flat = RNG.uniform(-(3**0.5), 3**0.5, (rows, 50))
            came = flat if title != "a third" else RNG.standard_normal((rows, 50))
            results.append(CaseResult(case, {"out": np.ones((rows, 50))}, Ran({"out": came})))
        (hint,) = [one.hint for one in judge(results, HINTS).findings if one.verdict == "fail"]
        assert ("it is wrong only for float32" in hint) == is_told
        assert "of 4 cases" not in hint  # draws may always pass by chance


def test_a_copy_of_an_input_is_no_evidence_for_a_mistake_that_would_break_what_is_right() -> None:
    x, right = array(), {"first": array(), "second": array()}
    case = Case("one", "", {"x": x}, {"first": Equal(), "second": Equal()})
    known = Ran({"first": x, "second": x})
    for second, is_named in ((x, True), (right["second"], False)):
        result = CaseResult(case, right, Ran({"first": x, "second": second}), {"known": known})
        assert ("known" in named([result])) == is_named


def test_zeros_in_most_cases_are_no_evidence_where_another_case_contradicts() -> None:
    for value, is_named in ((0.0, False), (1.0, True)):
        results = []
        for title in ("one", "three", "second", "a third", "a fourth", "another"):
            case = Case(title, "", {"x": np.ones(len(title))}, {"out": Equal()})
            gives = value * array()
            came = gives if title != "another" else array()
            results.append(CaseResult(case, {"out": array()}, Ran({"out": came}), {"known": Ran({"out": gives})}))
        assert ("known" in named(results)) == is_named


@pytest.mark.parametrize("both", [True, False])
def test_two_mistakes_that_never_show_together_are_named_only_if_code_can_have_both(both: bool) -> None:
    """One gives what came in one case, the other in another one; neither shows where the other one does."""
    results = []
    for title, name in (("one", "known"), ("three", "other")):
        right, came = {"out": array()}, Ran({"out": array()})
        case = Case(title, "", {"x": np.ones(len(title))}, {"out": Equal()})
        results.append(CaseResult(case, right, came, {name: came}))
    answers = {one.case.title: one.answer for one in results}
    found = judge(results, HINTS, together=lambda one, other, case: answers[case.title] if both else None).findings
    assert {one.misconception for one in found} == ({"known", "other"} if both else {None})


def test_no_two_mistakes_are_named_for_what_is_missing() -> None:
    """In each of two cases another one leaves it out; so do many pairs."""
    right: dict[str, object] = {"a": array(), "b": array()}
    case = Case("one", "", {"x": np.ones(3)}, {"grads": Equal()})
    came = Ran({"grads": {"b": right["b"]}})
    results = [CaseResult(replace(case), {"grads": right}, came, {name: came}) for name in HINTS]
    found = judge(results, HINTS, together=lambda *_: came).findings
    assert {one.misconception for one in found} == {None}


def test_of_mistakes_that_leave_out_the_same_one_is_named_only_if_it_gives_most_of_what_else_it_changes() -> None:
    """Both leave out the mean; in one case of three the numbers are those of the one mistake, as it happens."""
    case = Case("one", "", {"x": np.ones(3)}, {"out": Equal(), "mean": Equal()})
    results = []
    for title in ("one", "two", "three"):
        right = {"out": array(), "mean": np.ones(3)}
        answers = {name: Ran({"out": array(), "mean": None}) for name in ("known", "other")}
        came = answers["known"].values["out"] if title == "one" else array()
        given: dict[str, Answer] = dict(answers)
        results.append(CaseResult(replace(case, title=title), right, Ran({"out": came, "mean": None}), given))
    assert "known" not in named(results)


def test_of_mistakes_that_give_one_output_that_is_named_whose_shapes_came() -> None:
    """The weights are too wide by the one mistake, and wrong by another one, too."""
    right = {"b": np.zeros(3), "w": array()}
    known, other = {"b": np.zeros(5), "w": np.ones((3, 5))}, {"b": np.zeros(5), "w": right["w"]}
    case = Case("one", "", {"x": np.ones(3)}, {"b": Equal(), "w": Equal()})
    answers: dict[str, Answer] = {"other": Ran(other), "known": Ran(known)}
    found = named([CaseResult(case, right, Ran({"b": np.zeros(5), "w": np.full((3, 5), 2.0)}), answers)])
    assert found["known"] == "b"
    assert "other" not in found


@pytest.mark.parametrize("is_right", [True, False])
def test_what_is_right_is_not_exchanged_with_another_output(is_right: bool) -> None:
    right = {"dgamma": array(), "dbeta": array()}
    swapped = {"dgamma": right["dbeta"], "dbeta": right["dgamma"]}
    came = {"dgamma": right["dbeta"], "dbeta": right["dbeta"] if is_right else array()}
    case = Case("one", "", {"x": np.ones(3)}, {"dgamma": Equal(), "dbeta": Equal()})
    hints = {"known": "dgamma and dbeta are exchanged; each should be in its own place."}
    found = judge([CaseResult(case, right, Ran(came), {"known": Ran(swapped)})], hints).findings
    assert ("known" in {one.misconception for one in found}) != is_right


def test_of_pairs_that_give_one_output_that_is_named_which_gives_another_one_too() -> None:
    """Both are exchanged and halved; what one holds is half of the other, which single mistakes give, too."""
    right = {"one": array(), "two": array()}
    one, two = right["one"], right["two"]
    of_each: dict[str, dict[str, object]] = {
        "exchanged": {"one": two, "two": one},
        "halved": {"one": one / 2, "two": two / 2},
        "other": {"one": two, "two": two},
        "one-halved": {"one": one / 2, "two": two},
    }
    jointly: dict[frozenset[str], dict[str, object]] = {
        frozenset({"exchanged", "halved"}): {"one": two / 2, "two": one / 2},
        frozenset({"other", "one-halved"}): {"one": two / 2, "two": two},
        frozenset({"other", "halved"}): {"one": two / 2, "two": two / 2},
        frozenset({"exchanged", "one-halved"}): {"one": two / 2, "two": one},
    }

    def together(first: str, second: str, _: Case) -> Answer | None:
        values = jointly.get(frozenset({first, second}))
        return Ran(values) if values else None

    case = Case("one", "", {"x": np.ones(3)}, {"one": Equal(), "two": Equal()})
    answers: dict[str, Answer] = {name: Ran(values) for name, values in of_each.items()}
    result = CaseResult(case, right, Ran({"one": two / 2, "two": one / 2 + 1}), answers)
    hints = {name: f"What is {name}." for name in of_each}
    exchanged = replace(result, answer=Ran({"one": two / 2, "two": one / 2}))
    found = judge([exchanged], hints, together=together).findings
    assert {one.misconception for one in found} == {"exchanged", "halved"}
