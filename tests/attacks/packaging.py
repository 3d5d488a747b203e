"""Packaging: folders and archives that are more than they seem."""

import io
import os
import struct
import tarfile
import zipfile

from .bank import WRONG, attack, put


def _tar(*members):
    """An archive of wrong answers and these members: name, type, link target, data."""

    def write(folder):
        folder.mkdir(parents=True)
        with tarfile.open(folder / "a1.tar", "w") as archive:
            named = {name for name, *_ in members}
            for name, text in WRONG.items():
                if name not in named and not any(name.startswith(f"{each}/") for each in named):
                    _add(archive, name, tarfile.REGTYPE, "", text.encode())
            for member in members:
                _add(archive, *member)

    return write


def _add(archive, name, kind=tarfile.REGTYPE, target="", data=b""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(data)
    archive.addfile(info, io.BytesIO(data))


def _zip(**members):
    def write(folder):
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "a1.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in {**WRONG, **members.get("files", {})}.items():
                archive.writestr(name, data)

    return write


def _folder(change):
    def write(folder):
        put(folder / "a1", WRONG)
        change(folder / "a1")

    return write


def _linked(folder):
    (folder / "nndl" / "layers.py").unlink()
    (folder / "nndl" / "layers.py").symlink_to("../../../alice/a1/nndl/layers.py")


def _linked_package(folder):
    for path in (folder / "nndl").iterdir():
        path.unlink()
    (folder / "nndl").rmdir()
    (folder / "nndl").symlink_to("../../alice/a1/nndl")


def _itself(folder):
    for path in (folder / "nndl").iterdir():
        path.unlink()
    (folder / "nndl").rmdir()
    folder.rmdir()
    folder.symlink_to("../alice/a1")


def _pipe(folder):
    (folder / "nndl" / "layers.py").unlink()
    os.mkfifo(folder / "nndl" / "layers.py")


def _crowd(folder):
    with zipfile.ZipFile(folder / "a1.zip", "w") as archive:
        for name, data in WRONG.items():
            archive.writestr(name, data)
        for number in range(20_000):
            archive.writestr(f"crowd/{number}", b"")


def _crowded(folder):
    folder.mkdir(parents=True)
    _crowd(folder)


def _lying_zip(folder):
    """A zip whose directory says that a member is two gigabytes long."""
    _zip()(folder)
    data = bytearray((folder / "a1.zip").read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 2**31)
    (folder / "a1.zip").write_bytes(data)


def _encrypted(folder):
    _zip()(folder)
    data = bytearray((folder / "a1.zip").read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    (folder / "a1.zip").write_bytes(data)


def _cut(folder):
    _zip()(folder)
    (folder / "a1.zip").write_bytes((folder / "a1.zip").read_bytes()[:-30])


def _noise(folder):
    folder.mkdir(parents=True)
    (folder / "a1.zip").write_bytes(bytes(range(256)) * 64)


RIGHT = "../../alice/a1/nndl/layers.py"

attack("packaging", "a link to a neighbours file", "points", write=_folder(_linked))
attack("packaging", "a link to a neighbours package", "points", write=_folder(_linked_package))
attack("packaging", "the submission is a link to a neighbours", "points", write=_folder(_itself))
attack("packaging", "a link in an archive", "points", write=_tar(("nndl/layers.py", tarfile.SYMTYPE, "../" + RIGHT)))
attack(
    "packaging",
    "a link to a folder in an archive",
    "points",
    write=_tar(("nndl", tarfile.SYMTYPE, "../../alice/a1/nndl")),
)
attack("packaging", "a hard link in an archive", "points", write=_tar(("nndl/layers.py", tarfile.LNKTYPE, RIGHT)))
attack(
    "packaging",
    "a path that leads to a neighbour",
    "host",
    write=_tar((RIGHT, tarfile.REGTYPE, "", b"raise SystemExit")),
)
attack("packaging", "a path that leads to a neighbour in a zip", "host", write=_zip(files={RIGHT: "raise SystemExit"}))
attack("packaging", "an absolute path", "host", write=_tar(("/tmp/nndl-attack-absolute", tarfile.REGTYPE, "", b"x")))
attack("packaging", "a link and a file through it", "host", write=_tar(
    ("out", tarfile.SYMTYPE, "../../alice/a1/nndl"), ("out/layers.py", tarfile.REGTYPE, "", b"raise SystemExit")))  # fmt: skip
attack("packaging", "a pipe in place of a file", "points", write=_folder(_pipe))
attack("packaging", "a pipe in an archive", "points", write=_tar(("nndl/layers.py", tarfile.FIFOTYPE)))
attack(
    "packaging",
    "a device in an archive",
    "points",
    write=_tar(("nndl/layers.py", tarfile.FIFOTYPE), ("zero", tarfile.CHRTYPE)),
)
attack("packaging", "a bomb of a hundred megabytes", "host", write=_zip(files={"bomb.bin": bytes(100 * 2**20)}))
attack("packaging", "twenty thousand members", "host", write=_crowded)
attack("packaging", "a directory that lies about a size", "stops", write=_lying_zip)
attack("packaging", "an encrypted archive", "stops", write=_encrypted)
attack("packaging", "an archive without its end", "stops", write=_cut)
attack("packaging", "noise that is called an archive", "stops", write=_noise)
attack(
    "packaging",
    "a name with a line break",
    "page",
    files={"extra\nalice: 0 points\n.py": "x = 1\n"},
    mark="\nalice: 0 points\n",
)
attack("packaging", "a name that reads backwards", "page", files={"extra\u202eyp.exe.py": "x = 1\n"}, mark="\u202e")
attack("packaging", "a name with control characters", "page", files={"extra\x07\x1b[2J.py": "x = 1\n"}, mark="\x1b[2J")
attack(
    "packaging",
    "two spellings of one name",
    "points",
    files={
        "nndl/LAYERS.py": "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\nfrom nndl.layers import relu_forward\n"
    },
)
