"""The text of course.toml, to name lines in errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import Problem, UnusableCourseFiles


@dataclass(frozen=True)
class Source:
    """The text of course.toml, to name lines in errors."""

    text: str

    def line_of(self, needle: str) -> int:
        """The first line that gives something this name; else that has it in quotes; else as a table or key; else 1."""
        name = re.escape(needle)
        lines = list(enumerate(self.text.splitlines(), 1))
        for pattern in (rf'name\s*=\s*"{name}"', f'"{name}"', rf"^\s*(\[{name}\]|{name}\s*=)"):
            if found := [number for number, line in lines if re.search(pattern, line)]:
                return found[0]
        return 1

    def error(self, needle: str, sentence: str) -> UnusableCourseFiles:
        """The error to raise about what has this name."""
        return UnusableCourseFiles([Problem("course.toml", self.line_of(needle), sentence)])


def listed_at(root: Path, name: str) -> str:
    """Where course.toml lists a name, for errors: ``"course.toml (line 71)"``; without a line if it cannot be read."""
    path = root / "course.toml"
    try:
        return f"course.toml (line {Source(path.read_text('utf-8')).line_of(name)})"
    except (OSError, UnicodeDecodeError):
        return "course.toml"
