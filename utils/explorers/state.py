"""A state as a short readable string: everything that an explorer shows follows from it, the seed included."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, quote


class StateError(ValueError):
    """A string that is no state of this explorer; its text says what is wrong, in one sentence."""


@dataclass(frozen=True)
class State:
    """Base of every explorer's state: fields of type int, float, str, bool, or tuple of floats.

    Attributes
    ----------
    name : str
        The explorer, as it stands at the beginning of the string.
    limits : dict of str to (low, high) or to a tuple of choices
        What a field may be; a string that says otherwise is refused.
    """

    name: ClassVar[str]
    limits: ClassVar[dict[str, tuple[Any, ...]]] = {}

    def __str__(self) -> str:
        said = (f"{field.name}={text(getattr(self, field.name))}" for field in fields(self))
        return f"{self.name}?{'&'.join(said)}"

    @classmethod
    def parse(cls, code: str) -> Self:
        """The state that a string describes; fields that it leaves out have their defaults.

        Parameters
        ----------
        code : str
            As `str` gives it: ``"weight-scale?depth=8&scale=0.01&seed=0"``.

        Raises
        ------
        StateError
            In one sentence, where the string belongs to another explorer or a value is not possible.
        """
        name, _, query = code.strip().partition("?")
        if name != cls.name:
            raise StateError(f'This explorer\'s states begin with "{cls.name}?", and this one with "{name[:40]}".')
        types = get_type_hints(cls)
        found: dict[str, Any] = {}
        for key, text in parse_qsl(query, keep_blank_values=True):
            if key not in {field.name for field in fields(cls)}:
                raise StateError(
                    f'"{key[:40]}" is no setting here; there are {", ".join(f.name for f in fields(cls))}.'
                )
            found[key] = _value(key, text, types[key])
        state = cls(**found)
        for key, allowed in cls.limits.items():
            held: Any = getattr(state, key)
            for one in held if isinstance(held, tuple) else (held,):
                _inside(key, one, allowed)
        return state

    def but(self, **changes: Any) -> Self:
        """This state with other values."""
        return replace(self, **changes)


def _inside(key: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if isinstance(value, str | bool):
        if value not in allowed:
            raise StateError(f'{key} is "{str(value)[:40]}"; it is one of {", ".join(map(str, allowed))}.')
    elif not allowed[0] <= value <= allowed[-1]:
        raise StateError(f"{key} is {value:g}; it lies between {allowed[0]:g} and {allowed[-1]:g}.")


def text(value: object) -> str:
    """A value as it stands in a state's string."""
    if isinstance(value, tuple):
        return ",".join(map(text, value))
    if isinstance(value, float):
        return f"{value:.6g}".replace("e+", "e")  # a plus sign would be read as a space
    return quote(str(value), safe="")


def _value(key: str, text: str, kind: Any) -> Any:
    try:
        if get_origin(kind) is tuple:
            return tuple(_value(key, part, get_args(kind)[0]) for part in text.split(",") if text)
        if kind is bool:
            return {"True": True, "False": False}[text]
        return kind(text)
    except (ValueError, KeyError):
        raise StateError(f'{key} is "{text[:40]}", which is no {getattr(kind, "__name__", kind)}.') from None
