"""Inspect what is about to be released, and refuse it if a clause of the gate finds a leak.

A clause is a function that yields the leaks of one kind: a trace of a solution, a file that does not belong in a
release, a check that does not work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ...course import Course
from ...reference import Reference
from .. import goldens
from .behaviour import checks, stubs
from .contents import litter, markers, unlisted_files, used_notebooks
from .copies import near_copies
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
    near_copies,
    checks,
)


def inspect(tree: Mapping[str, bytes], course: Course, reference: Reference) -> list[Leak]:
    """Find everything in a tree of files that must not be released.

    Parameters
    ----------
    tree : mapping of str to bytes
        The files that students would get: contents by path.
    course, reference : Course, Reference
        The sources of the tree.

    Returns
    -------
    list of Leak
        Sorted, without duplicates; empty when the tree may be released.

    Raises
    ------
    CourseError
        When ``solutions/accepted_copies.toml`` or a source of the tree is damaged.
    """
    released = Released(tree, course, reference)
    return sorted({leak for clause in CLAUSES for leak in clause(released)})


def rebuild(tree: Mapping[str, bytes], again: Mapping[str, bytes]) -> Iterator[Leak]:
    """Yield a leak for each file that two builds of the same sources make differently."""
    for path in sorted(tree.keys() | again.keys()):
        if not same(path, tree.get(path), again.get(path)):
            yield Leak(path, 0, 0, "a second build gives other bytes; find what depends on time, order or chance")


def same(path: str, old: bytes | None, new: bytes | None) -> bool:
    """Tell whether two versions of a file are equal: golden packs by value, other files byte for byte.

    Packs are compared by value because another machine's BLAS rounds differently. None stands for a missing file.
    """
    if old is None or new is None or not path.endswith(".npz"):
        return old == new
    return old == new or goldens.same(old, new)
