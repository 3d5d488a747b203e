"""Find and read the recipes of a course, and report what is wrong with them.

Recipes are in ``solutions/exercises``, which has a folder for each of the student's files. Each ``.py`` file in such a
folder is about one family of functions, and its tuple `RECIPES` holds their recipes. Beside it there may be a
``.wrong`` file with misconceptions, and a ``.right`` file with right answers in other styles. A ``.py`` file whose name
begins with an underscore holds code that several families use. The folder ``models`` holds the recipes of trained nets.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from ..course import Course, Exercise
from ..errors import CourseError, Problem, UnusableCourseFiles
from ..patch import shown
from ..reference import Reference
from .diffs import NamedDiff, read
from .net import OwnNet, TrainedNet
from .recipe import Misconception, Recipe, RightAnswer

WRONG, RIGHT = ".wrong", ".right"


class RecipeBook:
    """The recipes of a course.

    A folder is read when one of its exercises is first asked for, so that a mistake in one folder does not affect
    exercises in the others.

    Parameters
    ----------
    reference : Reference
        The reference whose recipes these are.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._folders: dict[str, _Folder] = {}

    def recipe(self, exercise: str) -> Recipe:
        """Return the recipe of an exercise; raise CourseError if there is none, or if its folder cannot be used."""
        module = exercise.partition(".")[0]
        if module in self.reference.recipe_files:
            recipes = self._folder(module).usable()
            if exercise in recipes:
                return recipes[exercise]
        raise CourseError(
            f'Nothing in solutions/exercises/{module} says how to judge "{exercise}"; write a recipe there.'
        )

    def net(self, exercise: str) -> TrainedNet:
        """Return the recipe of a trained net; raise CourseError if there is none, or if its folder cannot be used."""
        module = exercise.partition(".")[0]
        if module in self.reference.recipe_files:
            folder = self._folder(module)
            folder.usable()
            if exercise in folder.nets:
                return folder.nets[exercise]
        raise CourseError(
            f'Nothing in solutions/exercises/{module} says how to judge the net "{exercise}"; write a recipe there.'
        )

    def all(self) -> dict[str, Recipe]:
        """Return all recipes but those of trained nets, by exercise; raise CourseError if a folder cannot be used."""
        folders = [self._folder(module).usable() for module in self.reference.recipe_files]
        return {name: recipe for folder in folders for name, recipe in folder.items()}

    def home(self, exercise: str) -> tuple[str, int] | None:
        """Return file and line of an exercise's recipe; None if there is none, or if its file cannot be imported."""
        module = exercise.partition(".")[0]
        return self._folder(module).homes.get(exercise) if module in self.reference.recipe_files else None

    def problems(self, course: Course, exercises: Iterable[str] | None = None) -> list[Problem]:
        """List every mistake: recipes that cannot be used, are missing, or do not fit the reference and course.toml.

        Parameters
        ----------
        course : Course
        exercises : iterable of str, optional
            The names of the exercises to check, with the folders that their recipes are in; by default, all exercises
            of course.toml.

        Returns
        -------
        list of Problem
            Sorted; empty if nothing is wrong.
        """
        named = {exercise.name: exercise for _, exercise in course.exercises(further=True)}
        wanted = set(named if exercises is None else exercises)
        modules = {name.partition(".")[0] for name in wanted}
        folders = [self._folder(module) for module in sorted(modules & self.reference.recipe_files.keys())]
        homes = {name: home for folder in folders for name, home in folder.homes.items()}
        problems = [problem for folder in folders for problem in folder.problems]
        for folder in folders:
            problems += folder.misfits(wanted)
        unreadable = {folder.module for folder in folders if folder.unreadable}
        for name in wanted - homes.keys():
            if name.partition(".")[0] in unreadable:
                continue  # the recipe may stand in the file that cannot be imported, which is a problem already
            sentence = f'nothing in solutions/exercises/{name.partition(".")[0]} says how to judge "{name}".'
            problems.append(Problem("course.toml", course.line_of(name), sentence))
        nets = {name: net for folder in folders for name, net in folder.nets.items()}
        for name in homes.keys() & named.keys() & wanted:
            if sentence := _kind_misfit(named[name], nets.get(name)):
                problems.append(Problem(*homes[name], sentence))
        return sorted(problems)

    def unused(self, course: Course) -> list[Problem]:
        """List the recipes whose names are no exercises in course.toml; nothing else about them is checked."""
        named = {exercise.name for _, exercise in course.exercises(further=True)}
        modules = {name.partition(".")[0] for name in named}
        problems = []
        for module in self.reference.recipe_files:
            if module not in modules:
                sentence = f"no exercise of course.toml stands in {module}.py; these recipes are not used."
                problems.append(Problem(f"solutions/exercises/{module}", 0, sentence))
                continue
            homes = self._folder(module).homes
            problems += [
                Problem(*homes[name], f'no exercise in course.toml is called "{name}"; this recipe is not used.')
                for name in homes.keys() - named
            ]
        return sorted(problems)

    def require(self, course: Course, exercises: Iterable[str] | None = None) -> None:
        """Raise UnusableCourseFiles with everything that `problems` finds, if it finds anything."""
        if problems := self.problems(course, exercises):
            raise UnusableCourseFiles(problems)

    def _folder(self, module: str) -> _Folder:
        """Return the recipes of a module, and read them if this is the first time."""
        if module not in self._folders:
            self._folders[module] = _Folder(self.reference, module)
        return self._folders[module]


