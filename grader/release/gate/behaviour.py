"""Check how released code behaves: every stub raises, and the public checks tell right answers from stubs."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

from utils.checks.course import FOLDER
from utils.checks.diagnose import Judgement, answer_case, judge
from utils.checks.pack import Pack, PackError
from utils.checks.program import seeded_runner

from ...course import Exercise
from ..regions import functions
from .released import Leak, Released

_NUMBER = itertools.count()  # makes the name of each imported package unique, so that no two trees share modules


def stubs(released: Released) -> Iterator[Leak]:
    """Yield a leak for each exercise that does not always raise NotImplementedError when it is called."""
    for exercise in released.exercises:
        source = released.tree.get(exercise.file)
        if source is None:
            yield Leak(exercise.file, 0, 0, f"this file is missing, and {exercise.name} belongs in it")
            continue
        try:
            function = functions(ast.parse(source)).get(exercise.function)
        except (SyntaxError, ValueError):
            yield Leak(exercise.file, 0, 0, f"this is not valid Python, so {exercise.name} is no stub")
            continue
        if function is None or not _raises(function.body):
            line = function.lineno if function else 0
            yield Leak(exercise.file, 0, line, f"{exercise.name} does not raise NotImplementedError; it is no stub")


def checks(released: Released) -> Iterator[Leak]:
    """Yield a leak for each public check that a stub passes, fully or in part, or that the solution fails."""
    with importable(released.tree, f"{released.course.package}/") as name:
        for exercise in released.exercises:
            path = f"{FOLDER}/{exercise.name}.npz"
            if path not in released.tree or released.course.absent(exercise.module):
                continue
            try:
                pack = Pack.from_bytes(released.tree[path])
                stub = importlib.import_module(f"{name}.{exercise.module}")
            except PackError as error:
                yield Leak(path, 0, 0, f"this public check cannot be read ({error})")
            except Exception as error:  # importing a module runs its code, which may raise anything
                yield Leak(exercise.file, 0, 0, f"this cannot be imported ({type(error).__name__}: {error})")
            else:
                solution = judgement(pack, exercise, released.reference.module(exercise.module))
                if solution.findings:
                    hint = solution.findings[0].hint
                    yield Leak(path, 0, 0, f"the solution of {exercise.name} fails this public check: {hint}")
                if judgement(pack, exercise, stub).share > 0:
                    yield Leak(path, 0, 0, f"the stub of {exercise.name} passes this public check, or part of it")


def judgement(pack: Pack, exercise: Exercise, module: ModuleType) -> Judgement:
    """Judge a module's answer to an exercise by the public checks, as the student's own `check` does."""
    run = seeded_runner({exercise.module: module})
    results = [golden.with_answer(answer_case(golden.case, exercise.function, run)) for golden in pack.cases]
    return judge(results, pack.hints)


def _raises(body: list[ast.stmt]) -> bool:
    """Tell whether a body raises NotImplementedError before any other statement can end it."""
    for statement in body:
        match statement:
            case ast.Raise(exc=ast.Call(func=ast.Name("NotImplementedError")) | ast.Name("NotImplementedError")):
                return True
            case ast.Raise() | ast.Return():
                return False
            case ast.For(body=inner) | ast.With(body=inner) if _raises(inner):
                return True
            case ast.If(body=inner, orelse=other) if _raises(inner) and _raises(other):
                return True
    return False


@contextmanager
def importable(tree: Mapping[str, bytes], folder: str) -> Iterator[str]:
    """Make a package in a tree of files importable while the context lasts. Nothing is written to disk.

    Parameters
    ----------
    tree : mapping of str to bytes
        Contents by path.
    folder : str
        The package's folder in the tree, with a slash at its end.

    Yields
    ------
    str
        The name to import the package by; no other package has this name.
    """
    name = f"_released_{next(_NUMBER)}"
    sources = {
        f"{name}.{path[len(folder) : -len('.py')].replace('/', '.')}".removesuffix(".__init__"): data
        for path, data in tree.items()
        if path.startswith(folder) and path.endswith(".py")
    }
    importer = _Importer({name: b"", **sources})
    sys.meta_path.insert(0, importer)
    try:
        yield name
    finally:
        sys.meta_path.remove(importer)
        for module in [key for key in sys.modules if f"{key}.".startswith(f"{name}.")]:
            del sys.modules[module]


class _Importer(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Import modules from sources in memory."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self.sources = sources

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """Return a spec for the modules of this importer, and None for all others."""
        return importlib.util.spec_from_loader(fullname, self) if fullname in self.sources else None

    def is_package(self, fullname: str) -> bool:
        """Tell whether other modules are below this one."""
        return any(name.startswith(f"{fullname}.") for name in self.sources)

    def get_source(self, fullname: str) -> str:
        """Return a module's text."""
        return self.sources[fullname].decode("utf-8")
