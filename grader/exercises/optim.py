"""The exercises of ``nndl/optim.py``: update rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from utils.checks.case import Case
from utils.checks.rules import Equal, Rule

from .recipe import Misconception, Recipe, sizes, wrong

# `settings` is what the solver would hand over; a rule may keep it, or change what it remembers in place.
STEPS = """\
config = dict(settings)
for dw in gradients:
    w, config = {rule}(w, dw, config)
next_w = w
{remembered}
"""
DEFAULTS = "next_w, config = {rule}(w, dw)\n{remembered}\n"

Settings = Callable[[np.random.Generator], dict[str, object]]


def rule_cases(
    rng: np.random.Generator, rule: str, remembered: tuple[str, ...], draw_settings: Settings, moments: tuple[str, ...]
) -> Iterator[Case]:
    """One step and several, from rest and in motion; every step's memory is what the next one starts from.

    Parameters
    ----------
    rng : Generator
    rule : str
        The exercise: ``"optim.adam"``.
    remembered : tuple of str
        The entries of the config that a step writes.
    draw_settings : callable
        Draws the settings; in such a range that each of them is seen in the result.
    moments : tuple of str
        Those of the remembered that are arrays like the parameter.
    """
    n, m, *image = sizes(rng, 5, high=6)
    lines = "\n".join(f'{name} = config.get("{name}")' for name in remembered)
    several = STEPS.format(rule=rule, remembered=lines)
    aspects: dict[str, Rule] = {name: Equal() for name in ("next_w", *remembered)}

    def inputs(shape: tuple[int, ...], steps: int, dtype: str = "float64") -> dict[str, object]:
        w, gradients = 2 + rng.standard_normal(shape), rng.uniform(0.2, 2, (steps, *shape))
        gradients *= rng.choice([-1, 1], gradients.shape)
        return {"w": w.astype(dtype), "gradients": gradients.astype(dtype), "settings": draw_settings(rng)}

    def moving(shape: tuple[int, ...]) -> dict[str, object]:
        memory = {name: rng.uniform(0.2, 1, shape) for name in moments}
        return memory | ({"t": 4} if "t" in remembered else {})

    first = inputs((n, m), 1)
    alone = {"w": first["w"], "dw": np.asarray(first["gradients"])[0]}
    yield Case("the first step, with default settings", DEFAULTS.format(rule=rule, remembered=lines), alone, aspects)
    yield Case("one step, with settings", several, inputs((n, m), 1), aspects, writable=("settings",))
    later = inputs((n, m), 1)
    later["settings"] = draw_settings(rng) | moving((n, m))
    yield Case("one step of a parameter in motion", several, later, aspects, writable=("settings",))
    yield Case("two steps in a row", several, inputs((n,), 2), aspects, writable=("settings",))
    filters = inputs((n, *image), 5)
    np.asarray(filters["gradients"])[:, 0] = 0  # a filter that nothing depends on
    yield Case("five steps of a filter bank", several, filters, aspects, writable=("settings",))
    # Its dtype is not judged: np.sqrt or np.power of a plain float is enough to make numpy answer in float64.
    yield Case("float32", several, inputs((m, n), 3, "float32"), aspects, writable=("settings",))


def _momentum_settings(rng: np.random.Generator) -> dict[str, object]:
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), "momentum": float(rng.uniform(0.5, 0.8))}


def _adagrad_settings(rng: np.random.Generator) -> dict[str, object]:
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), "epsilon": float(rng.uniform(0.1, 0.5))}


def _rmsprop_settings(rng: np.random.Generator) -> dict[str, object]:
    rates = {"learning_rate": float(rng.uniform(0.2, 0.4)), "decay_rate": float(rng.uniform(0.6, 0.9))}
    return {**rates, "epsilon": float(rng.uniform(0.1, 0.5))}


def adam_settings(rng: np.random.Generator) -> dict[str, object]:
    """Settings of Adam that all show in a few steps."""
    betas = {"beta1": float(rng.uniform(0.4, 0.6)), "beta2": float(rng.uniform(0.7, 0.9))}
    return {"learning_rate": float(rng.uniform(0.2, 0.4)), **betas, "epsilon": float(rng.uniform(0.1, 0.5))}


def momentum_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Plain momentum."""
    yield from rule_cases(rng, "optim.sgd_momentum", ("velocity",), _momentum_settings, ("velocity",))


