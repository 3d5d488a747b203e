"""Write docs/mutation.md, the page that says which mutants the checks reject."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from .equivalents import Equivalents
from .operators import OPERATORS
from .proof import Outcome

PAGE = "docs/mutation.md"

INTRODUCTION = """# Mutation testing: what the checks notice

Every solution of the course is changed in every way that the operators below can change it, one small change at a time.
Each changed solution, a *mutant*, is run through the hidden cases as the grader draws them, and through the visible
cases of the student's own `check`. Both should reject it. A mutant that one of them accepts must be *equivalent*: its
answers are right, for a reason that stands in `solutions/equivalents.toml`.

`grader prove` writes this page. It fails if a mutant is accepted that is not listed there, or if a listed one is
rejected or gone. `grader prove EXERCISE` shows the accepted mutants of one exercise.

"""

NEXT = """
*By a later exercise* counts the rejected mutants that pass all hidden or all visible cases of their own exercise, and
are rejected by an exercise that builds on it. For example, students decide what a forward pass keeps in its cache, so a
mistake there shows only in the backward pass.

"""


def report(outcomes: Iterable[Outcome], equivalents: Equivalents, exercises: Sequence[str]) -> str:
    """Return the text of the page.

    Parameters
    ----------
    outcomes : iterable of Outcome
        The outcomes of all mutants, in any order.
    equivalents : Equivalents
    exercises : sequence of str
        The names of the exercises, in the order in which the page lists them.

    Returns
    -------
    str
        Markdown. It does not depend on the order of `outcomes`.
    """

    def place(outcome: Outcome) -> tuple[int, str, tuple[str, str, str]]:
        return exercises.index(outcome.mutant.exercise), outcome.mutant.kind, outcome.mutant.key

    ordered = sorted(outcomes, key=place)
    known = equivalents.reasons
    parts = [
        INTRODUCTION,
        "## By exercise\n\n",
        _table("exercise", exercises, ordered, lambda outcome: outcome.mutant.exercise, equivalents),
        NEXT,
        "## By operator\n\n",
        _table("operator", list(OPERATORS), ordered, lambda outcome: outcome.mutant.kind, equivalents),
        "\n" + "".join(f"- **{kind}**: {_description(operator)}\n" for kind, operator in OPERATORS.items()),
        "\n## Equivalent, and why\n\n",
    ]
    by_reason: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ordered:
        if not outcome.rejected and outcome.mutant.key in known:
            by_reason[known[outcome.mutant.key]][outcome.mutant.exercise] += 1
    for reason, counts in sorted(by_reason.items(), key=lambda item: (-item[1].total(), item[0])):
        where = ", ".join(f"`{name}` {count}" for name, count in counts.items())
        parts.append(f"- {counts.total()}: {reason} ({where})\n")
    return "".join(parts)


def _table(
    head: str, rows: Sequence[str], outcomes: list[Outcome], key: Callable[[Outcome], str], equivalents: Equivalents
) -> str:
    """Return a table with a row for each of `rows` and one for all outcomes; `key` gives the row of an outcome."""
    columns = "mutants | rejected, hidden cases | rejected, visible cases | by a later exercise | equivalent | missed"
    lines = [f"| {head} | {columns} |", "|---|--:|--:|--:|--:|--:|--:|"]
    for row in [*rows, "**all**"]:
        of_row = [outcome for outcome in outcomes if row == "**all**" or key(outcome) == row]
        accepted = [outcome for outcome in of_row if not outcome.rejected]
        counts = [
            len(of_row),
            sum(bool(outcome.hidden) for outcome in of_row),
            sum(bool(outcome.visible) for outcome in of_row),
            sum(o.rejected and {o.hidden, o.visible} != {o.mutant.exercise} for o in of_row),
            sum(outcome.mutant.key in equivalents.reasons for outcome in accepted),
            sum(outcome.mutant.key not in equivalents.reasons for outcome in accepted),
        ]
        name = row if row.startswith("*") else f"`{row}`" if head == "exercise" else row
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def _description(operator: object) -> str:
    return (operator.__doc__ or "").strip()
