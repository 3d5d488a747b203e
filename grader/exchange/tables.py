"""Read and write tables as CSV. What is read may come from any program; what is written is safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ..errors import UnusableInput
from ..wording import one_line

LARGEST: Final = 32 << 20
_DELIMITERS: Final = ",;\t"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def read_table(path: Path) -> list[list[str]]:
    """Read all rows of a CSV file; rows without any text are left out.

    Parameters
    ----------
    path : Path
        A file in UTF-8, UTF-16 with a byte order mark, or Windows-1252, with commas, semicolons or tabs.

    Returns
    -------
    list of list of str
        The first row is the header. Surrounding white space is removed.

    Raises
    ------
    UnusableInput
        When the file cannot be read, or is no table.
    """
    return table_in(path, contents(path))


def contents(path: Path) -> bytes:
    """Return a file's bytes; raise UnusableInput where it cannot be read or is too large for a table."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read ({error.strerror}); name a CSV file.") from None
    if len(data) > LARGEST:
        raise UnusableInput(f"{path} is larger than {LARGEST >> 20} MiB; name a CSV file.")
    return data


def table_in(path: Path, data: bytes) -> list[list[str]]:
    """Read the rows of a CSV file, as `read_table` does, from its bytes."""
    text = _decoded(data)
    head = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise UnusableInput(f"{path} is no CSV file ({error}); export it again.") from None
    rows = [row for row in rows if any(row)]
    if not rows:
        raise UnusableInput(f"{path} is empty; export it again.")
    return rows


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def columns(header: Sequence[str]) -> dict[str, int]:
    """Return the places of a header's columns, by their names in small letters with single spaces."""
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        places.setdefault(" ".join(name.replace("_", " ").casefold().split()), place)
    return places


def table_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV in UTF-8. Texts that a spreadsheet would compute are marked as text; see `harmless`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode("utf-8", "replace")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula, unless it is a number.

    Examples
    --------
    >>> harmless('=HYPERLINK("http://x")'), harmless("-1.5"), harmless("Ada")
    ('\\'=HYPERLINK("http://x")', '-1.5', 'Ada')
    """
    if text.lstrip(" \ufeff").startswith(_FORMULA) and not _is_number(text) and text.strip("+-"):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.strip("+-. 0123456789eE")


def shown(text: str) -> str:
    """Return a name from a download, short and safe to print."""
    return one_line(text, 80)
