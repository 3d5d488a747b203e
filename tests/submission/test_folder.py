"""A submitted folder: what is named is taken, what is not is left aside with a sentence, and no link is followed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.submission import NotASubmission, Submission
from grader.submission.folder import Folder
from grader.submission.tree import MAX_DEPTH, MAX_ENTRIES, Unreadable

FILES = ("nndl/layers.py", "nndl/fc_net.py", "FC_nets.ipynb", "models/two_layer_best.npz")


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Writes a submission; by default everything that the assignment takes."""

    def write(**changes: str | bytes | None) -> Path:
        folder = tmp_path / "hw3"
        for name in FILES:
            put(folder / name, name)
        return folder

    return write


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_what_the_assignment_names_is_taken(hand_in):
    taken = Submission.read(hand_in(), FILES)
    assert taken.files == {name: name.encode() for name in FILES}
    assert taken.remarks == ()


def test_a_folder_around_everything_makes_no_difference(hand_in):
    folder = hand_in()
    (folder / "__MACOSX").mkdir()
    bare, wrapped = Submission.read(folder, FILES), Submission.read(folder.parent, FILES)
    assert wrapped.files == bare.files
    assert wrapped.digest == bare.digest
    assert wrapped.remarks == ()


def test_one_folder_of_the_assignment_is_not_taken_for_a_folder_around_it(tmp_path):
    put(tmp_path / "nndl" / "layers.py", "x = 1")
    assert set(Submission.read(tmp_path, FILES).files) == {"nndl/layers.py"}


def test_an_empty_folder_is_a_submission_of_nothing(tmp_path):
    taken = Submission.read(tmp_path, FILES)
    assert taken.files == {}
    assert taken.remarks == ("none of the assignment's files is in the submission",)


def test_what_is_missing_is_named(hand_in):
    folder = hand_in()
    (folder / "FC_nets.ipynb").unlink()
    (folder / "nndl" / "fc_net.py").unlink()
    taken = Submission.read(folder, FILES)
    assert set(taken.files) == {"nndl/layers.py", "models/two_layer_best.npz"}
    assert taken.remarks == ("not handed in: FC_nets.ipynb, nndl/fc_net.py",)


def test_extra_modules_are_ignored_in_one_sentence(hand_in):
    folder = hand_in()
    for name in ("numpy.py", "nndl/__init__.py", "utils/solver.py", "nndl/helpers.py"):
        put(folder / name, "raise SystemExit")
    put(folder / "notes.txt", "not worth a word")
    put(folder / "nndl" / "__pycache__" / "layers.py", "not worth a word")
    taken = Submission.read(folder, FILES)
    assert set(taken.files) == set(FILES)
    assert taken.remarks == (
        "the submitted nndl/__init__.py was ignored: the grader puts the package together itself",
        "ignored, because this assignment does not take them: numpy.py, utils/solver.py",
    )


def test_other_modules_of_the_package_are_taken_besides(hand_in):
    folder = hand_in()
    before = Submission.read(folder, FILES).digest
    for name in ("helpers.py", "other.py", "never.py", "not a name.py", "given.py", "changed.py", "deeper/inside.py"):
        put(folder / "nndl" / name, "X = 1")
    (folder / "nndl" / "link.py").symlink_to(folder / "nndl" / "helpers.py")
    given = {"nndl/given.py": b"X = 1", "nndl/changed.py": b"X = 2", "nndl/other.py": None}
    taken = Submission.read(folder, FILES, given, never=["nndl/never.py"])
    assert set(taken.files) == set(FILES)
    assert set(taken.beside) == {"nndl/helpers.py", "nndl/other.py", "nndl/given.py"}
    assert taken.text("nndl/helpers.py") == "X = 1"
    assert taken.digest != before
    assert "nndl/changed.py was changed; the grader uses the one that the course gives" in taken.remarks


