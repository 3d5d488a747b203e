"""A course's recipes are found where they stand, and all that is missing or does not fit is said at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from here import ALL_RECIPES

from grader import course as courses
from grader.course import Course
from grader.errors import CourseError, UnusableCourseFiles
from grader.recipes import RecipeBook, recipe
from grader.recipes.recipe import Recipe
from grader.reference import Reference

TOML = """\
course.title = "Means"
course.package = "nndl"

[[assignment]]
name = "a1"
title = "Means"
due = 2027-02-05T12:00:00Z

[[assignment.notebook]]
name = "means"
exercises = [
    { name = "means.mean", points = 3 },
    { name = "means.Spread.variance", points = 2 },
]
"""
REFERENCE = """\
import numpy as np


def mean(x):
    total = x.sum()
    return total / len(x)


class Spread:
    def variance(self, x):
        return mean((x - mean(x)) ** 2)
"""
RECIPES = """\
from grader.recipes import Case, Equal, Recipe

from ._numbers import numbers


def mean_cases(rng):
    yield Case("some numbers", "out = means.mean(x)", {"x": numbers(rng)}, {"out": Equal()})


def variance_cases(rng):
    yield Case("some numbers", "out = means.Spread().variance(x)", {"x": numbers(rng)}, {"out": Equal()})


RECIPES = (
    Recipe("means.mean", mean_cases),
    Recipe("means.Spread.variance", variance_cases),
)
"""
WRONG = """\
=== means.mean: sum
The sum comes out; divide it.
-    return total / len(x)
+    return total

=== means.Spread.variance: not-squared
The deviations are not squared.
-        return mean((x - mean(x)) ** 2)
+        return mean(x - mean(x))
"""
RIGHT = """\
=== means.mean: np.mean
-    total = x.sum()
-    return total / len(x)
+    return np.mean(x)
"""
FOLDER = "solutions/exercises/means"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of two exercises that a test may change."""
    for path, text in {
        "course.toml": TOML,
        "solutions/__init__.py": "",
        "solutions/nndl/__init__.py": "",
        "solutions/nndl/means.py": REFERENCE,
        f"{FOLDER}/_numbers.py": "def numbers(rng):\n    return rng.standard_normal(7)\n",
        f"{FOLDER}/means.py": RECIPES,
        f"{FOLDER}/means.wrong": WRONG,
        f"{FOLDER}/means.right": RIGHT,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_course_needs_no_init_of_its_solutions(root: Path) -> None:
    (root / "solutions" / "__init__.py").unlink()
    assert problems(root) == []
    assert Reference(root, "nndl").module("means").__name__ == "solutions.nndl.means"


def change(path: Path, old: str, new: str) -> None:
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))


def problems(root: Path, *exercises: str) -> list[str]:
    book = RecipeBook(Reference(root, "nndl"))
    return [str(problem) for problem in book.problems(courses.load(root), exercises or None)]


def test_recipes_are_found_with_what_is_wrong_and_right(root: Path) -> None:
    book = RecipeBook(Reference(root, "nndl")).all()
    assert list(book) == ["means.mean", "means.Spread.variance"]
    mean = book["means.mean"]
    assert mean.hints == {"sum": "The sum comes out; divide it."}
    assert [answer.style for answer in mean.right] == ["np.mean"]
    module = Reference(root, "nndl").variant("means", mean.misconceptions[0].hunks)
    assert module.mean(Reference(root, "nndl").module("means").np.arange(4)) == 6
    assert problems(root) == []


def test_two_courses_in_one_process_are_kept_apart(root: Path, reference: Reference) -> None:
    other = Reference(root, "nndl")
    assert other.module("means").__file__ == str(root / "solutions/nndl/means.py")
    assert reference.module("layers") is reference.module("layers")
    assert set(ALL_RECIPES) == set(RecipeBook(reference).all())
    assert "means.mean" in RecipeBook(other).all()
    assert reference.variant("fc_net", ()).affine_forward is reference.module("layers").affine_forward


def test_the_courses_own_recipes_are_in_order(course: Course, reference: Reference) -> None:
    assert RecipeBook(reference).problems(course) == []


def test_an_exercise_that_nobody_can_judge_is_refused(root: Path) -> None:
    with pytest.raises(CourseError, match=r'exercises/means says how to judge "means\.median"; write'):
        recipe(Reference(root, "nndl"), "means.median")
    with pytest.raises(CourseError, match="solutions/exercises/sums says"):
        recipe(Reference(root, "nndl"), "sums.total")


