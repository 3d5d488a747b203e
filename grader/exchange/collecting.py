"""Collect submissions from downloads into ``submitted/``: decide whose each is, and which attempt counts.

Of each student the newest attempt counts. It becomes ``submitted/<student>/<assignment>.zip`` (or ``.tar``,
``.tar.gz``), with its time beside it, where `grader.gradebook.lateness` looks for it. What it replaces is kept in
``submitted/.earlier``. The record says what was decided; a second collection of the same downloads changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..course import Assignment
from ..course.decisions import aware
from ..gradebook.lateness import hand_in_time
from ..host.files import content, write_if_changed
from ..host.interruptions import as_interruption
from ..submission.tree import Unreadable
from . import record
from .attempts import Attempt, Person
from .downloads import Download
from .manifest import altered
from .packing import Packed, pack
from .record import ON_TIME, Taken, Unknown, table_of
from .roster import Roster, own_name
from .storing import present_forms, store
from .tables import shown
from .times import Times


@dataclass
class Collected:
    """What a collection has done, and what counts now.

    Attributes
    ----------
    taken : dict of str to Taken
        What counts, by student, from this collection and earlier ones.
    new, replaced, unchanged, older : list of str
        Students with a first attempt, with a newer one than before, with the same one, and those of whom the downloads
        have only older ones than the one that counts.
    missing : list of str
        Students in the roster of whom there is no submission.
    left : list of str
        Students whose attempts were collected before, and who are not in the roster.
    unknown : list of Unknown
        People in the downloads who are no students of the class.
    troubles : list of str
        Sentences about attempts that cannot be taken.
    table : Path
        The file that says what counts, for people.
    """

    taken: dict[str, Taken]
    table: Path
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class _Candidate(NamedTuple):
    """An attempt of a student, with where it is from."""

    person: Person
    attempt: Attempt
    download: Download
    number: int  # of the download


def collect(
    assignment: Assignment,
    paths: Sequence[Path],
    submitted: Path,
    *,
    roster: Roster | None = None,
    times: Times | None = None,
    kind: str = "auto",
) -> Collected:
    """Take the newest attempt of each student in downloads.

    Parameters
    ----------
    assignment : Assignment
    paths : sequence of Path
        Downloads of submissions of this assignment; see `Download`.
    submitted : Path
        The folder that holds a folder for each student.
    roster : Roster, optional
        The students. Others are not taken. By default everybody is taken, by the name that the system has.
    times : Times, optional
        When submissions were handed in. It comes before what the downloads say.
    kind : str, default "auto"
        The system that the downloads are from.

    Returns
    -------
    Collected

    Raises
    ------
    UnusableInput
        When a download or the record cannot be read. Nothing has been written then.
    Interrupted
        When the machine fails. Collecting again goes on.
    """
    # Whose folder somebody has deleted is forgotten.
    before = record.read(submitted, assignment.name)
    before = {student: each for student, each in before.items() if present_forms(submitted, student, assignment)}
    done = Collected(before, submitted / f"{assignment.name}.collected.csv")
    downloads: list[Download] = []
    try:
        for path in paths:  # one by one, so that those that are open are closed where one cannot be opened
            downloads.append(Download(path, assignment.name, kind))
            done.troubles += [f"{path}: {remark}." for remark in downloads[-1].tree.remarks]
        found = _candidates(downloads, roster or Roster(), times or Times(), done)
        with as_interruption(submitted):
            for student, candidates in sorted(found.items()):
                _take(student, candidates, assignment, submitted, done)
            if roster:
                done.missing = sorted(s for s in roster.people if not present_forms(submitted, s, assignment))
                done.left = sorted(done.taken.keys() - roster.people.keys())
            write_if_changed(record.path_of(submitted, assignment.name), record.encoded(done.taken))
            write_if_changed(done.table, table_of(done.taken, done.missing, done.unknown, assignment))
    finally:
        for download in downloads:
            download.tree.close()
    return done


def _candidates(
    downloads: Iterable[Download], roster: Roster, times: Times, done: Collected
) -> dict[str, list[_Candidate]]:
    """Group the attempts by student; whoever is no student becomes unknown."""
    found: dict[str, list[_Candidate]] = {}
    for number, download in enumerate(downloads):
        for attempt in download.attempts:
            for person in attempt.people:
                known, why = roster.find(person) if roster else (person, "")
                student = known.student if known and roster else own_name(person)
                if known is None or not student or attempt.refused:
                    name = shown(person.name or person.email or person.student or attempt.label)
                    unknown = Unknown(name, attempt.refused or why or "has no usable name")
                    done.unknown += [unknown] * (unknown not in done.unknown)
                    continue
                known = Person(student=student).with_more(known)
                time = times.of(known)
                timed = replace(attempt, time=time) if time else attempt
                found.setdefault(student, []).append(_Candidate(known, timed, download, number))
    return found


def _newest(candidates: Sequence[_Candidate]) -> tuple[_Candidate, str]:
    """Choose the attempt that counts, and say why."""
    if len(candidates) == 1:
        return candidates[0], "the only attempt"
    one_system = len({candidate.download.system for candidate in candidates}) == 1
    if all(candidate.attempt.time for candidate in candidates):
        how = "by time"
        chosen = max(candidates, key=lambda each: (each.attempt.time, each.number, each.attempt.order))
    elif one_system and all(candidate.attempt.order for candidate in candidates):
        how = "by the system's numbers"
        chosen = max(candidates, key=lambda each: (each.attempt.order, each.number))
    else:
        how = "in the download that was named last"
        chosen = max(candidates, key=lambda each: each.number)
    return chosen, f"the newest of {len(candidates)} attempts, {how}"


def _is_older(chosen: _Candidate, before: Taken | None, present: Sequence[Path]) -> bool:
    """Whether an attempt is older than the one that counts, as far as is known."""
    if not present:
        return False
    if before:
        known = before.time if before.exact else None
    else:  # put there by hand, or by nbgrader
        known = next((time for path in present if (time := hand_in_time(path))), None)
    if known and chosen.attempt.time:
        return chosen.attempt.time < known
    numbered = before and before.system == chosen.download.system and before.order and chosen.attempt.order
    return bool(before and numbered and chosen.attempt.order < before.order)


def _take(
    student: str, candidates: Sequence[_Candidate], assignment: Assignment, submitted: Path, done: Collected
) -> None:
    """Take the newest attempt of a student, unless a newer one or the same one counts already."""
    chosen, why = _newest(candidates)
    before = done.taken.get(student)
    present = present_forms(submitted, student, assignment)
    if _is_older(chosen, before, present):
        done.older.append(student)
        return
    try:
        packed = pack(chosen.download.tree, chosen.attempt.files, assignment.files)
    except Unreadable as error:
        done.troubles.append(f"{shown(student)}: {error}, so the attempt in {chosen.download.path} was not taken.")
        return
    after = _taken(chosen, packed, why, assignment)
    # Where a collection was stopped, the archive may be there already and not yet in the record.
    there = len(present) == 1 and content(present[0]) == packed.data
    same = there or bool(before and present and before.digest == after.digest)
    if same and before:
        after = _remembering(after, before, only=len(candidates) == 1)
    if same:
        done.unchanged.append(student)
    else:
        (done.replaced if present else done.new).append(student)
    store(submitted, student, assignment, after.time, None if same else packed)
    done.taken[student] = after


def _remembering(after: Taken, before: Taken, *, only: bool) -> Taken:
    """Keep what was known of the same attempt: its time, and of how many attempts it was chosen."""
    if only:  # a later download may have only the one that was chosen of several
        after = msgspec.structs.replace(after, why=before.why)
    if before.exact and not after.exact:
        notes = tuple(note for note in after.notes if note != ON_TIME)
        after = msgspec.structs.replace(after, time=before.time, exact=True, notes=notes)
    return after


def _taken(chosen: _Candidate, packed: Packed, why: str, assignment: Assignment) -> Taken:
    """Describe the attempt of a student that counts."""
    attempt, system = chosen.attempt, chosen.download.system
    time, notes = attempt.time, (*attempt.notes, *packed.notes, *altered(packed.data))
    if time is None and attempt.late is False:
        # It is on time by the due date of the system, which may be an extended one. The exact time does not matter.
        time = aware(assignment.due).astimezone(UTC)
        notes = (ON_TIME, *notes)
    return Taken(
        chosen.person,
        system,
        hashlib.sha256(packed.data).hexdigest(),
        why,
        time=time,
        exact=attempt.time is not None,
        late=attempt.late,
        order=attempt.order,
        label=attempt.label,
        notes=notes,
    )
