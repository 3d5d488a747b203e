"""Write docs/hints.md, the page that says how often the hints name the true cause of a mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .corpus import HALVES
from .measuring import Hinted
from .readings import CLASSES, NOT_READ, Readings

PAGE = "docs/hints.md"

INTRODUCTION = """# Hints: how often they name the true cause

`solutions/student_answers` holds wrong answers as students write them: with their own names and structure, one to three
mistakes each, half-finished or crashing. The true causes stand beside each answer. They were written without a look at
the list of known misconceptions. Each answer is judged with the hidden cases as the grader draws them, and a reader
compares the hints with the causes:

"""

NEXT = """
An answer is *not read* if nobody has compared its hint with the causes, or if the hint has changed since then in more
than its numbers.

The hints are improved with the development half at hand. What that has brought is seen on the other half, which is held
back: whoever improves the hints does not look at it.

`grader hints` judges the answers and writes this page, `grader hints --show development` prints the causes and the
hints, and `grader hints --record FILE` notes what a reader has decided. An answer that earns all points is an error.

"""

_ALL = "**all**"


def counted(results: Iterable[Hinted], readings: Readings) -> Counter[str]:
    """Return how many hints are of each class, `NOT_READ` included."""
    return Counter(readings.class_of(result) for result in results)


def share_lines(results: Sequence[Hinted], readings: Readings) -> Iterator[str]:
    """Yield a line for each half that has answers: how many of its hints are of each class."""
    for half in HALVES:
        of_half = [result for result in results if result.answer.half == half]
        if of_half:
            counts = counted(of_half, readings)
            parts = (f"{counts[kind]} {kind}" for kind in (*CLASSES, NOT_READ))
            yield f"Hints, {_words(half)}: {len(of_half)} wrong answers, of them {', '.join(parts)}."


def shown(results: Iterable[Hinted], readings: Readings) -> str:
    """Return what a reader compares: each answer's id, its class so far, its causes and its hints."""
    blocks = []
    for result in results:
        causes = "\n".join(f"  cause: {cause}" for cause in result.answer.causes)
        hints = "\n".join(f"  hint:  {line}" for line in result.hint.splitlines())
        head = f"{result.answer.id}  [{readings.class_of(result)}; share {result.share:.2f}]"
        blocks.append("\n".join([head, causes, hints]))
    return "\n\n".join(blocks)


def report(results: Sequence[Hinted], readings: Readings) -> str:
    """Return the text of the page.

    Parameters
    ----------
    results : sequence of Hinted
        What was said about all answers.
    readings : Readings

    Returns
    -------
    str
        Markdown.
    """
    parts = [INTRODUCTION, *(f"- **{kind}**: {meaning}\n" for kind, meaning in CLASSES.items()), NEXT]
    for half in HALVES:
        of_half = [result for result in results if result.answer.half == half]
        if not of_half:
            continue
        single = [result for result in of_half if len(result.answer.causes) == 1]
        several = [result for result in of_half if len(result.answer.causes) > 1]
        rows = {"one mistake": single, "two or three mistakes": several, _ALL: of_half}
        title = _words(half).capitalize()
        parts += [f"## {title}\n\n", _table("answers with", rows, readings), "\n"]
        names = dict.fromkeys(result.answer.exercise for result in of_half)
        by_exercise = {f"`{name}`": [one for one in of_half if one.answer.exercise == name] for name in names}
        parts += [f"### {title}, by exercise\n\n", _table("exercise", by_exercise, readings), "\n"]
    return "".join(parts).rstrip("\n") + "\n"


def _table(head: str, rows: dict[str, list[Hinted]], readings: Readings) -> str:
    """Return a table with the number of hints of each class in each row, and the share of those that are named."""
    columns = ("answers", *CLASSES, NOT_READ, "share named")
    lines = [f"| {head} | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    for name, results in rows.items():
        counts = counted(results, readings)
        share = f"{100 * counts['named'] / len(results):.0f} %" if results else ""
        cells = [len(results), *(counts[kind] for kind in (*CLASSES, NOT_READ)), share]
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def _words(half: str) -> str:
    return f"{half.replace('_', ' ')} half" if half != "held_back" else "held-back half"
