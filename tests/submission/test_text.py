"""Python files as text, whatever editor wrote them, and what identifies a submission."""

from __future__ import annotations

import encodings
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.submission import Submission
from grader.submission.source import decode

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
        (b"a = 1\r\nb = 2\rc = 3\n", "a = 1\nb = 2\nc = 3\n"),
        (b"", ""),
    ],
    ids=["UTF-8", "with a mark", "line ends", "empty"],
)
def test_utf_8_is_read_without_a_remark(tmp_path, data, text):
    taken = read(tmp_path, data)
    assert taken.text(NAME) == text
    assert taken.remarks == ()


@pytest.mark.parametrize(
    "data",
    [
        "s = 'naïve — “quoted”'\n".encode("cp1252"),
        "# coding: latin-1\ns = 'é'\n".encode("latin-1"),
        "# coding: utf-16\ns = 'é'\n".encode("utf-16"),
        b"s = '\x81'\n",
    ],
    ids=["Windows-1252", "Latin-1", "UTF-16", "not even that"],
)
def test_what_is_not_utf_8_is_read_as_windows_text_and_said(tmp_path, data):
    taken = read(tmp_path, data)
    assert taken.text(NAME) == data.decode("cp1252", errors="replace")
    assert taken.remarks == (f"{NAME} is not UTF-8 and was read as Windows-1252; save it as UTF-8",)


def codecs() -> list[str]:
    """Every encoding that this Python has, and one that it has not."""
    return sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)} | {"no-such-encoding"})


@pytest.mark.parametrize("codec", codecs())
def test_what_encoding_a_file_names_counts_for_nothing(codec):
    plain = b"x = 'caf\xc3\xa9 +AHg- \\u0041'\n"
    for comment in (f"# coding: {codec}\n", f"#!/usr/bin/python\n# vim: set fileencoding={codec} :\n"):
        decoded = decode(comment.encode() + plain)
        assert decoded == (comment + plain.decode(), False)
        run: dict[str, object] = {}
        exec(compile(decoded.text, "nndl/layers.py", "exec", dont_inherit=True), run)  # as the worker does
        assert run["x"] == "café +AHg- A"


def test_a_named_encoding_does_count_where_bytes_are_compiled():
    run: dict[str, object] = {}
    exec(compile(b"# coding: utf-7\nx = '+AHg-'\n", "nndl/layers.py", "exec"), run)
    assert run["x"] == "x"


@given(st.binary(max_size=200))
def test_any_bytes_are_text_that_can_be_sent(data):
    decode(data).text.encode("utf-8")


def test_the_digest_tells_submissions_apart():
    def digest(**files: bytes) -> str:
        return Submission(files, ()).digest

    assert digest(a=b"x", b=b"y") == digest(b=b"y", a=b"x")
    different = [digest(), digest(a=b""), digest(a=b"x"), digest(b=b"x"), digest(a=b"x", b=b""), digest(ab=b"x")]
    assert len(set(different)) == len(different)
