"""The base class of all rules, and the faults that a rule finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar

import numpy as np


class FaultKind(StrEnum):
    """In which way an output is wrong; only the first that applies is found."""

    TYPE = "type"
    """It is something else than an array, a number or a dict, whichever was expected."""

    KEY = "key"
    """It is a dict that lacks an entry."""

    SHAPE = "shape"
    DTYPE = "dtype"

    NOT_FINITE = "not finite"
    """It holds NaN or infinity where finite numbers were expected."""

    VALUE = "value"
    """The numbers are wrong."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one output.

    Attributes
    ----------
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    kind : FaultKind
    clause : str
        What is seen and what was expected.
    expected, got : object
        The values that were compared, for the diagnosis.
    reason : tuple of object
        Set by rules for random draws, which have no single right value: two answers with equal reasons are wrong in the
        same way.
    by_entry : bool
        Whether the entries of two arrays were compared one by one. The clause then counts them and does not begin with
        the output's name.
    """

    path: str
    kind: FaultKind
    clause: str
    expected: object = None
    got: object = None
    reason: tuple[object, ...] = ()
    by_entry: bool = False

    @property
    def output(self) -> str:
        """The output that `path` is in: ``"grads"`` for ``"grads.W1"``."""
        return self.path.partition(".")[0]

    @property
    def sentence(self) -> str:
        """The clause, with the output's name."""
        return f"{self.path}: {self.clause}" if self.by_entry else self.clause


@dataclass(frozen=True)
class Rule:
    """How one output is compared with what is expected; a subclass decides what a right answer is.

    A rule is plain data, because golden packs carry it: `to_dict` and `from_dict`.
    """

    REGISTRY: ClassVar[dict[str, type[Rule]]] = {}
    """All subclasses, by name."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        Rule.REGISTRY[cls.__name__] = cls

    def faults(self, path: str, expected: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        """List what is wrong with `got`.

        Parameters
        ----------
        path : str
            The output's name.
        expected : object
            What the reference gives.
        got : object
            What the code under test gives.
        inputs : mapping of str to object
            The case's inputs.

        Returns
        -------
        list of Fault
        """
        raise NotImplementedError

    def is_drawn(self, expected: object) -> bool:
        """Whether what is expected is a random draw: a right answer has only its distribution in common with it."""
        return False

    def agree(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether `got` is what a misconception gives, `other`.

        Parameters
        ----------
        other, got : object
            What the misconception gives, and the code under test.
        inputs : mapping of str to object
            The case's inputs.

        Returns
        -------
        bool
        """
        if isinstance(other, Mapping) and isinstance(got, Mapping):
            keys = other.keys() == got.keys()
            return keys and all(self.agree(other[key], got[key], inputs) for key in other)
        if other is None or got is None:
            return other is got
        return self.same(other, got, inputs)

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """`agree` for one array or number."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, object]:
        """Return the rule as plain data, for the golden pack."""
        return {"rule": type(self).__name__, **asdict(self)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Rule:
        """Return the rule that `to_dict` described."""
        settings = dict(data)
        return Rule.REGISTRY[settings.pop("rule")](**settings)


class RandomRule(Rule):
    """Base of the rules for random draws, of which many are right and none can be expected.

    Two answers agree when they are wrong in the same way: see `Fault.reason`.
    """

    def is_drawn(self, expected: object) -> bool:
        return True

    def same(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        theirs, ours = (self.faults("", None, value, inputs) for value in (other, got))
        return [fault.reason for fault in theirs] == [fault.reason for fault in ours]


def incomparable(path: str, expected: object, got: object) -> Fault:
    """Say that an answer is of a kind that the rule cannot look at."""
    seen = in_words(got)
    return Fault(path, FaultKind.TYPE, f"{path} cannot be compared: it is {seen}", expected, got, ("type", seen))


def in_words(value: object) -> str:
    """Say in words of what type a value is."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    name = getattr(value, "type_name", type(value).__name__)
    return {"int": "a number", "float": "a number", "str": "a string"}.get(name, f"an object of type {name}")
