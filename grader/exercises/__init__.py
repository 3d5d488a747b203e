"""How each exercise is judged: one module for each of the student's files."""

from __future__ import annotations

from ..errors import CourseError
from . import backprop, fc_net, layers, neural_net
from .recipe import Misconception, Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for module in (backprop, neural_net, layers, fc_net) for recipe in module.RECIPES
}


def recipe(name: str) -> Recipe:
    """The recipe of an exercise; raises CourseError where nobody has written one."""
    try:
        return RECIPES[name]
    except KeyError:
        known = ", ".join(RECIPES)
        raise CourseError(f'Nothing in grader/exercises says how to judge "{name}"; there are {known}.') from None


__all__ = ["RECIPES", "Misconception", "Recipe", "recipe"]