def nesterov_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Nesterov's momentum."""
    yield from rule_cases(rng, "optim.sgd_nesterov_momentum", ("velocity",), _momentum_settings, ("velocity",))


def adagrad_cases(rng: np.random.Generator) -> Iterator[Case]:
    """An epsilon that is large enough to be seen."""
    yield from rule_cases(rng, "optim.adagrad", ("a",), _adagrad_settings, ("a",))


def rmsprop_cases(rng: np.random.Generator) -> Iterator[Case]:
    """An epsilon that is large enough to be seen."""
    yield from rule_cases(rng, "optim.rmsprop", ("a",), _rmsprop_settings, ("a",))


def adam_cases(rng: np.random.Generator) -> Iterator[Case]:
    """An epsilon that is large enough to be seen, betas that forget fast, t that goes on counting."""
    yield from rule_cases(rng, "optim.adam", ("v", "a", "t"), adam_settings, ("v", "a"))


def in_place(step: str) -> Misconception:
    """The parameter moved where it stands; `step` is the line that computes next_w."""
    moved = step.replace("next_w = w - ", "w -= ").replace("next_w = w + ", "w += ")
    hint = "w was changed in place; leave it as it is and return the new parameter as an array of its own."
    return wrong("in-place", hint, (step, f"{moved}\n    next_w = w"))


# --- momentum --------------------------------------------------------------------------------------------

_V = "    v = momentum * v - learning_rate * dw\n"
_MOVE = "    next_w = w + v\n"
_HEAVY = _V + _MOVE

_NV = "v = momentum * v_old - learning_rate * dw"
_AHEAD = "next_w = w + v + momentum * (v - v_old)"

MOMENTUM = Recipe(
    "optim.sgd_momentum",
    momentum_cases,
    (
        wrong(
            "uphill",
            "w moves along the gradient, uphill; the gradient enters the velocity with a minus.",
            (_V, _V.replace("- learning_rate", "+ learning_rate")),
        ),
        wrong(
            "velocity-subtracted",
            "The velocity is subtracted from w, although it has the minus of the gradient inside already.",
            (_MOVE, "    next_w = w - v\n"),
        ),
        wrong(
            "positive-velocity",
            "The velocity has the opposite sign: it is what is added to w, so it points downhill.",
            (_HEAVY, "    v = momentum * v + learning_rate * dw\n    next_w = w - v\n"),
        ),
        wrong(
            "no-momentum",
            "The old velocity has no influence; part of it, given by momentum, goes on.",
            (_V, "    v = -learning_rate * dw\n"),
        ),
        wrong(
            "velocity-not-stored",
            "w moves, but the velocity in the config stays what it was; the next step has to start from the new one.",
            (_HEAVY, "    next_w = w + momentum * v - learning_rate * dw\n"),
        ),
        wrong(
            "old-velocity",
            "w moves with the velocity from before this step; update the velocity first.",
            (_HEAVY, _MOVE + _V),
        ),
        wrong(
            "step-twice",
            "The gradient step is taken twice, once inside the velocity and once beside it.",
            (_MOVE, "    next_w = w + v - learning_rate * dw\n"),
        ),
        wrong(
            "no-learning-rate",
            "The gradient enters the velocity unscaled; multiply it by learning_rate.",
            (_V, "    v = momentum * v - dw\n"),
        ),
        wrong(
            "rate-outside-velocity",
            "learning_rate multiplies the whole velocity; here it belongs to the gradient alone.",
            (_HEAVY, "    v = momentum * v - dw\n    next_w = w + learning_rate * v\n"),
        ),
        wrong(
            "running-mean",
            "The gradient is weighted with 1 − momentum, as in a running mean; a velocity adds it in full.",
            (_V, "    v = momentum * v - (1 - momentum) * learning_rate * dw\n"),
        ),
        wrong(
            "momentum-of-everything",
            "momentum multiplies the gradient's part, too; it only says how much of the old velocity goes on.",
            (_V, "    v = momentum * (v - learning_rate * dw)\n"),
        ),
        wrong(
            "momentum-hard-coded",
            "momentum is always 0.9; use the one in the config.",
            (_V, _V.replace("momentum", "0.9")),
        ),
        wrong(
            "rate-hard-coded",
            "The learning rate is always 0.01; use the one in the config.",
            (_V, _V.replace("learning_rate", "1e-2")),
        ),
        wrong(
            "nesterov",
            "This is Nesterov's step, the next exercise; plain momentum adds the velocity to w and nothing else.",
            (_HEAVY, "    v_before = v\n" + _V + "    next_w = w + v + momentum * (v - v_before)\n"),
        ),
        in_place("next_w = w + v\n"),
    ),
)

