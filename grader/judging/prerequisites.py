"""Decide what a worker gets of the files that the module under test stands on, and what the reference answers."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from types import FunctionType

from utils.checks.crash_clues import signature_of

from ..course import Course
from ..reference import Reference
from ..sandbox.given_utils import names_used
from ..submission import Submission


def module_texts(submission: Submission, course: Course) -> dict[str, str]:
    """Return the texts of the package's modules in a submission, by name, without those that are never run."""
    handed_in = sorted({PurePosixPath(name) for name in (*submission.files, *submission.beside)})
    return {
        path.stem: submission.text(str(path))
        for path in handed_in
        if path.suffix == ".py" and str(path.parent) == course.package and path.stem not in never_run(course)
    }


def never_run(course: Course) -> dict[str, tuple[str, ...]]:
    """List the modules of exercises that are not graded, each with no function.

    They never run. But they can be imported, so that an import that a student left in a graded file does not make it
    fail.
    """
    return {exercise.module: () for assignment in course.assignment for exercise in assignment.further}


def stands_on_own(files: Collection[str], module: str, reference: Reference) -> bool:
    """Whether other files that a module builds on are among those that were handed in."""
    return any(name in files for name in _prerequisites(reference, module) if name != module)


def given_functions(course: Course, reference: Reference) -> list[str]:
    """List the functions of ``utils`` that the given code of a course's files uses.

    The text of another file than the module under test runs, too, if a helper of it is used; see
    `sandbox.inside.package`. So the worker gets the functions that all files use, and all modules of a course can be
    forked from one process.
    """
    return list(_used(reference, _written(course)))


def proxies(
    course: Course,
    reference: Reference,
    module: str,
    files: Collection[str],
    given: Collection[str],
    own: bool,
    beside: Sequence[str] = (),
) -> Mapping[str, tuple[str, ...]]:
    """List the modules that a module may import, with the functions that the reference answers.

    Parameters
    ----------
    course : Course
    reference : Reference
    module : str
        The module under test.
    files : collection of str
        The modules that were handed in.
    given : collection of str
        The functions of ``utils`` that the worker gets.
    own : bool
        Whether the functions of files that were handed in run in the worker, instead of being answered.
    beside : sequence of str, default ()
        Functions of the module itself that are answered, too.

    Returns
    -------
    dict of str to tuple of str
        As `sandbox.Worker` takes it.
    """
    # A module may import the student's own helper functions from another file. So every other file that was handed in
    # can be imported, but only the functions of prerequisites are answered by the reference.
    others: dict[str, tuple[str, ...]] = {name: () for name in files if name != module}
    prerequisites = _prerequisites(reference, module)
    answered = {name: _functions(reference, name) for name in prerequisites}
    found = never_run(course) | (answered | others if own else others | answered)
    # Given modules, in which no exercise is written, combine layers of utils, and a student may call those layers
    # directly instead. The worker must not hold them, since they compute what exercises ask for; so the reference
    # answers such calls.
    for name in _used(reference, frozenset(prerequisites) - _written(course)):
        given_in, _, function = name.rpartition(".")
        # Where the worker gets a copy of that module of utils, its functions run there.
        if not any(other.startswith(f"{given_in}.") for other in given):
            found[f"utils.{given_in}"] = (*found.get(f"utils.{given_in}", ()), function)
    return found | ({module: tuple(beside)} if beside else {})


def called_beside(course: Course, reference: Reference, module: str, function: str) -> tuple[str, ...]:
    """List the exercises that the reference's version of a function calls in its own file.

    A forward function is not called by its backward function, which gets its cache: that cache is the student's own.

    Parameters
    ----------
    course : Course
    reference : Reference
    module, function : str
        ``"backprop"``, ``"gplvm_objective"``. A method calls others through its object, and has none here.

    Returns
    -------
    tuple of str
        Names of functions. Where a package such as PyTorch is needed there is none, because its values cannot be sent.
    """
    if module in course.packages:
        return ()
    exercises = {exercise.name for _, exercise in course.exercises()}
    return tuple(name for name in _called(reference, module, function) if f"{module}.{name}" in exercises)


def signatures(reference: Reference, proxies: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what the functions that the reference answers take and return, by the names in the stubs.

    Parameters
    ----------
    reference : Reference
    proxies : mapping of str to sequence of str
        As `proxies` returns them.

    Returns
    -------
    dict of str to str
        ``"layers.affine_forward"`` → ``"(x, w, b): out, cache"``.
    """
    found: dict[str, str] = {}
    for module in {name for name, functions in proxies.items() if functions} & set(reference.modules):
        found |= _signatures(reference, module)
    answered = {f"{module}.{name}" for module, names in proxies.items() for name in names}
    return {name: found[name] for name in sorted(answered & found.keys())}


@lru_cache(maxsize=64)
def _signatures(reference: Reference, module: str) -> dict[str, str]:
    loaded = reference.module(module)
    return {f"{module}.{name}": signature_of(getattr(loaded, name)) for name in _functions(reference, module)}


def _written(course: Course) -> frozenset[str]:
    """Return the modules in which exercises are written."""
    return frozenset(exercise.written_in[0] for _, exercise in course.exercises())


# What only depends on the reference is found out once, and not for each submission.


@lru_cache(maxsize=64)
def _prerequisites(reference: Reference, module: str) -> tuple[str, ...]:
    return reference.prerequisites(module)


@lru_cache(maxsize=64)
def _used(reference: Reference, modules: frozenset[str]) -> tuple[str, ...]:
    """List the functions of ``utils`` that the given code of these modules, outside the solutions, uses."""
    known = modules & set(reference.modules)
    return tuple(sorted({name for module in known for name in names_used(reference.source(module))}))


@lru_cache(maxsize=256)
def _called(reference: Reference, module: str, function: str) -> tuple[str, ...]:
    """List the public functions of a module that one of its functions names."""
    written = (one for one in ast.parse(reference.source(module)).body if isinstance(one, ast.FunctionDef))
    named = {node.id for one in written if one.name == function for node in ast.walk(one) if isinstance(node, ast.Name)}
    return tuple(name for name in _functions(reference, module) if name in named and name != function)


@lru_cache(maxsize=64)
def _functions(reference: Reference, module: str) -> tuple[str, ...]:
    """List the public functions of a module of the reference; calls of its classes are not answered."""
    loaded = reference.module(module)
    return tuple(name for name in reference.public_names(module) if isinstance(getattr(loaded, name), FunctionType))
