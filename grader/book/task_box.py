"""Write the boxes that a book shows for exercises: what to write, where, and what is checked."""

from __future__ import annotations

import ast
import copy
import re
import textwrap
from collections.abc import Mapping

from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

from ..course import Exercise, Written
from ..errors import CourseError
from .docstrings import escaped

_NAPOLEON = Config(napoleon_use_rtype=False)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def task_box(exercise: Exercise, stubs: Mapping[str, str], places: Mapping[str, str]) -> str:
    """Write the box of an exercise.

    Parameters
    ----------
    exercise : Exercise
        A function, or a trained net.
    stubs : mapping of str to str
        The student's files as they were released: path → text.
    places : mapping of str to str
        Name of an exercise → where its box stands, as the target of a link.

    Returns
    -------
    str
        MyST Markdown.

    Raises
    ------
    CourseError
        When the exercise has no stub.
    """
    needs = ", ".join(f"[`{name}`]({places[name]})" for name in exercise.requires if name in places)
    body = [*_net(exercise)] if exercise.score else [f"Write it in `{exercise.file}`."]
    if needs:
        body[-1] += f" Write {needs} first."
    module, function = exercise.written_in
    if module != "models":
        body += ["", *_stub(f"{exercise.package}/{module}.py", module, function, stubs)]
    return _box(exercise.name, _worth(exercise), body, anchor(exercise.name))


def question_box(question: Written) -> str:
    """Write the box of a question that is answered in writing, as MyST Markdown."""
    return _box("", f"Your answer · {points(question.points)}", ["Answer in your notebook; a person grades it."])


def anchor(name: str) -> str:
    """Return the name of the place where the box of an exercise stands, for links."""
    return f"exercise-{name.lower().replace('.', '-').replace('_', '-')}"


def points(number: float) -> str:
    """Write a number of points: ``"1 point"``, ``"2.5 points"``."""
    return f"{number:g} point{'' if number == 1 else 's'}"


def _box(name: str, worth: str, body: list[str], place: str = "") -> str:
    """Write a box with this title; `place` is where links to it lead."""
    title = f"`{name}` · {worth}" if name else worth
    head = [f"({place})="] if place else []
    return "\n".join([*head, f":::{{admonition}} {title}", ":class: task", "", *body, ":::"])


def _worth(exercise: Exercise) -> str:
    return points(exercise.points) if exercise.graded else "for fun, not graded"


def _net(exercise: Exercise) -> list[str]:
    """Say what to hand in for a trained net, and what it earns."""
    assert exercise.score is not None
    low, high = (f"{100 * share:g} %" for share in (exercise.score.start, exercise.score.stop))
    earns = f"It earns points from an accuracy of {low} on, and all of them at {high}"
    return [f"Train a net and save it as `{exercise.file}`. {earns}, measured on data that no student has."]


def _stub(path: str, module: str, function: str, stubs: Mapping[str, str]) -> list[str]:
    """Write the signature and the docstring of a stub, and what is checked besides its core."""
    node = _find(ast.parse(stubs.get(path, "")), function.split("."))
    if node is None:
        raise CourseError(f"{path} has no {function}; run `grader release` first, so that the book has what it shows.")
    docstring = escaped(ast.get_docstring(node) or "")
    documented = str(NumpyDocstring(docstring, _NAPOLEON, what="function"))  # type: ignore[arg-type]  # its own settings
    described = f".. py:function:: {module}.{function}({_parameters(node)})"
    rst = "\n".join([described, "", textwrap.indent(documented, "   ")])
    checked = also_checked(stubs[path], f"{module}.{function}")
    return ["```{eval-rst}", rst.rstrip(), "```", *(["", *checked] if checked else [])]


def _find(node: ast.AST, names: list[str]) -> _Function | None:
    """Find a function by its qualified name, in pieces."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | _Function) and child.name == names[0]:
            if names[1:]:
                return _find(child, names[1:])
            return child if isinstance(child, _Function) else None
    return None


def _parameters(node: _Function) -> str:
    """Write a function's parameters as a caller sees them: without `self`, and without annotations."""
    arguments = copy.deepcopy(node.args)
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    if arguments.args and arguments.args[0].arg == "self":
        del arguments.args[0]
    return ast.unparse(arguments)


def also_checked(stub: str, name: str) -> list[str]:
    """Find in a stub what is checked besides the core of an exercise.

    Parameters
    ----------
    stub : str
        The text of a released file; `grader.release.strip` has written the lines into it.
    name : str
        The exercise, ``"module.function"``.

    Returns
    -------
    list of str
        Markdown: a heading and a list; nothing where the stub says nothing.
    """
    banner = rf"^ *# =+ YOUR CODE HERE: {re.escape(name)}(?:, part 1 of \d+)? \(.*$\n((?: *#.*\n)+)"
    found = re.search(banner, stub, re.MULTILINE)
    if not found:
        return []
    comment = re.sub(r"^ *# ?", "", found[1], flags=re.MULTILINE)
    heading, *items = re.sub(r"\n  +", " ", comment.strip()).split("\n")  # an item goes on in lines that are indented
    return [f"**{heading}**", "", *items]