NESTEROV = Recipe(
    "optim.sgd_nesterov_momentum",
    nesterov_cases,
    (
        wrong(
            "plain-momentum",
            "This is plain momentum; the look ahead, momentum · (v' − v), is missing or 0.",
            (_AHEAD, "next_w = w + v"),
        ),
        wrong(
            "look-back",
            "The look ahead has the wrong sign: it is the new velocity minus the old one.",
            (_AHEAD, "next_w = w + v - momentum * (v - v_old)"),
        ),
        wrong(
            "look-ahead-in-full",
            "The change of the velocity is added in full; momentum scales it.",
            (_AHEAD, "next_w = w + v + (v - v_old)"),
        ),
        wrong(
            "old-velocity",
            "w moves with the velocity from before this step where the new one belongs.",
            (_AHEAD, "next_w = w + v_old + momentum * (v - v_old)"),
        ),
        wrong(
            "look-ahead-only",
            "w moves by momentum · v' only; compare with the formula term by term.",
            (_AHEAD, "next_w = w + momentum * v"),
        ),
        wrong(
            "velocity-added-twice",
            "The old velocity is not subtracted in the look ahead.",
            (_AHEAD, "next_w = w + v + momentum * v"),
        ),
        wrong(
            "velocity-not-stored",
            "w moves, but the velocity in the config stays what it was; the next step has to start from the new one.",
            (_AHEAD, f"{_AHEAD}\n    v = v_old"),
        ),
        wrong(
            "position-stored",
            "The whole step is kept as the velocity; the look ahead is not part of it.",
            (_AHEAD, f"{_AHEAD}\n    v = next_w - w"),
        ),
        wrong(
            "uphill",
            "w moves along the gradient, uphill; the gradient enters the velocity with a minus.",
            (_NV, _NV.replace("- learning_rate", "+ learning_rate")),
        ),
        wrong(
            "velocity-subtracted",
            "The step is subtracted from w, although the velocity has the minus of the gradient inside already.",
            (_AHEAD, "next_w = w - v - momentum * (v - v_old)"),
        ),
        wrong(
            "no-learning-rate",
            "The gradient enters the velocity unscaled; multiply it by learning_rate.",
            (_NV, "v = momentum * v_old - dw"),
        ),
        wrong(
            "momentum-hard-coded",
            "momentum is always 0.9; use the one in the config.",
            (_NV, _NV.replace("momentum", "0.9")),
            (_AHEAD, _AHEAD.replace("momentum", "0.9")),
        ),
        wrong(
            "rate-hard-coded",
            "The learning rate is always 0.01; use the one in the config.",
            (_NV, _NV.replace("learning_rate", "1e-2")),
        ),
        in_place(_AHEAD),
    ),
)

# --- adaptive step sizes ---------------------------------------------------------------------------------

_SUM = "a = a + dw**2"
_ADAGRAD = "next_w = w - learning_rate / (np.sqrt(a) + epsilon) * dw"

