"""Challenges with numeric derivatives."""

from __future__ import annotations

import numpy as np

from ..gradient.compute import STEPS
from .challenge import Challenge, Prediction, Progress, Seen

_CHECK = "layers.affine_backward"


def _error(seen: Seen, kind: str, precision: str) -> float:
    """At the step that is nearest to the slider's."""
    here = int(np.argmin(np.abs(np.log(STEPS / seen.state.h))))
    return float(seen.now.error[kind, precision][here])


def good_step(seen: Seen) -> Progress:
    """float64, central: an error below 1e-10."""
    off = _error(seen, "central", "float64")
    fits = seen.state.function == "sin(x)" and abs(seen.state.x) <= 1
    said = f"The central difference in float64 is {off:.1e} off; wanted: below 1e-10"
    return Progress(fits and off < 1e-10, said + ("." if fits else ", for sin(x), with x between −1 and 1."))


def good_step_in_float32(seen: Seen) -> Progress:
    """float32, central: an error below 1e-4."""
    off = _error(seen, "central", "float32")
    fits = seen.state.function == "exp(x)" and seen.state.x >= 1
    said = f"The central difference in float32 is {off:.1e} off; wanted: below 3e-4"
    return Progress(fits and off < 3e-4, said + ("." if fits else ", for exp(x), with x of 1 or more."))


def across_the_kink(seen: Seen) -> Progress:
    """|x|, not at 0: the central difference is off by more than 0.5 with a step of 0.1 or less."""
    off = _error(seen, "central", "float64")
    fits = seen.state.function == "|x|" and seen.state.x != 0 and seen.state.h <= 0.1
    said = f"The central difference is {off:.2g} off; wanted: more than 0.5"
    return Progress(
        fits and off > 0.5, said + ("." if fits else ", for |x|, not at x = 0, with a step of 0.1 or less.")
    )


def lost_step(seen: Seen) -> Progress:
    """A step of 3e-8 or more that float32 loses."""
    lost = bool(np.isnan(_error(seen, "one-sided", "float32")))
    fits = seen.state.h >= 3e-8 and seen.state.x == 1
    said = f"In float32, x + h is {'x itself' if lost else 'another number than x'}, at h = {seen.state.h:.1e}"
    return Progress(fits and lost, f"{said}; wanted: x itself, with h of 3e-8 or more, at x = 1.")


def central_pays(seen: Seen) -> Progress:
    """With a step of 0.01 or more, the central difference is 100 times closer."""
    one, two = _error(seen, "one-sided", "float64"), _error(seen, "central", "float64")
    ratio = one / max(two, 1e-300)
    fits = seen.state.function == "exp(x)" and seen.state.h >= 0.01
    said = f"The central difference is {ratio:.0f} times closer than the one-sided one; wanted: 100 times"
    return Progress(fits and ratio >= 100, said + ("." if fits else ", for exp(x), with a step of 0.01 or more."))


CHALLENGES = (
    Challenge(
        "The best step",
        "sin(x) at 1: find a step with which the central difference in float64 is off by less than 1e-10.",
        "gradient-check?h=0.1",
        good_step,
        "gradient-check?h=1e-05",
        "Truncation costs h² / 6 and rounding 1e-16 / h. Both are small where h is about the cube root of 1e-16: 1e-5.",
        _CHECK,
        Prediction(
            "sin(x), exp(x) and |x|, each at x = 0.01. Which picture is that of |x|?",
            "gradient-check?function=%7Cx%7C&x=0.01&h=1e-05",
            ("gradient-check?function=sin%28x%29&x=0.01&h=1e-05", "gradient-check?function=exp%28x%29&x=0.01&h=1e-05"),
            "A straight line has no truncation at all, until the step reaches over the kink: then the error jumps "
            "up at once.",
        ),
    ),
    Challenge(
        "With half of the digits",
        "exp(x) at 1 or more: find a step with which the central difference in float32 is off by less than 3e-4.",
        "gradient-check?function=exp%28x%29&h=1e-05",
        good_step_in_float32,
        "gradient-check?function=exp%28x%29&h=0.01",
        "float32 has 7 digits: rounding costs 1e-7 / h. The best step is about the cube root of 1e-7, near 0.005, "
        "and still worse than any good step in float64. That is why gradient checks are run in float64.",
        _CHECK,
    ),
    Challenge(
        "Across the kink",
        "|x|, but not at 0: make the central difference wrong by more than 0.5, with a step of 0.1 or less.",
        "gradient-check?function=%7Cx%7C&x=0.5&h=0.1",
        across_the_kink,
        "gradient-check?function=%7Cx%7C&x=0.01&h=0.1",
        "The step reaches over the kink: the slopes on both sides are mixed. The same happens to a ReLU whose "
        "input is closer to 0 than h, and a gradient check then blames a backward pass that is right.",
        "layers.relu_backward",
    ),
    Challenge(
        "A step that is lost",
        "At x = 1, find a step of 3e-8 or more that float32 loses altogether: x + h is x.",
        "gradient-check?h=1e-05",
        lost_step,
        "gradient-check?h=3.16228e-08",
        "Between 1 and the next number of float32 lie 1.2e-7. A step of less than half of that is rounded away.",
        _CHECK,
    ),
    Challenge(
        "Two sides are better than one",
        "exp(x): with a step of 0.01 or more, make the central difference 100 times closer than the one-sided one.",
        "gradient-check?function=exp%28x%29&h=0.316228",
        central_pays,
        "gradient-check?function=exp%28x%29&h=0.01",
        "The one-sided difference is off by h / 2, the central one by h² / 6: at h = 0.01 that is 300 times less, "
        "for one more call of the function.",
        _CHECK,
    ),
)
