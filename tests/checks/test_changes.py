"""Small changes of wrong code: that which makes it right is found, and nothing is said of any other."""

from __future__ import annotations

import ast
import linecache
import re
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from utils.checks.case import Case, Finding, Rule
from utils.checks.compare import Equal
from utils.checks.diagnose import CaseResult, Judgement, Search, Source, judge
from utils.checks.diagnose.changes.calls import arguments, arguments_of_layers
from utils.checks.diagnose.changes.candidates import of_values
from utils.checks.diagnose.changes.outcomes import moves_nothing_else
from utils.checks.diagnose.changes.running import ChangedCode, CrashedAt
from utils.checks.diagnose.changes.source import FunctionSource
from utils.checks.diagnose.mended import with_mended
from utils.checks.program import Answer, Crash, Ran, Run, seeded_runner
from utils.checks.values import with_value_at

RIGHT = """\
import numpy as np


def scores(x, w, b):
    shifted = x - x.mean(axis=1, keepdims=True)
    out = shifted @ w + b
    spread = np.sqrt((shifted**2).sum(axis=1) + 1.0)
    return out, spread


class Net:
    def scores(self, x, w, b):
        out = x @ w
        out += b
        return out, np.abs(x).sum(axis=1)
"""
OUTPUTS: dict[str, Rule] = {"out": Equal(), "spread": Equal()}
PROGRAMS = {"scores": "out, spread = m.scores(x, w, b)", "Net.scores": "out, spread = m.Net().scores(x, w, b)"}
SIZES = ((4, 3, 2), (5, 2, 3), (6, 3, 4))


def module(text: str) -> ModuleType:
    made = ModuleType("pkg.m")
    exec(compile(text, "pkg/m.py", "exec"), vars(made))
    return made


def cases(function: str) -> list[Case]:
    found = []
    for seed, (n, d, m) in enumerate(SIZES):
        rng = np.random.default_rng(seed)
        inputs: dict[str, object] = {
            "x": rng.standard_normal((n, d)), "w": rng.standard_normal((d, m)), "b": rng.standard_normal(m),
        }  # fmt: skip
        found.append(Case(f"case {seed}", PROGRAMS[function], inputs, OUTPUTS))
    return found


def run_of(text: str) -> Run:
    return seeded_runner({"m": module(text)})


def results(
    text: str, function: str = "scores", misconceptions: dict[str, tuple[str, str]] | None = None
) -> list[CaseResult]:
    def answers(code: str) -> list[Answer]:
        run = run_of(code)
        return [run(case.program, case.inputs, tuple(case.aspects)) for case in cases(function)]

    known = {name: answers(RIGHT.replace(*change)) for name, change in (misconceptions or {}).items()}
    right = answers(RIGHT)
    assert all(isinstance(one, Ran) for one in right)
    return [
        CaseResult(case, one.values, got, {name: given[index] for name, given in known.items()})
        for index, (case, one, got) in enumerate(zip(cases(function), right, answers(text), strict=True))
        if isinstance(one, Ran)
    ]


def search(text: str, function: str = "scores", run: Run | None = None) -> Search:
    return Search(run or run_of(text), Source("m", function, text))


def judged(text: str, misconceptions: dict[str, tuple[str, str]] | None = None) -> Judgement:
    hints = dict.fromkeys(misconceptions or {}, "The bias is missing; it should be added.")
    return judge(results(text, misconceptions=misconceptions), hints, run_of(text), search=search(text))


def with_(old: str, new: str, text: str = RIGHT) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+ 1.0", "- 1.0", "`(shifted ** 2).sum(axis=1) + 1.0` in place of `(shifted ** 2).sum(axis=1) - 1.0`"),
        ("sum(axis=1)", "mean(axis=1)", "`(shifted ** 2).sum(axis=1)` in place of `(shifted ** 2).mean(axis=1)`"),
        ("sum(axis=1)", "sum()", "`(shifted ** 2).sum(axis=1)` in place of `(shifted ** 2).sum()`"),
        ("x - x.mean", "x + x.mean", "in place of `x + x.mean(axis=1, keepdims=True)` on line 5"),
        ("shifted @ w + b", "2 * shifted @ w + b", "in place of"),
        ("return out, spread", "return out, -spread", "in place of"),
        ("    shifted = x", "    n, b = 1.0, np.ones(w.shape[1])\n    shifted = x", "`(n, _)` in place of `(n, b)`"),
    ],
)
def test_the_change_that_makes_wrong_outputs_right_is_told(old: str, new: str, said: str) -> None:
    hints = " ".join(finding.hint for finding in judged(with_(old, new)).findings)
    assert said in hints
    assert "it would be right in every case" in hints