ADAGRAD = Recipe(
    "optim.adagrad",
    adagrad_cases,
    (
        wrong(
            "running-mean",
            "The squares are averaged with a decay of 0.99 (that is RMSProp); they should be summed, none forgotten.",
            (_SUM, "a = 0.99 * a + 0.01 * dw**2"),
        ),
        wrong(
            "running-mean-of-ten",
            "The squares are averaged with a decay of 0.9 (that is RMSProp); they should be summed, none forgotten.",
            (_SUM, "a = 0.9 * a + 0.1 * dw**2"),
        ),
        wrong(
            "no-root",
            "dw is divided by the sum of squares itself; its root should be taken first.",
            (_ADAGRAD, "next_w = w - learning_rate * dw / (a + epsilon)"),
        ),
        wrong(
            "epsilon-inside-root",
            "epsilon is added under the root; it should be added to the root.",
            (_ADAGRAD, "next_w = w - learning_rate * dw / np.sqrt(a + epsilon)"),
        ),
        wrong(
            "no-epsilon",
            "epsilon is not used; it keeps the division away from 0, so look at what is divided by.",
            (_ADAGRAD, "next_w = w - learning_rate * dw / np.sqrt(a)"),
        ),
        wrong(
            "epsilon-hard-coded",
            "epsilon is always 1e-8; use the one in the config.",
            (_ADAGRAD, _ADAGRAD.replace("epsilon", "1e-8")),
        ),
        wrong(
            "precedence",
            "epsilon is added after the division: a quotient's lower part needs brackets around it.",
            (_ADAGRAD, "next_w = w - learning_rate * (dw / np.sqrt(a) + epsilon)"),
        ),
        wrong(
            "epsilon-added-to-w",
            "epsilon is added to w after the step: a quotient's lower part needs brackets around it.",
            (_ADAGRAD, "next_w = w - learning_rate * dw / np.sqrt(a) + epsilon"),
        ),
        wrong(
            "not-squared",
            "dw itself is summed, and the root of a sum that is negative is NaN; square dw first.",
            (_SUM, "a = a + dw"),
        ),
        wrong(
            "absolute-value",
            "The sum is one of |dw|; it should be one of the squares of dw.",
            (_SUM, "a = a + np.abs(dw)"),
        ),
        wrong(
            "sum-squared",
            "The old sum is squared along with dw; dw should be squared first and added to the sum then.",
            (_SUM, "a = (a + dw) ** 2"),
        ),
        wrong(
            "only-this-gradient",
            "a holds the square of this gradient alone; it should be added to those of all steps before.",
            (_SUM, "a = dw**2"),
        ),
        wrong(
            "one-scale-for-all",
            "All entries share one sum; each entry of w should have its own.",
            (_SUM, "a = a + (dw**2).sum()"),
        ),
        wrong(
            "one-mean-for-all",
            "The mean square over all entries is added; each entry of w should have a sum of its own.",
            (_SUM, "a = a + (dw**2).mean()"),
        ),
        wrong(
            "old-sum-used",
            "The step divides by the sum from before this gradient; update a first.",
            (f"{_SUM}\n    {_ADAGRAD}", f"{_ADAGRAD}\n    {_SUM}"),
        ),
        wrong(
            "sum-not-stored",
            "w moves, but a in the config stays what it was; the next step has to start from the new one.",
            (f"{_SUM}\n    {_ADAGRAD}", f"total = {_SUM[4:]}\n    {_ADAGRAD.replace('(a)', '(total)')}"),
        ),
        wrong(
            "root-stored",
            "The root of the sum is kept; a should be the sum of the squares, before the root.",
            (_ADAGRAD, f"{_ADAGRAD}\n    a = np.sqrt(a)"),
        ),
        wrong(
            "rate-stored",
            "The shortened learning rate is kept in the config, and is shortened again in the next step; keep the one "
            "that was given.",
            (_ADAGRAD, f'{_ADAGRAD}\n    config["learning_rate"] = learning_rate / (np.sqrt(a) + epsilon)'),
        ),
        wrong(
            "rate-inside-root",
            "learning_rate is under the root, too; it should multiply the step as it is.",
            (_ADAGRAD, "next_w = w - np.sqrt(learning_rate / (a + epsilon)) * dw"),
        ),
        wrong(
            "no-learning-rate",
            "The step is not scaled by learning_rate: w moves as far whatever the rate is.",
            (_ADAGRAD, _ADAGRAD.replace("learning_rate", "1")),
        ),
        wrong(
            "rate-hard-coded",
            "The learning rate is always 0.01; use the one in the config.",
            (_ADAGRAD, _ADAGRAD.replace("learning_rate", "1e-2")),
        ),
        wrong(
            "uphill",
            "w moves along the gradient, uphill; the step should be subtracted.",
            (_ADAGRAD, _ADAGRAD.replace("w -", "w +")),
        ),
        wrong(
            "sign-only",
            "Every entry moves by the same distance; the step should be proportional to dw.",
            (_ADAGRAD, "next_w = w - learning_rate * np.sign(dw)"),
        ),
        in_place(_ADAGRAD),
    ),
)

