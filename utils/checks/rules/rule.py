"""What every rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Fault:
    """What is wrong with one output.

    Attributes
    ----------
    path : str
        The output, as ``"dx"`` or ``"grads.W1"``.
    kind : str
        ``"type"``, ``"key"``, ``"shape"``, ``"dtype"``, ``"nan"`` or ``"value"``.
    sentence : str
        What is seen and what was expected.
    want, got : object
        The values that were compared, for the diagnosis.
    """

    path: str
    kind: str
    sentence: str
    want: object = None
    got: object = None


@dataclass(frozen=True)
class Rule:
    """Base of all rules; a subclass decides what a right answer is."""

    REGISTRY: ClassVar[dict[str, type[Rule]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        Rule.REGISTRY[cls.__name__] = cls

    def faults(self, path: str, want: object, got: object, inputs: Mapping[str, object]) -> list[Fault]:
        """What is wrong with `got`.

        Parameters
        ----------
        path : str
            The output's name.
        want : object
            The reference's answer.
        got : object
            The answer under test.
        inputs : mapping of str to object
            The case's inputs.

        Returns
        -------
        list of Fault
        """
        raise NotImplementedError

    def agree(self, other: object, got: object, inputs: Mapping[str, object]) -> bool:
        """Whether `got` is the answer `other`, which a misconception gives.

        Parameters
        ----------
        other, got : object
            The misconception's answer and the one under test.
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
        """The rule as plain data, for the golden pack."""
        return {"rule": type(self).__name__, **asdict(self)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Rule:
        """The rule that `to_dict` described."""
        settings = dict(data)
        return Rule.REGISTRY[settings.pop("rule")](**settings)


def in_words(value: object) -> str:
    """A value's type in words."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    name = getattr(value, "type_name", type(value).__name__)
    return {"int": "a number", "float": "a number", "str": "a string"}.get(name, f"an object of type {name}")
