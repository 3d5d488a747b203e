"""What of the course can be tried on this machine: everything but the exercises whose package is not installed."""

from __future__ import annotations

from grader import exercises

RECIPES = {name: recipe for name, recipe in exercises.RECIPES.items() if not exercises.absent(recipe.module)}