@cache
def recipe_book(reference: Reference) -> RecipeBook:
    """Return the recipes that belong to a reference; they are read once in the life of a process."""
    return RecipeBook(reference)


def recipe(reference: Reference, exercise: str) -> Recipe:
    """Return the recipe of an exercise; see `RecipeBook.recipe`."""
    return recipe_book(reference).recipe(exercise)


def trained_net(reference: Reference, exercise: str) -> TrainedNet:
    """Return the recipe of a trained net; see `RecipeBook.net`."""
    return recipe_book(reference).net(exercise)


def _kind_misfit(exercise: Exercise, net: TrainedNet | None) -> str:
    """Return what is wrong if course.toml and a recipe disagree on whether an exercise is a trained net; else ``""``.

    They may also disagree on whether the net is of the student's own design.
    """
    if (exercise.score is None) is not (net is None):
        return (
            f'"{exercise.name}" is a trained net here or in course.toml, by its "score", and not in both; correct one.'
        )
    if net is not None and bool(exercise.constructor) is not isinstance(net, OwnNet):
        return (
            f'"{exercise.name}" is an OwnNet if course.toml gives it a constructor, and else a GivenNet; correct one.'
        )
    return ""


class _Folder:
    """The recipes in one folder, which belong to one of the student's files.

    Attributes
    ----------
    module : str
        The name of the student's file, without its ending.
    problems : list of Problem
        The mistakes that were found while the folder was read. Diffs are not applied then; see `misfits`.
    homes : dict of str to (str, int)
        Exercise → file and line of its recipe.
    nets : dict of str to TrainedNet
        The recipes of trained nets.
    unreadable : bool
        Whether a file cannot be imported or has no `RECIPES`, so that recipes may be missing.
    """

    def __init__(self, reference: Reference, module: str) -> None:
        self.module = module
        self.problems: list[Problem] = []
        self.homes: dict[str, tuple[str, int]] = {}
        self.nets: dict[str, TrainedNet] = {}
        self.unreadable = False
        self._reference = reference
        self._recipes: dict[str, Recipe] = {}
        self._files = reference.recipe_files[module]
        for path in self._files:
            if path.suffix == ".py" and not path.name.startswith("_"):
                self._read_family(path)
            elif path.suffix in (WRONG, RIGHT) and path.with_suffix(".py") not in self._files:
                self._problem(
                    path, 0, f"there is no {path.stem}.py beside it; write it, or correct the name of this file."
                )

    def usable(self) -> dict[str, Recipe]:
        """Return the recipes by exercise; raise UnusableCourseFiles if anything in the folder cannot be used."""
        if self.problems:
            raise UnusableCourseFiles(sorted(self.problems))
        return self._recipes

    def misfits(self, exercises: Iterable[str]) -> Iterator[Problem]:
        """Yield the problems of these exercises' diffs with the reference; see `_misfits`."""
        try:
            ast.parse(self._reference.source(self.module))
        except (OSError, UnicodeDecodeError, SyntaxError):
            return  # no diff could be applied; the checks of the reference itself report this once
        for exercise in self._recipes.keys() & set(exercises):
            if not self._recipes[exercise].misconceptions and not self.problems:
                sentence = f"no misconception of {exercise} is known; write one in the .wrong file beside it."
                yield Problem(*self.homes[exercise], sentence)
            yield from _misfits(self._reference, self._recipes[exercise])

    def _problem(self, path: Path, line: int, sentence: str) -> None:
        self.problems.append(Problem(self._name(path), line, sentence))

    def _line_of(self, path: Path, needle: str) -> int:
        """Return the first line of a file, counted from 1, that contains a text; 0 if none does."""
        lines = enumerate(self._reference.recipe_text(path).splitlines(), 1)
        return next((number for number, line in lines if needle in line), 0)

    def _name(self, path: Path) -> str:
        """Return a path relative to the course folder, as errors show it."""
        return path.relative_to(self._reference.root).as_posix()

    def _read_family(self, path: Path) -> None:
        """Read the recipes in a ``.py`` file, and add the diffs of the files beside it."""
        recipes = self._defined(path)
        if recipes is None:
            return
        wrong, right = (self._diffs(path.with_suffix(suffix), recipes) for suffix in (WRONG, RIGHT))
        for name, recipe in recipes.items():
            misconceptions = [
                Misconception(diff.name, diff.sentence, diff.hunks) for diff in wrong if diff.exercise == name
            ]
            styles = [RightAnswer(diff.name, diff.hunks) for diff in right if diff.exercise == name]
            task = self._reference.task(name)
            self._recipes[name] = replace(recipe, misconceptions=tuple(misconceptions), right=tuple(styles), task=task)

    def _defined(self, path: Path) -> dict[str, Recipe] | None:
        """Return the recipes in a ``.py`` file without those of trained nets; None if it has no usable `RECIPES`."""
        try:
            listed = getattr(self._reference.recipe_module(path), "RECIPES", None)
        except Exception as error:  # importing runs the course's own code, which can raise anything
            self._problem(path, _line(error, path), f"this cannot be imported ({type(error).__name__}: {error}).")
            self.unreadable = True
            return None
        if not isinstance(listed, tuple) or not all(isinstance(item, Recipe | TrainedNet) for item in listed):
            self._problem(path, 0, "RECIPES, a tuple of all recipes in this file, is missing; write it at the end.")
            self.unreadable = True
            return None
        recipes: dict[str, Recipe] = {}
        for recipe in listed:
            line = self._line_of(path, f'"{recipe.name}"')
            if recipe.module != self.module:
                self._problem(
                    path, line, f'"{recipe.name}" does not belong to the student\'s file {self.module}.py; move it.'
                )
            elif recipe.name in self.homes:
                file, other = self.homes[recipe.name]
                self._problem(path, line, f'"{recipe.name}" has a recipe in {file}, line {other}; remove one of them.')
            else:
                if isinstance(recipe, TrainedNet):
                    self.nets[recipe.name] = recipe
                else:
                    recipes[recipe.name] = recipe
                self.homes[recipe.name] = self._name(path), line
        return recipes

    def _diffs(self, path: Path, recipes: Mapping[str, Recipe]) -> list[NamedDiff]:
        """Read a ``.wrong`` or ``.right`` file; there is none if the family has no such answers."""
        if path not in self._files:
            return []
        try:
            text = self._reference.recipe_text(path)
        except UnicodeDecodeError as error:
            self._problem(path, 0, f"this is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8.")
            return []
        diffs, problems = read(text, self._name(path), sentences=path.suffix == WRONG)
        self.problems += problems
        for diff in diffs:
            if diff.exercise not in recipes:
                sentence = (
                    f"{path.stem}.py has no recipe for {shown(diff.exercise)}; it has {', '.join(recipes) or 'none'}."
                )
                self._problem(path, diff.line, sentence)
        return diffs


