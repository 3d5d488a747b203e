"""The gate: nothing is released that one of its clauses finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ...course import Course
from ...reference import Reference
from .. import goldens
from .behaviour import checks, stubs
from .contents import litter, markers, unlisted_files, used_notebooks
from .copies import copied_solutions
from .released import Leak, Released
from .solution_lines import surviving_lines

__all__ = ["CLAUSES", "Leak", "inspect", "rebuild", "same"]

CLAUSES: tuple[Callable[[Released], Iterable[Leak]], ...] = (
    litter,
    unlisted_files,
    markers,
    used_notebooks,
    stubs,
    surviving_lines,
    copied_solutions,
    checks,
)


def inspect(tree: Mapping[str, bytes], course: Course, reference: Reference) -> list[Leak]:
    """Everything in a released tree that must not be released.

    Parameters
    ----------
    tree : mapping of str to bytes
        What students would get: by path, and contents.
    course, reference : Course, Reference
        What it was made from.

    Returns
    -------
    list of Leak
        Sorted; empty when the tree may go out.
    """
    released = Released(tree, course, reference)
    return sorted({leak for clause in CLAUSES for leak in clause(released)})


def rebuild(tree: Mapping[str, bytes], again: Mapping[str, bytes]) -> Iterator[Leak]:
    """Files that a second build gives differently."""
    for path in sorted(tree.keys() | again.keys()):
        if not same(path, tree.get(path), again.get(path)):
            yield Leak(path, 0, 0, "a second build gives other bytes; find what depends on time, order or chance")


def same(path: str, old: bytes | None, new: bytes | None) -> bool:
    """Whether two versions of a file are the same: golden packs by value, all else byte for byte."""
    if old is None or new is None or not path.endswith(".npz"):
        return old == new
    return old == new or goldens.same(old, new)
