"""Decode submitted source files. Everything that reads them uses this module, so that all see the same text."""

from __future__ import annotations

from typing import NamedTuple


class Decoded(NamedTuple):
    r"""A Python file as text.

    Attributes
    ----------
    text : str
        Lines end in ``\n``.
    guessed : bool
        Whether the file is not valid UTF-8 and was therefore read as Windows-1252.
    """

    text: str
    guessed: bool


def decode(data: bytes) -> Decoded:
    """Decode a Python file as UTF-8, with or without a byte order mark, or else as Windows-1252.

    An encoding that the file declares (PEP 263) is ignored. Python supports about a hundred, some of which take
    quadratic time to decode (punycode, idna). Besides, programs that do not know the declared encoding would see
    another text.

    Parameters
    ----------
    data : bytes
        The file's content; untrusted.

    Returns
    -------
    Decoded
        There is a result for any bytes, in time linear in their number.
    """
    try:
        text, guessed = data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        # Windows-1252 has the characters of Latin-1, so it reads such files as well.
        text, guessed = data.decode("cp1252", errors="replace"), True
    return Decoded(text.replace("\r\n", "\n").replace("\r", "\n"), guessed)
