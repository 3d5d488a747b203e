"""Find out which part of a stub is not written yet: each part is a box between two marked lines.

The sandbox's worker runs this file, so it holds no answer and stays small.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

BEGIN = "YOUR CODE HERE"
END = "END OF YOUR CODE"
STUB = "raise NotImplementedError"

_DOCSTRING = re.compile(r'"{3}.*?"{3}|\'{3}.*?\'{3}', re.DOTALL)
_PART = re.compile(rf"{BEGIN}: (\S+?)(?:, part (\d+) of (\d+))? \(")


class Box(NamedTuple):
    """One part of an answer.

    Attributes
    ----------
    begin : int
        The number of its first line.
    title : str
        The exercise it belongs to.
    part, of : int
        Which of the exercise's boxes it is.
    above, below : bool
        Whether code stands above, and below, its line that raises.
    stub : int
        The number of the line that raises; 0 when that line is gone.
    """

    begin: int
    title: str
    part: int
    of: int
    above: bool
    below: bool
    stub: int


def describe_unfinished(lines: Sequence[str], number: int, function: str) -> tuple[str, bool]:
    """Say what is unfinished in a function that has raised ``NotImplementedError``.

    Parameters
    ----------
    lines : sequence of str
        The lines of the file.
    number : int
        The number of the line that raised.
    function : str
        The function that it stands in.

    Returns
    -------
    sentence : str
        ``""`` when there is nothing to say but that the function is not written yet.
    missing : bool
        Whether an answer, or a part of it, is not there; False when only the line is left over that raises.
    """
    boxes = _boxes(tuple(lines))
    box = next((one for one in boxes if one.stub == number), None)
    if box is None:
        return _without_banner(lines, number, function), True
    if box.above or box.below:
        where = "below your code" if box.above else "above your code, which is never reached"
        return (
            f"{function} still has the stub's line {number}, `{STUB}(…)`, {where}; that line should be removed.",
            False,
        )
    own = [one for one in boxes if one.title == box.title and one.of == box.of]
    unwritten = [one for one in own if one.stub and not (one.above or one.below)]
    if box.of < 2 or len(unwritten) >= box.of:
        return "", True
    first = unwritten[0]
    about = _comment_above(lines, first.begin)
    todo = f' It should do this: "{about}"' if about else ""
    return f"Part {first.part} of {first.of} of {function}, from line {first.begin}, is not written yet.{todo}", True


def _without_banner(lines: Sequence[str], number: int, function: str) -> str:
    """Say where a function stops whose banner is gone, so that its answer cannot be told from the given code."""
    defs = [k for k, line in enumerate(lines[: number - 1]) if line.lstrip().startswith(("def ", "async def "))]
    above = "".join(lines[(defs[-1] if defs else 0) : number - 1])
    body = _DOCSTRING.sub("", above.partition(":\n")[2]).splitlines()
    if not any(map(_is_code, body)):
        return ""
    return (
        f"{function} stops at line {number}, the stub's `{STUB}(…)`; what belongs there should stand in place of that "
        "line, and where the answer is complete, the line should be removed."
    )


@lru_cache(maxsize=4)
def _boxes(lines: tuple[str, ...]) -> list[Box]:
    """List all boxes of a file; many cases end at the same line."""
    found = []
    begins = [k for k, line in enumerate(lines) if BEGIN in line and line.lstrip().startswith("#")]
    for k, begin in enumerate(begins):
        limit = begins[k + 1] if k + 1 < len(begins) else len(lines)
        end = next((j for j in range(begin + 1, limit) if END in lines[j]), None)
        title = _PART.search(lines[begin])
        if end is None or not title:
            continue
        code = [j for j in range(begin + 1, end) if _is_code(lines[j])]
        stub = next((j for j in code if lines[j].strip().startswith(STUB)), None)
        above, below = stub is not None and code[0] < stub, stub is not None and code[-1] > stub
        part, of = int(title[2] or 1), int(title[3] or 1)
        found.append(Box(begin + 1, title[1], part, of, above, below, 0 if stub is None else stub + 1))
    return found


def _is_code(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#") and text != "pass"


def _comment_above(lines: Sequence[str], begin: int) -> str:
    """Return the comment that stands right above a line: what the part is about."""
    above: list[str] = []
    for line in reversed(lines[: begin - 1]):
        if not line.strip().startswith("#") or "====" in line:
            break
        above.insert(0, line.strip().lstrip("# "))
    return " ".join(above)[:200]
