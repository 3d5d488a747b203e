"""Answering a worker's questions without letting it exhaust the host.

A question comes from untrusted code and is answered by the reference. So it is checked first: only functions that are
proxied, only plain values, and arrays and settings small enough that no layer can be made to build a giant from them.
Where grading asks, all of this happens in a process that can be ended (`grader.judging.answers`).

What is not plain in an answer, such as the cache of a compiled layer, never leaves. The worker gets its name instead,
and when it asks with that name the thing itself takes part: compiled code meets no cache that it did not make.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

import numpy as np

from utils.checks.values import parts

from .inside.wire import Answer, Ask, Frame, Opaque, Refused, WireError, as_table, load
from .limits import Limits

MAX_DIMENSION = 8192
MAX_ITEMS = 4_000_000
MAX_EXACT = 100_000  # entries of arrays of integers or bools, which no BLAS multiplies
MAX_PAIR = 16_000_000  # rows of one array times columns of another: the size of a product
MAX_IMAGES = 16_000_000  # entries of padded images times entries of filters: the work of a convolution


class Questions:
    """The questions of one program.

    Parameters
    ----------
    proxies : mapping of str to sequence of str
        What may be asked.
    answer : callable
        Who answers.
    limits : Limits
        ``questions`` bounds their number, ``asked`` the bytes of all together, and of what is kept of their answers.
    """

    def __init__(
        self,
        proxies: Mapping[str, Sequence[str]],
        answer: Callable[[str, str, tuple[object, ...], dict[str, object]], object],
        limits: Limits,
    ) -> None:
        self._proxies, self._answer = proxies, answer
        self._left, self._questions_left = limits.asked, limits.questions
        self._kept: dict[str, object] = {}

    def reply(self, question: Ask, value: object) -> tuple[Answer | Refused, object]:
        """Answer one question, or say why not.

        Parameters
        ----------
        question : Ask
        value : object
            ``(args, kwargs)``, as it came over the wire.

        Returns
        -------
        message : Answer or Refused
        value : object
            What an `Answer` carries: the returned value, and the dicts among the arguments as they are now. Layers
            write to their settings (running statistics), so the worker has to see that.

        Raises
        ------
        WireError
            When no proxy asks like this: the frame is forged.
        """
        if question.function not in self._proxies.get(question.module, ()):
            raise WireError("a question names a function that has no proxy")
        if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], tuple)):
            raise WireError("a question carries no arguments")
        args, kwargs = value[0], as_table(value[1])
        refusal = self._refusal([*args, *kwargs.values()])
        if refusal is not None:
            return refusal, None
        args, kwargs = tuple(map(self._found, args)), {name: self._found(item) for name, item in kwargs.items()}
        try:
            answer = self._answer(question.module, question.function, args, kwargs)
        except Exception as error:
            return Refused(type(error).__name__, str(error)[:500]), None
        return Answer(), (self._plain(answer), [item for item in (*args, *kwargs.values()) if isinstance(item, dict)])

    def _plain(self, value: object) -> object:
        """The value with a name in place of everything that stays here."""
        if type(value) in (list, tuple):
            return type(value)(map(self._plain, value))  # type: ignore[call-overload, call-arg]
        if not isinstance(value, tuple):
            return value
        name = f"{type(value).__name__} {len(self._kept) + 1}"
        self._kept[name] = value
        self._left -= sum(part.nbytes for part in parts(value) if isinstance(part, np.ndarray))
        return Opaque(name)

    def _found(self, value: object) -> object:
        """The value with everything that stayed here in place of its name."""
        if isinstance(value, Opaque):
            return self._kept[value.type_name]
        if isinstance(value, list | tuple):
            return type(value)(map(self._found, value))
        return value

    def _refusal(self, values: list[object]) -> Refused | None:
        given = list(parts(values))
        for part in given:
            if isinstance(part, Opaque) and part.type_name not in self._kept:
                return Refused("TypeError", f"an argument is a {part.type_name}, not an array or a number")
        self._questions_left -= 1
        if self._questions_left < 0:
            return Refused("ValueError", "there have been more questions than any check needs")
        arrays = [part for part in given if isinstance(part, np.ndarray)]
        if any(part.dtype == np.float16 for part in given if isinstance(part, np.ndarray | np.generic)):
            return Refused("TypeError", "an argument is of dtype float16; use float32 or float64")
        self._left -= sum(array.nbytes for array in arrays)
        sizes = sorted((size for array in arrays for size in array.shape), reverse=True)[:2]
        if (
            self._left < 0
            or sum(array.size for array in arrays) > MAX_ITEMS
            or sum(array.size for array in arrays if array.dtype.kind != "f") > MAX_EXACT
            or any(size > MAX_DIMENSION for size in sizes)
            or (len(sizes) == 2 and sizes[0] * sizes[1] > MAX_PAIR)
            or _work(values, arrays) > MAX_IMAGES
        ):
            return Refused("ValueError", "the arrays are larger than any check needs")
        return None


class QuestionHandler:
    """Answers the questions of programs, one program after the other, and forgets everything in between.

    Parameters
    ----------
    answer : callable
        As in `Questions`.

    Attributes
    ----------
    spent : float
        Processor seconds that answering has taken in another process; none here.
    """

    spent = 0.0

    def __init__(self, answer: Callable[[str, str, tuple[object, ...], dict[str, object]], object]) -> None:
        self._answer = answer
        self._program = 0
        self._questions: Questions | None = None

    def reply(
        self, program: int, proxies: Mapping[str, Sequence[str]], limits: Limits, question: Frame, largest: int
    ) -> Frame:
        """Answer one question.

        Parameters
        ----------
        program : int
            Which program asks; a number that no other program has.
        proxies : mapping of str to sequence of str
            What it may ask.
        limits : Limits
        question : Frame
            As it came over the wire.
        largest : int
            Bytes of arrays that an answer may hold.

        Returns
        -------
        Frame

        Raises
        ------
        WireError
            When no proxy asks like this: the frame is forged.
        """
        message, value = load(*question)
        if not isinstance(message, Ask):
            raise WireError(f"{type(message).__name__} is no question")
        if self._questions is None or program != self._program:
            self._program, self._questions = program, Questions(proxies, self._answer, limits)
            np.random.seed(0)  # what a layer draws does not depend on who asked before
        answer = Frame.of(*self._questions.reply(message, value))
        return answer if len(answer.blob) <= largest else Frame.of(Refused("ValueError", "the result is too large"))


def _work(values: list[object], arrays: list[np.ndarray]) -> int:
    """What a convolution or a pooling of these arrays would cost: the two largest of them, padded, multiplied."""
    pad = max(_pads(values), default=0)
    padded = (n * c * (h + 2 * pad) * (w + 2 * pad) for n, c, h, w in (a.shape for a in arrays if a.ndim == 4))
    return math.prod(sorted(padded, reverse=True)[:2])


def _pads(value: object) -> Iterator[int]:
    """Every setting called pad that can be used as one."""
    if isinstance(value, dict) and "pad" in value:
        with suppress(TypeError):
            yield operator.index(value["pad"])
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from _pads(item)
