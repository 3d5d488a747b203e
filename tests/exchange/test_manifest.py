"""What `grader collect` says of files that differ from the manifest that was packed with them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from exchange.downloads import submission, write
from gradebook import small_course
from hypothesis import given
from hypothesis import strategies as st

from grader.exchange.collecting import collect
from grader.exchange.manifest import altered
from grader.exchange.record import ON_TIME
from utils.workspace.handing_in.receipt import MANIFEST, archive_of

FILES = {"warmup.ipynb": b"{}", "nndl/layers.py": b"x = 1\n", "nndl/optim.py": b"y = 2\n"}
PACKED = archive_of("nndl", "a1", FILES)


def repacked(changes: Mapping[str, bytes | None], folder: str = "a1/") -> bytes:
    """What was packed, with files changed, added, or (None) taken out, in another folder."""
    with zipfile.ZipFile(io.BytesIO(PACKED)) as old:
        files = {name.removeprefix("a1/"): old.read(name) for name in old.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in {**files, **changes}.items():
            if data is not None:
                archive.writestr(f"{folder}{name}", data)
    return out.getvalue()


@pytest.mark.parametrize("folder", ["a1/", "", "hand in/again/"])
def test_nothing_is_said_of_what_is_as_it_was_packed(folder: str) -> None:
    assert altered(PACKED) == ()
    assert altered(repacked({".DS_Store": b"", "nndl/__pycache__/layers.pyc": b""}, folder)) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nndl/layers.py": b"x = 2\n"}, ("altered after packing: nndl/layers.py",)),
        ({"nndl/more.py": b""}, ("added after packing: nndl/more.py",)),
        ({"nndl/optim.py": None}, ("packed, and not there any more: nndl/optim.py",)),
        ({MANIFEST: b"{"}, (f"{MANIFEST} cannot be read: it was altered after packing",)),
        ({MANIFEST: None}, ()),
        ({MANIFEST: json.dumps({"format": 99, "files": {}}).encode()}, ()),
        (
            {"nndl/layers.py": b"", "warmup.ipynb": b"[]", "nndl/more\x1b.py": b"", "nndl/optim.py": None},
            (
                "altered after packing: nndl/layers.py, warmup.ipynb",
                r"added after packing: nndl/more\x1b.py",
                "packed, and not there any more: nndl/optim.py",
            ),
        ),
    ],
)
def test_what_differs_is_named(changes: dict[str, bytes | None], said: tuple[str, ...]) -> None:
    assert altered(repacked(changes)) == said


@given(st.binary(max_size=200), st.integers(0, len(PACKED)))
def test_damaged_archives_and_manifests_raise_nothing(junk: bytes, where: int) -> None:
    assert all(isinstance(sentence, str) for sentence in altered(PACKED[:where] + junk + PACKED[where + len(junk) :]))
    assert len(altered(repacked({MANIFEST: junk}))) <= 3


def test_the_remarks_stand_in_what_was_collected(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    course = small_course.make(tmp_path / "course")
    files = {
        "lovelaceada_4711_9_hw.zip": PACKED,
        "hoppergrace_4712_8_hw.zip": repacked({"nndl/layers.py": b"x = 3\n"}),
        "eveevil_4713_7_hw.zip": submission(),
    }
    done = collect(course["a1"], [write(tmp_path / "s.zip", files)], course.root / "submitted")
    said = {student.partition("_")[0]: set(taken.notes) - {ON_TIME} for student, taken in done.taken.items()}
    assert said == {"lovelaceada": set(), "hoppergrace": {"altered after packing: nndl/layers.py"}, "eveevil": set()}
    assert "altered after packing: nndl/layers.py" in done.table.read_text("utf-8-sig")
