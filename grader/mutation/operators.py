"""Make the mutants of a solution: copies of its text with one small change each, as students make such mistakes.

An operator looks at one node of the syntax tree, and yields ways to change the text of that node. It changes the text,
not the tree, so that a mutant keeps all comments and the layout, and the change can be shown as it would be written.

The docstring of each operator is printed in docs/mutation.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..reference import Reference
from ..release.regions import functions, regions


@dataclass(frozen=True)
class Mutant:
    """A module of the reference with one change.

    Attributes
    ----------
    exercise : str
        The exercise whose solution is changed.
    kind : str
        The name of the operator, a key of `OPERATORS`.
    old, new : str
        The lines that the change touches, before and after it, as one line in which each run of spaces is one space.
    text : str
        The text of the whole module with the change.
    """

    exercise: str
    kind: str
    old: str
    new: str
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a list of mutants names it by; it has no line number, which would change with every added line."""
        return self.exercise, self.old, self.new


def mutants(exercise: str, reference: Reference) -> list[Mutant]:
    """Return all mutants of one exercise, in the order of its text; no two of them are the same program.

    Parameters
    ----------
    exercise : str
        The exercise's name: ``"layers.affine_forward"``.
    reference : Reference

    Returns
    -------
    list of Mutant
        Empty if the function has no solution region. Given code outside the region is not changed.
    """
    module, function = exercise.split(".", 1)
    text = reference.source(module)
    tree = ast.parse(text)
    solution = [region for region in regions(text, reference.path(module)) if region.function == function]
    source = _Source(text)
    seen = {ast.dump(tree)}
    candidates = []  # (start of the change, operator, edits, changed text)
    for node in ast.walk(functions(tree)[function]):
        line = getattr(node, "lineno", 0)
        if not any(region.begin < line < region.end for region in solution):
            continue
        for kind, operator in OPERATORS.items():
            for edits in operator(node, source):
                mutated = source.edited(edits)
                try:
                    program = ast.dump(ast.parse(mutated))
                except SyntaxError:
                    continue
                if program not in seen:
                    seen.add(program)
                    candidates.append((min(start for start, _, _ in edits), kind, edits, mutated))
    candidates.sort(key=lambda candidate: candidate[0])
    return [Mutant(exercise, kind, *source.changed(edits), mutated) for _, kind, edits, mutated in candidates]


Edits = list[tuple[int, int, str]]
"""Replacements in a text: (start, stop, new text), where start and stop are indices of characters."""


class _Source:
    """The text of a module, with methods that make edits of the nodes of its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Return the first character of a node, and the one after its last."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def read(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return a node's text."""
        start, stop = self.span(node)
        return self.text[start:stop]

    def put(self, node: ast.expr | ast.stmt | ast.keyword, new: str) -> Edits:
        """Replace a node by a text."""
        return [(*self.span(node), new)]

    def swap(self, one: ast.expr, other: ast.expr) -> Edits:
        """Exchange two nodes."""
        return [*self.put(one, self.read(other)), *self.put(other, self.read(one))]

    def operand(self, node: ast.expr) -> str:
        """Return a node's text as an operand: in brackets, unless it can never need them."""
        simple = isinstance(node, ast.Name | ast.Constant | ast.Attribute | ast.Call | ast.Subscript)
        return self.read(node) if simple else f"({self.read(node)})"

    def between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Edits:
        """Replace an operator that stands between two operands."""
        start, stop = self.span(left)[1], self.span(right)[0]
        return [(start, stop, self.text[start:stop].replace(old, new, 1))]

    def without(self, items: Sequence[ast.expr | ast.keyword], index: int) -> Edits:
        """Remove one item of a list, with its comma."""
        start, stop = self.span(items[index])
        if index:
            start = self.span(items[index - 1])[1]
        elif len(items) > 1:
            stop = self.span(items[1])[0]
        return [(start, stop, "")]

    def edited(self, edits: Edits) -> str:
        """Return the text with edits applied; they must not overlap."""
        text = self.text
        for start, stop, new in sorted(edits, reverse=True):  # from the end, so that earlier indices stay valid
            text = text[:start] + new + text[stop:]
        return text

    def changed(self, edits: Edits) -> tuple[str, str]:
        """Return the lines that edits touch, before and after them, with single spaces; see `Mutant`."""
        first = max(index for index, at in enumerate(self.starts) if at <= min(start for start, _, _ in edits))
        last = max(index for index, at in enumerate(self.starts[:-1]) if at <= max(stop - 1 for _, stop, _ in edits))
        begin, end = self.starts[first], self.starts[max(first, last) + 1]
        grown = sum(len(new) - (stop - start) for start, stop, new in edits)
        before, after = self.text[begin:end], self.edited(edits)[begin : end + grown]
        return " ".join(before.split()), " ".join(after.split())

    def _at(self, line: int, column: int) -> int:
        """Return the index of the character at a line and a column as `ast` counts them: columns in bytes of UTF-8."""
        text = self.lines[line - 1]
        return self.starts[line - 1] + len(text.encode()[:column].decode())