def _misfits(reference: Reference, recipe: Recipe) -> Iterator[Problem]:
    """Yield the diffs of a recipe that cannot be applied, do not give valid Python, or repeat another program.

    The other program is the reference or the result of another diff; comments and layout make no difference.
    """
    answers = [(wrong.id, wrong.hunks) for wrong in recipe.misconceptions]
    answers += [(right.style, right.hunks) for right in recipe.right]
    given: dict[tuple[tuple[str, str], ...], str] = {}
    for name, hunks in answers:
        at = hunks[0].file, hunks[0].line
        try:
            form = _form(reference.changed_functions(recipe.module, hunks))
        except UnusableCourseFiles as error:
            yield from error.problems
        except SyntaxError as error:
            yield Problem(
                *at, f'"{name}" gives no valid Python ({error.msg}: {(error.text or "").strip()}); correct it.'
            )
        else:
            # Hunks that change nothing give the reference's own text of the same functions.
            plain = [replace(hunk, new=hunk.old) for hunk in hunks]
            if form == _form(reference.changed_functions(recipe.module, plain)):
                yield Problem(*at, f'"{name}" gives the same program as the reference; remove or change it.')
            elif form in given:
                yield Problem(*at, f'"{name}" gives the same program as "{given[form]}"; remove or change one of them.')
            given.setdefault(form, name)


def _form(functions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return a form of changed functions that is equal for texts that differ in comments and layout only."""
    return tuple((name, _plain(text)) for name, text in functions.items())


@cache
def _plain(text: str) -> str:
    """Return the syntax tree of a function as text."""
    return ast.dump(ast.parse(f"if True:\n{text}" if text.startswith(" ") else text))  # a method is indented


def _line(error: Exception, path: Path) -> int:
    """Return the line of a file, counted from 1, that an error comes from; 0 if it comes from elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 0
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] or 0 if lines else 0
