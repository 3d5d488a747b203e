"""What the visible cases of an exercise come to, and how it is said to the student."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from .case import Finding
from .child import Prints
from .diagnose import CORE, IN_PLACE


@dataclass(frozen=True)
class CheckResult:
    """What the visible cases of one exercise come to.

    Attributes
    ----------
    exercise : str
    passed : bool
    findings : tuple of Finding
        Empty when everything is right.
    cases : int
        How many were run.
    program : str
        The lines that show the first finding, with the shapes of the inputs they need.
    optional : bool
        Whether the exercise is never graded.
    hint_level : int, default 3
        How much is said of what is wrong; see `utils.checks.case.Finding.at_level`.
    printed : sequence of (str, Prints)
        What the code has printed, with the title of each case in which it has.
    """

    exercise: str
    passed: bool
    findings: tuple[Finding, ...]
    cases: int
    program: str = ""
    optional: bool = False
    hint_level: int = 3
    printed: Sequence[tuple[str, Prints]] = ()

    @property
    def missing(self) -> bool:
        """Whether the exercise is still a stub."""
        return any(finding.verdict == "missing" for finding in self.findings)

    @property
    def in_short(self) -> str:
        """The first thing that is wrong, in a few words."""
        first = next((finding for finding in self.findings if finding.verdict != "pass"), None)
        if first is None:
            return ""
        said = first.at_level(self.hint_level)
        return textwrap.shorten(f"{first.aspect}: {said}" if first.aspect else said, 100, placeholder=" …")

    @property
    def counts(self) -> bool:
        """Whether it belongs in a total: an optional exercise that is still a stub does not."""
        return not (self.optional and self.missing)

    def __str__(self) -> str:
        if self.passed:
            return "\n".join([f"✓ {self.exercise}: right in all {self.cases} cases", *self._printed_lines()])
        if not self.counts:
            return f"○ {self.exercise}: optional, and not begun; it is not graded."
        if self.missing:
            return f"○ {self.exercise}: {self.findings[0].hint}"
        lines = [f"✗ {self.exercise}"]
        for finding in self.findings:
            if finding.verdict == "pass":
                lines.append(f"  ✓ {finding.aspect} is right")
            else:
                about = f"{finding.aspect}: " if finding.aspect else ""
                hint = f"✗ {about}{finding.at_level(self.hint_level)}"
                said = textwrap.wrap(hint, 100, break_long_words=False, break_on_hyphens=False)
                lines += [f"  {said[0]}", *(f"    {more}" for more in said[1:]), f"    seen with: {finding.case}"]
                lines += [f"    {words}" for words in [_parts_in_words(finding)] if words]
        lines += self._printed_lines()
        if self.program:
            case = next(finding.case for finding in self.findings if finding.case)
            lines += ["", "  To look into it, the inputs and what was run with them:", ""]
            lines += [f'    inputs = check_inputs("{self.exercise}", "{case}")']
            lines += [f"    {line}" for line in self.program.splitlines()]
        return "\n".join(lines)

    def _printed_lines(self) -> list[str]:
        """What was printed in one case: in the one that is shown, or else in the first."""
        if not self.printed:
            return []
        shown = {finding.case for finding in self.findings}
        title, prints = next((one for one in self.printed if one[0] in shown), self.printed[0])
        others = len(self.printed) - 1
        also = f" (and in {others} other case{'s' if others > 1 else ''})" if others else ""
        return [f"  printed with: {title}{also}", *printed_lines(prints)]


def _parts_in_words(finding: Finding) -> str:
    """Say in which traits an answer is wrong that is right in the core: ``"right in the core; wrong in: dtype"``."""
    if not finding.parts or CORE in finding.parts:
        return ""
    about_an_output = finding.aspect and finding.misconception != IN_PLACE
    return f"{'right in the core; ' if about_an_output else ''}wrong in: {', '.join(finding.parts)}"


def printed_lines(prints: Prints) -> list[str]:
    """Show what code has printed, marked as its own words."""
    lines = [f"    | {line}" for line in prints.text.splitlines()]
    return lines + ([f"    … and {prints.more} more line{'s' if prints.more > 1 else ''}"] if prints.more else [])
