"""What is said of outputs that no misconception explains is true of each of them, in each of its cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Dropped, Equal, Initialised, Minibatches, Paired, Rule
from utils.checks.diagnose import CaseResult, FollowThrough, Search, Source, judge
from utils.checks.diagnose.changes.search import Found
from utils.checks.diagnose.evidence import Evidence
from utils.checks.diagnose.unexplained import Description
from utils.checks.program import Ran

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 5))


class Recorder(Search):
    """A search that finds nothing, and keeps for which outputs it was asked."""

    def __init__(self) -> None:
        super().__init__(lambda program, inputs, fetch: Ran({}), Source("m", "f", ""))
        self.asked: set[str] = set()

    def repair(self, paths: Collection[str], results: Sequence[CaseResult]) -> list[Found]:
        self.asked |= set(paths)
        return []


def result(
    title: str, right: Mapping[str, object], got: Mapping[str, object], rules: Mapping[str, Rule], *traits: Trait
) -> CaseResult:
    inputs: dict[str, object] = {"x": X, "p": 0.5, "weight_scale": 1.0, "num_train": 9, "num_iters": 4, "batch_size": 3}
    return CaseResult(Case(title, "", inputs, rules, traits=set(traits)), right, Ran(dict(got)))


def said_of(results: Sequence[CaseResult], search: Search | None = None) -> list[tuple[str, str]]:
    found = judge(results, {}, search=search).findings
    return [(one.aspect, one.hint) for one in found if one.verdict == "fail"]


def test_no_change_of_code_is_offered_for_what_has_to_be_random() -> None:
    """That minibatches pass their rule once the code is changed does not say that they are drawn at random."""
    rows = np.tile(np.arange(3), (4, 1))
    the_same = np.stack([rows, rows], axis=-1)
    few, many = np.ones((5, 5)), np.ones((12, 12))
    rules = {"batches": Minibatches(), "few": Initialised(), "many": Initialised(), "out": Equal()}
    got = {"batches": the_same, "few": few, "many": many, "out": X}
    search = Recorder()
    hints = dict(said_of([result("one", {"batches": None, "few": few, "many": many, "out": -X}, got, rules)], search))
    assert search.asked == {"many", "out"}
    assert hints.keys() == got.keys()


def test_no_change_of_code_is_offered_for_what_says_yes_or_no() -> None:
    """Nothing is left behind in an object after any change that takes another one in its place."""
    rules = {"left_behind": Equal(), "untouched": Equal(), "out": Equal()}
    right, got = {"left_behind": np.zeros(2)}, {"left_behind": np.ones(2), "untouched": -X, "out": -X}
    one = result("one", {**right, "untouched": X, "out": X}, got, rules)
    search = Recorder()
    said_of([replace(one, case=replace(one.case, effects={"left_behind", "untouched"}))], search)
    assert search.asked == {"untouched", "out"}


def test_entries_that_dicts_lack_are_only_named_together_where_the_dicts_hold_the_same() -> None:
    rules: dict[str, Rule] = {"grads": Equal()}
    right = [{"grads": {f"{name}{layer}": X * RNG.random(5) for name in "Wbc"}} for layer in (1, 2)]
    for other, count in (("c2", 2), ("c1", 2)):
        results = [
            result("one", right[0], {"grads": {"c1": right[0]["grads"]["c1"]}}, rules),
            result("two", right[1], {"grads": {other: X, "c2": right[1]["grads"]["c2"]}}, rules),
        ]
        hints = said_of(results)
        assert len(hints) == count
        assert hints[0] == ("grads.W1, grads.b1", 'grads lacks "W1", "b1"; it holds c1.')
        assert hints[1][1].startswith('grads lacks "W2", "b2"; it holds c')
        assert "c1" not in hints[1][1] or other == "c1"


def test_what_may_be_wrong_itself_is_not_called_expected() -> None:
    """Where two answers of the code have to agree, the second one is right only if nothing else is wrong."""
    paired = result("with dropout", {"dx": None}, {"dx": (X, 2 * X)}, {"dx": Paired(second="your code gives without")})
    ((aspect, hint),) = said_of([paired])
    assert aspect == "dx"
    assert "is what your code gives without" in hint
    assert "is expected" not in hint
    plain = result("plain", {"dx": X}, {"dx": X - 1}, {"dx": Equal()})
    ((_, hint),) = said_of([paired, plain])
    assert "is expected" in hint
    assert "2 times too small" not in hint
    assert "2 times too small" in said_of([paired])[0][1]
    assert "right in" not in hint  # the other case is no right one


@pytest.mark.parametrize("second", ["your code gives without", ""])
def test_what_agrees_with_an_answer_that_may_be_as_wrong_is_not_called_right(second: str) -> None:
    agreeing = result("with dropout", {"dx": (X, X)}, {"dx": (2 * X, 2 * X)}, {"dx": Paired(second=second)})
    plain = result("plain", {"dx": X}, {"dx": np.exp(X)}, {"dx": Equal()})
    ((_, hint),) = said_of([agreeing, plain, plain, plain])
    assert ("right in 1 of 4 cases" in hint) == (not second)


def test_of_a_pair_of_which_nothing_is_known_it_is_said_where_to_look() -> None:
    paired = result("with dropout", {"dx": None}, {"dx": (np.exp(X) - 1.5, X)}, {"dx": Paired(second="it gives")})
    ((_, hint),) = said_of([paired])
    assert "look at what the code does in one of them alone" in hint


def test_where_draws_tell_nothing_the_cases_without_any_are_tried() -> None:
    large = np.abs(RNG.standard_normal((20, 20))) + 0.1
    kept = np.where(RNG.random((20, 20)) < 0.5, 0, 2 * large)
    drawn = Case("drawn", "", {"x": large, "p": 0.5}, {"out": Dropped()})
    still = [Case(title, "", {"x": x}, {"out": Equal()}) for title, x in (("still", X), ("calm", X[::-1]))]

    def code(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Ran:
        x = np.asarray(inputs["x"])
        return Ran({"out": np.sin(3 * x) + x[::-1] if x.shape == X.shape else np.sin(9 * kept)})

    def right(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Ran:
        return Ran({"out": np.asarray(inputs["x"])})

    results = [CaseResult(drawn, {"out": large}, code("", drawn.inputs, ()))]
    results += [CaseResult(one, right("", one.inputs, ()).values, code("", one.inputs, ())) for one in still]
    hints = [one.hint for one in judge(results, {}, code, FollowThrough(0.0, right)).findings if one.aspect == "out"]
    assert 'in the case "still" out[0, 0] should change with row 0 of x, and changes with rows 0 and 3' in hints[0]


def test_a_draw_that_passes_is_not_counted_as_right() -> None:
    """A mask of another p may pass in a case, by chance."""
    rules: dict[str, Rule] = {"out": Dropped()}
    kept = X * (np.arange(20).reshape(4, 5) % 2)
    results = [result(title, {"out": X}, {"out": 2 * kept}, rules) for title in ("one", "two", "three")]
    results.append(result("four", {"out": X}, {"out": 3 * kept}, rules))
    ((_, hint),) = said_of(results)
    assert "cases" not in hint


def test_where_nothing_is_drawn_an_output_is_described() -> None:
    large = np.abs(RNG.standard_normal((20, 20))) + 0.1
    drawn = Case("drawn", "", {"x": large, "p": 0.5}, {"out": Dropped()})
    tested = Case("not drawn", "", {"x": X}, {"out": Equal()})
    results = [
        CaseResult(drawn, {"out": large}, Ran({"out": 3 * large})),
        CaseResult(tested, {"out": np.maximum(X, 0)}, Ran({"out": np.where(X > 0, X, 3 * X)})),
    ]
    ((_, hint),) = said_of(results)
    assert "in the cases without random draws it is wrong only where" in hint


@pytest.mark.parametrize(
    ("body", "asked"), [("return 0", False), ("for i in x: pass", True), ("return [a for a in x]", True)]
)
def test_nothing_is_asked_about_a_loop_where_there_is_none(body: str, asked: bool) -> None:
    search = Recorder()
    search.source = Source("m", "f", f"\ndef f(x):\n    {body}\n")
    came = np.vstack([np.zeros((1, 5)), X[1:] ** 3])
    ((_, hint),) = said_of([result("one", {"out": X}, {"out": came}, {"out": Equal()})], search)
    assert "the first row is 0 everywhere, and should not be" in hint
    assert ("does a loop begin too late" in hint) == asked


def test_what_is_said_of_all_cases_without_draws_holds_in_each() -> None:
    """Where it is right in another such case, the one is named in which it is wrong."""
    large = np.abs(RNG.standard_normal((20, 20))) + 0.1
    drawn = Case("drawn", "", {"x": large, "p": 0.5}, {"out": Dropped()})
    results = [CaseResult(drawn, {"out": large}, Ran({"out": 3 * large}))]
    results.append(result("p is 0", {"out": X}, {"out": 0 * X}, {"out": Equal()}))
    ((_, hint),) = said_of(results)
    assert "in the cases without random draws every entry is zero, and should not be" in hint
    results.append(result("test mode", {"out": X}, {"out": X}, {"out": Equal()}))
    ((_, hint),) = said_of(results)
    assert 'in the case "p is 0" every entry is zero, and should not be' in hint


@pytest.mark.parametrize("scale", ["", "x"])
def test_rounding_is_what_a_rule_cannot_tell_from_zero(scale: str) -> None:
    """So what gives zeros is not recognised by it; a rule that knows of no scale takes all numbers seriously."""
    noise = 1e-10 * RNG.standard_normal(5)
    case = result("one", {"out": np.ones(5)}, {"out": noise}, {"out": Equal(scale=scale)})
    evidence = Evidence([case])
    assert evidence.only_zeros(evidence.wrong) is bool(scale)


def test_outputs_share_a_sentence_only_if_it_is_about_their_own_layers() -> None:
    def kind(path: str, clause: str) -> str:
        return Description(path, "", (clause,), "").kind

    assert kind("grads.W1", "look at W1") == kind("grads.W2", "look at W2")
    assert kind("grads.W3", "it grows with W1") != kind("grads.W1", "it grows with W1")
    assert kind("grads.W1", "look at W12") != kind("grads.W2", "look at W22")


def test_what_is_wrong_with_the_draws_of_another_case_is_said_too() -> None:
    """Where the sizes of minibatches are wrong, their order is not looked at."""
    rule = {"batches": Minibatches()}
    inputs = {"num_train": 4, "num_iters": 3, "batch_size": 2}
    sizes = Case("larger", "", {**inputs, "batch_size": 6}, rule)
    order = Case("in order", "", {**inputs, "x": np.ones(9)}, rule)
    rows = [[[(i + j) % 4] * 2 for j in range(2)] for i in range(3)]
    results = [CaseResult(case, {"batches": None}, Ran({"batches": np.array(rows)})) for case in (sizes, order)]
    (finding,) = judge(results, {}).findings
    assert "each with a minibatch of 6 rows" in finding.hint
    assert 'in the case "in order" minibatches are taken in order; draw them at random' in finding.hint


@pytest.mark.parametrize(
    ("got", "asked"),
    [
        (np.sort(X[:, ::-1] ** 2 + 1, axis=0), True),
        (-X, False),  # of which something is known
        (np.full((7, 3), 5.0), True),  # its shape is known to be wrong, and that is all
    ],
)
def test_where_nothing_is_known_of_an_output_it_is_said_what_is_asked_for(got: object, asked: bool) -> None:
    search = Recorder()
    search.source = Source("m", "f", "", "Each row, turned by one step")
    wrong = [result(title, {"out": X}, {"out": got}, {"out": Equal()}) for title in ("one", "three")]
    (finding,) = judge(wrong, {}, search=search).findings
    assert ('what is asked for is "Each row, turned by one step"' in finding.hint) == asked
