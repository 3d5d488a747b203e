"""Detectors for an output whose numbers are wrong, too, but whose shape tells how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

from .shapes import moves
from .wrong_output import Observation, WrongOutput

MAX_ORDERED = 4


def reordered(output: WrongOutput) -> Iterator[Observation]:
    """The right sizes, along other axes."""
    expected, got = (array.shape for array in output.arrays)
    if len(expected) != len(got) or not 1 < len(got) <= MAX_ORDERED:
        return
    right, came = output.arrays
    for axes in permutations(range(len(got))):
        if tuple(got[axis] for axis in axes) == expected:
            words = f"its sizes belong to other axes: {moves(axes)}"
            if len(axes) == 2:
                words = "it should have the shape of its transpose"
            numbers = len({size for size in got if size > 1})
            if not output.same(right, came.transpose(axes)):
                yield Observation(f"axes {axes} and numbers", f"{words}; its numbers are wrong, too", numbers)
            yield Observation(f"axes {axes}", words, numbers)


def like_an_input(output: WrongOutput) -> Iterator[Observation]:
    """The shape of one input, where it should have the shape of another."""
    expected, got = (array.shape for array in output.arrays)
    shapes = {path: value.shape for path, value in output.inputs_by_path.items() if value.ndim}
    right = [name for name, shape in shapes.items() if shape == expected]
    for name, shape in shapes.items():
        if shape == got and len(right) == 1:
            words = f"it has the shape of {name}; it should have the shape of {right[0]}"
            yield Observation(f"{name} for {right[0]}", words, sum(size > 1 for size in (*expected, *got)))


def reduced(output: WrongOutput) -> Iterator[Observation]:
    """The shape of an input without one of its axes, where another axis should be gone."""
    expected, got = (array.shape for array in output.arrays)
    for name, value in output.inputs_by_path.items():
        gone, kept = _axis_without(value.shape, got), _axis_without(value.shape, expected)
        if gone is not None and kept is not None and gone != kept:
            words = (
                f"it has the shape of {name} without its axis {gone}, and should have that without axis {kept}: is "
                f"something like a sum or a maximum taken over axis {gone}, and not over axis {kept}?"
            )
            yield Observation(f"{name} without {gone}", words, sum(size > 1 for size in (*expected, *got)))


def reduced_to(output: WrongOutput) -> Iterator[Observation]:
    """One axis of an input, where another one is due, as in a bias with an entry for each column of an image."""
    expected, got = (array.shape for array in output.arrays)
    if len(expected) != 1 or len(got) != 1:
        return
    for name, value in output.inputs_by_path.items():
        if value.ndim < 3:
            continue
        came, due = ([axis for axis, size in enumerate(value.shape) if (size,) == shape] for shape in (got, expected))
        for axis, wanted in product(came, due):
            words = (
                f"it has an entry for each index along axis {axis} of {name}, and should have one for each along axis "
                f"{wanted}: which axes are summed over?"
            )
            # Where two axes are as long, nobody can tell which of them is left.
            yield Observation(f"{name} {axis} for {wanted}", words if len(came) == len(due) == 1 else "", value.ndim)


def _axis_without(shape: tuple[int, ...], other: tuple[int, ...]) -> int | None:
    """Find the one axis without which a shape is another one; None where there is none, or several."""
    found = [axis for axis in range(len(shape)) if len(shape) > 1 and shape[:axis] + shape[axis + 1 :] == other]
    return found[0] if len(found) == 1 else None
