"""Answer a worker's questions without letting them exhaust the host.

A question is a call of a function that the reference answers in the submission's place. It comes from untrusted code,
so it is checked first: the function has to be a proxy, the arguments have to be plain values, and arrays and settings
have to be so small that no layer can be made to build a huge array from them. While submissions are graded, all of this
happens in a child process with a time limit (`grader.judging.answers`).

Some answers hold objects that are not plain values, such as the cache of a compiled layer. These objects stay in this
process, and the worker gets a name for each. When the worker passes that name to another function, the object itself is
used. So compiled code only ever reads a cache that it has made itself.
"""

from __future__ import annotations

import ctypes
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import numpy as np
from numpy.random.mtrand import get_bit_generator

from utils.checks.values import parts

from .inside.wire import Answer, Ask, Frame, Opaque, Refused, WireError, as_table, load
from .limits import Limits

# The most that the arrays of one question may have.
MAX_DIMENSION = 8192  # entries along one axis
MAX_ITEMS = 4_000_000  # entries of all arrays together
MAX_EXACT = 100_000  # entries of integer and bool arrays together: BLAS does not multiply them, so they take long
MAX_PAIR = 16_000_000  # product of the two longest axes: the entries of the matrix that a product of them can have
MAX_IMAGES = 16_000_000  # entries of the padded images times entries of the filters: the work of a convolution
MOST_SHAPES = 6  # that a message lists

_BYTES_OF_STATE: Final = 4 * 624 + 4
"""Bytes of the state of NumPy's Mersenne Twister: 624 words, and the place of the next one."""

AnswerFunction = Callable[[str, str, tuple[object, ...], dict[str, object]], object]


class Asked(NamedTuple):
    """What a program has asked so far, its present question included.

    Attributes
    ----------
    number : int
        The number of questions.
    size : int
        Bytes of the arrays in them.
    """

    number: int
    size: int


class Questions:
    """Check and answer the questions of one program.

    Parameters
    ----------
    proxies : mapping of str to sequence of str
        The functions that may be asked for: module → names.
    answer : callable
        Called as ``answer(module, function, args, kwargs)``; returns what the function returns.
    limits : Limits
        ``questions`` bounds the number of questions. ``asked`` bounds the bytes of the arrays in all questions together
        with those of the objects that are kept here.

    Attributes
    ----------
    alone : bool
        Whether the last question has an answer that depends on nothing else and leaves nothing behind: no object is
        kept or used, and no random number was drawn.
    """

    def __init__(self, proxies: Mapping[str, Sequence[str]], answer: AnswerFunction, limits: Limits) -> None:
        self._proxies, self._answer, self._limits = proxies, answer, limits
        self._kept: dict[str, object] = {}
        self._kept_bytes = 0
        self._drawn = False  # whether an answer has drawn random numbers
        self.alone = False

    def reply(self, question: Ask, value: object, asked: Asked) -> tuple[Answer | Refused, object]:
        """Answer one question, or say why it is refused.

        Parameters
        ----------
        question : Ask
            The function that was called.
        value : object
            Its arguments ``(args, kwargs)`` as they came over the wire; untrusted.
        asked : Asked
            What the program has asked so far.

        Returns
        -------
        message : Answer or Refused
        value : object
            For an `Answer`, the returned value and the dicts among the arguments after the call: layers write running
            statistics to their settings, and the worker has to see those. None for a `Refused`.

        Raises
        ------
        WireError
            When no proxy can have sent this question, so that the frame is forged.
        """
        self.alone = False
        if question.function not in self._proxies.get(question.module, ()):
            raise WireError("a question names a function that has no proxy")
        if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], tuple)):
            raise WireError("a question carries no arguments")
        args, kwargs = value[0], as_table(value[1])
        refusal = self._refusal([*args, *kwargs.values()], asked)
        if refusal is not None:
            return refusal, None
        uses_kept = any(isinstance(part, Opaque) for part in parts((args, kwargs)))
        kept, state = len(self._kept), self._random_state()
        args = tuple(map(self._with_objects, args))
        kwargs = {name: self._with_objects(item) for name, item in kwargs.items()}
        try:
            answer = self._answer(question.module, question.function, args, kwargs)
        except Exception as error:
            arrays = [item for item in (*args, *kwargs.values()) if isinstance(item, np.ndarray)]
            return _refused(question.function, arrays, error), None
        finally:
            drawn = self._random_state() != state
            self._drawn |= drawn
        settings = [item for item in (*args, *kwargs.values()) if isinstance(item, dict)]
        answer = self._with_names(answer)
        self.alone = not uses_kept and len(self._kept) == kept and not drawn
        return Answer(), (answer, settings)

    def _with_names(self, value: object) -> object:
        """Keep the objects in an answer that are not plain values, and put a name in place of each.

        Such an object is a tuple of a class of its own (a named tuple); plain lists and tuples are searched for them.
        """
        if type(value) in (list, tuple):
            return type(value)(map(self._with_names, value))  # type: ignore[call-overload, call-arg]  # a list or a tuple
        if not isinstance(value, tuple):
            return value
        name = f"{type(value).__name__} {len(self._kept) + 1}"
        self._kept[name] = value
        self._kept_bytes += sum(part.nbytes for part in parts(value) if isinstance(part, np.ndarray))
        return Opaque(name)

    def _with_objects(self, value: object) -> object:
        """Put the kept objects back in place of their names."""
        if isinstance(value, Opaque):
            return self._kept[value.type_name]
        if isinstance(value, list | tuple):
            return type(value)(map(self._with_objects, value))
        return value

    def _random_state(self) -> tuple[object, ...]:
        """Return the state of NumPy's global generator, to be compared with another one.

        The function that returns it copies number by number, which would be a third of what an answer takes. The memory
        lacks the second of two normal numbers that are drawn together, which there is only once something was drawn.
        """
        state = ctypes.string_at(get_bit_generator().ctypes.state_address, _BYTES_OF_STATE)
        return (state, *tuple(np.random.get_state())[3:]) if self._drawn else (state,)

    def _refusal(self, values: list[object], asked: Asked) -> Refused | None:
        """Check the arguments of a question against the limits; None where it may be answered."""
        given = parts(values)
        for part in given:
            if isinstance(part, Opaque) and part.type_name not in self._kept:
                return Refused("TypeError", f"an argument is a {part.type_name}, not an array or a number")
        if asked.number > self._limits.questions:
            return Refused("ValueError", "there have been more questions than any check needs")
        arrays = [part for part in given if isinstance(part, np.ndarray)]
        if any(part.dtype == np.float16 for part in given if isinstance(part, np.ndarray | np.generic)):
            return Refused("TypeError", "an argument is of dtype float16; use float32 or float64")
        sizes = sorted((size for array in arrays for size in array.shape), reverse=True)[:2]
        if (
            asked.size + self._kept_bytes > self._limits.asked
            or sum(array.size for array in arrays) > MAX_ITEMS
            or sum(array.size for array in arrays if array.dtype.kind != "f") > MAX_EXACT
            or any(size > MAX_DIMENSION for size in sizes)
            or (len(sizes) == 2 and sizes[0] * sizes[1] > MAX_PAIR)
            or _convolution_work(values, arrays) > MAX_IMAGES
        ):
            return Refused("ValueError", "the arrays are larger than any check needs")
        return None


