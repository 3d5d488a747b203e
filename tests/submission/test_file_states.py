"""What the file system says of a hand-in: any change is noticed, and nothing is said where one could be missed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.submission import file_states as states
from grader.submission.file_states import file_states
from grader.submission.tree import MAX_DEPTH, MAX_ENTRIES


@pytest.fixture
def hand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hand-in whose files count as settled, however new they are."""
    monkeypatch.setattr(states, "SETTLED", -1000.0)
    folder = tmp_path / "a1"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "layers.py").write_text("x = 1\n")
    (folder / "notes.ipynb").write_text("{}")
    (folder / "link").symlink_to("notes.ipynb")
    time.sleep(0.02)  # more than a tick of the clock of the file system
    return folder


def _edit_in_place(folder: Path) -> None:
    (folder / "pkg" / "layers.py").write_text("x = 2\n")


def _edit_and_set_the_old_times(folder: Path) -> None:
    file = folder / "pkg" / "layers.py"
    before = file.stat()
    file.write_text("x = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace_by_a_copy_with_the_old_times(folder: Path) -> None:
    file = folder / "pkg" / "layers.py"
    other = folder.parent / "other.py"
    other.write_text("x = 2\n")
    os.utime(other, ns=(0, file.stat().st_mtime_ns))
    shutil.copy2(other, file)  # as cp -p does


def _replace_by_a_file_with_the_old_times(folder: Path) -> None:
    file = folder / "pkg" / "layers.py"
    other = folder.parent / "other.py"
    other.write_text("x = 2\n")
    os.utime(other, ns=(0, file.stat().st_mtime_ns))
    os.replace(other, file)  # as rsync -a does


def _retarget(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("other.ipynb")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": _edit_in_place,
    "edited, with the old times": _edit_and_set_the_old_times,
    "a copy, with the old times": _replace_by_a_copy_with_the_old_times,
    "another file, with the old times": _replace_by_a_file_with_the_old_times,
    "renamed": lambda folder: (folder / "notes.ipynb").rename(folder / "Notes.ipynb"),
    "removed": lambda folder: (folder / "notes.ipynb").unlink(),
    "added": lambda folder: (folder / "pkg" / "helper.py").touch(),
    "a folder added": lambda folder: (folder / "data").mkdir(),
    "not readable": lambda folder: (folder / "notes.ipynb").chmod(0),
    "a folder that is not readable": lambda folder: (folder / "pkg").chmod(0),
    "another link": _retarget,
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen(hand_in: Path, change: str) -> None:
    before = file_states(hand_in)
    assert before
    assert file_states(hand_in) == before
    CHANGES[change](hand_in)
    assert file_states(hand_in) != before


@pytest.mark.parametrize("change", ["edited, with the old times", "a copy, with the old times"])
def test_length_and_time_of_modification_alone_would_miss_some(hand_in: Path, change: str) -> None:
    def plain(file: os.stat_result) -> tuple[int, ...]:
        return file.st_ino, file.st_size, file.st_mtime_ns

    file = hand_in / "pkg" / "layers.py"
    before = plain(file.stat())
    CHANGES[change](hand_in)
    assert plain(file.stat()) == before
    assert file.read_text() == "x = 2\n"


def test_what_does_not_count_changes_nothing(hand_in: Path) -> None:
    before = file_states(hand_in)
    (hand_in / "pkg" / "__pycache__").mkdir()
    (hand_in / ".DS_Store").touch()
    (hand_in / "notes.ipynb").read_bytes()
    assert file_states(hand_in) == before


def test_an_archive_is_a_file_like_others(hand_in: Path) -> None:
    archive = hand_in.with_name("a1.zip")
    archive.write_bytes(b"one")
    before = file_states(archive)
    assert before
    time.sleep(0.02)
    archive.write_bytes(b"two")
    assert file_states(archive) not in (before, b"")


@pytest.mark.parametrize("when", [0.0, 3600.0])
def test_nothing_is_said_of_what_has_just_changed_or_will_change(
    hand_in: Path, monkeypatch: pytest.MonkeyPatch, when: float
) -> None:
    """A second change within a tick of the file system's clock could not be told from the first one."""
    monkeypatch.setattr(states, "SETTLED", 0.5 if not when else 0.0)
    file = hand_in / "notes.ipynb"
    now = time.time()
    os.utime(file, (now + when, now + when))
    assert file_states(hand_in) == b""


def test_nothing_is_said_of_what_is_not_there_a_link_or_too_much(hand_in: Path) -> None:
    assert file_states(hand_in / "nothing") == b""
    assert file_states(hand_in / "link") == b""
    deep = hand_in
    for _ in range(MAX_DEPTH + 1):
        deep /= "d"
    deep.mkdir(parents=True)
    assert file_states(hand_in) == b""


def test_nothing_is_said_of_more_entries_than_are_looked_at(hand_in: Path) -> None:
    many = hand_in / "many"
    many.mkdir()
    for number in range(MAX_ENTRIES):
        (many / str(number)).touch()
    assert file_states(hand_in) == b""


def test_a_name_that_is_not_utf_8_is_no_trouble(hand_in: Path) -> None:
    before = file_states(hand_in)
    (hand_in / os.fsdecode(b"\xff.py")).touch()
    assert file_states(hand_in) not in (before, b"")