def test_a_course_line_without_a_recipe_is_named_with_its_line(root: Path) -> None:
    change(root / "course.toml", '"means.mean"', '"means.median"')
    assert problems(root) == [
        'course.toml, line 12: nothing in solutions/exercises/means says how to judge "means.median".'
    ]


def test_a_recipe_of_what_course_toml_does_not_name_is_no_problem_but_named(root: Path) -> None:
    change(root / "course.toml", '"means.mean"', '"means.median"')
    said = 'no exercise in course.toml is called "means.mean"; this recipe is not used.'
    book = RecipeBook(Reference(root, "nndl"))
    assert [str(one) for one in book.unused(courses.load(root))] == [f"{FOLDER}/means.py, line 15: {said}"]


def test_an_assignment_is_looked_at_by_itself(root: Path) -> None:
    change(root / "solutions/nndl/means.py", "    total = x.sum()", "    total = sum(x)")
    assert problems(root, "means.Spread.variance") == []
    assert [problem.split(":")[0] for problem in problems(root, "means.mean")] == [f"{FOLDER}/means.right, line 2"]


def test_a_diff_that_does_not_fit_any_more_is_named_with_its_line(root: Path) -> None:
    change(root / "solutions/nndl/means.py", "return total / len(x)", "return total / x.size")
    nearest = 'the nearest is "    return total / x.size"; bring this up to date.'
    for_mean = f'there is no line "    return total / len(x)" in mean of solutions/nndl/means.py; {nearest}'
    assert problems(root) == [f"{FOLDER}/means.right, line 2: {for_mean}", f"{FOLDER}/means.wrong, line 3: {for_mean}"]


def test_an_unknown_function_is_named(root: Path) -> None:
    change(root / FOLDER / "means.wrong", "-        return mean((", "@@ def variants\n-        return mean((")
    assert problems(root) == [
        f"{FOLDER}/means.wrong, line 8: solutions/nndl/means.py has no function variants; is it Spread.variance?"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("+    return total\n", "+    return total / (len(x))\n", '"sum" gives the same program as the reference; '),
        ("+    return total\n", "+    return (total\n", '"sum" gives no valid Python ('),
        (
            "\n=== means.Spread",
            "\n=== means.mean: total\nAll.\n-    return total / len(x)\n+    return total  # again\n\n=== means.Spread",
            '"total" gives the same program as "sum"; remove or change one of them.',
        ),
    ],
)
def test_a_diff_that_gives_nothing_of_its_own_is_named(root: Path, old: str, new: str, said: str) -> None:
    change(root / FOLDER / "means.wrong", old, new)
    (problem,) = problems(root)
    assert problem.startswith(
        f"{FOLDER}/means.wrong, line {8 if 'total:' in new or 'mean: total' in new else 3}: {said}"
    )


def test_a_right_answer_that_is_a_misconception_is_named(root: Path) -> None:
    change(root / FOLDER / "means.right", "-    total = x.sum()\n", "")
    change(root / FOLDER / "means.right", "+    return np.mean(x)", "+    return total")
    assert problems(root) == [
        f'{FOLDER}/means.right, line 2: "np.mean" gives the same program as "sum"; remove or change one of them.'
    ]


def test_an_exercise_without_misconceptions_is_named(root: Path) -> None:
    change(root / FOLDER / "means.wrong", "=== means.Spread.variance: not-squared", "=== means.mean: not-squared\n#")
    change(root / FOLDER / "means.wrong", "-        return mean(", "@@ def Spread.variance\n-        return mean(")
    said = "no misconception of means.Spread.variance is known; write one in the .wrong file beside it."
    assert problems(root) == [f"{FOLDER}/means.py, line 16: {said}"]


def test_an_entry_for_a_stranger_is_named(root: Path) -> None:
    change(root / FOLDER / "means.right", "means.mean", "means.median")
    said = "means.py has no recipe for means.median; it has means.mean, means.Spread.variance."
    assert problems(root) == [f"{FOLDER}/means.right, line 1: {said}"]


def test_a_file_in_another_encoding_is_named(root: Path) -> None:
    (root / FOLDER / "means.right").write_bytes(RIGHT.replace("np.mean", "½").encode("latin-1"))
    assert problems(root) == [
        f"{FOLDER}/means.right: this is not UTF-8 (invalid start byte at byte 16); save it as UTF-8."
    ]


