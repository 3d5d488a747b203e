"""Challenges: what to reach with an explorer, how far off one is, and why it worked.

Each explorer's stand in a module of their own, as data and pure functions; `challenge` says what they are made of.
"""

from . import batch_norm, boundary, convolution, dropout, gradient, gradient_flow, optimisers, weight_scale
from .challenge import Challenge, CurvePrediction, Prediction, Progress, Scale, Seen

CHALLENGES: dict[str, tuple[Challenge, ...]] = {
    "decision-boundary": boundary.CHALLENGES,
    "gradient-flow": gradient_flow.CHALLENGES,
    "weight-scale": weight_scale.CHALLENGES,
    "batch-norm": batch_norm.CHALLENGES,
    "dropout": dropout.CHALLENGES,
    "optimisers": optimisers.CHALLENGES,
    "convolution": convolution.CHALLENGES,
    "gradient-check": gradient.CHALLENGES,
}
"""By the name of an explorer's states."""

__all__ = ["CHALLENGES", "Challenge", "CurvePrediction", "Prediction", "Progress", "Scale", "Seen"]
