"""Challenges with the scale of the initial weights."""

from __future__ import annotations

import numpy as np

from ..weight_scale.compute import SCALES
from .challenge import Challenge, CurvePrediction, Prediction, Progress, Scale, Seen

_NET = "fc_net.FullyConnectedNet.__init__"


def _spread(values: object) -> float:
    return float(np.std(np.asarray(values, dtype=float)))


def gradient_arrives(seen: Seen) -> Progress:
    """Eight layers without normalisation: σ of the gradient that reaches the first one, above 1e-3."""
    arrived = _spread(seen.now[0].dout)
    fits = seen.state.norm == "none" and seen.state.depth >= 8
    said = f"The gradient that reaches layer 1 has σ {arrived:.1e}; wanted: between 1e-3 and 1"
    return Progress(fits and 1e-3 < arrived < 1, said + ("." if fits else ", with 8 layers and without normalisation."))


def last_layer_underflows(seen: Seen) -> Progress:
    """Every output of the last layer exactly 0."""
    dead = seen.now[-1].dead
    return Progress(dead == 1, f"{100 * dead:.0f} % of the last layer's outputs are exactly 0; wanted: all of them.")


def normalised(seen: Seen) -> Progress:
    """A scale of 0.01 or less, and gradients that arrive."""
    arrived = _spread(seen.now[0].dout)
    fits = seen.state.scale <= 0.01 and seen.state.depth >= 7
    said = f"Scale {seen.state.scale:.2g}, gradient at layer 1: σ {arrived:.1e}; wanted: above 1e-5"
    return Progress(fits and arrived > 1e-5, f"{said}, at a scale of 0.01 or less, with 7 layers.")


def saturated(seen: Seen) -> Progress:
    """tanh: nine of ten outputs of the last layer beyond 0.99."""
    if seen.state.activation != "tanh":
        return Progress(False, "Choose tanh.")
    share = float(np.mean(np.abs(seen.now[-1].out) > 0.99))
    return Progress(
        share > 0.9, f"{100 * share:.0f} % of the last layer's outputs lie beyond ±0.99; wanted: more than 90 %."
    )


def wide_and_steady(seen: Seen) -> Progress:
    """200 units in each of eight layers: the outputs of the last layer about as large as those of the first."""
    ratio = _spread(seen.now[-1].out) / max(_spread(seen.now[0].out), 1e-300)
    fits = seen.state.width >= 200 and seen.state.depth >= 8 and seen.state.norm == "none"
    said = f"The last layer's outputs are {ratio:.2g} times as large as the first's; wanted: between 0.5 and 2"
    return Progress(fits and 0.5 < ratio < 2, said + ("." if fits else ", with 8 layers of 200 units, not normalised."))


def accuracies(seen: Seen) -> tuple[list[float], list[float]]:
    """The best training accuracy in % at each scale that has been tried, without normalisation."""
    runs = seen.found.runs if seen.found else {}
    known = [scale for scale in SCALES if ("none", scale) in runs]
    return known, [100 * max(runs["none", scale].train) for scale in known]


CHALLENGES = (
    Challenge(
        "Let the gradient arrive",
        "Eight layers, no normalisation. Find a weight scale at which layer 1 sees a gradient with σ above 1e-3, "
        "but below 1.",
        "weight-scale?depth=8&scale=0.01",
        gradient_arrives,
        "weight-scale?depth=8&scale=0.199526",
        "Each layer multiplies what passes through it by about scale × √(units / 2): half of the ReLUs are 0. With "
        "50 units that is 1 at a scale of 0.2, and eight factors near 1 leave the gradient as it is. Kaiming He's "
        "initialisation is this scale.",
        _NET,
        Prediction(
            "Seven layers, 50 units, scale 1. Which picture will it be?",
            "weight-scale?scale=1",
            ("weight-scale?scale=0.01", "weight-scale?scale=0.199526"),
            "A factor of scale × √25 = 5 for each layer: outputs grow from layer to layer, and gradients grow on "
            "their way back.",
        ),
    ),
    Challenge(
        "Nothing is left",
        "Make every output of the last layer exactly 0, for all images, with ReLU and 50 units.",
        "weight-scale?depth=12&scale=0.01",
        last_layer_underflows,
        "weight-scale?depth=12&scale=1e-05",
        "The outputs shrink by the same factor in each layer, until float32 has no number that is small enough "
        "(below 1e-45). A gradient of such a layer is 0 as well: no training brings it back.",
        _NET,
    ),
    Challenge(
        "Forgive a small scale",
        "Leave the scale at 0.01 or below, and the net at seven layers: let layer 1 see a gradient above 1e-5.",
        "weight-scale?depth=7&scale=0.01",
        normalised,
        "weight-scale?depth=7&scale=0.01&norm=batchnorm",
        "A normalised layer puts out mean 0 and variance 1, whatever the scale of the weights before it; dividing "
        "by a small σ also enlarges the gradient on its way back.",
        "layers.batchnorm_forward",
        CurvePrediction(
            "Nets of seven layers without normalisation are trained on 1000 images of 10 classes, from weight scales "
            "between 0.0001 and 1. How many of the training images does each label right in the end?",
            "weight-scale?depth=7&scale=0.01",
            accuracies,
            Scale("weight scale", 1e-4, 1, (1e-4, 1e-3, 1e-2, 1e-1, 1), log=True),
            Scale("training accuracy, %", 0, 100, (0, 20, 40, 60, 80, 100)),
            tuple(SCALES[index] for index in (0, 3, 6, 9, 12, 14, 16, 18)),
            "Below a scale of 0.001 no gradient arrives, and one class of ten is right by chance. The best scale is "
            "near 0.1, where a layer hardly changes the size of what passes; far above it, the loss explodes.",
            trained=True,
        ),
    ),
    Challenge(
        "Saturate tanh",
        "With tanh, drive nine of ten outputs of the last layer beyond ±0.99.",
        "weight-scale?activation=tanh&scale=0.199526",
        saturated,
        "weight-scale?activation=tanh&scale=5.01187",
        "Large weights make large sums, and tanh flattens all of them to ±1. Its slope there is nearly 0: for a "
        "unit that is saturated, hardly any gradient comes through. ReLU has no such end on its right side.",
        _NET,
    ),
    Challenge(
        "Wider layers, smaller weights",
        "At scale 0.2, nets with 50 units are steady. Keep eight layers, take 200 units, and make the outputs of "
        "the last layer about as large as those of the first again.",
        "weight-scale?depth=8&width=200&scale=0.199526",
        wide_and_steady,
        "weight-scale?depth=8&width=200&scale=0.1",
        "A sum of four times as many terms is twice as large, so the weights have to be half as large: √(2 / 200) "
        "= 0.1.",
        _NET,
    ),
)
