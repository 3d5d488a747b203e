"""Find lines in the text of course.toml, so that errors can name them; a TOML parser does not give any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import Problem, UnusableCourseFiles


@dataclass(frozen=True)
class Source:
    """The text of course.toml.

    Attributes
    ----------
    text : str
    """

    text: str

    def line_of(self, needle: str) -> int:
        """Return the line, counted from 1, that a name stands on.

        Preferred is the first line that has it as the value of ``name``, then the first that has it in quotes, then the
        first that has it as a table or key. It is line 1 if there is none of these.
        """
        name = re.escape(needle)
        lines = list(enumerate(self.text.splitlines(), 1))
        for pattern in (rf'name\s*=\s*"{name}"', f'"{name}"', rf"^\s*(\[{name}\]|{name}\s*=)"):
            if numbers := [number for number, line in lines if re.search(pattern, line)]:
                return numbers[0]
        return 1

    def error(self, needle: str, sentence: str) -> UnusableCourseFiles:
        """Make the error that says this sentence about the line of a name; see `line_of`."""
        return UnusableCourseFiles([Problem("course.toml", self.line_of(needle), sentence)])


def listed_at(root: Path, name: str) -> str:
    """Return where course.toml names something, for errors: ``"course.toml (line 71)"``.

    It is ``"course.toml"`` if the file cannot be read.

    Parameters
    ----------
    root : Path
        The course folder.
    name : str
    """
    path = root / "course.toml"
    try:
        return f"course.toml (line {Source(path.read_text('utf-8')).line_of(name)})"
    except (OSError, UnicodeDecodeError):
        return "course.toml"
