"""Challenges with a net that tells points apart."""

from __future__ import annotations

from .challenge import Challenge, Prediction, Progress, Seen

_NET = "fc_net.FullyConnectedNet.__init__"
_LOSS = "fc_net.FullyConnectedNet.loss"


def ring_closed(seen: Seen) -> Progress:
    """All points of the rings right, with one hidden layer of three units at most."""
    right = int(seen.now.right.sum())
    fits = seen.state.set == "rings" and seen.state.depth == 1 and seen.state.units <= 3
    said = f"{right} of {len(seen.now.right)} points are right; wanted: all of them"
    return Progress(fits and right == len(seen.now.right), said + _unless(fits, "on the rings, with one layer of 3"))


def awake(seen: Seen) -> Progress:
    """85 % right, at a weight scale of 0.01 or less."""
    fits = seen.state.scale <= 0.01 and seen.state.set == "moons"
    said = f"{100 * seen.now.accuracy:.0f} % of the points are right; wanted: 85 %"
    return Progress(fits and seen.now.accuracy >= 0.85, said + _unless(fits, "on the moons, from a scale of 0.01"))


def dead(seen: Seen) -> Progress:
    """Of twelve units, eight or more are active at none of the points."""
    count = sum(int((active == 0).sum()) for active in seen.now.active)
    fits = seen.state.depth == 2 and seen.state.units == 6 and 0.1 <= seen.state.scale <= 1
    said = f"{count} of {sum(map(len, seen.now.active))} units are active at no point; wanted: 8 or more"
    return Progress(fits and count >= 8, said + _unless(fits, "in two layers of 6, from a scale of 0.1 to 1"))


def one_point(seen: Seen) -> Progress:
    """One point was moved, and the loss of all of them is above 0.12."""
    count = len(seen.state.moved) // 3
    fits = count == 1 and seen.state.but(moved=()) == seen.state.parse(_ONE_POINT)
    said = f"{count} of the points moved; the loss of all is {seen.now.loss:.3f}; wanted: above 0.12"
    return Progress(fits and seen.now.loss > 0.12, said + _unless(fits, "by moving one point and nothing else"))


def ready_in_thirty(seen: Seen) -> Progress:
    """95 % right after 30 minibatches of 20."""
    state = seen.state
    fits = state.set == "moons" and state.step <= 30 and state.batch <= 20 and not state.moved
    said = f"After {state.step} minibatches, {100 * seen.now.accuracy:.0f} % of the points are right; wanted: 95 %"
    return Progress(
        fits and seen.now.accuracy >= 0.95, said + _unless(fits, "on the moons, after 30 minibatches of 20 at most")
    )


def spirals(seen: Seen) -> Progress:
    """Nine of ten points of the spirals right."""
    fits = seen.state.set == "spirals" and not seen.state.moved
    said = f"{100 * seen.now.accuracy:.0f} % of the points are right; wanted: 90 %"
    return Progress(fits and seen.now.accuracy >= 0.9, said + _unless(fits, "on the spirals as they are"))


def _unless(fits: bool, condition: str) -> str:
    """The end of a sentence, with the condition where it is not kept."""
    return "." if fits else f", {condition}."


_ONE_POINT = "decision-boundary?step=200"
CHALLENGES = (
    Challenge(
        "Close the ring",
        "With one hidden layer of three units at most, label all points of the rings right.",
        "decision-boundary?set=rings&depth=1&units=2&step=500",
        ring_closed,
        "decision-boundary?set=rings&depth=1&units=3&step=500",
        "Each unit of the first layer is a line, and three are the fewest that close a region: a triangle. Not every "
        "start gets there; try other seeds, and see lines that end up side by side.",
        _NET,
    ),
    Challenge(
        "Out of the flat start",
        "Leave the weight scale at 0.01 or below, and label 85 % of the moons' points right.",
        "decision-boundary?scale=0.01&step=200",
        awake,
        "decision-boundary?scale=0.01&depth=1&step=200",
        "The gradient of a layer is multiplied by the weights of all other layers: with two hidden layers by two "
        "numbers near 0, and nothing moves; with one by one of them, and the net begins to learn after a while.",
        _NET,
        Prediction(
            "Two hidden layers, weights that start at 0.01. Which picture will it be after 200 minibatches?",
            "decision-boundary?scale=0.01&step=200",
            ("decision-boundary?step=200", "decision-boundary?scale=3.16228&step=200"),
            "Where all weights are near 0, so are the scores: the loss stays at ln 2, whatever the points are, and the "
            "gradients are too small to change that soon.",
        ),
    ),
    Challenge(
        "Dead units",
        "Two layers of six units, from a scale of 0.1 to 1: let eight units end up active at none of the points.",
        "decision-boundary?step=30",
        dead,
        "decision-boundary?rate=3.16228&step=30",
        "One step that is too long moves a unit's line beyond all points. There the ReLU puts out 0 and lets no "
        "gradient through: the unit is never moved again. Such nets are not rescued by training them longer.",
        "layers.relu_backward",
        Prediction(
            "A learning rate of 3, ten times one that this net learns well with. Which picture after 30 minibatches?",
            "decision-boundary?rate=3.16228&step=30",
            ("decision-boundary?step=30", "decision-boundary?rate=0.0316228&step=30"),
            "The loss jumps up, and many lines leave the plane: their units are active nowhere, and the net says the "
            "same everywhere.",
        ),
    ),
    Challenge(
        "One point is enough",
        "Move one point and nothing else, so that the loss of all points together rises above 0.12, three times what "
        "it is.",
        _ONE_POINT,
        one_point,
        f"{_ONE_POINT}&moved=2,1.2,-1.2",
        "The loss of a point grows with how sure the net is of the wrong answer, without a bound, and far from the "
        "boundary it is sure. One wrong label costs more than all others together.",
        "layers.affine_backward",
    ),
    Challenge(
        "Ready in thirty",
        "Label 95 % of the moons' points right after 30 minibatches of 20 points at most.",
        "decision-boundary?step=30",
        ready_in_thirty,
        "decision-boundary?scale=1.58489&rate=0.398107&step=30",
        "Larger weights at the start make larger gradients in the layers before them, so that the lines turn sooner. A "
        "larger learning rate alone does the same to all steps, also to those that are long enough, and kills units.",
        _NET,
    ),
    Challenge(
        "Unroll the spirals",
        "Label nine of ten points of the spirals right.",
        "decision-boundary?set=spirals&noise=0&depth=1&units=8&step=500",
        spirals,
        "decision-boundary?set=spirals&noise=0&depth=2&units=8&step=500",
        "One layer has eight half-planes and adds them up. A second layer takes half-planes of what the first one puts "
        "out: in the plane, these are lines with bends, and many more regions come of as many units.",
        _LOSS,
    ),
)
