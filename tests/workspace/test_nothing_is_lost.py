"""Whatever a student writes and a release changes: what the student wrote is there afterwards, byte for byte."""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from small_releases import PACKAGE, cell, files, notebook, release, tree, unpack

from utils.workspace.updating.functions import split
from utils.workspace.updating.release import Release
from utils.workspace.updating.update import Updated, undo, update

NAMES = ("affine", "relu", "Net.loss", "Net.train", "norm", "solve")
PATH = f"{PACKAGE}/feeding.py"
NOTES = "assignments/hw1/Pets.ipynb"

lines = st.sampled_from(
    [
        "return x",
        "y = x  # é ",
        "# only a comment",
        "if x:\n    y = 2",
        "z = '''\n# text\n'''",
        "",
        "x\t= 1",
        "def f():\n    pass",
    ]
)
bodies = st.lists(lines, min_size=1, max_size=4).map(lambda some: ["y = 0", *"\n".join(some).split("\n")])
some_bodies = st.dictionaries(st.sampled_from(NAMES), bodies)
given_changes = st.fixed_dictionaries(
    {
        "words": st.sets(st.sampled_from(NAMES)),
        "code": st.sets(st.sampled_from(NAMES)),
        "gone": st.sets(st.sampled_from(NAMES)),
        "more": st.sets(st.sampled_from(["conv", "Net.check", "pool"])),
    }
)


def source(
    names: Sequence[str], bodies: Mapping[str, Sequence[str]], words: str = "", changed: Mapping[str, set[str]] = {}
) -> str:
    """A file with these functions; `bodies` has those of the ones that are written."""
    text = '"""Functions."""\n\nimport math\n'
    inside = ""
    for name in names:
        owner, _, function = name.rpartition(".")
        indent = "    " if owner else ""
        if owner and inside != owner:
            text += f"\n\nclass {owner}:\n"
        inside = owner
        argument = "x, rest=None" if name in changed.get("code", ()) else "x"
        said = f"{words}{function}" if name in changed.get("words", ()) else function
        body = bodies.get(name, [f"# ==== {said} ====", f'raise NotImplementedError("{function}: your code here")'])
        text += f'\n\n{indent}def {function}({argument}):\n{indent}    """Say {said}."""\n'
        text += "".join(f"{indent}    {line}\n" if line else "\n" for line in body)
    return text


def pieces(text: str) -> dict[str, str]:
    """The functions and methods of a file by name."""
    found = {}
    for piece in split(text):
        inner = {f"{piece.name}.{one.name}": one for one in piece.pieces}
        found |= {name: one.whole.strip("\r\n") for name, one in (inner or {piece.name: piece}).items()}
    return found


def updated(root: Path, mine: bytes, new: Release, notes: bytes = b"") -> Updated:
    """Write what the student has, update, undo and look whether all is as it was, and update again."""
    (root / PATH).write_bytes(mine)
    if notes:
        (root / NOTES).write_bytes(notes)
    before = tree(root)
    update(root, PACKAGE, new)
    undo(root, PACKAGE)
    assert tree(root) == before
    return update(root, PACKAGE, new)


@settings(phases=[Phase.generate])
@given(some_bodies, given_changes, st.booleans(), st.booleans(), st.lists(st.sampled_from(NAMES), unique=True))
def test_what_a_student_wrote_in_a_file_is_found_afterwards(
    written: dict[str, list[str]], changed: dict[str, set[str]], windows: bool, no_last_end: bool, deleted: list[str]
) -> None:
    stubs = source(NAMES, {})
    mine = source([name for name in NAMES if name not in deleted], written) + "\n\ndef my_own(x):\n    return 7  # ü\n"
    mine = mine.rstrip("\n") if no_last_end else mine
    mine = mine.replace("\n", "\r\n") if windows else mine
    order = ("affine", "conv", "relu", "Net.loss", "Net.check", "Net.train", "pool", "norm", "solve")
    names = [name for name in order if name in {*NAMES, *changed["more"]} - changed["gone"]]
    new = source(names, {}, "loudly ", changed)
    with tempfile.TemporaryDirectory() as folder:
        root = unpack(release(files(feeding=stubs)), Path(folder))
        done = updated(root, mine.encode(), release(files(feeding=new)))
        after = (root / PATH).read_bytes().decode()
        beside = root / f"{PATH}.new"
        ast.parse(after)
        own, here, given = pieces(mine), pieces(after), pieces(new)
        notes = done.plan.merged.get(PATH)
        for name in (*written.keys() - {*deleted}, "my_own"):
            only_words = name in changed["words"] and name not in changed["code"]
            if only_words and name in names:  # the given docstring is new, and every line of the student's is there
                said = f'"""Say {name.rpartition(".")[2]}."""'
                assert {line.strip() for line in own[name].splitlines()} - {said} <= {
                    line.strip() for line in here[name].splitlines()
                }
                assert "Say loudly" in here[name] or beside.read_text() == new
            else:
                assert here[name] == own[name]
            if name in changed["code"] and name in names:
                assert notes is not None
                assert name in notes.both
                assert beside.read_text() == new
        for name in set(names) - written.keys() - {*deleted}:  # what the student has not written is as released
            assert here[name].splitlines() == given[name].splitlines()
        for name in changed["more"]:
            assert name in here


texts = st.text(st.characters(codec="utf-8"), max_size=20)
ids = ("one", "two", "three", "four")


@settings(phases=[Phase.generate])
@given(
    st.dictionaries(st.sampled_from(ids), texts),
    st.dictionaries(st.sampled_from(ids), texts),
    st.sets(st.sampled_from(ids)),
    st.lists(texts, max_size=2),
)
def test_what_a_student_wrote_in_a_notebook_is_found_afterwards(
    mine: dict[str, str], theirs: dict[str, str], gone: set[str], own: list[str]
) -> None:
    graded = {"two": "two", "three": "three"}

    def cells(sources: Mapping[str, str]) -> list[dict[str, object]]:
        return [
            cell(name, sources.get(name, f"Given: {name}"), "markdown", graded.get(name, ""), name == "three")
            for name in ids
        ]

    student = cells(mine)
    student[2:2] = [cell(f"own-{number}", text) for number, text in enumerate(own)]
    with tempfile.TemporaryDirectory() as folder:
        root = unpack(release(files(notebook=notebook(*cells({})))), Path(folder))
        new = notebook(*(one for one in cells(theirs) if one["id"] not in gone))
        updated(root, (root / PATH).read_bytes(), release(files(notebook=new)), notebook(*student))
        after = json.loads((root / NOTES).read_bytes())["cells"]
    found = [str(one["source"]) for one in after]
    for text in own:
        assert text in found
    for name, text in mine.items():
        if text != f"Given: {name}":
            assert text in found
    for name in set(ids) - gone:
        assert theirs.get(name, f"Given: {name}") in found or (name in mine and name not in theirs)
    named = [one["metadata"]["nbgrader"]["grade_id"] for one in after if "nbgrader" in one["metadata"]]
    assert sorted(named) == sorted(set(graded) - gone)  # nbgrader accepts each name once
