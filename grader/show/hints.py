"""Print what `grader hints` shows: how often hints name the true cause, and what a reader compares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from .. import hints
from ..course import Course
from ..errors import UnusableInput
from ..hints import Hinted, Readings, StudentAnswer
from ..host.files import content, write_if_changed
from ..reference import Reference


def shares(course: Course, exercises: Sequence[str] = (), *, check: bool = False, jobs: int | None = None) -> None:
    """Measure all hints, print how many are of each class, and write the page ``docs/hints.md``.

    Parameters
    ----------
    course : Course
    exercises : sequence of str
        The exercises to measure; if empty, all of them. Only then is the page written.
    check : bool, default False
        Whether to compare the page with the result instead of writing it.
    jobs : int, optional
        How many processes judge answers; one for each processor by default.

    Raises
    ------
    UnusableInput
        When there is no wrong answer to one of the exercises.
    UnusableCourseFiles
        When a file of wrong answers is malformed.
    typer.Exit
        With code 1, when an answer earns all points, or the page is stale.
    """
    reference, out = Reference.of(course), Console()
    answers = _chosen(hints.read_answers(course, reference), exercises)
    results, readings = _measured(course, answers, jobs), Readings.read(reference)
    if not answers:
        out.print("There are no wrong answers yet on which hints could be measured.", highlight=False)
    for line in hints.share_lines(results, readings):
        out.print(line, highlight=False, soft_wrap=True)
    if answers and not exercises:
        page, text = course.root / hints.PAGE, hints.report(results, readings)
        if not check:
            write_if_changed(page, text.encode())
        elif content(page) != text.encode():
            out.print(Text(f"✗ {hints.PAGE} is stale; run grader hints.", "red"))
            raise typer.Exit(1)
    _refuse_accepted(results)


def comparison(
    course: Course, exercises: Sequence[str], half: str, *, unread: bool = False, jobs: int | None = None
) -> None:
    """Print the causes and the hints of one half's answers, for a reader to compare.

    Parameters
    ----------
    course : Course
    exercises : sequence of str
        The exercises; if empty, all of them.
    half : str
        One of `hints.HALVES`.
    unread : bool, default False
        Whether to leave out answers whose hint was read as it is now.
    jobs : int, optional
        How many processes judge answers; one for each processor by default.

    Raises
    ------
    UnusableInput
        When there is no such half, or no wrong answer to one of the exercises.
    typer.Exit
        With code 1, when an answer earns all points.
    """
    if half not in hints.HALVES:
        raise UnusableInput(f'There is no half "{half}"; choose {" or ".join(hints.HALVES)}.')
    reference = Reference.of(course)
    of_half = [answer for answer in hints.read_answers(course, reference) if answer.half == half]
    results, readings = _measured(course, _chosen(of_half, exercises), jobs), Readings.read(reference)
    wanted = [result for result in results if not unread or readings.class_of(result) == hints.NOT_READ]
    Console().print(hints.shown(wanted, readings), markup=False, highlight=False, soft_wrap=True)
    _refuse_accepted(results)


def record(course: Course, decided: Path, *, jobs: int | None = None) -> None:
    """Note what a reader has decided, from a file with an answer's id and a class on each line.

    Raises
    ------
    UnusableInput
        When the file cannot be read.
    UnusableCourseFiles
        When a line of it is no id and class.
    """
    reference = Reference.of(course)
    answers = hints.read_answers(course, reference)
    classes = hints.read_lines(decided, [answer.id for answer in answers])
    results = _measured(course, [answer for answer in answers if answer.id in classes], jobs)
    Readings.read(reference).with_read(classes, results).write(reference)
    Console().print(f"{len(results)} readings recorded.")


def _chosen(answers: Sequence[StudentAnswer], exercises: Sequence[str]) -> list[StudentAnswer]:
    """Return the answers to some exercises, or all of them if none is named."""
    known = {answer.exercise for answer in answers}
    if unknown := [name for name in exercises if name not in known]:
        raise UnusableInput(
            f'There is no wrong answer to "{unknown[0]}"; there are some to {", ".join(sorted(known))}.'
        )
    return [answer for answer in answers if not exercises or answer.exercise in exercises]


def _measured(course: Course, answers: Sequence[StudentAnswer], jobs: int | None) -> list[Hinted]:
    with Console(stderr=True).status(f"judging {len(answers)} wrong answers"):
        return hints.measure(course, answers, jobs=jobs)


def _refuse_accepted(results: Sequence[Hinted]) -> None:
    """Name each answer that earns all points, and exit with 1 if there is one."""
    out = Console()
    wrongly = list(hints.accepted(results))
    for answer in wrongly:
        out.print(Text(f"✗ {answer.file}, line {answer.line}: {answer.id} earns all points; is it wrong?", "red"))
    if wrongly:
        raise typer.Exit(1)
