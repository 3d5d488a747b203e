"""What the right derivative of a wrong forward pass earns, and what no derivative of a cheap one earns."""

from __future__ import annotations

import textwrap
from functools import cache

import numpy as np
import pytest
from here import RECIPES
from sampling import sampled

from grader.judging.trial import Trial
from grader.reference import Reference
from utils.checks.diagnose import FollowThrough, Judgement, judge
from utils.checks.program import seeded_runner

NORM = """
def {layer}_forward(x, gamma, beta, param):
    eps = param.get("eps", 1e-5)
    {forward}
    return out, (x, gamma, beta, eps)

def {layer}_backward(dout, cache):
    x, gamma, beta, eps = cache
    {backward}
    return dx, dgamma, dbeta
"""
# A normalisation over `axis`, with `eps` as given, and its right derivative.
FORWARD = """\
hat = (x - x.mean({axis}, keepdims=True)) / np.sqrt(x.var({axis}, keepdims=True) + {eps})
out = gamma * hat + beta"""
BACKWARD = """\
std = np.sqrt(x.var({axis}, keepdims=True) + {eps})
hat = (x - x.mean({axis}, keepdims=True)) / std
d = dout * gamma
dx = (d - d.mean({axis}, keepdims=True) - hat * (d * hat).mean({axis}, keepdims=True)) / std
dgamma, dbeta = (dout * hat).sum(0), dout.sum(0)"""
CENTRED = "dgamma, dbeta = (dout * hat).sum(0), dout.sum(0)"
BETA = "dgamma, dbeta = np.zeros_like(gamma), dout.sum(0)"

AFFINE = """
def affine_forward(x, w, b):
    rows = x.reshape(len(x), -1)
    {forward}
    return out, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    rows = x.reshape(len(x), -1)
    {backward}
    return dx, dw, dout.sum(0)
"""
RELU = """
def relu_forward(x):
    {forward}
    return out, x

def relu_backward(dout, cache):
    x = cache
    {backward}
    return dx
"""

CHEAP = [
    ("layers.batchnorm_backward", NORM, "out = np.zeros_like(x)", "dx = np.zeros_like(x)\ndgamma = dbeta = 0 * gamma"),
    ("layers.batchnorm_backward", NORM, "out = x * 1", "dx = dout.copy()\ndgamma = dbeta = 0 * gamma"),
    ("layers.batchnorm_backward", NORM, "out = x + beta", f"dx = dout * 1.0\n{BETA}"),
    (
        "layers.batchnorm_backward",
        NORM,
        "out = gamma * x + beta",
        "dx = gamma * dout\ndgamma, dbeta = (dout * x).sum(0), dout.sum(0)",
    ),
    (
        "layers.batchnorm_backward",
        NORM,
        "out = gamma * x * x + beta",
        "dx = 2 * gamma * x * dout\ndgamma, dbeta = (dout * x * x).sum(0), dout.sum(0)",
    ),
    ("layers.batchnorm_backward", NORM, "out = 0 * x + x.sum()", f"dx = 0 * x + dout.sum()\n{BETA}"),
    (
        "layers.layernorm_backward",
        NORM,
        "out = gamma * (x - x.mean(1, keepdims=True)) + beta",
        "hat, d = x - x.mean(1, keepdims=True), dout * gamma\ndx = d - d.mean(1, keepdims=True)\n" + CENTRED,
    ),
    ("layers.affine_backward", AFFINE, "out = 0 * (rows @ w) + b", "dx, dw = 0 * x, 0 * w"),
    (
        "layers.affine_backward",
        AFFINE,
        "out = x.sum() + w.sum() + 0 * (rows @ w) + b",
        "dx, dw = 0 * x + dout.sum(), 0 * w + dout.sum()",
    ),
    (
        "layers.affine_backward",
        AFFINE,
        "out = x.sum() * w.sum() + 0 * (rows @ w) + b",
        "dx, dw = 0 * x + dout.sum() * w.sum(), 0 * w + dout.sum() * x.sum()",
    ),
    ("layers.relu_backward", RELU, "out = x.copy()", "dx = dout.copy()"),
    ("layers.relu_backward", RELU, "out = 3 * x", "dx = 3 * dout"),
    ("layers.relu_backward", RELU, "out = np.ones_like(x)", "dx = np.zeros_like(dout)"),
]
ATTEMPTS = [
    ("layers.batchnorm_backward", NORM, FORWARD.format(axis=0, eps=0), BACKWARD.format(axis=0, eps=0)),
    ("layers.batchnorm_backward", NORM, FORWARD.format(axis=1, eps="eps"), BACKWARD.format(axis=1, eps="eps")),
    ("layers.layernorm_backward", NORM, FORWARD.format(axis=0, eps="eps"), BACKWARD.format(axis=0, eps="eps")),
    ("layers.layernorm_backward", NORM, FORWARD.format(axis=1, eps=0), BACKWARD.format(axis=1, eps=0)),
    (
        "layers.affine_backward",
        AFFINE,
        "out = 2 * rows @ w + b",
        "dx, dw = (2 * dout @ w.T).reshape(x.shape), 2 * rows.T @ dout",
    ),
    ("layers.relu_backward", RELU, "out = np.where(x > 0, x, 0.1 * x)", "dx = np.where(x > 0, dout, 0.1 * dout)"),
    ("layers.relu_backward", RELU, "out = np.minimum(x, 0)", "dx = dout * (x < 0)"),
]


