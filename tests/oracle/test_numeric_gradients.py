"""A gradient that was measured is told from one that was computed, and one derivation from another."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
import pytest
from here import RECIPES
from submissions import submission

from grader.course import Assignment, Course
from grader.judging import numeric_gradients, oracle
from grader.judging.repeated_answers import same_body
from grader.judging.trial import Trial
from grader.recipes import Recipe
from grader.reference import Reference
from grader.report import Verdict
from grader.sandbox import choose_confinement
from utils.checks.diagnose import CaseResult, Judgement, Loss, Score
from utils.checks.program import Answer, Crash, Ran
from utils.checks.python_text import DEEPEST, parsed
from utils.checks.values import value_at

Grade = Callable[..., dict[str, Verdict]]
GRADIENTS = [recipe for recipe in RECIPES.values() if recipe.large]

NUMERIC = """
def _numeric(f, x, upstream):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[place] = 1e-5
        gradient[place] = ((f(x + step) - f(x - step)) * upstream).sum() / 2e-5
    return gradient
"""
AFFINE = """\
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout
    db = dout.sum(axis=0)
"""
AFFINE_NUMERIC = """\
    b = cache[2]
    dx = _numeric(lambda x: affine_forward(x, w, b)[0], x, dout)
    dw = _numeric(lambda w: affine_forward(x, w, b)[0], w, dout)
    db = _numeric(lambda b: affine_forward(x, w, b)[0], b, dout)
