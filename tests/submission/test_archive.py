"""A submitted archive: the same files as from a folder, and nothing that it claims about itself is believed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from grader.submission import NotASubmission, Submission
from grader.submission.tree import MAX_ENTRIES

FILES = ("nndl/layers.py", "FC_nets.ipynb", "models/two_layer_best.npz")
CONTENTS = {name: name.encode() * 50 for name in FILES}


def zipped(path: Path, contents: dict[str, bytes], prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(prefix + name, data)
    return path


def tarred(path: Path, contents: dict[str, bytes], prefix: str = "", mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in contents.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def plain_tar(path: Path, contents: dict[str, bytes], prefix: str = "") -> Path:
    return tarred(path, contents, prefix, "w")


PACKERS = pytest.mark.parametrize("pack", [zipped, tarred, plain_tar])


@PACKERS
@pytest.mark.parametrize("prefix", ["", "hw3/", "./", "./hw3/"])
def test_an_archive_gives_what_a_folder_gives(tmp_path, pack, prefix):
    taken = Submission.read(pack(tmp_path / "handed in", CONTENTS, prefix), FILES)
    assert taken.files == CONTENTS
    assert taken.remarks == ()
    folder = tmp_path / "folder"
    for name, data in CONTENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert Submission.read(folder, FILES).digest == taken.digest


@pytest.mark.parametrize("command", ["w:gz", "w"])
def test_a_tar_of_a_whole_folder_is_read(tmp_path, command):
    (tmp_path / "nndl").mkdir()
    (tmp_path / "nndl" / "layers.py").write_bytes(b"x = 1")
    with tarfile.open(tmp_path.with_suffix(".tar"), command) as archive:
        archive.add(tmp_path, ".")
    assert Submission.read(tmp_path.with_suffix(".tar"), FILES).files == {"nndl/layers.py": b"x = 1"}


def test_a_zip_from_windows_is_read(tmp_path):
    path = zipped(tmp_path / "a.zip", {"hw3\\nndl\\layers.py": b"x = 1"})
    assert Submission.read(path, FILES).files == {"nndl/layers.py": b"x = 1"}


@PACKERS
@pytest.mark.parametrize(
    "name", ["../nndl/layers.py", "/nndl/layers.py", "nndl/../nndl/layers.py", "C:/nndl/layers.py"]
)
def test_a_path_that_leads_outside_is_ignored(tmp_path, pack, name):
    taken = Submission.read(pack(tmp_path / "a", {name: b"outside", "FC_nets.ipynb": b"inside"}), FILES)
    assert taken.files == {"FC_nets.ipynb": b"inside"}
    assert f"{name} lies outside of the submission and was ignored" in taken.remarks


@PACKERS
def test_nothing_is_written_anywhere(tmp_path, pack, monkeypatch):
    path = pack(tmp_path / "a", CONTENTS)
    monkeypatch.chdir(tmp_path)
    Submission.read(path, FILES)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_with_one_name_the_later_counts(tmp_path):
    for pack in (zipfile.ZipFile, None):
        path = tmp_path / "a"
        if pack:
            with zipfile.ZipFile(path, "w") as archive:
                for data in ("first", "second"):
                    archive.writestr("nndl/layers.py", data)
        else:
            with tarfile.open(path, "w") as tar:
                for data in (b"first!", b"second"):
                    member = tarfile.TarInfo("nndl/layers.py")
                    member.size = 6
                    tar.addfile(member, io.BytesIO(data))
        assert Submission.read(path, FILES).files == {"nndl/layers.py": b"second"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_of_a_zip_that_is_no_file_is_ignored(tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("nndl/layers.py")
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    taken = Submission.read(tmp_path / "a.zip", FILES)
    assert taken.files == {}
    what = "a link" if kind == stat.S_IFLNK else "not a regular file"
    assert taken.remarks[0] == f"nndl/layers.py is {what} and was ignored"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_member_of_a_tar_that_is_no_file_is_ignored(tmp_path, kind):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("nndl/layers.py")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    taken = Submission.read(tmp_path / "a.tar", FILES)
    assert taken.files == {}
    assert taken.remarks[0].startswith("nndl/layers.py is ")


@PACKERS
def test_a_bomb_costs_next_to_nothing(tmp_path, pack):
    path = pack(tmp_path / "a", {"nndl/layers.py": bytes(200 << 20), "FC_nets.ipynb": b"x"})
    tracemalloc.start()
    taken = Submission.read(path, FILES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken.files == {"FC_nets.ipynb": b"x"}
    assert "nndl/layers.py is larger than 1 MiB and was ignored" in taken.remarks
    # A compressed tar has to be unpacked to be read at all; that has a cap of its own.
    assert peak < (300 << 20 if pack is tarred else 8 << 20)


def test_a_compressed_tar_is_unpacked_only_so_far(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.submission.archive.MAX_UNPACKED", 4 << 20)
    path = tarred(tmp_path / "a", {"FC_nets.ipynb": b"x", "huge": bytes(16 << 20), "nndl/layers.py": b"lost"})
    taken = Submission.read(path, FILES)
    assert taken.files == {"FC_nets.ipynb": b"x"}
    assert any("too large" in remark for remark in taken.remarks)


def test_a_zip_that_lies_about_a_size_is_not_believed(tmp_path):
    path = zipped(tmp_path / "a.zip", {"nndl/layers.py": bytes(30 << 20)})
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 1000)  # what it unpacks to
    path.write_bytes(data)
    taken = Submission.read(path, FILES)
    assert taken.files == {}
    assert taken.remarks[0].startswith("nndl/layers.py is ")


def test_a_zip_whose_directory_is_forged_to_be_giant_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with open(path, "wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, (1 << 30) - 100, 50, 0))
    with pytest.raises(NotASubmission, match="larger than any submission"):
        Submission.read(path, FILES)


@PACKERS
def test_a_crowd_of_members_is_looked_at_only_so_far(tmp_path, pack):
    crowd = {f"z{number}": b"" for number in range(MAX_ENTRIES + 5)}
    taken = Submission.read(pack(tmp_path / "a", {"nndl/layers.py": b"x = 1", **crowd}), FILES)
    assert taken.files == {"nndl/layers.py": b"x = 1"}
    assert taken.remarks[0] == f"the archive has more than {MAX_ENTRIES} members; the rest was not looked at"


def test_a_truncated_tar_gives_what_is_left_of_it(tmp_path):
    contents = {"nndl/layers.py": b"x = 1", "FC_nets.ipynb": os.urandom(100_000), FILES[2]: os.urandom(100_000)}
    path = tarred(tmp_path / "a", contents)
    os.truncate(path, 120_000)
    taken = Submission.read(path, FILES)
    assert set(taken.files) == {"nndl/layers.py", "FC_nets.ipynb"}
    assert "the archive is truncated, damaged or too large; what could be read of it was taken" in taken.remarks


@PACKERS
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_truncated_archive_never_stops_the_class(tmp_path, pack, share):
    path = pack(tmp_path / "a", {name: os.urandom(5000) for name in FILES})
    os.truncate(path, int(path.stat().st_size * share))
    try:
        said = Submission.read(path, FILES).remarks
    except NotASubmission as error:
        said = (str(error),)
    assert said
    assert all(sentence.isprintable() for sentence in said)


def test_a_member_with_a_wrong_checksum_is_damaged(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nndl/layers.py", b"x = 12345")
        archive.writestr("FC_nets.ipynb", b"fine")
    path.write_bytes(path.read_bytes().replace(b"x = 12345", b"x = 54321"))
    taken = Submission.read(path, FILES)
    assert taken.files == {"FC_nets.ipynb": b"fine"}
    assert any(remark.startswith("nndl/layers.py is damaged") for remark in taken.remarks)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_is_not_read_is_said(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("nndl/layers.py", b"x = 1")
    taken = Submission.read(tmp_path / "a.zip", FILES)
    assert taken.remarks[0] == "nndl/layers.py is compressed in a way that is not read here and was ignored"


def test_an_encrypted_member_is_said(tmp_path):
    path = zipped(tmp_path / "a.zip", {"nndl/layers.py": b"x = 1"})
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    path.write_bytes(data)
    assert Submission.read(path, FILES).remarks[0] == "nndl/layers.py is encrypted and was ignored"


@pytest.mark.parametrize(
    "content", [b"", b"Rar!\x1a\x07\x00", b"x = 1\n", gzip.compress(b"no tar", mtime=0), b"PK\x03\x04" + bytes(99)]
)
def test_anything_else_is_no_submission(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(NotASubmission):
        Submission.read(tmp_path / "a.zip", FILES)


def test_a_device_is_no_submission():
    with pytest.raises(NotASubmission, match="neither a folder nor an archive"):
        Submission.read("/dev/zero", FILES)


@PACKERS
def test_reading_leaves_no_file_open(tmp_path, pack):
    path = pack(tmp_path / "a", CONTENTS)
    before = set(os.listdir("/proc/self/fd"))
    Submission.read(path, FILES)
    (tmp_path / "b").write_bytes(path.read_bytes()[:20])
    with pytest.raises(NotASubmission):
        Submission.read(tmp_path / "b", FILES)
    assert set(os.listdir("/proc/self/fd")) == before


def with_header(path: Path, kind: bytes, body: bytes, times: int = 1) -> Path:
    """A tar in which an extended header stands before each of some members."""
    with path.open("wb") as out:
        for number in range(times):
            header = tarfile.TarInfo("header")
            header.type, header.size = kind, len(body)
            out.write(header.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512))
            member = tarfile.TarInfo(f"nndl/{number}.py" if number else "nndl/layers.py")
            out.write(member.tobuf(tarfile.USTAR_FORMAT))
        out.write(bytes(1024))
    return path


def pax(key: str, value: str) -> bytes:
    """One record of an extended header, which begins with its own length."""
    rest = f" {key}={value}\n".encode()
    length = next(n for n in range(len(rest), len(rest) + 9) if n == len(rest) + len(str(n)))
    return str(length).encode() + rest


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
@pytest.mark.parametrize("body", [b"1" * (1 << 20), b"2 " * (1 << 19)], ids=["digits", "records"])
def test_a_header_that_tarfile_takes_an_hour_for_is_not_read(tmp_path, kind, body):
    with pytest.raises(NotASubmission, match="larger than any submission's"):
        Submission.read(with_header(tmp_path / "hw3.tar", kind, body), FILES)


def test_the_headers_that_archivers_write_are_read(tmp_path):
    kept = pax("comment", "x" * 3000) + pax("path", "nndl/layers.py")
    taken = Submission.read(with_header(tmp_path / "hw3.tar", tarfile.XHDTYPE, kept), FILES)
    assert set(taken.files) == {"nndl/layers.py"}


def test_so_many_headers_that_they_take_minutes_together_are_not_all_read(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.submission.tars._MOST_HEADER_WORK", 3 * 1536**2)
    path = with_header(tmp_path / "hw3.tar", tarfile.XHDTYPE, pax("comment", "x" * 400), times=5)
    (remark,) = (remark for remark in Submission.read(path, FILES).remarks if "truncated" in remark)
    assert "what could be read of it was taken" in remark


def test_what_a_library_quotes_of_an_archive_is_made_printable(tmp_path):
    path = zipped(tmp_path / "hw3.zip", {"nndl/layers.py": b"x = 1\n"})
    data = path.read_bytes()
    path.write_bytes(data.replace(b"nndl/layers.py", b"\x1b[2J\xe2\x80\xaelayer", 1))  # the directory says another name
    remarks = Submission.read(path, FILES).remarks
    assert "is damaged" in remarks[0]
    assert all(remark.isprintable() for remark in remarks)


def test_thousands_of_things_to_remark_on_are_counted(tmp_path):
    path = zipped(tmp_path / "hw3.zip", {f"../{number}": b"" for number in range(3000)} | CONTENTS)
    remarks = Submission.read(path, FILES).remarks
    assert len(remarks) < 50
    assert remarks[-1].startswith("there is more to remark on: 29")


class _NameWithoutFlag(zipfile.ZipInfo):
    """A member whose name is UTF-8 without the flag that says so, as many programs write it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


@pytest.mark.parametrize("kind", [zipfile.ZipInfo, _NameWithoutFlag], ids=["with the flag", "without"])
def test_a_name_in_utf8_is_read_as_such(tmp_path, kind):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(kind("Übung/nndl/layers.py"), b"x = 1")
    assert Submission.read(path, ["nndl/layers.py"]).files == {"nndl/layers.py": b"x = 1"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(kind("Lösung.ipynb"), b"{}")
    assert Submission.read(path, ["Lösung.ipynb"]).files == {"Lösung.ipynb": b"{}"}
