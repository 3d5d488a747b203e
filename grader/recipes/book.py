"""The recipes of a course, found in ``solutions/exercises``: a folder for each of the student's files.

Each ``.py`` file in such a folder is about one family of functions, and its `RECIPES` say how they are judged. Beside
it stand a ``.wrong`` file, with misconceptions, and a ``.right`` file, with right answers in other styles. A ``.py``
file whose name begins with an underscore holds what families share. The folder ``models`` is about the trained nets
that are handed in.
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
    """The recipes of a course. A folder is read when one of its exercises is first asked for.

    Parameters
    ----------
    reference : Reference
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._folders: dict[str, _Folder] = {}

    def recipe(self, exercise: str) -> Recipe:
        """The recipe of an exercise; raises CourseError where there is none, or its folder cannot be used."""
        module = exercise.partition(".")[0]
        if module in self.reference.recipe_files:
            recipes = self._folder(module).usable()
            if exercise in recipes:
                return recipes[exercise]
        raise CourseError(
            f'Nothing in solutions/exercises/{module} says how to judge "{exercise}"; write a recipe there.'
        )

    def net(self, exercise: str) -> TrainedNet:
        """How a trained net is judged; raises CourseError where nothing says so, or its folder cannot be used."""
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
        """All recipes, by exercise; raises CourseError where a folder cannot be used."""
        folders = [self._folder(module).usable() for module in self.reference.recipe_files]
        return {name: recipe for folder in folders for name, recipe in folder.items()}

    def home(self, exercise: str) -> tuple[str, int] | None:
        """File and line of an exercise's recipe; None where there is none, or its file cannot be imported."""
        module = exercise.partition(".")[0]
        return self._folder(module).homes.get(exercise) if module in self.reference.recipe_files else None

    def problems(self, course: Course, exercises: Iterable[str] | None = None) -> list[Problem]:
        """Everything in the recipes that cannot be used, is missing, or does not fit the reference and course.toml.

        Parameters
        ----------
        course : Course
        exercises : iterable of str, optional
            Look at these and the folders they stand in; by default at all that course.toml names.
        """
        named = {exercise.name: exercise for _, exercise in course.exercises(further=True)}
        wanted = set(named if exercises is None else exercises)
        modules = {name.partition(".")[0] for name in wanted}
        folders = [self._folder(module) for module in sorted(modules & self.reference.recipe_files.keys())]
        homes = {name: home for folder in folders for name, home in folder.homes.items()}
        found = [problem for folder in folders for problem in folder.problems]
        for folder in folders:
            found += folder.misfits(wanted)
        unreadable = {folder.module for folder in folders if folder.unreadable}
        for name in wanted - homes.keys():
            if name.partition(".")[0] in unreadable:
                continue
            said = f'nothing in solutions/exercises/{name.partition(".")[0]} says how to judge "{name}".'
            found.append(Problem("course.toml", course.line_of(name), said))
        nets = {name: net for folder in folders for name, net in folder.nets.items()}
        for name in homes.keys() & named.keys() & wanted:
            if said := _kind_misfit(named[name], nets.get(name)):
                found.append(Problem(*homes[name], said))
        return sorted(found)

    def unused(self, course: Course) -> list[Problem]:
        """The recipes of what is no exercise in course.toml; they are not looked at."""
        named = {exercise.name for _, exercise in course.exercises(further=True)}
        modules = {name.partition(".")[0] for name in named}
        found = []
        for module in self.reference.recipe_files:
            if module not in modules:
                said = f"no exercise of course.toml stands in {module}.py; these recipes are not used."
                found.append(Problem(f"solutions/exercises/{module}", 0, said))
                continue
            homes = self._folder(module).homes
            found += [
                Problem(*homes[name], f'no exercise in course.toml is called "{name}"; this recipe is not used.')
                for name in homes.keys() - named
            ]
        return sorted(found)

    def require(self, course: Course, exercises: Iterable[str] | None = None) -> None:
        """Raise UnusableCourseFiles, naming everything that `problems` finds, where it finds something."""
        if problems := self.problems(course, exercises):
            raise UnusableCourseFiles(problems)

    def _folder(self, module: str) -> _Folder:
        if module not in self._folders:
            self._folders[module] = _Folder(self.reference, module)
        return self._folders[module]


@cache
def recipe_book(reference: Reference) -> RecipeBook:
    """The recipes beside a reference; read once in the life of a process."""
    return RecipeBook(reference)


def recipe(reference: Reference, exercise: str) -> Recipe:
    """How an exercise is judged; see `RecipeBook.recipe`."""
    return recipe_book(reference).recipe(exercise)


def trained_net(reference: Reference, exercise: str) -> TrainedNet:
    """How a trained net is judged; see `RecipeBook.net`."""
    return recipe_book(reference).net(exercise)