def test_many_extra_modules_stay_one_sentence(hand_in):
    folder = hand_in()
    for number in range(30):
        put(folder / f"extra_{number:02}.py", "")
    (remark,) = Submission.read(folder, FILES).remarks
    assert remark.endswith("extra_07.py and 22 more")


@pytest.mark.parametrize("target", ["secret.py", "/etc/passwd", "nowhere"])
def test_a_link_in_place_of_a_file_is_not_followed(hand_in, target):
    folder = hand_in()
    put(folder / "nndl" / "secret.py", "secret")
    (folder / "nndl" / "layers.py").unlink()
    (folder / "nndl" / "layers.py").symlink_to(target)
    taken = Submission.read(folder, (*FILES, "nndl/secret.py"))
    assert "nndl/layers.py" not in taken.files
    assert "nndl/layers.py is a link and was ignored" in taken.remarks


def test_a_link_in_place_of_a_folder_is_not_followed(hand_in, tmp_path):
    folder = hand_in()
    (folder / "nndl").rename(tmp_path / "elsewhere")
    (folder / "nndl").symlink_to(tmp_path / "elsewhere")
    taken = Submission.read(folder, FILES)
    assert set(taken.files) == {"FC_nets.ipynb", "models/two_layer_best.npz"}
    assert "nndl is a link and was ignored" in taken.remarks


@pytest.mark.parametrize("name", ["nndl/layers.py", "nndl"])
def test_a_link_that_is_slipped_in_after_the_look_is_not_followed(hand_in, tmp_path, name):
    folder = Folder(str(hand_in()))
    (tmp_path / "hw3" / name).rename(tmp_path / "moved")
    (tmp_path / "hw3" / name).symlink_to(tmp_path / "moved")
    with pytest.raises(Unreadable, match="symbolic link"):
        folder.read("nndl/layers.py", 1000)
    folder.close()


def test_the_path_itself_may_not_be_a_link(hand_in, tmp_path):
    (tmp_path / "link").symlink_to(hand_in())
    with pytest.raises(NotASubmission, match="is a symbolic link"):
        Submission.read(tmp_path / "link", FILES)


def test_a_pipe_is_not_waited_for(hand_in):
    folder = hand_in()
    (folder / "nndl" / "layers.py").unlink()
    os.mkfifo(folder / "nndl" / "layers.py")
    taken = Submission.read(folder, FILES)
    assert "nndl/layers.py is not a regular file and was ignored" in taken.remarks


def test_a_folder_in_place_of_a_file_is_left_aside(hand_in):
    folder = hand_in()
    (folder / "nndl" / "layers.py").unlink()
    (folder / "nndl" / "layers.py").mkdir()
    taken = Submission.read(folder, FILES)
    assert "nndl/layers.py is not a regular file and was ignored" in taken.remarks


@pytest.mark.parametrize(("name", "mebibytes"), [("nndl/layers.py", 1), ("FC_nets.ipynb", 20), (FILES[3], 64)])
def test_a_file_above_its_cap_is_not_read(hand_in, name, mebibytes):
    folder = hand_in()
    os.truncate(folder / name, 1 << 30)  # a hole: it takes no room on the disk, and must take none in memory
    taken = Submission.read(folder, FILES)
    assert set(taken.files) == set(FILES) - {name}
    assert taken.remarks == (f"{name} is larger than {mebibytes} MiB and was ignored",)


def test_a_file_exactly_at_its_cap_is_read(hand_in):
    folder = hand_in()
    os.truncate(folder / "nndl" / "layers.py", 1 << 20)
    assert len(Submission.read(folder, FILES).files["nndl/layers.py"]) == 1 << 20


def test_another_spelling_is_taken_and_said(hand_in):
    folder = hand_in()
    (folder / "FC_nets.ipynb").rename(folder / "fc_Nets.ipynb")
    taken = Submission.read(folder, FILES)
    assert set(taken.files) == set(FILES)
    assert taken.remarks == ("fc_Nets.ipynb was taken as FC_nets.ipynb",)


