"""Collect the evidence of a crash: the expression, its operands with their shapes, and the letters of the exercise."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from ...program import PROGRAM_FILE, Crash
from ...values import walk
from .expressions import (
    is_cut,
    numbered,
    parsed_statement,
    path_of,
    relatives_among,
    replaced,
    shapes_in,
    split_operand,
    text,
)
from .letters import Letters
from .shapes import Shape, number_of, shape_of

Node = TypeVar("Node", bound=ast.AST)


class Site:
    """Where a crash happened, read from what the worker says of it.

    Parameters
    ----------
    crash : Crash
    inputs, expected : mapping of str to object
        The inputs and the right outputs of the case.
    advises : bool, default True
        Whether an explanation may say what would fit, which is read from the shapes alone.
    others : sequence of Site, optional
        Other cases in which the same line crashed. What is said to fit has to fit in each of them: in a single case two
        sizes may be equal by chance.
    alone : bool, default False
        Whether the line ran in all other cases.
    """

    def __init__(
        self,
        crash: Crash,
        inputs: Mapping[str, object],
        expected: Mapping[str, object],
        *,
        advises: bool = True,
        others: Sequence[Site] = (),
        alone: bool = False,
    ) -> None:
        self.crash, self.inputs, self.expected, self.advises = crash, inputs, expected, advises
        self.others = [one for one in others if one.crash.expression == crash.expression]
        self.operands = dict(split_operand(text) for text in crash.operands)
        self.letters = Letters(crash.documented, {**expected, **inputs})
        if alone:
            self.letters.leave_out_all()
        self.letters.leave_out_chance(self.shapes, [(one.letters, one.shapes) for one in self.others])
        self.scope = shapes_in(crash.scope)
        self.callers_scope = shapes_in(crash.callers_scope)
        callers = [split_operand(one) for one in crash.callers_scope]
        self.callers_dicts = [name for name, what in callers if what[:4] in ("with", "empt")]

    @cached_property
    def gradients(self) -> dict[str, str]:
        """Of the tensors of PyTorch, whether each gathers a gradient: "no", "leaf" or "computed" of others."""
        return {name: kind for name, _, kind in (one.partition(": ") for one in self.crash.gradients)}

    def imports(self, module: str) -> bool:
        """Whether the line can use a module by this name, so that a function of it may be offered."""
        return module in self.crash.modules

    @cached_property
    def tensor_module(self) -> str:
        """The module to offer a function of that NumPy and PyTorch both have: "np", "torch", or ``""`` for neither."""
        return next((name for name in ("np", "torch") if self.imports(name)), "")

    @cached_property
    def in_program(self) -> bool:
        """Whether the check's own line raised: because of what a function returned, or how it can be called."""
        return self.crash.file == PROGRAM_FILE

    @cached_property
    def expression(self) -> ast.expr | None:
        """The part of the line that was being computed."""
        tree = parsed_statement(self.crash.expression)
        if isinstance(tree, ast.Expr):
            return tree.value
        if isinstance(tree, ast.Assign | ast.AugAssign | ast.Return) and tree.value:
            return tree.value
        return None

    @cached_property
    def failing(self) -> ast.AST | None:
        """The one operation that raised, where that is narrower than the line; the whole line otherwise."""
        tree = parsed_statement(self.crash.expression)
        return tree.value if isinstance(tree, ast.Expr) else tree

    @cached_property
    def statement(self) -> ast.stmt | None:
        """The whole line."""
        return parsed_statement(self.crash.source)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of the operands that are arrays."""
        return shapes_in(self.crash.operands)

    @cached_property
    def numbers(self) -> dict[str, str]:
        """The operands that are numbers, or tuples of ints, as they are written."""
        return {name: what[2:] for name, what in self.operands.items() if what.startswith("= ")}

    def shape(self, node: ast.expr) -> Shape | None:
        """The shape of an expression, worked out from those of the operands; None where that is not certain."""
        return shape_of(node, self.known, self.known_numbers)

    def number(self, node: ast.expr) -> int | None:
        """Work out a whole number, such as an index; None where that is not certain."""
        return number_of(node, self.known, self.known_numbers)

    @cached_property
    def known_numbers(self) -> dict[str, str]:
        """All numbers in scope, and tuples of ints, as they are written."""
        of_scope = {name: what[2:] for name, what in map(split_operand, self.crash.scope) if what.startswith("= ")}
        return {**of_scope, **self.numbers}

    def written(self, shape: Shape, node: ast.AST) -> str:
        """Write the shape of a node; without letters where a slice may have any size, and a letter's by accident."""
        return f"{shape}" if is_cut(node) else self.letters.shape(shape)

    def find(self, kind: type[Node]) -> Iterator[Node]:
        """Yield the nodes of a kind in the failing part, or in the whole line where that has none."""
        for tree in (self.expression, self.statement):
            found = [node for node in ast.walk(tree) if isinstance(node, kind)] if tree else []
            if found:
                yield from found
                return

    @cached_property
    def target(self) -> tuple[str, Shape] | None:
        """The output that the line assigns or returns, or the gradient of an array; and the shape it should have.

        None where a line behind it sets the name once more: then it may have any shape here. None, too, where a case
        calls the function several times and an earlier call than the last raised, from which its outputs come.
        """
        if self._of_earlier_call:
            return None
        statement = self.statement
        if isinstance(statement, ast.Return):
            single = list(self.outputs.items())
            return single[0] if len(single) == 1 and self.in_entered and len(self.expected) == 1 else None
        name = self._assigned
        return None if not name or name in self.again else self._goal(name)

    @cached_property
    def _of_earlier_call(self) -> bool:
        """Whether an argument has another shape than the input of its name, which is given in another call then."""
        given = {name: np.shape(value) for name, value in self.inputs.items() if isinstance(value, np.ndarray)}
        arguments = [name for name in self.crash.parameters if name in given and self.in_entered]
        return any(self.scope.get(name, given[name]) != given[name] and not self.origin(name) for name in arguments)

    @cached_property
    def to_be_reshaped(self) -> tuple[str, Shape] | None:
        """What the line assigns and the next one that sets it only reshapes; and the shape it should have then."""
        name = self._assigned
        line = self.again.get(name, (0, ""))[1]
        reshapes = re.match(rf"{re.escape(name)} = (?:np\.reshape\()?{re.escape(name)}(?:, |\.reshape\()", line)
        return self._goal(name) if name and reshapes else None

    def is_final(self, name: str) -> bool:
        """Whether a name has the value that it is returned with: neither this line nor one behind it sets it."""
        behind = {one.partition(": ")[0] for one in self.crash.behind}
        return name not in behind and (self._assigned.partition("[")[0] != name)

    @cached_property
    def again(self) -> dict[str, tuple[int, str]]:
        """What the line sets and a line behind it sets once more: its number, and its text."""
        pairs = (one.partition(": ") for one in self.crash.again)
        return {name: numbered(line) for name, _, line in pairs}

    def _goal(self, name: str) -> tuple[str, Shape] | None:
        path = path_of(name)
        if self.in_entered and path in self.outputs:
            return name, self.outputs[path]
        shape = self._of_gradient(name)
        return None if shape is None else (name, shape)

    @cached_property
    def value(self) -> ast.expr | None:
        """What the line assigns or returns; of a dict that is written out, the one item that raised."""
        value = getattr(self.statement, "value", None)
        if not isinstance(value, ast.expr) or isinstance(self.statement, ast.Expr):
            return None
        item = self._item(value)
        return item[1] if item else value

    @cached_property
    def _assigned(self) -> str:
        statement = self.statement
        if isinstance(statement, ast.AugAssign):
            return ast.unparse(statement.target)
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
            return ""
        name, item = ast.unparse(statement.targets[0]), self._item(statement.value)
        return f"{name}[{item[0]!r}]" if item else name

    def _item(self, value: ast.expr) -> tuple[str, ast.expr] | None:
        """The item of a dict that is written out in which the operation that raised stands, where it is one alone."""
        if not isinstance(value, ast.Dict) or self.failing is None:
            return None
        dumped = ast.dump(self.failing)
        found = [
            (key.value, item)
            for key, item in zip(value.keys, value.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
            if any(ast.dump(part) == dumped for part in ast.walk(item))
        ]
        return found[0] if len(found) == 1 else None

    @cached_property
    def in_entered(self) -> bool:
        """Whether the line stands in the function that the check has called, so that its names are those outputs'."""
        return self.crash.function == self.crash.entered

    @cached_property
    def is_of_arguments(self) -> bool:
        """Whether a function that the student's code calls raised because of its arguments, not of its own line."""
        used = {node.id for node in ast.walk(self.failing or ast.Pass()) if isinstance(node, ast.Name)}
        return bool(self.crash.call) and not self.in_entered and bool(used & set(self.crash.parameters))

    def shape_with(self, node: ast.AST, instead: ast.expr) -> Shape | None:
        """The shape of what the line computes with another expression in place of a node; None if not certain."""
        whole = self.value
        if whole is None:
            return None
        return self.shape(replaced(whole, node, instead))

    def shape_if(self, node: ast.expr, name: str, shape: Shape) -> Shape | None:
        """The shape that an expression would have if an array had another one; None if not certain."""
        return shape_of(node, {**self.known, name: shape}, self.known_numbers)

    @cached_property
    def known(self) -> dict[str, Shape]:
        """The shapes of all arrays in scope."""
        return {**self.scope, **self.shapes}

    def relatives(self, name: str) -> list[str]:
        """List the arrays in scope whose names differ from a name by nothing but digits: W2 for W1."""
        return relatives_among(name, self.known)

    def origin(self, name: str) -> tuple[int, str] | None:
        """The last line above that sets a name: its number, and its text."""
        return next(
            (numbered(text.removeprefix(f"{name}: ")) for text in self.crash.origins if text.startswith(f"{name}: ")),
            None,
        )

    def shape_in_caller(self, name: str) -> Shape | None:
        """The shape of an array of the function that the check has called."""
        return self.callers_scope.get(name, self.scope.get(name) if not self.crash.call else None)

    @cached_property
    def origins(self) -> list[str]:
        """The names on the line, and on the lines that set these, of which it is known what sets them."""
        return [one.partition(": ")[0] for one in self.crash.origins]

    @cached_property
    def dicts(self) -> dict[str, str]:
        """The keys of the dicts in scope: ``"W1, b1"``."""
        return {name: what[5:] for name, what in map(split_operand, self.crash.scope) if what.startswith("with ")}

    @cached_property
    def outputs(self) -> dict[str, Shape]:
        """The shapes of the right outputs."""
        return {path: np.shape(value) for path, value in walk(self.expected) if isinstance(value, np.ndarray)}

    def wrong_shape(self, node: ast.expr, shape: Shape) -> str:
        """Say what shape an output should have, where it has another one; ``""`` otherwise."""
        name = ast.unparse(node)
        if name in self.again:
            return ""
        gradient = self._of_gradient(name)
        goal = self.outputs.get(path_of(name), gradient or shape)
        origin = self.origin(name)
        where = f', but line {origin[0]}, "{origin[1]}", gives it another' if origin and gradient else ""
        return "" if goal == shape else f"{text(node)} should have shape {self.letters.shape(goal)}{where}."

    def _of_gradient(self, name: str) -> Shape | None:
        """The shape of the array whose gradient a name says that it is: that of x for dx."""
        gradient = re.fullmatch(r"(?:d_?|grad_?)(\w+)", name)
        return self.scope.get(gradient[1]) if gradient else None
