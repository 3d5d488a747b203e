"""Source text: the one way in which a stranger's bytes become text, for everything that reads them."""

from __future__ import annotations

from typing import NamedTuple


class Decoded(NamedTuple):
    r"""A Python file as text.

    Attributes
    ----------
    text : str
        Lines end in ``\n``.
    guessed : bool
        Whether it is not UTF-8 and was read as Windows-1252.
    """

    text: str
    guessed: bool


def decode(data: bytes) -> Decoded:
    """Decode a Python file: UTF-8, with or without a byte order mark, or else Windows-1252.

    An encoding that the file names (PEP 263) counts for nothing. Python knows about a hundred, some of which take
    quadratic time (punycode, idna), and one text in another encoding would look different to each of its readers.

    Parameters
    ----------
    data : bytes
        From anybody.

    Returns
    -------
    Decoded
        For any bytes, in time linear in their number.
    """
    try:
        text, guessed = data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        text, guessed = (
            data.decode("cp1252", errors="replace"),
            True,
        )  # Latin-1, too
    return Decoded(text.replace("\r\n", "\n").replace("\r", "\n"), guessed)
