"""Put what a benchmark has found into a page of the documentation, between two marks."""

from __future__ import annotations

from pathlib import Path


def section(page: Path, name: str) -> str:
    """Return what stands between ``<!-- NAME: … -->`` and ``<!-- end of NAME -->`` in a page."""
    return _parts(page, name)[1].strip()


def put(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks."""
    before, _, after = _parts(page, name)
    page.write_text(f"{before}\n{text.strip()}\n\n{after}", "utf-8")


def _parts(page: Path, name: str) -> tuple[str, str, str]:
    """Divide a page into what ends with the first mark, what stands between them, and what begins with the other."""
    text, end = page.read_text("utf-8"), f"<!-- end of {name} -->"
    before, begin, rest = text.partition(f"<!-- {name}: ")
    line, newline, rest = rest.partition("\n")
    inside, found, after = rest.partition(end)
    if not (begin and newline and found):
        raise SystemExit(f"benchmarks: {page} has lost its marks <!-- {name}: … --> and {end}; write them again.")
    return before + begin + line + newline, inside, end + after