def test_what_is_unpacked_in_the_wrong_order_is_exchanged_there() -> None:
    """Each place where one of the names is read would look wrong by itself."""
    inner = (
        "pair = (3.0 * x, 2.0 * x)\n    two, three = pair\n    shifted = three - two - x.mean(axis=1, keepdims=True)"
    )
    text = with_("shifted = x - x.mean(axis=1, keepdims=True)", inner)
    hints = [finding.hint for finding in judged(text).findings]
    assert len(hints) == 1
    assert "with `two` and `three` exchanged where they are unpacked on line 6" in hints[0]
    assert "the rest of the code" not in hints[0]


def test_sizes_of_an_array_are_not_exchanged_where_they_are_unpacked() -> None:
    source = "\n\ndef f(x, pair):\n    n, d = x.shape\n    a, b = pair\n    return a * n, b * d\n"
    said = [change.said for change in of_values(FunctionSource(source, "f"), ())]
    assert [one for one in said if "unpacked" in one] == ["`a` and `b` exchanged where they are unpacked on line 5"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c['cache'] = a * c['cache'] + b", "`a * b` in place of `a * c['cache']` on line 4"),
        ("return [c['cache'], c['cache']]", "`[c['cache'], b]` in place of `[c['cache'], c['cache']]` on line 4"),
        (
            "c['cache'] = f(0, a, b, c, c['cache'], 'a text that makes the line so long that nobody reads it')",
            "`b` in place of the second `c['cache']` on line 4",
        ),
    ],
)
def test_an_expression_that_stands_twice_on_its_line_is_not_told_alone(line: str, said: str) -> None:
    source = FunctionSource(f"\n\ndef f(a, b, c):\n    {line}\n", "f")
    assert source.node
    read = [one for one in ast.walk(source.node) if isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Load)]
    last = max(read, key=lambda one: one.col_offset)
    assert source.with_expression(last, ast.Name("b", ast.Load())).said == said


def test_a_method_is_changed_like_a_function() -> None:
    text = with_("out += b", "out -= b")
    wrong = results(text, "Net.scores")
    found = search(text, "Net.scores").repair(["out"], [*wrong])
    assert [one.right for one in found] == [("out",)]
    assert "`out += b` in place of `out -= b` on line 14" in found[0].said


def test_a_change_that_writes_into_an_input_is_not_told() -> None:
    before, after = results(with_("out += b", "out -= b"), "Net.scores"), results(RIGHT, "Net.scores")
    assert moves_nothing_else(["out"], after, before)
    changed = [replace(one, answer=Ran(one.answer.values, ("x",))) for one in after if isinstance(one.answer, Ran)]
    assert not moves_nothing_else(["out"], changed, before)


def test_two_mistakes_in_one_output_need_two_changes() -> None:
    text = with_("(shifted**2).sum(axis=1) + 1.0", "(shifted**2).sum(axis=1) * 3 - 1.0")
    (found,) = search(text).repair(["spread"], results(text))
    assert len(found.changes) == 2
    assert found.right == ("spread",)


def test_nothing_is_told_where_no_small_change_helps() -> None:
    text = with_("spread = np.sqrt((shifted**2).sum(axis=1) + 1.0)", "spread = np.sort(x, axis=0)[:, 0] * 7")
    assert not search(text).repair(["spread"], results(text))
    assert "in place of" not in judged(text).findings[0].hint


@pytest.mark.parametrize("wrong", ["out / (n * m)", "out / (n / m)", "out * (m / m)"])
def test_no_quotient_of_sizes_is_tried(wrong: str) -> None:
    text = f"import numpy as np\n\n\ndef mean(out):\n    n, m = out.shape\n    return {wrong}\n"
    tried = [ast.unparse(ast.parse(one.source)) for one in of_values(FunctionSource(text, "mean"), ())]
    before = wrong.partition(" ")[2]
    quotients = [one for one in ("n / m", "m / n", "n / n", "m / m", "out / out") if one not in before]
    assert len(tried) > 10
    assert not any(re.search(rf"\b{one}\b", code) for code in tried for one in quotients)