def test_a_file_of_diffs_without_recipes_is_named(root: Path) -> None:
    (root / FOLDER / "mean.wrong").write_text(WRONG)
    said = "there is no mean.py beside it; write it, or correct the name of this file."
    assert problems(root) == [f"{FOLDER}/mean.wrong: {said}"]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("from ._numbers", "from ._number", 3, "this cannot be imported (ModuleNotFoundError: "),
        ("def mean_cases(rng):", "def mean_cases(rng)", 6, "this cannot be imported (SyntaxError: "),
        ("RECIPES = (\n", "OTHERS = (\n", 0, "RECIPES, a tuple of all recipes in this file, is missing; "),
        ("    Recipe(\"means.mean\", mean_cases),", "    'means.mean',", 0, "RECIPES, a tuple of all recipes"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named(root: Path, old: str, new: str, line: int, said: str) -> None:
    change(root / FOLDER / "means.py", old, new)
    place = f"{FOLDER}/means.py, line {line}: " if line else f"{FOLDER}/means.py: "
    (problem,) = problems(root)
    assert problem.startswith(place + said)


def test_a_recipe_for_another_file_and_a_second_one_are_named(root: Path) -> None:
    (root / FOLDER / "spread.py").write_text(RECIPES.replace('Recipe("means.mean"', 'Recipe("sums.mean"'))
    in_use = f"{FOLDER}/means.py, line 16"
    assert problems(root) == [
        f'{FOLDER}/spread.py, line 15: "sums.mean" does not belong to the student\'s file means.py; move it.',
        f'{FOLDER}/spread.py, line 16: "means.Spread.variance" has a recipe in {in_use}; remove one of them.',
    ]


def test_all_of_it_is_said_at_once(root: Path) -> None:
    change(root / FOLDER / "means.wrong", "The sum comes out; divide it.\n", "")
    change(root / FOLDER / "means.right", "means.mean", "means.median")
    change(root / "course.toml", '"means.mean"', '"means.middle"')
    book = RecipeBook(Reference(root, "nndl"))
    with pytest.raises(UnusableCourseFiles, match=r"^3 things to put right:\n  - ") as refusal:
        book.require(courses.load(root))
    assert [problem.file.rpartition("/")[2] for problem in refusal.value.problems] == [
        "course.toml", "means.right", "means.wrong",
    ]  # fmt: skip
    with pytest.raises(UnusableCourseFiles, match=r"^2 things to put right:"):
        book.recipe("means.Spread.variance")


def test_what_is_no_recipe_of_this_course_is_not_looked_at(root: Path) -> None:
    (root / "solutions/exercises/__pycache__").mkdir()
    (root / "solutions/exercises/__pycache__/old.pyc").write_bytes(b"")
    (root / "solutions/exercises/README.md").write_text("Notes.")
    assert problems(root) == []


def test_a_recipe_can_be_looked_up_without_reading_the_others(root: Path) -> None:
    shutil.copytree(root / FOLDER, root / "solutions/exercises/broken")
    book = RecipeBook(Reference(root, "nndl"))
    assert isinstance(book.recipe("means.mean"), Recipe)
    with pytest.raises(UnusableCourseFiles):
        book.all()


@pytest.mark.parametrize(
    ("docstring", "task"),
    [
        ("The mean.", "The mean"),
        (
            "The mean.\n\n        out = sum(x) / N\n\n    Parameters\n    ----------\n    x : ndarray",
            "The mean. out = sum(x) / N",
        ),
        ("The mean.\n\n    Parameters\n    ----------\n    x : ndarray.", "The mean"),
        ("The mean.\n\n    It is\n\n        sum(x) / N", "The mean"),  # a sentence that ends elsewhere is none
        (f"The mean.\n\n    m = Σ x / N. {'And so on, ' * 40}and on.", "The mean. m = Σ x / N"),
        ("The mean.\n\n    It is given.", "The mean"),
    ],
)
def test_a_recipe_says_what_is_asked_for_in_the_words_of_the_docstring(root: Path, docstring: str, task: str) -> None:
    change(root / "solutions/nndl/means.py", "def mean(x):\n", f'def mean(x):\n    """{docstring}\n    """\n')
    book = RecipeBook(Reference(root, "nndl"))
    assert book.recipe("means.mean").task == task
    assert book.recipe("means.Spread.variance").task == ""
