"""How each exercise is judged: a module for each of the student's files, or for a family of functions in one."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import CourseError
from . import (
    backprop,
    cnn,
    conv_layers,
    dropout_layers,
    fc_net,
    further,
    hidden_layer,
    layer_utils,
    layers,
    net_visualization,
    neural_net,
    norm_layers,
    optim,
    pooling,
    spatial_norm,
    torch_models,
    torch_modules,
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
    torch_models,
    torch_modules,
    net_visualization,
    further,
)

NEEDS = {"torch_models": "torch", "net_visualization": "torch"}
"""The package that a module of the student's is written with, beyond what the course installs by itself."""

RECIPES: dict[str, Recipe] = {recipe.name: recipe for module in MODULES for recipe in module.RECIPES}


def recipe(name: str) -> Recipe:
    """The recipe of an exercise; raises CourseError where nobody has written one."""
    try:
        return RECIPES[name]
    except KeyError:
        known = ", ".join(RECIPES)
        raise CourseError(f'Nothing in grader/exercises says how to judge "{name}"; there are {known}.') from None


def absent(module: str) -> str:
    """The package that the exercises of a module need and that is not installed; ``""`` where nothing is missing."""
    package = NEEDS.get(module, "")
    return package if package and find_spec(package) is None else ""


__all__ = ["NEEDS", "RECIPES", "Misconception", "Recipe", "absent", "recipe"]