def test_a_number_of_groups_is_no_size() -> None:
    text = "import numpy as np\n\n\ndef f(x, G):\n    N, C = x.shape\n    return x / (C * G)\n"
    assert any("C / G" in one.source for one in of_values(FunctionSource(text, "f"), ()))


def test_a_change_that_spoils_what_is_right_is_not_told() -> None:
    """The sign on line 5 would make `spread` right; where `out` makes up for it, that would be wrong then."""
    both_wrong = with_("x - x.mean", "x + x.mean")
    (found,) = search(both_wrong).repair(["out", "spread"], results(both_wrong))
    assert found.changes[0].line == 5
    one_wrong = with_("shifted @ w", "(shifted - 2 * x.mean(axis=1, keepdims=True)) @ w", both_wrong)
    assert all("line 5" not in one.said for one in search(one_wrong).repair(["spread"], results(one_wrong)))


def test_a_crash_is_ended_and_what_is_wrong_behind_it_is_told() -> None:
    text = with_("shifted @ w + b", "shifted @ w.T")
    no_bias = {"no-bias": ("shifted @ w + b", "shifted @ w")}
    crash, *others = [finding for finding in judged(text, no_bias).findings if finding.verdict != "pass"]
    assert crash.hint.endswith("With `shifted @ w` in place of `shifted @ w.T` on line 6, the code would run.")
    assert [(one.aspect, one.misconception) for one in others] == [("out", "no-bias")]
    assert others[0].hint == "Run with that change, it is still wrong. The bias is missing; it should be added."


def test_a_mistake_that_is_gone_with_the_crash_is_not_named_as_another_one() -> None:
    """Where sizes happen to fit, a product with w in place of w.T gives what another mistake gives, too."""
    text = with_("shifted @ w + b", "shifted @ w.T + b")
    like_it = Finding("out", "fail", "The numbers of w are reshaped.", "reshaped-w")
    found = search(text).mend(results(text))
    assert found
    for beside, kept in (({}, 0), ({"spread": "no-bias"}, 1)):
        one = replace(found, right=("out",), beside=beside)
        _, others = with_mended(Finding("", "error", "It crashes."), [like_it], one, {"no-bias": "No bias."}, ())
        assert [other.misconception for other in others].count("reshaped-w") == kept


def test_what_would_fit_by_its_shape_is_not_said_beside_a_change_that_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    text = with_("shifted @ w + b", "shifted @ w.T + b")
    monkeypatch.setitem(linecache.cache, "pkg/m.py", (len(text), None, text.splitlines(keepends=True), "pkg/m.py"))
    wrong = results(text)
    for known, advises in ((None, True), (search(text), False)):
        crash, *_ = judge(wrong, {}, run_of(text), search=known).findings
        assert "in a product the last axis of the first factor should be as long as" in crash.hint
        assert ("has shape (4, 2), which is that of" in crash.hint) == advises
        assert ("the code would run, and be right in every case." in crash.hint) != advises


def test_crashes_one_behind_the_other_are_ended_together() -> None:
    text = (
        with_("shifted @ w + b", "shifted @ w.T + b")
        .replace("np.sqrt(", "np.squareroot(")
        .replace(
            "spread = np.squareroot((shifted**2).sum(axis=1) + 1.0)",
            "spread = max(np.sqrt((x - x.mean(axis=1).T) ** 2))",
        )
    )
    assert search(text).mend(results(text)) is None  # the second is beyond a small change
    text = with_("shifted @ w + b", "shifted @ w.T + b").replace("axis=1) + 1.0", "axis=2) + 1.0")
    found = search(text).mend(results(text))
    assert found
    assert [change.line for change in found.changes] == [6, 7]


def test_what_is_wrong_behind_a_crash_for_unknown_reasons_leaves_the_crash_as_it_is() -> None:
    """A change with which it runs, and is wrong, may be the wrong change."""
    text = with_("shifted @ w + b", "np.sin(shifted @ w.T) * 5")
    assert search(text).mend(results(text)) is None


def test_code_with_a_loop_that_may_not_end_is_not_changed() -> None:
    runs = []

    def run(*args: object) -> Answer:
        runs.append(args)
        return Crash(False, "ValueError", "")

    text = with_("    return out, spread", "    while spread.min() < 0:\n        spread += 1\n    return out, -spread")
    assert not search(text, run=run).repair(["spread"], results(text))
    assert not runs


