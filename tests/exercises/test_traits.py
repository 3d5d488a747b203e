"""Each case says what sets it apart: hints name it, and points can be divided by it."""

from __future__ import annotations

import numpy as np
import pytest
from here import ALL_RECIPES

from grader.recipes import Case, Recipe, Trait
from utils.checks.case import SITUATIONS
from utils.checks.values import parts

RECIPES = pytest.mark.parametrize("recipe", ALL_RECIPES.values(), ids=list(ALL_RECIPES))


def drawn(recipe: Recipe, seed: int = 1) -> list[Case]:
    return list(recipe.draw(np.random.default_rng(seed)))


def has_float32(case: Case) -> bool:
    return any(isinstance(part, np.ndarray) and part.dtype == np.float32 for part in parts(case.inputs))


@RECIPES
def test_a_case_has_the_trait_dtype_where_its_inputs_are_float32(recipe: Recipe) -> None:
    cases = drawn(recipe)
    assert [case.title for case in cases if has_float32(case) and Trait.DTYPE not in case.traits] == []
    others = [case for case in cases if Trait.DTYPE in case.traits and not has_float32(case)]
    assert [case.title for case in others if case.inputs.get("dtype") != "float64"] == []  # one that asks for a dtype


@RECIPES
def test_a_case_that_changes_the_memory_order_has_that_trait(recipe: Recipe) -> None:
    changed = [case.title for case in drawn(recipe) if "asfortranarray" in case.program]
    assert [
        case.title for case in drawn(recipe) if Trait.MEMORY_ORDER in case.traits and case.title in changed
    ] == changed


@RECIPES
def test_the_first_case_of_every_exercise_is_of_its_core(recipe: Recipe) -> None:
    assert drawn(recipe)[0].is_core


@RECIPES
def test_traits_do_not_depend_on_the_numbers(recipe: Recipe) -> None:
    one, other = ([case.traits for case in drawn(recipe, seed)] for seed in (1, 2))
    assert one == other


def test_every_trait_is_used() -> None:
    assert {trait for recipe in ALL_RECIPES.values() for case in drawn(recipe) for trait in case.traits} == set(Trait)


def test_a_situation_leaves_a_case_in_the_core() -> None:
    assert all(Case("", "", {}, traits={trait}).is_core == (trait in SITUATIONS) for trait in Trait)
