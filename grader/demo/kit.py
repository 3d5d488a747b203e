"""What made-up submissions are made of, for a course's own ``solutions/demo.py`` and for the plain class."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..patch import apply
from ..recipes import recipe
from ..reference import Reference, edited
from ..release.markers import BEGIN, END

Files = dict[str, bytes]
MARKERS = (BEGIN, END)


@dataclass(frozen=True)
class Kit:
    """What submissions are made of.

    Attributes
    ----------
    solved, stubs : mapping of str to bytes
        All files of a submission, with the reference's answers and with none. Trained nets are nets that nobody has
        trained.
    made : mapping of str to bytes
        What the course's ``prepare`` has made.
    reference : Reference
        Whose misconceptions some students have.
    """

    solved: Mapping[str, bytes]
    stubs: Mapping[str, bytes]
    made: Mapping[str, bytes]
    reference: Reference

    def path(self, module: str) -> str:
        """Where one of the student's files stands in a submission."""
        return f"{self.reference.package}/{module}.py"

    def text(self, module: str) -> str:
        """The reference's text of one of the student's files, without the markers."""
        return self.solved[self.path(module)].decode()


@dataclass(frozen=True)
class Student:
    """One made-up student.

    Attributes
    ----------
    name : str
    about : str
        What is special about this submission.
    hand_in : callable
        ``hand_in(kit, place)`` writes it to `place`, ``<submitted>/<student>/<assignment>``.
    """

    name: str
    about: str
    hand_in: Callable[[Kit, Path], None]


def in_folder(make: Callable[[Kit], Files]) -> Callable[[Kit, Path], None]:
    """Hand in what `make` gives as a plain folder of files."""

    def hand_in(kit: Kit, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for name, data in make(kit).items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    return hand_in


def in_archive(make: Callable[[Kit], Files], inside: str) -> Callable[[Kit, Path], None]:
    """Hand in what `make` gives as a zip archive with a folder called `inside` around it."""

    def hand_in(kit: Kit, place: Path) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in make(kit).items():
                archive.writestr(f"{inside}/{name}", data)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name(f"{place.name}.zip").write_bytes(out.getvalue())

    return hand_in


def with_mistakes(files: Files, kit: Kit, *mistakes: tuple[str, str]) -> Files:
    """Files with known misconceptions put in: pairs of an exercise and a misconception's name."""
    changed = dict(files)
    for exercise, name in mistakes:
        spec = recipe(kit.reference, exercise)
        hunks = next(one.hunks for one in spec.misconceptions if one.id == name)
        path = kit.path(spec.module)
        changed[path] = apply(changed[path].decode(), hunks, path).encode()
    return changed


def with_change(files: Files, kit: Kit, module: str, old: str, new: str) -> Files:
    """Files with one replacement in one of the student's files."""
    path = kit.path(module)
    return {**files, path: edited(files[path].decode(), [(old, new)], path).encode()}
