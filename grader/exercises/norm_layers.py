"""The exercises of ``nndl/layers.py`` in HW4 that normalise: batch and layer normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Equal, Rule

from .recipe import Recipe, enlarged, sizes, wrong

BATCH_FORWARD = """\
bn_param = {"mode": "train", **settings}
out, cache = layers.batchnorm_forward(x, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
"""
BATCH_TEST = BATCH_FORWARD.replace('"train"', '"test"')
BATCH_STEPS = """\
bn_param = {"mode": "train", **settings}
for step in steps:
    layers.batchnorm_forward(step, gamma, beta, bn_param)
bn_param["mode"] = "test"
out, cache = layers.batchnorm_forward(x, gamma, beta, bn_param)
running_mean, running_var = bn_param.get("running_mean"), bn_param.get("running_var")
"""
# Two derivations are asked for, so neither backward pass may be had by calling the other.
BATCH_BACKWARD = """\
from utils.checks.closed import closed
out, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train", **settings})
with closed(getattr(layers, "batchnorm_backward_alt", None), "batchnorm_backward should walk the graph by itself"):
    dx, dgamma, dbeta = layers.batchnorm_backward(dout, cache)
"""
BATCH_BACKWARD_ALT = """\
from utils.checks.closed import closed
out, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train", **settings})
with closed(getattr(layers, "batchnorm_backward", None), "batchnorm_backward_alt should compute the closed form itself"):
    dx, dgamma, dbeta = layers.batchnorm_backward_alt(dout, cache)
"""

LAYER_FORWARD = "out, cache = layers.layernorm_forward(x, gamma, beta, settings)"
LAYER_BACKWARD = f"{LAYER_FORWARD}\ndx, dgamma, dbeta = layers.layernorm_backward(dout, cache)"

FORTRAN = "x = np.asfortranarray(x)  # another memory order, the same numbers\n"
OFF = "gamma = gamma * (np.arange(len(gamma)) != 1)  # one feature is switched off\n"
GRADIENTS = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}


def _numbers(rng: np.random.Generator, n: int, d: int, dtype: str = "float64") -> dict[str, object]:
    """Examples, scale, shift and upstream gradient: no mean is 0, no spread 1, no two features are alike."""
    arrays = {
        "x": rng.uniform(-2, 2, d) + rng.uniform(0.7, 2, d) * rng.standard_normal((n, d)),
        "gamma": rng.uniform(0.5, 2, d) * rng.choice([-1, 1], d),
        "beta": rng.uniform(0.5, 2, d),
        "dout": 0.5 + rng.standard_normal((n, d)),
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}


def _eps(rng: np.random.Generator) -> float:
    """Large enough to be seen."""
    return float(rng.uniform(0.2, 0.5))


# --- batch normalisation, forward ------------------------------------------------------------------------


def batchnorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Training, test mode, and test mode after training; from scratch and from running statistics."""
    n, d = sizes(rng, 2, low=3)
    aspects: dict[str, Rule] = {"out": Equal(), "running_mean": Equal(), "running_var": Equal()}
    typed = aspects | {"out": Equal(dtype=True)}

    def inputs(n: int, d: int, running: bool = True, dtype: str = "float64") -> dict[str, object]:
        found = _numbers(rng, n, d, dtype)
        del found["dout"]
        settings: dict[str, object] = {"eps": _eps(rng), "momentum": float(rng.uniform(0.6, 0.8))}
        if running:
            settings["running_mean"] = rng.uniform(1, 2, d).astype(dtype)
            settings["running_var"] = rng.uniform(0.5, 3, d).astype(dtype)
        return found | {"settings": settings}

    yield Case(f"training, x of shape {(n, d)}", BATCH_FORWARD, inputs(n, d), aspects, writable=("settings",))
    plain = inputs(n + 9, d) | {"settings": {}}
    yield Case("training, with default settings", BATCH_FORWARD, plain, aspects)
    yield Case("test mode, with running statistics", BATCH_TEST, inputs(d, n), aspects, writable=("settings",))
    several = inputs(2, d, running=False)
    several["steps"] = [_numbers(rng, n + step, d)["x"] for step in range(3)]
    yield Case("three steps of training, then test mode", BATCH_STEPS, several, aspects)
    yield Case("training on a single example", BATCH_FORWARD, inputs(1, d), aspects, writable=("settings",))
    yield Case("a single example in test mode", BATCH_TEST, inputs(1, d), aspects, writable=("settings",))
    yield Case("a single feature", BATCH_FORWARD, inputs(n, 1), aspects, writable=("settings",))
    yield Case("as many examples as features", BATCH_FORWARD, inputs(d, d), aspects, writable=("settings",))
    yield Case("float32", BATCH_FORWARD, inputs(n, d, False, "float32"), typed)
    yield Case("float32 in test mode", BATCH_TEST, inputs(n, d, True, "float32"), typed, writable=("settings",))
    yield Case("Fortran order in memory", FORTRAN + BATCH_FORWARD, inputs(n, d), aspects, writable=("settings",))


_CENTRED = "centred = x - x.mean(axis=0)"
_VAR = "var = (centred * centred).mean(axis=0)"
_INV_STD = "inv_std = 1 / np.sqrt(var + eps)"
_OUT = f"{_INV_STD}\n        x_hat = centred * inv_std\n        out = gamma * x_hat + beta"
_RUN_MEAN = "running_mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)"
_RUN_VAR = "running_var = momentum * running_var + (1 - momentum) * var"
_TEST = "out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta"
_BACK = 'bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var'
_TEST_UPDATES = f"""\
if mode == "test":
        {_RUN_MEAN}
        {_RUN_VAR.replace("* var", "* x.var(axis=0)")}
    """

BATCHNORM_FORWARD = Recipe(
    "layers.batchnorm_forward",
    batchnorm_forward_cases,
    (
        wrong(
            "momentum-swapped",
            "The weights of the running statistics are exchanged: momentum is the share of the old ones that stays.",
            (_RUN_MEAN, "running_mean = (1 - momentum) * running_mean + momentum * x.mean(axis=0)"),
            (_RUN_VAR, "running_var = (1 - momentum) * running_var + momentum * var"),
        ),
        wrong(
            "running-var-unbiased",
            "The running variance is the one divided by N − 1; it is the same variance that the output uses.",
            (_RUN_VAR, _RUN_VAR.replace("* var", "* (centred * centred).sum(axis=0) / (len(x) - 1)")),
        ),
        wrong(
            "var-unbiased",
            "The variance is divided by N − 1; it is the mean of the squares, divided by N.",
            (_VAR, "var = (centred * centred).sum(axis=0) / (len(x) - 1)"),
        ),
        wrong(
            "test-without-eps",
            "In test mode eps is missing under the root; test mode normalises just as training does.",
            (_TEST, _TEST.replace(" + eps", "")),
        ),
        wrong(
            "test-with-batch-statistics",
            "Test mode normalises with the statistics of the minibatch; it has the running ones to use.",
            (_TEST, "out = gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta"),
        ),
        wrong(
            "test-updates-statistics",
            "Test mode changes the running statistics; only training does.",
            (_BACK, _TEST_UPDATES + _BACK),
        ),
        wrong(
            "test-without-gamma-and-beta",
            "In test mode gamma and beta are left out; scale and shift belong to both modes.",
            (_TEST, "out = (x - running_mean) / np.sqrt(running_var + eps)"),
        ),
        wrong(
            "test-without-root",
            "In test mode x is divided by the variance; divide by its root, the standard deviation.",
            (_TEST, "out = gamma * (x - running_mean) / (running_var + eps) + beta"),
        ),
        wrong(
            "test-eps-outside-root",
            "In test mode eps is added to the root; it belongs under it.",
            (_TEST, "out = gamma * (x - running_mean) / (np.sqrt(running_var) + eps) + beta"),
        ),
        wrong(
            "test-not-centred",
            "In test mode the running mean is not subtracted; test mode takes the steps of training, with other statistics.",
            (_TEST, "out = gamma * x / np.sqrt(running_var + eps) + beta"),
        ),
        wrong(
            "test-identity",
            "In test mode x comes out as it went in; it is normalised there, too, with the running statistics.",
            (_TEST, "out = x.copy()"),
        ),
        wrong(
            "running-is-last-batch",
            "The running statistics are those of the last minibatch; they should remember the earlier ones, too.",
            (_RUN_MEAN, "running_mean = x.mean(axis=0)"),
            (_RUN_VAR, "running_var = var"),
        ),
        wrong(
            "running-not-updated",
            "The running statistics never change in training; each minibatch should move them a little.",
            (_RUN_MEAN, "running_mean = running_mean + 0"),
            (_RUN_VAR, "running_var = running_var + 0"),
        ),
        wrong(
            "running-from-zero",
            "The running statistics start at 0 in every call; they go on from those in bn_param.",
            (_RUN_MEAN, "running_mean = (1 - momentum) * x.mean(axis=0)"),
            (_RUN_VAR, "running_var = (1 - momentum) * var"),
        ),
        wrong(
            "running-reset",
            "The running statistics in bn_param are 0 after every call; look at what is written back at the end.",
            (_BACK, _BACK.replace("= running_mean, running_var", "= 0 * running_mean, 0 * running_var")),
        ),
        wrong(
            "running-sum",
            "The new statistics count in full; in a running mean the two weights add up to 1.",
            (_RUN_MEAN, _RUN_MEAN.replace("(1 - momentum) * ", "")),
            (_RUN_VAR, _RUN_VAR.replace("(1 - momentum) * ", "")),
        ),
        wrong(
            "running-of-normalised",
            "The running statistics are those of the normalised numbers; they describe x as it came in.",
            (_RUN_MEAN, _RUN_MEAN.replace("x.mean", "x_hat.mean")),
            (_RUN_VAR, _RUN_VAR.replace("* var", "* x_hat.var(axis=0)")),
        ),
        wrong(
            "running-of-output",
            "The running statistics are those of the output; they describe x as it came in.",
            (_RUN_MEAN, _RUN_MEAN.replace("x.mean", "out.mean")),
            (_RUN_VAR, _RUN_VAR.replace("* var", "* out.var(axis=0)")),
        ),
        wrong(
            "running-std",
            "The running variance holds standard deviations; keep the variance, before the root.",
            (_RUN_VAR, _RUN_VAR.replace("* var", "* np.sqrt(var)")),
        ),
        wrong(
            "running-var-with-eps",
            "The running variance has eps inside; eps is added when it is used.",
            (_RUN_VAR, _RUN_VAR.replace("* var", "* (var + eps)")),
        ),
        wrong(
            "momentum-hard-coded",
            "The momentum of the running statistics is always 0.9; use the one in bn_param.",
            (_RUN_MEAN, _RUN_MEAN.replace("- momentum", "- 0.9").replace("momentum *", "0.9 *")),
            (_RUN_VAR, _RUN_VAR.replace("- momentum", "- 0.9").replace("momentum *", "0.9 *")),
        ),
        wrong(
            "running-not-written-back",
            "The running statistics are computed but not written into bn_param, where the next call looks for them.",
            (_BACK, "pass"),
        ),
        wrong(
            "eps-outside-root",
            "In training eps is added to the root; it belongs under it.",
            (_INV_STD, "inv_std = 1 / (np.sqrt(var) + eps)"),
        ),
        wrong(
            "eps-outside-root-in-both-modes",
            "eps is added to the root; it belongs under it.",
            (_INV_STD, "inv_std = 1 / (np.sqrt(var) + eps)"),
            (_TEST, "out = gamma * (x - running_mean) / (np.sqrt(running_var) + eps) + beta"),
        ),
        wrong(
            "no-eps",
            "eps is missing under the root; without it a feature that is constant gives NaN.",
            (_INV_STD, "inv_std = 1 / np.sqrt(var)"),
        ),
        wrong(
            "eps-hard-coded",
            "eps is always 1e-5; use the one in bn_param.",
            (_INV_STD, "inv_std = 1 / np.sqrt(var + 1e-5)"),
            (_TEST, _TEST.replace("eps", "1e-5")),
        ),
        wrong(
            "no-root",
            "In training x is divided by the variance; divide by its root, the standard deviation.",
            (_INV_STD, "inv_std = 1 / (var + eps)"),
        ),
        wrong(
            "no-root-in-both-modes",
            "x is divided by the variance; divide by its root, the standard deviation.",
            (_INV_STD, "inv_std = 1 / (var + eps)"),
            (_TEST, "out = gamma * (x - running_mean) / (running_var + eps) + beta"),
        ),
        wrong(
            "mean-only",
            "The mean is subtracted but nothing is divided by the standard deviation: the normalised numbers should have spread 1.",
            (_INV_STD, "inv_std = np.ones_like(var)"),
        ),
        wrong(
            "not-centred",
            "The mean is not subtracted from x before the division: the normalised numbers should have mean 0.",
            (_OUT, _OUT.replace("centred * inv_std", "x * inv_std")),
        ),
        wrong(
            "statistics-per-example",
            "Mean and variance are taken over the features of each example; here they belong to a feature.",
            (_CENTRED, "centred = x - x.mean(axis=1, keepdims=True)"),
            (_VAR, "var = (centred * centred).mean(axis=1, keepdims=True)"),
        ),
        wrong(
            "one-statistic",
            "There is one mean and one variance for the whole minibatch; each feature has its own.",
            (_CENTRED, "centred = x - x.mean()"),
            (_VAR, "var = (centred * centred).mean()"),
        ),
        wrong(
            "no-gamma-and-beta",
            "In training gamma and beta are left out: the normalised numbers are scaled and shifted.",
            (_OUT, _OUT.replace("gamma * x_hat + beta", "x_hat.copy()")),
        ),
        wrong(
            "no-gamma-and-beta-in-both-modes",
            "gamma and beta are left out: the normalised numbers are scaled and shifted.",
            (_OUT, _OUT.replace("gamma * x_hat + beta", "x_hat.copy()")),
            (_TEST, "out = (x - running_mean) / np.sqrt(running_var + eps)"),
        ),
        wrong(
            "no-beta",
            "beta is never added: the mean of what comes out should be beta, and it is 0.",
            (_OUT, _OUT.replace(" + beta", "")),
            (_TEST, _TEST.replace(" + beta", "")),
        ),
        wrong(
            "gamma-and-beta-exchanged",
            "gamma and beta are exchanged: gamma scales, beta shifts.",
            (_OUT, _OUT.replace("gamma * x_hat + beta", "beta * x_hat + gamma")),
            (_TEST, "out = beta * (x - running_mean) / np.sqrt(running_var + eps) + gamma"),
        ),
        wrong(
            "shift-before-scale",
            "beta is added before gamma multiplies; scale first, then shift.",
            (_OUT, _OUT.replace("gamma * x_hat + beta", "gamma * (x_hat + beta)")),
            (_TEST, "out = gamma * ((x - running_mean) / np.sqrt(running_var + eps) + beta)"),
        ),
        wrong(
            "in-place",
            "x was changed in place; work on a copy, because the caller still needs it.",
            (_CENTRED, "mean = x.mean(axis=0)\n        x -= mean\n        centred = x"),
            (_RUN_MEAN, _RUN_MEAN.replace("x.mean(axis=0)", "mean")),
        ),
    ),
)

# --- batch normalisation, backward -----------------------------------------------------------------------


def _backward_cases(rng: np.random.Generator, program: str, low: int) -> Iterator[Case]:
    """Gradients for the student's own cache; nothing has mean 0, so that no path may be left out."""
    n, d = sizes(rng, 2, low=3)
    aspects: dict[str, Rule] = {"dx": Equal(), "dgamma": Equal(), "dbeta": Equal()}

    def case(title: str, n: int, d: int, opening: str = "", dtype: str = "float64", default: bool = False) -> Case:
        inputs = _numbers(rng, n, d, dtype) | {"settings": {} if default else {"eps": _eps(rng)}}
        return Case(
            title,
            opening + program,
            inputs,
            aspects,
            writable=("x", "gamma", "beta", "settings"),  # what a forward pass changes is its own exercise's fault
            gradients=GRADIENTS,
            objective=("out", "dout"),
        )

    yield case(f"x of shape {(n, d)}", n, d)
    yield case("with default settings", d + 1, d, default=True)
    yield case("many more examples than features", n + 20, 3)
    yield case("more features than examples", low, d + 7)
    yield case("as many examples as features", n, n)
    yield case("float32", n, d, dtype="float32")
    yield case("Fortran order in memory", n, d, FORTRAN)
    yield case("a gamma that is 0", n, d, OFF)


def _many(n: int, d: int) -> Callable[[np.random.Generator], dict[str, object]]:
    """Inputs of a backward pass in which each number shares its mean and variance with thousands of others."""
    return lambda rng: _numbers(rng, n, d) | {"settings": {"eps": _eps(rng)}}


def batchnorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Through the graph."""
    yield from _backward_cases(rng, BATCH_BACKWARD, 2)


def batchnorm_backward_alt_cases(rng: np.random.Generator) -> Iterator[Case]:
    """In closed form: the same gradients."""
    yield from _backward_cases(rng, BATCH_BACKWARD_ALT, 2)


_TOP = "    x_hat, inv_std, gamma = cache\n    dbeta = dout.sum(axis=0)\n    dgamma = (dout * x_hat).sum(axis=0)\n"
_B_TOP = _TOP + "    dx_hat = dout * gamma\n    # x̂ = c"
_DVAR = "dvar = -0.5 * inv_std**3 * dinv_std"
_DCENTRED = "dcentred = dx_hat * inv_std + dvar * 2 * centred / len(dout)"
_DX = "dx = dcentred - dcentred.mean(axis=0)"

_AVERAGED = "dbeta and dgamma are means over the minibatch; every example adds its share, so they are sums."
_KEEPS_AXIS = "dgamma and dbeta keep the axis they were summed over; like gamma and beta they have shape (D,)."
_EXCHANGED = "dgamma and dbeta are exchanged: gamma scales and beta shifts; look at which is which, and in what order they are returned."

BATCHNORM_BACKWARD = Recipe(
    "layers.batchnorm_backward",
    batchnorm_backward_cases,
    (
        wrong(
            "gradients-keep-axis",
            _KEEPS_AXIS,
            (_B_TOP, _B_TOP.replace("sum(axis=0)", "sum(axis=0, keepdims=True)")),
        ),
        wrong(
            "statistics-constant",
            "dx takes mean and variance for constants; x enters both of them, and so does its gradient.",
            (_DX, "dx = dx_hat * inv_std"),
        ),
        wrong(
            "no-path-through-mean",
            "In dx the path through the mean is missing; subtracting μ spreads every gradient over all examples.",
            (_DX, "dx = dcentred"),
        ),
        wrong(
            "no-path-through-variance",
            "In dx the path through the variance is missing: whoever moves one x moves the variance, and with it every number that it normalises.",
            (_DCENTRED, "dcentred = dx_hat * inv_std"),
        ),
        wrong(
            "mean-without-n",
            "In dx the path through the mean lacks its 1/N.",
            (_DX, "dx = dcentred - dcentred.sum(axis=0)"),
        ),
        wrong(
            "variance-without-n",
            "In dx the path through the variance lacks its 1/N: σ² is a mean.",
            (_DCENTRED, _DCENTRED.replace(" / len(dout)", "")),
        ),
        wrong(
            "square-without-two",
            "In dx the path through the variance lacks the 2 from differentiating a square.",
            (_DCENTRED, _DCENTRED.replace("* 2 ", "")),
        ),
        wrong(
            "root-without-half",
            "In dx the path through the variance lacks the ½ from differentiating a root.",
            (_DVAR, _DVAR.replace("-0.5 * ", "-")),
        ),
        wrong(
            "variance-sign",
            "In dx the path through the variance has the wrong sign: a larger variance makes the output smaller.",
            (_DVAR, _DVAR.replace("-0.5", "0.5")),
        ),
        wrong(
            "mean-sign",
            "In dx the path through the mean has the wrong sign: the mean is subtracted.",
            (_DX, "dx = dcentred + dcentred.mean(axis=0)"),
        ),
        wrong(
            "power-of-std",
            "In dx the path through the variance has the wrong power of the standard deviation: write 1/σ as a power of the variance, then differentiate that.",
            (_DVAR, _DVAR.replace("inv_std**3", "inv_std")),
        ),
        wrong(
            "square-of-std",
            "In dx the path through the variance has σ² where its derivative has σ³.",
            (_DVAR, _DVAR.replace("inv_std**3", "inv_std**2")),
        ),
        wrong(
            "divided-by-n-minus-one",
            "In dx the path through the variance is divided by N − 1; the forward pass divides by N.",
            (_DCENTRED, _DCENTRED.replace("len(dout)", "(len(dout) - 1)")),
        ),
        wrong(
            "no-gamma-in-dx",
            "dx forgets gamma, which scales everything on its way back.",
            (_B_TOP, _B_TOP.replace("dout * gamma", "dout * 1")),
        ),
        wrong(
            "no-std-in-dx",
            "dx lacks the division by the standard deviation on its direct path.",
            (_DCENTRED, _DCENTRED.replace("dx_hat * inv_std", "dx_hat")),
        ),
        wrong(
            "means-over-features",
            "In dx the mean is taken over the features of an example; the statistics belong to a feature.",
            (_DX, "dx = dcentred - dcentred.mean(axis=1, keepdims=True)"),
        ),
        wrong(
            "dgamma-from-centred",
            "dgamma is made of x − μ; gamma multiplies the normalised x̂.",
            (_B_TOP, _B_TOP.replace("(dout * x_hat)", "(dout * x_hat / inv_std)")),
        ),
        wrong(
            "dgamma-without-x",
            "dgamma is the sum of dout, as dbeta is; gamma multiplies x̂, so x̂ is part of its gradient.",
            (_B_TOP, _B_TOP.replace("(dout * x_hat)", "dout")),
        ),
        wrong("averaged", _AVERAGED, (_B_TOP, _B_TOP.replace("sum", "mean"))),
        wrong(
            "summed-over-features",
            "dgamma and dbeta are summed over the features; they are shared by the examples, so sum over those.",
            (_B_TOP, _B_TOP.replace("axis=0", "axis=1")),
        ),
        wrong(
            "not-summed",
            "dgamma and dbeta are not summed over the examples that share gamma and beta.",
            (_B_TOP, _B_TOP.replace(".sum(axis=0)", " * 1")),
        ),
        wrong("exchanged", _EXCHANGED, (_DX, f"{_DX}\n    dgamma, dbeta = dbeta, dgamma")),
        wrong(
            "in-place",
            "dout was changed in place; work on a copy, because the caller still needs it.",
            (_B_TOP, _B_TOP.replace("dx_hat = dout * gamma", "dout *= gamma\n    dx_hat = dout")),
        ),
    ),
    large=enlarged(batchnorm_backward_cases, "4,000 examples", _many(4000, 40)),
)

_ALT_SUMS = '    dbeta = dout.sum(axis=0)\n    dgamma = np.einsum("nd,nd->d", dout, x_hat)\n'
_ALT = "dx = (gamma * inv_std) * (dout - (dbeta + x_hat * dgamma) / len(dout))"

BATCHNORM_BACKWARD_ALT = Recipe(
    "layers.batchnorm_backward_alt",
    batchnorm_backward_alt_cases,
    (
        wrong(
            "gradients-keep-axis",
            _KEEPS_AXIS,
            (_ALT, f"{_ALT}\n    dgamma, dbeta = dgamma[None], dbeta[None]"),
        ),
        wrong(
            "statistics-constant",
            "dx takes mean and variance for constants; x enters both of them, and so does its gradient.",
            (_ALT, "dx = (gamma * inv_std) * dout"),
        ),
        wrong(
            "no-path-through-mean",
            "In dx the path through the mean is missing: one more of the sums belongs into the brackets.",
            (_ALT, _ALT.replace("(dbeta + x_hat * dgamma)", "x_hat * dgamma")),
        ),
        wrong(
            "no-path-through-variance",
            "In dx the path through the variance is missing: one more of the sums belongs into the brackets.",
            (_ALT, _ALT.replace("(dbeta + x_hat * dgamma)", "dbeta")),
        ),
        wrong(
            "sums-without-n",
            "In dx the sums lack their 1/N: both statistics are means.",
            (_ALT, _ALT.replace(" / len(dout)", "")),
        ),
        wrong(
            "n-times-too-large",
            "dx lacks the 1/N in front of the brackets.",
            (
                _ALT,
                _ALT.replace(
                    "(dout - (dbeta + x_hat * dgamma) / len(dout))", "(len(dout) * dout - dbeta - x_hat * dgamma)"
                ),
            ),
        ),
        wrong(
            "mean-sign",
            "In dx the path through the mean has the wrong sign: the mean is subtracted on the way forwards.",
            (_ALT, _ALT.replace("(dbeta + x_hat", "(-dbeta + x_hat")),
        ),
        wrong(
            "variance-sign",
            "In dx the path through the variance has the wrong sign: a larger variance makes the output smaller.",
            (_ALT, _ALT.replace("dbeta + x_hat", "dbeta - x_hat")),
        ),
        wrong(
            "both-signs",
            "In dx both paths through the statistics have the wrong sign: they are subtracted.",
            (_ALT, _ALT.replace("(dout - (", "(dout + (")),
        ),
        wrong(
            "sums-exchanged",
            "In dx the two sums have changed places: one comes through the mean, the other through the variance.",
            (_ALT, _ALT.replace("dbeta + x_hat * dgamma", "dgamma + x_hat * dbeta")),
        ),
        wrong(
            "centred-not-normalised",
            "In dx the path through the variance has x − μ where x̂ belongs.",
            (_ALT, _ALT.replace("x_hat * dgamma", "x_hat / inv_std * dgamma")),
        ),
        wrong(
            "no-gamma-in-dx",
            "dx forgets gamma, which scales everything on its way forwards and so every gradient on its way back.",
            (_ALT, _ALT.replace("(gamma * inv_std)", "inv_std")),
        ),
        wrong(
            "no-std-in-dx",
            "dx lacks the division by the standard deviation: the forward pass divides by it, and so does the way back.",
            (_ALT, _ALT.replace("(gamma * inv_std)", "gamma")),
        ),
        wrong(
            "variance-for-std",
            "dx is divided by the variance; divide by its root, the standard deviation.",
            (_ALT, _ALT.replace("inv_std", "inv_std**2")),
        ),
        wrong(
            "times-std",
            "dx is multiplied by the standard deviation; divide by it.",
            (_ALT, _ALT.replace("gamma * inv_std", "gamma / inv_std")),
        ),
        wrong(
            "gamma-twice",
            "In dx the sums have gamma inside and in front; once is enough.",
            (_ALT, _ALT.replace("(dbeta + x_hat * dgamma)", "gamma * (dbeta + x_hat * dgamma)")),
        ),
        wrong(
            "dgamma-from-centred",
            "dgamma is made of x − μ; gamma multiplies the normalised x̂.",
            (_ALT, f"{_ALT}\n    dgamma = dgamma / inv_std"),
        ),
        wrong(
            "averaged",
            _AVERAGED,
            (_ALT, f"{_ALT}\n    dgamma, dbeta = dgamma / len(dout), dbeta / len(dout)"),
        ),
        wrong("exchanged", _EXCHANGED, (_ALT, f"{_ALT}\n    dgamma, dbeta = dbeta, dgamma")),
        wrong(
            "in-place",
            "dout was changed in place; work on a copy, because the caller still needs it.",
            (_ALT, "dout -= (dbeta + x_hat * dgamma) / len(dout)\n    dx = (gamma * inv_std) * dout"),
        ),
    ),
    large=enlarged(batchnorm_backward_alt_cases, "4,000 examples", _many(4000, 40)),
    apart_from="batchnorm_backward",
)

# --- layer normalisation ---------------------------------------------------------------------------------


def layernorm_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Statistics of each example, whatever stands beside it; a mode has no meaning here."""
    n, d = sizes(rng, 2, low=3)

    def case(title: str, n: int, d: int, opening: str = "", dtype: str = "float64", **settings: object) -> Case:
        inputs = _numbers(rng, n, d, dtype) | {"settings": settings}
        inputs["x"] = (np.asarray(inputs["x"]).T + rng.uniform(1, 3, n)).T.astype(dtype)  # no two examples are alike
        del inputs["dout"]
        aspects: dict[str, Rule] = {"out": Equal(dtype=dtype == "float32")}
        return Case(title, opening + LAYER_FORWARD, inputs, aspects, writable=("settings",), separate={"out": "x"})

    yield case(f"x of shape {(n, d)}", n, d, eps=_eps(rng))
    yield case("with default settings", d + 1, d)
    yield case("a single example", 1, d, eps=_eps(rng))
    yield case("a single feature", n, 1, eps=_eps(rng))
    yield case("as many examples as features", d, d, eps=_eps(rng))
    yield case("test mode", n, d, eps=_eps(rng), mode="test")
    yield case("float32", n, d, dtype="float32", eps=_eps(rng))
    yield case("Fortran order in memory", n, d, FORTRAN, eps=_eps(rng))


def layernorm_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """A single example has gradients, too."""
    yield from _backward_cases(rng, LAYER_BACKWARD, 1)


_L_CENTRED = "centred = x - x.mean(axis=1, keepdims=True)"
_L_STD = "inv_std = 1 / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + eps)"
_L_OUT = f"{_L_STD}\n    x_hat = centred * inv_std\n    out = gamma * x_hat + beta"

LAYERNORM_FORWARD = Recipe(
    "layers.layernorm_forward",
    layernorm_forward_cases,
    (
        wrong(
            "statistics-over-batch",
            "Mean and variance are those of batch normalisation, over the examples; here each example has its own.",
            (_L_CENTRED, "centred = x - x.mean(axis=0)"),
            (_L_STD, "inv_std = 1 / np.sqrt((centred * centred).mean(axis=0) + eps)"),
        ),
        wrong(
            "one-statistic",
            "There is one mean and one variance for the whole minibatch; each example has its own.",
            (_L_CENTRED, "centred = x - x.mean()"),
            (_L_STD, "inv_std = 1 / np.sqrt((centred * centred).mean() + eps)"),
        ),
        wrong(
            "var-unbiased",
            "The variance is divided by D − 1; it is the mean of the squares, divided by D.",
            (_L_STD, "inv_std = 1 / np.sqrt((centred**2).sum(axis=1, keepdims=True) / (x.shape[1] - 1) + eps)"),
        ),
        wrong(
            "divided-by-n",
            "The statistics are sums over the features divided by the number of examples.",
            (_L_CENTRED, "centred = x - x.sum(axis=1, keepdims=True) / len(x)"),
            (_L_STD, "inv_std = 1 / np.sqrt((centred**2).sum(axis=1, keepdims=True) / len(x) + eps)"),
        ),
        wrong(
            "eps-outside-root",
            "eps is added to the root; it belongs under it.",
            (_L_STD, "inv_std = 1 / (np.sqrt((centred * centred).mean(axis=1, keepdims=True)) + eps)"),
        ),
        wrong(
            "no-eps",
            "eps is missing under the root; without it an example whose features are equal gives NaN.",
            (_L_STD, _L_STD.replace(" + eps", "")),
        ),
        wrong(
            "eps-hard-coded", "eps is always 1e-5; use the one in ln_param.", (_L_STD, _L_STD.replace("eps", "1e-5"))
        ),
        wrong(
            "no-root",
            "x is divided by the variance; divide by its root, the standard deviation.",
            (_L_STD, "inv_std = 1 / ((centred * centred).mean(axis=1, keepdims=True) + eps)"),
        ),
        wrong(
            "mean-only",
            "The mean is subtracted but nothing is divided by the standard deviation: the normalised numbers should have spread 1.",
            (_L_STD, "inv_std = np.ones((len(x), 1))"),
        ),
        wrong(
            "not-centred",
            "The mean is not subtracted from x before the division: the normalised numbers should have mean 0.",
            (_L_OUT, _L_OUT.replace("centred * inv_std", "x * inv_std")),
        ),
        wrong(
            "square-not-centred",
            "The variance is the mean of x²; subtract the mean before squaring.",
            (_L_STD, "inv_std = 1 / np.sqrt((x * x).mean(axis=1, keepdims=True) + eps)"),
        ),
        wrong(
            "no-gamma-and-beta",
            "gamma and beta are left out: the normalised numbers are scaled and shifted.",
            (_L_OUT, _L_OUT.replace("gamma * x_hat + beta", "x_hat.copy()")),
        ),
        wrong(
            "no-beta",
            "beta is never added: the mean of what comes out should be beta, and it is 0.",
            (_L_OUT, _L_OUT.replace(" + beta", "")),
        ),
        wrong(
            "gamma-and-beta-exchanged",
            "gamma and beta are exchanged: gamma scales, beta shifts.",
            (_L_OUT, _L_OUT.replace("gamma * x_hat + beta", "beta * x_hat + gamma")),
        ),
        wrong(
            "shift-before-scale",
            "beta is added before gamma multiplies; scale first, then shift.",
            (_L_OUT, _L_OUT.replace("gamma * x_hat + beta", "gamma * (x_hat + beta)")),
        ),
        wrong(
            "transposed",
            "The output comes out transposed; it has one row per example, as x has.",
            (_L_OUT, _L_OUT.replace("gamma * x_hat + beta", "(gamma * x_hat + beta).T")),
        ),
        wrong(
            "gamma-per-example",
            "gamma and beta are applied along the wrong axis: they have one entry for each feature.",
            (
                _L_OUT,
                _L_OUT.replace(
                    "gamma * x_hat + beta", "np.resize(gamma, (len(x), 1)) * x_hat + np.resize(beta, (len(x), 1))"
                ),
            ),
        ),
        wrong(
            "in-place",
            "x was changed in place; work on a copy, because the caller still needs it.",
            (_L_CENTRED, "x -= x.mean(axis=1, keepdims=True)\n    centred = x"),
        ),
    ),
)

_L_TOP = _TOP + "    dx_hat = dout * gamma\n    through_mean"
_L_MEAN = "through_mean = dx_hat.mean(axis=1, keepdims=True)"
_L_VAR = "through_var = x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)"
_L_DX = "dx = inv_std * (dx_hat - through_mean - through_var)"

LAYERNORM_BACKWARD = Recipe(
    "layers.layernorm_backward",
    layernorm_backward_cases,
    (
        wrong(
            "means-over-batch",
            "In dx the means are taken over the examples, as in batch normalisation; here each example has its own.",
            (_L_MEAN, "through_mean = dx_hat.mean(axis=0)"),
            (_L_VAR, "through_var = x_hat * (dx_hat * x_hat).mean(axis=0)"),
        ),
        wrong(
            "gradients-keep-axis",
            _KEEPS_AXIS,
            (_L_TOP, _L_TOP.replace("sum(axis=0)", "sum(axis=0, keepdims=True)")),
        ),
        wrong(
            "summed-over-features",
            "dgamma and dbeta are summed over the features; gamma and beta are shared by the examples.",
            (_L_TOP, _L_TOP.replace("axis=0", "axis=1")),
        ),
        wrong(
            "gamma-outside",
            "gamma multiplies dx at the very end; it differs from feature to feature, so it belongs inside the means.",
            (_L_TOP, _L_TOP.replace("dout * gamma", "dout * 1")),
            (_L_DX, _L_DX.replace("inv_std * ", "gamma * inv_std * ")),
        ),
        wrong(
            "no-gamma-in-dx",
            "dx forgets gamma, which scales everything on its way forwards and so every gradient on its way back.",
            (_L_TOP, _L_TOP.replace("dout * gamma", "dout * 1")),
        ),
        wrong(
            "gamma-on-direct-path-only",
            "In dx gamma scales the direct path only; the paths through the statistics come through it, too.",
            (_L_MEAN, "through_mean = dout.mean(axis=1, keepdims=True)"),
            (_L_VAR, "through_var = x_hat * (dout * x_hat).mean(axis=1, keepdims=True)"),
        ),
        wrong(
            "statistics-constant",
            "dx takes mean and variance for constants; x enters both of them, and so does its gradient.",
            (_L_DX, "dx = inv_std * dx_hat"),
        ),
        wrong(
            "no-path-through-mean",
            "In dx the path through the mean is missing: whoever moves one x moves the mean, and with it every number that it is taken from.",
            (_L_DX, "dx = inv_std * (dx_hat - through_var)"),
        ),
        wrong(
            "no-path-through-variance",
            "In dx the path through the variance is missing: whoever moves one x moves the variance, and with it every number that it normalises.",
            (_L_DX, "dx = inv_std * (dx_hat - through_mean)"),
        ),
        wrong(
            "sums-for-means",
            "In dx the paths through the statistics lack their 1/D.",
            (_L_MEAN, _L_MEAN.replace("mean(", "sum(")),
            (_L_VAR, _L_VAR.replace("mean(", "sum(")),
        ),
        wrong(
            "divided-by-n",
            "In dx the sums over the features are divided by the number of examples.",
            (_L_MEAN, "through_mean = dx_hat.sum(axis=1, keepdims=True) / len(dout)"),
            (_L_VAR, "through_var = x_hat * (dx_hat * x_hat).sum(axis=1, keepdims=True) / len(dout)"),
        ),
        wrong(
            "variance-sign",
            "In dx the path through the variance has the wrong sign: a larger variance makes the output smaller.",
            (_L_DX, _L_DX.replace("- through_var", "+ through_var")),
        ),
        wrong(
            "mean-sign",
            "In dx the path through the mean has the wrong sign: the mean is subtracted on the way forwards.",
            (_L_DX, _L_DX.replace("- through_mean", "+ through_mean")),
        ),
        wrong(
            "no-std-in-dx",
            "dx lacks the division by the standard deviation: the forward pass divides by it, and so does the way back.",
            (_L_DX, _L_DX.replace("inv_std * ", "")),
        ),
        wrong(
            "no-x-in-variance",
            "In dx the path through the variance lacks a factor x̂: the mean is multiplied by x̂ again.",
            (_L_VAR, _L_VAR.replace("x_hat * (dx_hat", "(dx_hat")),
        ),
        wrong("averaged", _AVERAGED, (_L_TOP, _L_TOP.replace("sum", "mean"))),
        wrong("exchanged", _EXCHANGED, (_L_DX, f"{_L_DX}\n    dgamma, dbeta = dbeta, dgamma")),
        wrong(
            "not-summed",
            "dgamma and dbeta are not summed over the examples that share gamma and beta.",
            (_L_TOP, _L_TOP.replace(".sum(axis=0)", " * 1")),
        ),
        wrong(
            "in-place",
            "dout was changed in place; work on a copy, because the caller still needs it.",
            (_L_TOP, _L_TOP.replace("dx_hat = dout * gamma", "dout *= gamma\n    dx_hat = dout")),
        ),
    ),
    large=enlarged(layernorm_backward_cases, "2,500 features", _many(40, 2500)),
)

RECIPES = (BATCHNORM_FORWARD, BATCHNORM_BACKWARD, BATCHNORM_BACKWARD_ALT, LAYERNORM_FORWARD, LAYERNORM_BACKWARD)
