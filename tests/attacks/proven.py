"""Which attacks were shown to bite the naive grader as they are now: a digest for each family, kept in ``proven.toml``.

The proof takes minutes, and nothing of the grader takes part in it. So the ordinary suite runs it for the families whose
digest is not the recorded one, and ``make bites`` runs all of it and records the digests.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from .bank import FAMILIES

HERE = Path(__file__).parent
RECORD = HERE / "proven.toml"
SHARED = ("bank", "naive", "naive_checks", "naive_notebook")
"""What the proof of every family depends on. The course around it is guarded by the honest students' tests."""


def digest(*sources: bytes) -> str:
    """One digest of several files."""
    return hashlib.sha256(b"".join(hashlib.sha256(source).digest() for source in sources)).hexdigest()


def digests() -> dict[str, str]:
    """What each family is now."""
    shared = [(HERE / f"{name}.py").read_bytes() for name in SHARED]
    return {family: digest(*shared, (HERE / f"{family}.py").read_bytes()) for family in FAMILIES}


def unproven() -> set[str]:
    """The families that have changed since all attacks were seen to bite."""
    recorded = tomllib.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    return {family for family, found in digests().items() if recorded.get(family) != found}


def record() -> None:
    """Note that every attack bites as it is now."""
    head = "# Written by `make bites` once every attack has been seen to bite the naive grader; see proven.py.\n"
    RECORD.write_text(head + "".join(f'{family} = "{found}"\n' for family, found in digests().items()), "utf-8")


if __name__ == "__main__":
    record()
