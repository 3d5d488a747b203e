"""Downloads as the systems give them, made to their public descriptions for a class of made-up people."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 801,Ada Lovelace,ada@x.edu,Submitted,-,20.00,Yes,"Friday, 5 February 2027, 11:30 PM",-,\n'
    'Participant 802,Jörg Müller,joerg@x.edu,Submitted,-,20.00,Yes,"Sunday, 7 February 2027, 9:00 AM",-,\n'
    "Participant 803,Grace Hopper,grace@x.edu,No submission,-,20.00,Yes,-,-,\n"
)
METADATA = """---
submission_1001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '17'
    :email: ada@x.edu
  - :name: "Jörg Müller"
    :sid:
    :email: joerg@x.edu
  :created_at: 2027-02-05 12:30:00.842379000 Z
  :score: 3.0
  :status: Processed
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
  :history:
  - :id: 1000
    :created_at: 2027-02-04 12:30:00.842379000 Z
submission_1002:
  :submitters:
  - :name: Eve Evil
    :email: eve@x.edu
  :created_at: 2027-02-07 04:00:00.000000000 -08:00
"""
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
