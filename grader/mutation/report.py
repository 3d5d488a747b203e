"""Write up what became of the mutants: docs/mutation.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from .equivalents import Equivalents
from .operators import OPERATORS
from .proof import Outcome

PAGE = "docs/mutation.md"

INTRODUCTION = """# Mutation testing: what the checks notice

Every solution of the course is spoilt in every way that the operators below know, one small change at a time. Each
spoilt solution, a *mutant*, is run through the hidden cases as the grader draws them and through the visible cases of
the student's own `check`. One that both reject is noticed; one that either accepts must be *equivalent*: no mistake at
all, for a reason that stands in `solutions/equivalents.toml`.

`grader prove` makes this page, and fails where a mutant slips through or a listed reason has become idle.
`grader prove EXERCISE` shows what slips through for one exercise.

"""

NEXT = """
*By the next* counts those of the rejected that only an exercise building on it can see: what a forward pass keeps in
its cache is the student's own, and shows in the backward pass.

"""


def report(outcomes: Iterable[Outcome], equivalents: Equivalents, exercises: Sequence[str]) -> str:
    """The page.

    Parameters
    ----------
    outcomes : iterable of Outcome
        In any order.
    equivalents : Equivalents
    exercises : sequence of str
        In the order of the course.

    Returns
    -------
    str
        Markdown. Equal outcomes always give equal text.
    """
    ordered = sorted(outcomes, key=lambda one: (exercises.index(one.mutant.exercise), one.mutant.kind, one.mutant.key))
    known = equivalents.reasons
    parts = [
        INTRODUCTION,
        "## By exercise\n\n",
        _table("exercise", exercises, ordered, lambda one: one.mutant.exercise, equivalents),
        NEXT,
        "## By operator\n\n",
        _table("operator", list(OPERATORS), ordered, lambda one: one.mutant.kind, equivalents),
        "\n" + "".join(f"- **{kind}**: {_first_line(operator)}\n" for kind, operator in OPERATORS.items()),
        "\n## Equivalent, and why\n\n",
    ]
    by_reason: dict[str, Counter[str]] = defaultdict(Counter)
    for one in ordered:
        if not one.rejected and one.mutant.key in known:
            by_reason[known[one.mutant.key]][one.mutant.exercise] += 1
    for reason, found in sorted(by_reason.items(), key=lambda item: (-item[1].total(), item[0])):
        where = ", ".join(f"`{name}` {count}" for name, count in found.items())
        parts.append(f"- {found.total()}: {reason} ({where})\n")
    return "".join(parts)


def _table(
    head: str, rows: Sequence[str], outcomes: list[Outcome], key: Callable[[Outcome], str], equivalents: Equivalents
) -> str:
    lines = [
        f"| {head} | mutants | rejected, hidden cases | rejected, visible cases | by the next | equivalent | missed |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in [*rows, "**all**"]:
        here = [one for one in outcomes if row == "**all**" or key(one) == row]
        counts = [
            len(here),
            sum(bool(one.hidden) for one in here),
            sum(bool(one.visible) for one in here),
            sum(one.rejected and {one.hidden, one.visible} != {one.mutant.exercise} for one in here),
            sum(not one.rejected and one.mutant.key in equivalents.reasons for one in here),
            sum(not one.rejected and one.mutant.key not in equivalents.reasons for one in here),
        ]
        name = row if row.startswith("*") else f"`{row}`" if head == "exercise" else row
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def _first_line(operator: object) -> str:
    return (operator.__doc__ or "").strip()
