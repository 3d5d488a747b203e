"""Find the submissions of a class that are oddly similar, by the fingerprints that are kept of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..course import Assignment, Course
from ..submission.similarity import Pair, similar_pairs, submission_fingerprints, without
from . import record
from .cache import Cache


def find_similar(course: Course, assignment: Assignment, students: Collection[str], cache: Cache) -> list[Pair]:
    """Find the pairs of submissions that have unusually much in common besides what all students were given.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    students : collection of str
        Those who have handed in. Of one who has not been graded yet, nothing is known.
    cache : Cache
        The cache with their records; none is held in memory.

    Returns
    -------
    list of Pair
        The most similar ones first.
    """
    folder = course.root / course.package
    given = b"".join(submission_fingerprints({path.name: path.read_bytes() for path in folder.glob("*.py")}))

    def fingerprints() -> Iterator[tuple[str, bytes]]:
        for student in students:
            yield student, without(record.read(cache, assignment.name, student).passages, given)

    return similar_pairs(fingerprints())