Operator = Callable[[ast.AST, _Source], Iterator[Edits]]
OPERATORS: dict[str, Operator] = {}
"""The operators by name, in the order in which docs/mutation.md lists them."""


def _operator(kind: str) -> Callable[[Operator], Operator]:
    """Enter the decorated function into `OPERATORS` under this name."""

    def register(operator: Operator) -> Operator:
        OPERATORS[kind] = operator
        return operator

    return register


# Type of a node → its operator as text, and the operators that replace it.
SIGNS: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-",)),
    ast.Sub: ("-", ("+",)),
    ast.Mult: ("*", ("/", "+")),
    ast.Div: ("/", ("*",)),
    ast.FloorDiv: ("//", ("*",)),
    ast.Mod: ("%", ("*",)),
    ast.Pow: ("**", ("*",)),
}


@_operator("arithmetic")
def _arithmetic(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """Another operator: ``a - b`` for ``a + b``; the factors of a matrix product swapped; a sign or ``not`` removed."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield [
                *source.put(left, source.operand(right)),
                *source.put(right, source.operand(left)),
            ]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SIGNS:
            sign, others = SIGNS[type(op)]
            for other in others:
                yield source.between(left, right, sign, other)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield source.put(node, source.operand(operand))


@_operator("missing term")
def _missing_term(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """One operand alone: ``a`` or ``b`` for ``a + b``."""
    if isinstance(node, ast.BinOp):
        yield source.put(node, source.operand(node.left))
        yield source.put(node, source.operand(node.right))


@_operator("constant")
def _constant(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """A number off by one, doubled, or zero; True for False, or False for True."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield source.put(node, str(not value))
    elif isinstance(value, int):
        yield from (source.put(node, str(other)) for other in (value + 1, value - 1) if other >= 0)
        if not value:
            yield source.put(node, "(-1)")
    elif isinstance(value, float):
        yield from (source.put(node, repr(other)) for other in (2 * value, 0.0, 1 - value))


@_operator("axis")
def _axis(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """One of several axes removed; two numbers of a tuple swapped."""
    if isinstance(node, ast.Tuple) and len(node.elts) > 1 and all(isinstance(e, ast.Constant) for e in node.elts):
        yield from (source.without(node.elts, index) for index in range(len(node.elts)) if len(node.elts) > 2)
        yield from (source.swap(one, other) for one, other in pairwise(node.elts))


@_operator("index")
def _index(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """An index removed; two indices swapped; a slice open at one end, or with a bound off by one."""
    match node:
        case ast.Subscript(value=value, slice=inner):
            if not isinstance(inner, ast.Constant) or not isinstance(inner.value, str):
                yield source.put(node, source.read(value))
            if isinstance(inner, ast.Tuple):
                yield from (
                    source.swap(one, other)
                    for one, other in pairwise(inner.elts)
                    if source.read(one) != source.read(other)
                )
        case ast.Slice(lower=lower, upper=upper):
            for bound in (lower, upper):
                if bound is not None:
                    yield source.put(bound, "")
                    yield source.put(bound, f"{source.operand(bound)} + 1")


COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">")),
    ast.LtE: ("<=", ("<", ">=")),
    ast.Gt: (">", (">=", "<")),
    ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}


