"""What the failing cases have in common and the passing ones lack.

A case's traits are read from its inputs and its program: nobody has to state them, and a new case has them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ..case import Case
from ..rules import Array
from .scene import Scene

Sizes = Mapping[str, Array]


def _data(leaves: Sizes) -> Array:
    """The examples: what every exercise calls x; an empty array where there are none."""
    return next((leaves[name] for name in ("x", "X") if name in leaves), np.zeros(0))


def _number(leaves: Sizes, name: str) -> float:
    found = [float(value) for path, value in leaves.items() if path.rpartition(".")[2] == name and not value.ndim]
    return found[0] if found else float("nan")


def _floats(leaves: Sizes) -> Iterator[Array]:
    return (leaf for leaf in leaves.values() if leaf.dtype.kind == "f" and leaf.size and leaf.ndim)


# The words follow "wrong only" or "right only"; most telling first.
TRAITS: tuple[tuple[str, Callable[[Case, Sizes], bool]], ...] = (
    ("in test mode", lambda case, leaves: '"test"' in case.program or "test" in _words(case.inputs)),
    ("for float32", lambda case, leaves: any(leaf.dtype == np.float32 for leaf in _floats(leaves))),
    ("when N = 1", lambda case, leaves: _data(leaves).ndim > 1 and len(_data(leaves)) == 1),
    ("when x is laid out in another memory order", lambda case, leaves: "asfortranarray" in case.program),
    ("when pad is 0", lambda case, leaves: _number(leaves, "pad") == 0),
    ("when the stride is more than 1", lambda case, leaves: _number(leaves, "stride") > 1),
    ("when windows overlap", lambda case, leaves: _number(leaves, "stride") < _window(leaves)),
    ("when H and W differ", lambda case, leaves: _data(leaves).ndim == 4 and _differ(_data(leaves).shape[2:])),
    ("when windows leave a rest at the end", lambda case, leaves: "rest of" in case.title),
    ("when x has a single column", lambda case, leaves: _data(leaves).ndim == 2 and _data(leaves).shape[1] == 1),
    ("when x has a single channel", lambda case, leaves: _data(leaves).ndim == 4 and _data(leaves).shape[1] == 1),
    ("when x has as many rows as columns", lambda case, leaves: _square(_data(leaves).shape)),
    ("when x has more than two axes", lambda case, leaves: _data(leaves).ndim > 2),
    ("when x has one axis", lambda case, leaves: _data(leaves).ndim == 1 and _data(leaves).size > 0),
    ("when reg is 0", lambda case, leaves: _number(leaves, "reg") == 0),
    ("when p is 0", lambda case, leaves: _number(leaves, "p") == 0),
    ("when x holds zeros", lambda case, leaves: bool(_data(leaves).size) and not _data(leaves).all()),
    ("when the numbers are large", lambda case, leaves: any(np.abs(leaf).max() > 100 for leaf in _floats(leaves))),
    ("over several steps", lambda case, leaves: _steps(case, leaves)),
    ("with default settings", lambda case, leaves: case.inputs.get("settings", leaves) == {}),
)  # fmt: skip


def when(failing: Sequence[Case], passing: Sequence[Case]) -> str:
    """Which kind of case goes wrong.

    Parameters
    ----------
    failing, passing : sequence of Case
        The cases in which one output is wrong, and those in which it is right.

    Returns
    -------
    str
        A clause such as ``"it is wrong only in test mode"``; ``""`` where no trait divides the cases.
    """
    if not failing or not passing:
        return ""
    wrong, right = ([_traits(case) for case in cases] for cases in (failing, passing))
    names = dict.fromkeys(name for traits in (*wrong, *right) for name in traits)
    only_wrong = [name for name in names if all(name in one for one in wrong) and not any(name in one for one in right)]
    only_right = [name for name in names if all(name in one for one in right) and not any(name in one for one in wrong)]
    if only_wrong:
        return f"it is wrong only {' or '.join(only_wrong[:2])}"
    if only_right:
        return f"it is right only {' or '.join(only_right[:2])}"
    total = len(failing) + len(passing)
    if len(failing) == 1:
        return f'it is right in all of the {total} cases but this one ("{failing[0].title}")'
    return f'it is right in {len(passing)} of {total} cases, as in "{passing[0].title}"'


def _traits(case: Case) -> list[str]:
    leaves = Scene(None, None, case.inputs).leaves
    named = [words for words, holds in TRAITS if holds(case, leaves)]
    return named + [f"when {name} is {value}" for name, value in _choices(case.inputs)]


def _choices(inputs: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Settings that are chosen rather than drawn: words, switches, None."""
    for name, value in inputs.items():
        if isinstance(value, Mapping):
            yield from _choices(value)
        elif value is None or isinstance(value, str | bool):
            yield name, repr(value)


def _words(inputs: Mapping[str, object]) -> list[object]:
    return [value.strip("'") if isinstance(value, str) else value for _, value in _choices(inputs)]


def _square(shape: Sequence[int]) -> bool:
    return len(shape) == 2 and not _differ(shape)


def _differ(sizes: Sequence[int]) -> bool:
    return len(set(sizes)) > 1


def _window(leaves: Sizes) -> float:
    """The smaller side of what slides over the image."""
    if "w" in leaves and leaves["w"].ndim == 4:
        return float(min(leaves["w"].shape[2:]))
    return min(_number(leaves, "pool_height"), _number(leaves, "pool_width"))


def _steps(case: Case, leaves: Sizes) -> bool:
    steps = leaves.get("gradients")
    return (steps is not None and len(steps) > 1) or "for step in steps" in case.program
