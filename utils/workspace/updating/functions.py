"""Divide a Python file into functions, methods and other statements, and merge two versions of it piece by piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..syntax import parse
from .merge import CannotMerge, Merged, by_name, merge_pieces
from .words import merge_words

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # as Python counts lines; `str.splitlines` knows more ends
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Piece:
    """A statement with the comments and empty lines above it. The texts of all pieces of a file make up the file.

    Attributes
    ----------
    name : str
        ``"affine_forward"`` for a function; other statements have names that no function can have: ``"import numpy"``.
    text : str
        The source; of a class that has `pieces`, only what stands above them.
    pieces : tuple of Piece
        The statements of a class.
    kind : str
        The name of the statement's type in `ast`, or ``"rest"`` for what follows the last statement.
    binds : tuple of str
        The names that the statement gives a meaning to, such as those that an import makes known.
    """

    name: str
    text: str
    kind: str
    pieces: tuple[Piece, ...] = ()
    binds: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The source, in pieces: its own text, and those of its pieces."""
        return [self.text, *(text for piece in self.pieces for text in piece.texts)]

    @property
    def whole(self) -> str:
        """The source with that of all pieces."""
        return "".join(self.texts)


def split(source: str) -> tuple[Piece, ...]:
    """Divide Python source into pieces; every character belongs to exactly one.

    Raises
    ------
    CannotMerge
        When it is not valid Python; the message begins with the line.
    """
    lines = _LINE.findall(source)
    return tuple(_pieces(_parsed(source).body, lines, 0, len(lines)))


def merge_python(base: bytes, mine: bytes, new: bytes) -> Merged:
    """Merge two versions of a Python file; what the student wrote stays byte for byte.

    Parameters
    ----------
    base, mine, new : bytes
        The file in the release that the student began with, the student's file, and the file in the newer release.
        An empty `base` says that nothing is known of the earlier release.

    Raises
    ------
    CannotMerge
        When a version is not valid Python, or the merged file would not be.
    """
    text = _decoded(mine)
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""  # Windows' Notepad may write one
    text = text.removeprefix(mark)
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    given, renewed = (split(_decoded(version).replace("\r\n", "\n")) for version in (base, new))
    own = split(text)
    merge = _Merge(newline, _written(given, own))
    merged = _joined(merge.all(given, own, renewed), newline)
    if merged != text and _runs(text) and not _runs(merged):
        raise CannotMerge("with what is new in it, it would not be valid Python")
    beside = bool(merge.both or merge.missed)
    return Merged((mark + merged).encode(), tuple(merge.added), tuple(merge.both), tuple(merge.gone), beside)


def _written(given: Sequence[Piece], own: Sequence[Piece]) -> str:
    """Return the pieces that the student has written or changed, as one text."""
    known = {piece.name: piece for piece in given}
    return "\n".join(piece.whole for piece in own if piece.name not in known or not _same(piece, known[piece.name]))


def _joined(pieces: Sequence[Piece], newline: str) -> str:
    """Join pieces; only the last line of the student's file may be without an end."""
    merged = ""
    for text in (text for piece in pieces for text in piece.texts if text):
        merged += newline if merged and not merged.endswith(("\n", "\r")) else ""
        merged += text
    return merged


class _Merge:
    """Merges the pieces of one file and notes what has happened to them."""

    def __init__(self, newline: str, written: str) -> None:
        self.newline = newline
        self.written = written
        self.added: list[str] = []
        self.both: list[str] = []
        self.gone: list[str] = []
        self.missed: list[str] = []  # words of the release that are not in the merged file

    def all(
        self, base: Sequence[Piece], mine: Sequence[Piece], new: Sequence[Piece], inside: str = ""
    ) -> tuple[Piece, ...]:
        """Merge all pieces of a file, or of the class whose name, with a dot, is `inside`."""

        def one(name: str, base: Piece | None, mine: Piece | None, new: Piece | None) -> Sequence[Piece]:
            return self.one(inside + name, base, mine, new)

        return tuple(merge_pieces(_named(base), _named(mine), _named(new), one))

    def one(self, name: str, base: Piece | None, mine: Piece | None, new: Piece | None) -> Sequence[Piece]:
        """Merge one piece; see `merge_pieces`."""
        if new is None:
            return self._without_new(name, base, mine)
        if mine is None:
            if base is not None and _same(base, new):  # the student has deleted it
                return []
            self.added += [name] if new.kind in FUNCTIONS else []
            return [self._placed(new)]
        if mine.pieces and new.pieces:
            return [self._class(name, base, mine, new)]
        if _same(mine, new) or (base is not None and _same(base, new)):
            return [mine]
        if base is not None and _same(base, mine):
            return [self._renewed(mine, new)]
        if new.kind in ("Import", "ImportFrom"):
            return [mine, self._placed(new)]
        return [self._both(name, base, mine, new)]

    def _without_new(self, name: str, base: Piece | None, mine: Piece | None) -> Sequence[Piece]:
        """Merge a piece that the release does not have: it stays if it is the student's, or is needed by it."""
        if mine is None or base is None:
            return [mine] if mine is not None else []
        if not _same(base, mine):
            self.gone.append(name)
            return [mine]
        needed = any(re.search(rf"\b{re.escape(bound)}\b", self.written) for bound in mine.binds)
        return [mine] if needed else []

    def _class(self, name: str, base: Piece | None, mine: Piece, new: Piece) -> Piece:
        """Merge a class: the lines above its pieces, and its pieces."""
        heads = [piece and Piece("its first lines", piece.text, piece.kind) for piece in (base, mine, new)]
        head = self.one(f"{name}, its first lines", *heads)[0]
        pieces = self.all(base.pieces if base else (), mine.pieces, new.pieces, f"{name}.")
        return Piece(mine.name, head.text, mine.kind, pieces, mine.binds)

    def _both(self, name: str, base: Piece | None, mine: Piece, new: Piece) -> Piece:
        """Merge a piece that both have changed: the student's code, with the release's words if only these differ."""
        texts = [piece.whole.replace("\r\n", "\n") for piece in (base or Piece("", "", ""), mine, new)]
        merged = merge_words(*texts)
        if merged is None:
            self.both.append(name)
            return mine
        self.missed += [name] if merged.left_out else []
        if merged.text == texts[1]:
            return mine
        return Piece(mine.name, merged.text.replace("\n", self.newline), mine.kind)

    def _placed(self, new: Piece) -> Piece:
        """A piece of the release, with the line ends of the student's file."""
        text = new.whole if new.whole.endswith("\n") else f"{new.whole}\n"
        return Piece(new.name, text.replace("\n", self.newline), new.kind)

    def _renewed(self, mine: Piece, new: Piece) -> Piece:
        """A piece of the release in the place of the student's, which was as given; empty lines around it stay."""
        before, after = re.match(r"\s*", mine.whole), re.search(r"[^\S\r\n]*[\r\n]*\Z", mine.whole)
        assert before is not None
        assert after is not None
        blank = before[0][: before[0].rfind("\n") + 1]  # the indentation belongs to the piece
        text = re.sub(r"\A(?:[^\S\n]*\n)*", "", new.whole).rstrip().replace("\n", self.newline)
        return (
            Piece(mine.name, f"{blank}{text}{after[0]}", mine.kind) if text else Piece(mine.name, mine.text, mine.kind)
        )


FUNCTIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef")


def _named(pieces: Sequence[Piece]) -> dict[str, Piece]:
    return by_name(pieces, lambda piece: piece.name)


def _same(one: Piece, other: Piece) -> bool:
    """Tell whether two pieces are equal, but for the ends of lines and the empty lines around them."""
    texts = [piece.whole.replace("\r\n", "\n").strip("\n") for piece in (one, other)]
    return one.kind == other.kind and texts[0].rstrip() == texts[1].rstrip()


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise CannotMerge("it is not UTF-8") from None


def _parsed(source: str) -> ast.Module:
    try:
        return parse(source)
    except SyntaxError as error:
        raise CannotMerge(f"line {error.lineno}: {error.msg}" if error.lineno else error.msg) from None


def _runs(source: str) -> bool:
    try:
        return bool(parse(source, runs=True))
    except SyntaxError:
        return False


def _pieces(body: Sequence[ast.stmt], lines: list[str], start: int, stop: int) -> Iterator[Piece]:
    """Divide the lines from `start` up to `stop` among the statements of a file or a class."""
    statements = list(_by_lines(body))
    for number, (first, last) in enumerate(statements):
        following = statements[number + 1][0] if number + 1 < len(statements) else None
        end = _end(first, last, lines, _first_line(following) if following else stop)
        yield _piece(first, lines, start, end, alone=first is last, opening=number == 0)
        start = end
    if start < stop:
        yield Piece("what follows the last statement", "".join(lines[start:stop]), "rest")


def _by_lines(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    """Yield the first and the last of the statements that share a line; mostly they are the same one."""
    group: list[ast.stmt] = []
    for statement in body:
        if group and _first_line(statement) < (group[-1].end_lineno or 0):
            group.append(statement)
            continue
        if group:
            yield group[0], group[-1]
        group = [statement]
    if group:
        yield group[0], group[-1]


def _first_line(statement: ast.stmt) -> int:
    """Return the index of the line that a statement begins with, or its first decorator."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1


def _end(first: ast.stmt, last: ast.stmt, lines: list[str], stop: int) -> int:
    """Return the line after a statement, and after the comments below it that are indented like its body."""
    end = last.end_lineno or 0
    for number in range(end, stop):
        stripped = lines[number].lstrip()
        if stripped.startswith("#") and len(lines[number]) - len(stripped) > first.col_offset:
            end = number + 1
    return end


def _piece(statement: ast.stmt, lines: list[str], start: int, end: int, *, alone: bool, opening: bool) -> Piece:
    kind = type(statement).__name__
    text = "".join(lines[start:end])
    if isinstance(statement, ast.ClassDef) and alone:
        inside = _first_line(statement.body[0])
        if not lines[inside][: statement.body[0].col_offset].strip():  # else it stands in the line of `class`
            pieces = tuple(_pieces(statement.body, lines, inside, end))
            return Piece(statement.name, "".join(lines[start:inside]), kind, pieces, (statement.name,))
    return Piece(_name(statement, opening), text, kind, (), tuple(_bound(statement)))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a function, class, import or assignment gives a meaning to."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
        case ast.Assign() | ast.AnnAssign():
            stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            yield from (node.id for node in stored if isinstance(node.ctx, ast.Store))


def _name(statement: ast.stmt, opening: bool) -> str:
    """Name a statement so that it is found again in another version of the file."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return statement.name
        case ast.Import():
            return f"import {', '.join(alias.name for alias in statement.names)}"
        case ast.ImportFrom():
            return f"from {'.' * statement.level}{statement.module or ''} import"
        case ast.Assign():
            return f"{', '.join(ast.unparse(target) for target in statement.targets)} ="
        case ast.AnnAssign() | ast.AugAssign():
            return f"{ast.unparse(statement.target)} ="
        case ast.Expr(value=ast.Constant(value=str())) if opening:
            return "the docstring"
        case _:
            return f"a statement ({type(statement).__name__})"
