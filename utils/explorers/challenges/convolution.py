"""Challenges with a kernel on a photograph."""

from __future__ import annotations

import numpy as np

from .challenge import Challenge, Prediction, Progress, Seen

_FORWARD = "conv_layers.conv_forward_naive"


def blind_to_plain(seen: Seen) -> Progress:
    """A kernel that is not 0, and whose numbers sum up to 0."""
    total, any_ = sum(seen.state.kernel), any(seen.state.kernel)
    said = f"The nine numbers sum up to {total:.3g}; wanted: 0"
    return Progress(abs(total) < 1e-9 and any_, said + ("." if any_ else ", and not all of them 0."))


def half_as_large(seen: Seen) -> Progress:
    """An output of half the rows and half the columns."""
    wanted = tuple(length // 2 for length in seen.now.image.shape)
    shape = seen.now.out.shape
    return Progress(shape == wanted, "The output has {} × {} pixels; wanted: {} × {}.".format(*shape, *wanted))


def moved_down(seen: Seen) -> Progress:
    """The photograph, one row further down."""
    image, out = seen.now.image, seen.now.out
    if out.shape != image.shape:
        return Progress(False, f"The output has {out.shape[0]} × {out.shape[1]} pixels; take stride 1 and pad 1.")
    off = float(np.mean(np.abs(out[1:] - image[:-1])))
    return Progress(off < 1e-6, f"On average, a pixel is {off:.2f} off the one above it in the photograph; wanted: 0.")


def mostly_rim(seen: Seen) -> Progress:
    """A quarter of the output sees nothing but padding."""
    if not any(seen.state.kernel):
        return Progress(False, "A kernel of zeros sees nothing anywhere; take another one.")
    share = float(np.mean(seen.now.out == 0))
    return Progress(share >= 0.25, f"{100 * share:.0f} % of the output is exactly 0; wanted: 25 % or more.")


def few_winners(seen: Seen) -> Progress:
    """Fewer than one in fifty pixels gets a gradient through max pooling."""
    if seen.now.winners is None:
        return Progress(False, "max_pool_backward_naive is not written yet.")
    share = float(np.mean(seen.now.winners))
    return Progress(share < 0.02, f"{100 * share:.1f} % of the pixels win; wanted: fewer than 2 %.")


CHALLENGES = (
    Challenge(
        "Blind to plain walls",
        "Type a kernel that puts out 0 where the photograph is plain, and something else at edges.",
        "convolution?kernel=0.0625,0.125,0.0625,0.125,0.25,0.125,0.0625,0.125,0.0625",
        blind_to_plain,
        "convolution?kernel=0,1,0,1,-4,1,0,1,0",
        "On a plain wall all nine pixels are the same, and the output is that pixel times the sum of the kernel.",
        _FORWARD,
        Prediction(
            "Left column −1, middle 0, right +1: which picture will it be?",
            "convolution?kernel=-1,0,1,-1,0,1,-1,0,1",
            ("convolution?kernel=-1,-1,-1,0,0,0,1,1,1", "convolution?kernel=0.1,0.1,0.1,0.1,0.2,0.1,0.1,0.1,0.1"),
            "Right minus left: it answers to upright edges, orange where it gets brighter to the right and violet "
            "where darker.",
        ),
    ),
    Challenge(
        "Half as large",
        "Make an output of exactly half the rows and half the columns of the photograph.",
        "convolution?stride=1&pad=1",
        half_as_large,
        "convolution?stride=2&pad=1&row=7&column=6",
        "1 + (48 + 2 · 1 − 3) // 2 = 24: the stride divides, the padding makes up for the window's width.",
        _FORWARD,
    ),
    Challenge(
        "Move it down",
        "Type a kernel that moves the photograph down by one row and changes nothing else.",
        "convolution?kernel=0,0,0,0,1,0,0,0,0",
        moved_down,
        "convolution?kernel=0,1,0,0,0,0,0,0,0",
        "Each output takes the pixel above its place, so that everything appears one row lower. A convolution "
        "layer can learn to move; three such layers move by three.",
        _FORWARD,
    ),
    Challenge(
        "What the padding costs",
        "Make a quarter of the output exactly 0, with a kernel that is not.",
        "convolution?kernel=0.0625,0.125,0.0625,0.125,0.25,0.125,0.0625,0.125,0.0625&pad=1",
        mostly_rim,
        "convolution?kernel=0.0625,0.125,0.0625,0.125,0.25,0.125,0.0625,0.125,0.0625&pad=6",
        "Windows that lie in the padding see zeros alone. Padding of (kernel − 1) / 2 keeps the size; more of it "
        "only adds such a frame.",
        _FORWARD,
    ),
    Challenge(
        "Winner takes all",
        "Let fewer than 2 % of the pixels get a gradient through max pooling.",
        "convolution?pool=2",
        few_winners,
        "convolution?pool=8",
        "Only the largest of each window goes on, so only it gets the gradient: one of 8 × 8 = 64 is 1.6 %.",
        "conv_layers.max_pool_backward_naive",
    ),
)
