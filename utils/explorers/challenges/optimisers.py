"""Challenges with update rules."""

from __future__ import annotations

import numpy as np

from .challenge import Challenge, CurvePrediction, Prediction, Progress, Scale, Seen


def _height(seen: Seen, rule: str, last: int = 1) -> float:
    """The mean height over the last steps; infinite where the rule is missing or has left for good."""
    heights = seen.now.heights.get(rule)
    if heights is None or len(heights) <= seen.state.steps:
        return float("inf")
    return float(np.mean(heights[-last:]))


def on_the_edge(seen: Seen) -> Progress:
    """sgd at a rate of 0.064 or more in the ravine, lower than it began."""
    end, begin = _height(seen, "sgd"), float(seen.now.heights.get("sgd", [0.0])[0])
    fits = seen.state.loss == "ravine" and seen.state.rate >= 0.064
    said = f"At rate {seen.state.rate:g}, sgd ends at {end:.2g} and began at {begin:.2g}; wanted: a hundredth of that"
    return Progress(fits and end < begin / 100, f"{said}, at a rate of 0.064 or more.")


def off_the_saddle(seen: Seen) -> Progress:
    """sgd leaves the saddle within 100 steps."""
    end = _height(seen, "sgd")
    fits = seen.state.loss == "saddle" and seen.state.steps <= 100
    said = f"sgd ends {end:.2g} above the lowest place; wanted: below 0.01"
    return Progress(fits and end < 0.01, said + ("." if fits else ", on the saddle, within 100 steps."))


def nesterov_ahead(seen: Seen) -> Progress:
    """Nesterov's momentum ends a hundred times lower than plain momentum."""
    plain, ahead = _height(seen, "sgd_momentum"), _height(seen, "sgd_nesterov_momentum")
    fits = seen.state.loss == "ravine"
    ratio = plain / max(ahead, 1e-300) if np.isfinite(ahead) else 0.0
    said = f"Momentum ends at {plain:.1e}, Nesterov's at {ahead:.1e}, {ratio:.0f} times lower; wanted: 100 times"
    return Progress(fits and ratio >= 100, said + ("." if fits else ", in the ravine."))


def calm_adam(seen: Seen) -> Progress:
    """Slopes with noise 3: Adam's mean height over the last 50 steps below 0.05."""
    end = _height(seen, "adam", 50)
    fits = seen.state.loss == "ravine" and seen.state.noise >= 3
    said = f"Over its last 50 steps, Adam is {end:.2g} above the lowest place; wanted: below 0.05"
    return Progress(fits and end < 0.05, said + ("." if fits else ", in the ravine, with a noise of 3 or more."))


def all_arrive(seen: Seen) -> Progress:
    """All six rules find the pit of the plateau."""
    late = [rule for rule in seen.now.heights if not _height(seen, rule) < 0.01]
    fits = seen.state.loss == "plateau" and not seen.now.missing
    said = f"Above 0.01: {', '.join(late) or 'none'}; wanted: none of the six rules"
    return Progress(fits and not late, said + ("." if fits else ", on the plateau."))


def losses_of_sgd(seen: Seen) -> tuple[list[int], list[float]]:
    """The loss of sgd before the first step and after each of them."""
    heights = seen.now.heights.get("sgd", [])
    return list(range(len(heights))), [float(height) for height in heights]


CHALLENGES = (
    Challenge(
        "On the edge",
        "In the ravine, take a rate of 0.064 or more for sgd, and let it end lower than a hundredth of where it began.",
        "optimisers?loss=ravine&rate=0.1",
        on_the_edge,
        "optimisers?loss=ravine&rate=0.064&steps=100",
        "Across the ravine the loss is 15 w²: a step takes w to (1 − 30 · rate) w, which shrinks below a rate of 2 "
        "/ 30 = 0.067. Adam divides by the size of the slopes; how steep the walls are does not matter to it.",
        "optim.sgd_momentum",
        Prediction(
            "In the ravine, at a rate of 0.07 for sgd. Which picture will it be?",
            "optimisers?rate=0.07",
            ("optimisers?rate=0.06", "optimisers?rate=0.005"),
            "0.07 is above 2 / 30: each step of sgd goes farther up the other wall than it came down from this one.",
        ),
    ),
    Challenge(
        "Off the saddle",
        "Let sgd leave the saddle, and end below 0.01 within 100 steps.",
        "optimisers?loss=saddle&rate=0.02&steps=60",
        off_the_saddle,
        "optimisers?loss=saddle&rate=0.2&steps=60",
        "Near the saddle the slope along w₂ is tiny, and every step makes it larger by a factor of 1 + rate: "
        "1.02⁶⁰ is 3, and 1.2⁶⁰ is 56 000. A saddle is no lowest place, but it costs time.",
        "optim.sgd_momentum",
        CurvePrediction(
            "sgd begins on the slope above a saddle, where the loss is 2.25, and goes down with a rate of 0.1. The "
            "saddle itself has a loss of 0.25, and the lowest place 0. What is the loss after each of 100 steps?",
            "optimisers?loss=saddle&rate=0.1&steps=100",
            losses_of_sgd,
            Scale("step", 0, 100, (0, 20, 40, 60, 80, 100)),
            Scale("loss", 0, 2.5, (0, 0.5, 1, 1.5, 2, 2.5)),
            (0, 10, 20, 35, 50, 65, 80, 100),
            "It looks as if the walk were over at the saddle, for 40 steps: there is hardly a slope. What there is "
            "leads away from it, faster with each step. A loss that stands still is not always the lowest.",
        ),
    ),
    Challenge(
        "Look ahead",
        "In the ravine, make Nesterov's momentum end a hundred times lower than plain momentum.",
        "optimisers?loss=ravine&rate=0.02&steps=100",
        nesterov_ahead,
        "optimisers?loss=ravine&rate=0.02&momentum=0.95&steps=100",
        "With a large momentum the walk overshoots. Nesterov's rule takes the slope where the momentum is about to "
        "carry it, and so brakes a step earlier.",
        "optim.sgd_nesterov_momentum",
    ),
    Challenge(
        "Calm in the noise",
        "Slopes with a noise of 3, as minibatches have: keep Adam below 0.05 over its last 50 steps.",
        "optimisers?loss=ravine&noise=3&steps=150&length=0.3",
        calm_adam,
        "optimisers?loss=ravine&noise=3&steps=300&length=0.05",
        "Adam's steps have a length of about its learning rate, whatever the slopes are; it cannot come to rest "
        "below that. Too short, and it does not arrive in time. That is why one lets the rate fall during "
        "training.",
        "optim.adam",
    ),
    Challenge(
        "Everybody arrives",
        "On the plateau, let all six rules end below 0.01.",
        "optimisers?loss=plateau",
        all_arrive,
        "optimisers?loss=plateau&rate=0.5&length=0.1&steps=300",
        "Where there is hardly a slope, sgd hardly moves: it needs a large rate. The adaptive rules divide the "
        "small slope by its own size, and walk at full length from the first step on.",
        "optim.rmsprop",
    ),
)
