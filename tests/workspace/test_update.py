"""A student's folder is updated, the update is undone, and nothing that the student wrote is lost on the way."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from small_releases import CELLS, FEEDING, PACKAGE, cell, files, notebook, release, tree, unpack

from utils.workspace.updating import backup, update
from utils.workspace.updating.backup import CannotWrite, backups, finish
from utils.workspace.updating.kept import LATEST
from utils.workspace.updating.release import INVENTORY, UnusableRelease, read_inventory
from utils.workspace.updating.report import lines

STUB = 'raise NotImplementedError("portions: your code here")'
SOLVED = FEEDING.replace(STUB, "return weights * share  # mine")
ANSWER = notebook(*[{**one, "source": "Because."} if one["id"] == "why" else one for one in CELLS])
NEW_FEEDING = FEEDING.replace("3 points", "4 points").replace("def weigh", "def groom(pet):\n    pass\n\n\ndef weigh")
NEW_FILES = {
    **files(feeding=NEW_FEEDING, notebook=notebook(*CELLS, cell("more", "# More", "markdown"))),
    "utils/scales.py": b"KILO = 1024\n",
    "assignments/hw2/Walks.ipynb": notebook(cell("walk", "# Walk", "markdown")),
    f"{PACKAGE}/walks.py": b'"""Walks."""\n',
}
NEW = release(NEW_FILES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A student's folder with work in it."""
    folder = unpack(release(), tmp_path / "pets-course")
    (folder / PACKAGE / "feeding.py").write_text(SOLVED)
    (folder / PACKAGE / "own.py").write_text("mine = 1\n")
    (folder / "assignments/hw1/Pets.ipynb").write_bytes(ANSWER)
    return folder


def text(root: Path, path: str) -> str:
    return (root / path).read_text("utf-8")


def report(done: update.Updated | None) -> str:
    assert done is not None
    return "\n".join(lines(done, PACKAGE))


def answers(root: Path) -> list[str]:
    return [str(one["source"]) for one in json.loads(text(root, "assignments/hw1/Pets.ipynb"))["cells"]]


def test_new_files_and_exercises_come_and_work_stays(root: Path) -> None:
    done = update.update(root, PACKAGE, NEW)
    expected = NEW_FEEDING.replace(STUB, "return weights * share  # mine")
    assert text(root, f"{PACKAGE}/feeding.py") == expected
    assert text(root, f"{PACKAGE}/own.py") == "mine = 1\n"
    assert answers(root)[-3:] == ["Because.", "That is all.", "# More"]
    assert text(root, "utils/scales.py") == "KILO = 1024\n"
    assert (root / "assignments/hw2/Walks.ipynb").is_file()
    assert read_inventory(root) == NEW.inventory
    said = report(done)
    assert "new in it are groom" in said
    assert "2 new files: assignments/hw2/Walks.ipynb" in said
    assert not [line for line in said.splitlines() if line.startswith("!")]


def test_a_second_update_to_the_same_release_has_nothing_to_do(root: Path) -> None:
    update.update(root, PACKAGE, NEW)
    after = tree(root)
    assert update.update(root, PACKAGE, NEW).backup is None
    assert tree(root) == after
    assert len(backups(root)) == 1


def test_undoing_gives_the_old_files_back(root: Path) -> None:
    before = tree(root)
    update.update(root, PACKAGE, NEW)
    assert update.undo(root, PACKAGE) is not None
    assert tree(root) == before
    assert not (root / "assignments/hw2").exists()
    assert update.undo(root, PACKAGE) is None
    update.update(root, PACKAGE, NEW)
    assert "groom" in text(root, f"{PACKAGE}/feeding.py")


def test_undoing_keeps_what_was_written_since(root: Path) -> None:
    update.update(root, PACKAGE, NEW)
    path = root / PACKAGE / "feeding.py"
    path.write_text(path.read_text().replace('raise NotImplementedError("fill', 'return "full"  # ('))
    (root / PACKAGE / "walks.py").write_text("steps = 7\n")
    done = update.undo(root, PACKAGE)
    assert 'return "full"' in path.read_text()
    assert "groom" not in path.read_text()
    assert "return weights * share  # mine" in path.read_text()
    assert text(root, f"{PACKAGE}/walks.py") == "steps = 7\n"
    assert f"{PACKAGE}/walks.py stays" in report(done)


def test_updates_are_undone_one_after_the_other(root: Path) -> None:
    states = [tree(root)]
    for grams in (b"KILO = 1024\n", b"KILO = 1001\n"):
        update.update(root, PACKAGE, release({**NEW_FILES, "utils/scales.py": grams}))
        states.append(tree(root))
    for state in (states[1], states[0]):
        assert update.undo(root, PACKAGE) is not None
        assert tree(root) == state


