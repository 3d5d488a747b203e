"""Read the recipes of a course, the files in ``solutions/exercises`` that say how each exercise is judged.

This package also offers what such a file needs to draw its cases and to state its rules::

    from grader.recipes import Case, Equal, Recipe, sizes
"""

from __future__ import annotations

from utils.checks.case import Case, Trait
from utils.checks.compare import (
    Array,
    DrawnAnew,
    Dropped,
    DroppedCounts,
    Equal,
    Initialised,
    Minibatches,
    MinibatchesAnew,
    Paired,
    Rule,
    SharedMaximum,
    Subgradient,
)

from .book import RecipeBook, recipe, recipe_book, trained_net
from .net import GivenNet, OwnNet, TrainedNet
from .recipe import Misconception, Recipe, RightAnswer, enlarged, sizes

__all__ = [
    "Array",
    "Case",
    "DrawnAnew",
    "Dropped",
    "DroppedCounts",
    "Equal",
    "GivenNet",
    "Initialised",
    "Minibatches",
    "MinibatchesAnew",
    "Misconception",
    "OwnNet",
    "Paired",
    "Recipe",
    "RecipeBook",
    "RightAnswer",
    "Rule",
    "SharedMaximum",
    "Subgradient",
    "TrainedNet",
    "Trait",
    "enlarged",
    "recipe",
    "recipe_book",
    "sizes",
    "trained_net",
]
