"""Classes that are made up: submissions of an assignment that are right, not begun, wrong in known ways, or broken."""

from __future__ import annotations

import ast
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.classrun.self_test import reference_submission
from grader.course import Assignment, Course
from grader.errors import UnusableCourseFiles
from grader.patch import Hunk
from grader.recipes import recipe
from grader.reference import Reference
from grader.release.strip import package

KINDS = ("stub", "right", "wrong")
MOST_MISTAKES = 8
Files = dict[str, bytes]
EVERY_KIND = {
    "right": 30,  # each function in another style, where there is one
    "wrong": 32,  # one misconception, each of them in turn
    "two": 12,  # two misconceptions, in turn in one exercise and in two
    "half": 8,  # some modules right, the others not begun
    "stub": 8,
    "crash": 3,  # a function raises an exception, or a module cannot be imported
    "quit": 1,  # a function ends Python
    "loop": 1,  # a function never ends
    "empty": 2,
    "broken": 3,  # an archive that is cut off, of something else, or none
}
"""How many of a hundred submissions are of each kind."""


def made_up(course: Course, assignment: Assignment, count: int, seed: int = 0) -> Iterator[tuple[str, Files]]:
    """Make a class up.

    Parameters
    ----------
    course, assignment : Course, Assignment
    count : int
        How many submissions; the kinds take turns.
    seed : int, default 0

    Yields
    ------
    tuple of str and dict
        A name such as ``"0002-wrong"``, and contents by path.
    """
    rng = random.Random(seed)
    stubs = {path: data for path, data in package(course).items() if path in assignment.files}
    solved = reference_submission(course, assignment).files
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        files = {**(stubs if kind == "stub" else solved)}
        if kind == "wrong":
            files |= _with_mistakes(Reference.of(course), assignment, rng.randint(1, MOST_MISTAKES), rng)
        mark = f"\n# submission {number}\n".encode()
        yield f"{number:04}-{kind}", {p: data + mark if p.endswith(".py") else data for p, data in files.items()}


def _with_mistakes(reference: Reference, assignment: Assignment, count: int, rng: random.Random) -> Files:
    """The modules that have so many misconceptions, each in another exercise; fewer where they do not go together."""
    hunks: dict[str, list[Hunk]] = {}
    changed: Files = {}
    exercises = [exercise.name for exercise in assignment.exercises if not exercise.score]
    for name in rng.sample(exercises, min(count, len(exercises))):
        spec = recipe(reference, name)
        if not spec.misconceptions:
            continue
        together = [*hunks.get(spec.module, ()), *rng.choice(spec.misconceptions).hunks]
        try:
            text = reference.changed(spec.module, together)
        except UnusableCourseFiles:  # two misconceptions change the same lines
            continue
        hunks[spec.module] = together
        changed[f"{reference.package}/{spec.module}.py"] = text.encode()
    return changed


def write(folder: Path, files: Files) -> None:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@dataclass(frozen=True)
class MadeUp:
    """A submission that is made up.

    Attributes
    ----------
    student : str
        Such as ``"00017-crash"``.
    kind : str
        One of `EVERY_KIND`.
    files : dict of str to bytes
        Contents by path.
    archive : bytes or None
        The archive that is handed in; None where the files are, in a folder.
    """

    student: str
    kind: str
    files: Files
    archive: bytes | None = None

    def hand_in(self, submitted: Path, assignment: str) -> None:
        """Write it as ``<submitted>/<student>/<assignment>``, or with ``.zip`` behind that."""
        folder = submitted / self.student
        if self.archive is None:
            (folder / assignment).mkdir(parents=True)
            write(folder / assignment, self.files)
        else:
            write(folder, {f"{assignment}.zip": self.archive})


def every_kind(course: Course, assignment: Assignment, count: int, seed: int = 0) -> Iterator[MadeUp]:
    """Make a class up in which every kind of submission occurs, with the notebooks of the assignment in each.

    Parameters
    ----------
    course, assignment : Course, Assignment
    count : int
        How many; with as many as there are kinds, each occurs.
    seed : int, default 0
    """
    rng = random.Random(seed)
    make = _Maker(course, assignment, rng)
    for number in range(count):
        first = [*EVERY_KIND][number : number + 1]
        kind = (first or rng.choices([*EVERY_KIND], [*EVERY_KIND.values()]))[0]
        files = make.files(kind, number)
        mark = f"\n# submission {number}\n".encode()
        files = {path: data + mark if path.endswith(".py") else data for path, data in files.items()}
        yield MadeUp(f"{number:05}-{kind}", kind, files, make.archive(kind, files))


