"""What a release's archive may hold, and what is refused before anything is written."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_releases import archive, release, unpack, zipped

from utils.checks.course import FOLDER
from utils.workspace.updating import release as module
from utils.workspace.updating.release import (
    INVENTORY,
    Inventory,
    UnusableRelease,
    parse_inventory,
    read_inventory,
    read_release,
)

MADE = release()


def with_entry(name: str, data: bytes = b"", mode: int = 0) -> bytes:
    """The archive of a release with one entry more."""
    out = io.BytesIO(archive(MADE))
    with zipfile.ZipFile(out, "a") as file:
        entry = zipfile.ZipInfo(name)
        entry.filename = name  # as it is: `ZipInfo` cuts names at a null byte
        entry.external_attr = mode << 16
        file.writestr(entry, data)
    return out.getvalue()


def with_inventory(**changed: object) -> bytes:
    """The archive of a release whose inventory says something else."""
    index = {"package": "pets", "title": "Pets", "assignments": [], "files": {}} | changed
    inventory = zipped({"release.json": json.dumps(index).encode()})
    return zipped({"pets-course/" + INVENTORY: inventory, "pets-course/a.py": b"x = 1\n"})


def test_a_release_is_read_from_an_archive_and_from_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    path.write_bytes(archive(MADE))
    unpack(MADE, tmp_path / "unpacked")
    (tmp_path / "unpacked" / "note.txt").write_text("not given")
    for source in (path, archive(MADE), archive(MADE, "some name of my own"), tmp_path / "unpacked"):
        assert read_release(source) == MADE


def test_what_an_archiver_has_added_does_not_matter() -> None:
    assert read_release(with_entry("__MACOSX/pets-course/._README.md", b"x")) == MADE


def test_the_inventory_has_what_students_write_in() -> None:
    assert parse_inventory(MADE.inventory.to_bytes()) == MADE.inventory
    assert set(MADE.inventory.originals) == {"pets/__init__.py", "pets/feeding.py", "assignments/hw1/Pets.ipynb"}
    assert MADE.inventory.to_bytes() == release().inventory.to_bytes()
    assert INVENTORY.startswith(f"{FOLDER}/")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "/etc/passwd",
        "pets-course/../../evil",
        "C:/evil",
        "a\\b",
        "a//b",
        "nul.txt",
        "a/con",
        "a./b",
        "a\n",
    ],
)
def test_an_entry_outside_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(UnusableRelease, match="is no plain file name"):
        read_release(with_entry(name))


def test_the_inventory_cannot_name_a_file_outside_of_the_folder() -> None:
    for path in ("../evil.py", "backups/latest/pets/feeding.py", "/evil"):
        with pytest.raises(UnusableRelease, match="is no plain file name"):
            read_release(with_inventory(files={path: "0" * 64}))


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644])
def test_a_link_or_a_device_is_refused(mode: int) -> None:
    with pytest.raises(UnusableRelease, match="a link or a device"):
        read_release(with_entry("pets-course/link", b"/etc/passwd", mode))


def test_two_entries_of_one_name_are_refused() -> None:
    with pytest.raises(UnusableRelease, match="twice"):
        read_release(with_entry("pets-course/readme.MD"))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 10**6)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("pets-course/bomb", bytes(2 * 10**6))
    with pytest.raises(UnusableRelease, match="larger than any release"):
        read_release(out.getvalue())
    lying = out.getvalue().replace((2 * 10**6).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != out.getvalue()
    with pytest.raises(UnusableRelease, match="damaged"):
        read_release(lying)


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 5)
    with pytest.raises(UnusableRelease, match="larger than any release"):
        read_release(archive(MADE))


def test_a_file_that_is_not_as_released_is_refused(tmp_path: Path) -> None:
    damaged = {**MADE.files, "pets/feeding.py": b"x = 1\n", INVENTORY: MADE.inventory.to_bytes()}
    with pytest.raises(UnusableRelease, match=r"pets/feeding\.py in it is not as released"):
        read_release(zipped({f"pets-course/{path}": data for path, data in damaged.items()}))
    worked_in = unpack(MADE, tmp_path / "work")
    (worked_in / "pets/feeding.py").write_text("x = 1\n")
    with pytest.raises(UnusableRelease, match="not as released"):
        read_release(worked_in)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        zipped({"a/b.txt": b""}),
        with_inventory(files=[]),
        with_inventory(files={"a.py": 1}),
        with_inventory(assignments=3),
        zipped({INVENTORY: b"no archive"}),
        zipped({INVENTORY: zipped({"release.json": b"[" * 10**5})}),
    ],
)
def test_what_is_no_release_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(UnusableRelease, match=r"\.$"):
        read_release(data)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableRelease, match=r"gone\.zip cannot be read \(No such file"):
        read_release(tmp_path / "gone.zip")
    with pytest.raises(UnusableRelease, match="is no release"):
        read_release(tmp_path)


def test_an_entry_without_a_name_is_refused() -> None:
    data = with_entry("nameless").replace(b"nameless", bytes(8))  # a name ends at the first null byte
    with pytest.raises(UnusableRelease, match=r"\.$"):
        read_release(data)


@given(st.integers(0, len(archive(MADE)) - 1), st.integers(0, 255))
def test_a_damaged_archive_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(archive(MADE))
    data[place] = value
    with suppress(UnusableRelease):
        assert set(read_release(bytes(data)).files) <= set(MADE.files)


def test_a_damaged_inventory_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "goldens").mkdir()
    (tmp_path / INVENTORY).write_bytes(b"damaged")
    assert read_inventory(tmp_path) == Inventory()