def test_a_given_file_that_the_student_changed_is_renewed_and_kept_in_the_backup(root: Path) -> None:
    (root / "utils/scales.py").write_text("KILO = 999  # mine\n")
    done = update.update(root, PACKAGE, NEW)
    assert text(root, "utils/scales.py") == "KILO = 1024\n"
    assert done.backup is not None
    assert done.backup.before("utils/scales.py") == b"KILO = 999  # mine\n"
    assert "! utils/scales.py is given and was renewed" in report(done)


def test_line_ends_that_git_has_changed_are_no_change(root: Path) -> None:
    (root / "utils/scales.py").write_bytes(b"KILO = 1000\r\n")
    assert update.update(root, PACKAGE, NEW).plan.replaced == []


def test_a_file_that_is_no_python_stays_and_is_merged_once_it_is_mended(root: Path) -> None:
    path = root / PACKAGE / "feeding.py"
    path.write_text(SOLVED.replace("weights * share", "weights * (share"))
    broken = path.read_text()
    done = update.update(root, PACKAGE, NEW)
    assert path.read_text() == broken
    assert text(root, f"{PACKAGE}/feeding.py.new") == NEW_FEEDING
    said = report(done)
    assert re.search(r"feeding\.py cannot be merged \(line \d+: ", said), said
    path.write_text(SOLVED)
    update.update(root, PACKAGE, NEW)
    assert path.read_text() == NEW_FEEDING.replace(STUB, "return weights * share  # mine")
    assert not (root / PACKAGE / "feeding.py.new").exists()


def test_what_both_have_changed_is_kept_twice_and_it_is_said(root: Path) -> None:
    other = NEW_FEEDING.replace("def portions(weights, share)", "def portions(weights, share, rest)")
    done = update.update(root, PACKAGE, release({**NEW_FILES, f"{PACKAGE}/feeding.py": other.encode()}))
    assert "return weights * share  # mine" in text(root, f"{PACKAGE}/feeding.py")
    assert text(root, f"{PACKAGE}/feeding.py.new") == other
    assert f"have both changed portions; yours stays, and the new version is in {PACKAGE}/feeding.py.new" in report(
        done
    )


def test_what_was_released_earlier_stays_when_a_release_has_only_the_next_assignment(root: Path) -> None:
    given = {path: data for path, data in NEW_FILES.items() if "hw1" not in path}
    update.update(root, PACKAGE, release(given))
    assert answers(root)[-2:] == ["Because.", "That is all."]
    assert {"hw1", "hw2"} == set(read_inventory(root).assignments)
    update.update(root, PACKAGE, NEW)
    assert answers(root)[-3:] == ["Because.", "That is all.", "# More"]


def test_a_given_module_that_is_gone_is_removed_unless_the_student_changed_it(root: Path) -> None:
    given = {path: data for path, data in NEW_FILES.items() if path != "utils/scales.py"}
    update.update(root, PACKAGE, release(given))
    assert not (root / "utils/scales.py").exists()
    update.undo(root, PACKAGE)
    (root / "utils/scales.py").write_text("mine = 1\n")
    update.update(root, PACKAGE, release(given))
    assert text(root, "utils/scales.py") == "mine = 1\n"


def test_another_course_and_the_folder_of_its_author_are_refused(root: Path) -> None:
    before = tree(root)
    with pytest.raises(UnusableRelease, match="Pets"):
        update.update(root, "plants", NEW)
    (root / "course.toml").write_text("")
    with pytest.raises(UnusableRelease, match="where the course is written"):
        update.update(root, PACKAGE, NEW)
    (root / "course.toml").unlink()
    assert tree(root) == before


def test_without_an_inventory_nothing_is_lost(root: Path) -> None:
    (root / INVENTORY).unlink()
    update.update(root, PACKAGE, NEW)
    assert "return weights * share  # mine" in text(root, f"{PACKAGE}/feeding.py")
    assert "def groom" in text(root, f"{PACKAGE}/feeding.py")
    assert "Because." in answers(root)


class Killed(BaseException):
    """Stands for the end of the process."""


