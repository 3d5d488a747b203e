"""Run a *program*, the few lines that a case executes against the code under test, and describe what it raises.

A program is ordinary Python text, for instance ::

    out, cache = layers.affine_forward(x, w, b)
    dx, dw, db = layers.affine_backward(dout, cache)

It is text so that the same lines can run against the reference, against a misconception, against the student's
code in a notebook and, inside the grader's sandbox, against a submission; and so that a failed check can print
them. Programs are always ours; they are never built from a student's bytes.

The sandbox's worker runs this very file. So it imports as little as it can, and nothing that knows an answer.
"""

from __future__ import annotations

import copy
import linecache
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from .crash import PROGRAM_FILE as PROGRAM_FILE
from .crash import Crash as Crash
from .crash import describe_crash as describe_crash

SEED = 0

_IMMUTABLE = frozenset({type(None), bool, int, float, str, bytes})


@dataclass(frozen=True)
class Ran:
    """The answer of a program that reached its end.

    Attributes
    ----------
    values : dict of str to object
        The fetched variables, by name.
    mutated : tuple of str
        Names of the inputs that were changed in place.
    """

    values: dict[str, object]
    mutated: tuple[str, ...] = ()


Answer = Ran | Crash
"""What a program gave."""

Run = Callable[[str, Mapping[str, object], Sequence[str]], Answer]
"""``run(program, inputs, fetch)``: as `run_program`, with the code under test fixed."""


def seed_generators(seed: int) -> None:
    """Seed the global generators of numpy, which is given the last 32 bits of the seed, and of `random`."""
    random.seed(seed)
    np.random.seed(seed % 2**32)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators of numpy and of `random`, and put both back afterwards.

    Code that draws numbers then draws the same ones in every run, and a student's own experiments are not disturbed.

    Parameters
    ----------
    seed : int
        Any; numpy is given its last 32 bits.

    Yields
    ------
    None
    """
    before, before_numpy = random.getstate(), np.random.get_state()
    seed_generators(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)


def seeded_runner(namespace: Mapping[str, object], seed: int = SEED, restore: bool = True) -> Run:
    """Make a function that runs programs against the same code, each from the same random numbers.

    Parameters
    ----------
    namespace : mapping of str to object
        The modules under test, by their short names.
    seed : int, optional
    restore : bool, default True
        Whether to put the global generators back after each run, which may take longer than a small program. In a
        process where nobody else draws numbers from them it need not be done.

    Returns
    -------
    callable
        ``run(program, inputs, fetch)``, which gives `Ran` or `Crash`.
    """

    def run(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        if restore:
            with seeded(seed):
                return run_program(program, namespace, inputs, fetch)
        seed_generators(seed)
        return run_program(program, namespace, inputs, fetch)

    return run


def run_program(
    program: str, namespace: Mapping[str, object], inputs: Mapping[str, object], fetch: Sequence[str]
) -> Answer:
    """Run `program` on copies of `inputs` and bring back the variables named in `fetch`.

    Parameters
    ----------
    program : str
        Python statements.
    namespace : mapping of str to object
        What the program may refer to: the modules under test, by their short names.
    inputs : mapping of str to object
        Variables the program starts with. Copied, so that a function that works in place spoils nothing.
    fetch : sequence of str
        Variables to bring back.

    Returns
    -------
    Ran or Crash
        Never raises for what the code under test does, ``SystemExit`` and ``RecursionError`` included;
        ``KeyboardInterrupt`` and ``BdbQuit`` pass through, because they are the user's.
    """
    given = _copied(dict(inputs))
    variables: dict[str, object] = {"np": np, **namespace, **given}
    code = compiled(program)
    linecache.cache[PROGRAM_FILE] = (len(program), None, program.splitlines(keepends=True), PROGRAM_FILE)
    try:
        with np.errstate(all="ignore"):  # overflow and NaN are reported by the rules, once and in words
            exec(code, variables)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, too: a check must not end the notebook's kernel
        if type(error).__name__ == "BdbQuit":  # somebody has left the debugger, and wants no further case
            raise
        return describe_crash(error, _package_of(namespace))
    mutated = tuple(name for name, value in inputs.items() if not _is_unchanged(value, given[name]))
    return Ran({name: variables.get(name) for name in fetch}, mutated)


def _copied(value: Any) -> Any:
    """Return a deep copy of a value; of plain values in a tenth of the time that `copy.deepcopy` takes."""
    if type(value) is np.ndarray:
        return value.copy(order="K")
    if type(value) is dict:
        return {name: _copied(item) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    return value if type(value) in _IMMUTABLE else copy.deepcopy(value)


@lru_cache(maxsize=256)
def compiled(program: str) -> CodeType:
    """Compile a program; each is run many times, with other inputs."""
    return compile(program, PROGRAM_FILE, "exec")


def _package_of(namespace: Mapping[str, object]) -> str:
    """The package of the modules under test: ``"pkg"`` for the module ``pkg.layers``; ``""`` where there is none."""
    names = (str(getattr(value, "__name__", "")).split(".") for value in namespace.values())
    return next((name[-2] for name in names if len(name) > 1), "")


def _is_unchanged(before: object, after: object) -> bool:
    """Whether an input is still what it was, dtype and shape included; NaN equals NaN. A dict may have new entries."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and before.dtype == after.dtype
            # Most inputs are left as they were, down to the bytes, which are compared in a fraction of the time.
            and (
                before.tobytes() == after.tobytes() or np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
            )
        )
    if isinstance(before, dict):
        if not isinstance(after, dict):
            return False
        return all(name in after and _is_unchanged(value, after[name]) for name, value in before.items())
    if isinstance(before, list | tuple):
        if not isinstance(after, list | tuple) or type(after) is not type(before) or len(after) != len(before):
            return False
        return all(map(_is_unchanged, before, after))
    return bool(before == after)
