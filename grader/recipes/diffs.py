"""Read the texts in which a course states wrong and right answers: small diffs against its reference.

::

    === layers.affine_backward: db-mean
    db is the mean over the minibatch; every example adds its share, so it is the sum.
    -    db = dout.sum(axis=0)
    +    db = dout.mean(axis=0)

A diff begins with the exercise and a name. In a ``.wrong`` file the sentence that students read follows, on one line
or several; a ``.right`` file has none. Then come the lines that are replaced, as in a unified diff: ``-`` for a line of
the reference, ``+`` for one that takes its place, a blank for one that stays. They are looked for in the exercise's own
function and have to stand there exactly once; where they do not, a line that stays says which are meant. After a line
``@@`` the diff goes on elsewhere in the function, after ``@@ def name`` in another function, after ``@@ <module>``
outside all functions. Line numbers, as git writes them between two ``@@``, are accepted and not looked at. A line that
begins with ``#`` is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ..errors import Problem
from ..patch import Hunk, shown

_HEADING = re.compile(r"=== *(\S+?): *(\S.*)")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLACE = re.compile(r"@@(?: -[\d,]+ \+[\d,]+ @@)? *(?:(?:async +)?def +|class +)?([\w.]+|<module>)?(?:[(:].*)?")


@dataclass(frozen=True)
class NamedDiff:
    """One wrong or right answer, as it is written.

    Attributes
    ----------
    exercise, name, sentence : str
        The sentence of a right answer is ``""``.
    hunks : tuple of Hunk
    line : int
        Of its heading.
    """

    exercise: str
    name: str
    sentence: str
    hunks: tuple[Hunk, ...]
    line: int


def read(text: str, file: str, *, sentences: bool) -> tuple[list[NamedDiff], list[Problem]]:
    """Read a ``.wrong`` or ``.right`` file.

    Parameters
    ----------
    text : str
    file : str
        Its path relative to the course folder, for problems.
    sentences : bool
        Whether each diff has one: so it is in a ``.wrong`` file.

    Returns
    -------
    diffs : list of NamedDiff
        Those that can be read.
    problems : list of Problem
        All that is wrong with the others.
    """
    diffs: list[NamedDiff] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    lines = list(enumerate(text.split("\n"), 1))
    starts = [index for index, (_, line) in enumerate(lines) if line.startswith("===")]
    for number, line in lines[: starts[0]] if starts else lines:
        if line.strip() and not line.startswith("#"):
            problems.append(
                Problem(file, number, 'this stands before the first diff, "=== exercise: name"; make it a # comment.')
            )
            break
    for start, stop in pairwise([*starts, len(lines)]):
        reader = _DiffReader(file, lines[start:stop], sentences)
        problems += reader.problems
        if not reader.problems:
            diff = reader.diff()
            first = seen.setdefault((diff.exercise, diff.name), diff.line)
            if first != diff.line:
                known = f'{shown(diff.exercise)} has "{shown(diff.name)}" on line {first} already'
                said = f"{known}; give one of them another name."
                problems.append(Problem(file, diff.line, said))
            else:
                diffs.append(diff)
    return diffs, problems


class _DiffReader:
    """Reads one diff, a line at a time, and gathers what is wrong with it."""

    def __init__(self, file: str, lines: list[tuple[int, str]], sentences: bool) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.exercise = self.name = ""
        self.start = lines[0][0]
        self._said: list[str] = []
        self._hunks: list[_HunkReader] = []
        self._read_heading(lines[0][1], sentences)
        for number, line in lines[1:]:
            self._read_line(number, line)
        self._check(sentences)

    def diff(self) -> NamedDiff:
        """What was read, if there are no problems."""
        hunks = tuple(hunk.hunk(self.exercise, self.file) for hunk in self._hunks)
        return NamedDiff(self.exercise, self.name, " ".join(self._said), hunks, self.start)

    def _problem(self, line: int, sentence: str) -> None:
        self.problems.append(Problem(self.file, line, sentence))

    def _read_heading(self, line: str, sentences: bool) -> None:
        heading = _HEADING.fullmatch(line.rstrip())
        if not heading:
            self._problem(self.start, 'a diff begins with "=== exercise: name".')
            return
        self.exercise, self.name = heading.groups()
        if "." not in self.exercise:
            self._problem(self.start, f'"{shown(self.exercise)}" is no exercise; write "module.function".')
        if sentences and not _ID.fullmatch(self.name):
            self._problem(self.start, f'"{shown(self.name)}" is no name; write small letters, digits and hyphens.')

    def _read_line(self, number: int, line: str) -> None:
        if line.startswith("#"):
            return
        if line.startswith("@@"):
            place = _PLACE.fullmatch(line.rstrip())
            if not place:
                self._problem(number, 'a diff goes on after "@@", "@@ def function" or "@@ <module>".')
            self._hunks.append(_HunkReader(number, (place and place[1]) or ""))
        elif line[:1] in ("+", "-", " ") and line.strip():
            if not self._hunks:
                self._hunks.append(_HunkReader(number, ""))
            self._hunks[-1].add(line[0], line[1:])
        elif not line.strip():
            if self._hunks:
                self._hunks[-1].add_blank()
        elif self._hunks:
            self._problem(
                number, 'a line of a diff begins with "-", "+" or a blank; a sentence stands before the diff.'
            )
        else:
            self._said.append(line.strip())

    def _check(self, sentences: bool) -> None:
        if sentences and not self._said:
            self._problem(self.start, "the sentence that students read is missing; write it below this line.")
        if self._said and not sentences:
            self._problem(self.start + 1, "a right answer has no sentence; make it a # comment.")
        if not self._hunks:
            self._problem(self.start, 'there is no diff; write lines that begin with "-" and "+".')
        for hunk in self._hunks:
            self.problems += [Problem(self.file, hunk.line, sentence) for sentence in hunk.problems()]


class _HunkReader:
    """One block of a diff."""

    def __init__(self, line: int, function: str) -> None:
        self.line = line
        self._function = function
        self._lines: list[tuple[str, str]] = []
        self._blanks = 0

    def add(self, mark: str, text: str) -> None:
        """A line with its mark. Blank lines before it belong to the block: editors strip the mark of a blank one."""
        self._lines += [(" ", "")] * self._blanks
        self._blanks = 0
        self._lines.append((mark, text.rstrip()))

    def add_blank(self) -> None:
        """A blank line: part of the block only if the block goes on."""
        if self._lines:
            self._blanks += 1

    def problems(self) -> Iterator[str]:
        """What makes it unusable."""
        marks = {mark for mark, _ in self._lines}
        if not marks & {"+", "-"}:
            yield 'nothing is replaced here; write lines that begin with "-" and "+".'
        elif marks == {"+"}:
            yield "these lines have no place; write the line above or below them, too, with a blank before it."

    def hunk(self, exercise: str, file: str) -> Hunk:
        """The block as what it does."""
        own = exercise.partition(".")[2]
        function = self._function or own
        if "." not in function and own.endswith(f".{function}"):
            function = own  # git names a method without its class
        old = tuple(text for mark, text in self._lines if mark != "+")
        new = tuple(text for mark, text in self._lines if mark != "-")
        return Hunk(function, old, new, file, self.line)