class _Maker:
    """Make the files of submissions of each kind."""

    def __init__(self, course: Course, assignment: Assignment, rng: random.Random) -> None:
        self.reference, self.rng = Reference.of(course), rng
        self.exercises = [exercise.name for exercise in assignment.exercises if not exercise.score]
        self.built_on = {name for exercise in assignment.exercises for name in exercise.requires}
        self.recipes = {name: recipe(self.reference, name) for name in self.exercises}
        folder = course.root / "assignments" / assignment.name
        self.notebooks = {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}
        self.stubs = {path: data for path, data in package(course).items() if path in assignment.files}
        self.solved = reference_submission(course, assignment).files
        self.mistakes = [(name, wrong.hunks) for name in self.exercises for wrong in self.recipes[name].misconceptions]
        rng.shuffle(self.mistakes)
        self.mistaken = 0

    def files(self, kind: str, number: int) -> Files:
        """Return the files of a submission of this kind; of an archive, those in it."""
        special: dict[str, Callable[[], Files]] = {
            "right": lambda: self._changed([(name, self._style(name)) for name in self.exercises]),
            "wrong": lambda: self._changed([self._next_mistake()]),
            "two": lambda: self._two(together=number % 2 == 0),
            "half": lambda: {path: data for path, data in self.stubs.items() if self.rng.random() < 0.5},
            "stub": lambda: self.stubs,
            "crash": lambda: self._spoilt("raise ValueError('shapes')", "import no_such_package", number),
            "quit": lambda: self._spoilt("import os; os._exit(0)", "", 0),
            "loop": lambda: self._spoilt("while True: pass", "", 0),
        }
        if kind == "empty":
            return {}
        return {**self.notebooks, **self.solved, **(special[kind]() if kind in special else {})}

    def archive(self, kind: str, files: Files) -> bytes | None:
        """Return the archive that is handed in, if it is one: all that are broken, and every fifth right one."""
        if kind != "broken" and not (kind == "right" and self.rng.random() < 0.2):
            return None
        out = io.BytesIO()
        wrong = kind == "broken" and self.rng.random() < 0.3
        with zipfile.ZipFile(out, "w") as archive:
            for path, data in ({"essay.txt": b"another course's"} if wrong else files).items():
                # Without a ZipInfo, the time of writing would be in the archive, which has to be the same every time.
                archive.writestr(zipfile.ZipInfo(f"my homework/{path}"), data, zipfile.ZIP_DEFLATED)
        if kind == "broken" and not wrong:
            return out.getvalue()[: len(out.getvalue()) // 2] if self.rng.random() < 0.5 else b"no archive at all"
        return out.getvalue()

    def _changed(self, changes: list[tuple[str, tuple[Hunk, ...]]]) -> Files:
        """Return the modules with the changes; one that does not go together with those before it is left out."""
        hunks: dict[str, list[Hunk]] = {}
        texts: Files = {}
        for name, more in changes:
            module = self.recipes[name].module
            together = [*hunks.get(module, ()), *more]
            try:
                texts[f"{self.reference.package}/{module}.py"] = self.reference.changed(module, together).encode()
            except UnusableCourseFiles:  # both change the same lines
                continue
            hunks[module] = together
        return texts

    def _style(self, name: str) -> tuple[Hunk, ...]:
        """Choose a style of one exercise with which all others stay right.

        A style is a right answer to its own exercise. A forward pass in another style may put other things into the
        cache, which the reference's backward pass cannot read, so only exercises that no other builds on have styles
        here; and a diff that changes another exercise, too, need not be right there.
        """
        others = {other.partition(".")[2] for other in self.exercises} - {name.partition(".")[2]}
        styles = [] if name in self.built_on else [answer.hunks for answer in self.recipes[name].right]
        return self.rng.choice([(), *(one for one in styles if not others & {hunk.function for hunk in one})])

    def _next_mistake(self) -> tuple[str, tuple[Hunk, ...]]:
        self.mistaken += 1
        return self.mistakes[self.mistaken % len(self.mistakes)]

    def _two(self, *, together: bool) -> Files:
        """Return the modules with two misconceptions, in one exercise if they go together there."""
        name, hunks = self._next_mistake()
        others = [mistake for mistake in self.mistakes if (mistake[0] == name) is together and mistake[1] != hunks]
        return self._changed([(name, hunks), self.rng.choice(others or self.mistakes)])

    def _spoilt(self, statement: str, at_import: str, number: int) -> Files:
        """Return a module in which one function begins with a statement; every other time, one with a wrong import."""
        name = self.rng.choice(self.exercises)
        path = f"{self.reference.package}/{self.recipes[name].module}.py"
        text = self.solved[path].decode()
        if at_import and number % 2:
            return {path: f"{text}\n{at_import}\n".encode()}
        function = next(node for node in ast.walk(ast.parse(text)) if _is_function(node, name))
        lines = text.splitlines()
        first = function.body[0]
        lines.insert(first.lineno - 1, " " * first.col_offset + statement)
        return {path: "\n".join(lines).encode() + b"\n"}


def _is_function(node: ast.AST, exercise: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == exercise.rpartition(".")[2]
