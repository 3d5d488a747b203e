"""Find released functions that are much like a solution, by comparing the tokens of each function and each solution.

`surviving_lines` finds single lines of a solution. This clause finds longer copies in which names have changed. All
names, numbers and settings are replaced by one name first, so that an optimiser that keeps its averages in attributes
is recognised as a copy of one that keeps them in a dict. If a similar function does not give the answer away, the
course lists the pair and the reason in ``solutions/accepted_copies.toml``.

This does not find code that computes the same in another way. A course leaves such a file out of the student edition
(``withhold`` in course.toml).
"""

from __future__ import annotations

import ast
import copy
import io
import textwrap
import tokenize
from collections.abc import Iterator
from functools import cache

from ...errors import CourseError
from ...reference import Reference
from ..regions import regions
from .released import Leak, Released

GRAM = 8  # length of a run: so many tokens in a row are compared as one
LEAST = 8  # a copy has at least so many runs in common with the solution; two equal lines have fewer
SHARE = 0.4  # a copy has at least this share of the solution's runs; renamed copies have 0.43 to 0.8 (see the tests)
ACCEPTED = "accepted_copies.toml"  # in solutions/
_LIBRARIES = {"np", "torch", "math", "F", "nn"}
_NAMES = {"v", ",", "="}  # a run of only these comes from any assignment of several names, so it is not compared
_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def near_copies(released: Released) -> Iterator[Leak]:
    """Yield a leak for each released function that is much like a solution and is not an accepted pair."""
    accepted = accepted_pairs(released.reference)
    solutions = [
        (f"{module}.{region.function}", runs_of(_text(source, region.begin, region.end)))
        for module in released.reference.modules
        for source in [released.reference.source(module)]
        for region in regions(source, released.reference.path(module))
    ]
    for path, line, name, runs in _functions(released):
        for exercise, solution in solutions:
            common = len(runs & solution)
            if common < LEAST or common < SHARE * len(solution) or (f"{path}:{name}", exercise) in accepted:
                continue
            share = f"{100 * common / len(solution):.0f} %"
            yield Leak(
                path, 0, line, f"{name} is much like the solution of {exercise} ({share} of its code); write it "
                f"differently, leave it out, or accept the pair with its reason in solutions/{ACCEPTED}"
            )  # fmt: skip


def runs_of(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of `GRAM` tokens in Python code, after replacing names and numbers by one name.

    Parameters
    ----------
    text : str
        Statements; ``return`` is allowed outside of a function.

    Returns
    -------
    frozenset of tuple of str

    Raises
    ------
    SyntaxError
        When the text is not valid Python.
    """
    tree = ast.fix_missing_locations(_Alike().visit(ast.parse(f"def _():\n{textwrap.indent(text, ' ')}")))
    read = tokenize.generate_tokens(io.StringIO(ast.unparse(tree.body[0].body)).readline)
    words = [token.string for token in read if token.type not in _LAYOUT and token.string not in "()"]
    runs = (tuple(words[k : k + GRAM]) for k in range(len(words) - GRAM + 1))
    return frozenset(run for run in runs if not set(run) <= _NAMES)


class _Alike(ast.NodeTransformer):
    """Replace every name, number, setting and coefficient by one name; functions of a library keep their names."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("v", node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Name("v", ast.Load())

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return ast.Name("v", ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name | ast.Attribute):
            return ast.Name(node.attr if _root(node) in _LIBRARIES else "v", ast.Load())
        return self.generic_visit(node)  # type: ignore[return-value]  # an expression stays one

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.slice, ast.Constant | ast.Name | ast.JoinedStr):  # an entry of a dict, such as config["m"]
            return ast.Name("v", ast.Load())
        return self.generic_visit(node)  # type: ignore[return-value]  # an expression stays one

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "setdefault"):
            return ast.Name("v", ast.Load())
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
            return self.visit(node.func.value)  # type: ignore[no-any-return]  # ast.NodeTransformer is untyped
        return self.generic_visit(node)  # type: ignore[return-value]  # an expression stays one

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        plain = self.generic_visit(node)
        assert isinstance(plain, ast.BinOp)
        coefficient = isinstance(plain.op, ast.Sub | ast.Pow)  # 1 - beta or beta ** t; a copy may have 0.1 there
        if coefficient and isinstance(plain.left, ast.Name) and isinstance(plain.right, ast.Name):
            return ast.Name("v", ast.Load())
        return plain


def _root(node: ast.expr) -> str:
    """Return the first name of an attribute chain: ``"np"`` of ``np.linalg.norm``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _text(source: str, begin: int, end: int) -> str:
    """Return the lines between the two markers of a region, without their common indentation."""
    return textwrap.dedent("\n".join(source.split("\n")[begin : end - 1]))


def _functions(released: Released) -> Iterator[tuple[str, int, str, frozenset[tuple[str, ...]]]]:
    """Yield every function in the released Python files that is not an exercise: path, line, name and runs."""
    exercises = {(exercise.file, exercise.function.rpartition(".")[2]) for exercise in released.exercises}
    for path, data in sorted(released.tree.items()):
        if not path.endswith(".py"):
            continue
        text = data.decode("utf-8", "replace")
        for line, name, body in _bodies(text):
            if (path, name) not in exercises:
                yield path, line, name, runs_of(body)


@cache
def _bodies(text: str) -> tuple[tuple[int, str, str], ...]:
    """Return the functions in a text: line, name, and body without the docstring.

    The result is cached, because a release inspects the same files several times.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()  # `behaviour.stubs` reports this
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = copy.copy(node.body)
            if ast.get_docstring(node) is not None:
                body = body[1:]
            found.append((node.lineno, node.name, ast.unparse(ast.Module(body, [])) or "pass"))
    return tuple(found)


def accepted_pairs(reference: Reference) -> frozenset[tuple[str, str]]:
    """Read which pairs of a released function (``file:function``) and an exercise are allowed to be alike.

    Raises
    ------
    CourseError
        When an entry has other keys than ``given``, ``exercise`` and ``because``, or an empty reason.
    """
    pairs = reference.table(ACCEPTED).get("pair", [])
    for pair in pairs:
        if not (pair.keys() == {"given", "exercise", "because"} and str(pair["because"]).strip()):
            raise CourseError(f'solutions/{ACCEPTED}: {pair} needs "given", "exercise" and the reason, "because".')
    return frozenset((pair["given"], pair["exercise"]) for pair in pairs)