_A = "a = decay_rate * a + (1 - decay_rate) * dw**2"
_RMS = "next_w = w - learning_rate * dw / (np.sqrt(a) + epsilon)"

RMSPROP = Recipe(
    "optim.rmsprop",
    rmsprop_cases,
    (
        wrong(
            "no-root",
            "dw is divided by the mean square itself; its root has the size of a gradient.",
            (_RMS, "next_w = w - learning_rate * dw / (a + epsilon)"),
        ),
        wrong(
            "epsilon-inside-root",
            "epsilon is added under the root; here it is added to the root.",
            (_RMS, "next_w = w - learning_rate * dw / np.sqrt(a + epsilon)"),
        ),
        wrong(
            "no-epsilon",
            "epsilon is not used; it keeps the division away from 0, so look at what is divided by.",
            (_RMS, "next_w = w - learning_rate * dw / np.sqrt(a)"),
        ),
        wrong(
            "epsilon-hard-coded",
            "epsilon is always 1e-8; use the one in the config.",
            (_RMS, _RMS.replace("epsilon", "1e-8")),
        ),
        wrong(
            "precedence",
            "epsilon is added after the division: a quotient's lower part needs brackets around it.",
            (_RMS, "next_w = w - learning_rate * (dw / np.sqrt(a) + epsilon)"),
        ),
        wrong(
            "decay-swapped",
            "The weights of the running mean are exchanged: decay_rate is the share of the old mean that stays.",
            (_A, "a = (1 - decay_rate) * a + decay_rate * dw**2"),
        ),
        wrong(
            "decay-hard-coded",
            "The decay rate is always 0.99; use the one in the config.",
            (_A, _A.replace("decay_rate", "0.99")),
        ),
        wrong(
            "adagrad",
            "Squares are summed up without forgetting any (that is AdaGrad); here they are a running mean.",
            (_A, "a = a + dw**2"),
        ),
        wrong(
            "sum-with-decay",
            "The new square counts in full; in a running mean the two weights add up to 1.",
            (_A, "a = decay_rate * a + dw**2"),
        ),
        wrong(
            "absolute-value",
            "The running mean is one of |dw|; the squares of dw are meant.",
            (_A, "a = decay_rate * a + (1 - decay_rate) * np.abs(dw)"),
        ),
        wrong(
            "not-squared",
            "The running mean is one of dw itself, whose root is NaN where it is negative; square dw first.",
            (_A, "a = decay_rate * a + (1 - decay_rate) * dw"),
        ),
        wrong(
            "one-scale-for-all",
            "All entries share one mean square; each entry of w has its own.",
            (_A, "a = decay_rate * a + (1 - decay_rate) * (dw**2).mean()"),
        ),
        wrong(
            "old-mean-used",
            "The step divides by the mean from before this gradient; update a first.",
            (f"{_A}\n    {_RMS}", f"{_RMS}\n    {_A}"),
        ),
        wrong(
            "mean-not-stored",
            "w moves, but a in the config stays what it was; the next step has to start from the new one.",
            (f"{_A}\n    {_RMS}", f"mean = {_A[4:]}\n    {_RMS.replace('(a)', '(mean)')}"),
        ),
        wrong(
            "root-stored",
            "The root of the running mean is kept; a is the mean of the squares, before the root.",
            (_RMS, f"{_RMS}\n    a = np.sqrt(a)"),
        ),
        wrong(
            "no-learning-rate",
            "The step is not scaled by learning_rate: w moves as far whatever the rate is.",
            (_RMS, _RMS.replace("learning_rate * ", "")),
        ),
        wrong(
            "uphill", "w moves along the gradient, uphill; the step is subtracted.", (_RMS, _RMS.replace("w -", "w +"))
        ),
        wrong(
            "sign-only",
            "Every entry moves by the same distance: the gradient itself has dropped out of the step.",
            (_RMS, "next_w = w - learning_rate * np.sign(dw)"),
        ),
        in_place(_RMS),
    ),
)

