"""Golden packs: the visible cases of an exercise, with the right answers and those of its misconceptions.

A pack is one ``.npz`` file without pickles: an entry ``pack`` holds everything but the arrays as JSON, in which an
array is referred to by the name of its own entry. The same values always give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from utils.errors import reason

from .case import Case, Trait
from .compare import Rule
from .diagnose import CaseResult
from .program import Answer, Crash, Ran

FORMAT = 2


class PackError(Exception):
    """A golden pack is missing or damaged."""


@dataclass(frozen=True)
class GoldenCase:
    """A visible case, and what is known about it without knowing how to solve the exercise.

    Attributes
    ----------
    case : Case
    expected : mapping of str to object
        The right outputs.
    misconceptions : mapping of str to (Ran or Crash)
        What each misconception gives, by its id; those left out that give the right answer in this case.
    """

    case: Case
    expected: Mapping[str, object]
    misconceptions: Mapping[str, Answer] = field(default_factory=dict)

    def with_answer(self, answer: Answer) -> CaseResult:
        """Return the result of this case for what the code under test gave."""
        return CaseResult(self.case, self.expected, answer, self.misconceptions)


@dataclass(frozen=True)
class Pack:
    """All visible cases of one exercise.

    Attributes
    ----------
    exercise : str
        Its name.
    hints : dict of str to str
        A sentence for each misconception, by id.
    cases : tuple of GoldenCase
    requires : tuple of str
        Exercises to solve before this one.
    needs : str
        A package that the exercise is written with and that the course does not install by itself: ``"torch"``.
    optional : bool
        Whether the exercise is never graded; one that nobody has begun is then not held to be missing.
    """

    exercise: str
    hints: Mapping[str, str]
    cases: tuple[GoldenCase, ...]
    requires: tuple[str, ...] = ()
    needs: str = ""
    optional: bool = False

    @property
    def absent(self) -> bool:
        """Whether the package it needs is not installed."""
        return bool(self.needs) and find_spec(self.needs) is None

    def to_bytes(self) -> bytes:
        """Return the pack as the bytes of an ``.npz`` file."""
        arrays: dict[str, Any] = {}
        data = {
            "format": FORMAT,
            "exercise": self.exercise,
            "requires": list(self.requires),
            **({"needs": self.needs} if self.needs else {}),
            **({"optional": True} if self.optional else {}),
            "hints": dict(self.hints),
            "cases": [_pack_case(golden, arrays) for golden in self.cases],
        }
        # The text is an array of bytes like all others, so that the file needs no pickle and no second format.
        text = json.dumps(data, ensure_ascii=False, indent=1).encode()
        out = io.BytesIO()
        np.savez_compressed(out, pack=np.frombuffer(text, np.uint8), **arrays)
        return out.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> Pack:
        """Read what `to_bytes` wrote; raises PackError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            tree = json.loads(arrays["pack"].tobytes())
            if tree["format"] != FORMAT:
                raise PackError(f"it has format {tree['format']}, this kit reads {FORMAT}")
            cases = tuple(_unpack_case(case, arrays) for case in tree["cases"])
            requires, optional = tuple(tree["requires"]), tree.get("optional") is True
            return Pack(tree["exercise"], tree["hints"], cases, requires, tree.get("needs", ""), optional)
        except (
            Exception
        ) as error:  # numpy and zipfile raise a dozen kinds on damaged bytes, tokenize.TokenError among them
            raise PackError(f"{type(error).__name__}: {reason(error)}") from None


def load(exercise: str, folder: Path) -> Pack:
    """Read the golden pack of an exercise.

    Parameters
    ----------
    exercise : str
        Its name, as ``"layers.affine_forward"``.
    folder : Path
        Where the packs are.

    Raises
    ------
    PackError
        In one sentence, where there is no such pack or it cannot be read.
    """
    path = folder / f"{exercise}.npz"
    try:
        return Pack.from_bytes(path.read_bytes())
    except FileNotFoundError:
        raise PackError(f'There are no visible checks for "{exercise}" in {folder}; is the name right?') from None
    except (PackError, OSError) as error:
        raise PackError(f"{path} cannot be read ({error}); restore it from the course's files.") from None


def names(folder: Path) -> tuple[str, ...]:
    """List the exercises that have a golden pack in a folder."""
    return tuple(sorted(path.name.removesuffix(".npz") for path in folder.glob("*.npz")))


def _pack_case(golden: GoldenCase, arrays: dict[str, Any]) -> dict[str, object]:
    case = golden.case
    return {
        "title": case.title,
        "program": case.program,
        "fallback": case.fallback,
        "traits": sorted(case.traits),
        "writable": list(case.writable),
        "gradients": dict(case.gradients),
        "objective": list(case.objective),
        "separate": dict(case.separate),
        "aspects": {name: rule.to_dict() for name, rule in case.aspects.items()},
        "inputs": _pack(case.inputs, arrays),
        "expected": _pack(golden.expected, arrays),
        "misconceptions": {name: _pack_answer(answer, arrays) for name, answer in golden.misconceptions.items()},
    }


def _unpack_case(tree: Mapping[str, Any], arrays: Mapping[str, Any]) -> GoldenCase:
    aspects = {name: Rule.from_dict(rule) for name, rule in tree["aspects"].items()}
    inputs = _unpack(tree["inputs"], arrays)
    output, upstream = tree["objective"]
    case = Case(
        title=tree["title"],
        program=tree["program"],
        inputs=inputs,
        aspects=aspects,
        fallback=tree["fallback"],
        writable=tuple(tree["writable"]),
        gradients=tree["gradients"],
        objective=(output, upstream),
        separate=tree["separate"],
        traits=frozenset(map(Trait, tree["traits"])),
    )
    misconceptions = {name: _unpack_answer(answer, arrays) for name, answer in tree["misconceptions"].items()}
    return GoldenCase(case, _unpack(tree["expected"], arrays), misconceptions)


def _pack_answer(answer: Answer, arrays: dict[str, Any]) -> dict[str, object]:
    if isinstance(answer, Crash):
        return {"error": answer.error, "message": answer.message}
    return {"values": _pack(answer.values, arrays)}


def _unpack_answer(tree: Mapping[str, Any], arrays: Mapping[str, Any]) -> Answer:
    if "error" in tree:
        return Crash(missing=False, error=tree["error"], message=tree.get("message", ""))
    return Ran(_unpack(tree["values"], arrays))


def _pack(value: object, arrays: dict[str, Any]) -> object:
    """Turn a value into JSON; arrays and numpy numbers move to `arrays`, each content once.

    A misconception that shows in one output leaves the others right, so most arrays occur many times in a pack.
    """
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        content = f"{array.dtype.str} {array.shape} ".encode() + array.tobytes()
        name = hashlib.sha256(content).hexdigest()[:16]
        arrays[name] = array
        return {"array": name}
    if isinstance(value, Mapping):
        return {"dict": {key: _pack(item, arrays) for key, item in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [_pack(item, arrays) for item in value]}
    if isinstance(value, list):
        return {"list": [_pack(item, arrays) for item in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} has no place in a golden pack")


def _unpack(tree: Any, arrays: Mapping[str, Any]) -> Any:
    """Turn JSON back into the value that `_pack` was given."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "array":
        return arrays[content].copy()  # so that whoever changes one value in place does not change another
    if kind == "dict":
        return {key: _unpack(item, arrays) for key, item in content.items()}
    items = [_unpack(item, arrays) for item in content]
    return tuple(items) if kind == "tuple" else items
