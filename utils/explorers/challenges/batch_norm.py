"""Challenges with batch normalisation."""

from __future__ import annotations

import numpy as np

from ..batch_norm.compute import STEPS
from .challenge import Challenge, CurvePrediction, Prediction, Progress, Scale, Seen

_FORWARD = "layers.batchnorm_forward"


def only_two_values(seen: Seen) -> Progress:
    """Every output in training mode is ±1."""
    off = float(np.max(np.abs(np.abs(seen.now.train) - 1)))
    return Progress(off < 0.01, f"The output farthest from ±1 is {off:.2g} away from it; wanted: below 0.01.")


def modes_disagree(seen: Seen) -> Progress:
    """Test mode differs from training mode by more than 20 %, with 50 examples or more."""
    apart = float(np.mean(np.abs(seen.now.train - seen.now.test)) / np.mean(np.abs(seen.now.train)))
    fits = seen.state.batch >= 50
    said = f"Test mode differs by {100 * apart:.0f} % from training mode; wanted: more than 50 %"
    return Progress(fits and apart > 0.5, said + ("." if fits else ", with 50 examples or more in a minibatch."))


def modes_agree(seen: Seen) -> Progress:
    """Both modes give the same, to a part in a million."""
    apart = float(np.max(np.abs(seen.now.train - seen.now.test)))
    return Progress(apart < 1e-6, f"The largest difference of the two modes is {apart:.1e}; wanted: below 1e-6.")


def quiet(seen: Seen) -> Progress:
    """The running variance hardly moves, although momentum is 0.9 or less."""
    moves = float(np.std(seen.now.running_var[-40:]) / seen.now.var)
    fits = seen.state.momentum <= 0.9
    said = f"Over the last 40 minibatches, the running variance moved by {100 * moves:.1f} %; wanted: below 2 %"
    return Progress(fits and moves < 0.02, said + ("." if fits else ", with a momentum of 0.9 or less."))


def patient(seen: Seen) -> Progress:
    """Momentum of 0.95 or more, and both running statistics are right after 120 minibatches."""
    mean, var = (
        abs(float(getattr(seen.now, f"running_{what}")[-1]) / getattr(seen.now, what) - 1) for what in ("mean", "var")
    )
    fits = seen.state.momentum >= 0.95
    said = f"The running mean is {100 * mean:.0f} % off and the variance {100 * var:.0f} %; wanted: 3 % at most"
    return Progress(fits and max(mean, var) < 0.03, said + ("." if fits else ", with a momentum of 0.95 or more."))


def running_means(seen: Seen) -> tuple[list[int], list[float]]:
    """The running mean after each minibatch."""
    return list(range(1, STEPS + 1)), [float(value) for value in seen.now.running_mean]


CHALLENGES = (
    Challenge(
        "Plus one, minus one",
        "Make every output of training mode +1 or −1.",
        "batch-norm?batch=50",
        only_two_values,
        "batch-norm?batch=2",
        "Of two numbers, one lies as far above their mean as the other below it, and that distance is their "
        "standard deviation. Whatever the images show, nothing but their order is left.",
        _FORWARD,
    ),
    Challenge(
        "Two modes that disagree",
        "With 50 examples or more, make the outputs of test mode differ from those of training mode by more than 50 %.",
        "batch-norm?batch=50",
        modes_disagree,
        "batch-norm?batch=50&momentum=0.999",
        "The running statistics begin at 0, and each minibatch moves them by a part of 1 − momentum. After 120 of "
        "them, only 1 − 0.999¹²⁰ = 11 % of the way is done: test mode divides by a σ that is far too small.",
        _FORWARD,
        CurvePrediction(
            "The mean of this unit over all images is 2, and the running mean begins at 0. The momentum is 0.98. Where "
            "is the running mean after each of 120 minibatches?",
            "batch-norm?batch=50&momentum=0.98",
            running_means,
            Scale("minibatch", 1, 120, (1, 20, 40, 60, 80, 100, 120)),
            Scale("running mean", 0, 2.5, (0, 0.5, 1, 1.5, 2, 2.5)),
            (1, 10, 20, 40, 60, 80, 100, 120),
            "After n minibatches, 0.98ⁿ of the way is left: two thirds after 20 of them, a third after 55, and a tenth "
            "after 114. What is scattered from minibatch to minibatch is averaged away.",
        ),
    ),
    Challenge(
        "Two modes that agree",
        "Make both modes put out the same for this minibatch, to a part in a million.",
        "batch-norm?batch=50",
        modes_agree,
        "batch-norm?batch=50&momentum=0",
        "With a momentum of 0 the layer keeps nothing but the last minibatch: test mode uses its very statistics. "
        "For every other minibatch they would be as scattered as the blue dots.",
        _FORWARD,
    ),
    Challenge(
        "Quiet statistics",
        "Keep the momentum at 0.9 or less, and let the running variance move by less than 2 % over the last 40 "
        "minibatches.",
        "batch-norm?batch=20",
        quiet,
        "batch-norm?batch=200",
        "The statistics of a minibatch scatter with 1 / √N. Ten times as many examples make them three times as quiet.",
        _FORWARD,
        Prediction(
            "Two examples in each minibatch. Which picture will it be?",
            "batch-norm?batch=2",
            ("batch-norm?batch=5", "batch-norm?batch=50"),
            "In training mode there are no other values than ±1, and the statistics of two examples are scattered "
            "most.",
        ),
    ),
    Challenge(
        "Patience that pays",
        "With a momentum of 0.95 or more, have both running statistics within 3 % of the true ones after 120 "
        "minibatches.",
        "batch-norm?batch=50&momentum=0.99",
        patient,
        "batch-norm?batch=200&momentum=0.95",
        "A large momentum averages over 1 / (1 − momentum) minibatches, which is quiet; but it has to forget where "
        "it began, and for that 120 minibatches have to be many times 1 / (1 − momentum).",
        _FORWARD,
        Prediction(
            "A momentum of 0.999. Which picture will it be?",
            "batch-norm?momentum=0.999",
            ("batch-norm?momentum=0", "batch-norm?momentum=0.9"),
            "Each minibatch moves the line by a thousandth of the way: smooth, and hardly off 0 after 120 of them.",
        ),
    ),
)
