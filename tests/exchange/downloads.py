"""Downloads as the systems give them, made to their public descriptions for a class of made-up people."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

ADA, JOERG, EVE = "lovelaceada_4711", "müllerjörg_4712", "eveevil_4713"


class _WithoutFlag(zipfile.ZipInfo):
    """A member whose name is written in UTF-8 without the flag that says so."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


def zipped(files: Mapping[str, bytes], *, utf8_flag: bool = True) -> bytes:
    """A zip of these files; without the flag as Ruby's library writes it."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr((zipfile.ZipInfo if utf8_flag else _WithoutFlag)(name), content)
    return data.getvalue()


def submission(text: str = "pass\n") -> bytes:
    """What a student hands in: a zip with a module."""
    return zipped({"nndl/layers.py": text.encode(), "warmup.ipynb": b"{}"})


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip."""
    path.write_bytes(zipped(files))
    return path
