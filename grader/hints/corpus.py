"""Read the wrong answers in ``solutions/student_answers``, and put each of them into the reference's module.

A file holds the wrong answers to one exercise, one after the other ::

    === 01
    cause: db is the mean over the examples; it should be the sum.
    def affine_backward(dout, cache):
        ...

There is a ``cause:`` line for each mistake, as a tutor would name it, and then the student's code: the function of that
name, and any helper functions and imports. A method is written like a function, without its class.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ..course import Course
from ..errors import Problem, UnusableCourseFiles
from ..reference import Reference
from ..release.regions import functions

HALVES = ("development", "held_back")
"""The folders: hints are improved with the first half at hand, and what that has brought is measured on the second."""

_HEAD = re.compile(r"=== (\d+)")
_CAUSE = "cause:"


@dataclass(frozen=True)
class StudentAnswer:
    """A wrong answer to one exercise.

    Attributes
    ----------
    half : str
        One of `HALVES`.
    exercise : str
        The exercise: ``"layers.affine_backward"``.
    number : str
        Its number in its file, as it is written there: ``"01"``.
    causes : tuple of str
        The mistakes, one sentence each; at least one.
    code : str
        The student's code.
    file : str
        The path of its file, relative to the course folder.
    line : int
        The line on which it begins.
    """

    half: str
    exercise: str
    number: str
    causes: tuple[str, ...]
    code: str
    file: str
    line: int

    @property
    def id(self) -> str:
        """What names it everywhere: ``"development/layers.affine_backward/01"``."""
        return f"{self.half}/{self.exercise}/{self.number}"

    @property
    def function(self) -> str:
        """The qualified name of the function: ``"Net.loss"``."""
        return self.exercise.split(".", 1)[1]

    def module_text(self, reference: str) -> str:
        """Return the text of the reference's module with this answer in place of the function.

        Parameters
        ----------
        reference : str
            The text of the reference's module.

        Returns
        -------
        str
            A method is indented as far as the one that it replaces. What else the answer has, such as helper functions,
            stands in front of the class.
        """
        lines, tree = reference.splitlines(), ast.parse(reference)
        first, last = _span(functions(tree)[self.function])
        own = self.code.splitlines()
        if "." not in self.function:
            return "\n".join([*lines[:first], *own, *lines[last:]]) + "\n"
        start, stop = _span(functions(ast.parse(self.code))[self.function.rpartition(".")[2]])
        indent = re.match(r"\s*", lines[first])
        assert indent
        method = textwrap.indent("\n".join(own[start:stop]), indent[0])
        enclosing = self.function.partition(".")[0]
        top = min(_span(node)[0] for node in tree.body if isinstance(node, ast.ClassDef) and node.name == enclosing)
        beside = [*own[:start], *own[stop:]]
        return "\n".join([*lines[:top], *beside, *lines[top:first], method, *lines[last:]]) + "\n"


def read_answers(course: Course, reference: Reference) -> list[StudentAnswer]:
    """Read all wrong answers of a course, in the order of course.toml, the development half first.

    Raises
    ------
    UnusableCourseFiles
        When a file is named after no exercise, or an answer in it is malformed; the message lists all such places.
    """
    known = [e.name for _, e in course.exercises(further=True) if e.score is None]
    found: list[StudentAnswer] = []
    problems: list[Problem] = []
    for half in HALVES:
        for path in sorted((reference.student_answers_folder / half).rglob("*.txt")):
            exercise, where = f"{path.parent.name}.{path.stem}", path.relative_to(reference.root).as_posix()
            if exercise not in known:
                problems.append(Problem(where, 0, f"there is no exercise {exercise}; name the file after one."))
                continue
            answers, wrong = _read(path.read_text("utf-8"), half, exercise, where)
            found += answers
            problems += wrong
    if problems:
        raise UnusableCourseFiles(problems)
    return sorted(found, key=lambda one: (HALVES.index(one.half), known.index(one.exercise)))


def _read(text: str, half: str, exercise: str, where: str) -> tuple[list[StudentAnswer], list[Problem]]:
    """Read the answers of one file, and what is wrong with it."""
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("===")]
    answers: dict[str, StudentAnswer] = {}
    problems: list[Problem] = []
    if not heads or any(line.strip() for line in lines[: heads[0]]):
        problems.append(Problem(where, 1, 'an answer should begin with a line such as "=== 01".'))
    for start, stop in pairwise([*heads, len(lines)]):
        head = _HEAD.fullmatch(lines[start].rstrip())
        number = head[1] if head else ""
        body = lines[start + 1 : stop]
        causes = [line.removeprefix(_CAUSE).strip() for line in body if line.startswith(_CAUSE)]
        code = "\n".join(line for line in body if not line.startswith(_CAUSE)).strip("\n")
        answer = StudentAnswer(half, exercise, number, tuple(causes), code, where, start + 1)
        problems += (Problem(where, start + 1, sentence) for sentence in _mistakes(answer, number in answers))
        answers[number] = answer
    return list(answers.values()), problems


def _mistakes(answer: StudentAnswer, again: bool) -> Iterator[str]:
    """Yield what is wrong with the form of an answer; `again` tells that an answer before it has the same number."""
    if not answer.number:
        yield 'this should be "===", a space and a number.'
    elif again:
        yield f"there are two answers {answer.number}; give this one another number."
    if not answer.causes or not all(answer.causes):
        yield f'the mistakes of answer {answer.number} are missing; write each on a line that begins with "{_CAUSE}".'
    name = answer.function.rpartition(".")[2]
    try:
        written = functions(ast.parse(answer.code))
    except SyntaxError as error:
        yield f"the code of answer {answer.number} is not valid Python ({error.msg}); correct it."
    else:
        if name not in written:
            yield f"answer {answer.number} has no function {name}; write it out."


def _span(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[int, int]:
    """Return the first line of a definition, decorators included, counted from 0, and the line after its last."""
    assert node.end_lineno is not None
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1, node.end_lineno