def killed_at(number: int, work: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run `work` up to the `number`-th time that it moves or removes a file; tell whether it got that far."""
    left = number

    def count(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*args, **kwargs)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", count(os.replace))
        for name in ("rename", "unlink", "rmdir"):
            patch.setattr(Path, name, count(getattr(Path, name)))
        try:
            work()
        except Killed:
            return True
    return False


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", ["update", "undo"])
def test_a_killed_update_leaves_the_old_or_the_new_state(
    what: str, every: int, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tree(root)
    update.update(root, PACKAGE, NEW)
    new = tree(root)
    if what == "update":
        update.undo(root, PACKAGE)
        work: Callable[[Path], Any] = partial(update.update, package=PACKAGE, release=NEW)
    else:
        old, new = new, old
        work = partial(update.undo, package=PACKAGE)
    seen = set()
    for number in range(0, 1000, every):
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(root, folder)
        ended = not killed_at(number, partial(work, folder), monkeypatch)
        finish(folder)
        assert tree(folder) in (old, new)
        seen.add(tree(folder) == new)
        assert not list((folder / "backups").glob("*.part"))
        if ended:
            break
        work(folder) if what == "update" or tree(folder) == old else None
        assert tree(folder) == new
        shutil.rmtree(folder)
    assert seen == {False, True}
    assert number > 20


def test_what_was_written_after_the_kill_is_not_overwritten(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = root / PACKAGE / "feeding.py"
    for number in range(1000):
        assert killed_at(number, lambda: update.update(root, PACKAGE, NEW), monkeypatch)
        if (root / "backups/unfinished").exists():
            break
    later = path.read_text() + "\nlater = 1\n"
    path.write_text(later)
    done = update.look_after(root, PACKAGE)
    assert path.read_text() == later
    assert "def groom" in text(root, f"{PACKAGE}/feeding.py.new")
    assert "was changed while this ran" in report(done)
    assert text(root, "utils/scales.py") == "KILO = 1024\n"


def test_a_full_disk_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)
    real, left = backup._write, 5

    def full(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(backup, "_write", full)
        with pytest.raises(CannotWrite, match=r"No space left on device\); nothing was changed"):
            update.update(root, PACKAGE, NEW)
    assert tree(root) == before
    assert not list((root / "backups").glob("2*"))


def test_a_file_in_use_is_finished_by_the_next_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows does not replace a file that a program has open."""
    real = os.replace

    def in_use(part: Path, path: Path) -> None:
        if path == root / "utils/scales.py":
            raise PermissionError(13, "Permission denied", str(path))
        real(part, path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", in_use)
        with pytest.raises(CannotWrite, match=r"scales\.py cannot be written .*next command goes on"):
            update.update(root, PACKAGE, NEW)
    assert update.look_after(root, PACKAGE) is not None
    assert text(root, "utils/scales.py") == "KILO = 1024\n"
    assert read_inventory(root) == NEW.inventory


def test_a_release_that_was_unpacked_over_work_is_noticed(root: Path) -> None:
    assert update.look_after(root, PACKAGE) is None
    unpack(NEW, root)
    assert STUB in text(root, f"{PACKAGE}/feeding.py")
    done = update.look_after(root, PACKAGE)
    assert text(root, f"{PACKAGE}/feeding.py") == NEW_FEEDING.replace(STUB, "return weights * share  # mine")
    assert answers(root)[-3:] == ["Because.", "That is all.", "# More"]
    assert "feeding.py" in report(done)
    assert update.look_after(root, PACKAGE) is None
    assert update.update(root, PACKAGE, NEW).backup is None


def test_the_same_release_unpacked_again_is_noticed_too(root: Path) -> None:
    update.look_after(root, PACKAGE)
    before = tree(root)
    unpack(release(), root)
    assert tree(root) != before
    update.look_after(root, PACKAGE)
    assert tree(root) == before


def test_a_part_of_a_release_that_was_unpacked_over_work_is_noticed(root: Path) -> None:
    update.look_after(root, PACKAGE)
    notes = root / "assignments/hw1/Pets.ipynb"
    notes.write_bytes(ANSWER.replace(b"Because.", b"Because of this."))  # after the copy, and not overwritten
    (root / PACKAGE / "feeding.py").write_text(FEEDING)
    update.look_after(root, PACKAGE)
    assert text(root, f"{PACKAGE}/feeding.py") == SOLVED
    assert "Because of this." in answers(root)


def test_bringing_back_can_be_undone_and_is_not_done_again(root: Path) -> None:
    update.look_after(root, PACKAGE)
    (root / PACKAGE / "feeding.py").write_text(FEEDING)  # on purpose
    assert update.look_after(root, PACKAGE) is not None
    update.undo(root, PACKAGE)
    assert text(root, f"{PACKAGE}/feeding.py") == FEEDING
    assert update.look_after(root, PACKAGE) is None


def test_the_copy_has_the_students_files_and_nothing_else(root: Path) -> None:
    (root / "assignments/hw1/.ipynb_checkpoints").mkdir()
    (root / "assignments/hw1/.ipynb_checkpoints/Pets-checkpoint.ipynb").write_text("{}")
    (root / "data.npz").write_bytes(b"large")
    update.look_after(root, PACKAGE)
    names = {path.relative_to(root / "backups" / LATEST).as_posix() for path in (root / "backups").rglob("*.*")}
    wanted = {"feeding.py", "own.py", "__init__.py"}
    assert names == {INVENTORY, "assignments/hw1/Pets.ipynb", *(f"{PACKAGE}/{name}" for name in wanted)}


def test_nothing_is_kept_where_there_is_no_students_folder(tmp_path: Path) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "feeding.py").write_text("x = 1\n")
    assert update.look_after(tmp_path, PACKAGE) is None
    assert not (tmp_path / "backups").exists()
