"""Challenges with dropout."""

from __future__ import annotations

import numpy as np

from .challenge import Challenge, Prediction, Progress, Seen, waits

_FORWARD = "layers.dropout_forward"


def four_times(seen: Seen) -> Progress:
    """The units that are kept put out four times their value."""
    scale = float(np.max(seen.now.out))
    return Progress(abs(scale - 4) < 0.01, f"A kept unit puts out {scale:.2f} times its value; wanted: 4 times.")


def averages_come_home(seen: Seen) -> Progress:
    """The averages are within 1.5 % of the values without dropout, at p of 0.2 or more."""
    off = float(np.mean(np.abs(seen.now.means[-1] / seen.now.x - 1)))
    fits = seen.state.p >= 0.2
    said = f"The averages are {100 * off:.1f} % off; wanted: below 1.5 %"
    return Progress(fits and off < 0.015, said + ("." if fits else ", with p of 0.2 or more."))


def learnt_by_heart(seen: Seen) -> Progress:
    """Without dropout: at least 99 % in training, and a gap of 55 points or more."""
    run = seen.found.runs.get(0.0) if seen.found else None
    if run is None or not run.val:
        return waits("the net with p = 0 comes first")
    train, gap = 100 * run.train[-1], 100 * (run.train[-1] - max(run.val))
    said = (
        f"With p = 0: {train:.0f} % in training, {gap:.0f} points more than in validation; wanted: 99 % and 55 points."
    )
    return Progress(train >= 99 and gap >= 55, said)


def pays(seen: Seen) -> Progress:
    """The p of the slider costs under 2 points of training accuracy, and no other such p gains more in validation."""
    if not seen.found or not seen.over:
        return waits("all eight nets are needed")
    runs = seen.found.runs
    best = {p: max(run.val) for p, run in runs.items()}
    cheap = {p for p, run in runs.items() if runs[0.0].train[-1] - run.train[-1] < 0.02 and p > 0}
    p = min(runs, key=lambda one: abs(one - seen.state.p))
    cost, gain = 100 * (runs[0.0].train[-1] - runs[p].train[-1]), 100 * (best[p] - best[0.0])
    said = f"p = {p:g} costs {cost:.1f} points in training and gains {gain:.1f} in validation; wanted: a cost below 2"
    most = max((best[one] for one in cheap), default=0.0)
    return Progress(p in cheap and best[p] >= most, f"{said}, and among those the largest gain.")


CHALLENGES = (
    Challenge(
        "Four times as loud",
        "Find the p at which a unit that is kept puts out four times its value.",
        "dropout?p=0.5",
        four_times,
        "dropout?p=0.75",
        "A unit that is kept with probability 1 − p is divided by 1 − p, so that the average stays: 1 / 0.25 = 4.",
        _FORWARD,
    ),
    Challenge(
        "Averages come home",
        "With p of 0.2 or more, bring the averages within 1.5 % of the values without dropout.",
        "dropout?p=0.5&passes=50",
        averages_come_home,
        "dropout?p=0.25&passes=1000",
        "The average of n passes is off by √(p / ((1 − p) n)): more passes help, and a smaller p. In test mode "
        "nobody has to wait for that: the layer puts out the value that the averages tend to.",
        _FORWARD,
        Prediction(
            "Drop three of four units. Which picture will it be?",
            "dropout?p=0.75",
            ("dropout?p=0.25", "dropout?p=0.5"),
            "A quarter is kept, and is four times as large; the averages swing widest, and still come back to the "
            "grey lines.",
        ),
    ),
    Challenge(
        "Learnt by heart",
        "Make the net with p = 0 reach 99 % in training, 55 points more than in validation.",
        "dropout?images=1000&units=50",
        learnt_by_heart,
        "dropout?images=50&units=500",
        "Few images and many units: there is room to learn each image by itself. What helps for those says nothing "
        "about others.",
        "layers.dropout_backward",
    ),
    Challenge(
        "The p that pays",
        "Let all nets train, then move p to the one that costs less than 2 points of training accuracy and gains "
        "most in validation.",
        "dropout?p=0.9&images=500&units=200",
        pays,
        "dropout?p=0.5&images=500&units=200",
        "A little dropout takes away what was learnt by heart first; a lot of it takes away what is needed, too. "
        "Which p that is depends on the net and the data, which is why one tries several.",
        "layers.dropout_backward",
    ),
)
