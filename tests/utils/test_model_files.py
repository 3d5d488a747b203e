"""Model files: what was saved comes back, and a stranger's file can do no harm."""

import io
import struct
import zipfile
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.checks.weights import MOST_ARRAYS
from utils.errors import DataError
from utils.model_files import load_model, save_model, write_npz

PARAMS = {"W1": np.arange(12.0).reshape(3, 4), "b1": np.zeros(3), "W2": np.ones((2, 3), np.float32), "b2": np.ones(2)}
OFFLINE = {"dataset": np.str_("offline"), "X_train": np.zeros(3)}


@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), hnp.array_shapes(), elements=st.floats(-9, 9, width=32)))
def test_what_is_saved_comes_back_bit_for_bit(tmp_path_factory, w):
    path = save_model(tmp_path_factory.mktemp("model") / "net.npz", {"W1": w}, OFFLINE)
    params, dataset = load_model(path)
    assert dataset == "offline"
    assert params["W1"].dtype == w.dtype
    np.testing.assert_array_equal(params["W1"], w)


def test_the_file_is_plain_npz_with_its_dataset(tmp_path):
    path = save_model(tmp_path / "models" / "two_layer_best", PARAMS, {"dataset": "cifar10"})
    assert path == tmp_path / "models" / "two_layer_best.npz"
    with np.load(path, allow_pickle=False) as saved:
        assert sorted(saved) == ["W1", "W2", "b1", "b2", "dataset"]
        assert str(saved["dataset"]) == "cifar10"


def test_a_name_with_a_dot_keeps_it(tmp_path):
    assert save_model(tmp_path / "net-v1.5", PARAMS, OFFLINE).name == "net-v1.5.npz"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = save_model(tmp_path / "net.npz", PARAMS, OFFLINE)

    def full_disk(file, **arrays):
        file.write(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_model(path, {"W1": np.ones(2)}, OFFLINE)
    assert sorted(load_model(path)[0]) == sorted(PARAMS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.npz"]


@pytest.mark.parametrize(
    ("params", "data", "sentence"),
    [
        ({}, OFFLINE, "no weights"),
        ({"W1": np.array([1.0, np.nan])}, OFFLINE, "W1 holds more than finite numbers"),
        ({"W1": np.array([object()])}, OFFLINE, "W1"),
        (PARAMS, {}, "get_CIFAR10_data"),
        (PARAMS, {"dataset": "mnist"}, "'mnist'"),
    ],
)
def test_what_cannot_be_handed_in_is_not_written(tmp_path, params, data, sentence):
    with pytest.raises(ValueError, match=r".*") as error:
        save_model(tmp_path / "net.npz", params, data)
    assert sentence in str(error.value)
    assert not list(tmp_path.iterdir())


def refusal(path, **options):
    with pytest.raises(DataError) as error:
        load_model(path, **options)
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_no_file(tmp_path):
    assert "There is no model file" in refusal(tmp_path / "net.npz")
    assert "There is no model file" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 nearly"])
def test_no_zip(tmp_path, content):
    (tmp_path / "net.npz").write_bytes(content)
    assert "no readable model file" in refusal(tmp_path / "net.npz")


@pytest.mark.parametrize("fraction", [0.3, 0.9, 0.99])
def test_a_truncated_file(tmp_path, fraction):
    path = save_model(tmp_path / "net.npz", PARAMS, OFFLINE)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    refusal(path)


def test_flipped_bits(tmp_path):
    path = save_model(tmp_path / "net.npz", PARAMS, OFFLINE)
    content = bytearray(path.read_bytes())
    content[content.index(np.arange(12.0).tobytes()) + 40] ^= 1
    path.write_bytes(content)
    assert "CRC" in refusal(path)


@pytest.fixture(params=["stored", "deflated", "bzip2", "LZMA"])
def compressed(request, tmp_path):
    """A model in every way that a zip can be compressed; numpy writes the first two."""
    path = save_model(tmp_path / "net.npz", PARAMS, OFFLINE)
    method = {"stored": 0, "deflated": 8, "bzip2": 12, "LZMA": 14}[request.param]
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "packed.npz", "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return tmp_path / "packed.npz", method


def test_what_numpy_does_not_write_is_refused(compressed):
    path, method = compressed
    if method in (0, 8):
        assert sorted(load_model(path)[0]) == sorted(PARAMS)
    else:
        assert "compressed in a way that numpy does not write" in refusal(path)


def test_a_file_that_is_damaged_anywhere_is_refused_in_a_sentence(compressed):
    """zlib and lzma have errors of their own, which are no ValueError."""
    path, _ = compressed
    content = path.read_bytes()
    for at in range(0, len(content), 3):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        with suppress(DataError):  # what does not matter, such as a date, may be damaged
            load_model(path)


def test_without_the_list_of_damages_one_gets_through(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "net.npz", W1=np.arange(500.0), dataset="offline")
    content = bytearray((tmp_path / "net.npz").read_bytes())
    content[60] ^= 0xFF
    (tmp_path / "net.npz").write_bytes(content)
    refusal(tmp_path / "net.npz")
    monkeypatch.setattr(
        "utils.checks.weights._DAMAGED", (OSError, ValueError, EOFError, zipfile.BadZipFile, RuntimeError)
    )
    with pytest.raises(zlib.error):
        load_model(tmp_path / "net.npz")


@pytest.mark.parametrize("shape", [(0, 2**70), (2**63, 0), (-1, -6), (True, 6), (0,) * 65, (2,) * 40 + (0,)])
def test_shapes_that_no_array_has(tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    room = max(0, min(int(np.prod(shape, dtype=object)), 6)) * 8
    npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(room)
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        archive.writestr("W1.npy", npy)
        archive.writestr("dataset.npy", b"")
    refusal(tmp_path / "net.npz")


def test_a_crowd_of_arrays_is_not_read(tmp_path):
    np.savez(tmp_path / "net.npz", dataset="offline", **{f"W{k}": np.zeros(1) for k in range(MOST_ARRAYS)})
    assert "arrays" in refusal(tmp_path / "net.npz")


def test_pickles_are_not_read(tmp_path):
    np.savez(tmp_path / "net.npz", W1=np.array([{"a": 1}], dtype=object), dataset="offline")
    assert "object" in refusal(tmp_path / "net.npz")


def test_a_header_that_claims_more_than_is_there(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 64
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        archive.writestr("W1.npy", npy)
    with pytest.raises(MemoryError):
        np.lib.format.read_array(io.BytesIO(npy))  # numpy would ask for 8 TB first
    assert "not the size its header says" in refusal(tmp_path / "net.npz")


def test_a_bomb(tmp_path):
    np.savez_compressed(tmp_path / "net.npz", W1=np.zeros(2**20), dataset="offline")
    assert (tmp_path / "net.npz").stat().st_size < 2**16
    assert "more than 1 MiB" in refusal(tmp_path / "net.npz", most_bytes=2**20)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"dataset": "offline"}, "no weights"),
        ({"W1": np.ones(2)}, "which data set"),
        ({"W1": np.ones(2), "dataset": "x"}, "which data"),
    ],
)
def test_what_belongs_in_is_missing(tmp_path, arrays, sentence):
    assert sentence in refusal(write_npz(tmp_path / "net.npz", arrays))


def test_something_else_in_the_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        archive.writestr("../../evil.py", "print()")
    assert "is not an array" in refusal(tmp_path / "net.npz")
