"""Make the keys by which an outcome is found again: digests of everything that it depends on.

The key of an exercise covers

- the files of the submission that the exercise depends on (`judging.own_files`; for a trained net, its weights), and
  the student's name;
- the course's secret, and of the recipe of the exercise what concerns this exercise (`sources.recipe_digest`);
- the modules of the reference that it is judged with, those of the files that the submission's own names, and the code
  that judges, wherever it stands;
- of course.toml what enters judging: the limits, which exercises this one requires, the shares `core` and
  `follow_through`, and which modules and packages there are;
- the confinement, and the versions of Python, of NumPy, and of the package that the file is written with.

Points, score ranges, titles, dates and penalties are no part of it, because they only turn outcomes into points.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import numpy as np

from ..course import Assignment, Course, Exercise
from ..judging.own_files import OwnFiles
from ..judging.secret import course_secret
from ..sandbox import Confinement
from ..submission import Submission
from .cache import digest
from .sources import SourceDigests, engine_digest, source_digests


class Keys:
    """The keys of an assignment's exercises.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    confinement : Confinement
        How submissions are confined.
    """

    def __init__(self, course: Course, assignment: Assignment, confinement: Confinement) -> None:
        self._course, self._assignment, self._confinement = course, assignment, confinement

    def of(self, student: str, submission: Submission) -> dict[str, bytes]:
        """Return the key of each exercise for a submission, in the order of course.toml."""
        contents = submission.digests
        own = OwnFiles(submission, self._course)
        modules: dict[str, bytes] = {}
        keys = {}
        for exercise in self._assignment.exercises:
            module = exercise.written_in[0]
            if module not in modules:
                parts = ((path.encode(), contents[path], self._references.get(path, b"")) for path in own.paths(module))
                modules[module] = digest(part for each in parts for part in each)
            keys[exercise.name] = digest(
                (
                    self.common[exercise.name],
                    self._secret,
                    # The names of folders may not be valid UTF-8; Python holds them with surrogates.
                    student.encode(errors="surrogatepass"),
                    modules[module],
                    # For a trained net, its weights. A module counts once more here, as a file of the assignment.
                    contents[exercise.file] if exercise.file in submission.files else b"",
                )
            )
        return keys

    @cached_property
    def shared(self) -> bytes:
        """A digest of everything that the keys depend on besides the student and the submission."""
        references = (part for path, found in sorted(self._references.items()) for part in (path.encode(), found))
        names = (exercise.file.encode() for exercise in self._assignment.exercises)
        return digest((self._secret, *self.common.values(), *names, *references, Path(__file__).read_bytes()))

    @cached_property
    def _sources(self) -> SourceDigests:
        return source_digests(self._course, self._assignment)

    @cached_property
    def _references(self) -> dict[str, bytes]:
        """By the path of a file, a digest of its reference, which says what of ``utils`` the worker gets for it."""
        return {f"{self._course.package}/{name}.py": found for name, found in self._sources.modules.items()}

    @cached_property
    def _secret(self) -> bytes:
        return hashlib.sha256(course_secret(self._course.root)).digest()

    @cached_property
    def common(self) -> dict[str, bytes]:
        """By exercise, a digest of what depends neither on the submission nor on the course's secret."""
        return {exercise.name: self._of_exercise(exercise) for exercise in self._assignment.exercises}

    def _of_exercise(self, exercise: Exercise) -> bytes:
        course, sources = self._course, self._sources
        module = exercise.written_in[0]
        built = sorted(sources.modules) if module == "models" else [module]
        return digest(
            (
                exercise.name.encode(),
                self._settings(exercise),
                sources.recipes[exercise.name],
                *(sources.modules[name] for name in built),
                engine_digest(),
                self._confinement.name.encode(),
                f"{sys.version} {np.__version__} {_installed(course.packages.get(module, ''))}".encode(),
            )
        )

    def _settings(self, exercise: Exercise) -> bytes:
        """Return what course.toml says that enters judging."""
        course = self._course
        written = sorted({other.written_in[0] for _, other in course.exercises()})
        never = sorted({other.module for assignment in course.assignment for other in assignment.further})
        return msgspec.json.encode(
            [
                course.package,
                course.limits,
                exercise.requires,
                exercise.constructor,
                course.follow_through(exercise),
                course.core(exercise),
                course.packages.get(exercise.written_in[0], ""),
                written,
                never,
            ]
        )


def _installed(package: str) -> str:
    """Return the version of a package; empty where it is not installed, or no package is named."""
    try:
        return version(package) if package else ""
    except PackageNotFoundError:
        return ""
