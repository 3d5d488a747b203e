"""CIFAR-10's files: read exactly, and anything wrong with them told in one sentence."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from tiny_cifar10 import FOLDER, NAMES, PER_BATCH, dump, make_batch, make_folder

from utils.cifar10 import batches_folder, find_cifar10, read_batch, read_split
from utils.errors import DataError


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "data")


def refusal(call, *arguments):
    """The message of the DataError that a call ends in; always one sentence."""
    with pytest.raises(DataError) as error:
        call(*arguments)
    message = str(error.value)
    assert "\n" not in message
    assert message[-1] in ".?"
    return message


def test_pixels_and_labels_are_those_of_the_file(folder):
    X, y = read_batch(folder / "data_batch_3")
    batch = make_batch(2)
    assert (X.dtype, y.dtype) == (np.uint8, np.int64)
    np.testing.assert_array_equal(X, batch[b"data"].reshape(PER_BATCH, 3, 32, 32))
    np.testing.assert_array_equal(y, batch[b"labels"])


def test_the_training_set_is_the_five_batches_in_order(folder):
    X, y = read_split(folder, "train")
    assert X.shape == (5 * PER_BATCH, 3, 32, 32)
    assert y.tolist() == [label for number in range(5) for label in make_batch(number)[b"labels"]]
    assert read_split(folder, "test")[1].tolist() == make_batch(5)[b"labels"]


def test_the_folder_or_the_one_around_it(folder):
    assert batches_folder(folder) == folder
    assert batches_folder(folder.parent) == folder
    assert batches_folder(str(folder)) == folder


@pytest.mark.parametrize("wrong", ["../..", "inside", "../typo", "../other"])
def test_a_folder_nearby_is_hinted_at(folder, wrong):
    (folder / "inside").mkdir()
    (folder.parent / "other").mkdir()
    message = refusal(batches_folder, folder / wrong if wrong != "../.." else folder.parent.parent)
    assert "did you mean" in message
    assert os.path.samefile(message.split("did you mean ")[1].rstrip("?"), folder)


def test_the_archive_still_packed(tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").touch()
    assert "tar -xf" in refusal(batches_folder, tmp_path)


def test_the_binary_version(tmp_path):
    (tmp_path / "data_batch_1.bin").touch()
    assert "Python version" in refusal(batches_folder, tmp_path)


@pytest.mark.parametrize("path", ["", "missing/deeply", "x" * 5000, "a\0b"])
def test_nothing_there(tmp_path, path):
    assert "download_CIFAR10()" in refusal(batches_folder, tmp_path / path)


def test_a_folder_that_may_not_be_listed(tmp_path, monkeypatch):
    def forbidden(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", forbidden)
    assert "download_CIFAR10()" in refusal(batches_folder, tmp_path)


def test_a_missing_batch(folder):
    (folder / "data_batch_4").unlink()
    message = refusal(read_split, folder, "train")
    assert "data_batch_4" in message
    assert "incomplete" in message


@pytest.mark.parametrize("kept", [0, 1, 100, 10_000, -1])
def test_a_truncated_file(folder, kept):
    path = folder / "test_batch"
    path.write_bytes(path.read_bytes()[:kept])
    message = refusal(read_batch, path)
    assert "test_batch is truncated or damaged" in message
    assert "download_CIFAR10()" in message


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_are_refused_or_are_pixels(folder, seed):
    path = folder / "test_batch"
    rng = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for _ in range(3):
        # the pickle's own structure is in the first and last few hundred bytes; the middle is pixels
        content[int(rng.integers(400)) * int(rng.choice([1, -1]))] ^= int(rng.integers(1, 256))
    path.write_bytes(content)
    try:
        X, y = read_batch(path)
    except DataError:
        return
    assert X.shape == (len(y), 3, 32, 32)


@pytest.mark.parametrize(
    "change",
    [
        {b"data": np.zeros((PER_BATCH, 3071), np.uint8)},
        {b"data": np.zeros((PER_BATCH, 3072))},
        {b"data": np.zeros((0, 3072), np.uint8), b"labels": []},
        {b"labels": [0] * (PER_BATCH - 1)},
        {b"labels": [10] * PER_BATCH},
        {b"labels": [0.5] * PER_BATCH},
        {b"labels": None},
    ],
)
def test_a_batch_of_something_else(folder, change):
    dump(make_batch(0) | change, folder / "test_batch")
    refusal(read_batch, folder / "test_batch")


def test_a_file_that_is_no_dict(folder):
    dump([1, 2, 3], folder / "test_batch")
    refusal(read_batch, folder / "test_batch")


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", range(6))
def test_no_pickle_runs_code(folder, tmp_path, protocol):
    mark = tmp_path / "was-here"
    harmful = pickle.dumps({"data": Harm(str(mark)), "labels": []}, protocol)
    (folder / "test_batch").write_bytes(harmful)
    assert "mkdir" in refusal(read_batch, folder / "test_batch")
    assert not mark.exists()
    pickle.loads(harmful)  # the ordinary reader runs it: the guard above is what stops it
    assert mark.exists()


def test_arrays_of_objects_are_refused(folder):
    dump(make_batch(0) | {b"data": np.array([{}, {}], object)}, folder / "test_batch")
    refusal(read_batch, folder / "test_batch")


@pytest.fixture
def places(tmp_path, monkeypatch):
    """An empty course folder to stand in, and an empty cache."""
    monkeypatch.delenv("NNDL_DATA", raising=False)
    (tmp_path / "course" / "nndl").mkdir(parents=True)
    (tmp_path / "course" / "assignments" / "hw3").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "course" / "assignments" / "hw3")
    monkeypatch.setattr("utils.cifar10.cache_folder", lambda: tmp_path / "cache")
    return tmp_path


def test_no_copy_is_no_error(places):
    assert find_cifar10() is None


def test_the_course_folder_is_looked_in_from_below_it_and_before_the_cache(places):
    in_cache = make_folder(places / "cache")
    assert find_cifar10() == in_cache
    in_course = make_folder(places / "course" / "data")
    assert find_cifar10() == in_course


def test_the_environment_variable_goes_first(places, monkeypatch):
    make_folder(places / "course" / "data")
    elsewhere = make_folder(places / "elsewhere")
    monkeypatch.setenv("NNDL_DATA", str(places / "elsewhere"))
    assert find_cifar10() == elsewhere


def test_an_environment_variable_that_points_nowhere_is_an_error_and_not_a_silent_fallback(places, monkeypatch):
    make_folder(places / "course" / "data")
    monkeypatch.setenv("NNDL_DATA", str(places / "nowhere"))
    assert "nowhere" in refusal(find_cifar10)


def test_the_offline_set_can_be_asked_for(places, monkeypatch):
    make_folder(places / "course" / "data")
    monkeypatch.setenv("NNDL_DATA", "offline")
    assert find_cifar10() is None


def test_an_incomplete_copy_is_found_and_then_told(places):
    folder = make_folder(places / "cache")
    for name in NAMES[:3]:
        (folder / name).unlink()
    assert find_cifar10() == places / "cache" / FOLDER
    assert "data_batch_1" in refusal(read_split, folder, "train")
