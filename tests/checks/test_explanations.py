"""Which misconceptions are named, when what is wrong is not exactly what one of them gives in every case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from utils.checks.case import Case, Finding, Trait
from utils.checks.compare import Array, Equal, Initialised, Subgradient
from utils.checks.compare.dropout import Dropped
from utils.checks.diagnose import CaseResult, FollowThrough, judge
from utils.checks.program import PROGRAM_FILE, Answer, Crash, Ran

RNG = np.random.default_rng(0)
CRASH = Crash(False, "ValueError", "no such shape")
HINTS = {"known": "A known mistake.", "other": "Another one."}
EDGE = {Trait.NUMERICAL_RANGE}


def in_case(
    title: str,
    got: Answer | Mapping[str, object],
    known: Mapping[str, Mapping[str, object]],
    right: Mapping[str, object],
    traits: set[Trait] | None = None,
) -> CaseResult:
    """A case with the outputs of `right`, what came, and the outputs that each misconception makes wrong."""
    case = Case(title, "", {"x": np.ones(len(title))}, dict.fromkeys(right, Equal()), traits=traits or set())
    answer = got if isinstance(got, Ran | Crash) else Ran({**right, **got})
    return CaseResult(case, right, answer, {name: Ran({**right, **wrong}) for name, wrong in known.items()})


def array() -> Array:
    return RNG.standard_normal((3, 4))


def core_cases(outputs: Sequence[str] = ("out",)) -> list[CaseResult]:
    """Three plain cases in which "known" gives the wrong output that came."""
    found = []
    for title in ("one", "three", "second"):
        right, wrong = {name: array() for name in outputs}, {"out": array()}
        found.append(in_case(title, wrong, {"known": wrong, "other": {"out": array()}}, right))
    return found


def said_of(results: Sequence[CaseResult]) -> list[tuple[str | None, str]]:
    return [(one.misconception, one.hint) for one in judge(results, HINTS).findings if one.verdict != "pass"]


@pytest.mark.parametrize("at_the_edge", [{"out": np.full((3, 4), np.nan)}, {"out": array()}])
def test_the_majority_of_the_cases_decides_and_the_rest_is_said_beside_it(at_the_edge: dict[str, Array]) -> None:
    edge = in_case("an edge", at_the_edge, {"known": {"out": array()}}, {"out": array()}, EDGE)
    (name, _), (rest, hint) = said_of([edge, *core_cases()])
    assert (name, rest) == ("known", None)
    assert hint.startswith('Look at out in the case "an edge", too: ')
    # Nothing would be named if only the edge counted, or if every case had to agree.
    assert {name for name, _ in said_of([edge])} == {None}


def test_nothing_is_asked_of_the_rest_that_the_same_mistake_may_have_made() -> None:
    """Where 0 is due stand numbers: that is so of a maximum over all channels, too, where entries tie."""
    right = np.array([[1.0, 0, 3, 0], [0, 4, 0, 5], [6, 0, 7, 0]])
    came, words = (
        {"out": np.where(right, 0, array())},
        "where 0 is due stand numbers, and 0 stands where numbers are due",
    )
    for gives, asked in (({"known": {"out": array()}}, False), ({}, True)):
        plain = [in_case(title, came, gives, {"out": right}) for title in ("a plain case", "a case")]
        hint = said_of([*plain, *core_cases()])[1][1]
        assert words in hint
        assert ("is each put in its own place?" in hint) == asked


def test_of_mistakes_that_are_alike_where_the_code_runs_none_is_named() -> None:
    """In a net of one layer the first layer is the last one; elsewhere the code crashed."""
    right, wrong = {"W1": array(), "W2": array()}, {"W1": array()}
    known = {"known": wrong, "other": wrong}
    crash = in_case("a crash", CRASH, {"known": {"W1": array()}, "other": {"W1": array(), "W2": array()}}, right)
    ran = [in_case(title, wrong, known, {"W1": right["W1"]}, EDGE) for title in ("one", "two")]
    assert {name for name, _ in said_of([crash, *ran])} == {None}


def test_a_draw_that_is_wrong_by_itself_is_not_explained_by_what_leaves_it_right() -> None:
    """Weights that are uniform are not those of a layer of another size, with which normal ones agree roughly."""
    rng = np.random.default_rng(1)
    rules = {"w": Initialised(), "v": Equal()}
    right = {"w": 0.1 * rng.standard_normal((30, 20)), "v": np.ones(3)}
    for drawn, names in ((rng.uniform(-0.173, 0.173, (30, 20)), {"known", None}), (right["w"][::-1], {"known"})):
        case = Case("one", "", {"x": np.ones(3), "weight_scale": 0.1}, rules)
        known = {"known": Ran({**right, "v": np.ones(4)})}
        result = CaseResult(case, right, Ran({"w": drawn, "v": np.ones(4)}), known)
        assert {name for name, _ in said_of([result])} == names


def test_what_is_seen_in_one_case_is_not_said_of_others_that_are_wrong_in_another_way() -> None:
    """The shape is wrong in one of the cases that are left, the numbers in the other."""
    right = {"out": array()}
    single = in_case("s", {"out": array().T}, {}, right, EDGE)
    others = [in_case(title, {"out": array()}, {"known": {"out": array()}}, right, EDGE) for title in ("edge", "edges")]
    hint = said_of([single, *others[:1], *core_cases()])[1][1]
    assert hint.startswith('Look at out in the case "s", too: out has shape (4, 3) where (3, 4) is expected; ')
    assert hint.endswith("In 1 more case it is wrong in another way.")
    hint = said_of([*others, *core_cases()])[1][1]
    assert hint.startswith('Look at out in 2 cases, such as "edge", too: all entries differ')


def test_a_crash_at_the_edge_hides_no_misconception_either() -> None:
    edge = in_case("an edge", CRASH, {"known": {"out": array()}}, {"out": array()}, EDGE)
    assert [name for name, _ in said_of([edge, *core_cases()])] == ["known", None]


def test_a_case_of_the_core_that_is_right_contradicts_a_misconception() -> None:
    edge = in_case("an edge", {"out": array()}, {}, {"out": array()}, EDGE)  # so that not every wrong case agrees
    for traits, named in ((EDGE, "known"), (set(), None)):
        right = in_case("a case that is right", {}, {"known": {"out": array()}}, {"out": array()}, traits)
        assert said_of([edge, right, *core_cases()])[0][0] == named


def test_a_few_numbers_explain_no_majority() -> None:
    single = [
        in_case(title, {"out": np.array([2.0])}, {"known": {"out": np.array([2.0])}}, {"out": np.array([1.0])})
        for title in ("one", "two2")
    ]
    edge = in_case("an edge", {"out": array()}, {"known": {"out": array()}}, {"out": array()}, EDGE)
    assert {name for name, _ in said_of([*single, edge])} == {None}


def test_nan_is_no_evidence_for_a_misconception_that_would_break_what_is_right() -> None:
    nan, right = np.full((3, 4), np.nan), {"loss": array(), "dx": array()}
    overflow = {"known": {"loss": nan, "dx": nan}}
    both = in_case("large", {"loss": nan, "dx": nan}, overflow, right, EDGE)
    assert [name for name, _ in said_of([both])] == ["known"]
    only_the_loss = in_case("large", {"loss": nan}, overflow, right, EDGE)  # the logarithm of 0, with a right softmax
    assert [name for name, _ in said_of([only_the_loss])] == [None]


def test_outputs_that_a_misconception_would_break_and_that_are_right_are_said_to_be() -> None:
    right, wrong = {"dw": array(), "db": array()}, array()
    (finding,) = said_of([in_case("one", {"dw": wrong}, {"known": {"dw": wrong, "db": array()}}, right)])
    assert finding[1].startswith("dw is what this mistake gives, while db is right: A known mistake. (dw: ")


def test_a_mistake_in_one_output_is_named_where_the_same_in_two_would_spoil_the_other() -> None:
    right, averaged = {"dw": array(), "db": array()}, {"dw": array(), "db": array()}
    known = {"known": averaged, "other": {"dw": averaged["dw"], "db": right["db"]}}
    found = said_of([in_case("one", {"dw": averaged["dw"], "db": array()}, known, right)])
    assert [name for name, _ in found] == ["other", None]


def pair_of(got: Array, known: Array, other: Array) -> CaseResult:
    return in_case("one", {"out": got}, {"known": {"out": known}, "other": {"out": other}}, {"out": array()})


def test_two_misconceptions_are_recognised_by_running_code_with_both() -> None:
    both = array()
    result = pair_of(both, array(), array())
    answers: dict[bool, Answer | None] = {True: Ran({"out": both}), False: Ran({"out": array()})}
    for matches, named in ((True, {"known", "other"}), (False, {None})):
        found = judge([result], HINTS, together=lambda one, other, case, m=matches: answers[m]).findings
        assert {one.misconception for one in found} == named
    assert {one.misconception for one in judge([result], HINTS).findings} == {None}


def test_a_pair_that_would_break_what_is_right_is_no_explanation() -> None:
    right, known, other = {"out": array(), "dx": array()}, array(), array()
    got = known + other - right["out"]  # their effects add up
    for broken, named in (({}, {"known", "other"}), ({"dx": array()}, {None})):
        answers = {"known": {"out": known, **broken}, "other": {"out": other}}
        assert {name for name, _ in said_of([in_case("one", {"out": got}, answers, right)])} == named


def test_a_misconception_is_named_with_a_sign_or_a_factor_beside_it() -> None:
    for factor, words in (
        (-1, "beside that, every entry has the opposite sign."),
        (2, "beside that, it is 2 times too"),
    ):
        results = []
        for title in ("one", "three"):
            known = array()
            results.append(in_case(title, {"out": factor * known}, {"known": {"out": known}}, {"out": array()}))
        (found,) = said_of(results)
        assert found[0] == "known"
        assert words in found[1]
        assert {name for name, _ in said_of(results[:1])} == {None}  # one case is not enough


def test_outputs_in_each_others_places_are_said_in_one_sentence() -> None:
    right = {"dx": array(), "dw": array(), "db": array()[0]}
    (found,) = said_of([in_case("one", {"dx": right["dw"], "dw": right["dx"]}, {}, right)])
    assert "dx holds what belongs to dw, dw holds what belongs to dx" in found[1]


def nested(got: dict[str, Array], right: dict[str, Array]) -> list[Finding]:
    case = Case("one", "", {"x": np.ones(3)}, {"grads": Equal()})
    result = CaseResult(case, {"grads": right}, Ran({"grads": got}))
    return [one for one in judge([result], {}).findings if one.verdict != "pass"]


def test_the_same_mistake_in_several_entries_of_a_dict_is_said_once() -> None:
    right = {"W1": array(), "W2": array(), "b1": array()[0]}
    (doubled,) = nested({**right, "W1": 2 * right["W1"], "W2": 2 * right["W2"]}, right)
    assert (doubled.aspect, "2 times too large" in doubled.hint) == ("grads.W1, grads.W2", True)
    (lacking,) = nested({"b1": right["b1"]}, right)
    assert lacking.hint.startswith('grads lacks "W1", "W2"; it holds b1')
    (renamed,) = nested({"dW1": right["W1"], "W2": right["W2"], "b1": right["b1"]}, right)
    assert 'what should be there stands under the name "dW1"' in renamed.hint


def test_where_nothing_is_known_a_finding_says_what_is_right() -> None:
    results = []
    for title in ("one", "two2", "three"):
        right = {"out": array(), "state": array()}
        results.append(in_case(title, {"out": array() ** 3}, {}, right))
    ((_, hint),) = said_of(results)
    assert hint.endswith("; it is wrong in every case, while state is right.")


def test_nothing_is_called_right_beside_another_output_that_is_wrong() -> None:
    """Two outputs may show the same thing, such as which rows are drawn: one that is right does not settle it."""
    results = []
    for title in ("one", "two2", "three"):
        right = {"out": array(), "drawn": array(), "state": array()}
        wrong = {"out": array() ** 3, "drawn": array() ** 2} if title == "one" else {"out": array() ** 3}
        results.append(in_case(title, wrong, {}, right))
    said = [hint for _, hint in said_of(results)]
    assert any(hint.endswith("; it is wrong in every case.") for hint in said)
    assert not any("state" in hint for hint in said)


def test_only_what_is_wrong_itself_is_exchanged() -> None:
    right = {"dx": array(), "dw": array()}
    for came, words in (
        ({"dw": array() ** 3}, "it holds what belongs to dw: look at the order, or the names, of what is returned"),
        ({}, "it is the same as dw should be"),
        ({"dw": None}, "it is what dw should be, and dw is missing"),
    ):
        said = [hint for _, hint in said_of([in_case("one", {"dx": right["dw"], **came}, {}, right)])]
        assert sum(words in hint for hint in said) == 1, said
        assert ("look at the order" in " ".join(said)) == ("look at the order" in words)


def test_what_two_outputs_hold_is_not_called_exchanged() -> None:
    right = {"dx": array(), "dw": array(), "db": array()}
    came = {"dx": right["dw"], "db": right["dw"], "dw": array()}
    said = " ".join(hint for _, hint in said_of([in_case("one", came, {}, right)]))
    assert "it is the same as dw should be" in said
    assert "look at the order" not in said


def test_outputs_that_hold_each_others_values_are_told_from_a_chain() -> None:
    right = {"dx": array(), "dw": array(), "db": array()}
    for last, words in (
        (right["dx"], "The outputs stand in each other's places: "),
        (array(), "The outputs hold what belongs to others: "),
    ):
        came = {"dx": right["dw"], "dw": right["db"], "db": last}
        assert any(hint.startswith(words) for _, hint in said_of([in_case("one", came, {}, right)]))


def test_it_is_asked_where_a_dict_that_holds_nothing_is_filled() -> None:
    right = {"grads": {"w": array(), "b": array()}}
    for came, asked in (({}, True), ({"v": array()}, False)):
        ((_, hint),) = said_of([in_case("one", {"grads": came}, {}, right)])
        assert ("is this dict filled in, and not another one?" in hint) == asked


def test_what_is_right_is_called_so_only_where_the_code_runs() -> None:
    right = {"out": array(), "left": array()}
    results = [in_case(title, {"left": array() ** 3}, {}, right) for title in ("one", "two2", "three")]
    crashed = replace(results[0], answer=Crash(False, "ValueError", "a message"))
    for every, words in (
        (results, "it is wrong in every case, while out is right."),
        ([*results, crashed], "it is wrong in every case that runs, while out is right where the code runs."),
    ):
        assert words in " ".join(hint for _, hint in said_of(every))


def test_what_rounding_leaves_is_no_evidence() -> None:
    """A gradient that is 0 but for rounding is what many mistakes give, also one that would break something right."""
    results = []
    for title in ("one", "two2", "three"):
        right = {"out": 1e-3 * array(), "other": array()}
        noise = {"out": 1e-17 * array()}
        results.append(in_case(title, noise, {"known": {"out": 1e-17 * array(), "other": array()}}, right))
    assert [name for name, _ in said_of(results)] == [None]
    larger = [
        in_case(title, {"out": wrong}, {"known": {"out": wrong, "other": array()}}, {"out": array(), "other": array()})
        for title, wrong in (("one", array()), ("two2", array()), ("three", array()))
    ]
    assert "known" in {name for name, _ in said_of(larger)}


def test_an_output_that_is_wrong_in_the_same_way_where_the_code_runs_is_not_wrong_in_another_way() -> None:
    sentence = "dx and dw are divided by N; they should not be."
    results = []
    for title in ("one", "three", "second"):
        right = {"dx": array(), "dw": array()}
        wrong = {"dx": array(), "dw": array()}
        results.append(in_case(title, wrong, {"known": wrong}, right))
    right = {"dx": array(), "dw": array()}
    results += [in_case(title, CRASH, {"known": {"dx": array()}}, right) for title in ("fourth one", "the fifth one")]
    hints = [one.hint for one in judge(results, {"known": sentence}).findings if one.misconception == "known"]
    assert hints
    assert not any("in another way" in hint for hint in hints)


def test_outputs_do_not_stand_in_each_others_places_where_one_never_came() -> None:
    right = {name: array()[0] for name in ("b1", "b2", "beta1", "beta2")}
    found = nested({"b1": right["beta1"], "b2": right["beta2"]}, right)
    assert not any("in each other's places" in one.hint for one in found)


def test_what_is_said_of_two_outputs_is_not_said_as_if_it_were_true_of_one_that_is_wrong_in_another_way() -> None:
    sentences = {
        "dx and dw are divided by N; they should not be.": "dx is as if the following were so, although dw is wrong in",
        "dx is computed with dw; it should not be.": "dx is what this mistake gives, while dw is wrong in another way",
    }
    results = []
    for title in ("one", "three"):
        known, right = {"dx": array(), "dw": array()}, {"dx": array(), "dw": array()}
        results.append(in_case(title, {"dx": known["dx"], "dw": array()}, {"known": known}, right))
    for sentence, words in sentences.items():
        found = judge(results, {"known": sentence}).findings
        (hint,) = [one.hint for one in found if one.misconception == "known"]
        assert hint.startswith(words)


def test_what_is_said_of_one_output_stays_within_a_few_lines() -> None:
    case = Case("one", "", {"x": RNG.standard_normal((400, 30))}, {"out": Equal()}, separate={"out": "x"})
    results = [CaseResult(case, {"out": case.inputs["x"]}, Ran({"out": np.asarray(case.inputs["x"]).T}))]
    assert len(judge(results, {}).findings[0].hint) < 700


def test_where_a_case_crashed_it_does_not_count_as_right() -> None:
    right = {"out": array()}
    cases = [in_case("wrong", {"out": array()}, {}, right), in_case("right", {}, {}, right)]
    cases += [in_case(f"crash {index}", CRASH, {}, right) for index in range(2)]
    (hint,) = [hint for _, hint in said_of(cases) if "differ" in hint]
    assert 'it is right in 1 of 4 cases, as in "right"' in hint


def test_after_several_steps_an_output_may_be_wrong_because_of_another() -> None:
    last = {"out": array(), "mean": array()}
    steps = in_case(
        "steps", last, {"known": {"out": array()}}, {"out": array(), "mean": array()}, {Trait.SEVERAL_STEPS}
    )
    hints = [hint for name, hint in said_of([*core_cases(("out", "mean")), steps]) if name is None]
    assert any("mean is wrong there, too, and may be the reason" in hint for hint in hints)
    assert not any("in another way" in hint for hint in hints)


@pytest.mark.parametrize("uses", [True, False])
def test_after_several_steps_what_the_code_does_not_read_is_no_reason(uses: bool) -> None:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        t = int(str(inputs["t"]))
        return Ran({"out": np.asarray(inputs["x"]) * (t if uses else 3), "t": t})

    def case(title: str, *traits: Trait) -> CaseResult:
        inputs = {"x": array(), "t": 3}
        answer, right = run("", inputs, ()), {"out": array(), "t": 5}
        known = {"known": Ran({**right, "out": array()}) if traits else answer}
        rules = {"out": Equal(), "t": Equal()}
        return CaseResult(Case(title, "", inputs, rules, traits=set(traits)), right, answer, known)

    results = [*(case(title) for title in ("one", "two", "three")), case("steps", Trait.SEVERAL_STEPS)]
    found = judge(results, {"known": "A known mistake."}, run).findings
    assert any("t is wrong there, too, and may be the reason" in one.hint for one in found) == uses


@pytest.mark.parametrize("uses", [True, False])
def test_after_several_steps_what_the_right_output_does_not_depend_on_is_no_reason(uses: bool) -> None:
    def answer(inputs: Mapping[str, object], off: int, counts: bool) -> Ran:
        v, t = np.asarray(inputs["v"]), int(str(inputs["t"]))
        return Ran({"v": (v + off) * (t if counts else 3), "t": t - off + 1, "next_w": v + off})

    def case(title: str, *traits: Trait) -> CaseResult:
        inputs, rules = {"v": array(), "t": 3}, {"v": Equal(), "t": Equal(), "next_w": Equal()}
        came, right = answer(inputs, 1, counts=True), answer(inputs, 0, counts=uses).values
        known = {"known": Ran({**right, "v": array()}) if traits else Ran({**right, "v": came.values["v"]})}
        return CaseResult(Case(title, "", inputs, rules, traits=set(traits)), right, came, known)

    def code(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return answer(inputs, 1, counts=True)

    def reference(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return answer(inputs, 0, counts=uses)

    results = [*(case(title) for title in ("one", "two", "three")), case("steps", Trait.SEVERAL_STEPS)]
    found = judge(results, {"known": "A known mistake."}, code, FollowThrough(0.0, reference)).findings
    (hint,) = [one.hint for one in found if one.hint.startswith("Look at v") or " v is wrong in another" in one.hint]
    assert ("t is wrong there, too, and may be the reason" in hint) == uses
    assert "next_w" not in hint  # no call reads it


def test_at_a_kink_a_misconception_agrees_with_every_right_value() -> None:
    rule, inputs = Subgradient(), {"x": np.array([-1.0, 0.0, 2.0]), "dout": np.array([3.0, 4.0, 5.0])}
    turned = np.array([3.0, 0.0, 0.0])
    assert rule.agree(turned, np.array([3.0, 4.0, 0.0]), inputs)
    assert not rule.agree(turned, np.array([3.0, 6.0, 0.0]), inputs)
    assert not rule.agree(turned, np.array([3.0, 4.0, 5.0]), inputs)


@pytest.mark.parametrize(("stored", "named"), [({"dw": 1.0}, "known"), ({}, None), ({"other": 1.0}, None)])
def test_gradients_under_other_names_are_said_only_where_these_names_came(
    stored: dict[str, object], named: str | None
) -> None:
    right, known = {"w": array(), "b": array()}, {"dw": array(), "db": array()}
    case = Case("one", "", {"x": np.ones(3)}, {"grads": Equal(), "loss": Equal()})
    came = {"grads": {**stored, **({"db": 2.0} if named else {})}, "loss": 2.0}
    result = CaseResult(case, {"grads": right, "loss": 1.0}, Ran(came), {"known": Ran({"grads": known, "loss": 1.0})})
    assert {name for name, hint in said_of([result]) if "grads" in hint or name} == {named}


def test_a_crash_in_the_core_hides_no_misconception_that_explains_the_cases_that_ran() -> None:
    crashes = [in_case("a crash", CRASH, {"known": {"out": array()}}, {"out": array()})] * 3
    assert [name for name, _ in said_of([*crashes, *core_cases()])] == [None, "known"]
    # One that ran and is wrong in another way contradicts it.
    other = in_case("another", {"out": array()}, {"known": {"out": array()}}, {"out": array()})
    assert {name for name, _ in said_of([*crashes, other, *core_cases()])} == {None}


def test_where_only_edges_ran_the_line_of_the_crash_may_not_be_that_of_the_output() -> None:
    for source, named in (("dw = x @ y", "known"), ("out = x @ y", None)):
        crash = Crash(False, "ValueError", "no such shape", source=source)
        wrong, right = {"out": array()}, {"out": array()}
        edge = in_case("an edge", wrong, {"known": wrong}, right, EDGE)
        found = said_of([in_case("a crash", crash, {"known": wrong}, right), edge])
        assert found[1][0] == named


def test_a_pair_may_be_contradicted_at_the_edges_only() -> None:
    both = array()
    results = [pair_of(both, array(), array()), pair_of(both, array(), array())]
    for traits, named in ((EDGE, {"known", "other"}), (set[Trait](), {None})):
        shown = {"known": {"out": array()}, "other": {"out": array()}}
        edge = in_case("an edge", {}, shown, {"out": array()}, traits)
        found = judge([*results, edge], HINTS, together=lambda *_: Ran({"out": both})).findings
        assert {one.misconception for one in found if one.verdict != "pass"} == named


def test_effects_that_add_up_are_confirmed_by_a_run() -> None:
    right, known, other = {"out": array()}, array(), array()
    got = known + other - right["out"]
    result = in_case("one", {"out": got}, {"known": {"out": known}, "other": {"out": other}}, right)
    for answer, named in ((Ran({"out": got}), {"known", "other"}), (Ran({"out": array()}), {None})):
        found = judge([result], HINTS, together=lambda one, two, case, a=answer: a).findings
        assert {one.misconception for one in found} == named


def test_an_output_of_zeros_is_explained_by_no_pair() -> None:
    right = array()
    result = in_case("one", {"out": 0 * right}, {"known": {"out": -right}, "other": {"out": 2 * right}}, {"out": right})
    ((name, hint),) = said_of([result])
    assert name is None
    assert "every entry is zero" in hint


def test_outputs_in_each_others_places_are_seen_before_what_explains_one_of_them() -> None:
    right = {"dw": array(), "db": array()}
    swapped = {"dw": right["db"], "db": right["dw"]}
    for known, named in (({"db": right["dw"]}, None), (swapped, "known")):
        found = said_of([in_case("one", swapped, {"known": known}, right)])
        assert [name for name, _ in found] == [named]


def test_another_mistake_is_said_only_where_the_named_one_leaves_plain_cases_right() -> None:
    right = {"out": array()}
    for given, more in (({}, True), ({"out": array()}, False)):
        answers = [dict(known) for known in [given] * 2]
        rest = [in_case("plain", {"out": array()}, {"known": one} if one else {}, right) for one in answers]
        found = said_of([*core_cases(), *rest])
        assert [name for name, _ in found] == ["known", None]
        assert ("out is wrong in another way, too" in found[1][1]) == more


def test_what_a_sentence_compares_with_an_output_that_is_wrong_too_is_left_out() -> None:
    right = {"dw": array(), "db": array()}
    known = {"dw": array()}
    sentence = {"known": "dw is a mean; it should be a sum, as db is."}
    for wrong, said in (({}, "it should be a sum, as db is."), ({"db": array()}, "it should be a sum. (")):
        result = in_case("one", {**known, **wrong}, {"known": known}, right)
        assert said in judge([result], sentence).findings[0].hint


def test_a_pair_in_the_gradients_says_nothing_for_sure_of_an_output_before_them() -> None:
    gradient, known, other = array(), array(), array()
    right, got = {"scores": array(), "grads": {"w": gradient}}, known + other - gradient
    for broken, prefix in (({"scores": array()}, "grads.w is as if the following were so: "), ({}, "")):
        shown = {"known": {**broken, "grads": {"w": known}}, "other": {**broken, "grads": {"w": other}}}
        result = in_case("one", {"scores": array(), "grads": {"w": got}}, shown, right)
        hints = [one.hint for one in judge([result], HINTS).findings if one.misconception]
        assert len(hints) == 2
        assert all(hint.startswith(f"{prefix}{HINTS[name]}") for hint, name in zip(hints, HINTS, strict=True))


def test_a_sentence_about_an_output_that_is_right_is_not_said_to_be_true() -> None:
    right, wrong = {"dw": array(), "db": array()}, array()
    result = in_case("one", {"dw": wrong}, {"known": {"dw": wrong, "db": array()}}, right)
    (finding, *_) = [one.hint for one in judge([result], {"known": "db is a mean."}).findings]
    assert finding.startswith("dw is as if the following were so, although db itself is right: db is a mean.")


def test_what_is_wrong_in_training_and_in_test_mode_is_said_apart() -> None:
    right = [array() for _ in range(4)]
    modes: list[set[Trait]] = [set(), set(), {Trait.TEST_MODE}, {Trait.TEST_MODE}]
    for wrong, words in ((lambda x: -x, "every entry has the opposite sign"), (np.exp, "it is wrong, too")):
        results = [
            in_case(str(n), {"out": np.tile(one[:1], (3, 1)) if modes[n] else wrong(one)}, {}, {"out": one}, modes[n])
            for n, one in enumerate(right)
        ]
        ((_, hint),) = said_of(results)
        assert f"in training {words}; in test mode every row comes out like the first" in hint


def test_a_mode_in_which_some_cases_are_right_is_not_described() -> None:
    """What comes of several steps is wrong because of those in training; in test mode the output is right."""
    right = [array() for _ in range(4)]
    test, several = {Trait.TEST_MODE}, {Trait.TEST_MODE, Trait.SEVERAL_STEPS}
    for traits, got, is_said in ((several, right[2], False), (test, right[2], False), (test, None, True)):
        results = [in_case(str(n), {"out": np.tile(right[n][:1], (3, 1))}, {}, {"out": right[n]}) for n in (0, 1)]
        results.append(in_case("22", {"out": 2 * right[2]}, {}, {"out": right[2]}, traits))
        came = 2 * right[3] if got is None else right[3]
        results.append(in_case("333", {"out": came}, {}, {"out": right[3]}, test))
        ((_, hint),) = said_of(results)
        assert ("in test mode it is 2 times too large" in hint) == is_said


@pytest.mark.parametrize(
    ("factor", "words"),
    [(2.0, "it is the right derivative of what your forward"), (3.0, "it is not the derivative of your loss as it is")],
)
def test_a_gradient_of_a_wrong_loss_may_be_wrong_itself(factor: float, words: str) -> None:
    x = RNG.standard_normal(12)

    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        given = np.asarray(inputs["x"])
        return Ran({"loss": float((given**2).sum()), "dx": factor * given})

    case = Case("one", "", {"x": x}, {"loss": Equal(), "dx": Equal()}, gradients={"dx": "x"}, objective=("loss", ""))
    result = CaseResult(case, {"loss": 1.0, "dx": np.exp(x)}, run("", {"x": x}, ()))
    (hint,) = [one.hint for one in judge([result], {}, run).findings if one.aspect == "dx"]
    assert words in hint


@pytest.mark.parametrize(("source", "said"), [("out, cache = m.f(x)", 1), ("out, cache = (one for one in x)", 2)])
def test_rows_that_the_check_takes_for_several_values_are_not_described(source: str, said: int) -> None:
    """A function that returns one array fails to be unpacked, unless the array has as many rows as values are due."""
    crash = Crash(False, "ValueError", "not enough values to unpack", file=PROGRAM_FILE, line=1, source=source)
    by_chance = in_case("as many rows", {"out": array()[0]}, {}, {"out": array()})
    results = [in_case("a crash", crash, {}, {"out": array()}), by_chance]
    assert len(said_of(results)) == said


@pytest.mark.parametrize("right_once", [False, True])
def test_test_mode_is_described_beside_random_draws_if_it_is_wrong_in_all_cases(right_once: bool) -> None:
    x, results = RNG.choice([-2.0, 3.0], (20, 30)), []
    for mode in ("train", "train", "test", "test"):
        traits = {Trait.TEST_MODE} if mode == "test" else set[Trait]()
        rule = Dropped(of="x", p="p") if mode == "train" else Equal()
        case = Case(f"{mode} {len(results)}", "", {"x": x, "p": 0.25}, {"out": rule}, traits=traits)
        halved = x if right_once and len(results) == 3 else x / 2
        came = x * (RNG.random(x.shape) >= 0.25) if mode == "train" else halved
        results.append(CaseResult(case, {"out": x}, Ran({"out": came})))
    ((_, hint),) = said_of(results)
    assert "it is not scaled up" in hint
    assert ("in test mode it is 2 times too small" in hint) != right_once


def test_one_case_in_which_an_input_comes_back_does_not_explain_those_that_the_mistake_leaves_right() -> None:
    """Without momentum the step is 0; "short steps are taken as 0" gives that, too, and none of the other cases."""
    w = array()
    right = {"out": w + 1}
    plain = [in_case(title, {"out": array()}, {}, {"out": array()}) for title in ("one", "three")]
    for came, named in ((w, {None}), (w * 1.5, {"known", None})):
        result = in_case("a case", {"out": came}, {"known": {"out": came}}, right)
        result = replace(result, case=replace(result.case, inputs={"w": w}))
        assert {name for name, _ in said_of([result, *plain])} == named


def test_an_effect_is_explained_only_where_the_outputs_beside_it_are_right() -> None:
    """Two calls drop the same units where nothing is dropped; that is no mistake in the seed."""
    known = {"known": {"repeated": np.ones(())}}
    right: Mapping[str, object] = {"out": array(), "repeated": np.zeros(())}
    for wrong, named in (({}, True), ({"out": array()}, False)):
        result = in_case("a case", {"repeated": np.ones(()), **wrong}, known, right)
        result = replace(result, case=replace(result.case, effects={"repeated"}))
        plain = in_case("one", wrong and {"out": array()}, {}, {"out": array()})
        assert ("known" in {name for name, _ in said_of([result, plain])}) == named


@pytest.mark.parametrize(("dtype", "named"), [(np.int64, False), (np.float64, True)])
def test_a_single_label_tells_no_second_mistake(dtype: type, named: bool) -> None:
    """Where one label came in place of many, and is not the one that a mistake gives, much may be the reason."""
    right = [RNG.permutation(9).astype(dtype), RNG.permutation(12).astype(dtype)]
    known, both = np.arange(9).astype(dtype)[::-1], np.array(7).astype(dtype)
    results = [
        in_case("a", {"out": known}, {"known": {"out": known}, "other": {}}, {"out": right[0]}),
        in_case("bb", {"out": both}, {"known": {"out": both - 3}, "other": {"out": both + 2}}, {"out": right[1]}),
    ]
    found = judge(results, HINTS, together=lambda *_: Ran({"out": both})).findings
    assert ("other" in {one.misconception for one in found}) == named
