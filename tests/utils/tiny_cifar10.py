"""CIFAR-10's official layout with a handful of random images: what the tests read and download."""

import hashlib
import pickle
import tarfile
from pathlib import Path
from typing import ClassVar

import numpy as np

FOLDER = "cifar-10-batches-py"
NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
PER_BATCH = 7


class Python2Pickler(pickle._Pickler):
    """Writes byte strings the way Python 2 did, as the official files hold them."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, obj):
        if len(obj) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(obj)]) + obj)
        else:
            self.write(pickle.BINSTRING + len(obj).to_bytes(4, "little") + obj)

    dispatch[bytes] = save_bytes


def dump(batch: object, path: Path) -> None:
    with path.open("wb") as file:
        Python2Pickler(file, protocol=2).dump(batch)


def make_batch(number: int) -> dict[bytes, object]:
    rng = np.random.default_rng(number)
    return {
        b"batch_label": b"testing batch",
        b"labels": [int(label) for label in rng.integers(10, size=PER_BATCH)],
        b"data": rng.integers(256, size=(PER_BATCH, 3072), dtype=np.uint8),
        b"filenames": [b"%d.png" % n for n in range(PER_BATCH)],
    }


def make_folder(around: Path) -> Path:
    """``around/cifar-10-batches-py`` with seven images in each batch."""
    folder = around / FOLDER
    folder.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        dump(make_batch(number), folder / name)
    dump({b"num_vis": 3072}, folder / "batches.meta")
    return folder


def make_archive(around: Path) -> tuple[Path, str]:
    """The archive a mirror serves, and its MD5."""
    make_folder(around / "source")
    archive = around / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(around / "source" / FOLDER, arcname=FOLDER)
    return archive, hashlib.md5(archive.read_bytes()).hexdigest()
