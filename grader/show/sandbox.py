"""Print what sandboxes promise and keep, and whether the reference passes in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..classrun import self_test
from ..course import Course
from ..errors import GraderError
from ..judging import oracle
from ..wording import visible

if TYPE_CHECKING:
    from ..sandbox import Confinement
    from ..sandbox.doctor import Probe


def examined(confinement: Confinement, probes: Sequence[Probe]) -> list[Table | str]:
    """Show a confinement: a table of its promises and whether they were kept, and the reasons for those it lacks."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "promise", "what was seen"):
        table.add_column(column)
    for probe in probes:
        if probe.kept:
            mark = Text("✓", "green")
        else:
            mark = Text("✗ BROKEN", "red") if probe.promised else Text("○ not promised", "yellow")
        table.add_row(mark, probe.promise, Text(visible(probe.detail)))
    reasons = [f"Not promised: {promise}. {why}" for promise, why in confinement.not_promised.items()]
    return [f"Sandbox: {confinement.name}", table, *reasons]


def self_tests(course: Course, confinement: Confinement) -> bool:
    """Try the reference of each assignment in the sandbox and print a line for each; return whether none failed."""
    out, passed = Console(), True
    for assignment in course.assignment:
        mark, result = Text("✓ ", "green"), "the reference passes in the sandbox"
        if lacking := oracle.missing_packages(course, assignment):
            mark, result = Text("– ", "dim"), f"not tried without {lacking}; run: pip install {lacking}"
        else:
            try:
                # `again`, because the doctor has to see what happens now and not what an earlier run has recorded
                with Console(stderr=True).status(f"trying the reference of {assignment.name}"):
                    self_test.require(course, assignment, confinement, again=True)
            except GraderError as error:
                mark, result, passed = Text("✗ ", "red"), str(error), False
        out.print(mark + Text(f"{assignment.name}: {visible(result)}"), soft_wrap=True)
    return passed
