"""How each exercise is judged: a module for each of the student's files, or for a family of functions in one."""

from __future__ import annotations

from ..errors import CourseError
from . import (
    backprop,
    cnn,
    conv_layers,
    dropout_layers,
    fc_net,
    hidden_layer,
    layer_utils,
    layers,
    neural_net,
    norm_layers,
    optim,
    pooling,
    spatial_norm,
)
from .recipe import Misconception, Recipe

MODULES = (
    backprop,
    neural_net,
    layers,
    fc_net,
    optim,
    norm_layers,
    dropout_layers,
    layer_utils,
    hidden_layer,
    conv_layers,
    pooling,
    spatial_norm,
    cnn,
)

WITHHELD = {"conv_layers": ("utils.fast_layers", "utils._fast_layers", "utils._fast_layers_numpy")}
"""What answers for the exercises of a module, in ``utils``: while the module is judged, it cannot be called."""

RECIPES: dict[str, Recipe] = {recipe.name: recipe for module in MODULES for recipe in module.RECIPES}


def recipe(name: str) -> Recipe:
    """The recipe of an exercise; raises CourseError where nobody has written one."""
    try:
        return RECIPES[name]
    except KeyError:
        known = ", ".join(RECIPES)
        raise CourseError(f'Nothing in grader/exercises says how to judge "{name}"; there are {known}.') from None


__all__ = ["RECIPES", "WITHHELD", "Misconception", "Recipe", "recipe"]