def test_the_runs_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utils.checks.diagnose.changes.search.MAX_RUNS", 7)
    text = with_("spread = np.sqrt((shifted**2).sum(axis=1) + 1.0)", "spread = np.sort(x, axis=0)[:, 0] * 7")
    count, own = [0], run_of(text)

    def run(*args: object) -> Answer:
        count[0] += 1
        return own(*args)

    wrong = results(text)
    search(text, run=run).repair(["spread"], wrong)
    assert 0 < count[0] <= 7 + len(wrong)


def test_all_passes_together_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a change brings outputs nearer, others are tried with it, but not without end."""
    text = with_("spread = np.sqrt((shifted**2).sum(axis=1) + 1.0)", "spread = np.sort(x, axis=0)[:, 0] * 7")
    wrong, own = results(text), run_of(text)

    def runs(limit: int) -> int:
        monkeypatch.setattr("utils.checks.diagnose.changes.search.MAX_RUNS", limit)
        count = [0]

        def run(*args: object) -> Answer:
            count[0] += 1
            return own(*args)

        one = search(text, run=run)
        for _ in range(5):
            one.repair(["spread"], wrong)
        return count[0]

    assert runs(40) <= 40 + 3 * len(wrong) < runs(1000)  # what is begun on all cases is finished


@pytest.mark.parametrize("function", PROGRAMS)
def test_several_changes_in_one_program_give_what_each_gives_alone(function: str) -> None:
    """Code that crashes, that draws, and that spoils an input for whatever runs after it, included."""
    text = RIGHT.replace("    out = shifted @ w + b", "    x *= 0.5\n    out = shifted @ w + b + np.random.rand()")
    code = ChangedCode(run_of(text), "m", function)
    tried = [change.source for change in of_values(FunctionSource(text, function), [], False)][:25]
    for case in cases(function):
        alone = [code.answer(source, case) for source in tried]
        together = code.answers(tried, case)
        assert {type(one) for one in together} == {Ran, CrashedAt}
        for one, other in zip(alone, together, strict=True):
            if isinstance(one, CrashedAt):
                assert other == one
            else:
                assert isinstance(other, Ran)
                np.testing.assert_equal(other.values, one.values)


def test_code_that_ends_python_is_a_crash_like_others() -> None:
    leaves = RIGHT.replace("    out = shifted @ w + b", "    raise SystemExit")
    code = ChangedCode(run_of(RIGHT), "m", "scores")
    texts = [FunctionSource(text, "scores").with_lines(4, [], "").source for text in (leaves, RIGHT)]
    left, ran = code.answers(texts, cases("scores")[0])
    assert isinstance(left, CrashedAt)
    assert isinstance(ran, Ran)


def test_what_the_code_under_test_puts_in_the_place_of_answers_counts_as_a_crash() -> None:
    case = cases("scores")[0]
    for forged in (None, [], [1, 2], [(None, {"out": 1}), (None, None)], [("a line", {}), (None, 3)]):

        def forging(*_: object, value: object = forged) -> Answer:
            return Ran({"answers_": value})

        assert ChangedCode(forging, "m", "scores").answers(["", ""], case) == [CrashedAt(0)] * 2


@pytest.mark.parametrize(("count", "exchanges"), [(1, 0), (2, 1), (6, 15), (7, 6), (10, 9), (11, 0)])
def test_of_many_arguments_only_those_side_by_side_are_exchanged(count: int, exchanges: int) -> None:
    names = [f"a{place}" for place in range(count)]
    call = ast.parse(f"f({', '.join(names)})", mode="eval").body
    found = [ast.unparse(one) for one in arguments(call)]
    assert len(set(found)) == len(found) == exchanges
    assert all(sorted(one[2:-1].split(", ")) == sorted(names) for one in found)


@pytest.mark.parametrize(
    ("right", "moved", "told"),
    [
        ("scores", "loss", True),
        ("scores", "grads.W", True),
        ("scores", "other", False),
        ("grads.W", "grads.b", False),
    ],
)
def test_what_comes_before_the_objective_may_move_it_and_its_gradients(right: str, moved: str, told: bool) -> None:
    """A loss may be wrong for a reason of its own; it moves when the scores that it is computed from do."""
    outputs: dict[str, Rule] = dict.fromkeys(("scores", "other", "loss", "grads"), Equal())
    gradients = {"grads.W": "W", "grads.b": "b"}
    case = Case("", "", {"W": np.ones(3)}, outputs, gradients=gradients, objective=("loss", ""))
    due: dict[str, object] = {"scores": 1.0, "other": 1.0, "loss": 1.0, "grads": {"W": 1.0, "b": 1.0}}
    before, after = due, due
    for path, values in ((right, (2.0, 1.0)), (moved, (2.0, 3.0))):
        before, after = (with_value_at(one, path, value) for one, value in zip((before, after), values, strict=True))
    results = [CaseResult(case, due, Ran(dict(one))) for one in (before, after)]
    assert moves_nothing_else([right], results[1:], results[:1]) is told


def test_of_what_no_output_shows_no_change_is_told() -> None:
    """With anything in place of a cache that is not compared, the code would run and all that is compared be right."""
    text = with_("    return out, spread", "    cache = b + x.T + spread\n    return out, spread")
    assert search(text).mend(results(text)) is None
    misspelt = with_("    return out, spread", "    cache = spred\n    return out, spread")
    assert search(misspelt).mend(results(misspelt))


def test_what_a_second_change_mends_is_not_said_to_be_wrong_behind_the_crash() -> None:
    """A wrong axis makes both outputs wrong, and a misconception is known that gives one of them."""
    of_rows = "shifted = x - x.mean(axis=1, keepdims=True)"
    of_columns = of_rows.replace("axis=1", "axis=0")
    known = {"of-columns": ("shifted @ w + b", "(x - x.mean(axis=0, keepdims=True)) @ w + b")}
    text = with_("shifted @ w + b", "shifted @ w.T + b", with_(of_rows, of_columns))
    found = search(text).mend(results(text, misconceptions=known))
    assert found
    assert [change.line for change in found.changes] == [6, 5]
    assert (set(found.right), found.beside) == ({"out", "spread"}, {})


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("    kept = (x, missing)\n    return out, spread\n", False),  # nothing that is compared depends on it
        ("    return out, (spread, missing)[0]\n", False),
        ("    return out + 0 * missing.sum(), spread\n", True),
    ],
)
def test_a_change_is_offered_only_where_an_output_depends_on_it(line: str, offered: bool) -> None:
    text = with_("    return out, spread\n", line)
    assert (search(text).mend(results(text)) is not None) == offered


def test_arguments_are_brought_into_any_order() -> None:
    node = ast.parse("norm(settings, a, b, x)", mode="eval").body
    written = [ast.unparse(one) for one in arguments_of_layers(node)]
    assert len(written) == len(set(written)) == 23
    assert "norm(x, a, b, settings)" in written[:6]  # an exchange of two is tried first
    assert "norm(a, b, x, settings)" in written
    many = ast.parse("norm(e, a, b, c, d)", mode="eval").body
    assert "norm(a, b, c, d, e)" in [ast.unparse(one) for one in arguments_of_layers(many)]
    assert not list(arguments_of_layers(ast.parse("norm(a)", mode="eval").body))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("np.sqrt(", "2 * np.sqrt(", ", or with the same factor elsewhere,"),
        ("np.sqrt(", "-np.sqrt(", ", or with a minus elsewhere,"),
        ("+ 1.0", "- 1.0", " on line 7,"),
    ],
)
def test_a_factor_may_be_due_elsewhere(old: str, new: str, said: str) -> None:
    """Of a product, no number tells which of its factors is wrong."""
    (hint,) = (finding.hint for finding in judged(with_(old, new)).findings if finding.hint)
    assert f"{said} it would be right in every case" in hint


def tried(line: str) -> list[str]:
    """The texts that are tried in place of a function of two lines."""
    text = f"import numpy as np\n\n\ndef f(out_a, out_b):\n    {line}\n    return (out_a, out_b)\n"
    return [ast.unparse(ast.parse(change.source)) for change in of_values(FunctionSource(text, "f"), [])]


def test_no_value_is_returned_twice() -> None:
    texts = tried("out_a = out_a - out_b")
    assert any("out_a = out_b - out_b" in text for text in texts)
    assert not any("return (out_a, out_a)" in text or "return (out_b, out_b)" in text for text in texts)


def test_no_change_makes_a_line_do_nothing() -> None:
    texts = tried("out_a[1:] = 0")
    assert any("out_b[1:] = 0" in text for text in texts)
    assert not any("+= 0" in text or "** 2)[1:]" in text or ")[1:] =" in text for text in texts)
    assert any("out_a[1:] += out_b" in text for text in tried("out_a[1:] = out_b"))
