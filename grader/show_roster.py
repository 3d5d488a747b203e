"""Show the table of a class: a row for each submission, or, of a large class, for each that needs a look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.table import Table
from rich.text import Text

from .classrun.grading import Graded
from .report import Report, Verdict
from .wording import WORDING, VerdictName, one_line, points

if TYPE_CHECKING:
    from .gradebook import Total

_LONGEST_FIRST: Final = 200  # characters of a sentence
_MOST_ROWS: Final = 200
STYLES = {"pass": "green", "partial": "yellow", "missing": "dim"}


class RosterRow(NamedTuple):
    """What the table of a class says about one submission; much less than its report, as a class may be large."""

    name: str
    student: str
    earned: str
    verdicts: tuple[VerdictName, ...]
    first: str
    kept: bool
    sandbox: str

    @classmethod
    def of(cls, graded: Graded) -> RosterRow:
        """Make the row of a submission."""
        result = graded.report
        verdicts = tuple(verdict.verdict for verdict in result.exercises)
        earned = f"{points(result.score)} / {points(result.max_score)}"
        first = one_line(_first(result), _LONGEST_FIRST)
        student = graded.hand_in.student
        return cls(student, one_line(student, 200), earned, verdicts, first, graded.kept, result.sandbox)

    @property
    def needs_a_look(self) -> bool:
        """Whether something was not judged to its end."""
        return any(verdict in ("timeout", "killed", "error") for verdict in self.verdicts)


def roster(rows: Iterable[RosterRow]) -> Table:
    """Show a class: a row for each submission with its score, verdicts and most important sentence."""
    table = Table(box=None, pad_edge=False, expand=True)
    for name in ("student", "points", "verdicts"):
        table.add_column(name, justify="right" if name == "points" else "left", no_wrap=True, overflow="fold")
    table.add_column("first thing to say", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in rows:
        marks = Text()
        for verdict in row.verdicts:
            marks.append(WORDING[verdict].symbol, STYLES.get(verdict, "red"))
        table.add_row(Text(row.student), row.earned, marks, Text(row.first))
    return table


def shown_rows(rows: Sequence[RosterRow]) -> tuple[list[RosterRow], str]:
    """Choose the rows of a class to print: all of a small one, and of a large one those that need a look.

    Returns
    -------
    list of RosterRow
        Sorted by student.
    str
        A sentence about those that are left out; ``""`` if there are none.
    """
    chosen = rows if len(rows) <= _MOST_ROWS else [row for row in rows if row.needs_a_look][:_MOST_ROWS]
    rest = len(rows) - len(chosen)
    return sorted(chosen), f"{rest:,} other submissions are on the class page." if rest else ""


def with_totals(rows: Iterable[RosterRow], totals: Mapping[str, Total]) -> list[RosterRow]:
    """Replace the points that the program gave by what students get in the end, where that is known."""
    return [
        row._replace(earned=f"{points(total.score)} / {points(total.max_score)}")
        if (total := totals.get(row.name))
        else row
        for row in rows
    ]


def legend() -> Text:
    """Show what the symbols of the verdicts mean."""
    return Text("   ".join(f"{word.symbol} {word.words}" for word in WORDING.values()), "dim")


def _first(report: Report) -> str:
    """Return the sentence that explains a score best, for the last column of the roster.

    If nothing was answered, a remark on the whole submission tells why. Otherwise crashes and timeouts come before
    wrong answers, and missing answers come last.
    """
    worst: list[Verdict] = [verdict for verdict in report.exercises if verdict.verdict != "pass"]
    if not worst:
        return "all that programs check is right"
    if report.remarks and all(verdict.verdict == "missing" for verdict in report.exercises):
        return report.remarks[0]
    telling = [verdict for verdict in worst if verdict.verdict != "missing"] or worst
    telling.sort(key=lambda verdict: verdict.verdict not in ("timeout", "killed", "error"))
    finding = next(finding for finding in telling[0].findings if finding.verdict != "pass")
    return f"{telling[0].name}: {finding.hint}"
