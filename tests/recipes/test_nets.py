"""A course says in its folder how a trained net is judged; what is missing or does not fit course.toml is named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from submissions import submission, write

from grader import course as courses
from grader.course import Exercise, ScoreRange
from grader.errors import CourseError
from grader.judging import models, outcome
from grader.recipes import GivenNet, RecipeBook, trained_net
from grader.reference import Reference

TOML = """\
course.title = "Signs"
course.package = "signs"

[[assignment]]
name = "a1"
title = "Signs"
due = 2027-02-05T12:00:00Z

[[assignment.notebook]]
name = "signs"
exercises = [{ name = "models.best", points = 4, score = { from = 0.5, to = 1.0 } }]
"""
NET = """\
import numpy as np

from grader.recipes import GivenNet
from utils.errors import DataError


def unseen(dataset, key):
    if dataset != "numbers":
        raise DataError(f"There is no {dataset} here.")
    X = np.random.default_rng(list(key)).standard_normal((100, 3))
    return X, X[:, 0] > 0


RECIPES = (
    GivenNet(
        name="models.best",
        unseen=unseen,
        dataset="numbers",
        visible="somewhere.labels",
        shapes={"w": (3,)},
        predict=lambda reference, weights, X: X @ weights["w"] > 0,
    ),
)
"""
FILE = "solutions/exercises/models/best.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of one trained net."""
    texts = {"course.toml": TOML, "solutions/__init__.py": "", "solutions/signs/__init__.py": "", FILE: NET}
    return write(tmp_path, {path: text.encode() for path, text in texts.items()})


def change(path: Path, old: str, new: str) -> None:
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))


def problems(root: Path) -> str:
    return "\n".join(map(str, RecipeBook(Reference(root, "signs")).problems(courses.load(root))))


def test_a_net_is_found_and_is_no_recipe_of_a_function(root: Path) -> None:
    book = RecipeBook(Reference(root, "signs"))
    assert isinstance(book.net("models.best"), GivenNet)
    assert book.all() == {}
    assert problems(root) == ""


@pytest.mark.parametrize(
    ("place", "old", "new", "words"),
    [
        (FILE, 'name="models.best"', 'name="models.beast"', 'how to judge "models.best"'),
        (FILE, 'name="models.best"', 'name="nets.best"', "does not belong"),
        ("course.toml", ", score =", ', constructor = "nets.own", score =', "is an OwnNet if course.toml gives it a"),
        ("course.toml", '"models.best"', '"models.best2"', "models.best2"),
    ],
)
def test_what_does_not_fit_is_named(root: Path, place: str, old: str, new: str, words: str) -> None:
    change(root / place, old, new)
    assert words in problems(root)


def test_a_net_that_course_toml_does_not_name_is_remarked_on(root: Path) -> None:
    change(root / FILE, 'name="models.best"', 'name="models.beast"')
    (remark,) = RecipeBook(Reference(root, "signs")).unused(courses.load(root))
    assert 'no exercise in course.toml is called "models.beast"' in str(remark)


def test_a_net_that_nobody_can_judge_is_refused(root: Path) -> None:
    with pytest.raises(CourseError, match=r'says how to judge the net "models\.other"; write a recipe'):
        trained_net(Reference(root, "signs"), "models.other")


def stored(dataset: str, w: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, dataset=np.array(dataset), w=np.asarray(w))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "score", "words"),
    [
        (stored("numbers", [1.0, 0, 0]), "pass", 4.0, "100.0% of 100 unseen examples (numbers) are classified right"),
        (stored("numbers", [-1.0, 0, 0]), "fail", 0.0, "0.0% of 100 unseen examples"),
        (stored("pictures", [1.0, 0, 0]), "error", 0.0, "There is no pictures here."),
        (stored("a name with blanks", [1.0, 0, 0]), "error", 0.0, "does not say which data set"),
        (stored("numbers", [1.0, 0]), "error", 0.0, "has shape (2,); the net to hand in has (3,)"),
    ],
)
def test_a_net_is_measured_as_its_course_says(root: Path, data: bytes, name: str, score: float, words: str) -> None:
    exercise = Exercise("models.best", 4.0, score=ScoreRange(0.5, 1.0), package="signs")
    handed_in = submission({exercise.file: data})
    found = models.judge(handed_in, exercise, Reference(root, "signs"), b"a secret of the tests")
    verdict = outcome.verdict(exercise, found)
    assert (verdict.verdict, verdict.score) == (name, score)
    assert words in verdict.findings[0].hint