def _kind_misfit(exercise: Exercise, net: TrainedNet | None) -> str:
    """Where an exercise of course.toml is another kind of thing than its recipe: what is wrong; else ``""``."""
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
    """The families of one of the student's files.

    Attributes
    ----------
    problems : list of Problem
        What cannot be used in it. Whether diffs fit the reference is seen when they are applied: see `misfits`.
    homes : dict of str to (str, int)
        File and line of each exercise's recipe.
    nets : dict of str to TrainedNet
        The trained nets among them.
    unreadable : bool
        Whether there are more recipes, in a file that cannot be imported.
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
        """The recipes by exercise; raises UnusableCourseFiles where something in the folder cannot be used."""
        if self.problems:
            raise UnusableCourseFiles(sorted(self.problems))
        return self._recipes

    def misfits(self, exercises: Iterable[str]) -> Iterator[Problem]:
        """Diffs of these exercises that do not fit the reference, or give nothing new."""
        try:
            ast.parse(self._reference.source(self.module))
        except (OSError, UnicodeDecodeError, SyntaxError):  # whoever reads the reference itself says more about it
            return
        for exercise in self._recipes.keys() & set(exercises):
            if not self._recipes[exercise].misconceptions and not self.problems:
                said = f"no misconception of {exercise} is known; write one in the .wrong file beside it."
                yield Problem(*self.homes[exercise], said)
            yield from _misfits(self._reference, self._recipes[exercise])

    def _problem(self, path: Path, line: int, sentence: str) -> None:
        self.problems.append(Problem(self._name(path), line, sentence))

    def _line_of(self, path: Path, needle: str) -> int:
        lines = enumerate(self._reference.recipe_text(path).splitlines(), 1)
        return next((number for number, line in lines if needle in line), 0)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._reference.root).as_posix()

    def _read_family(self, path: Path) -> None:
        recipes = self._defined(path)
        if recipes is None:
            return
        wrong, right = (self._diffs(path.with_suffix(suffix), recipes) for suffix in (WRONG, RIGHT))
        for name, recipe in recipes.items():
            misconceptions = [Misconception(one.name, one.sentence, one.hunks) for one in wrong if one.exercise == name]
            styles = [RightAnswer(one.name, one.hunks) for one in right if one.exercise == name]
            self._recipes[name] = replace(recipe, misconceptions=tuple(misconceptions), right=tuple(styles))

    def _defined(self, path: Path) -> dict[str, Recipe] | None:
        """The recipes in a family's file, trained nets left out; None where it cannot be imported."""
        try:
            listed = getattr(self._reference.recipe_module(path), "RECIPES", None)
        except Exception as error:  # whatever the code of the course raises
            self._problem(path, _line(error, path), f"this cannot be imported ({type(error).__name__}: {error}).")
            self.unreadable = True
            return None
        if not isinstance(listed, tuple) or not all(isinstance(one, Recipe | TrainedNet) for one in listed):
            self._problem(path, 0, "RECIPES, a tuple of all recipes in this file, is missing; write it at the end.")
            self.unreadable = True
            return None
        recipes: dict[str, Recipe] = {}
        for recipe in listed:
            line = self._line_of(path, f'"{recipe.name}"')
            if recipe.module != self.module:
                said = f'"{recipe.name}" does not belong to the student\'s file {self.module}.py; move it.'
                self._problem(path, line, said)
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
        """What a ``.wrong`` or ``.right`` file says."""
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
                said = (
                    f"{path.stem}.py has no recipe for {shown(diff.exercise)}; it has {', '.join(recipes) or 'none'}."
                )
                self._problem(path, diff.line, said)
        return diffs


def _misfits(reference: Reference, recipe: Recipe) -> Iterator[Problem]:
    """Diffs of a recipe that do not fit the reference, give no Python, or give what another one gives."""
    answers = [(one.id, one.hunks) for one in recipe.misconceptions] + [(one.style, one.hunks) for one in recipe.right]
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
            plain = [replace(hunk, new=hunk.old) for hunk in hunks]
            if form == _form(reference.changed_functions(recipe.module, plain)):
                yield Problem(*at, f'"{name}" gives the same program as the reference; remove or change it.')
            elif form in given:
                yield Problem(*at, f'"{name}" gives the same program as "{given[form]}"; remove or change one of them.')
            given.setdefault(form, name)


def _form(functions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The same for texts that differ in comments and layout only."""
    return tuple((name, _plain(text)) for name, text in functions.items())


@cache
def _plain(text: str) -> str:
    return ast.dump(ast.parse(f"if True:\n{text}" if text.startswith(" ") else text))


def _line(error: Exception, path: Path) -> int:
    """The line of a file that an error comes from."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 0
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] or 0 if lines else 0