def test_two_spellings_of_one_name_are_told_apart(hand_in):
    folder = hand_in()
    put(folder / "nndl" / "Layers.py", "wrong")
    taken = Submission.read(folder, FILES)
    assert taken.files["nndl/layers.py"] == b"nndl/layers.py"
    assert "nndl/Layers.py differs from nndl/layers.py in case alone and was ignored" in taken.remarks
    (folder / "nndl" / "layers.py").rename(folder / "nndl" / "LAYERS.py")
    taken = Submission.read(folder, FILES)
    assert "nndl/layers.py" not in taken.files
    assert "nndl/layers.py was not handed in, and several files differ from it in case alone" in taken.remarks


@pytest.mark.parametrize("name", ["\x1b[31mred.py", "new\nline.py", "\u202egnp.py", b"\xff.py"])
def test_a_name_is_made_safe_to_print(hand_in, name):
    folder = hand_in()
    path = os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else name.encode())
    with open(path, "wb"):
        pass
    (remark,) = Submission.read(folder, FILES).remarks
    assert remark.isprintable()
    assert "\\" in remark


def test_a_deep_or_crowded_folder_is_looked_at_only_so_far(tmp_path):
    put(tmp_path / "nndl" / "layers.py", "x = 1")
    put(tmp_path.joinpath(*["deep"] * (MAX_DEPTH + 2)) / "x", "")
    for number in range(MAX_ENTRIES):
        (tmp_path / f"z{number}").touch()
    taken = Submission.read(tmp_path, FILES)
    assert any("nested more than" in remark for remark in taken.remarks)
    assert any(f"more than {MAX_ENTRIES} entries" in remark for remark in taken.remarks)


def test_a_path_that_is_not_there_is_no_submission(tmp_path):
    with pytest.raises(NotASubmission, match="does not exist") as error:
        Submission.read(tmp_path / "nowhere", FILES)
    assert error.value.exit_code == 2


def test_reading_leaves_no_file_open(hand_in):
    folder = hand_in()
    before = set(os.listdir("/proc/self/fd"))
    Submission.read(folder, FILES)
    assert set(os.listdir("/proc/self/fd")) == before


def test_what_the_kit_gave_is_passed_over_unless_it_was_changed(tmp_path: Path) -> None:
    folder = tmp_path / "hw3"
    (folder / "nndl").mkdir(parents=True)
    for name in ("__init__", "layers", "layer_utils", "optim"):
        (folder / "nndl" / f"{name}.py").write_bytes(name.encode())
    given = {"nndl/__init__.py": b"__init__", "nndl/layer_utils.py": b"layer_utils", "nndl/optim.py": None}
    assert Submission.read(folder, ["nndl/layers.py"], given).remarks == ()
    (folder / "nndl" / "layer_utils.py").write_bytes(b"layer_utils, and more")
    (folder / "nndl" / "optim.py").write_bytes(b"their own work")
    (remark,) = Submission.read(folder, ["nndl/layers.py"], given).remarks
    assert remark == "nndl/layer_utils.py was changed; the grader uses the one that the course gives"
    unknown = Submission.read(folder, ["nndl/layers.py"])  # without a word on what was given
    assert set(unknown.beside) == {"nndl/layer_utils.py", "nndl/optim.py"}


def test_the_thousands_of_files_of_a_repository_hide_nothing(hand_in, monkeypatch):
    folder = hand_in()
    for number in range(30):
        put(folder / ".git" / "objects" / f"{number}", "x")
    tree = Folder(str(folder), most_entries=12)
    assert not any(entry.name == FILES[0] for entry in tree.entries)  # .git comes first
    tree.close()
    monkeypatch.setattr("grader.submission.submission.Folder", lambda path, **how: Folder(path, most_entries=12, **how))
    assert Submission.read(folder, FILES).files.keys() == set(FILES)
