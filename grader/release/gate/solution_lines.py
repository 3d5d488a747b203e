"""Find lines of a solution in the files that are released.

An answer is found wherever it is: in a return statement, inside a larger expression or in a comment. Comments in
solutions and model answers to written questions are compared by runs of words. A line of a solution that students may
see, for instance because released code does the same elsewhere, has the comment ``# not a secret``.
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
from ..regions import functions_by_line, regions
from .released import Leak, Released, Text
from .syntax import answers, normal, pieces, runs, weight

ENOUGH, ENOUGH_AT_HOME = 6, 3
"""The least `weight` of code that counts as a leak: anywhere, and in the function whose answer it is."""
NOT_A_SECRET = "# not a secret"
_ADVICE = f'remove it, or mark that line of the solution "{NOT_A_SECRET}"'


def surviving_lines(released: Released) -> Iterator[Leak]:
    """Yield a leak for each released line that contains part of a solution, as code or in words."""
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
    """The answers in the solutions, in a form in which released text can be compared with them.

    Attributes
    ----------
    code : dict of str to dict of str to str
        For the normal form of each answer, the exercises or cells that contain it, each with the answer as it is
        written there.
    words : dict of tuple of str to str
        For each run of words, the exercise or cell that contains it first.
    public : set of str
        Normal forms that students may see.
    """

    code: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[tuple[str, ...], str] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)

    def learn(self, text: str, home: str) -> None:
        """Add the text of a solution region; `home` is the exercise or cell that it belongs to."""
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
        """Add the words of a solution's comments or of a model answer."""
        for _, run in runs(text):
            self.words.setdefault(run, home)

    def in_code(self, text: str, owners: Mapping[int, str]) -> Iterator[tuple[int, str]]:
        """Find answers in a text of which some lines may be Python.

        Parameters
        ----------
        text : str
            The text to search.
        owners : mapping of int to str
            For each line that belongs to an exercise, the exercise. A smaller part of its answer is a leak there.

        Yields
        ------
        line : int
        sentence : str
            The sentence that says what was found; at most one for each line.
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
        """Find the words of answers in a text; yield line and sentence, once for each answer."""
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
    """Map each line of a released module that is inside a function to the function, named as an exercise."""
    module = re.fullmatch(rf"{package}/(\w+)\.py", text.path)
    if not module:
        return {}
    try:
        return {line: f"{module[1]}.{function}" for line, function in functions_by_line(ast.parse(text.text)).items()}
    except (SyntaxError, ValueError):
        return {}
