"""Read ``.wrong`` and ``.right`` files, which state wrong and right answers as small diffs of the reference.

A diff looks like this::

    === layers.affine_backward: db-mean
    db is the mean over the minibatch; it should be the sum, because every example adds its own share.
    -    db = dout.sum(axis=0)
    +    db = dout.mean(axis=0)

It begins with the exercise and a name for the answer. In a ``.wrong`` file, the sentence that students read follows, on
one line or several; a ``.right`` file has no sentences. Then come the changed lines, as in a unified diff: ``-`` marks
a line of the reference that is removed, ``+`` a line that is added, and a space a line of context, which stays.

The removed lines and their context must occur exactly once in the exercise's own function; if they occur more often,
add context. After a line ``@@``, the diff continues elsewhere in the same function, after ``@@ def name`` in another
function, and after ``@@ <module>`` outside all functions. Line numbers between two ``@@``, as git writes them, are
allowed and ignored. A line that begins with ``#`` is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ..errors import Problem
from ..patch import Hunk, shown

_HEADING = re.compile(r"=== *(\S+?): *(\S.*)")  # exercise, name
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# A line that names a function: "@@ def name", or as git writes it, "@@ -1,2 +3,4 @@ def name(x):".
_PLACE = re.compile(r"@@(?: -[\d,]+ \+[\d,]+ @@)? *(?:(?:async +)?def +|class +)?([\w.]+|<module>)?(?:[(:].*)?")


@dataclass(frozen=True)
class NamedDiff:
    """One wrong or right answer, as it stands in a file.

    Attributes
    ----------
    exercise : str
        The exercise that it is an answer to.
    name : str
        Its name, unique within the exercise.
    sentence : str
        The sentence that students read; ``""`` for a right answer.
    hunks : tuple of Hunk
        The changes.
    line : int
        The line of its heading, counted from 1.
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
        The file's path relative to the course folder, for problems.
    sentences : bool
        Whether each diff must have a sentence, as in a ``.wrong`` file; otherwise none may have one.

    Returns
    -------
    diffs : list of NamedDiff
        The diffs without mistakes.
    problems : list of Problem
        All mistakes in the others.
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
                problems.append(Problem(file, diff.line, f"{known}; give one of them another name."))
            else:
                diffs.append(diff)
    return diffs, problems


class _DiffReader:
    """Reads the lines of one diff, and collects its mistakes.

    Parameters
    ----------
    file, sentences
        As for `read`.
    lines : list of (int, str)
        The lines of the diff with their numbers; the first is its heading.

    Attributes
    ----------
    problems : list of Problem
        The mistakes.
    """

    def __init__(self, file: str, lines: list[tuple[int, str]], sentences: bool) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.exercise = self.name = ""
        self.start = lines[0][0]
        self._sentence: list[str] = []  # its lines
        self._hunks: list[_HunkReader] = []
        self._read_heading(lines[0][1], sentences)
        for number, line in lines[1:]:
            self._read_line(number, line)
        self._check(sentences)

    def diff(self) -> NamedDiff:
        """Return the diff; call this only if there are no problems."""
        hunks = tuple(hunk.hunk(self.exercise, self.file) for hunk in self._hunks)
        return NamedDiff(self.exercise, self.name, " ".join(self._sentence), hunks, self.start)

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
        """Add a line below the heading to the sentence or to a hunk."""
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
            self._sentence.append(line.strip())

    def _check(self, sentences: bool) -> None:
        """Report what is missing or too much, after all lines were read."""
        if sentences and not self._sentence:
            self._problem(self.start, "the sentence that students read is missing; write it below this line.")
        if self._sentence and not sentences:
            self._problem(self.start + 1, "a right answer has no sentence; make it a # comment.")
        if not self._hunks:
            self._problem(self.start, 'there is no diff; write lines that begin with "-" and "+".')
        for hunk in self._hunks:
            self.problems += [Problem(self.file, hunk.line, sentence) for sentence in hunk.problems()]


class _HunkReader:
    """Collects the lines of one hunk of a diff.

    Parameters
    ----------
    line : int
        The number of its first line, for problems.
    function : str
        The function that its ``@@`` line names; ``""`` if it names none.
    """

    def __init__(self, line: int, function: str) -> None:
        self.line = line
        self._function = function
        self._lines: list[tuple[str, str]] = []
        self._blanks = 0

    def add(self, mark: str, text: str) -> None:
        """Add a line with its mark: ``"-"``, ``"+"`` or ``" "``.

        Empty lines before it are context. Their mark is a space, which many editors strip from the end of a line.
        """
        self._lines += [(" ", "")] * self._blanks
        self._blanks = 0
        self._lines.append((mark, text.rstrip()))

    def add_blank(self) -> None:
        """Note an empty line, which belongs to the hunk only if another line of the hunk follows."""
        if self._lines:
            self._blanks += 1

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each reason why the hunk cannot be used."""
        marks = {mark for mark, _ in self._lines}
        if not marks & {"+", "-"}:
            yield 'nothing is replaced here; write lines that begin with "-" and "+".'
        elif marks == {"+"}:
            yield "these lines have no place; write the line above or below them, too, with a blank before it."

    def hunk(self, exercise: str, file: str) -> Hunk:
        """Return the hunk.

        Parameters
        ----------
        exercise : str
            The exercise of the diff; its function is changed unless the hunk names another one.
        file : str
            The file that the diff stands in, for errors.
        """
        own = exercise.partition(".")[2]
        function = self._function or own
        if "." not in function and own.endswith(f".{function}"):
            function = own  # git writes the name of a method without its class
        old = tuple(text for mark, text in self._lines if mark != "+")
        new = tuple(text for mark, text in self._lines if mark != "-")
        return Hunk(function, old, new, file, self.line)
