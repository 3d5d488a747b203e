"""The data of the course, from a copy of CIFAR-10 or from the offline set."""

import numpy as np
import pytest
from tiny_cifar10 import PER_BATCH, make_batch, make_folder

from utils.data_utils import get_CIFAR10_data, load_CIFAR10
from utils.errors import DataError


@pytest.fixture
def official(tmp_path, monkeypatch):
    folder = make_folder(tmp_path)
    monkeypatch.setenv("NNDL_DATA", str(tmp_path))
    return folder


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("NNDL_DATA", "offline")


KEYS = {"X_train", "y_train", "X_val", "y_val", "X_test", "y_test", "mean_image", "dataset"}


def test_load_everything(official):
    X, y, X_test, y_test = load_CIFAR10(official)
    assert X.shape == (5 * PER_BATCH, 3, 32, 32)
    assert (X.dtype, y.dtype) == (X_test.dtype, y_test.dtype) == (np.float64, np.int64)
    np.testing.assert_array_equal(X_test, make_batch(5)[b"data"].reshape(X_test.shape))


def test_the_splits_follow_one_another(official, capsys):
    data = get_CIFAR10_data(20, 9, 4, subtract_mean=False)
    X, y, X_test, y_test = load_CIFAR10(official)
    assert set(data) == KEYS
    assert data["dataset"] == "cifar10"
    for part, images, labels in (("train", X[:20], y[:20]), ("val", X[20:29], y[20:29]), ("test", X_test, y_test)):
        np.testing.assert_array_equal(data[f"X_{part}"], images[: len(data[f"X_{part}"])])
        np.testing.assert_array_equal(data[f"y_{part}"], labels[: len(data[f"y_{part}"])])
    assert len(data["X_test"]) == 4
    assert not data["mean_image"].any()
    assert capsys.readouterr().out == ""


def test_the_mean_training_image_is_taken_off_everything(official):
    plain = get_CIFAR10_data(20, 9, 4, subtract_mean=False)
    data = get_CIFAR10_data(20, 9, 4)
    mean = plain["X_train"].mean(axis=0)
    np.testing.assert_allclose(data["mean_image"], mean)
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-12)
    for part in ("train", "val", "test"):
        np.testing.assert_allclose(data[f"X_{part}"], plain[f"X_{part}"] - mean)


@pytest.mark.parametrize("counts", [(30, 6, 1), (30, 5, 8), (36, 0, 0)])
def test_more_images_than_there_are(official, counts):
    with pytest.raises(ValueError, match=r"There are 35 images .* and 7 to test on.*ask for fewer"):
        get_CIFAR10_data(*counts)


@pytest.mark.parametrize("counts", [(0, 5, 5), (-3, 5, 5), (5, -1, 5), (5, 5, -1)])
def test_numbers_that_make_no_sense(offline, counts):
    with pytest.raises(ValueError, match=r"num_\w+ is (0|-\d): ask for at least one training image"):
        get_CIFAR10_data(*counts)


def test_the_offline_set_says_so_and_how_to_get_photographs(offline, capsys):
    data = get_CIFAR10_data(30, 20, 10)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "offline set" in printed
    assert "download_CIFAR10()" in printed
    assert data["dataset"] == "offline"
    assert set(data) == KEYS
    assert data["X_train"].shape == (30, 3, 32, 32)
    assert data["X_test"].shape == (10, 3, 32, 32)
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-12)


def test_the_splits_of_the_offline_set_share_no_image(offline):
    data = get_CIFAR10_data(40, 30, 20, subtract_mean=False)
    images = np.concatenate([data[f"X_{part}"] for part in ("train", "val", "test")])
    assert len({image.tobytes() for image in images}) == 90


@pytest.mark.parametrize("where", ["official", "offline"])
def test_every_entry_has_a_shape_to_print(where, request):
    request.getfixturevalue(where)
    data = get_CIFAR10_data(6, 5, 4)
    assert {key: value.shape for key, value in data.items() if key[0] == "y"} == {
        "y_train": (6,),
        "y_val": (5,),
        "y_test": (4,),
    }
    assert data["dataset"].shape == ()
    assert isinstance(data["dataset"], str)


def test_parts_can_be_changed_without_changing_others(official):
    data = get_CIFAR10_data(20, 9, 4)
    arrays = [data[key] for key in KEYS - {"dataset"}]
    for n, one in enumerate(arrays):
        for other in arrays[n + 1 :]:
            assert one is not other
    before = data["X_val"].copy()
    data["X_train"][:] = 0
    np.testing.assert_array_equal(data["X_val"], before)


def test_a_damaged_copy_is_an_error_and_not_the_offline_set(official):
    (official / "data_batch_2").write_bytes(b"\x80\x02}")
    with pytest.raises(DataError, match="data_batch_2 is truncated or damaged"):
        get_CIFAR10_data(20, 9, 4)
