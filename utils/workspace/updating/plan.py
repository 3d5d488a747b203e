"""Decide for each file of a release what becomes of it in a student's folder, without writing anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..files import sha256
from .functions import merge_python
from .merge import CannotMerge, Merged
from .notebooks import merge_notebook
from .release import INVENTORY, Inventory, Release, is_written_in

BESIDE = ".new"
"""What is added to the name of a file of the release that is laid beside the student's."""


@dataclass
class Plan:
    """What an update does.

    Attributes
    ----------
    writes : dict of str to bytes or None
        The new content of each file that changes, by path; None for a file that is removed.
    new, renewed, removed : list of str
        Files that come, given files of which there is a newer version, and given files that go.
    merged : dict of str to Merged
        Files that students write in, and what has happened in them.
    replaced : list of str
        Given files that the student had changed, and that are renewed all the same.
    restored : list of str
        Files of the student that a release was unpacked over.
    as_before : list of str
        Files of the student that are as they were before an update that is undone.
    kept_whole : dict of str to str
        Files of the student that cannot be merged, with the reason; the release's is laid beside each.
    """

    writes: dict[str, bytes | None] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    merged: dict[str, Merged] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    as_before: list[str] = field(default_factory=list)
    kept_whole: dict[str, str] = field(default_factory=dict)


Read = Callable[[str], bytes | None]
"""Gives the content of a file of the student's folder, or None if it is not there."""


def plan_update(read: Read, base: Inventory, new: Release) -> Plan:
    """Plan to bring a release into a student's folder.

    Parameters
    ----------
    read : callable
        Reads the student's files.
    base : Inventory
        The release that the folder was made from; an empty inventory if it is unknown.
    new : Release
        The newer release.
    """
    plan = Plan()
    for path, data in sorted(new.files.items()):
        mine = read(path)
        if mine is None:
            plan.writes[path] = data
            plan.new.append(path)
        elif mine == data:
            continue
        elif is_written_in(path, new.inventory.package):
            merge_file(plan, read, path, base.originals.get(path, b""), mine, data)
        else:
            plan.writes[path] = data
            (plan.renewed if _as_given(mine, base.files.get(path)) else plan.replaced).append(path)
    _remove_given(plan, read, base, new.inventory)
    inventory = _joint_inventory(plan, base, new.inventory).to_bytes()
    if read(INVENTORY) != inventory:
        plan.writes[INVENTORY] = inventory
    return plan


def merge_file(plan: Plan, read: Read, path: str, base: bytes, mine: bytes, new: bytes) -> None:
    """Plan what becomes of a file that students write in; all three versions of it are there."""
    beside = f"{path}{BESIDE}"
    merge = merge_python if path.endswith(".py") else merge_notebook
    try:
        merged = Merged(new) if mine == base else merge(base, mine, new)
    except CannotMerge as reason:
        plan.kept_whole[path] = str(reason)
        plan.writes[beside] = new
        return
    plan.merged[path] = merged
    if merged.data != mine:
        plan.writes[path] = merged.data
    if merged.beside:
        plan.writes[beside] = new
    elif read(beside) == new:  # it was laid there before the student mended the file
        plan.writes[beside] = None


def _as_given(data: bytes, digest: str | None) -> bool:
    """Tell whether a file is as it was given; Git may have changed the ends of its lines."""
    return digest in (sha256(data), sha256(data.replace(b"\r\n", b"\n")))


def _remove_given(plan: Plan, read: Read, base: Inventory, new: Inventory) -> None:
    """Plan to remove given modules that the release does not have any more, because Python could still import them.

    Everything else stays: assignments of which a release has no notebooks may still be worked on.
    """
    for path, digest in base.files.items():
        if path.startswith("utils/") and path not in new.files:
            mine = read(path)
            if mine is not None and _as_given(mine, digest):
                plan.writes[path] = None
                plan.removed.append(path)


def _joint_inventory(plan: Plan, base: Inventory, new: Inventory) -> Inventory:
    """Return the inventory of the folder after the update.

    What the release does not have stays as the earlier one gave it. So does a file that could not be merged: the next
    update has to compare it with what it was made from.
    """
    kept = {path for path in base.files if path not in new.files and path not in plan.removed}
    kept |= {path for path in plan.kept_whole if path in base.originals}
    unknown = plan.kept_whole.keys() - kept
    return Inventory(
        new.package,
        new.title,
        tuple(sorted({*base.assignments, *new.assignments})),
        {**new.files, **{path: base.files[path] for path in kept}},
        {
            **{path: data for path, data in new.originals.items() if path not in unknown},
            **{path: base.originals[path] for path in kept if path in base.originals},
        },
    )
