"""What of the course can be tried on this machine: everything but the exercises whose package is not installed."""

from __future__ import annotations

from pathlib import Path

from grader import course as courses
from grader.patch import Hunk
from grader.recipes import recipe_book
from grader.reference import Reference

COURSE = courses.load(Path(__file__).parents[1])
ALL_RECIPES = recipe_book(Reference.of(COURSE)).all()
RECIPES = {name: recipe for name, recipe in ALL_RECIPES.items() if not COURSE.absent(recipe.module)}
RIGHT: list[tuple[str, str, tuple[Hunk, ...]]] = [
    (recipe.name, answer.style, answer.hunks) for recipe in RECIPES.values() for answer in recipe.right
]
"""Right answers in other styles: the exercise, what is different, and the diff."""
