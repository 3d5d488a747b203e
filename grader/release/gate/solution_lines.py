"""Does a line of a solution survive in what is released?

An answer counts wherever it stands, be it in a return, inside a larger expression or in a comment. What an answer
says in words (comments in a solution, model answers to written questions) is compared by runs of words. A line of a
solution that may be seen, because given code does the same elsewhere, says so in the comment ``# not a secret``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode

from ...reference import Reference
from ..markers import BEGIN, END
from ..percent_scripts import python, source_notebook
from ..regions import homes, regions
from .released import Leak, Released, Text
from .syntax import answers, normal, pieces, runs, weight

ENOUGH, ENOUGH_AT_HOME = 6, 3
"""How much code has to say to give an answer away: anywhere, and in the function it belongs to."""
NOT_A_SECRET = "# not a secret"
_ADVICE = f'remove it, or mark that line of the solution "{NOT_A_SECRET}"'


def surviving_lines(released: Released) -> Iterator[Leak]:
    """Lines of a solution, in code or in words."""
    secrets = Secrets()
    for module in released.reference.modules:
        _learn_module(secrets, module, released.reference)
    for assignment in released.course.assignment:
        for notebook in assignment.notebook:
            path = released.course.script(assignment, notebook)
            if path.is_file():
                _learn_notebook(secrets, source_notebook(path, assignment, notebook))
    for text in released.texts:
        found = (*secrets.in_code(text.text, _owners(text, released.course.package)), *secrets.in_words(text.text))
        for line, sentence in found:
            yield Leak(text.path, text.cell, line, sentence)


@dataclass
class Secrets:
    """What the solutions say.

    Attributes
    ----------
    code : dict of str to dict of str to str
        Normal form of an answer → the exercises or cells it belongs to → the answer as it is written there.
    words : dict of tuple of str to str
        Run of words → the exercise or cell it belongs to.
    public : set of str
        Normal forms that may be seen.
    """

    code: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[tuple[str, ...], str] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)

    def learn(self, text: str, home: str) -> None:
        """Add a region of a solution: the exercise or cell `home`."""
        lines = text.split("\n")
        comments = "\n".join(line.partition("#")[2] for line in lines)
        self.learn_words(comments, home)
        for statement in (node for node in ast.walk(python(text)) if isinstance(node, ast.stmt)):
            for answer in answers(statement):
                if weight(answer) >= ENOUGH_AT_HOME:
                    form = normal(answer)
                    self.code.setdefault(form, {}).setdefault(home, ast.unparse(answer))
                    if NOT_A_SECRET in lines[statement.lineno - 1]:
                        self.public.add(form)

    def learn_words(self, text: str, home: str) -> None:
        """Add what a solution says in words."""
        for _, run in runs(text):
            self.words.setdefault(run, home)

    def in_code(self, text: str, owners: Mapping[int, str]) -> Iterator[tuple[int, str]]:
        """Where answers survive in a text, some lines of which may be Python: line and sentence.

        Parameters
        ----------
        text : str
            What is searched.
        owners : mapping of int to str
            The exercise that a line belongs to, where it belongs to one.
        """
        reported = set()
        for piece in pieces(text, ENOUGH_AT_HOME):
            if piece.line in reported:
                continue
            owner, answer = next(iter(self.code.get(piece.form, {}).items()), ("", ""))
            at_home = owners.get(piece.line) in self.code.get(piece.form, {})
            if owner and piece.form not in self.public and (piece.weight >= ENOUGH or at_home):
                reported.add(piece.line)
                yield piece.line, f"{ast.unparse(piece.node)!r} is in the solution of {owner}, as {answer!r}; {_ADVICE}"

    def in_words(self, text: str) -> Iterator[tuple[int, str]]:
        """Where words of answers survive in a text: line and sentence, once for each answer."""
        reported = set()
        for line, run in runs(text):
            home = self.words.get(run)
            if home and home not in reported:
                reported.add(home)
                yield line, f'"{" ".join(run)}" is what the solution of {home} says; remove it'


def _learn_module(secrets: Secrets, module: str, reference: Reference) -> None:
    """Add the solution regions of a module of the reference."""
    source = reference.source(module)
    lines = source.split("\n")
    for region in regions(source, reference.path(module)):
        text = textwrap.dedent("\n".join(lines[region.begin : region.end - 1]))
        secrets.learn(text, f"{module}.{region.function}")


def _learn_notebook(secrets: Secrets, notebook: NotebookNode) -> None:
    """Add the solution regions of a source notebook."""
    for cell in notebook.cells:
        home = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        for region in cell.source.split(BEGIN)[1:]:
            text = textwrap.dedent(region.split(END)[0]).strip("\n")
            if cell.cell_type == "code":
                secrets.learn(text, home)
            else:
                secrets.learn_words(text, home)


def _owners(text: Text, package: str) -> dict[int, str]:
    """For each line of a released module that stands in an exercise, the exercise's name."""
    module = re.fullmatch(rf"{package}/(\w+)\.py", text.path)
    if not module:
        return {}
    try:
        return {line: f"{module[1]}.{function}" for line, function in homes(ast.parse(text.text)).items()}
    except (SyntaxError, ValueError):
        return {}
