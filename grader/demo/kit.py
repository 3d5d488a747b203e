"""Make submissions of made-up students, for a course's own ``solutions/demo.py`` and for the plain class."""

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
    """The files from which submissions are made.

    Attributes
    ----------
    solved : mapping of str to bytes
        All files of a submission with the reference's answers, by path. In place of trained nets it has nets with
        valid but untrained weights.
    stubs : mapping of str to bytes
        The notebooks and the files of the student's package as they are released, by path.
    made : mapping of str to bytes
        The files that the course's ``prepare`` has made, by name.
    reference : Reference
        The reference of the course, with its known misconceptions.
    """

    solved: Mapping[str, bytes]
    stubs: Mapping[str, bytes]
    made: Mapping[str, bytes]
    reference: Reference

    def path(self, module: str) -> str:
        """Return the path of a module in a submission."""
        return f"{self.reference.package}/{module}.py"

    def text(self, module: str) -> str:
        """Return the reference's text of a module, without the markers of solution regions."""
        return self.solved[self.path(module)].decode()


@dataclass(frozen=True)
class Student:
    """A made-up student.

    Attributes
    ----------
    name : str
        The name of the student's folder.
    about : str
        A few words on the submission, such as ``"an endless loop in layers.affine_forward"``.
    hand_in : callable
        ``hand_in(kit, place)`` writes the submission to the path `place`, ``<submitted>/<student>/<assignment>``.
    """

    name: str
    about: str
    hand_in: Callable[[Kit, Path], None]


def in_folder(make: Callable[[Kit], Files]) -> Callable[[Kit, Path], None]:
    """Return a `Student.hand_in` that writes the files of ``make(kit)`` into a folder."""

    def hand_in(kit: Kit, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for name, data in make(kit).items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    return hand_in


def in_archive(make: Callable[[Kit], Files], inside: str) -> Callable[[Kit, Path], None]:
    """Return a `Student.hand_in` that writes the files of ``make(kit)`` into a zip archive, in a folder `inside`."""

    def hand_in(kit: Kit, place: Path) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in make(kit).items():
                archive.writestr(f"{inside}/{name}", data)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name(f"{place.name}.zip").write_bytes(out.getvalue())

    return hand_in


def with_mistakes(files: Files, kit: Kit, *mistakes: tuple[str, str]) -> Files:
    """Put known misconceptions into files.

    Parameters
    ----------
    files : dict of str to bytes
        Solved files; they are not changed.
    kit : Kit
    *mistakes : tuple of str and str
        Pairs of an exercise and the name of one of its misconceptions.

    Returns
    -------
    dict of str to bytes
        All files, with the misconceptions.
    """
    changed = dict(files)
    for exercise, name in mistakes:
        spec = recipe(kit.reference, exercise)
        hunks = next(misconception.hunks for misconception in spec.misconceptions if misconception.id == name)
        path = kit.path(spec.module)
        changed[path] = apply(changed[path].decode(), hunks, path).encode()
    return changed


def with_change(files: Files, kit: Kit, module: str, old: str, new: str) -> Files:
    """Return the files with the text `old` replaced by `new` in a module of the student's package."""
    path = kit.path(module)
    return {**files, path: edited(files[path].decode(), [(old, new)], path).encode()}
