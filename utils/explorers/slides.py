"""A lecture as a text file: states, each with what is to be asked.

    # What stands behind # is for the lecturer alone.
    weight-scale?scale=0.01
    Which layer learns first?

    dropout?p=0.5~dropout?p=0.9
    Which of the two nets learns by heart?

An empty line ends a slide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .state import State, StateError


class SlidesError(ValueError):
    """A text that is no lecture; it says in one sentence what is wrong, and in which line."""


@dataclass(frozen=True)
class Slide:
    """A state of an explorer, and the words that stand above it.

    Attributes
    ----------
    code : str
        As the field *State* has it; two states, with ``~`` between them, stand side by side.
    text : str
    """

    code: str
    text: str = ""


def parse(text: str, kinds: Mapping[str, type[State]]) -> tuple[Slide, ...]:
    """Read a lecture.

    Parameters
    ----------
    text : str
    kinds : mapping of str to type
        The states of the explorers that there are, by name.

    Raises
    ------
    SlidesError
        Naming the line whose state no explorer can show.
    """
    blocks: list[list[tuple[int, str]]] = [[]]
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        if line.strip():
            blocks[-1].append((number, line.strip()))
        elif blocks[-1]:
            blocks.append([])
    slides = []
    for (number, code), *more in filter(None, blocks):
        for state in code.split("~"):
            name = state.partition("?")[0]
            if name not in kinds:
                raise SlidesError(
                    f'Line {number} begins with "{name[:40]}"; a slide begins with a state of an explorer.'
                )
            try:
                kinds[name].parse(state)
            except StateError as error:
                raise SlidesError(f"Line {number}: {error}") from None
        slides.append(Slide(code, " ".join(line for _, line in more)))
    if not slides:
        raise SlidesError("There is no slide in it; a slide is a line with a state of an explorer, and words below it.")
    return tuple(slides)