@cache
def drawn(exercise: str, reference: Reference) -> Trial:
    """The cases of an exercise, with what its known mistakes give in them, which takes longest."""
    return Trial.drawn(RECIPES[exercise], reference, np.random.default_rng(5))


def judged(exercise: str, text: str, forward: str, backward: str, reference: Reference, share: float) -> Judgement:
    trial = drawn(exercise, reference)
    layer = exercise.split(".")[1].removesuffix("_backward")
    bodies = {
        name: textwrap.indent(body, "    ").strip() for name, body in (("forward", forward), ("backward", backward))
    }
    names: dict[str, object] = {"np": np}
    exec(text.format(layer=layer, **bodies), names)
    module = reference.variant("layers", ())
    for name in (f"{layer}_forward", f"{layer}_backward"):
        setattr(module, name, names[name])

    results = trial.results([trial.answer(case, module) for case in trial.cases])
    return judge(
        results, trial.recipe.hints, seeded_runner({"layers": module}), FollowThrough(share, trial.run_reference)
    )


@pytest.mark.parametrize(("exercise", "text", "forward", "backward"), sampled(CHEAP, every=3))
def test_a_cheap_forward_earns_nothing(
    exercise: str, text: str, forward: str, backward: str, reference: Reference
) -> None:
    judgement = judged(exercise, text, forward, backward, reference, 0.5)
    assert judgement.followed == 0
    assert judgement.share == judged(exercise, text, forward, backward, reference, 0).share < 1


@pytest.mark.parametrize(("exercise", "text", "forward", "backward"), sampled(ATTEMPTS, every=3))
def test_the_right_derivative_of_an_attempt_earns_the_share_of_the_course(
    exercise: str, text: str, forward: str, backward: str, reference: Reference
) -> None:
    nothing, half, most = (judged(exercise, text, forward, backward, reference, share) for share in (0, 0.5, 0.75))
    assert half.followed > 0
    assert half.share == pytest.approx(nothing.share + half.followed)
    assert most.followed == pytest.approx(1.5 * half.followed)
    assert any("earned half: " in finding.hint for finding in half.findings)


@pytest.mark.parametrize(("exercise", "text", "forward", "backward"), sampled(ATTEMPTS, every=3, first=1))
def test_a_wrong_derivative_of_an_attempt_earns_nothing(
    exercise: str, text: str, forward: str, backward: str, reference: Reference
) -> None:
    spoilt = f"{backward}\ndx = 1.01 * dx"
    findings = judged(exercise, text, forward, spoilt, reference, 0.5).findings
    assert not any("earned" in finding.hint and finding.aspect == "dx" for finding in findings)
