"""Read the student's package without running it: which functions are written, and whether one has changed since."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from utils.checks.boxes import STUB

from .files import sha256
from .imports import imports_of
from .syntax import parse

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Condition = Literal["written", "stub", "absent", "damaged"]


@dataclass(frozen=True)
class Look:
    """What a look at the source of a function shows.

    Attributes
    ----------
    condition : str
        ``"written"``; ``"stub"`` where it, or a part of it, is still to be written; ``"absent"`` where the file does
        not have it, or is not there; ``"damaged"`` where Python cannot read the file.
    line : int
        The line of the stub, of the function, or of the mistake in the file; 0 where there is none.
    why : str
        What Python says of a file that it cannot read.
    digest : str
        Sums up the function with all of the package that it uses; two texts that differ only in comments and layout
        have the same.
    """

    condition: Condition
    line: int = 0
    why: str = ""
    digest: str = ""


class Sources:
    """The files of a package; each is read and parsed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, _File] = {}

    def look(self, module: str, function: str) -> Look:
        """Look at a function, as ``"Net.loss"``."""
        file = self.file(module)
        if file.problem:
            return file.problem
        node = file.find(function)
        if node is None:
            return Look("absent")
        stub = file.stub_in(node)
        if stub:
            return Look("stub", stub)
        return Look("written", node.lineno, digest=self.digest(module, function))

    def digest(self, module: str, function: str, *, with_file: bool = False) -> str:
        """Sum up a function with everything in the package that it uses.

        Parameters
        ----------
        module, function : str
        with_file : bool, default False
            Whether the lines of its file that stand outside of functions and classes belong to it as well.
        """
        texts: dict[tuple[str, str], str] = {}
        if with_file and not self.file(module).problem:
            texts[module, ""] = self.file(module).outside
        waiting = [(module, function)]
        while waiting:
            place = waiting.pop()
            file = self.file(place[0])
            node = None if place in texts or file.problem else file.find(place[1])
            if node is not None:
                texts[place] = ast.unparse(node)
                waiting += file.used_by(node, place[1])
        return sha256(repr(sorted(texts.items())).encode())

    def file(self, module: str) -> _File:
        """The file of a module, by its name without an ending."""
        if module not in self._files:
            self._files[module] = _File(self.folder / f"{module}.py")
        return self._files[module]


class _File:
    """One file of the package."""

    def __init__(self, path: Path) -> None:
        self.problem: Look | None = None
        self.package, self.module = path.parent.name, path.stem
        text = ""
        try:
            text = path.read_text("utf-8-sig")
            self.tree = parse(text)
        except FileNotFoundError:
            self.problem = Look("absent", why=f"there is no {self.package}/{path.name}")
        except (OSError, UnicodeDecodeError) as error:
            self.problem = Look("damaged", why=f"it cannot be read ({error})")
        except SyntaxError as error:
            self.problem = Look("damaged", error.lineno or 0, f"{type(error).__name__}: {error.msg}")
        self.lines = text.splitlines()

    @cached_property
    def names(self) -> dict[str, ast.stmt]:
        """What the file defines at its top level, functions, classes and constants, by name."""
        found: dict[str, ast.stmt] = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {
                    name.id: node for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
                }
        return found

    @cached_property
    def outside(self) -> str:
        """The text of the lines outside of functions and classes."""
        return "\n".join(map(ast.unparse, (one for one in self.tree.body if not isinstance(one, _DEFINITIONS))))

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """What the file has from other files of the package: name → module and name there; ``""`` for all of it."""
        own = [one for one in imports_of(self.tree, self.package) if one.own and one.name != "*"]
        return {one.bound_to: (one.own, one.name) for one in own}

    @cached_property
    def imported_whole(self) -> list[str]:
        """The files of the package from which the file imports everything."""
        return [one.own for one in imports_of(self.tree, self.package) if one.own and one.name == "*"]

    def find(self, qualified: str) -> ast.stmt | None:
        """Find a function or a method."""
        head, *rest = qualified.split(".")
        node = self.names.get(head)
        for name in rest:
            body = node.body if isinstance(node, ast.ClassDef) else []
            node = next((one for one in body if isinstance(one, ast.FunctionDef) and one.name == name), None)
        return node

    def stub_in(self, node: ast.stmt) -> int:
        """Return the line in a function that says that it is still to be written; 0 where none does."""
        numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        return next((number for number in numbers if self.lines[number - 1].strip().startswith(f"{STUB}(")), 0)

    def used_by(self, node: ast.stmt, qualified: str) -> Iterator[tuple[str, str]]:
        """Yield what a function uses of the package: of this file, of its own class, of files that it imports."""
        module = self.module
        owner = qualified.rpartition(".")[0]
        if owner:
            yield module, f"{owner}.__init__"
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and one.id in self.names:
                yield module, one.id
            elif isinstance(one, ast.Name) and self.imported.get(one.id, ("", ""))[1]:
                yield self.imported[one.id]
            elif isinstance(one, ast.Name):
                yield from ((module, one.id) for module in self.imported_whole)
            elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
                if one.value.id == "self" and owner:
                    yield module, f"{owner}.{one.attr}"
                elif self.imported.get(one.value.id, ("", "?"))[1] == "":
                    yield self.imported[one.value.id][0], one.attr
