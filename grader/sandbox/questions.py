"""Answering a worker's questions without letting it exhaust the host.

A question comes from untrusted code and is answered by the reference, in the trusted process. So it is checked first:
only functions that are proxied, only plain values, and arrays small enough that no layer can be made to build a giant
from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from .inside.wire import Answer, Ask, Opaque, Refused, WireError, as_table
from .limits import Limits

MAX_DIMENSION = 8192
MAX_ITEMS = 4_000_000
MAX_PAIR = 16_000_000  # rows of one array times columns of another: the size of a product


class Questions:
    """The questions of one program.

    Parameters
    ----------
    proxies : mapping of str to sequence of str
        What may be asked.
    answer : callable
        Who answers.
    limits : Limits
        ``asked`` bounds the bytes of all questions together.
    """

    def __init__(
        self,
        proxies: Mapping[str, Sequence[str]],
        answer: Callable[[str, str, tuple[object, ...], dict[str, object]], object],
        limits: Limits,
    ) -> None:
        self._proxies, self._answer = proxies, answer
        self._left = limits.asked

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
            What an `Answer` carries.

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
        try:
            return Answer(), self._answer(question.module, question.function, args, kwargs)
        except Exception as error:
            return Refused(type(error).__name__, str(error)[:500]), None

    def _refusal(self, values: list[object]) -> Refused | None:
        leaves = list(_leaves(values))
        for leaf in leaves:
            if isinstance(leaf, Opaque):
                return Refused("TypeError", f"an argument is a {leaf.type_name}, not an array or a number")
        arrays = [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]
        self._left -= sum(array.nbytes for array in arrays)
        sizes = sorted((size for array in arrays for size in array.shape), reverse=True)[:2]
        if (
            self._left < 0
            or sum(array.size for array in arrays) > MAX_ITEMS
            or any(size > MAX_DIMENSION for size in sizes)
            or (len(sizes) == 2 and sizes[0] * sizes[1] > MAX_PAIR)
        ):
            return Refused("ValueError", "the arrays are larger than any check needs")
        return None


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
