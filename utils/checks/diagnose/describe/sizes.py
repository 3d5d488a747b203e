"""Name the sizes of a parameter of the wrong shape by the settings of the net that they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...values import walk
from .wrong_output import WrongOutput

MIN_CASES = 2  # in one case sizes may be equal by chance
IMAGES = ("input_dim", "image")  # what exercises call the size of an image, height and width last


def sizes_by_name(outputs: Sequence[WrongOutput]) -> str:
    """Say which size each axis should have, and which one it has, where both are known in all cases.

    Parameters
    ----------
    outputs : sequence of WrongOutput
        A parameter in all cases in which its shape is wrong.

    Returns
    -------
    str
        A clause such as ``"axis 0 should be F · (H // 2) · (W // 2) long, and is F · H · W long"``; ``""`` where a size
        has no name, or several of which nobody can tell which one is meant.
    """
    shaped = [output for output in outputs if output.misshapen]
    if len(shaped) < MIN_CASES or len({array.ndim for output in shaped for array in output.arrays}) > 1:
        return ""
    known = [list(_sizes(output.inputs)) for output in shaped]
    clauses = []
    for axis in range(shaped[0].arrays[0].ndim):
        right, seen = ([output.arrays[which].shape[axis] for output in shaped] for which in (0, 1))
        if right == seen:
            continue
        wanted, came = _name(right, known), _name(seen, known)
        if not wanted:
            return ""
        clauses.append(f"axis {axis} should be {wanted} long{f', and is {came} long' if came else ''}")
    return "; ".join(clauses)


def _name(sizes: Sequence[int], known: Sequence[Sequence[tuple[str, int]]]) -> str:
    """Return the one name that a size has in all cases; the shortest one of those that mean the same there.

    One that is the same in all cases may be a number that is written down, such as the size of a window; only what is
    a product of several is not taken for one.
    """
    fitting = [{name for name, value in of_case if value == size} for size, of_case in zip(sizes, known, strict=True)]
    common = sorted(set.intersection(*fitting), key=lambda name: (len(name), name))
    plain = [name for name in common if "·" not in name]
    if plain and len(set(sizes)) == 1:
        return ""
    found = plain or common
    return found[0] if len(found) == 1 else ""


def _sizes(inputs: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Yield the whole numbers among the settings of a net, and their products with the pixels of an image."""
    counts, images = {}, []
    for path, value in walk(inputs):
        name = path.rpartition(".")[2]
        if isinstance(value, int) and not isinstance(value, bool) and name != "seed":
            counts[name] = value
        elif isinstance(value, list | tuple) and value and all(isinstance(item, int) for item in value):
            counts |= {f"{name}[{place}]": item for place, item in enumerate(value)}
            images += [value[-2:]] if name in IMAGES and len(value) > 1 else []
    yield from counts.items()
    for height, width in images:
        for words, pixels in _pixels(height, width, counts.get("filter_size", 0)):
            for name, count in counts.items():
                yield f"{name} · {words}", count * pixels


def _pixels(height: int, width: int, window: int) -> Iterator[tuple[str, int]]:
    """Yield how many pixels an image has, after a convolution without padding, and after pooling."""
    shrunk = [("H", "W", height, width)]
    if window:
        by = window - 1
        shrunk.append(("(H − filter_size + 1)", "(W − filter_size + 1)", height - by, width - by))
    for tall, wide, h, w in shrunk:
        yield f"{tall} · {wide}", h * w
        for divisor in (2, 4):
            yield f"({tall} // {divisor}) · ({wide} // {divisor})", (h // divisor) * (w // divisor)
        yield f"(({tall} + 1) // 2) · (({wide} + 1) // 2)", ((h + 1) // 2) * ((w + 1) // 2)
    yield "H", height
    yield "W", width