def _refused(function: str, arrays: Sequence[np.ndarray], error: Exception) -> Refused:
    """Say why a function has raised: in its own words or, if shapes did not fit in it, with those that it was given."""
    said, trace = str(error)[:500], error.__traceback__
    functions = set()
    while trace is not None:
        functions.add(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    named = said.partition(": ")[0] in functions
    if not named and isinstance(error, ValueError) and re.search("shape|dimension|broadcast", said):
        shapes = ", ".join(str(array.shape) for array in arrays[:MOST_SHAPES])
        said, named = f"{function}: arrays of these shapes do not fit each other: {shapes}", True
    return Refused(type(error).__name__, said, named)


class QuestionHandler:
    """Answer the questions of one program after the other; nothing is kept from one program to the next.

    Parameters
    ----------
    answer : callable
        As in `Questions`.

    Attributes
    ----------
    spent : float
        Processor seconds that answering has taken in another process; 0, because this class answers in its own.
    alone : bool
        As for `Questions`, of the last reply.
    """

    spent = 0.0

    def __init__(self, answer: AnswerFunction) -> None:
        self._answer = answer
        self.alone = False
        self._program = 0
        self._questions: Questions | None = None

    def reply(
        self,
        program: int,
        proxies: Mapping[str, Sequence[str]],
        limits: Limits,
        question: Frame,
        asked: Asked,
        largest: int,
    ) -> Frame:
        """Answer one question.

        Parameters
        ----------
        program : int
            The number of the program that asks; no other program has it.
        proxies : mapping of str to sequence of str
            The functions that it may ask for: module → names.
        limits : Limits
            The limits of the program's worker.
        question : Frame
            The frame that came over the wire; untrusted.
        asked : Asked
            What the program has asked so far.
        largest : int
            Bytes of arrays that the answer may hold.

        Returns
        -------
        Frame
            An `Answer` or a `Refused`, ready to be sent.

        Raises
        ------
        WireError
            When no proxy can have sent this frame, so that it is forged.
        """
        message, value = load(*question)
        if not isinstance(message, Ask):
            raise WireError(f"{type(message).__name__} is no question")
        if self._questions is None or program != self._program:
            self._program, self._questions = program, Questions(proxies, self._answer, limits)
            np.random.seed(0)  # so that random layers draw the same, whichever program has asked before
        answer = Frame.of(*self._questions.reply(message, value, asked))
        self.alone = self._questions.alone
        return answer if len(answer.blob) <= largest else Frame.of(Refused("ValueError", "the result is too large"))


def _convolution_work(values: list[object], arrays: list[np.ndarray]) -> int:
    """Bound the work of a convolution of these arrays: the entries of the two largest, padded, multiplied."""
    pad = max(_pads(values), default=0)
    padded = (n * c * (h + 2 * pad) * (w + 2 * pad) for n, c, h, w in (a.shape for a in arrays if a.ndim == 4))
    return math.prod(sorted(padded, reverse=True)[:2])


def _pads(value: object) -> Iterator[int]:
    """Yield every setting called ``pad``, in dicts at any depth, that is an integer."""
    if isinstance(value, dict) and "pad" in value:
        with suppress(TypeError):
            yield operator.index(value["pad"])
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from _pads(item)
