"""Python files as text, whatever editor wrote them, and what identifies a submission."""

from __future__ import annotations

import pytest

from grader.submission import Submission

NAME = "nndl/layers.py"


def read(tmp_path, data: bytes) -> Submission:
    (tmp_path / "nndl").mkdir(exist_ok=True)
    (tmp_path / NAME).write_bytes(data)
    return Submission.read(tmp_path, [NAME])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("s = 'é'\n".encode(), "s = 'é'\n"),
        ("\ufeffs = 'é'\n".encode(), "s = 'é'\n"),
        ("# coding: latin-1\ns = 'é'\n".encode("latin-1"), "# coding: latin-1\ns = 'é'\n"),
        (b"a = 1\r\nb = 2\rc = 3\n", "a = 1\nb = 2\nc = 3\n"),
        (b"", ""),
    ],
    ids=["UTF-8", "with a mark", "as declared", "line ends", "empty"],
)
def test_a_file_is_read_as_it_says(tmp_path, data, text):
    taken = read(tmp_path, data)
    assert taken.text(NAME) == text
    assert taken.remarks == ()


@pytest.mark.parametrize(
    "data",
    [
        "s = 'naïve — “quoted”'\n".encode("cp1252"),
        b"# coding: no-such-encoding\n",
        b"# coding: rot13\n",
        b"# coding: zlib\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"s = '\x81'\n",
    ],
)
def test_what_cannot_be_read_so_is_read_as_windows_text_and_said(tmp_path, data):
    taken = read(tmp_path, data)
    assert taken.text(NAME) == data.decode("cp1252", errors="replace")
    assert taken.remarks == (f"{NAME} is not UTF-8 and was read as Windows-1252; save it as UTF-8",)


def test_the_digest_tells_submissions_apart():
    def digest(**files: bytes) -> str:
        return Submission(files, ()).digest

    assert digest(a=b"x", b=b"y") == digest(b=b"y", a=b"x")
    different = [digest(), digest(a=b""), digest(a=b"x"), digest(b=b"x"), digest(a=b"x", b=b""), digest(ab=b"x")]
    assert len(set(different)) == len(different)