"""


@pytest.fixture
def grade(course: Course) -> Grade:
    """Grades some exercises of ``layers`` with another text of the file, in the sandbox and with a short limit."""

    def grade(text: str, *names: str, seconds: float = 3) -> dict[str, Verdict]:
        exercises = tuple(exercise for _, exercise in course.exercises() if exercise.name in names)
        notebook = msgspec.structs.replace(course["hw4"].notebook[0], exercises=exercises)
        alone: Assignment = msgspec.structs.replace(course["hw4"], notebook=(notebook,))
        limits = msgspec.structs.replace(course.limits, seconds=seconds)
        short = msgspec.structs.replace(course, limits=limits)
        files = {"nndl/layers.py": text.encode()}
        held = choose_confinement("auto")
        report = oracle.grade(submission(files), short, alone, "ana", confinement=held, secret=b"secret")
        return {verdict.name: verdict for verdict in report.exercises}

    return grade


def edited(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_whatever_is_graded_and_has_gradients_has_a_large_case(reference: Reference, course: Course) -> None:
    graded = {exercise.name for _, exercise in course.exercises()}
    drawn = {name: list(RECIPES[name].draw(np.random.default_rng(0))) for name in sorted(graded & RECIPES.keys())}
    with_gradients = {name for name, cases in drawn.items() if any(case.gradients for case in cases)}
    assert with_gradients <= {recipe.name for recipe in GRADIENTS}


@pytest.mark.parametrize("recipe", GRADIENTS, ids=[recipe.name for recipe in GRADIENTS])
def test_the_reference_is_right_and_a_numeric_derivative_takes_thousands_of_passes(
    recipe: Recipe, reference: Reference
) -> None:
    trial = Trial.drawn(recipe, reference, np.random.default_rng(3))
    case = trial.large
    assert case
    answer = trial.answer(case, reference.module(recipe.module))
    assert isinstance(answer, Ran)
    assert not CaseResult(case, trial.expected_large().values, answer).faults()
    inputs = set(case.gradients.values()) or {"X"}  # pictures are changed along the gradient in the image
    assert sum(np.size(value_at(case.inputs, path)) for path in inputs) > 4000


def test_a_numeric_derivative_earns_nothing_and_costs_nothing_else(grade: Grade, reference: Reference) -> None:
    text = edited(reference.source("layers"), AFFINE, AFFINE_NUMERIC) + NUMERIC
    names = "layers.affine_forward", "layers.affine_backward", "layers.relu_forward", "layers.relu_backward"
    verdicts = grade(text, *names, seconds=1.0)
    assert {name: verdict.verdict for name, verdict in verdicts.items()} == dict.fromkeys(names, "pass") | {
        "layers.affine_backward": "timeout"
    }
    spoilt = verdicts["layers.affine_backward"]
    assert spoilt.score == 0
    (finding,) = spoilt.findings
    assert "numeric derivative" in finding.hint
    assert "loop that never stops" not in finding.hint


@pytest.mark.parametrize(
    "body",
    [
        "dx = (relu_forward(x + 1e-30j)[0].imag * dout) / 1e-30",
        "dx = dout * (np.maximum(0, x + 1e-3) - np.maximum(0, x - 1e-3)) / 2e-3",
        "dx = dout * (np.maximum(0, x * (1 + 1e-6)) - np.maximum(0, x * (1 - 1e-6))) / 2e-6",
    ],
    ids=["complex step", "one step for all", "not divided by the step"],
)
def test_an_elementwise_derivative_is_measured_in_vain(body: str, grade: Grade, reference: Reference) -> None:
    text = edited(reference.source("layers"), "dx = dout * (x > 0)", body)
    (verdict,) = grade(text, "layers.relu_backward").values()
    assert verdict.score == 0


LOSS = ("scores", "loss", "grads")


def told(recipe: str, reference: Reference, run: numeric_gradients.Run, judgement: Judgement) -> Judgement:
    trial = Trial.drawn(RECIPES[recipe], reference, np.random.default_rng(3))
    failed = numeric_gradients.failed_gradients(
        judgement, trial, lambda case: run(case.program, case.inputs, tuple(case.aspects)), run, 5
    )
    return failed.subtracted_from(judgement) if failed else judgement


def earned_by(outputs: Sequence[str], *right: str) -> Judgement:
    """A judgement of some outputs of equal shares, of which some are right."""
    unit = 1 / len(outputs)
    lost = tuple(Loss(output, "core", unit) for output in outputs if output not in right)
    score = Score({output: unit * (output in right) for output in outputs}, lost)
    return Judgement(score.share, (), right=right, score=score)


def late(*_: object) -> None:
    return None


def test_only_gradients_are_lost(reference: Reference) -> None:
    everything = earned_by(LOSS, *LOSS)
    left = told("neural_net.TwoLayerNet.loss", reference, late, everything)
    assert left.share == pytest.approx(2 / 3)
    assert left.right == ("scores", "loss")
    assert [finding.verdict for finding in left.findings] == ["timeout", "pass", "pass"]
    assert left.score.lost == (Loss("grads", "large inputs", 1 / 3),)


def test_where_no_gradient_has_earned_anything_nothing_is_run(reference: Reference) -> None:
    def never(*_: object) -> Answer:
        raise AssertionError("a large case was run for nothing")

    judgement = earned_by(LOSS, "scores", "loss")
    assert told("neural_net.TwoLayerNet.loss", reference, never, judgement) is judgement


def test_what_is_wrong_for_large_inputs_alone_is_wrong(reference: Reference) -> None:
    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        return Ran({"dx": np.zeros(np.shape(inputs["x"])), "dw": inputs["w"], "db": inputs["b"]})

    right = earned_by(("dx", "dw", "db"), "dx", "dw", "db")
    spoilt = told("layers.affine_backward", reference, run, right)
    assert spoilt.share == 0
    assert "right for small inputs, and wrong for 109,290 numbers" in spoilt.findings[0].hint
    crashed = told("layers.affine_backward", reference, lambda *_: Crash(False, "MemoryError", "no room"), right)
    assert crashed.share == 0
    assert crashed.findings[0].hint.startswith("With 109,290 numbers as inputs: MemoryError: no room.")


@pytest.mark.slow
def test_follow_through_is_lost_as_well(grade: Grade, reference: Reference) -> None:
    text = edited(
        reference.source("layers"), "out = x.reshape(x.shape[0], -1) @ w + b", "out = 2 * x.reshape(len(x), -1) @ w + b"
    )
    computed = text.replace("dx = (dout @ w.T)", "dx = 2 * (dout @ w.T)").replace("-1).T @ dout", "-1).T @ (2 * dout)")
    measured = edited(text, AFFINE, AFFINE_NUMERIC) + NUMERIC
    (honest,) = grade(computed, "layers.affine_backward").values()
    (cheat,) = grade(measured, "layers.affine_backward", seconds=1.5).values()
    assert (honest.score, honest.followed) == (4, 2)
    assert (cheat.score, cheat.followed) == (0, 0)


# --- two derivations --------------------------------------------------------------------------------------

GRAPH, CLOSED = "layers.batchnorm_backward", "layers.batchnorm_backward_alt"


def body_of(text: str, name: str) -> str:
    """From the signature to the next function."""
    start = text.index(f"def {name}(")
    return text[start : text.index("\ndef ", start)]


def rewritten(text: str, name: str, new: str) -> str:
    return text.replace(body_of(text, name), new)


@pytest.mark.parametrize(
    ("name", "other"),
    [("batchnorm_backward_alt", "batchnorm_backward"), ("batchnorm_backward", "batchnorm_backward_alt")],
)
@pytest.mark.parametrize("how", ["def {name}(dout, cache):\n    return {other}(dout, cache)\n", "alias", "partial"])
def test_neither_derivation_may_call_the_other(
    name: str, other: str, how: str, grade: Grade, reference: Reference
) -> None:
    text = reference.source("layers")
    if how == "alias":
        text = rewritten(text, name, "") + f"\n\n{name} = {other}\n"
    elif how == "partial":
        text = rewritten(text, name, "") + f"\n\nfrom functools import partial\n{name} = partial({other})\n"
    else:
        text = rewritten(text, name, how.format(name=name, other=other))
    text = text.replace(f'open_cache("{name}"', f'open_cache("{other}"')
    verdicts = grade(text, GRAPH, CLOSED)
    assert verdicts[f"layers.{name}"].score == 0
    assert any(word in verdicts[f"layers.{name}"].findings[0].hint for word in ("by itself", "closed form itself"))
    if how != "alias":  # one function under two names is closed for both
        assert verdicts[f"layers.{other}"].verdict == "pass"


def test_one_body_counts_once(grade: Grade, reference: Reference) -> None:
    text = reference.source("layers")
    copied = body_of(text, "batchnorm_backward_alt").replace("batchnorm_backward_alt", "batchnorm_backward")
    renamed = copied.replace("x_hat", "normalised").replace("# ∂L", "# by hand: ∂L")
    verdicts = grade(rewritten(text, "batchnorm_backward", renamed), GRAPH, CLOSED)
    assert verdicts[GRAPH].verdict == "pass"
    assert verdicts[CLOSED].score == 0
    assert "should be another derivation, written out by itself" in verdicts[CLOSED].findings[0].hint


def test_bodies_are_compared_by_what_they_do() -> None:
    def same(one: str, other: str) -> bool:
        return same_body(f"def a(x, y):\n    {one}\ndef b(p, q):\n    {other}\n", "a", "b")

    assert same("return x * y", "return p * q")
    assert same("'''Words.'''\n    z = x\n    return f('a', z)", "# words\n    r = p\n    return f('b', r)")
    assert not same("return x * y", "return q * p")
    assert not same("return sum(x)", "return len(p)")
    assert not same_body("def a(x):\n    return x\n", "a", "b")
    assert not same_body("def a(:", "a", "b")
    assert not same_body("a = " + "(" * 10_000, "a", "b")


BODY = "(x):\n    return 2 * x\n"


@pytest.mark.parametrize(
    "copy",
    [
        "def b" + BODY,
        "def  b (\n    x,\n):\n# words\n    return (2 *\n        x)\n\nc = 1\n",
        "def \\\nb" + BODY,
        "def b(x):\n    return 3 * x\ndef b" + BODY,
        's = """\ndef b(x):\n    return 3 * x\n"""\ndef b' + BODY,
        's = """\ndef b(x):\n    return 3 * x\n"""\ndef \\\nb' + BODY,
        's = """\ndef b(x):\n    return 3 * x\n"""\ndef \N{FULLWIDTH LATIN SMALL LETTER B}' + BODY,
        'def b(x):\n    """\nwords"""\n    return 2 * x\n',
        "# \N{PARTIAL DIFFERENTIAL}L/\N{PARTIAL DIFFERENTIAL}x\ndef b" + BODY,
    ],
)
def test_a_copy_is_found_however_it_is_written(copy: str) -> None:
    assert same_body("def a" + BODY + copy, "a", "b")
    assert same_body(copy + "def a" + BODY, "a", "b")


def test_comparing_bodies_leaves_the_parsed_program_as_it_is() -> None:
    deep = "- " * (DEEPEST - 10)
    text = f"def a(x):\n    y = {deep}x\n    return y\ndef b(z):\n    r = {deep}z\n    return r\n"
    tree = parsed(text)
    assert tree
    before = ast.dump(tree)
    assert same_body(text, "a", "b")
    assert ast.dump(tree) == before
