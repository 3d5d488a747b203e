"""Does a line of a solution survive in what is released?

Solutions are compared as syntax, not as text: spacing, comments, line breaks and the names of variables do not
matter, and an answer counts wherever it stands, be it in a return, inside a larger expression or in a comment.
What an answer says in words (comments in a solution, model answers to written questions) is compared by runs of
words. A line of a solution that may be seen, because given code does the same elsewhere, says so in the comment
``# not a secret``.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode

from .markers import BEGIN, END
from .released import Leak, Released, Text
from .script import python, source_notebook
from .strip import homes, regions

ENOUGH, ENOUGH_AT_HOME = 6, 3
"""How much code has to say to give an answer away: anywhere, and in the function it belongs to."""
RUN = 7
"""Words in a row that two texts do not share by chance."""
NOT_A_SECRET = "# not a secret"
_ADVICE = f'remove it, or mark that line of the solution "{NOT_A_SECRET}"'

_OPERATORS = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.AugAssign)
_OTHERS = (
    *(ast.Call, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant),
    *(ast.Lambda, ast.comprehension, ast.IfExp, ast.NamedExpr, ast.Starred),
)
_PROMPT = re.compile(r"^[\s#>*`|-]*(?:\.\.\.)?\s*")
_WORD = re.compile(r"(?<![\\\w])[^\W\d_]{2,}")  # neither LaTeX commands nor single letters of formulas


def survivors(released: Released) -> Iterator[Leak]:
    """Lines of a solution, in code or in words."""
    secrets = Secrets()
    for module in released.reference.modules:
        _learn_module(secrets, module, released.reference.source(module))
    for assignment in released.course.assignment:
        for notebook in assignment.notebook:
            path = released.course.root / "solutions" / assignment.name / f"{notebook.name}.py"
            if path.is_file():
                _learn_notebook(secrets, source_notebook(path, assignment, notebook))
    for text in released.texts:
        found = (*secrets.in_code(text.text, _owners(text)), *secrets.in_words(text.text))
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
            for answer in _answers(statement):
                if _weight(answer) >= ENOUGH_AT_HOME:
                    form = normal(answer)
                    self.code.setdefault(form, {}).setdefault(home, ast.unparse(answer))
                    if NOT_A_SECRET in lines[statement.lineno - 1]:
                        self.public.add(form)

    def learn_words(self, text: str, home: str) -> None:
        """Add what a solution says in words."""
        for _, run in _runs(text):
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
        told = set()
        for line, node in _pieces(text):
            if line in told or (weight := _weight(node)) < ENOUGH_AT_HOME:
                continue
            form = normal(node)
            owner, answer = next(iter(self.code.get(form, {}).items()), ("", ""))
            at_home = owners.get(line) in self.code.get(form, {})
            if owner and form not in self.public and (weight >= ENOUGH or at_home):
                told.add(line)
                yield line, f"{ast.unparse(node)!r} is in the solution of {owner}, as {answer!r}; {_ADVICE}"

    def in_words(self, text: str) -> Iterator[tuple[int, str]]:
        """Where words of answers survive in a text: line and sentence, once for each answer."""
        told = set()
        for line, run in _runs(text):
            home = self.words.get(run)
            if home and home not in told:
                told.add(home)
                yield line, f'"{" ".join(run)}" is what the solution of {home} says; remove it'


def _learn_module(secrets: Secrets, module: str, source: str) -> None:
    """Add the solution regions of a module of the reference."""
    lines = source.split("\n")
    for region in regions(source, f"solutions/nndl/{module}.py"):
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


def _owners(text: Text) -> dict[int, str]:
    """For each line of a released module that stands in an exercise, the exercise's name."""
    module = re.fullmatch(r"nndl/(\w+)\.py", text.path)
    if not module:
        return {}
    try:
        return {line: f"{module[1]}.{function}" for line, function in homes(ast.parse(text.text)).items()}
    except (SyntaxError, ValueError):
        return {}


def normal(node: ast.AST, names: dict[str, str] | None = None) -> str:
    """A piece of syntax as text, with variables numbered in order of appearance.

    The names of attributes, of keyword arguments and of functions called by their bare name stay.
    """
    names = {} if names is None else names
    if isinstance(node, ast.Name):
        return names.setdefault(node.id, f"v{len(names)}")
    if isinstance(node, ast.arg):
        return names.setdefault(node.arg, f"v{len(names)}")
    parts = []
    for name, value in ast.iter_fields(node):
        if name == "func" and isinstance(value, ast.Name):
            parts.append(value.id)
        elif name not in ("ctx", "kind", "type_comment"):
            children = value if isinstance(value, list) else [value]
            parts += [normal(child, names) if isinstance(child, ast.AST) else repr(child) for child in children]
    return f"{type(node).__name__}({' '.join(parts)})"


def _weight(node: ast.AST) -> int:
    """How much a piece of syntax says: nodes that are more than a name; operators, the mathematics, count twice."""
    nodes = list(ast.walk(node))
    return sum(isinstance(n, _OTHERS) for n in nodes) + 2 * sum(isinstance(n, _OPERATORS) for n in nodes)


def _answers(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement of a solution gives away: its right-hand side, or the condition or sequence in its head."""
    match statement:
        case ast.Assign(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value):
            yield from _entries(value)
        case ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
            yield from _entries(value)
        case ast.AugAssign(value=value):
            yield from (statement, value)
        case ast.For(iter=value) | ast.If(test=value) | ast.While(test=value):
            yield value


def _entries(value: ast.expr) -> Iterator[ast.expr]:
    """A right-hand side; of a tuple, list or dict, each of its entries."""
    match value:
        case ast.Tuple(elts=entries) | ast.List(elts=entries) | ast.Dict(values=entries):
            for entry in entries:
                yield from _entries(entry)
        case _:
            yield value


def _pieces(source: str) -> Iterator[tuple[int, ast.AST]]:
    """Every expression and augmented assignment of a text, with its line: of the whole, and of each line by itself."""
    lines = source.split("\n")
    whole = [(0, source)] + [(number, _PROMPT.sub("", line).rstrip("`\r ")) for number, line in enumerate(lines)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # prose that happens to be syntax
        for offset, text in whole:
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.expr | ast.AugAssign):
                    yield offset + node.lineno, node


def _runs(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every run of `RUN` words of a text, with the line it begins on."""
    words = [
        (number, word.casefold()) for number, line in enumerate(text.split("\n"), 1) for word in _WORD.findall(line)
    ]
    for start in range(len(words) - RUN + 1):
        yield words[start][0], tuple(word for _, word in words[start : start + RUN])
