"""Update a student's folder to a newer release, undo that, and look after the folder before each command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files import content
from .backup import FOLDER, Backup, CannotWrite, finish, replace_files, to_undo
from .kept import keep, plan_to_restore
from .plan import Plan, merge_file, plan_update
from .release import INVENTORY, Release, UnusableRelease, is_written_in, read_inventory


@dataclass(frozen=True)
class Updated:
    """What an update or its undoing has done.

    Attributes
    ----------
    plan : Plan
    backup : Backup or None
        Where the old state is; None where nothing had to be written.
    meanwhile : tuple of str
        Files that were changed while the update ran; they stay, with the new content beside them.
    """

    plan: Plan
    backup: Backup | None = None
    meanwhile: tuple[str, ...] = ()


def update(root: Path, package: str, release: Release) -> Updated:
    """Bring a release into the folder of a student.

    Raises
    ------
    UnusableRelease
        When the release is of another course, or this is the folder in which a course is written.
    CannotWrite
        When a file cannot be written; nothing has changed then, or the next command finishes the update.
    """
    if release.inventory.package != package:
        raise UnusableRelease(
            f'This is a release of "{release.inventory.title}" with the package {release.inventory.package}, '
            f"and this folder's is {package}; run the command in the folder of that course."
        )
    if (root / "course.toml").exists():
        raise UnusableRelease(f"{root} is where the course is written; unpack the release in another folder.")
    before = look_after(root, package)  # what was unpacked over work is put right first
    plan = plan_update(lambda path: _content(root / path), read_inventory(root), release)
    title = f"update to the release {release.inventory.version}"
    return _carry_out(root, package, plan, title) if plan.writes else Updated(plan, before.backup if before else None)


def undo(root: Path, package: str) -> Updated | None:
    """Undo the last update that is not undone; return None if there is none.

    What was written since then stays: it is merged with the old state as by an update.

    Raises
    ------
    CannotWrite
        As in `update`.
    """
    look_after(root, package)
    backup = to_undo(root)
    if backup is None:
        return None
    plan = _plan_to_undo(root, package, backup)
    return _carry_out(root, package, plan, backup.title, backup.number)


def look_after(root: Path, package: str) -> Updated | None:
    """Finish an interrupted update, bring back what a release was unpacked over, and copy what is new.

    Returns what had to be brought back or finished, or None; fast where there is nothing to do.

    Raises
    ------
    CannotWrite
        When a file cannot be written now; the next command tries again.
    """
    if not (root / INVENTORY).is_file():
        return None
    finished = finish(root)
    plan = plan_to_restore(root)
    restored = _carry_out(root, package, plan, "bringing back what a release was unpacked over") if plan else None
    keep(root, package)
    if restored or finished is None:
        return restored
    return Updated(Plan(), finished.backup, finished.meanwhile)


def _carry_out(root: Path, package: str, plan: Plan, title: str, undoes: int = 0) -> Updated:
    done = replace_files(root, plan.writes, title, undoes)
    keep(root, package)
    return Updated(plan, done.backup, done.meanwhile)


def _plan_to_undo(root: Path, package: str, backup: Backup) -> Plan:
    """Plan to bring back the files of a backup; what the student has written since is merged with them."""
    plan = Plan()

    def read(path: str) -> bytes | None:
        return _content(root / path)

    for path in backup.files:
        old, given, mine = backup.before(path), backup.after(path), read(path)
        if mine == old:
            continue
        if mine != given and is_written_in(path, package):  # changed since
            if mine is None or given is None or old is None:
                plan.kept_whole[path] = "it was changed since the update"
            else:
                merge_file(plan, read, path, given, mine, old)
            continue
        plan.writes[path] = old
        if is_written_in(path, package) and old is not None:
            plan.as_before.append(path)
        if mine != given:
            plan.replaced.append(path)
    return plan


def _content(path: Path) -> bytes | None:
    """Return a file's content; None if it is not there."""
    try:
        return content(path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be read ({error.strerror}); nothing was changed.") from None


__all__ = ["FOLDER", "CannotWrite", "UnusableRelease", "Updated", "look_after", "undo", "update"]