_T = "t = t + 1"
_M1 = "v = beta1 * v + (1 - beta1) * dw"
_M2 = "a = beta2 * a + (1 - beta2) * dw**2"
_V_HAT = "v_hat = v / (1 - beta1**t)"
_A_HAT = "a_hat = a / (1 - beta2**t)"
_ADAM = "next_w = w - learning_rate * v_hat / (np.sqrt(a_hat) + epsilon)"

ADAM = Recipe(
    "optim.adam",
    adam_cases,
    (
        wrong(
            "no-correction",
            "The moments are used as they are; correct both for having started at 0.",
            (_V_HAT, "v_hat = v"),
            (_A_HAT, "a_hat = a"),
        ),
        wrong(
            "first-not-corrected",
            "The first moment is not corrected for its start at 0, so that the first steps are too short.",
            (_V_HAT, "v_hat = v"),
        ),
        wrong(
            "second-not-corrected",
            "The second moment is not corrected for its start at 0, so that the first steps are too long.",
            (_A_HAT, "a_hat = a"),
        ),
        wrong(
            "corrected-stored",
            "The corrected moments are kept in the config; correct copies of them, or they are corrected again later.",
            (_ADAM, f"{_ADAM}\n    v, a = v_hat, a_hat"),
        ),
        wrong(
            "t-not-kept",
            "The step counter in the config does not go up, so that every step is taken for the first one.",
            (_ADAM, f"{_ADAM}\n    t = t - 1"),
        ),
        wrong(
            "t-always-one",
            "Every step is corrected as if it were the first; t counts on from the config.",
            (_T, "t = 1"),
        ),
        wrong(
            "t-incremented-late",
            "t goes up after the correction, so that the first step divides by 0; count the step first.",
            (f"{_T}\n    ", ""),
            (_ADAM, f"{_ADAM}\n    {_T}"),
        ),
        wrong(
            "t-never-incremented",
            "t stays what it was in the config, and the first step divides by 0; count every step.",
            (_T, "t = t"),
        ),
        wrong(
            "t-one-too-many",
            "The correction counts one step too many; t goes up by 1, once in each call.",
            (_V_HAT, _V_HAT.replace("**t", "**(t + 1)")),
            (_A_HAT, _A_HAT.replace("**t", "**(t + 1)")),
        ),
        wrong(
            "product-not-power",
            "The correction uses beta · t; it is beta to the power of t.",
            (_V_HAT, _V_HAT.replace("**t", " * t")),
            (_A_HAT, _A_HAT.replace("**t", " * t")),
        ),
        wrong(
            "correction-without-power",
            "The correction is the same in every step; beta is raised to the power of t in it.",
            (_V_HAT, _V_HAT.replace("**t", "")),
            (_A_HAT, _A_HAT.replace("**t", "")),
        ),
        wrong(
            "betas-exchanged",
            "beta1 and beta2 are exchanged: beta1 belongs to the mean of dw, beta2 to that of its squares.",
            (_M1, _M1.replace("beta1", "beta2")),
            (_M2, _M2.replace("beta2", "beta1")),
            (_V_HAT, _V_HAT.replace("beta1", "beta2")),
            (_A_HAT, _A_HAT.replace("beta2", "beta1")),
        ),
        wrong(
            "correction-betas-exchanged",
            "beta1 and beta2 are exchanged in the correction of the moments.",
            (_V_HAT, _V_HAT.replace("beta1", "beta2")),
            (_A_HAT, _A_HAT.replace("beta2", "beta1")),
        ),
        wrong(
            "weights-exchanged",
            "The weights of both running means are exchanged: beta is the share of the old mean that stays.",
            (_M1, "v = (1 - beta1) * v + beta1 * dw"),
            (_M2, "a = (1 - beta2) * a + beta2 * dw**2"),
        ),
        wrong(
            "betas-hard-coded",
            "The betas are always 0.9 and 0.999; use those in the config.",
            (_M1, _M1.replace("beta1", "0.9")),
            (_M2, _M2.replace("beta2", "0.999")),
            (_V_HAT, _V_HAT.replace("beta1", "0.9")),
            (_A_HAT, _A_HAT.replace("beta2", "0.999")),
        ),
        wrong(
            "no-root",
            "The step divides by the second moment itself; its root has the size of a gradient.",
            (_ADAM, _ADAM.replace("np.sqrt(a_hat)", "a_hat")),
        ),
        wrong(
            "epsilon-inside-root",
            "epsilon is added under the root; here it is added to the root.",
            (_ADAM, "next_w = w - learning_rate * v_hat / np.sqrt(a_hat + epsilon)"),
        ),
        wrong(
            "epsilon-before-correction",
            "epsilon is added before the second moment is corrected, so that it is scaled along with it.",
            (_ADAM, "next_w = w - learning_rate * v_hat / ((np.sqrt(a) + epsilon) / np.sqrt(1 - beta2**t))"),
        ),
        wrong(
            "no-epsilon",
            "epsilon is not used; it keeps the division away from 0, so look at what is divided by.",
            (_ADAM, _ADAM[:-11] + ")"),
        ),
        wrong(
            "epsilon-hard-coded",
            "epsilon is always 1e-8; use the one in the config.",
            (_ADAM, _ADAM.replace("epsilon", "1e-8")),
        ),
        wrong(
            "not-squared",
            "The second moment is a mean of dw itself; it is one of the squares.",
            (_M2, "a = beta2 * a + (1 - beta2) * dw"),
        ),
        wrong(
            "gradient-instead-of-moment",
            "The step uses dw of this step alone; it follows the running mean of dw.",
            (_ADAM, _ADAM.replace("v_hat", "dw")),
        ),
        wrong(
            "first-moment-not-stored",
            "The first moment in the config stays what it was; the next step has to start from the new one.",
            (_M1, "v_new = beta1 * v + (1 - beta1) * dw"),
            (_V_HAT, "v_hat = v_new / (1 - beta1**t)"),
        ),
        wrong(
            "second-moment-not-stored",
            "The second moment in the config stays what it was; the next step has to start from the new one.",
            (_M2, "a_new = beta2 * a + (1 - beta2) * dw**2"),
            (_A_HAT, "a_hat = a_new / (1 - beta2**t)"),
        ),
        wrong(
            "no-learning-rate",
            "The step is not scaled by learning_rate: w moves as far whatever the rate is.",
            (_ADAM, _ADAM.replace("learning_rate * ", "")),
        ),
        wrong(
            "rate-hard-coded",
            "The learning rate is always 0.001; use the one in the config.",
            (_ADAM, _ADAM.replace("learning_rate", "1e-3")),
        ),
        wrong(
            "uphill",
            "w moves along the gradient, uphill; the step is subtracted.",
            (_ADAM, _ADAM.replace("w -", "w +")),
        ),
        in_place(_ADAM),
    ),
)

RECIPES = (MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM)
