"""Submissions made for the tests: the reference's answers, changed where a test wants them changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec.structs import replace

from grader.course import Assignment
from grader.demo import MARKERS
from grader.reference import Edit, Reference, edited
from grader.submission import Submission

MODULES = ("backprop", "neural_net", "layers", "fc_net")


def solved(reference: Reference, **edits: tuple[Edit, ...]) -> dict[str, bytes]:
    """All modules right but for `edits`, by module."""
    files = {}
    for module in MODULES:
        lines = reference.source(module).splitlines(keepends=True)
        text = "".join(line for line in lines if line.strip() not in MARKERS)
        files[f"nndl/{module}.py"] = edited(text, edits.get(module, ()), module).encode()
    return files


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def part_of(assignment: Assignment, names: Collection[str]) -> Assignment:
    """An assignment as if it had these exercises alone, which takes less time; a module stands for all of its."""
    known = {name for each in assignment.exercises for name in (each.name, each.module)}
    assert known.issuperset(names), set(names) - known
    notebooks = [
        replace(notebook, exercises=tuple(each for each in notebook.exercises if {each.name, each.module} & {*names}))
        for notebook in assignment.notebook
    ]
    return replace(assignment, notebook=tuple(notebooks))


def submission(files: Mapping[str, bytes]) -> Submission:
    """A submission of these files, without a folder."""
    return Submission(dict(files), ())