@_operator("comparison")
def _comparison(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """Another comparison: ``<=`` or ``>`` for ``<``."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        sign, others = COMPARISONS[type(node.ops[0])]
        yield from (source.between(node.left, node.comparators[0], sign, other) for other in others)


@_operator("condition")
def _condition(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """A condition that is always true, or never; ``or`` for ``and``."""
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield source.put(test, "True")
            yield source.put(test, "False")
        case ast.BoolOp(op=op, values=values):
            old, new = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
            yield from (source.between(one, other, old, new) for one, other in pairwise(values))
        case ast.comprehension(ifs=tests):
            yield from (source.put(test, "True") for test in tests)


# Pairs of functions that are easily confused; each replaces the other.
TWINS = [
    ("sum", "mean"), ("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("zeros_like", "ones_like"),
    ("zeros", "ones"), ("var", "std"), ("rand", "randn"), ("random", "normal"), ("exp", "log"), ("sqrt", "square"),
]  # fmt: skip
NAMES = dict(TWINS) | {other: one for one, other in TWINS}


@_operator("function")
def _function(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """A related function, such as min for max; a call or a transpose removed, so that its argument is used as it is."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=name) as called, args=args):
            if name in NAMES:
                stop = source.span(called)[1]
                yield [(stop - len(name), stop, NAMES[name])]
            is_numpy = isinstance(owner, ast.Name) and owner.id == "np"
            if not is_numpy:  # a method: its object is used as it is
                yield source.put(node, source.read(owner))
            elif args:  # of np.maximum(0, x) the last argument is used, because the first is a constant
                yield source.put(node, source.operand(args[-1] if name in ("maximum", "minimum") else args[0]))
        case ast.Call(func=ast.Name(), args=[first, *_]):
            yield source.put(node, source.operand(first))
        case ast.Attribute(value=owner, attr="T"):
            yield source.put(node, source.operand(owner))


@_operator("argument")
def _argument(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """Two arguments swapped; a keyword argument removed; a range that begins one later or ends one earlier."""
    if not isinstance(node, ast.Call):
        return
    for one, other in pairwise(node.args):
        if source.read(one) != source.read(other):
            yield source.swap(one, other)
    for keyword in node.keywords:
        stop = source.span(keyword)[1]
        start = source.span(keyword)[0]
        before = re.search(r",\s*$", source.text[:start])
        after = re.match(r"\s*,\s*", source.text[stop:])
        yield [(before.start() if before else start, stop + (after.end() if after and not before else 0), "")]
    if isinstance(node.func, ast.Name) and node.func.id == "range":
        last = node.args[0] if len(node.args) == 1 else node.args[1]
        yield source.put(last, f"{source.operand(last)} - 1")
        if len(node.args) == 1:
            yield source.put(last, f"1, {source.read(last)}")


@_operator("assignment")
def _assignment(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """Another assignment: ``=`` or ``-=`` for ``+=``."""
    if isinstance(node, ast.AugAssign):
        sign = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}.get(type(node.op))
        others = {"+=": ("=", "-="), "-=": ("=", "+="), "*=": ("=", "/="), "/=": ("=", "*=")}
        if sign:
            yield from (source.between(node.target, node.value, sign, other) for other in others[sign])


@_operator("statement")
def _statement(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """A statement removed; a loop that ends after its first iteration."""
    match node:
        case ast.Assign() | ast.AugAssign() | ast.Expr() | ast.AnnAssign() | ast.Continue() | ast.Break():
            yield source.put(node, "pass")
        case ast.For(body=[*_, last]) | ast.While(body=[*_, last]):
            indent = " " * last.col_offset
            yield [(source.span(last)[1], source.span(last)[1], f"\n{indent}break")]


@_operator("order")
def _order(node: ast.AST, source: _Source) -> Iterator[Edits]:
    """Two values of a tuple swapped, such as results that are returned or unpacked."""
    match node:
        case ast.Tuple(elts=items) if not all(isinstance(item, ast.Constant | ast.Slice) for item in items):
            for one, other in pairwise(items):
                if not {type(one), type(other)} & {ast.Slice, ast.Starred} and source.read(one) != source.read(other):
                    yield source.swap(one, other)
        case ast.Assign(targets=[ast.Tuple() as names], value=ast.Tuple() as values) if len(names.elts) == 2:
            yield source.swap(values.elts[0], values.elts[1])
